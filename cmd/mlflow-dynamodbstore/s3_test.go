package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/s3local"
)

// s3Bench is a server whose artifacts lie in S3, and what tests do to it.
type s3Bench struct {
	*process
	client *s3.Client
	run    string // a run with artifacts behind the server
	direct string // a run with artifacts in S3
}

// TestS3 serves artifacts from a real S3 server, one that checks signatures.
func TestS3(t *testing.T) { //nolint:paralleltest // the SDK reads the environment of the process
	t.Setenv("AWS_ACCESS_KEY_ID", s3local.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3local.SecretKey)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	server, err := s3local.Start(t.Context(), t.Output())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	lookup := env("MLFLOW_S3_ENDPOINT_URL", server.Endpoint, "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS", "77",
		"MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "True")
	b := &s3Bench{process: start(t, lookup, "--artifacts-destination", "s3://"+s3local.Bucket+"/some/where", "--log-level", "debug")}
	clients := &s3Clients{env: lookup}
	b.client, err = clients.get(t.Context())
	require.NoError(t, err)
	b.run = b.newRun(t, `{"name":"behind"}`)
	b.direct = b.newRun(t, `{"name":"direct","artifact_location":"s3://`+s3local.Bucket+`/direct"}`)
	t.Run("through", b.through)
	t.Run("multipart", b.multipart)
	t.Run("interrupted", b.interrupted)
	t.Run("refused", b.refused)
	t.Run("presigned", b.presigned)
	t.Run("large", b.large)
	b.end()
	for _, secret := range []string{s3local.SecretKey, s3local.AccessKey, "X-Amz", "Signature"} {
		require.NotContains(t, b.stderr.String(), secret)
	}
}

func (b *s3Bench) newRun(t *testing.T, experiment string) string {
	t.Helper()
	created := b.call(t, http.StatusOK, http.MethodPost, "/api/2.0/mlflow/experiments/create", experiment)
	created = b.call(t, http.StatusOK, http.MethodPost, "/api/2.0/mlflow/runs/create", `{"experiment_id":"`+created["experiment_id"].(string)+`"}`)
	return created["run"].(map[string]any)["info"].(map[string]any)["run_id"].(string)
}

// call makes a request and returns its answer, an object.
func (b *s3Bench) call(t *testing.T, status int, method, path, body string) map[string]any {
	t.Helper()
	code, text := b.do(method, path, body)
	require.Equal(t, status, code, text)
	answer := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(text), &answer), text)
	return answer
}

// fetched is what a request of any URL got.
type fetched struct {
	status int
	header http.Header
}

// fetch makes a request of any URL and returns the body beside the rest.
func (b *s3Bench) fetch(t *testing.T, method, url string, body []byte, headers ...string) (fetched, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.process.client.Do(r)
	require.NoError(t, err)
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return fetched{response.StatusCode, response.Header}, string(data)
}

const servedArtifacts = "/api/2.0/mlflow-artifacts/artifacts/"

// keys are those of all objects below a prefix.
func (b *s3Bench) keys(t *testing.T, prefix string) []string {
	t.Helper()
	list, err := b.client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(s3local.Bucket), Prefix: &prefix})
	require.NoError(t, err)
	var keys []string
	for _, o := range list.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

// through goes through the server: names, lists, ranges, deletions.
func (b *s3Bench) through(t *testing.T) {
	for _, name := range []string{"a.txt", "d/%C3%A9%20%E6%97%A5.bin", "d/x+y&z=.bin", "d/100%25.bin"} {
		code, text := b.do(http.MethodPut, servedArtifacts+"t/"+name, "0123456789")
		require.Equal(t, http.StatusOK, code, text)
		response, data := b.fetch(t, http.MethodGet, b.url+servedArtifacts+"t/"+name, nil)
		require.Equal(t, "0123456789", data, name)
		require.Equal(t, "bytes", response.header.Get("Accept-Ranges"))
	}
	require.Equal(t, []string{
		"some/where/t/a.txt", "some/where/t/d/100%.bin", "some/where/t/d/x+y&z=.bin", "some/where/t/d/é 日.bin",
	}, b.keys(t, "some/where/t/"))
	for header, want := range map[string]string{"bytes=2-3": "23", "bytes=-1": "9", "bytes=8-": "89", "bytes=0-99": "0123456789"} {
		response, data := b.fetch(t, http.MethodGet, b.url+servedArtifacts+"t/a.txt", nil, "Range", header)
		require.Equal(t, http.StatusPartialContent, response.status)
		require.Equal(t, want, data)
	}
	response, _ := b.fetch(t, http.MethodGet, b.url+servedArtifacts+"t/a.txt", nil, "Range", "bytes=10-")
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, response.status)
	response, _ = b.fetch(t, http.MethodHead, b.url+servedArtifacts+"t/a.txt", nil)
	require.Equal(t, "10", response.header.Get("Content-Length"))
	files := b.call(t, http.StatusOK, http.MethodGet, "/api/2.0/mlflow-artifacts/artifacts?path=t", "")["files"].([]any)
	require.Equal(t, []any{
		map[string]any{"path": "a.txt", "is_dir": false, "file_size": 10.0}, map[string]any{"path": "d", "is_dir": true},
	}, files)
	b.call(t, http.StatusNotFound, http.MethodGet, servedArtifacts+"t/none", "")
	b.call(t, http.StatusBadRequest, http.MethodGet, servedArtifacts+"t/d", "")
	b.call(t, http.StatusOK, http.MethodDelete, servedArtifacts+"t", "")
	require.Empty(t, b.keys(t, "some/where/t/"))
}

