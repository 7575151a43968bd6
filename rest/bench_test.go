package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func benchPage() dynamodbstore.Page[*dynamodbstore.Run] {
	page := dynamodbstore.Page[*dynamodbstore.Run]{NextPageToken: "token"}
	for i := range 100 {
		r := &dynamodbstore.Run{Info: dynamodbstore.RunInfo{
			RunID: fmt.Sprintf("%032x", i), ExperimentID: "1", Name: "carefree-elk-532", UserID: "user", Status: "FINISHED",
			StartTime: 1795457041127, EndTime: new(int64(1795457041227)), ArtifactURI: fmt.Sprintf("mlflow-artifacts:/1/%032x/artifacts", i),
			LifecycleStage: dynamodbstore.StageActive,
		}}
		for j := range 20 {
			r.Metrics = append(r.Metrics, dynamodbstore.Metric{Key: fmt.Sprintf("val_metric_%d", j), Value: float64(j) / 7, Timestamp: 1795457041127, Step: 100})
			r.Params = append(r.Params, dynamodbstore.Param{Key: fmt.Sprintf("param_%d", j), Value: "0.001"})
		}
		for j := range 8 {
			r.Tags = append(r.Tags, dynamodbstore.Tag{Key: fmt.Sprintf("mlflow.source.tag%d", j), Value: "some value of a tag"})
		}
		page.Items = append(page.Items, r)
	}
	return page
}

func appendRuns(b []byte, page dynamodbstore.Page[*dynamodbstore.Run]) []byte {
	a := &answer{b: b}
	p := a.beginPage("runs")
	for _, r := range page.Items {
		a.b = appendRun(wire.AppendItem(p.array(a), 2), r, 2, false, nil)
	}
	p.end(a, page.NextPageToken)
	return a.b
}

func appendHistory(b []byte, page dynamodbstore.Page[dynamodbstore.Metric]) []byte {
	a := &answer{b: b}
	p := a.beginPage("metrics")
	for i := range page.Items {
		a.b = appendMetric(p.array(a), 2, &page.Items[i])
	}
	p.end(a, page.NextPageToken)
	return a.b
}

func BenchmarkEncodeRuns(b *testing.B) {
	page := benchPage()
	buf := appendRuns(nil, page)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = appendRuns(buf[:0], page)
	}
}

func BenchmarkEncodeHistory(b *testing.B) {
	var page dynamodbstore.Page[dynamodbstore.Metric]
	for i := range 10_000 {
		page.Items = append(page.Items, dynamodbstore.Metric{Key: "train/loss", Value: 1 / float64(i+1), Timestamp: 1795457041127, Step: int64(i)})
	}
	buf := appendHistory(nil, page)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = appendHistory(buf[:0], page)
	}
}

func benchBatch() []byte {
	var s strings.Builder
	s.WriteString(`{"run_id": "06f119e664d44f77bfaa0522a18b5921", "metrics": [`)
	for i := range 1000 {
		if i > 0 {
			s.WriteString(", ")
		}
		fmt.Fprintf(&s, `{"key": "train/layer_%d.loss", "value": %v, "timestamp": 1795457041127, "step": %d}`, i%50, 1/float64(i+1), i/50)
	}
	s.WriteString(`]}`)
	return []byte(s.String())
}

func BenchmarkDecodeLogBatch(b *testing.B) {
	body := benchBatch()
	p := declareLogBatch()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if p.Quick(body) == nil {
			b.Fatal("not scanned")
		}
	}
}

// BenchmarkDecodeLogBatchTree is the way of requests that the scanner does not
// expect.
func BenchmarkDecodeLogBatchTree(b *testing.B) {
	body := benchBatch()
	p := declareLogBatch()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Exact(body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeLogBatchStdlib is for comparison.
func BenchmarkDecodeLogBatchStdlib(b *testing.B) {
	body := benchBatch()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var q struct {
			RunID   string `json:"run_id"`
			Metrics []struct {
				Key             string
				Value           float64
				Timestamp, Step int64
			}
		}
		if err := json.Unmarshal(body, &q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHandler(b *testing.B) {
	s := newServer(b)
	batch := string(benchBatch())
	s.store.runs["06f119e664d44f77bfaa0522a18b5921"] = s.store.runs["r"]
	s.store.hook = func() { s.store.calls = nil }
	for _, c := range []struct{ name, method, path, body string }{
		{"log_metric", http.MethodPost, "/api/2.0/mlflow/runs/log-metric", `{"run_uuid": "r", "run_id": "r", "key": "loss", "value": 0.5, "timestamp": 1795457041127, "step": 3}`},
		{"log_batch_1000", http.MethodPost, "/api/2.0/mlflow/runs/log-batch", batch},
		{"log_parameter", http.MethodPost, "/api/2.0/mlflow/runs/log-parameter", `{"run_uuid": "r", "run_id": "r", "key": "k", "value": "v"}`},
		{"set_tag", http.MethodPost, "/api/2.0/mlflow/runs/set-tag", `{"run_uuid": "r", "run_id": "r", "key": "k", "value": "v"}`},
		{"create_run", http.MethodPost, "/api/2.0/mlflow/runs/create", `{"experiment_id": "0", "start_time": 1795457041127, "tags": [{"key": "k", "value": "v"}]}`},
		{"search_runs", http.MethodPost, "/api/2.0/mlflow/runs/search", `{"experiment_ids": ["0"], "max_results": 100}`},
		{"get_run", http.MethodGet, "/api/2.0/mlflow/runs/get?run_uuid=r&run_id=r", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			w := newDiscard()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), c.method, c.path, strings.NewReader(c.body))
				r.Host = "localhost:5000"
				r.Header.Set("Content-Type", "application/json")
				s.ServeHTTP(w, r)
				if w.status != http.StatusOK {
					b.Fatal(w.status)
				}
			}
		})
	}
}
