package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// TestDescriptionOfVersion: a description that is empty is shown, one that was
// removed is not, until there is one again. As MLflow's server answered.
func TestDescriptionOfVersion(t *testing.T) {
	t.Parallel()
	store := emptyStore(t)
	_, err := store.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: "m"})
	require.NoError(t, err)
	_, err = store.CreateModelVersion(t.Context(), dynamodbstore.CreateModelVersionParams{Name: "m", Source: "s3://b/x"})
	require.NoError(t, err)
	s := newServerOn(t, store)
	for _, tt := range []struct{ member, want string }{
		{`, "description": "x"`, `"x"`},
		{`, "description": ""`, `""`},
		{`, "description":null`, ""},
		{`, "description": "y"`, `"y"`},
		{``, ""},
		{`, "ignored": {}, "description": ""`, `""`},
		{`, "ignored": {}, "description": null`, ""},
	} {
		w := s.do(http.MethodPatch, "/api/2.0/mlflow/model-versions/update", fmt.Sprintf(`{"name": "m", "version": "1"%s}`, tt.member))
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		for _, body := range []string{
			w.Body.String(),
			s.do(http.MethodGet, "/api/2.0/mlflow/model-versions/get?name=m&version=1", "").Body.String(),
		} {
			var answer struct {
				Version struct{ Description json.RawMessage } `json:"model_version"`
			}
			require.NoError(t, json.Unmarshal([]byte(body), &answer))
			require.Equal(t, tt.want, string(answer.Version.Description), tt.member)
		}
	}
}

// TestNumbersOfVersions: numbers are what Python's int reads. As MLflow's server
// answered, but for those beyond 64 bits, on which its database fails.
func TestNumbersOfVersions(t *testing.T) {
	t.Parallel()
	store := emptyStore(t)
	_, err := store.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: "m"})
	require.NoError(t, err)
	for range 10 {
		_, err = store.CreateModelVersion(t.Context(), dynamodbstore.CreateModelVersionParams{Name: "m", Source: "s3://b/x"})
		require.NoError(t, err)
	}
	s := newServerOn(t, store)
	for version, want := range map[string]int{
		"3": 3, "٣": 3, "+3": 3, " 03\n": 3, "1_0": 10,
		"0": http.StatusNotFound, "-3": http.StatusNotFound, "99999999999999999999": http.StatusNotFound, "-99999999999999999999": http.StatusNotFound,
		"1__0": http.StatusBadRequest, "_1": http.StatusBadRequest, "1_": http.StatusBadRequest, "1.0": http.StatusBadRequest,
		"²": http.StatusBadRequest, "x": http.StatusBadRequest, " ": http.StatusBadRequest,
	} {
		w := s.do(http.MethodGet, "/api/2.0/mlflow/model-versions/get?name=m&version="+url.QueryEscape(version), "")
		switch want {
		case http.StatusBadRequest:
			require.Equal(t, want, w.Code, version)
			require.Equal(t, "Parameter 'version' must be an integer, got '"+version+"'.", errorOf(t, w.Body.Bytes()).Message)
		case http.StatusNotFound:
			require.Equal(t, want, w.Code, version)
		default:
			require.Equal(t, http.StatusOK, w.Code, version)
			require.Contains(t, w.Body.String(), fmt.Sprintf("\"version\": \"%d\"", want))
		}
	}
}
