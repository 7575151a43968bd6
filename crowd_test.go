package dynamodbstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// TestCrowdIsCleared leaves many runs open: one search of a page has all of
// them settled once they are idle, those that nobody has looked at too, and
// those that are at work not.
func TestCrowdIsCleared(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	tab := configured(t, memoryTable(t, clock), clock)
	s := view(t, tab, clock.Now, "crowd")
	defer func() { require.NoError(t, s.Close()) }()
	exp := experiment(t, s, "crowd")
	var last string
	for i := range 300 {
		r, err := s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: exp, Name: fmt.Sprint("run", i), StartTime: int64(i)})
		require.NoError(t, err)
		last = r.Info.RunID
		require.NoError(t, s.LogMetric(t.Context(), last, point("acc", 1, float64(i))))
	}
	open := func() int {
		from, to := keys.OpenRange(1 << 60)
		n := 0
		for _, err := range table.Items(t.Context(), tab, table.Query{PK: keys.Workspace("crowd").OpenPK(exp), From: from, To: to}) {
			require.NoError(t, err)
			n++
		}
		return n
	}
	search := func() dynamodbstore.Units {
		u := cost(t, func(ctx context.Context) error {
			page, err := s.SearchRuns(ctx, dynamodbstore.SearchRunsParams{
				ExperimentIDs: []string{exp}, OrderBy: []string{"metrics.acc DESC"}, MaxResults: 5,
			})
			require.Len(t, page.Items, 5)
			require.Equal(t, last, page.Items[0].Info.RunID)
			return err
		})
		dynamodbstore.WaitSettled(s)
		return dynamodbstore.Units(u)
	}
	search()
	require.Equal(t, 300, open(), "none is idle")
	clock.Advance(2 * time.Second)
	require.NoError(t, s.LogMetric(t.Context(), last, point("acc", 2, 1000)))
	search()
	require.Equal(t, 1, open(), "all are settled but the one at work")
	clock.Advance(time.Minute)
	search()
	require.Equal(t, 0, open())
	require.LessOrEqual(t, search().Read, 12.0, "RCU of a search of settled runs")
}
