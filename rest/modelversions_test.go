package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
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
