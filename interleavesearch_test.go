package dynamodbstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// movesOfARun are series of acts that take a run through its states while it
// satisfies every search of TestSearchBesideWriters all the time.
var movesOfARun = map[string][]func(ctx context.Context, s *dynamodbstore.Store, run string) error{
	"end":    {endRun},
	"reopen": {setOther, endRun},
	"move": {
		func(ctx context.Context, s *dynamodbstore.Store, run string) error {
			return s.LogMetric(ctx, run, point("acc", 3, 9))
		}, endRun,
		func(ctx context.Context, s *dynamodbstore.Store, run string) error {
			return s.LogMetric(ctx, run, point("acc", 4, -9))
		}, endRun, setOther,
	},
	"delete": {
		func(ctx context.Context, s *dynamodbstore.Store, run string) error { return s.DeleteRun(ctx, run) },
		func(ctx context.Context, s *dynamodbstore.Store, run string) error { return s.RestoreRun(ctx, run) },
	},
	"settle": {setOther, dynamodbstore.SettleIdle, setOther},
}

func setOther(ctx context.Context, s *dynamodbstore.Store, run string) error {
	return s.SetTag(ctx, run, dynamodbstore.Tag{Key: "other", Value: fmt.Sprint(ctx.Value(opKey{}))})
}

// searchesBeside find all runs, whatever is done to one of them. In pages they
// do so only in an order that stays.
var searchesBeside = []dynamodbstore.SearchRunsParams{
	{Filter: "params.lr = '1'"},
	{Filter: "params.lr = '1'", MaxResults: 2},
	{Filter: "attributes.run_name LIKE '%unne%' AND metrics.acc > -100", MaxResults: 1},
	{OrderBy: []string{"metrics.acc DESC"}},
	{OrderBy: []string{"metrics.acc ASC"}},
	{OrderBy: []string{"attributes.run_name DESC"}, MaxResults: 2},
	{OrderBy: []string{"params.lr", "attributes.status"}},
	{Filter: "metrics.acc > -100", OrderBy: []string{"attributes.end_time"}},
}

// TestSearchBesideWriters searches while another Store takes a run from state
// to state, with their table calls in random orders: each run is found once.
func TestSearchBesideWriters(t *testing.T) {
	t.Parallel()
	for name, moves := range movesOfARun {
		for _, open := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, open %t", name, open), func(t *testing.T) {
				t.Parallel()
				clock := newStillClock()
				mt := &match{sweep: sweep{tab: configured(t, memoryTable(t, clock), clock), clock: clock}, sch: newScheduler()}
				for seed := range uint64(12) {
					for _, p := range searchesBeside {
						mt.searchBeside(t, seed, p, open, moves)
					}
				}
			})
		}
	}
}

func (mt *match) searchBeside(t *testing.T, seed uint64, p dynamodbstore.SearchRunsParams, open bool,
	moves []func(ctx context.Context, s *dynamodbstore.Store, run string) error,
) {
	t.Helper()
	mt.spaces++
	workspace := fmt.Sprintf("beside%d", mt.spaces)
	writer, reader := mt.idle(t, workspace), view(t, scheduled{mt.tab, mt.sch}, mt.clock.Now, workspace,
		dynamodbstore.WithSettleAfter(0), dynamodbstore.WithSmallSearches(), dynamodbstore.WithScanLimit(1000))
	exp := experiment(t, writer, "beside")
	var ids []string
	for i := range 6 {
		r, err := writer.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: exp, Name: fmt.Sprint("runner", i), StartTime: int64(i / 2)})
		require.NoError(t, err)
		id := r.Info.RunID
		ids = append(ids, id)
		require.NoError(t, writer.LogBatch(t.Context(), dynamodbstore.LogBatchParams{
			RunID: id, Metrics: []dynamodbstore.Metric{point("acc", 1, float64(i*5%6))}, Params: []dynamodbstore.Param{{Key: "lr", Value: "1"}},
		}))
		if i != 2 || !open {
			require.NoError(t, endRun(t.Context(), writer, id))
		}
	}
	p.ExperimentIDs, p.View = []string{exp}, dynamodbstore.ViewAll
	var found []string
	errs := interleave(t, seed, mt.sch, func(ctx context.Context) error {
		for _, move := range moves {
			if err := move(ctx, writer, ids[2]); err != nil {
				return err
			}
		}
		return nil
	}, func(ctx context.Context) error {
		for r, err := range reader.AllRuns(ctx, p) {
			if err != nil {
				return err
			}
			found = append(found, r.Info.RunID)
		}
		return nil
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.ElementsMatch(t, ids, found, "filter %q, order %v, page %d, seed %d:\n%s",
		p.Filter, p.OrderBy, p.MaxResults, seed, strings.Join(mt.sch.trace, "\n"))
	require.NoError(t, reader.Close())
	require.NoError(t, writer.Close())
}