const partSize = 5 << 20 // the smallest that S3 takes

// noise is a body that nothing can make by mistake.
func noise(size int) []byte {
	source := rand.NewChaCha8([32]byte{byte(size)})
	data := make([]byte, size)
	_, _ = source.Read(data) // it never fails
	return data
}

// uploadParts begins an upload and puts its parts, and returns what completes it.
func (b *s3Bench) uploadParts(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	count := (len(data) + partSize - 1) / partSize
	created := b.call(t, http.StatusOK, http.MethodPost, "/ajax-api/2.0/mlflow-artifacts/mpu/create/"+dir,
		fmt.Sprintf(`{"path":"/tmp/%s","num_parts":%d}`, name, count))
	credentials := created["credentials"].([]any)
	require.Len(t, credentials, count)
	var parts []map[string]any
	for i, c := range credentials {
		c := c.(map[string]any)
		requireBareURL(t, c["url"].(string))
		require.InDelta(t, i+1, c["part_number"], 0)
		response, text := b.fetch(t, http.MethodPut, c["url"].(string), data[i*partSize:min(len(data), (i+1)*partSize)])
		require.Equal(t, http.StatusOK, response.status, text)
		parts = append(parts, map[string]any{"part_number": i + 1, "etag": response.header.Get("ETag"), "url": c["url"]})
	}
	body, err := json.Marshal(map[string]any{"path": name, "upload_id": created["upload_id"], "parts": parts})
	require.NoError(t, err)
	return string(body)
}

// requireBareURL wants a URL to ask for no more than its signature does: the SDK
// can add the checksum of a body that it does not know.
func requireBareURL(t *testing.T, raw string) {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	for name := range u.Query() {
		require.NotContains(t, strings.ToLower(name), "checksum", raw)
	}
}

func (b *s3Bench) multipart(t *testing.T) {
	info := b.call(t, http.StatusOK, http.MethodGet, "/api/3.0/mlflow/server-info", "")
	require.Equal(t, []any{true, false}, []any{info["multipart_uploads_enabled"], info["multipart_downloads_enabled"]})
	data := noise(2*partSize + 12345)
	complete := b.uploadParts(t, "m/d%C3%A9", "a b.bin", data)
	require.Empty(t, b.keys(t, "some/where/m"), "nothing is visible before it is complete")
	b.call(t, http.StatusOK, http.MethodPost, "/api/2.0/mlflow-artifacts/mpu/complete/m/d%C3%A9", complete)
	require.Equal(t, []string{"some/where/m/dé/a b.bin"}, b.keys(t, "some/where/m"))
	_, got := b.fetch(t, http.MethodGet, b.url+servedArtifacts+"m/d%C3%A9/a%20b.bin", nil)
	requireSame(t, data, got)

	presigned := b.call(t, http.StatusOK, http.MethodGet, "/api/2.0/mlflow-artifacts/presigned/m/d%C3%A9/a%20b.bin", "")
	require.InDelta(t, len(data), presigned["file_size"], 0)
	require.Contains(t, presigned["url"], "X-Amz-Expires=77")
	response, got := b.fetch(t, http.MethodGet, presigned["url"].(string), nil, "Range", "bytes=7-9")
	require.Equal(t, http.StatusPartialContent, response.status)
	require.Equal(t, string(data[7:10]), got)
	require.Equal(t, `attachment; filename="a b.bin"`, response.header.Get("Content-Disposition"))
	response, _ = b.fetch(t, http.MethodGet, strings.Replace(presigned["url"].(string), "a%20b", "other", 1), nil)
	require.Equal(t, http.StatusForbidden, response.status, "the URL is for one object")
}

