package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// workspaceServer is a handler with workspaces over a Store on a table in memory.
type workspaceServer struct {
	*testServer
	table  table.Table
	routes *handler
}

func newWorkspaceServer(t *testing.T) *workspaceServer {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	s, err := dynamodbstore.OpenTable(tab, dynamodbstore.WithWorkspaceRoots(true))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Init(t.Context()))
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	opts := []Option{WithArtifacts(bucket), WithWorkspaces(s.Workspaces())}
	h, err := NewHandler(s, opts...)
	require.NoError(t, err)
	routes, err := newHandler(s, opts)
	require.NoError(t, err)
	return &workspaceServer{&testServer{Handler: h, bucket: bucket}, tab, routes}
}

// in sends a request about a workspace.
func (s *workspaceServer) in(workspace, method, target, body string) *httptest.ResponseRecorder {
	return s.do(method, target, body, "X-MLFLOW-WORKSPACE", workspace)
}

// made sends a request that succeeds, and returns a text of the answer.
func (s *workspaceServer) made(t *testing.T, workspace, path, body string, members ...string) string {
	t.Helper()
	w := s.in(workspace, http.MethodPost, "/api/2.0/mlflow/"+path, body)
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	var v any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	for _, m := range members {
		v = v.(map[string]any)[m] //nolint:forcetypeassert // or the test fails
	}
	text, _ := v.(string)
	return text
}

const workspacesPath = "/api/3.0/mlflow/workspaces"

// TestWorkspaceAnswers: what MLflow's server with workspaces answers.
func TestWorkspaceAnswers(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	invalid := func(text string) string { return "INVALID_PARAMETER_VALUE: " + text }
	const docs = " See the API docs for more information about request parameters."
	for _, c := range []struct {
		workspace, method, path, body string
		status                        int
		want                          string // the body without blanks, or code and message
	}{
		{"", "GET", workspacesPath, "", 200, `{"workspaces":[{"name":"default","description":"Default workspace for legacy resources"}]}`},
		{"", "POST", workspacesPath, `{"name":"wa"}`, 201, `{"workspace":{"name":"wa"}}`},
		{"", "POST", workspacesPath, `{"name":"wa"}`, 400, "RESOURCE_ALREADY_EXISTS: Workspace 'wa' already exists."},
		{
			"", "POST", "/ajax-api/3.0/mlflow/workspaces",
			`{"name":"wb","description":"","default_artifact_root":" s3://b/x ","trace_archival_config":{"location":"s3://t","retention":" 30d "}}`,
			201, `{"workspace":{"name":"wb","description":"","default_artifact_root":"s3://b/x",` +
				`"trace_archival_config":{"location":"s3://t","retention":"30d"}}}`,
		},
		{"", "POST", workspacesPath, `{}`, 400, invalid("Missing value for required parameter 'name'." + docs)},
		{
			"", "POST", workspacesPath, `{"name":"wc","description":null}`, 400,
			invalid("Invalid value null for parameter 'description' supplied:  Hint: Value was of type 'NoneType'." + docs),
		},
		{
			"", "POST", workspacesPath, `{"name":"wc","trace_archival_config":{"retention":null}}`, 400,
			invalid("Invalid value null for parameter 'retention' supplied:  Hint: Value was of type 'NoneType'." + docs),
		},
		{
			"", "POST", workspacesPath, `{"name":"wc","default_artifact_root":"sftp://h/x"}`, 400,
			invalid("'default_artifact_root' cannot use the 'sftp' scheme: the 'sftp' scheme addresses a host other than the tracking " +
				"server's configured artifact storage, so the server would connect to the host named in the URI. Set the " +
				"MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to allow it."),
		},
		{"", "PATCH", workspacesPath + "/wa", `{"name":"x"}`, 400, invalid("Workspace update must have at least one key")},
		{"", "PATCH", workspacesPath + "/wa", `{"description":"d"}`, 200, `{"workspace":{"name":"wa","description":"d"}}`},
		{"", "PATCH", workspacesPath + "/A", `{`, 400, invalid("Workspace name 'A' must be between 2 and 63 characters.")},
		{"", "GET", workspacesPath + "/wa", "", 200, `{"workspace":{"name":"wa","description":"d"}}`},
		{"", "GET", workspacesPath + "/nope", "", 404, "RESOURCE_DOES_NOT_EXIST: Workspace 'nope' not found"},
		{"nope", "GET", workspacesPath, "", 404, "RESOURCE_DOES_NOT_EXIST: Workspace 'nope' not found"},
		{"A", "GET", "/", "", 400, invalid("Workspace name 'A' must be between 2 and 63 characters.")},
		{"nope", "GET", "/health", "", 200, "OK"},
		{" wa ", "POST", "/api/2.0/mlflow/experiments/create", `{"name":"e"}`, 200, `{"experiment_id":"1"}`},
		{"", "POST", "/api/2.0/mlflow/experiments/create", `{"name":"e"}`, 200, `{"experiment_id":"2"}`},
		{
			"wa", "POST", "/api/2.0/mlflow/experiments/create", `{"name":"f","artifact_location":"s3://x"}`, 400,
			invalid("artifact_location cannot be specified when workspaces are enabled"),
		},
		{"wb", "GET", "/api/2.0/mlflow/experiments/get?experiment_id=1", "", 404, "RESOURCE_DOES_NOT_EXIST: No Experiment with id=1 exists"},
		{"", "DELETE", workspacesPath + "/default", "", 400, invalid("The 'default' workspace is reserved and cannot be deleted")},
		{"", "DELETE", workspacesPath + "/wa?mode=", "", 400, invalid("Invalid deletion mode ''. Must be one of: SET_DEFAULT, CASCADE, RESTRICT")},
		{
			"", "DELETE", workspacesPath + "/wa", "", 500, "INVALID_STATE: Cannot delete workspace 'wa': table 'experiments' still contains " +
				"1 resource(s). Remove or reassign them before deleting the workspace.",
		},
		{"", "DELETE", workspacesPath + "/wb", "", 204, ""},
		{"", "DELETE", workspacesPath + "/wa?mode=CASCADE", "", 204, ""},
		{"wa", "GET", "/api/2.0/mlflow/experiments/get?experiment_id=1", "", 404, "RESOURCE_DOES_NOT_EXIST: Workspace 'wa' not found"},
		{"", "GET", workspacesPath, "", 200, `{"workspaces":[{"name":"default","description":"Default workspace for legacy resources"}]}`},
	} {
		w := s.in(c.workspace, c.method, c.path, c.body)
		at := fmt.Sprint(c.workspace, " ", c.method, " ", c.path, " ", c.body)
		require.Equal(t, c.status, w.Code, "%s: %s", at, w.Body)
		got := w.Body.String()
		if c.status >= 400 {
			e := errorOf(t, w.Body.Bytes())
			got = e.Code + ": " + e.Message
		}
		require.Equal(t, c.want, compacted(got), at)
	}
}

