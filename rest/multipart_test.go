package rest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// fakeDirect makes URLs that lead nowhere and remembers what it was asked for.
type fakeDirect struct{ calls []any }

type directCall struct {
	What, Key, ID string
	Parts         []UploadedPart
	Life          time.Duration
}

func (d *fakeDirect) CreateUpload(_ context.Context, key string, parts int) (string, []string, error) {
	d.calls = append(d.calls, directCall{What: "create", Key: key})
	return "up", strings.Split(strings.Repeat("https://s3/part ", parts), " ")[:parts], nil
}

func (d *fakeDirect) CompleteUpload(_ context.Context, key, id string, parts []UploadedPart) error {
	d.calls = append(d.calls, directCall{What: "complete", Key: key, ID: id, Parts: parts})
	return nil
}

func (d *fakeDirect) AbortUpload(_ context.Context, key, id string) error {
	d.calls = append(d.calls, directCall{What: "abort", Key: key, ID: id})
	return nil
}

func (d *fakeDirect) DownloadURL(_ context.Context, key, disposition string, life time.Duration) (string, int64, error) {
	d.calls = append(d.calls, directCall{What: "get " + disposition, Key: key, Life: life})
	return "https://s3/get", 7, nil
}

func (d *fakeDirect) UploadURL(_ context.Context, key, contentType string, life time.Duration) (string, error) {
	d.calls = append(d.calls, directCall{What: "put " + contentType, Key: key, Life: life})
	return "https://s3/put", nil
}

const direct = "/api/2.0/mlflow-artifacts/"

// requireText compares to the byte, also what is JSON.
func requireText(t *testing.T, want, got string) {
	t.Helper()
	require.Equal(t, want, got)
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	d := &fakeDirect{}
	s := newServer(t, WithDirect(d, nil), WithMultipart(true, false))
	w := s.do(http.MethodPost, direct+"mpu/create/0/r/artifacts/d%C3%A9", `{"path":"/home/me/a b.bin","num_parts":2}`)
	requireText(t, "{\n  \"upload_id\": \"up\",\n  \"credentials\": [\n    {\n      \"url\": \"https://s3/part\",\n"+
		"      \"part_number\": 1\n    },\n    {\n      \"url\": \"https://s3/part\",\n      \"part_number\": 2\n    }\n  ]\n}",
		w.Body.String())
	w = s.do(http.MethodPost, direct+"mpu/complete/0/r/artifacts/d%C3%A9",
		`{"path":"a b.bin","upload_id":"up","parts":[{"part_number":1,"etag":"\"x\"","url":"https://s3/part"},{"part_number":"2","etag":"y"}]}`)
	require.Equal(t, "{}", w.Body.String())
	w = s.do(http.MethodPost, direct+"mpu/abort/0/r/artifacts/d%C3%A9", `{"path":"a b.bin","upload_id":"up"}`)
	require.Equal(t, "{}", w.Body.String())
	w = s.do(http.MethodGet, direct+"presigned/0/r/artifacts/d%C3%A9/a%20b.bin", "")
	requireText(t, `{"url": "https://s3/get", "headers": {}, "file_size": 7}`, w.Body.String())
	const key = "0/r/artifacts/dé/a b.bin"
	require.Equal(t, []any{
		directCall{What: "create", Key: key},
		directCall{What: "complete", Key: key, ID: "up", Parts: []UploadedPart{{1, `"x"`}, {2, "y"}}},
		directCall{What: "abort", Key: key, ID: "up"},
		directCall{What: `get attachment; filename="a b.bin"`, Key: key, Life: 300 * time.Second},
	}, d.calls)
	info := s.do(http.MethodGet, "/api/3.0/mlflow/server-info", "").Body.String()
	require.Contains(t, info, `"multipart_uploads_enabled":true,"multipart_downloads_enabled":false`)
}

// TestMultipartNames: a file has the same key as if it were sent through the
// server, and none outside of the directory.
func TestMultipartNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"f": "d/f", "/a/b/f": "d/f", "a%20b": "d/a b", "é": "d/é", "f/": "", "": "", "/": "", ".": "", "..": "", "a/..": "",
		"%2e%2e": "", "%252e%252e": "", "..%2f..%2fx": "", "a#b": "", `..\x`: "d/x", `C:\Users\me\a b.bin`: "d/a b.bin", "C:f": "d/f", "src%5C..": "",
		"a%2Fb": "d/b", "x%5Cy": "d/y", "a%2f": "", "C%3A..": "",
	} {
		key, err := uploadKey("d", name)
		require.Equal(t, want, key, name)
		require.Equal(t, want == "", err != nil, name)
	}
	for _, dir := range []string{"..", "a/../..", "%2e%2e/x", "/x", "file:x"} {
		_, err := uploadKey(dir, "f")
		require.Error(t, err, dir)
	}
}

