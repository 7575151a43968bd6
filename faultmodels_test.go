package dynamodbstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// faultyActs are acts on one state, those that take away what others act upon
// at the end.
type faultyActs struct {
	state   string
	prepare func(t tester, s *dynamodbstore.Store) scene
	acts    []act
}

// allModelActs has every act on registered and on logged models, from every
// state.
func allModelActs() []faultyActs {
	var out []faultyActs
	add := func(states map[string]func(t tester, s *dynamodbstore.Store) scene, acts []act) {
		last := []string{"DeleteModelVersion", "RenameRegisteredModel", "DeleteRegisteredModel", "DeleteLoggedModel"}
		acts = slices.SortedStableFunc(slices.Values(acts), func(a, b act) int {
			return slices.Index(last, a.method) - slices.Index(last, b.method)
		})
		for _, state := range slices.Sorted(maps.Keys(states)) {
			out = append(out, faultyActs{state, states[state], acts})
		}
	}
	add(modelScenes, modelActs)
	add(loggedModelScenes, loggedModelActs)
	return out
}

// work does the acts by two Stores of a workspace in turn, and returns the codes
// of their errors and what there is in the end.
func (f faultyActs) work(t *testing.T, tab table.Table, now func() time.Time, workspace string) ([]string, sight) {
	t.Helper()
	var stores [2]*dynamodbstore.Store
	for i := range stores {
		stores[i] = view(t, tab, now, workspace, smallSearches(i)...)
	}
	sc := f.prepare(t, stores[0])
	var codes []string
	for i, a := range f.acts {
		err := a.do(t.Context(), stores[i%2], sc)
		codes = append(codes, a.method+" "+a.label+": "+code(t, err))
	}
	_, err := stores[0].RenameRegisteredModel(t.Context(), "greeting", "salute") // "vision" is deleted
	codes = append(codes, "at last: "+code(t, err))
	if sc.model != "" { // deleted by now, so no search shows it
		m, err := stores[0].GetAnyLoggedModel(t.Context(), sc.model)
		require.NoError(t, err)
		codes = append(codes, fmt.Sprint(m.Name, m.Status, m.LifecycleStage, m.LastUpdateTime, m.Tags, m.Params, len(m.Metrics)))
	}
	seen := look(t, stores[1])
	checkTable(t, tab, stores[0], workspace, false)
	for _, s := range stores {
		require.NoError(t, s.Close())
	}
	return codes, seen
}

// TestFaultyModelRequests is TestFaultyRequests for registered models and logged
// models: every method that changes or reads them.
func TestFaultyModelRequests(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	plain := configured(t, memoryTable(t, clock), clock)
	for i, f := range allModelActs() {
		workspace := fmt.Sprint("work", i)
		wantCodes, want := f.work(t, plain, clock.Now, workspace)
		for name, rates := range map[string]faulty.Rates{
			"refused": {Throttle: 0.15, ServerError: 0.1, Conflict: 0.1},
			"lost":    {LostAny: 0.3, Unprocessed: 0.5},
			"all":     {Throttle: 0.05, ServerError: 0.05, Conflict: 0.1, LostAny: 0.1, Unprocessed: 0.3},
		} {
			t.Run(f.state+" "+name, func(t *testing.T) {
				t.Parallel()
				in := faulty.New(uint64(i), rates)
				tab := configured(t, ddblocal.NewTableWith(t, faulty.Options(clock.Now), in.Configure), clock)
				codes, seen := f.work(t, tab, clock.Now, workspace)
				require.Equal(t, wantCodes, codes)
				require.Equal(t, want, seen)
				require.Positive(t, in.Faults())
				t.Logf("%d faults", in.Faults())
			})
		}
	}
}

// modelReadings are all reads of models, searches by every plan a page of one or
// two each.
func modelReadings(sc scene) []reading {
	return slices.Concat(singleReadings(sc), modelSearches(), versionSearches(), loggedSearches(sc))
}

func singleReadings(sc scene) []reading {
	var out []reading
	for name, do := range map[string]func(ctx context.Context, s *dynamodbstore.Store) (any, error){
		"GetRegisteredModel": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
			return s.GetRegisteredModel(ctx, "vision")
		},
		"GetModelVersion": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
			return s.GetModelVersion(ctx, "vision", 2)
		},
		"GetModelVersionByAlias": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
			return s.GetModelVersionByAlias(ctx, "vision", "elsewhere")
		},
		"LatestVersions": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
			return s.LatestVersions(ctx, "vision", nil)
		},
		"ModelVersionDownloadURI": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
			return s.ModelVersionDownloadURI(ctx, "vision", 2)
		},
		"GetLoggedModel": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
			return s.GetLoggedModel(ctx, sc.model)
		},
		"GetAnyLoggedModel": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
			return s.GetAnyLoggedModel(ctx, sc.model)
		},
		"SearchDatasets": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
			return s.SearchDatasets(ctx, []string{sc.exp})
		},
	} {
		out = append(out, reading{name, "", func(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
			got, err := do(ctx, s)
			if err != nil {
				return nil, err
			}
			return jsonText(got)
		}})
	}
	return out
}