// compacted returns JSON without blanks between its parts.
func compacted(text string) string {
	if !strings.HasPrefix(text, "{") {
		return text
	}
	var b strings.Builder
	inText := false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' && text[i-1] != '\\':
			inText = !inText
			b.WriteByte(c)
		case inText || c != ' ' && c != '\n':
			b.WriteByte(c)
		}
	}
	return b.String()
}

// TestWorkspaceHeaderTwice: proxies and servers do not agree on which counts.
func TestWorkspaceHeaderTwice(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, workspacesPath, http.NoBody)
	r.Host = "localhost"
	r.Header["X-Mlflow-Workspace"] = []string{"default", "default"}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), "must not be there more than once")
}

// TestWorkspaceArtifacts: served artifacts of a workspace are below its directory,
// whatever path a request has, and the default workspace leads to no other.
func TestWorkspaceArtifacts(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	for _, name := range []string{"wa", "wb"} {
		require.Equal(t, http.StatusCreated, s.in("", http.MethodPost, workspacesPath, `{"name":"`+name+`"}`).Code)
	}
	const files = "/api/2.0/mlflow-artifacts/artifacts"
	for _, c := range []struct {
		workspace, path string
		status          int
		at              string // where the file is then
	}{
		{"wa", "/1/x.txt", 200, "workspaces/wa/1/x.txt"},
		{"wa", "/workspaces/wa/1/y.txt", 200, "workspaces/wa/1/y.txt"},
		{"wa", "/workspaces/wb/1/y.txt", 400, ""},
		{"wa", "/./workspaces/wb/1/y.txt", 400, ""},
		{"wa", "/WORKSPACES/wb/1/y.txt", 400, ""},
		{"wa", "/%2577orkspaces/wb/1/y.txt", 400, ""},
		{"wa", "/workspaces", 400, ""},
		{"default", "/workspaces/wa/z.txt", 400, ""},
		{"default", "/Workspaces/wa/z.txt", 400, ""},
		{"default", "/2/x.txt", 200, "2/x.txt"},
		{"default", "/workspaces/default/2/x.txt", 200, "workspaces/default/2/x.txt"},
	} {
		w := s.in(c.workspace, http.MethodPut, files+c.path, "hi")
		require.Equal(t, c.status, w.Code, "%s %s: %s", c.workspace, c.path, w.Body)
		if c.at != "" {
			ok, err := s.bucket.Exists(t.Context(), c.at)
			require.NoError(t, err)
			require.True(t, ok, c.at)
		}
	}
	list := func(workspace, dir string) string {
		return compacted(s.in(workspace, http.MethodGet, files+"?path="+url.QueryEscape(dir), "").Body.String())
	}
	require.JSONEq(t, `{"files":[{"path":"1","is_dir":true}]}`, list("wa", ""))
	require.JSONEq(t, `{}`, list("wb", ""))
	require.JSONEq(t, `{"files":[{"path":"2","is_dir":true}]}`, list("default", ""), "names of workspaces are not told")
	require.Contains(t, list("default", "workspaces"), "must include a workspace name")
	require.Contains(t, list("default", "workspaces/wa"), "targets workspace 'wa'")
	for _, path := range []string{"/", "/.", "/workspaces", "/workspaces/wa", "/Workspaces/wa/.", "/workspaces/wb"} {
		w := s.in("wa", http.MethodDelete, files+path, "")
		require.NotEqual(t, http.StatusOK, w.Code, path)
	}
	require.JSONEq(t, `{"files":[{"path":"1","is_dir":true}]}`, list("wa", ""))
	require.Equal(t, http.StatusOK, s.in("wa", http.MethodDelete, files+"/1", "").Code)
	require.JSONEq(t, `{}`, list("wa", ""))
}

