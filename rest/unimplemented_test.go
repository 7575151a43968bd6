package rest_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

// TestUnimplementedStore: it has all methods of a Store, by itself, and each
// answers NOT_IMPLEMENTED and names itself.
func TestUnimplementedStore(t *testing.T) {
	t.Parallel()
	want := reflect.TypeFor[rest.Store]()
	value := reflect.ValueOf(rest.UnimplementedStore{})
	require.Equal(t, want.NumMethod(), value.NumMethod())
	for m := range want.Methods() {
		method := value.MethodByName(m.Name)
		require.True(t, method.IsValid(), "UnimplementedStore lacks %s", m.Name)
		args := make([]reflect.Value, m.Type.NumIn())
		for i := range args {
			args[i] = reflect.Zero(m.Type.In(i))
		}
		results := method.Call(args)
		err, ok := reflect.TypeAssert[*dynamodbstore.Error](results[len(results)-1])
		require.True(t, ok, m.Name)
		require.Equal(t, dynamodbstore.CodeNotImplemented, err.Code)
		require.Equal(t, "The store has no "+m.Name+".", err.Message)
	}
}

// partStore is a store that has one method.
type partStore struct{ rest.UnimplementedStore }

func TestUnimplementedStoreServed(t *testing.T) {
	t.Parallel()
	h, err := rest.NewHandler(partStore{})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/api/2.0/mlflow/experiments/get?experiment_id=1", nil))
	require.Equal(t, http.StatusNotImplemented, w.Code)
	require.Contains(t, w.Body.String(), `"error_code": "NOT_IMPLEMENTED", "message": "The store has no GetExperiment."`)
}
