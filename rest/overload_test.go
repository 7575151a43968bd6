package rest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// realServer is a handler over a store whose table can fail.
type realServer struct {
	testServer
	real *dynamodbstore.Store
	tab  *faulty.Table
}

func newRealServer(t *testing.T, opts ...Option) *realServer {
	t.Helper()
	inner, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	s := &realServer{tab: faulty.Wrap(inner, nil)}
	s.real, err = dynamodbstore.OpenTable(s.tab)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.real.Close()) })
	require.NoError(t, s.real.Init(t.Context()))
	s.Handler, err = NewHandler(s.real, opts...)
	require.NoError(t, err)
	return s
}

// newRuns makes runs in the default experiment.
func (s *realServer) newRuns(t *testing.T, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		r, err := s.real.CreateRun(t.Context(), dynamodbstore.CreateRunParams{
			ExperimentID: dynamodbstore.DefaultExperimentID, Name: fmt.Sprint("run ", i), StartTime: int64(i),
		})
		require.NoError(t, err)
		ids[i] = r.Info.RunID
	}
	return ids
}

// TestTableFails has a table that throttles or does not answer: clients are
// told to come back.
func TestTableFails(t *testing.T) {
	t.Parallel()
	s := newRealServer(t)
	run := s.newRuns(t, 1)[0]
	requests := map[string]string{
		"runs/search": `{"experiment_ids":["0"]}`, "experiments/search": `{"max_results":10}`,
		"runs/log-metric": `{"run_id":"` + run + `","key":"k","value":1,"timestamp":1}`,
		"runs/update":     `{"run_id":"` + run + `","status":"FINISHED"}`,
		"runs/create":     `{"experiment_id":"0"}`,
	}
	for err, status := range map[error]int{table.ErrThrottled: 429, table.ErrUnavailable: 503, table.ErrConflict: 429} {
		for path, body := range requests {
			s.tab.SetPlan(func(faulty.Call) faulty.Fault { return faulty.Fault{Before: err} })
			w := s.post(path, body)
			require.Equal(t, status, w.Code, "%v, %s: %s", err, path, w.Body)
			require.Regexp(t, "^[2-8]$", w.Header().Get("Retry-After"))
		}
	}
	s.tab.SetPlan(nil)
	for path, body := range requests {
		require.Equal(t, http.StatusOK, s.post(path, body).Code, path)
	}
}

// TestClientGoneEndsCalls has clients go away while the table hangs: its calls
// end with them.
func TestClientGoneEndsCalls(t *testing.T) {
	t.Parallel()
	s := newRealServer(t)
	run := s.newRuns(t, 1)[0]
	server := httptest.NewServer(s)
	defer server.Close()
	for path, body := range map[string]string{
		"runs/get?run_id=" + run: "", "experiments/get?experiment_id=0": "", "experiments/search?max_results=5": "",
		"metrics/get-history?run_id=" + run + "&metric_key=m": "",
		"runs/search":        `{"experiment_ids":["0"]}`,
		"runs/create":        `{"experiment_id":"0"}`,
		"runs/delete":        `{"run_id":"` + run + `"}`,
		"experiments/create": `{"name":"new"}`,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		s.tab.SetPlan(func(faulty.Call) faulty.Fault {
			return faulty.Fault{Wait: func(ctx context.Context) error {
				cancel()
				<-ctx.Done()
				select {
				case ended <- ctx.Err():
				default: // not the first call
				}
				return ctx.Err()
			}}
		})
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		r, err := http.NewRequestWithContext(ctx, method, server.URL+"/api/2.0/mlflow/"+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		res, err := server.Client().Do(r)
		if err == nil {
			_ = res.Body.Close()
		}
		require.ErrorIs(t, err, context.Canceled, path)
		require.ErrorIs(t, <-ended, context.Canceled, path)
	}
}

const (
	overloadClients = 1000
	overloadRuns    = 20
	// overloadHeap is how much of the heap may be alive with so many clients.
	overloadHeap = 64 << 20
)

// load is what many clients do to a slow table, and what that did to memory.
type load struct {
	s    *realServer
	runs []string

	under, most atomic.Int64 // table calls under way
	heap        atomic.Uint64
	calls       atomic.Int64
	refused     atomic.Int64
}

// TestManyClients lets a thousand clients log and search at once over a slow
// table that throttles: nothing that was acknowledged is lost, and neither
// memory nor the calls under way grow with the clients.
func TestManyClients(t *testing.T) { //nolint:paralleltest // it measures what the process holds
	const atOnce = 50
	l := &load{s: newRealServer(t, WithMaxRequests(atOnce))}
	l.runs = l.s.newRuns(t, overloadRuns)
	goroutines := runtime.NumGoroutine()
	l.s.tab.SetPlan(l.slow(faulty.Random(1, 0.1, table.ErrThrottled)))

	var clients sync.WaitGroup
	for i := range overloadClients {
		clients.Go(func() { l.client(t, i) })
	}
	clients.Wait()
	l.s.tab.SetPlan(nil)
	for i, run := range l.runs {
		r, err := l.s.real.GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Len(t, r.Metrics, overloadClients/overloadRuns, "run %d", i)
	}
	// A request makes one call at a time; beside them write the committers of
	// runs whose clients have gone, and those who settle and roll up.
	require.LessOrEqual(t, l.most.Load(), int64(2*atOnce))
	require.Less(t, l.heap.Load(), uint64(overloadHeap))
	require.Eventually(t, func() bool { return runtime.NumGoroutine() < goroutines+atOnce }, 10*time.Second, time.Millisecond)
	t.Logf("%d calls, at most %d at once, %d refusals, live heap %d MB", l.calls.Load(), l.most.Load(),
		l.refused.Load(), l.heap.Load()>>20)
}

// slow makes each call take a moment, besides what plan does, and watches.
func (l *load) slow(plan faulty.Plan) faulty.Plan {
	return func(c faulty.Call) faulty.Fault {
		f := plan(c)
		if n := l.calls.Add(1); n%500 == 0 {
			live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
			metrics.Read(live)
			l.heap.Store(max(l.heap.Load(), live[0].Value.Uint64()))
		}
		f.Wait = func(ctx context.Context) error {
			for n, most := l.under.Add(1), l.most.Load(); n > most && !l.most.CompareAndSwap(most, n); {
				most = l.most.Load()
			}
			defer l.under.Add(-1)
			select {
			case <-time.After(time.Millisecond):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return f
	}
}

// client logs a metric of its own until that is acknowledged, reads, and goes
// away in the middle of a search.
func (l *load) client(t *testing.T, i int) {
	run := l.runs[i%overloadRuns]
	metric := fmt.Sprintf(`{"run_id":"%s","key":"client-%d","value":1,"timestamp":1,"step":1}`, run, i)
	search := `{"experiment_ids":["0"],"max_results":5,"filter":"metrics.m > 1"}`
	for _, request := range [][2]string{{"runs/log-metric", metric}, {"runs/search", search}} {
		for {
			w := l.s.post(request[0], request[1])
			if w.Code == http.StatusOK {
				break
			}
			l.refused.Add(1)
			if w.Code != http.StatusTooManyRequests && w.Code != http.StatusServiceUnavailable {
				t.Errorf("client %d: %d %s", i, w.Code, w.Body)
				return
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%10)*time.Millisecond)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/2.0/mlflow/runs/log-metric", strings.NewReader(metric))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	l.s.ServeHTTP(httptest.NewRecorder(), r)
}
