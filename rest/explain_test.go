package rest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// TestExplain asks searches how they were done.
func TestExplain(t *testing.T) {
	t.Parallel()
	s := newRealServer(t)
	end := int64(9)
	for _, id := range s.newRuns(t, 3) {
		require.NoError(t, s.real.LogMetric(t.Context(), id, dynamodbstore.Metric{Key: "m", Value: 1}))
		_, err := s.real.UpdateRun(t.Context(), dynamodbstore.UpdateRunParams{
			RunID: id, Status: dynamodbstore.StatusFinished, EndTime: &end,
		})
		require.NoError(t, err)
	}
	search := func(path, body string, headers ...string) (*httptest.ResponseRecorder, [3]string) {
		w := s.do(http.MethodPost, "/ajax-api/2.0/mlflow/"+path, body, headers...)
		return w, [3]string{w.Header().Get(headerPlan), w.Header().Get(headerRows), w.Header().Get(headerUnits)}
	}

	byMetric := `{"experiment_ids":["0"],"filter":"params.p != 'hunter2'","order_by":["metrics.m DESC"],"max_results":2}`
	plain, got := search("runs/search", byMetric)
	require.Equal(t, http.StatusOK, plain.Code)
	require.Equal(t, [3]string{}, got, "nobody has asked")
	for _, no := range []string{"false", "0", "", "yes"} {
		_, got = search("runs/search", byMetric, headerExplain, no)
		require.Equal(t, [3]string{}, got, no)
	}
	w, got := search("runs/search", byMetric, headerExplain, "true")
	require.Equal(t, plain.Body.String(), w.Body.String())
	require.Equal(t, "index in the order of the search", got[0])
	require.Regexp(t, `^\d+ index, \d+ list, \d+ fetched, \d+ open$`, got[1])
	require.Regexp(t, `^[1-9]\d* requests, [0-9.]+ RCU, 0 WCU$`, got[2])
	require.NotContains(t, fmt.Sprint(w.Header()), "hunter2")

	_, got = search("experiments/search", `{"max_results":5,"filter":"tags.t = 'hunter2'"}`, headerExplain, "1")
	require.Equal(t, "list by creation", got[0])
	require.Regexp(t, `^[1-9]\d* requests, `, got[2])

	w, got = search("runs/search", `{"experiment_ids":["0"],"filter":"nonsense"}`, headerExplain, "true")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, [3]string{"", "0 index, 0 list, 0 fetched, 0 open", "0 requests, 0 RCU, 0 WCU"}, got)
}
