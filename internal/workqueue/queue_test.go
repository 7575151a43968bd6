package workqueue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newQueue(workers int) *Queue { return New("test", workers, slog.New(slog.DiscardHandler)) }

// TestQueueWorkers: no more is done at once than there are workers, and all is
// done in the end, in its order.
func TestQueueWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(2)
		next := make(chan struct{})
		begun := make(chan string, 5)
		for i := range 5 {
			name := fmt.Sprint(i)
			require.True(t, q.Add(t.Context(), "w", name, func(context.Context) error {
				begun <- name
				<-next
				return nil
			}))
		}
		for done := range 5 {
			synctest.Wait()
			require.Len(t, begun, min(2, 5-done))
			<-begun
			next <- struct{}{}
		}
		q.Wait()
		require.Empty(t, begun)
		require.Zero(t, q.running)
		q.Close()
	})
}

// TestQueueOfOneName: work of a name waits once, and while some is done the
// next waits for it; other workspaces and other names do not.
func TestQueueOfOneName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(8)
		end := make(chan struct{})
		var done []string
		add := func(workspace, name, what string) bool {
			return q.Add(t.Context(), workspace, name, func(context.Context) error {
				<-end
				done = append(done, what)
				return nil
			})
		}
		require.True(t, add("w", "run", "first"))
		synctest.Wait()
		require.True(t, add("w", "run", "second"))
		require.True(t, add("w", "run", "third"), "it waits already")
		require.True(t, add("v", "run", "of another workspace"))
		require.True(t, add("w", "other", "of another name"))
		synctest.Wait()
		require.Len(t, q.busy, 3)
		require.Equal(t, map[task]bool{{"w", "run"}: true}, q.queued)
		for range 3 {
			end <- struct{}{}
			synctest.Wait()
		}
		require.ElementsMatch(t, []string{"first", "of another workspace", "of another name"}, done)
		end <- struct{}{}
		q.Wait()
		require.Equal(t, "second", done[3], "not the third, which found it waiting")
		require.Len(t, done, 4)
		q.Close()
	})
}

// TestQueueIsFull: what waits is bounded; what is refused is not remembered.
func TestQueueIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		end := make(chan struct{})
		calls := 0
		add := func(i int) bool {
			return q.Add(t.Context(), "w", fmt.Sprint(i), func(context.Context) error {
				<-end
				calls++
				return nil
			})
		}
		require.True(t, add(0))
		synctest.Wait() // it is under way and waits no more
		for i := range workQueueSize {
			require.True(t, add(1+i))
		}
		require.False(t, add(1000))
		require.True(t, add(1), "it waits already")
		close(end)
		q.Wait()
		require.Equal(t, 1+workQueueSize, calls)
		require.True(t, add(1000))
		q.Wait()
		require.Equal(t, 2+workQueueSize, calls)
		q.Close()
	})
}

// TestQueueClose: closing ends after what is under way, drops what waits, and
// takes nothing more.
func TestQueueClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		end := make(chan struct{})
		var done []string
		require.True(t, q.Add(t.Context(), "w", "a", func(context.Context) error {
			<-end
			done = append(done, "a")
			require.True(t, q.IsClosed())
			return nil
		}))
		synctest.Wait()
		require.True(t, q.Add(t.Context(), "w", "b", func(context.Context) error {
			done = append(done, "b")
			return nil
		}))
		require.True(t, q.Aside(func() {
			<-end
			done = append(done, "aside")
		}))
		closed := make(chan struct{})
		go func() {
			q.Close()
			close(closed)
		}()
		synctest.Wait()
		require.Empty(t, done)
		require.False(t, q.Add(t.Context(), "w", "c", func(context.Context) error { return nil }))
		require.False(t, q.Aside(func() { t.Error("done after the end") }))
		end <- struct{}{}
		synctest.Wait()
		end <- struct{}{}
		<-closed
		require.ElementsMatch(t, []string{"a", "aside"}, done)
	})
}

// TestQueueContext: work has the values of its caller's context and not its
// end, and what fails is logged by its names alone.
func TestQueueContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		q := New("sweep", 1, slog.New(slog.NewTextHandler(&log, nil)))
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		cancel()
		require.True(t, q.Add(ctx, "w", "run", func(ctx context.Context) error {
			require.NoError(t, ctx.Err())
			require.Equal(t, "value", ctx.Value(key{}))
			return errors.New("no table")
		}))
		q.Wait()
		require.Contains(t, log.String(), `level=WARN msg="work in the background" task=sweep of=run error="no table"`)
		q.Close()
	})
}
