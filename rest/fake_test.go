package rest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeStore knows the runs and experiments that it was given and remembers
// what it was last asked for.
type fakeStore struct {
	ModelStore
	runs map[string]*dynamodbstore.Run
	err  error  // returned by everything, if set
	hook func() // called by everything, if set

	mu    sync.Mutex
	calls []any
}

func (s *fakeStore) call(params ...any) error {
	s.mu.Lock()
	s.calls = append(s.calls, params...)
	s.mu.Unlock()
	if s.hook != nil {
		s.hook()
	}
	return s.err
}

func (s *fakeStore) last() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == 0 {
		return nil
	}
	return s.calls[len(s.calls)-1]
}

func (s *fakeStore) run(id string) (*dynamodbstore.Run, error) {
	if err := s.call(id); err != nil {
		return nil, err
	}
	if r := s.runs[id]; r != nil {
		return r, nil
	}
	return nil, &dynamodbstore.Error{
		Code: dynamodbstore.CodeResourceDoesNotExist, Message: "Run with id=" + id + " not found",
	}
}

func (s *fakeStore) CreateExperiment(_ context.Context, p dynamodbstore.CreateExperimentParams) (string, error) {
	if strings.HasPrefix(p.ArtifactLocation, "runs:") {
		return "", invalid("Artifact location cannot be a runs:/ URI. Given: '" + p.ArtifactLocation + "'")
	}
	return "7", s.call(p)
}

func (s *fakeStore) GetExperiment(_ context.Context, id string) (*dynamodbstore.Experiment, error) {
	return &dynamodbstore.Experiment{ID: id}, s.call(id)
}

func (s *fakeStore) GetExperimentByName(_ context.Context, name string) (*dynamodbstore.Experiment, error) {
	if err := s.call(name); err != nil {
		return nil, err
	}
	return nil, &dynamodbstore.Error{
		Code: dynamodbstore.CodeResourceDoesNotExist, Message: "Could not find experiment with name '" + name + "'",
	}
}

func (s *fakeStore) RenameExperiment(_ context.Context, id, name string) error {
	return s.call(id, name)
}
func (s *fakeStore) DeleteExperiment(_ context.Context, id string) error  { return s.call(id) }
func (s *fakeStore) RestoreExperiment(_ context.Context, id string) error { return s.call(id) }
func (s *fakeStore) SetExperimentTag(_ context.Context, id string, t dynamodbstore.Tag) error {
	return s.call(id, t)
}

func (s *fakeStore) DeleteExperimentTag(_ context.Context, id, key string) error {
	return s.call(id, key)
}

func (s *fakeStore) SearchExperiments(
	_ context.Context, p dynamodbstore.SearchExperimentsParams,
) (dynamodbstore.Page[*dynamodbstore.Experiment], error) {
	return dynamodbstore.Page[*dynamodbstore.Experiment]{}, s.call(p)
}

func (s *fakeStore) CreateRun(_ context.Context, p dynamodbstore.CreateRunParams) (*dynamodbstore.Run, error) {
	return &dynamodbstore.Run{}, s.call(p)
}

func (s *fakeStore) GetRun(_ context.Context, id string) (*dynamodbstore.Run, error) {
	return s.run(id)
}

func (s *fakeStore) UpdateRun(_ context.Context, p dynamodbstore.UpdateRunParams) (*dynamodbstore.RunInfo, error) {
	r, err := s.run(p.RunID)
	if err != nil {
		return nil, err
	}
	return &r.Info, s.call(p)
}

func (s *fakeStore) onRun(id string, what any) error {
	if _, err := s.run(id); err != nil {
		return err
	}
	return s.call(what)
}

func (s *fakeStore) DeleteRun(_ context.Context, id string) error  { return s.onRun(id, id) }
func (s *fakeStore) RestoreRun(_ context.Context, id string) error { return s.onRun(id, id) }
func (s *fakeStore) LogMetric(_ context.Context, id string, m dynamodbstore.Metric) error {
	return s.onRun(id, m)
}

func (s *fakeStore) LogParam(_ context.Context, id string, p dynamodbstore.Param) error {
	return s.onRun(id, p)
}

func (s *fakeStore) LogBatch(_ context.Context, p dynamodbstore.LogBatchParams) error {
	return s.onRun(p.RunID, p)
}

func (s *fakeStore) SetTag(_ context.Context, id string, t dynamodbstore.Tag) error {
	return s.onRun(id, t)
}
func (s *fakeStore) DeleteTag(_ context.Context, id, key string) error { return s.onRun(id, key) }
func (s *fakeStore) LogInputs(_ context.Context, p dynamodbstore.LogInputsParams) error {
	return s.onRun(p.RunID, p)
}