// interrupted leaves an upload halfway, as a client that crashes does, and
// aborts one.
func (b *s3Bench) interrupted(t *testing.T) {
	complete := b.uploadParts(t, "i", "f", noise(partSize+1))
	var upload struct {
		ID string `json:"upload_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(complete), &upload))
	b.call(t, http.StatusNotFound, http.MethodGet, servedArtifacts+"i/f", "")
	require.JSONEq(t, "{}", mustJSON(t, b.call(t, http.StatusOK, http.MethodGet, "/api/2.0/mlflow-artifacts/artifacts?path=i", "")))
	abort := `{"path":"f","upload_id":"` + upload.ID + `"}`
	for range 2 { // the second time as if the first answer were lost
		b.call(t, http.StatusOK, http.MethodPost, "/api/2.0/mlflow-artifacts/mpu/abort/i", abort)
	}
	answer := b.call(t, http.StatusNotFound, http.MethodPost, "/api/2.0/mlflow-artifacts/mpu/complete/i", complete)
	require.Equal(t, "No such upload.", answer["message"])
	require.Empty(t, b.keys(t, "some/where/i"))
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func (b *s3Bench) refused(t *testing.T) {
	complete := b.uploadParts(t, "r", "f", noise(partSize+1))
	wrong := strings.Replace(complete, `"part_number":2`, `"part_number":3`, 1)
	answer := b.call(t, http.StatusBadRequest, http.MethodPost, "/api/2.0/mlflow-artifacts/mpu/complete/r", wrong)
	require.Equal(t, "INVALID_PARAMETER_VALUE", answer["error_code"])
	b.call(t, http.StatusBadRequest, http.MethodPost, "/api/2.0/mlflow-artifacts/mpu/complete/r", `{"path":"f","upload_id":"x","parts":[]}`)
	b.call(t, http.StatusOK, http.MethodPost, "/api/2.0/mlflow-artifacts/mpu/complete/r", complete)
	b.call(t, http.StatusNotFound, http.MethodGet, "/api/2.0/mlflow-artifacts/presigned/r/none", "")
}

// presigned reaches artifacts of a run that lie in S3 and not behind the server.
func (b *s3Bench) presigned(t *testing.T) {
	const base = "/api/2.0/mlflow/artifacts/presigned-"
	put := b.call(t, http.StatusOK, http.MethodPost, base+"upload-url", `{"run_id":"`+b.direct+`","path":"d/f.json"}`)
	require.Equal(t, map[string]any{"Content-Type": "text/plain"}, put["headers"])
	requireBareURL(t, put["presigned_url"].(string))
	response, text := b.fetch(t, http.MethodPut, put["presigned_url"].(string), []byte("{}"), "Content-Type", "text/plain")
	require.Equal(t, http.StatusOK, response.status, text)
	get := b.call(t, http.StatusOK, http.MethodPost, base+"download-url", `{"run_id":"`+b.direct+`","path":"d/f.json","expiration":60}`)
	require.InDelta(t, 2, get["file_size"], 0)
	_, text = b.fetch(t, http.MethodGet, get["presigned_url"].(string), nil)
	require.Equal(t, "{}", text)
	_, text = b.do(http.MethodGet, "/get-artifact?run_id="+b.direct+"&path=d/f.json", "")
	require.Equal(t, "{}", text)
	b.call(t, http.StatusNotFound, http.MethodPost, base+"download-url", `{"run_id":"`+b.direct+`","path":"none"}`)
	b.call(t, http.StatusBadRequest, http.MethodPost, base+"download-url", `{"run_id":"`+b.run+`","path":"x"}`)
	code, text := b.do(http.MethodPost, "/ajax-api/2.0/mlflow/upload-artifact?run_uuid="+b.direct+"&path=notes.md", "# hi")
	require.Equal(t, http.StatusOK, code, text)
	list := b.call(t, http.StatusOK, http.MethodGet, "/api/2.0/mlflow/artifacts/list?run_id="+b.direct, "")
	require.Equal(t, []any{
		map[string]any{"path": "d", "is_dir": true}, map[string]any{"path": "notes.md", "is_dir": false, "file_size": 4.0},
	}, list["files"])
}

// requireSame compares without printing megabytes.
func requireSame(t *testing.T, want []byte, got string) {
	t.Helper()
	require.Equal(t, sha256.Sum256(want), sha256.Sum256([]byte(got)))
}

// large streams a file through the server that S3 gets in several parts.
func (b *s3Bench) large(t *testing.T) {
	const size = 24 << 20
	data := noise(size)
	response, text := b.fetch(t, http.MethodPut, b.url+servedArtifacts+"l/f", data)
	require.Equal(t, http.StatusOK, response.status, text)
	_, got := b.fetch(t, http.MethodGet, b.url+servedArtifacts+"l/f", nil)
	requireSame(t, data, got)
}
