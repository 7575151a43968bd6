package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// visitedStore hands over the runs of a page and points so often, and then an
// error.
type visitedStore struct {
	*fakeStore
	page   dynamodbstore.Page[*dynamodbstore.Run]
	points int
	err    error
}

func (s *visitedStore) GetRun(context.Context, string) (*dynamodbstore.Run, error) {
	r := *s.page.Items[0]
	for i := range s.points {
		r.Metrics = append(r.Metrics, dynamodbstore.Metric{Key: strconv.Itoa(i)})
	}
	return &r, nil
}

func (s *visitedStore) VisitRuns(
	_ context.Context, _ dynamodbstore.SearchRunsParams, visit func(*dynamodbstore.Run) error,
) (string, error) {
	for _, r := range s.page.Items {
		if err := visit(r); err != nil {
			return "", err
		}
	}
	return s.page.NextPageToken, s.err
}

func (s *visitedStore) VisitMetricHistory(
	_ context.Context, _ dynamodbstore.MetricHistoryParams, visit func(dynamodbstore.Metric) error,
) (string, error) {
	for i := range s.points {
		if err := visit(dynamodbstore.Metric{Key: "m", Step: int64(i)}); err != nil {
			return "", err
		}
	}
	return "token", s.err
}

// pieces takes an answer in pieces, some number of them.
type pieces struct {
	*httptest.ResponseRecorder
	sizes []int
	most  int
}

func (p *pieces) Write(b []byte) (int, error) {
	if len(p.sizes) == p.most {
		return 0, errors.New("the client has gone")
	}
	p.sizes = append(p.sizes, len(b))
	return p.ResponseRecorder.Write(b)
}

func (s *visitedStore) answerTo(t *testing.T, path, body string, most int) (p *pieces, aborted any) {
	t.Helper()
	h, err := NewHandler(s)
	require.NoError(t, err)
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequestWithContext(t.Context(), method, "/api/2.0/mlflow/"+path, strings.NewReader(body))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	p = &pieces{ResponseRecorder: httptest.NewRecorder(), most: most}
	func() {
		defer func() { aborted = recover() }()
		h.ServeHTTP(p, r)
	}()
	return p, aborted
}

const (
	historyPath = "metrics/get-history?run_id=r&metric_key=m"
	searchPath  = "runs/search"
)

// TestLargeAnswers: what is large goes out in pieces and is what it would be in
// one; what is small goes out in one, with its length.
func TestLargeAnswers(t *testing.T) {
	t.Parallel()
	page := benchPage()
	large := dynamodbstore.Page[*dynamodbstore.Run]{NextPageToken: "token"}
	for range 20 {
		large.Items = append(large.Items, page.Items...)
	}
	small := dynamodbstore.Page[*dynamodbstore.Run]{Items: page.Items[:1]}
	s := &visitedStore{fakeStore: &fakeStore{}, page: large, points: 100_000}
	many, err := s.GetRun(t.Context(), "r")
	require.NoError(t, err)
	history := dynamodbstore.Page[dynamodbstore.Metric]{NextPageToken: "token"}
	for i := range s.points {
		history.Items = append(history.Items, dynamodbstore.Metric{Key: "m", Step: int64(i)})
	}
	one := appendRun(wire.AppendKey([]byte{'{'}, 1, "run"), many, 1, false, nil)
	for path, want := range map[string][]byte{
		searchPath: appendRuns(nil, large), historyPath: appendHistory(nil, history), "runs/get?run_id=r": wire.CloseObject(one, 0),
	} {
		body := ""
		if path == searchPath {
			body = "{}"
		}
		p, aborted := s.answerTo(t, path, body, -1)
		require.Nil(t, aborted)
		require.Equal(t, http.StatusOK, p.Code)
		require.Equal(t, string(want), p.Body.String())
		require.Empty(t, p.Header().Get("Content-Length"))
		require.Equal(t, "application/json", p.Header().Get("Content-Type"))
		require.Greater(t, len(p.sizes), len(want)/(2*spillBytes))
		for _, n := range p.sizes {
			require.Less(t, n, 2*spillBytes)
		}
	}
	s = &visitedStore{fakeStore: &fakeStore{}, page: small, points: 3}
	for path, body := range map[string]string{searchPath: "{}", historyPath: "", "runs/get?run_id=r": ""} {
		p, aborted := s.answerTo(t, path, body, -1)
		require.Nil(t, aborted)
		require.Len(t, p.sizes, 1)
		require.Equal(t, strconv.Itoa(p.sizes[0]), p.Header().Get("Content-Length"))
	}
}

// TestAnswersCutShort: an error in the middle of a large answer cuts it, one in
// the middle of a small one is answered.
func TestAnswersCutShort(t *testing.T) {
	t.Parallel()
	page := benchPage()
	for range 3 {
		page.Items = append(page.Items, page.Items...)
	}
	s := &visitedStore{fakeStore: &fakeStore{}, page: page, points: 100_000, err: invalid("no more")}
	for path, body := range map[string]string{searchPath: "{}", historyPath: ""} {
		_, aborted := s.answerTo(t, path, body, -1)
		require.Equal(t, http.ErrAbortHandler, aborted, path)
		p, aborted := s.answerTo(t, path, body, 1) // the client goes away
		require.Equal(t, http.ErrAbortHandler, aborted, path)
		require.Len(t, p.sizes, 1)
	}
	h, err := NewHandler(s)
	require.NoError(t, err)
	server := httptest.NewServer(h)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/2.0/mlflow/"+historyPath, nil)
	require.NoError(t, err)
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoError(t, res.Body.Close())

	s = &visitedStore{fakeStore: &fakeStore{}, page: dynamodbstore.Page[*dynamodbstore.Run]{Items: page.Items[:1]}, err: invalid("no more")}
	p, aborted := s.answerTo(t, searchPath, "{}", -1)
	require.Nil(t, aborted)
	require.Equal(t, http.StatusBadRequest, p.Code)
	require.NotContains(t, p.Body.String(), "run_id")
	require.Contains(t, p.Body.String(), "no more")
}

// noBody is the writer of an answer to a HEAD.
type noBody struct{ *httptest.ResponseRecorder }

func (noBody) Write([]byte) (int, error) { return 0, http.ErrBodyNotAllowed }

// TestAnswerToHead: an answer of which only the header is sent is whole.
func TestAnswerToHead(t *testing.T) {
	t.Parallel()
	a := newAnswer(noBody{httptest.NewRecorder()})
	defer a.free()
	require.Equal(t, "x", string(a.spill(append(make([]byte, spillBytes), 'x'))))
	require.NoError(t, a.err)
}
