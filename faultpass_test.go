package dynamodbstore_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// faultyPass is a pass over a table that is to end as it does without faults.
type faultyPass struct {
	fill func(t *testing.T, clock *stillClock) (table.Table, *dynamodbstore.Store)
	do   func(ctx context.Context, s *dynamodbstore.Store) error
	text func(t *testing.T, tab table.Table) []string
	rate float64 // of calls that fail
	bare bool    // errors are those of the table: the pass is one of the background
}

// faultyPasses are all passes: backfills, applying retentions, collecting
// garbage, rolling up. Each works on copies of one table.
func faultyPasses(t *testing.T) map[string]faultyPass {
	t.Helper()
	const rate = 0.05
	out := map[string]faultyPass{"garbage": collectionPass(t, rate), "roll-up": rollUpPass()}
	for _, p := range crashPasses {
		clock := newStillClock()
		full, runs := fullTable(t, clock, p)
		w := passWorld{p, clock, full, runs}
		out[p.name] = faultyPass{
			fill: func(t *testing.T, own *stillClock) (table.Table, *dynamodbstore.Store) {
				t.Helper()
				own.at.Store(clock.at.Load())
				tab := memoryTable(t, own)
				require.NoError(t, tab.BatchWrite(t.Context(), w.full, nil))
				ft := faulty.Wrap(tab, nil)
				noWait := func(context.Context, time.Duration) error { return nil }
				return ft, configStoreOf(t, ft, own.Now, dynamodbstore.WithPass(2, noWait))
			},
			do:   w.do,
			text: func(t *testing.T, tab table.Table) []string { t.Helper(); return w.text(allItems(t, tab)) },
			rate: rate,
		}
	}
	return out
}

func collectionPass(t *testing.T, rate float64) faultyPass {
	t.Helper()
	l := newLittered(t)
	return faultyPass{
		fill: func(t *testing.T, own *stillClock) (table.Table, *dynamodbstore.Store) {
			t.Helper()
			own.at.Store(l.clock.at.Load())
			ft := faulty.Wrap(l.table(t), nil)
			return ft, view(t, ft, own.Now, gcSpace)
		},
		do: func(ctx context.Context, s *dynamodbstore.Store) error {
			_, err := dynamodbstore.CollectInPages(ctx, s, l.params, 40)
			return err
		},
		text: func(t *testing.T, tab table.Table) []string {
			t.Helper()
			var out []string
			for key, it := range dumpAll(t, tab) {
				out = append(out, fmt.Sprint(key, it.Attrs))
			}
			slices.Sort(out)
			return out
		},
		rate: rate,
	}
}

// rollUpPass rolls up a history of which a part is rolled up already.
func rollUpPass() faultyPass {
	run := ""
	return faultyPass{
		fill: func(t *testing.T, own *stillClock) (table.Table, *dynamodbstore.Store) {
			t.Helper()
			ft := faulty.Wrap(memoryTable(t, own), nil)
			s := view(t, ft, own.Now, "world")
			sc := openScene(t, s)
			run = sc.run
			for i := range 40 {
				points := []dynamodbstore.Metric{point("loss", int64(i), 1), point("acc", int64(i), 2)}
				require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: points}))
				if i == 20 {
					require.NoError(t, dynamodbstore.RollUp(t.Context(), s, run))
				}
			}
			return ft, s
		},
		do: func(ctx context.Context, s *dynamodbstore.Store) error { return dynamodbstore.RollUp(ctx, s, run) },
		text: func(t *testing.T, tab table.Table) []string {
			t.Helper()
			s := view(t, tab, newStillClock().Now, "world")
			out := []string{fmt.Sprint(history(t, s, run, "loss")), fmt.Sprint(history(t, s, run, "acc"))}
			require.NoError(t, s.Close())
			return out
		},
		rate: 0.3, // of few calls
		bare: true,
	}
}

// TestFaultyPasses lets calls of passes fail at random, and ends their context
// at a call. A pass says so in words that a caller can go by; begun again, by
// the same process, it makes of the table what it makes of it without faults.
func TestFaultyPasses(t *testing.T) {
	t.Parallel()
	for name, p := range faultyPasses(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab, s := p.fill(t, newStillClock())
			require.NoError(t, p.do(t.Context(), s))
			require.NoError(t, s.Close())
			want := p.text(t, tab)
			failed := 0
			for seed := range uint64(6) {
				failed += p.random(t, seed, want)
			}
			require.Positive(t, failed)
			calls := 1
			for p.cancelAt(t, calls, want) {
				calls += 1 + calls/3
			}
			t.Logf("%d failures, ended at calls up to %d", failed, calls)
		})
	}
}

// random lets calls fail at random, a half of them after they were made. It
// returns how often the pass failed.
func (p faultyPass) random(t *testing.T, seed uint64, want []string) int {
	t.Helper()
	tab, s := p.fill(t, newStillClock())
	ft := tab.(*faulty.Table)
	cause, class := table.ErrThrottled, dynamodbstore.ErrThrottled
	if seed%2 == 0 {
		cause, class = table.ErrUnavailable, dynamodbstore.ErrUnavailable
	}
	failed := 0
	for try := range 8 {
		ft.SetPlan(faulty.Random(100*seed+uint64(try), p.rate, cause))
		err := p.do(t.Context(), s)
		if err == nil {
			break
		}
		failed++
		require.ErrorIs(t, err, cause, "seed %d", seed)
		if !p.bare {
			require.ErrorIs(t, err, class, "seed %d", seed)
		}
	}
	ft.SetPlan(nil)
	require.NoError(t, p.do(t.Context(), s), "seed %d", seed)
	require.NoError(t, s.Close())
	require.Equal(t, want, p.text(t, tab), "seed %d", seed)
	return failed
}

// cancelAt ends the context of a pass at its k-th call. It reports whether
// there was one.
func (p faultyPass) cancelAt(t *testing.T, k int, want []string) bool {
	t.Helper()
	tab, s := p.fill(t, newStillClock())
	ft := tab.(*faulty.Table)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ft.SetPlan(cancelAt(k, cancel))
	err := p.do(ctx, s)
	reached := ft.Calls() >= k
	if reached {
		require.ErrorIs(t, err, context.Canceled, "call %d", k)
	} else {
		require.NoError(t, err)
	}
	ft.SetPlan(nil)
	require.NoError(t, p.do(t.Context(), s), "call %d", k)
	require.NoError(t, s.Close())
	require.Equal(t, want, p.text(t, tab), "call %d", k)
	return reached
}
