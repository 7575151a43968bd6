package rest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// TestLogModel: the history keeps of a model what MLflow keeps, written as
// Python writes it.
func TestLogModel(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]string{
		`{"flavors":{"python_function":{"loader_module":"x","config":{"a":1}},"s":"é"},"model_uuid":"u","artifact_path":"m",` +
			`"run_id":"q","utc_time_created":"2020-01-01 00:00:00.0","signature":{"inputs":"[]"},"mlflow_version":"2.9.2","self":1}`: `` +
			`{"run_id": "q", "artifact_path": "m", "utc_time_created": "2020-01-01 00:00:00.0", "model_uuid": "u", "flavors": ` +
			`{"python_function": {"loader_module": "x"}, "s": "\u00e9"}}`,
		`{"flavors":null,"artifact_path":null,"run_id":null,"utc_time_created":"t","env_vars":[],"resources":{}}`: `` +
			`{"utc_time_created": "t", "model_uuid": null, "flavors": {}}`,
		`{"artifact_path":1.0,"artifact_path":-0,"flavors":{"b":[1e3,123456789012345678901234567890,1E400,-0.0,NaN,{"config":1}],` +
			`"a":{"x":{"config":"\ud83d\ude00\ud800"}},"c":{"config":2}},"utc_time_created":"t","run_id":true}`: `` +
			`{"run_id": true, "artifact_path": 0, "utc_time_created": "t", "model_uuid": null, "flavors": {"b": [1000.0, ` +
			`123456789012345678901234567890, Infinity, -0.0, NaN, {"config": 1}], "a": {"x": {"config": "\ud83d\ude00\ud800"}}, "c": {}}}`,
	} {
		s := newServer(t)
		w := s.post("runs/log-model", `{"run_id":"r","model_json":`+strconv.Quote(model)+`}`)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Equal(t, "{}", w.Body.String())
		require.Equal(t, want, s.store.last())
	}
}

// TestLogModelRefused: a model is looked at before the run is.
func TestLogModelRefused(t *testing.T) {
	t.Parallel()
	const missing = "Model json is missing mandatory fields: "
	model := func(more string) string {
		return `{"artifact_path":"m","flavors":{},"utc_time_created":"t","run_id":"r"` + more + `}`
	}
	for text, want := range map[string]string{
		"{x":                          "Malformed model info. \n {x \n is not a valid JSON.",
		"\ufeff{}":                    "Malformed model info. \n \ufeff{} \n is not a valid JSON.",
		strings.Repeat("[", 5000):     "Malformed model info. \n " + strings.Repeat("[", 5000) + " \n is not a valid JSON.",
		"[]":                          "Invalid value [] for parameter 'model_json' supplied:  Hint: Value was of type 'list'." + wire.SeeDocs,
		"{}":                          missing + "{'artifact_path', 'flavors', 'utc_time_created', 'run_id'}",
		`{"flavors":1,"run_id":null}`: missing + "{'artifact_path', 'utc_time_created'}",
		model(`,"flavors":[]`): "Invalid value [] for parameter 'model_json.flavors' supplied:  " +
			"Hint: Value was of type 'list'." + wire.SeeDocs,
		model(`,"utc_time_created":null`): "Invalid value null for parameter 'model_json.utc_time_created' supplied:  " +
			"Hint: Value was of type 'NoneType'." + wire.SeeDocs,
		model(`,"signature":5`): "Invalid value 5 for parameter 'model_json.signature' supplied:  " +
			"Hint: Value was of type 'int'." + wire.SeeDocs,
		model(`,"env_vars":{"b":1,"a":[2]}`): `Invalid value {"a":[2],"b":1} for parameter 'model_json.env_vars' supplied:  ` +
			"Hint: Value was of type 'dict'." + wire.SeeDocs,
		model(`,"resources":"/etc/passwd"`): `Invalid value "/etc/passwd" for parameter 'model_json.resources' supplied:  ` +
			"Hint: Value was of type 'str'." + wire.SeeDocs,
	} {
		s := newServer(t)
		body, err := json.Marshal(map[string]string{"run_id": "unknown", "model_json": text})
		require.NoError(t, err)
		w := s.post("runs/log-model", string(body))
		require.Equal(t, http.StatusBadRequest, w.Code, w.Body)
		require.Equal(t, codeAndMessage{"INVALID_PARAMETER_VALUE", want}, errorOf(t, w.Body.Bytes()))
		require.Nil(t, s.store.last())
	}
	body, err := json.Marshal(map[string]string{"run_id": "unknown", "model_json": model("")})
	require.NoError(t, err)
	w := newServer(t).post("runs/log-model", string(body))
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Equal(t, codeAndMessage{"RESOURCE_DOES_NOT_EXIST", "Run with id=unknown not found"}, errorOf(t, w.Body.Bytes()))
}
