package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func TestUploadArtifact(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const upload = "/ajax-api/2.0/mlflow/upload-artifact"
	w := s.do(http.MethodPost, upload+"?run_uuid=r&path=d/n%20%C3%A9.md", "# notes", "Content-Type", "text/markdown")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Empty(t, w.Body.String())
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Equal(t, "# notes", s.do(http.MethodGet, "/get-artifact?run_uuid=r&path=d/n%20%C3%A9.md", "").Body.String())
	largest := strings.Repeat("x", maxUploadedArtifact)
	require.Equal(t, http.StatusOK, s.do(http.MethodPost, upload+"?run_uuid=r&path=big", largest).Code)
	require.Equal(t, http.StatusOK, s.do(http.MethodPost, upload+"?run_id=&run_uuid=r&path=both", "x").Code)
	require.Equal(t, http.StatusNotFound, s.do(http.MethodPost, upload+"?run_uuid=r&run_id=none&path=both", "x").Code)
	for query, message := range map[string]string{
		"":                        "Request must specify run_id or run_uuid.",
		"?path=x":                 "Request must specify run_id or run_uuid.",
		"?run_uuid=r":             "Request must specify path.",
		"?run_uuid=r&path=":       "Request must specify path.",
		"?run_uuid=r&path=../x":   "Invalid path",
		"?run_uuid=r&path=%2Fx":   "Invalid path",
		"?run_uuid=r&path=d/":     "Invalid path",
		"?run_uuid=r&path=.":      "Invalid path",
		"?run_uuid=none&path=x":   "Run with id=none not found",
		"?run_uuid=r&path=x/%2e.": "Invalid path",
	} {
		w := s.do(http.MethodPost, upload+query, "x")
		require.Equal(t, message, errorOf(t, w.Body.Bytes()).Message, query)
	}
	w = s.do(http.MethodPost, upload+"?run_uuid=r&path=x", "")
	require.Equal(t, codeAndMessage{"INVALID_PARAMETER_VALUE", "Request must specify data."}, errorOf(t, w.Body.Bytes()))
	w = s.do(http.MethodPost, upload+"?run_uuid=r&path=x", largest+"y")
	require.Equal(t, codeAndMessage{"INVALID_PARAMETER_VALUE", "Artifact size is too large. Max size is 10MB."}, errorOf(t, w.Body.Bytes()))
	require.Equal(t, http.StatusMethodNotAllowed, s.do(http.MethodGet, upload, "").Code)
	require.Equal(t, http.StatusNotFound, s.do(http.MethodPost, "/api/2.0/mlflow/upload-artifact", "x").Code)
}

// TestUploadArtifactElsewhere: the directory of a run without artifacts is made.
func TestUploadArtifactElsewhere(t *testing.T) {
	t.Parallel()
	var created []bool
	bucket := memblob.OpenBucket(nil)
	s := newServer(t, WithBuckets(func(_ context.Context, _ string, create bool) (*blob.Bucket, error) {
		created = append(created, create)
		return blob.PrefixedBucket(bucket, "x/"), nil
	}))
	s.store.runs["l"] = &dynamodbstore.Run{Info: dynamodbstore.RunInfo{ArtifactURI: "/some/where"}}
	require.Equal(t, http.StatusOK, s.do(http.MethodPost, "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=l&path=a/b", "hi").Code)
	require.Equal(t, []bool{true}, created)
}

// versions is a registry with the version 1 of the model "m".
type versions struct{ ModelStore }

func (versions) ModelVersionDownloadURI(_ context.Context, name string, version int) (string, error) {
	if name == "m" && version < 4 {
		return [...]string{
			"", "mlflow-artifacts:/0/r/artifacts", "runs:/r/d", "runs:/r/%2e%2e/x",
		}[version], nil
	}
	return "", &dynamodbstore.Error{
		Code:    dynamodbstore.CodeResourceDoesNotExist,
		Message: "Model Version (name=" + name + ", version=" + strconv.Itoa(version) + ") not found",
	}
}

func TestModelVersionArtifact(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.store.ModelStore = versions{}
	const get = "/model-versions/get-artifact"
	require.Equal(t, http.StatusOK, s.do(http.MethodPut, artifacts+"/0/r/artifacts/d/MLmodel", "flavors:").Code)
	w := s.do(http.MethodGet, get+"?name=m&version=1&path=d%2FMLmodel", "")
	require.Equal(t, "flavors:", w.Body.String())
	require.Equal(t, "text/plain", w.Header().Get("Content-Type"))
	require.Equal(t, "flavors:", s.do(http.MethodGet, get+"?name=m&version=2&path=MLmodel", "").Body.String())
	require.Equal(t, http.StatusBadRequest, s.do(http.MethodGet, get+"?name=m&version=3&path=MLmodel", "").Code)
	require.Equal(t, http.StatusNotFound, s.do(http.MethodGet, get+"?name=m&version=1&path=x", "").Code)
	require.Equal(t, http.StatusBadRequest, s.do(http.MethodGet, get, "").Code)
	for query, message := range map[string]string{
		"?path=x":                         "Missing value for required parameter 'name'.",
		"?name=m&version=abc&path=x":      "Parameter 'version' must be an integer, got 'abc'.",
		"?name=m&version=1&path=../x":     "Invalid path",
		"?name=nope&version=1&path=x":     "Model Version (name=nope, version=1) not found",
		"?name=nope&version=%202&path=./": "Model Version (name=nope, version=2) not found",
	} {
		require.Equal(t, message, errorOf(t, s.do(http.MethodGet, get+query, "").Body.Bytes()).Message, query)
	}
}
