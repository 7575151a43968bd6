package rest

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func TestReadLogBatch(t *testing.T) {
	t.Parallel()
	want := dynamodbstore.LogBatchParams{
		RunID: "r",
		Metrics: []dynamodbstore.Metric{
			{Key: "a", Value: 1.5, Timestamp: 1, Step: -2},
			{Key: "b\né😀", Value: math.Inf(-1), Timestamp: 3, ModelID: "m", DatasetName: "d", DatasetDigest: "g"},
		},
		Params: []dynamodbstore.Param{{Key: "p", Value: "v"}, {Key: "q"}},
		Tags:   []dynamodbstore.Tag{{Key: "t", Value: "\x00\"\\/"}},
	}
	for name, body := range map[string]string{
		"usual": `{"run_id":"r","metrics":[{"key":"a","value":1.5,"timestamp":1,"step":-2},` +
			`{"key":"b\n\u00e9\ud83d\ude00","value":"-Infinity","timestamp":3,"model_id":"m","dataset_name":"d","dataset_digest":"g"}],` +
			`"params":[{"key":"p","value":"v"},{"key":"q","value":""}],"tags":[{"key":"t","value":"\u0000\"\\\/"}]}`,
		"numbers in quotes, spaces, unknown fields": ` { "x" : [ { } , [ 1.5e3, true, false, null, "\"" ] ] , "run_id" : "r" ,
			"metrics":[{"key":"a","value":15e-1,"timestamp":"1","step":"-2"},{"key":"b\né😀","value":"-Infinity","timestamp":"3",
			"model_id":"m","dataset_name":"d","dataset_digest":"g","step":null,"run_id":"other"}],
			"params":[{"key":"p","value":"v"},{"key":"q"}],"tags":[{"value":"\u0000\"\\/","key":"t"}]}` + "\r\n\t ",
		"what only the tree reads": "\xef\xbb\xbf" + `{"run_id":"r","metrics":[{"key":"a","value":"1.5","timestamp":1.0,"step":"-2.0"},` +
			`{"key":"b\né😀","value":"-inf","timestamp":3e0,"modelId":"m","datasetName":"d","datasetDigest":"g"}],` +
			`"params":[{"key":"p","value":"x","value":"v"},{"key":"q","value":null}],"tags":[{"key":"t","value":"\u0000\"\\/"}],` +
			`"y":NaN}`,
		"encoded twice": `"{\"run_id\":\"r\",\"metrics\":[{\"key\":\"a\",\"value\":1.5,\"timestamp\":1,\"step\":-2},` +
			`{\"key\":\"b\\n\u00e9😀\",\"value\":\"-Infinity\",\"timestamp\":3,\"model_id\":\"m\",\"dataset_name\":\"d\",` +
			`\"dataset_digest\":\"g\"}],\"params\":[{\"key\":\"p\",\"value\":\"v\"},{\"key\":\"q\"}],` +
			`\"tags\":[{\"key\":\"t\",\"value\":\"\\u0000\\\"\\\\/\"}]}"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			body := strings.ReplaceAll(body, "b\né", `b\né`)
			w := s.post("runs/log-batch", body)
			require.Equal(t, "{}", w.Body.String())
			require.Equal(t, want, s.store.last())
		})
	}
}

func TestScannerDoesTheUsual(t *testing.T) {
	t.Parallel()
	const body = `{"run_id":"r","metrics":[{"key":"a","value":1,"timestamp":1,"step":2},{"key":"a","value":"NaN","timestamp":1}],` +
		`"params":[],"tags":[{"key":"a","value":"b"}]}`
	require.NotNil(t, declareLogBatch().Quick([]byte(body)))
	require.NotNil(t, declareCreateRun().Quick([]byte(
		`{"experiment_id":"1","user_id":"u","run_name":"n","start_time":1,"tags":[{"key":"mlflow.user","value":"u"}]}`)))
	require.NotNil(t, declareUpdateRun().Quick([]byte(
		`{"run_uuid":"r","run_id":"r","status":"FINISHED","end_time":1,"run_name":"n"}`)))
	require.NotNil(t, declareSearchRuns().Quick([]byte(
		`{"experiment_ids":["1"],"filter":"a = 'b'","run_view_type":"ACTIVE_ONLY","max_results":1000,"order_by":["x DESC"]}`)))
}

// TestLargestIntegers: all 64 bits arrive, in quotes or not.
func TestLargestIntegers(t *testing.T) {
	t.Parallel()
	for _, quote := range []string{"", `"`} {
		s := newServer(t)
		w := s.post("runs/log-metric", `{"run_id":"r","key":"k","value":1,"timestamp":`+quote+"9223372036854775807"+quote+
			`,"step":`+quote+"-9223372036854775808"+quote+`}`)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Equal(t, dynamodbstore.Metric{Key: "k", Value: 1, Timestamp: math.MaxInt64, Step: math.MinInt64}, s.store.last())
	}
}

