package groupcommit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// TestCommitterSlow has a flush that comes to no end: its callers get an error
// that is not their context's, and what callers who have gone left is not kept.
func TestCommitterSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var groups []int
		c := New(workspace.WriteTimeout, func(ctx context.Context, _ string, group []*Change[int]) {
			groups = append(groups, len(group))
			<-ctx.Done()
			for _, ch := range group {
				ch.Err = ctx.Err()
			}
		})
		began := time.Now()
		first, last := make(chan error, 1), make(chan error, 1)
		go func() { first <- c.Do(t.Context(), "run", 1) }()
		synctest.Wait()
		for range 1000 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			require.ErrorIs(t, c.Do(ctx, "run", 2), context.DeadlineExceeded)
			cancel()
		}
		require.Empty(t, c.queues["run"].waiting)
		go func() { last <- c.Do(t.Context(), "run", 3) }()
		require.ErrorIs(t, <-first, ErrSlow)
		require.Equal(t, workspace.WriteTimeout, time.Since(began))
		require.ErrorIs(t, <-last, ErrSlow)
		c.Close()
		require.Equal(t, []int{1, 1}, groups)
		require.Empty(t, c.queues)
	})
}

// TestCommitterGathers has 16 callers make 100 changes each, one after the
// other, of what takes 5 ms to write: but for the first ones they are written together.
func TestCommitterGathers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var groups []int
		c := New(workspace.WriteTimeout, func(_ context.Context, _ string, group []*Change[int]) {
			groups = append(groups, len(group))
			time.Sleep(5 * time.Millisecond)
		})
		var g errgroup.Group
		for range 16 {
			g.Go(func() error {
				for range 100 {
					if err := c.Do(t.Context(), "run", 1); err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, g.Wait())
		c.Close()
		total := 0
		for _, n := range groups {
			total += n
		}
		require.Equal(t, 1600, total)
		require.LessOrEqual(t, len(groups), 110)
	})
}