func jsonText(x any) ([]string, error) {
	b, err := json.Marshal(x)
	return []string{string(b)}, err
}

func modelSearches() []reading {
	var out []reading
	for _, filter := range []string{"", "name = 'vision'", "name LIKE '%sio%'", "name LIKE 'vis%'", "tags.team = 'a'"} {
		for _, order := range []string{"name DESC", "last_updated_timestamp DESC"} {
			out = append(out, reading{"models " + filter + " " + order, "", func(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
				return allText(s.AllRegisteredModels(ctx, dynamodbstore.SearchRegisteredModelsParams{
					Filter: filter, OrderBy: []string{order}, MaxResults: 1,
				}))
			}})
		}
	}
	return out
}

func versionSearches() []reading {
	var out []reading
	for _, filter := range []string{"", "name = 'vision'", "run_id = 'run-vision'", "source_path LIKE 's3%'", "tags.n = '1'"} {
		out = append(out, reading{"versions " + filter, "", func(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
			return allText(s.AllModelVersions(ctx, dynamodbstore.SearchModelVersionsParams{Filter: filter, MaxResults: 2}))
		}})
	}
	return out
}

func loggedSearches(sc scene) []reading {
	var out []reading
	for _, filter := range []string{"", "model_id = '" + sc.model + "'", "source_run_id = '" + sc.run + "'", "tags.over = 'flow'"} {
		for _, order := range []string{"creation_timestamp", "name"} {
			out = append(out, reading{"logged models " + filter + " " + order, "", func(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
				return allText(s.AllLoggedModels(ctx, dynamodbstore.SearchLoggedModelsParams{
					ExperimentIDs: []string{sc.exp}, Filter: filter, OrderBy: []dynamodbstore.LoggedModelOrder{{Field: order}}, MaxResults: 1,
				}))
			}})
		}
	}
	return out
}

// allText reads all of a search.
func allText[T any](all iter.Seq2[T, error]) ([]string, error) {
	var out []string
	for x, err := range all {
		if err != nil {
			return nil, err
		}
		text, err := jsonText(x)
		if err != nil {
			return nil, err
		}
		out = append(out, text...)
	}
	return out, nil
}

// faultyModels is a world of models most of whose notes stand in items of their
// own.
func faultyModels(t *testing.T, tab table.Table, clock *stillClock) scene {
	t.Helper()
	s := view(t, configured(t, tab, clock), clock.Now, "world")
	modelScenes["full models"](t, s)
	sc := loggedModelScenes["full logged model"](t, s)
	for i := range 5 {
		newModel(t, s, fmt.Sprint("visible ", i))
		_, err := s.CreateLoggedModel(t.Context(), dynamodbstore.CreateLoggedModelParams{ExperimentID: sc.exp, Name: fmt.Sprint("m", i)})
		require.NoError(t, err)
	}
	require.NoError(t, rivalOf("LogInputs")(t.Context(), s, sc))
	require.NoError(t, s.Close())
	return sc
}

// TestFaultyModelReads is TestFaultyReads for models.
func TestFaultyModelReads(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	ft := faulty.Wrap(memoryTable(t, clock), nil)
	sc := faultyModels(t, ft, clock)
	faults := 0
	for _, r := range modelReadings(sc) {
		f := faultyRead{ft: ft, clock: clock, r: r, small: 1}
		ft.SetPlan(nil)
		s := f.store(t)
		var err error
		f.want, err = r.do(t.Context(), s)
		require.NoError(t, err, r.name)
		require.NotEmpty(t, f.want, r.name)
		require.NoError(t, s.Close())
		for k := 1; f.failAt(t, k); k = nextCall(k) {
			faults += 3
		}
	}
	t.Logf("%d faults", faults)
}

// TestFaultyModelReadsOnDynamoDB is TestFaultyReadsOnDynamoDB for models.
func TestFaultyModelReadsOnDynamoDB(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	in := faulty.New(7, faulty.Rates{Throttle: 0.1, ServerError: 0.1, Conflict: 0.1, LostAny: 0.1, Unprocessed: 0.4})
	tab := ddblocal.NewTableWith(t, faulty.Options(clock.Now), in.Configure)
	sc := faultyModels(t, tab, clock)
	s := view(t, tab, clock.Now, "world")
	small := view(t, tab, clock.Now, "world", smallSearches(1)...)
	for _, r := range modelReadings(sc) {
		want, err := r.do(t.Context(), s)
		require.NoError(t, err, r.name)
		got, err := r.do(t.Context(), small)
		require.NoError(t, err, r.name)
		require.Equal(t, want, got, r.name)
	}
	require.NoError(t, s.Close())
	require.NoError(t, small.Close())
	t.Logf("%d faults", in.Faults())
}
