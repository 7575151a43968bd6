package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	t.Parallel()
	uri := "local:" + t.TempDir()
	for range 2 { // the second time into the same experiment
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), uri, &out))
		require.Equal(t, "run line is FINISHED, loss 0.0000, slope 1.9956\n", out.String())
	}
	store, err := open(t.Context(), uri)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	exp, err := store.GetExperimentByName(t.Context(), "gotrainer")
	require.NoError(t, err)
	page, err := store.SearchRuns(t.Context(), dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp.ID}})
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	history, err := store.MetricHistory(t.Context(), dynamodbstore.MetricHistoryParams{
		RunID: page.Items[0].Info.RunID, Key: "loss",
	})
	require.NoError(t, err)
	require.Len(t, history.Items, 40)
	require.Greater(t, history.Items[0].Value, history.Items[39].Value)
}

func TestOpenRefusesAnUnknownTable(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(t.Context(), "sqlite:///x", &bytes.Buffer{}), "sqlite")
}