func (s *fakeStore) LogOutputs(_ context.Context, id string, models []dynamodbstore.ModelOutput) error {
	return s.onRun(id, models)
}

func (s *fakeStore) LogModel(_ context.Context, id, model string) error { return s.onRun(id, model) }

func (s *fakeStore) SearchDatasets(_ context.Context, ids []string) ([]dynamodbstore.DatasetSummary, error) {
	return nil, s.call(ids)
}

func (s *fakeStore) CreateLoggedModel(
	_ context.Context, p dynamodbstore.CreateLoggedModelParams,
) (*dynamodbstore.LoggedModel, error) {
	return &dynamodbstore.LoggedModel{Name: p.Name}, s.call(p)
}

func (s *fakeStore) GetAnyLoggedModel(_ context.Context, id string) (*dynamodbstore.LoggedModel, error) {
	return &dynamodbstore.LoggedModel{ID: id}, s.call("any " + id)
}

func (s *fakeStore) FinalizeLoggedModel(
	_ context.Context, id string, status dynamodbstore.LoggedModelStatus,
) (*dynamodbstore.LoggedModel, error) {
	return &dynamodbstore.LoggedModel{ID: id, Status: status}, s.call(status)
}

func (s *fakeStore) DeleteLoggedModel(_ context.Context, id string) error { return s.call(id) }

func (s *fakeStore) SetLoggedModelTags(_ context.Context, id string, tags []dynamodbstore.Tag) error {
	return s.call(id, tags)
}

func (s *fakeStore) DeleteLoggedModelTag(_ context.Context, id, key string) error {
	return s.call(id, key)
}

func (s *fakeStore) LogLoggedModelParams(_ context.Context, id string, params []dynamodbstore.Param) error {
	return s.call(id, params)
}

func (s *fakeStore) SearchLoggedModels(
	_ context.Context, p dynamodbstore.SearchLoggedModelsParams,
) (dynamodbstore.Page[*dynamodbstore.LoggedModel], error) {
	return dynamodbstore.Page[*dynamodbstore.LoggedModel]{}, s.call(p)
}

func (s *fakeStore) SearchRuns(
	_ context.Context, p dynamodbstore.SearchRunsParams,
) (dynamodbstore.Page[*dynamodbstore.Run], error) {
	return dynamodbstore.Page[*dynamodbstore.Run]{}, s.call(p)
}

func (s *fakeStore) MetricHistory(
	_ context.Context, p dynamodbstore.MetricHistoryParams,
) (dynamodbstore.Page[dynamodbstore.Metric], error) {
	return dynamodbstore.Page[dynamodbstore.Metric]{}, s.call(p)
}

func (s *fakeStore) MetricHistoryBulk(
	_ context.Context, p dynamodbstore.MetricHistoryBulkParams,
) ([]dynamodbstore.RunMetric, error) {
	return nil, s.call(p)
}

func (s *fakeStore) MetricHistoryBulkInterval(
	_ context.Context, p dynamodbstore.MetricHistoryIntervalParams,
) ([]dynamodbstore.RunMetric, error) {
	return nil, s.call(p)
}

// testServer is a handler over a fake store and a bucket in memory, which has
// the artifacts of the run "r".
type testServer struct {
	store  *fakeStore
	bucket *blob.Bucket
	http.Handler
}

func newServer(tb testing.TB, opts ...Option) *testServer {
	tb.Helper()
	s := &testServer{
		store: &fakeStore{runs: map[string]*dynamodbstore.Run{
			"r": {Info: dynamodbstore.RunInfo{RunID: "r", ArtifactURI: "mlflow-artifacts:/0/r/artifacts"}},
		}},
		bucket: memblob.OpenBucket(nil),
	}
	tb.Cleanup(func() { require.NoError(tb, s.bucket.Close()) })
	h, err := NewHandler(s.store, append([]Option{WithArtifacts(s.bucket)}, opts...)...)
	require.NoError(tb, err)
	s.Handler = h
	return s
}

// do sends a request; one with a body is of JSON unless headers say otherwise.
func (s *testServer) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	r.Host = "localhost:5000"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *testServer) post(path, body string) *httptest.ResponseRecorder {
	return s.do(http.MethodPost, "/api/2.0/mlflow/"+path, body)
}

func (s *fakeStore) GetLoggedModel(_ context.Context, id string) (*dynamodbstore.LoggedModel, error) {
	return &dynamodbstore.LoggedModel{ID: id, ArtifactURI: "mlflow-artifacts:/0/models/" + id + "/artifacts"}, s.call(id)
}