func TestMultipartRefused(t *testing.T) {
	t.Parallel()
	d := &fakeDirect{}
	s := newServer(t, WithDirect(d, nil))
	missing := func(name string) string {
		return "Missing value for required parameter '" + name + "'. See the API docs for more information about request parameters."
	}
	for _, tc := range []struct{ path, body, message string }{
		{"mpu/create/x", `{}`, missing("path")},
		{"mpu/create/x", `{"path":"b"}`, "num_parts must be between 1 and 10000 (got 0)."},
		{"mpu/create/x", `{"path":"b","num_parts":10001}`, "num_parts must be between 1 and 10000 (got 10001)."},
		{
			"mpu/create/x", `{"path":"b","num_parts":"z"}`, "Invalid value \"z\" for parameter 'num_parts' supplied:  " +
				"Hint: Value was of type 'str'. See the API docs for more information about request parameters.",
		},
		{"mpu/create/x/../../y", `{"path":"b","num_parts":1}`, "Invalid path"},
		{"mpu/create/x/../../y", `{}`, "Invalid path"},
		{"mpu/complete/x", `{"path":"b"}`, missing("parts")},
		{"mpu/abort/x", `{"upload_id":"u"}`, missing("path")},
	} {
		w := s.do(http.MethodPost, direct+tc.path, tc.body)
		require.Equal(t, codeAndMessage{"INVALID_PARAMETER_VALUE", tc.message}, errorOf(t, w.Body.Bytes()), tc.path+tc.body)
	}
	require.Equal(t, http.StatusNotFound, s.do(http.MethodPost, direct+"mpu/create/", `{"path":"b"}`).Code)
	require.Equal(t, http.StatusNotFound, s.do(http.MethodPost, direct+"mpu/create", `{"path":"b"}`).Code)
	require.Equal(t, http.StatusNotFound, s.do(http.MethodGet, direct+"presigned/", "").Code)
	require.Equal(t, http.StatusPermanentRedirect, s.do(http.MethodGet, direct+"presigned//x", "").Code)
	require.Equal(t, http.StatusMethodNotAllowed, s.do(http.MethodGet, direct+"mpu/create/x", "").Code)
	require.Equal(t, http.StatusMethodNotAllowed, s.do(http.MethodPost, direct+"presigned/x", "{}").Code)
	require.Equal(t, "Invalid path", errorOf(t, s.do(http.MethodGet, direct+"presigned/a/../x", "").Body.Bytes()).Message)
	require.Empty(t, d.calls)
}

// TestNoDirectAccess: clients of storage that is no S3 are told so in the words
// from which they know to go through the server.
func TestNoDirectAccess(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, tc := range []struct{ path, body, message string }{
		{"mpu/create/x", `{"path":"b","num_parts":2}`, "Multipart upload is not supported for the current artifact repository"},
		{"mpu/complete/x", `{"path":"b","parts":[]}`, "Multipart upload is not supported for the current artifact repository"},
		{"mpu/abort/x", `{"path":"b","upload_id":"u"}`, "Multipart upload is not supported for the current artifact repository"},
	} {
		w := s.do(http.MethodPost, direct+tc.path, tc.body)
		require.Equal(t, http.StatusNotImplemented, w.Code)
		require.Equal(t, codeAndMessage{"NOT_IMPLEMENTED", tc.message}, errorOf(t, w.Body.Bytes()))
	}
	w := s.do(http.MethodGet, direct+"presigned/x", "")
	require.Equal(t, codeAndMessage{"NOT_IMPLEMENTED", "Multipart download is not supported for the current artifact repository"},
		errorOf(t, w.Body.Bytes()))

	none := newServer(t, WithArtifacts(nil))
	require.Equal(t, http.StatusServiceUnavailable, none.do(http.MethodPost, direct+"mpu/create/x", `{"path":"b"}`).Code)
	require.Contains(t, none.do(http.MethodGet, direct+"presigned/x", "").Body.String(),
		"Endpoint: /api/2.0/mlflow-artifacts/presigned/<path:artifact_path> disabled")
}

