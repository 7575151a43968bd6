package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

const loggedModelsPath = "/api/2.0/mlflow/logged-models"

// TestLoggedModelRoutes walks a model through its endpoints; the texts are
// those of MLflow's own server.
func TestLoggedModelRoutes(t *testing.T) {
	t.Parallel()
	s := newServerOn(t, emptyStore(t))
	w := s.do(http.MethodPost, loggedModelsPath, `{"experiment_id":"0","name":"net","params":[{"key":"a","value":"1"}]}`)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var made struct {
		Model struct {
			Info struct {
				ModelID string `json:"model_id"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	id := made.Model.Info.ModelID
	path := loggedModelsPath + "/" + id
	for _, tc := range []struct {
		method, path, body, want string
		status                   int
	}{
		{http.MethodGet, path, "", `"status": "LOGGED_MODEL_PENDING"`, 200},
		{http.MethodPatch, path, `{"model_id":"` + id + `","status":"LOGGED_MODEL_READY"}`, `"status": "LOGGED_MODEL_READY"`, 200},
		{http.MethodPatch, path, `{"model_id":"` + id + `","status":3}`, `"status": "LOGGED_MODEL_UPLOAD_FAILED"`, 200},
		{http.MethodPatch, path, `{"model_id":"` + id + `","status":"READY"}`, `"status": "LOGGED_MODEL_STATUS_UNSPECIFIED"`, 200},
		{http.MethodPatch, path, `{"status":2}`, "Missing value for required parameter 'model_id'.", 400},
		{http.MethodPatch, path, `{"model_id":"x"}`, "Missing value for required parameter 'status'.", 400},
		{http.MethodPatch, path + "/tags", `{"tags":[{"key":"x","value":"1"},{"key":"y"}]}`, "{}", 200},
		{http.MethodPatch, path + "/tags", `{"tags":5}`, "Invalid value 5 for parameter 'tags' supplied:", 400},
		{http.MethodDelete, path + "/tags/x", "", "{}", 200},
		{http.MethodDelete, path + "/tags/x", "", "No tag with key 'x' found for model with ID '" + id + "'.", 404},
		{http.MethodDelete, path + "/tags/a/b", "", "Not Found", 404},
		{http.MethodPost, path + "/params", `{"model_id":"` + id + `","params":[{"key":"c","value":"3"}]}`, "{}", 200},
		{http.MethodPost, path + "/params", `{"params":[{"key":"c","value":"3"}]}`, "Missing value for required parameter 'model_id'.", 400},
		{http.MethodPost, path + "/params", `{"model_id":"` + id + `","params":[{"key":"c","value":"4"}]}`, "BAD_REQUEST", 400},
		{http.MethodPost, loggedModelsPath, `{}`, "Missing value for required parameter 'experiment_id'.", 400},
		{http.MethodPost, loggedModelsPath, `{"experiment_id":"0","name":5}`, "Invalid value 5 for parameter 'name' supplied:", 400},
		{http.MethodGet, path + "/x", "", "Not Found", 404},
		{http.MethodGet, loggedModelsPath + "/", "", "Not Found", 404},
		{http.MethodPost, path, "{}", "Method Not Allowed", 405},
		{http.MethodDelete, path, "", "{}", 200},
		{http.MethodGet, path, "", "Logged model with ID '" + id + "' not found.", 404},
		{http.MethodGet, path + "?allow_deleted=true", "", `"value": "3"`, 200},
	} {
		w := s.do(tc.method, tc.path, tc.body)
		require.Equal(t, tc.status, w.Code, "%s %s %s: %s", tc.method, tc.path, tc.body, w.Body)
		require.Contains(t, w.Body.String(), tc.want, "%s %s %s", tc.method, tc.path, tc.body)
	}
}

// TestLoggedModelArtifacts lists and sends what lies below a model.
func TestLoggedModelArtifacts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.bucket.WriteAll(t.Context(), "0/models/m-1/artifacts/dir/MLmodel", []byte("flavors:"), nil))
	get := func(path string) *httptest.ResponseRecorder { return s.do(http.MethodGet, path, "") }
	w := get(loggedModelsPath + "/m-1/artifacts/directories")
	require.JSONEq(t, `{"root_uri":"mlflow-artifacts:/0/models/m-1/artifacts","files":[{"path":"dir","is_dir":true}]}`, w.Body.String())
	w = get(loggedModelsPath + "/m-1/artifacts/directories?artifact_directory_path=dir")
	require.JSONEq(t, `{"root_uri":"mlflow-artifacts:/0/models/m-1/artifacts",
		"files":[{"path":"dir/MLmodel","is_dir":false,"file_size":8}]}`, w.Body.String())
	require.Equal(t, http.StatusBadRequest, get(loggedModelsPath+"/m-1/artifacts/directories?artifact_directory_path=../x").Code)
	files := "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files"
	require.Equal(t, "flavors:", get(files+"?artifact_file_path=dir/MLmodel").Body.String())
	require.NoError(t, s.bucket.WriteAll(t.Context(), "0/models/m-1/artifacts/ spaced", []byte("out"), nil))
	require.Equal(t, "out", get(files+"?artifact_file_path=%20spaced").Body.String())
	require.Contains(t, get(files).Body.String(), `Request must include the \"artifact_file_path\" query parameter.`)
	require.Equal(t, http.StatusNotFound, get(strings.Replace(files, "/ajax-api", "/api", 1)+"?artifact_file_path=x").Code)
}

// TestModelArtifactURLs: artifacts of models are got from storage by URLs, of
// served storage and of other.
func TestModelArtifactURLs(t *testing.T) {
	t.Parallel()
	served, elsewhere := &fakeDirect{}, &fakeDirect{}
	open := func(_ context.Context, uri string) (Direct, error) {
		if strings.HasPrefix(uri, "s3:") {
			return elsewhere, nil
		}
		return nil, nil
	}
	const file = "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path=d/a.txt&presigned=true"
	const want = `{"url": "https://s3/get", "headers": {}, "file_size": 7}`
	call := func(key string) []any {
		return []any{directCall{What: `get attachment; filename=a.txt`, Key: key, Life: 300 * time.Second}}
	}
	w := newServer(t, WithDirect(served, open)).do(http.MethodGet, file, "")
	require.JSONEq(t, want, w.Body.String())
	require.Equal(t, call("0/models/m-1/artifacts/d/a.txt"), served.calls)

	s := newServer(t, WithDirect(served, open), WithPresignedOnly(true))
	s.store.ModelStore = versions{}
	s.store.runs["r"].Info.ArtifactURI = "s3://bucket/r"
	w = s.do(http.MethodGet, "/model-versions/get-artifact?name=m&version=2&path=a.txt&presigned=true", "")
	require.JSONEq(t, want, w.Body.String())
	require.Equal(t, call("d/a.txt"), elsewhere.calls)
	w = s.do(http.MethodGet, "/model-versions/get-artifact?name=m&version=2&path=../a&presigned=true", "")
	require.Equal(t, codeAndMessage{"INVALID_PARAMETER_VALUE", "Invalid path"}, errorOf(t, w.Body.Bytes()))
	s.store.runs["r"].Info.ArtifactURI = "/a/directory"
	w = s.do(http.MethodGet, "/model-versions/get-artifact?name=m&version=2&path=a&presigned=true", "")
	require.Equal(t, http.StatusNotImplemented, w.Code)
	w = newServer(t).do(http.MethodGet, file, "")
	require.Equal(t, http.StatusNotImplemented, w.Code)
	require.Equal(t, "Presigned download is not supported for the current artifact repository", errorOf(t, w.Body.Bytes()).Message)
}

// TestLoggedModelRequests: the Store gets what a request says.
func TestLoggedModelRequests(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for body, want := range map[string]dynamodbstore.SearchLoggedModelsParams{
		`{"experiment_ids":["1"],"filter":"name = 'x'","max_results":7,"page_token":"t"}`: {
			ExperimentIDs: []string{"1"}, Filter: "name = 'x'", MaxResults: 7, PageToken: "t",
		},
		`{"experiment_ids":["1"],"datasets":[{"dataset_name":"d","dataset_digest":"g"}],
			"order_by":[{"field_name":"name"},{"field_name":"metrics.a","ascending":false,"dataset_name":"d"}]}`: {
			ExperimentIDs: []string{"1"}, Datasets: []dynamodbstore.DatasetFilter{{Name: "d", Digest: "g"}},
			OrderBy: []dynamodbstore.LoggedModelOrder{
				{Field: "name"}, {Field: "metrics.a", Descending: true, Dataset: dynamodbstore.DatasetFilter{Name: "d"}},
			},
		},
	} {
		w := s.post("logged-models/search", body)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Equal(t, want, s.store.last())
	}
	w := s.post("runs/outputs", `{"run_id":"r","models":[{"model_id":"m-1","step":3},{"model_id":"m-2"}]}`)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, []dynamodbstore.ModelOutput{{ModelID: "m-1", Step: 3}, {ModelID: "m-2"}}, s.store.last())
	require.Contains(t, s.post("runs/outputs", `{"run_id":"r"}`).Body.String(), "Missing value for required parameter 'models'.")
}

// TestBytesInPaths: bytes that are no UTF-8 arrive as what Python makes of them.
func TestBytesInPaths(t *testing.T) {
	t.Parallel()
	w := newServerOn(t, emptyStore(t)).do(http.MethodGet, "/api/2.0/mlflow/logged-models/m%ffx", "")
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Equal(t, codeAndMessage{"RESOURCE_DOES_NOT_EXIST", "Logged model with ID 'm\ufffdx' not found."}, errorOf(t, w.Body.Bytes()))
}

// TestDoubledSlashes: as in MLflow those that a path begins with mean nothing;
// others are taken for one, and the client is told.
func TestDoubledSlashes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, tc := range []struct {
		method, path, location string
		code                   int
	}{
		{http.MethodPost, "//api//2.0/mlflow/runs///set-tag", "/api/2.0/mlflow/runs/set-tag", http.StatusPermanentRedirect},
		{http.MethodGet, "/api/2.0/mlflow//runs/get?run_id=r//x&b", "/api/2.0/mlflow/runs/get?run_id=r//x&b", http.StatusPermanentRedirect},
		{http.MethodDelete, "/api/2.0/mlflow/logged-models//m%20%2f?/tags//k", "", http.StatusNotFound},
		{http.MethodPatch, "/api/2.0/mlflow/logged-models//m%20x", "/api/2.0/mlflow/logged-models/m%20x", http.StatusPermanentRedirect},
		{http.MethodGet, "/api/2.0/mlflow/%2fruns/get", "/api/2.0/mlflow/runs/get", http.StatusPermanentRedirect},
		{http.MethodHead, "//health", "", http.StatusOK},
		{http.MethodGet, "///api/2.0/mlflow/runs/get?run_id=r", "", http.StatusOK},
		{http.MethodPost, "//api/2.0/mlflow/runs/get?run_id=r", "", http.StatusMethodNotAllowed},
		{http.MethodGet, "/api/2.0/preview/mlflow/runs/get?run_id=r", "", http.StatusOK},
		{http.MethodGet, "//ajax-api/2.0/preview/mlflow/runs/get?run_id=r", "", http.StatusOK},
		{http.MethodGet, "/api/3.0/preview/mlflow/runs/get?run_id=r", "", http.StatusNotFound},
		{http.MethodDelete, "/api/2.0/mlflow//runs/get", "", http.StatusMethodNotAllowed},
		{http.MethodGet, "//evil.example/x", "", http.StatusNotFound},
		{http.MethodGet, "/api/2.0//mlflow/none", "", http.StatusNotFound},
	} {
		w := s.do(tc.method, tc.path, "")
		require.Equal(t, tc.code, w.Code, tc.path)
		require.Equal(t, tc.location, w.Header().Get("Location"), tc.path)
	}
}
