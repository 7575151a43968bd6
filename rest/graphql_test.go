package rest

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// graphStore is a store with one run, "r", and a model version that was
// registered of it.
type graphStore struct {
	*fakeStore
	searches []string
	runs     int // of a search; 0: two
}

func (s *graphStore) GetRun(ctx context.Context, id string) (*dynamodbstore.Run, error) {
	run, err := s.fakeStore.GetRun(ctx, id)
	if err != nil {
		return nil, err
	}
	full := *run
	full.Info.Name, full.Info.Status, full.Info.StartTime = "name", dynamodbstore.StatusRunning, 1<<60
	full.Metrics = []dynamodbstore.Metric{{Key: "m", Value: 1e300, Step: 2, Timestamp: 3}, {Key: "n", Value: math.NaN()}}
	full.Params = []dynamodbstore.Param{{Key: "p", Value: "é"}}
	full.Inputs.Datasets = []dynamodbstore.DatasetInput{{Dataset: dynamodbstore.Dataset{Name: "iris"}}}
	full.Outputs = []dynamodbstore.ModelOutput{{ModelID: "m-1", Step: 4}}
	return &full, nil
}

func (s *graphStore) SearchRuns(
	ctx context.Context, p dynamodbstore.SearchRunsParams,
) (dynamodbstore.Page[*dynamodbstore.Run], error) {
	if err := s.call(p); err != nil {
		return dynamodbstore.Page[*dynamodbstore.Run]{}, err
	}
	run, err := s.GetRun(ctx, "r")
	items := slices.Repeat([]*dynamodbstore.Run{run}, max(s.runs, 2))
	return dynamodbstore.Page[*dynamodbstore.Run]{Items: items, NextPageToken: "next"}, err
}

func (s *graphStore) SearchModelVersions(
	_ context.Context, p dynamodbstore.SearchModelVersionsParams,
) (dynamodbstore.Page[*dynamodbstore.ModelVersion], error) {
	s.searches = append(s.searches, p.Filter)
	return dynamodbstore.Page[*dynamodbstore.ModelVersion]{
		Items: []*dynamodbstore.ModelVersion{{Name: "known", Version: 1, RunID: "r", Status: dynamodbstore.VersionReady}},
	}, nil
}

func (s *graphStore) MetricHistoryBulkInterval(
	_ context.Context, p dynamodbstore.MetricHistoryIntervalParams,
) ([]dynamodbstore.RunMetric, error) {
	points := []dynamodbstore.RunMetric{{Metric: dynamodbstore.Metric{Key: p.Key, Value: 0.5, Step: 7}, RunID: "r"}}
	return points, s.call(p)
}

func (s *graphStore) SearchDatasets(_ context.Context, ids []string) ([]dynamodbstore.DatasetSummary, error) {
	return []dynamodbstore.DatasetSummary{{ExperimentID: ids[0], Name: "iris"}}, nil
}

func newGraphServer(t *testing.T) (*graphStore, *testServer) {
	t.Helper()
	s := newServer(t)
	g := &graphStore{fakeStore: s.store}
	h, err := NewHandler(g, WithArtifacts(s.bucket))
	require.NoError(t, err)
	s.Handler = h
	return g, s
}

func askGraph(t *testing.T, s *testServer, query string, variables map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	require.NoError(t, err)
	w := s.do(http.MethodPost, "/graphql", string(body))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	return strings.TrimSpace(w.Body.String())
}

func TestGraphAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, query, want string }{
		{
			"run", `{ mlflowGetRun(input: {runId: "r"}) { apiError { code } run {
			info { runUuid runName status startTime endTime } data { metrics { key value step timestamp runId } params { key value } }
			inputs { datasetInputs { dataset { name } tags { key } } modelInputs { modelId } } outputs { modelOutputs { modelId step } }
			experiment { lifecycleStage } modelVersions { name version status creationTimestamp } } } }`,
			`{"data":{"mlflowGetRun":{"apiError":null,"run":{` +
				`"info":{"runUuid":"r","runName":"name","status":"RUNNING","startTime":"1152921504606846976","endTime":"0"},` +
				`"data":{"metrics":[{"key":"m","value":1e+300,"step":"2","timestamp":"3","runId":""},` +
				`{"key":"n","value":null,"step":"0","timestamp":"0","runId":""}],"params":[{"key":"p","value":"é"}]},` +
				`"inputs":{"datasetInputs":[{"dataset":{"name":"iris"},"tags":[]}],"modelInputs":[]},` +
				`"outputs":{"modelOutputs":[{"modelId":"m-1","step":"4"}]},"experiment":{"lifecycleStage":""},` +
				`"modelVersions":[{"name":"known","version":"1","status":"READY","creationTimestamp":"0"}]}}},"errors":null}`,
		},
		{
			"unknown run", `{ mlflowGetRun(input: {runId: "x"}) { run { info { runName } } } }`,
			`{"data":{"mlflowGetRun":null},"errors":["Run with id=x not found"]}`,
		},
		{
			"legacy id", `{ mlflowGetRun(input: {runUuid: "r"}) { run { info { runId } } } }`,
			`{"data":{"mlflowGetRun":{"run":{"info":{"runId":"r"}}}},"errors":null}`,
		},
		{
			"experiment", `query Q @component(name: "x") { mlflowGetExperiment(input: {experimentId: "7"}) {
			experiment { experimentId tags { key } workspace lastUpdateTime } } }`,
			`{"data":{"mlflowGetExperiment":{"experiment":{"experimentId":"7","tags":[],"workspace":"default",` +
				`"lastUpdateTime":"0"}}},"errors":null}`,
		},
		{
			"artifacts", `{ mlflowListArtifacts(input: {runId: "r"}) { rootUri files { path isDir fileSize } nextPageToken } }`,
			`{"data":{"mlflowListArtifacts":{"rootUri":"mlflow-artifacts:/0/r/artifacts","files":[],"nextPageToken":""}},"errors":null}`,
		},
		{
			"artifacts elsewhere", `{ mlflowListArtifacts(input: {runId: "r", path: "../x"}) { rootUri } }`,
			`{"data":{"mlflowListArtifacts":null},"errors":["Invalid path"]}`,
		},
		{
			"interval", `{ mlflowGetMetricHistoryBulkInterval(input: {runIds: ["r"], metricKey: "m"}) {
			__typename metrics { key value step runId } } }`,
			`{"data":{"mlflowGetMetricHistoryBulkInterval":{"__typename":"MlflowGetMetricHistoryBulkIntervalResponse",` +
				`"metrics":[{"key":"m","value":0.5,"step":"7","runId":"r"}]}},"errors":null}`,
		},
		{
			"bad interval", `{ mlflowGetMetricHistoryBulkInterval(input: {runIds: ["r"], startStep: 1}) { metrics { key } } }`,
			`{"data":{"mlflowGetMetricHistoryBulkInterval":null},"errors":["If either start step or end step are specified, ` +
				`both must be specified."]}`,
		},
		{
			"versions", `{ mlflowSearchModelVersions(input: {filter: "x", maxResults: 5}) { modelVersions { name aliases } } }`,
			`{"data":{"mlflowSearchModelVersions":{"modelVersions":[{"name":"known","aliases":[]}]}},"errors":null}`,
		},
		{
			"what versions have not", `{ mlflowSearchModelVersions(input: {}) { apiError { errorDetails { field } } modelVersions {
			modelId modelParams { name } modelMetrics { value } deploymentJobState { jobId jobState runState currentTaskName } } } }`,
			`{"data":{"mlflowSearchModelVersions":{"apiError":null,"modelVersions":[{"modelId":"","modelParams":[],` +
				`"modelMetrics":[],"deploymentJobState":{"jobId":"","jobState":null,"runState":null,"currentTaskName":""}}]}},"errors":null}`,
		},
		{
			"mutation", `mutation { mlflowSearchRuns(input: {experimentIds: ["0"]}) { nextPageToken } }`,
			`{"data":{"mlflowSearchRuns":{"nextPageToken":"next"}},"errors":null}`,
		},
		{
			"datasets", `mutation { mlflowSearchDatasets(input: {experimentIds: ["0"]}) { datasetSummaries { name context } } }`,
			`{"data":{"mlflowSearchDatasets":{"datasetSummaries":[{"name":"iris","context":""}]}},"errors":null}`,
		},
		{"echo", `{ a: test(inputString: "x") { output } }`, `{"data":{"a":{"output":"x"}},"errors":null}`},
		{"echo of nothing", `{ test(inputString: null) { output } }`, `{"data":{"test":{"output":null}},"errors":null}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, s := newGraphServer(t)
			require.Equal(t, tc.want, askGraph(t, s, tc.query, nil))
		})
	}
}

func TestGraphSearch(t *testing.T) {
	t.Parallel()
	g, s := newGraphServer(t)
	got := askGraph(t, s, `query SearchRuns($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) {
		runs { experiment { name } modelVersions { version } } } }`, map[string]any{"data": map[string]any{
		"experimentIds": []string{"0", "1"}, "filter": "f", "runViewType": "ALL", "maxResults": 5, "orderBy": []string{"o"},
		"pageToken": "t",
	}})
	require.JSONEq(t, `{"data":{"mlflowSearchRuns":{"runs":[
		{"experiment":{"name":""},"modelVersions":[{"version":"1"}]},
		{"experiment":{"name":""},"modelVersions":[{"version":"1"}]}]}},"errors":null}`, got)
	require.Contains(t, g.calls, dynamodbstore.SearchRunsParams{
		ExperimentIDs: []string{"0", "1"}, Filter: "f", View: dynamodbstore.ViewAll, MaxResults: 5, OrderBy: []string{"o"},
		PageToken: "t",
	})
	require.Equal(t, []string{"run_id IN ('r','r')"}, g.searches, "one search for all runs of the page")
}

// TestGraphVersionsOfManyRuns: a filter holds the ids of so many runs only.
func TestGraphVersionsOfManyRuns(t *testing.T) {
	t.Parallel()
	g, s := newGraphServer(t)
	g.runs = versionsOfRuns + 1
	got := askGraph(t, s, `{ mlflowSearchRuns(input: {}) { runs { modelVersions { version } } } }`, nil)
	require.Contains(t, got, `"errors":null`)
	require.Len(t, g.searches, 2)
	require.Equal(t, versionsOfRuns, strings.Count(g.searches[0], "'r'"))
	require.Equal(t, "run_id IN ('r')", g.searches[1])
}

// TestGraphRefusals: what is wrong with a query is said with status 200, and
// nothing is done for it.
func TestGraphRefusals(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("{a", 11) + strings.Repeat("}", 11)
	many := "{" + strings.Repeat("test{output}", 11) + "}"
	wide := "{test{" + strings.Repeat("output ", 1001) + "}}"
	aliases := "{test{"
	for _, c := range "abcdefghijk" {
		aliases += string(c) + ":output "
	}
	for _, tc := range []struct{ name, query, want string }{
		{"empty", "", "Must provide query string."},
		{"no query", "{", "Syntax Error"},
		{"unknown field", "{nope}", "nope"},
		{"wrong type", `{mlflowGetRun(input:{runId:5}){run{info{runId}}}}`, "5"},
		{"too deep", deep, "Query exceeds maximum depth of 10"},
		{"endless", "{...f} fragment f on Query {test{...f}}", "Query exceeds maximum depth of 10"},
		{"too many fields", many, "GraphQL queries should have at most 10 root fields, got 11 root fields."},
		{"too many aliases", aliases + "}}", "GraphQL queries should have at most 10 aliases, got 11 aliases."},
		{"too wide", wide, "Query exceeds maximum total selections of 1000"},
		{"two operations", "query A{test{output}} query B{test{output}}", "operation"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g, s := newGraphServer(t)
			var got struct {
				Data   any
				Errors []string
			}
			require.NoError(t, json.Unmarshal([]byte(askGraph(t, s, tc.query, nil)), &got))
			require.Nil(t, got.Data)
			require.NotEmpty(t, got.Errors)
			require.Contains(t, got.Errors[0], tc.want)
			require.Empty(t, g.calls)
		})
	}
}

// TestGraphVariables: a variable of a wrong type is refused before anything is
// asked, in words that name no types of Go.
func TestGraphVariables(t *testing.T) {
	t.Parallel()
	const query = `query($d: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $d) { runs { info { runId } } } }`
	for _, variable := range []string{
		`{"experimentIds":[5]}`, `{"experimentIds":{}}`, `{"experimentIds":["0"],"maxResults":"5"}`,
		`{"experimentIds":["0"],"maxResults":2147483648}`, `{"experimentIds":["0"],"filter":["x"]}`, `5`, `[[]]`, `"x"`,
	} {
		g, s := newGraphServer(t)
		var d any
		require.NoError(t, json.Unmarshal([]byte(variable), &d))
		require.JSONEq(t, `{"data":null,"errors":["A variable has a value of another type than the schema's."]}`,
			askGraph(t, s, query, map[string]any{"d": d}), variable)
		require.Empty(t, g.calls)
	}
	_, s := newGraphServer(t)
	require.JSONEq(t, `{"data":null,"errors":["A variable has a value of another type than the schema's."]}`,
		askGraph(t, s, `query($d: MlflowSearchModelVersionsInput) { mlflowSearchModelVersions(input: $d) { nextPageToken } }`,
			map[string]any{"d": map[string]any{"maxResults": map[string]any{}}}))
}

func TestGraphHidesFailures(t *testing.T) {
	t.Parallel()
	g, s := newGraphServer(t)
	g.err = io.ErrUnexpectedEOF
	got := askGraph(t, s, `{ mlflowGetExperiment(input: {experimentId: "0"}) { experiment { name } } }`, nil)
	require.JSONEq(t, `{"data":{"mlflowGetExperiment":null},"errors":["`+internalText+`"]}`, got)
}

func TestGraphBodies(t *testing.T) {
	t.Parallel()
	_, s := newGraphServer(t)
	for _, body := range []string{"{", "[]", `"x"`, `{"query":5}`, `{"query":"{a}","variables":[]}`} {
		require.Equal(t, http.StatusBadRequest, s.do(http.MethodPost, "/graphql", body).Code, body)
	}
	require.Equal(t, http.StatusBadRequest, s.do(http.MethodPost, "/graphql", "{}", "Content-Type", "text/plain").Code)
	got := s.do(http.MethodGet, "/graphql", `{"query":"{ test(inputString: \"x\") { output } }"}`)
	require.JSONEq(t, `{"data":{"test":{"output":"x"}},"errors":null}`, got.Body.String())
	require.Equal(t, http.StatusBadRequest, s.do(http.MethodGet, "/graphql", "").Code)
}

func FuzzGraphLimits(f *testing.F) {
	f.Add("{...f} fragment f on Query {test{...f}}")
	f.Add(`query Q($a: Int = 1) @x(y: {z: [1, "a", $b]}) { a: b(c: $a) { ... on T { d } } }`)
	f.Fuzz(func(_ *testing.T, query string) { graphLimits{10, 10}.check(query) })
}
