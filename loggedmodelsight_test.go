package dynamodbstore_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// lookAtLoggedModels reads logged models, and the datasets that runs have
// used, by every path. experiments are names by id.
func lookAtLoggedModels(t tester, s *dynamodbstore.Store, out sight, experiments map[string]string) {
	t.Helper()
	seen := map[string]int{}
	for _, exp := range slices.Sorted(maps.Keys(experiments)) {
		all := allLoggedModels(t, s, dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{exp}})
		for _, m := range all {
			label := m.Name
			if seen[m.Name]++; seen[m.Name] > 1 {
				label += fmt.Sprint(" again ", seen[m.Name])
			}
			lookAtLoggedModel(t, s, out, "logged model "+label, experiments[exp], m)
		}
		lookThroughLoggedIndexes(t, s, exp, all)
		uses, err := s.SearchDatasets(t.Context(), []string{exp})
		require.NoError(t, err)
		for _, u := range uses {
			use := "none"
			if u.Context != nil {
				use = *u.Context
			}
			out[fmt.Sprint("dataset ", u.Name, " ", u.Digest, " of ", experiments[exp], " for ", use)] = ""
		}
	}
}

func lookAtLoggedModel(t tester, s *dynamodbstore.Store, out sight, at, exp string, m *dynamodbstore.LoggedModel) {
	t.Helper()
	got, err := s.GetLoggedModel(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got, "search and get of %s", at)
	uri := strings.ReplaceAll(strings.ReplaceAll(m.ArtifactURI, m.ID, "MODEL"), "/"+m.ExperimentID+"/", "/ID/")
	out[at] = fmt.Sprint(exp, m.ModelType, m.SourceRunID != "", m.Status, uri, m.LifecycleStage, m.CreationTime, m.LastUpdateTime)
	for _, x := range m.Tags {
		out[at+" tag "+x.Key] = x.Value
	}
	for _, x := range m.Params {
		out[at+" param "+x.Key] = x.Value
	}
	for _, p := range m.Metrics {
		require.Equal(t, m.ID, p.ModelID)
		out[fmt.Sprint(at, " metric ", p.Key, p.Step, p.Timestamp, p.Value, p.DatasetName, p.DatasetDigest)] = ""
	}
}

// lookThroughLoggedIndexes fails the test if a search by run or id finds other
// models than the list has.
func lookThroughLoggedIndexes(t tester, s *dynamodbstore.Store, exp string, all []*dynamodbstore.LoggedModel) {
	t.Helper()
	byRun := map[string][]*dynamodbstore.LoggedModel{}
	for _, m := range all {
		byRun[m.SourceRunID] = append(byRun[m.SourceRunID], m)
		found := allLoggedModels(t, s, dynamodbstore.SearchLoggedModelsParams{
			ExperimentIDs: []string{exp}, Filter: "model_id = '" + m.ID + "'",
		})
		require.Equal(t, []*dynamodbstore.LoggedModel{m}, found)
	}
	for run, want := range byRun {
		if run == "" {
			continue
		}
		require.Equal(t, want, allLoggedModels(t, s, dynamodbstore.SearchLoggedModelsParams{
			ExperimentIDs: []string{exp}, Filter: "source_run_id = '" + run + "'", MaxResults: 1,
		}))
	}
}

func allLoggedModels(t tester, s *dynamodbstore.Store, p dynamodbstore.SearchLoggedModelsParams) []*dynamodbstore.LoggedModel {
	t.Helper()
	var out []*dynamodbstore.LoggedModel
	for m, err := range s.AllLoggedModels(t.Context(), p) {
		require.NoError(t, err)
		out = append(out, m)
	}
	return out
}

// checkLoggedModels asserts that the rows of the lists are those of the models,
// that a row which carries its model says what the document says, and that no
// model that lives expires.
func checkLoggedModels(t tester, tab table.Table, s *dynamodbstore.Store, ks keys.Space, experiments []*dynamodbstore.Experiment) {
	t.Helper()
	for _, e := range experiments {
		rows := 0
		for _, m := range allLoggedModels(t, s, dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{e.ID}}) {
			rows++
			if m.SourceRunID != "" {
				rows++
			}
			doc := item(t, tab, ks.LoggedModel(m.ID))
			requireLasting(t, partition(t, tab, ks.LoggedModelPK(m.ID))...)
			row := item(t, tab, ks.LoggedModelRow(e.ID, m.CreationTime, m.ID))
			if packed, ok := row.Get(keys.Packed); ok {
				require.Equal(t, doc.Str(keys.Packed), packed.Str(), "row of logged model %s", m.Name)
			}
		}
		from, to := keys.DeletedLoggedModels()
		for it, err := range table.Items(t.Context(), tab, table.Query{PK: ks.LoggedModelsPK(e.ID), From: from, To: to}) {
			require.NoError(t, err)
			rows++
			doc := item(t, tab, ks.LoggedModel(keys.Classify(it.Key).Logged))
			require.Equal(t, doc.Num(table.TTLAttr), it.Num(table.TTLAttr), "expiry of the row %q", it.Key.SK)
		}
		require.Len(t, partition(t, tab, ks.LoggedModelsPK(e.ID)), rows, "rows of the logged models of %s", e.Name)
	}
}