func TestSearchLoggedModels(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"experiment_ids":["1"],"filter":"name = 'm'"}`, `{"experiment_ids":[]}`} {
		w := newServer(t).post("logged-models/search", body)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "{}", w.Body.String())
	}
}

// TestRefused are requests that MLflow half executes or fails on.
func TestRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	for _, tc := range []struct{ name, path, body, want string }{
		{"no runs", "runs/search", `{"max_results":0}`, "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"},
		{
			"no experiments", "experiments/search", `{"max_results":"0"}`,
			"Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
		},
		{"models of nothing", "logged-models/search", `{}`, "Missing value for required parameter 'experiment_ids'." + wire.SeeDocs},
		{
			"input without an id", "runs/log-inputs", `{"run_id":"r","models":[{"modelId":"m"},{}]}`,
			"Missing value for required parameter 'models[1].model_id'." + wire.SeeDocs,
		},
		{
			"output without an id", "runs/outputs", `{"run_id":"r","models":[{"model_id":"","step":1}]}`,
			"Missing value for required parameter 'models[0].model_id'." + wire.SeeDocs,
		},
		{"list", "experiments/create", `[1]`, "Bad Request. The body must be a JSON object."},
		{"number", "runs/create", `5`, "Bad Request. The body must be a JSON object."},
		{"no JSON in a string", "experiments/create", `"x"`, "Missing value for required parameter 'name'." + wire.SeeDocs},
		{"deep", "experiments/create", `{"name":"x","y":` + deep + `}`, "Missing value for required parameter 'name'." + wire.SeeDocs},
		{
			"too many values", "runs/log-batch",
			`{"run_id":"r","metrics":[{}` + strings.Repeat(",{}", 1<<20) + `]}`,
			"Bad Request. The body has too many values.",
		},
		{
			"NaN without quotes", "runs/log-batch", `{"run_id":"r","metrics":[{"key":"a","value":NaN,"timestamp":1}]}`,
			"Invalid value NaN for parameter 'metrics[0].value' supplied:  Hint: Value was of type 'float'." + wire.SeeDocs,
		},
		{
			"too large", "runs/log-metric", `{"run_id":"r","key":"k","value":1,"timestamp":9223372036854775808}`,
			"Invalid value 9223372036854775808 for parameter 'timestamp' supplied:  Hint: Value was of type 'int'." + wire.SeeDocs,
		},
		{
			"fraction", "runs/log-metric", `{"run_id":"r","key":"k","value":1,"timestamp":1.5}`,
			"Invalid value 1.5 for parameter 'timestamp' supplied:  Hint: Value was of type 'float'." + wire.SeeDocs,
		},
		{
			"half a surrogate pair", "experiments/create", `{"name":"\ud800"}`,
			`Invalid value "\ud800" for parameter 'name' supplied:  Hint: Value was of type 'str'.` + wire.SeeDocs,
		},
		{
			"null in a list", "runs/search", `{"experiment_ids":[null]}`,
			"Invalid value null for parameter 'experiment_ids[0]' supplied:  Hint: Value was of type 'NoneType'." + wire.SeeDocs,
		},
		{
			"items of the wrong type", "experiments/create", `{"name":"x","tags":[1]}`,
			"Invalid value 1 for parameter 'tags[0]' supplied:  Hint: Value was of type 'int'." + wire.SeeDocs,
		},
		{
			"enum number", "runs/search", `{"run_view_type":9}`,
			"Invalid value 9 for parameter 'run_view_type' supplied:  Hint: Value was of type 'int'." + wire.SeeDocs,
		},
		{"invalid UTF-8", "runs/log-parameter", "{\"run_id\":\"r\",\"key\":\"k\xff\"}", "Missing value for required parameter 'run_id'." + wire.SeeDocs},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			w := s.post(tc.path, tc.body)
			require.Equal(t, http.StatusBadRequest, w.Code, w.Body)
			want := appendError(nil, &dynamodbstore.Error{Code: dynamodbstore.CodeInvalidParameterValue, Message: tc.want})
			require.Equal(t, string(want), w.Body.String())
			require.Nil(t, s.store.last())
		})
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t, WithMaxBody(100))
	body := `{"name":"` + strings.Repeat("x", 89) + `"}`
	require.Len(t, body, 100)
	require.Equal(t, http.StatusOK, s.post("experiments/create", body).Code)
	w := s.post("experiments/create", body+" ")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), "The body is larger than the limit of 100 bytes.")

	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/api/2.0/mlflow/runs/create",
		struct{ *strings.Reader }{strings.NewReader(strings.Repeat(" ", 200))}) // of unknown length
	require.NoError(t, err)
	h := &handler{bodies: newBodyMemory(LeastBodyMemory(100))}
	held, err := h.readBody(r, 100, bodyTooLarge)
	require.Error(t, err)
	held.free()
}

func TestSearchDefaults(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.post("runs/search", `{"experiment_ids":["1"],"run_view_type":"ALL","order_by":["a"]}`)
	require.Equal(t, dynamodbstore.SearchRunsParams{
		ExperimentIDs: []string{"1"}, View: dynamodbstore.ViewAll, MaxResults: 1000, OrderBy: []string{"a"},
	}, s.store.last())
	s.post("runs/search", `{"experiment_ids":["1"],"max_results":1,"run_view_type":2}`)
	require.Equal(t, dynamodbstore.SearchRunsParams{
		ExperimentIDs: []string{"1"}, View: dynamodbstore.ViewDeletedOnly, MaxResults: 1,
	}, s.store.last())
	s.do(http.MethodGet, "/ajax-api/2.0/mlflow/experiments/search?max_results=5&order_by=a&order_by=b&view_type=DELETED_ONLY", "")
	require.Equal(t, dynamodbstore.SearchExperimentsParams{
		MaxResults: 5, OrderBy: []string{"a", "b"}, View: dynamodbstore.ViewDeletedOnly,
	}, s.store.last())
	s.do(http.MethodGet, "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=a&run_ids=b&metric_key=k&start_step=0&end_step=9", "")
	require.Equal(t, dynamodbstore.MetricHistoryIntervalParams{
		RunIDs: []string{"a", "b"}, Key: "k", StartStep: new(int64(0)), EndStep: new(int64(9)), MaxResults: 2500,
	}, s.store.last())
}

// TestOnlyGetsHaveQueries sends requests whose members are in the query string,
// which counts with GET only, as in MLflow.
func TestOnlyGetsHaveQueries(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, tc := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "runs/get?run_id=r", http.StatusOK},
		{http.MethodHead, "runs/get?run_id=r", http.StatusBadRequest},
		{http.MethodPost, "runs/delete?run_id=r", http.StatusBadRequest},
		{http.MethodDelete, "registered-models/delete?name=a", http.StatusBadRequest},
		{http.MethodPatch, "registered-models/update?name=a", http.StatusBadRequest},
	} {
		w := s.do(tc.method, "/api/2.0/mlflow/"+tc.path, "")
		require.Equal(t, tc.want, w.Code, "%s %s: %s", tc.method, tc.path, w.Body)
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("run_ids=a&run_ids=%ff&metric_key=+k&start_step=1&max_results=5")
	p := declareInterval()
	f.Fuzz(func(t *testing.T, raw string) {
		_, err := p.ReadQuery(raw) // must not panic
		if err != nil {
			require.ErrorAs(t, err, new(wire.Error))
		}
	})
}

func FuzzCleanPath(f *testing.F) {
	for _, p := range []string{"a/b", "../a", "%2e%2e/a", "%252e%252e", "a/..%2f..", "/x", "C:/", "file:x", "a\x00b", "a#?"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		clean, err := cleanPath(p)
		if err != nil {
			return
		}
		below, err := cleanPathBelow(p)
		if err != nil {
			return
		}
		for _, name := range []string{clean, below} {
			key := blobKey("root", name)
			require.True(t, key == "root" || strings.HasPrefix(key, "root/"), "%q leads to %q", p, key)
		}
	})
}

// TestCleanPath: names come out as Python's urllib leaves them.
func TestCleanPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"a/b": {"a/b", "a/b"}, " a": {"a", " a"}, "a ": {"a ", "a "}, "a?": {"a", "a"}, "a??": {"a??", "a??"}, "a#": {"a", "a"},
		"a%3F%3Fb?": {"a??b?", "a??b?"}, "%20%2525": {"%", " %"}, "\tx": {"x", "x"}, "?": {"", ""}, "\x00": {"", "%00"},
	} {
		got, err := cleanPath(in)
		require.NoError(t, err, in)
		require.Equal(t, want[0], got, in)
		got, err = cleanPathBelow(in)
		require.NoError(t, err, in)
		require.Equal(t, want[1], got, in)
	}
	for _, in := range []string{" ../x", "%20/x", "a##", "#a", "a?#b", "\t..", "a/%2e%2e"} {
		_, err := cleanPathBelow(in)
		require.Error(t, err, in)
	}
}