const mark = "kanarienvogel"

// TestWorkspaceCanary: whatever is asked of every route in one workspace, with all
// ids of another, no answer says anything of that one, and nothing in it changes.
func TestWorkspaceCanary(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	for _, name := range []string{"full", "other"} {
		require.Equal(t, http.StatusCreated, s.in("", http.MethodPost, workspacesPath, `{"name":"`+name+`"}`).Code)
	}
	ids := s.fill(t)
	before, artifacts := s.under(t, "full"), s.files(t)
	require.Greater(t, len(before), 20)
	for _, res := range slices.Collect(maps.Values(s.routes.exact)) {
		for method := range res.methods {
			s.tryAll(t, method, res.pattern, ids)
		}
	}
	for _, deep := range s.routes.deep {
		for method := range deep.methods {
			for _, tail := range []string{ids["path"], "workspaces/full/" + ids["path"], "workspaces/full"} {
				s.try(t, method, deep.prefix+tail, ids)
			}
		}
	}
	require.Equal(t, before, s.under(t, "full"))
	for name, text := range artifacts {
		require.Equal(t, text, s.files(t)[name], name)
	}
}

// fill puts marked things into a workspace, and returns their ids by the names of
// parameters.
func (s *workspaceServer) fill(t *testing.T) map[string]string {
	t.Helper()
	const ws = "full"
	q := fmt.Sprintf
	exp := s.made(t, ws, "experiments/create", q(`{"name":"exp %s","tags":[{"key":"k","value":"%[1]s"}]}`, mark), "experiment_id")
	run := s.made(t, ws, "runs/create", q(`{"experiment_id":%q,"run_name":"run %s","start_time":1}`, exp, mark), "run", "info", "run_id")
	s.made(t, ws, "runs/log-batch", q(`{"run_id":%q,"metrics":[{"key":"m.%s","value":1,"timestamp":1,"step":0}],`+
		`"params":[{"key":"p","value":"%[2]s"}],"tags":[{"key":"t","value":"%[2]s"}]}`, run, mark))
	s.made(t, ws, "runs/log-inputs", q(`{"run_id":%q,"datasets":[{"dataset":{"name":"d %s","digest":"1","source_type":"x","source":"%[2]s"}}]}`, run, mark))
	model := s.made(t, ws, "logged-models", q(`{"experiment_id":%q,"name":"lm-%s","source_run_id":%q}`, exp, mark, run), "model", "info", "model_id")
	s.made(t, ws, "registered-models/create", q(`{"name":"reg","description":%q}`, mark))
	s.made(t, ws, "model-versions/create", q(`{"name":"reg","source":"runs:/%s/model","run_id":%[1]q,"description":%q}`, run, mark))
	s.made(t, ws, "registered-models/alias", `{"name":"reg","alias":"champion","version":"1"}`)
	path := exp + "/" + run + "/artifacts/a.txt"
	require.Equal(t, http.StatusOK, s.in(ws, http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/"+path, mark).Code)
	s.made(t, "other", "experiments/create", `{"name":"own"}`)
	return map[string]string{
		"experiment_id": exp, "run_id": run, "run_uuid": run, "model_id": model, "name": "reg", "path": path, "version": "1",
		"alias": "champion", "experiment_name": "exp " + mark, "metric_key": "m." + mark, "source_run_id": run,
		"key": "k", "value": "v", "new_name": "renamed", "request_id": "tr-1", "trace_id": "tr-1", "stage": "Production",
	}
}

// under returns the items of a workspace.
func (s *workspaceServer) under(t *testing.T, name string) map[table.Key]table.Item {
	t.Helper()
	items := map[table.Key]table.Item{}
	for it, err := range table.ScanItems(t.Context(), s.table, table.Scan{}) {
		require.NoError(t, err)
		if strings.HasPrefix(it.Key.PK, keys.Workspace(name).Prefix()) {
			items[it.Key] = it
		}
	}
	return items
}

// files returns all artifacts.
func (s *workspaceServer) files(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	it := s.bucket.List(&blob.ListOptions{Prefix: "workspaces/full/"})
	for o, err := it.Next(t.Context()); err == nil; o, err = it.Next(t.Context()) {
		b, err := s.bucket.ReadAll(t.Context(), o.Key)
		require.NoError(t, err)
		files[o.Key] = string(b)
	}
	return files
}

// tryAll sends a request to a route, with the ids for what is in its path.
func (s *workspaceServer) tryAll(t *testing.T, method, pattern string, ids map[string]string) {
	t.Helper()
	if strings.Contains(pattern, "/mlflow/workspaces") { // which are there for everybody, until somebody may not
		return
	}
	for name, id := range ids {
		pattern = strings.ReplaceAll(pattern, "{"+name+"}", url.PathEscape(id))
	}
	s.try(t, method, pattern, ids)
}

// try sends ids as a query and as a body.
func (s *workspaceServer) try(t *testing.T, method, path string, ids map[string]string) {
	t.Helper()
	query := url.Values{}
	body := map[string]any{}
	for name, id := range ids {
		query.Set(name, id)
		body[name] = id
		body[name+"s"], query[name+"s"] = []string{id}, []string{id}
	}
	body["tags"], body["models"] = []map[string]string{{"key": "k", "value": "v"}}, []map[string]string{{"model_id": ids["model_id"]}}
	body["filter"] = "attributes.name LIKE '%'"
	body["query"] = fmt.Sprintf(`{mlflowGetRun(input:{runId:%q}){run{info{runName}}} mlflowGetExperiment(input:{experimentId:%q}){experiment{name}}}`,
		ids["run_id"], ids["experiment_id"])
	js, err := json.Marshal(body)
	require.NoError(t, err)
	for _, sent := range []string{"", string(js)} {
		for _, asked := range []string{path, path + "?" + query.Encode()} {
			w := s.in("other", method, asked, sent)
			require.NotContains(t, withoutEcho(w.Body.String()), mark, "%s %s %s", method, asked, sent)
			for name, values := range w.Header() {
				require.NotContains(t, strings.Join(values, " "), mark, name)
			}
			require.NotEqual(t, http.StatusInternalServerError, w.Code, "%s %s %s: %s", method, asked, sent, w.Body)
		}
	}
}

// withoutEcho leaves out what the request has said itself.
func withoutEcho(body string) string {
	for _, echo := range []string{"exp " + mark, "m." + mark} {
		body = strings.ReplaceAll(body, echo, "")
	}
	return body
}