func TestPresigned(t *testing.T) {
	t.Parallel()
	d := &fakeDirect{}
	s := newServer(t, WithURLLife(time.Minute), WithDirect(nil, func(_ context.Context, uri string) (Direct, error) {
		if !strings.HasPrefix(uri, "s3:") {
			return nil, nil
		}
		return d, nil
	}))
	s.store.runs["s3"] = &dynamodbstore.Run{Info: dynamodbstore.RunInfo{ArtifactURI: "s3://b/x"}}
	s.store.runs["dir"] = &dynamodbstore.Run{Info: dynamodbstore.RunInfo{ArtifactURI: "/x"}}
	w := s.post("artifacts/presigned-upload-url", `{"run_id":"s3","path":"d/f.json"}`)
	requireText(t, "{\n  \"presigned_url\": \"https://s3/put\",\n  \"headers\": {\n    \"Content-Type\": \"text/plain\"\n  }\n}", w.Body.String())
	w = s.post("artifacts/presigned-download-url", `{"run_id":"s3","path":"d/f.json"}`)
	requireText(t, "{\n  \"presigned_url\": \"https://s3/get\",\n  \"file_size\": 7\n}", w.Body.String())
	s.post("artifacts/presigned-download-url", `{"run_id":"s3","path":"f","expiration":"604800"}`)
	require.Equal(t, []any{
		directCall{What: "put text/plain", Key: "d/f.json", Life: 900 * time.Second},
		directCall{What: "get attachment; filename=f.json", Key: "d/f.json", Life: time.Minute},
		directCall{What: "get attachment; filename=f", Key: "f", Life: 604800 * time.Second},
	}, d.calls)
	const one = "Exactly one of run_id and model_id must be provided."
	for _, tc := range []struct {
		what, body string
		want       codeAndMessage
	}{
		{"upload", `{"path":"p"}`, codeAndMessage{"INVALID_PARAMETER_VALUE", one}},
		{"upload", `{"path":"p","run_id":"a","model_id":"b"}`, codeAndMessage{"INVALID_PARAMETER_VALUE", one}},
		{"upload", `{"path":"../p","run_id":"s3"}`, codeAndMessage{"INVALID_PARAMETER_VALUE", "Invalid path"}},
		{"upload", `{"path":".","run_id":"s3"}`, codeAndMessage{"INVALID_PARAMETER_VALUE", "Invalid path"}},
		{
			"upload", `{"path":"p","run_id":"r"}`,
			codeAndMessage{"INVALID_PARAMETER_VALUE", "Presigned upload is not supported for proxied artifact storage (artifact URI " +
				"scheme: mlflow-artifacts). This endpoint requires a direct cloud storage artifact URI."},
		},
		{
			"download", `{"path":"p","run_id":"r"}`,
			codeAndMessage{"INVALID_PARAMETER_VALUE", "Presigned download is not supported for runs with proxied artifact storage " +
				"(artifact URI scheme: mlflow-artifacts). This endpoint requires a run with a direct cloud storage artifact URI."},
		},
		{
			"upload", `{"path":"p","run_id":"dir"}`,
			codeAndMessage{"NOT_IMPLEMENTED", "Presigned upload is not supported for the current artifact repository"},
		},
		{
			"download", `{"path":"p","run_id":"dir"}`,
			codeAndMessage{"NOT_IMPLEMENTED", "Presigned download is not supported for the current artifact repository"},
		},
		{
			"download", `{"path":"p","run_id":"s3","expiration":0}`,
			codeAndMessage{"INVALID_PARAMETER_VALUE", "expiration must be between 1 and 604800 seconds (got 0)."},
		},
		{
			"download", `{"path":"p"}`, codeAndMessage{"INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'. " +
				"See the API docs for more information about request parameters."},
		},
	} {
		w := s.post("artifacts/presigned-"+tc.what+"-url", tc.body)
		require.Equal(t, tc.want, errorOf(t, w.Body.Bytes()), tc.body)
	}
}

// TestPresignedOnly: no artifact passes through the server, and clients are told
// what to do in MLflow's words.
func TestPresignedOnly(t *testing.T) {
	t.Parallel()
	d := &fakeDirect{}
	s := newServer(t, WithDirect(d, nil), WithPresignedOnly(true))
	for path, what := range map[string][2]string{
		"GET /get-artifact?run_id=r&path=../x":                                    {"downloaded directly from", "download"},
		"GET /model-versions/get-artifact?name=m&version=1&path=x&presigned=True": {"downloaded directly from", "download"},
		"GET /ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files":              {"downloaded directly from", "download"},
		"GET /api/2.0/mlflow-artifacts/artifacts/x":                               {"downloaded directly from", "download"},
		"HEAD /ajax-api/2.0/mlflow-artifacts/artifacts/x":                         {"downloaded directly from", "download"},
		"PUT //api/2.0/mlflow-artifacts/artifacts/x":                              {"uploaded directly to", "upload"},
		"POST /ajax-api/2.0/mlflow/upload-artifact?run_id=r&path=x":               {"uploaded directly to", "upload"},
	} {
		method, target, _ := strings.Cut(path, " ")
		w := s.do(method, target, "x")
		require.Equal(t, http.StatusForbidden, w.Code, path)
		require.JSONEq(t, `{"error_code": "PERMISSION_DENIED", "message": "This server requires artifacts to be `+what[0]+
			` storage. Upgrade your MLflow client to match this server (MLflow `+Version+`) or a newer version with presigned-only artifact `+
			`support, then retry the `+what[1]+`. If you are using the MLflow UI, reload the page to refresh the server settings.", `+
			`"sqlstate": "KAM00", "error_class": "PERMISSION_DENIED", "artifacts_presigned_only": true}`, w.Body.String(), path)
	}
	require.Empty(t, d.calls)
	require.Equal(t, http.StatusOK, s.do(http.MethodGet, direct+"presigned/x", "").Code)
	require.Equal(t, http.StatusOK, s.do(http.MethodGet, direct+"artifacts", "").Code)
	require.Equal(t, http.StatusOK, s.do(http.MethodPost, direct+"mpu/create/x", `{"path":"b","num_parts":1}`).Code)
	require.Contains(t, s.do(http.MethodGet, "/api/3.0/mlflow/server-info", "").Body.String(), `"artifacts_presigned_only":true`)
}
