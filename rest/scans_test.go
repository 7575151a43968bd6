package rest

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// agree wants a scan to read from a body what the declaration reads, or to leave
// it alone. It reports whether the scan has read it.
func agree[T any](t *testing.T, p *wire.Request[T], body []byte) bool {
	t.Helper()
	exact, err := p.Exact(body) // must not panic either way
	quick := p.Quick(body)
	if quick == nil {
		return false
	}
	require.NoError(t, err, "the scan accepted what is refused: %s", body)
	require.True(t, same(reflect.ValueOf(quick), reflect.ValueOf(exact)), "%s\n%+v\n%+v", body, quick, exact)
	return true
}

// same is reflect.DeepEqual with every NaN equal to itself.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Float64:
		return a.Float() == b.Float() || math.IsNaN(a.Float()) && math.IsNaN(b.Float())
	case reflect.Pointer:
		return a.IsNil() == b.IsNil() && (a.IsNil() || same(a.Elem(), b.Elem()))
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	default:
		return a.Equal(b)
	}
}

// oddValues are values of members as clients, old clients and nobody would send
// them.
func oddValues() []string {
	return []string{
		`null`, `true`, `false`, `0`, `-0`, `1`, `2`, `3`, `4`, `5`, `6`, `01`, `1.0`, `1e2`, `-5`, `1.5`, `2147483648`, `50000`, `50001`,
		`9223372036854775807`, `9223372036854775808`, `-9223372036854775809`, `NaN`, `-Infinity`, `1e999`,
		`""`, `" "`, `"1"`, `" 1"`, `"-1"`, `"1.5"`, `"1_0"`, `"NaN"`, `"nan"`, `"inf"`, `"-Infinity"`, `"true"`, `"x"`, `"\ud83d\ude00"`,
		`"\ud800"`, `"\u00e9é"`, `"\n\"\\\/"`, `"FINISHED"`, `"DELETED_ONLY"`, `"finished"`,
		`[]`, `[null]`, `["a"]`, `["a","b",""]`, `["a",1]`, `[[]]`, `{}`, `[{}]`, `[{},null]`, `[{"key":"k","value":"v"},{"key":"k"}]`,
		`[{"key":"","value":null}]`, `[{"key":"k","value":1,"timestamp":2,"step":3,"model_id":"m","run_id":"r"}]`,
		`[{"key":"k","value":"NaN","timestamp":"2","x":[{}]}]`, `[{"key":"k","value":0.1,"timestamp":2,"run_id":5}]`,
		`[{"key":"k","value":1,"timestamp":null}]`, `[{"key":"k","value":1,"timestamp":2,"modelId":"m"}]`,
		`[{"key":"a","key":"b","value":1,"value":2,"timestamp":2}]`, `[{"key":null,"value":1,"timestamp":2}]`,
		`[{"model_id":"m","step":"7"}]`, `[{"dataset":{"name":"d","schema":null},"tags":[{"key":"k"}]},{"dataset":null}]`,
		`[{"field_name":"f","ascending":false,"dataset_name":"d"},{"ascending":null}]`,
	}
}

// quickly counts the bodies that a scan reads among many that differ from a
// usual one in one member, which is odd, repeated, unknown or in camel case.
func quickly[T any](t *testing.T, p *wire.Request[T], usual string) (scanned int) {
	t.Helper()
	require.True(t, agree(t, p, []byte(usual)), "not scanned: %s", usual)
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(usual), &members))
	members["unknown"], members["runName"] = nil, nil
	for name := range members {
		for _, odd := range oddValues() {
			body := usual[:len(usual)-1] + `,"` + name + `":` + odd + "}"
			if agree(t, p, []byte(body)) {
				scanned++
			}
			agree(t, p, []byte(`{"`+name+`":`+odd+","+usual[1:]))
			agree(t, p, []byte(`{"`+name+`":`+odd+"}"))
		}
	}
	return scanned
}

const (
	usualBatch = `{"run_id":"r","metrics":[{"key":"a","value":1.5,"timestamp":1,"step":-2},{"key":"a","value":"NaN","timestamp":1}],` +
		`"params":[{"key":"p","value":"v"}],"tags":[{"key":"t","value":""}]}`
	usualMetric = `{"run_uuid":"r","run_id":"r","key":"loss","value":0.5,"timestamp":1795457041127,"step":3,"model_id":"m",` +
		`"dataset_name":"d","dataset_digest":"g"}`
	usualPair   = `{"run_uuid":"r","run_id":"r","key":"k","value":"v"}`
	usualRun    = `{"experiment_id":"1","user_id":"u","run_name":"n","start_time":1,"tags":[{"key":"mlflow.user","value":"u"}]}`
	usualSearch = `{"experiment_ids":["1"],"filter":"a = 'b'","run_view_type":"ACTIVE_ONLY","max_results":1000,` +
		`"order_by":["x DESC"],"page_token":"t"}`
)

// TestScans: what is scanned by hand is read as it is declared.
func TestScans(t *testing.T) {
	t.Parallel()
	require.Greater(t, quickly(t, declareLogBatch(), usualBatch), 50)
	require.Greater(t, quickly(t, declareLogMetric(), usualMetric), 50)
	require.Greater(t, quickly(t, declareRunPair(), usualPair), 50)
	require.Greater(t, quickly(t, declareCreateRun(), usualRun), 50)
	require.Greater(t, quickly(t, declareSearchRuns(), usualSearch), 50)
}

// TestDeclarations: the quick way that follows from a declaration agrees with
// the exact one.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	require.Positive(t, quickly(t, declareUpdateRun(),
		`{"run_uuid":"r","run_id":"r","status":"FINISHED","end_time":1,"run_name":"n"}`))
	require.Positive(t, quickly(t, declareLogInputs(), `{"run_id":"r","datasets":[],"models":[{"model_id":"m"}]}`))
	require.Positive(t, quickly(t, declareLogOutputs(), `{"run_id":"r","models":[{"model_id":"m","step":1}]}`))
	require.Positive(t, quickly(t, declareHistory(),
		`{"run_id":"r","run_uuid":"r","metric_key":"k","max_results":1,"page_token":"t"}`))
	require.Positive(t, quickly(t, declareCreateExperiment(), `{"name":"n","artifact_location":"s3:/","tags":[]}`))
	require.Positive(t, quickly(t, declareSearchExperiments(),
		`{"max_results":1,"page_token":"","filter":"","order_by":[],"view_type":"ALL"}`))
	require.Positive(t, quickly(t, declareSearchModels(1000), `{"filter":"f","max_results":10,"order_by":["a"],"page_token":"t"}`))
	require.Positive(t, quickly(t, declareCreateVersion(), `{"name":"n","source":"s","run_id":"r","run_link":"l","description":"d",`+
		`"model_id":"m","tags":[]}`))
	require.Positive(t, quickly(t, declareFinalizeLoggedModel(), `{"model_id":"m","status":"LOGGED_MODEL_READY"}`))
	require.Positive(t, quickly(t, declareSearchLoggedModels(),
		`{"experiment_ids":["1"],"filter":"","datasets":[],"max_results":1,"order_by":[],"page_token":""}`))
	require.Positive(t, quickly(t, declareSearchTraces(), `{"locations":[{"mlflow_experiment":{"experiment_id":"1"}}],"filter":"",`+
		`"max_results":1,"order_by":[],"page_token":""}`))
	require.Positive(t, quickly(t, declareTraceMetrics(), `{"experiment_ids":["1"],"view_type":"TRACES","metric_name":"m",`+
		`"aggregations":[{"aggregation_type":"COUNT"}],"dimensions":[],"filters":[],"time_interval_seconds":1,"start_time_ms":1,`+
		`"end_time_ms":2,"max_results":5,"page_token":""}`))
}

func fuzzScan[T any](f *testing.F, p *wire.Request[T], usual string) {
	f.Add([]byte(usual))
	for _, odd := range oddValues() {
		f.Add([]byte(usual[:len(usual)-1] + `,"value":` + odd + "}"))
	}
	f.Add([]byte(`{"run_id":"r","metrics":[{"key":"a","value":-0,"timestamp":-0,"step":01}],"tags":[{"key":"k"}],"tags":[]}`))
	f.Add([]byte(`"{}"`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) { agree(t, p, body) })
}

func FuzzLogBatch(f *testing.F)   { fuzzScan(f, declareLogBatch(), usualBatch) }
func FuzzLogMetric(f *testing.F)  { fuzzScan(f, declareLogMetric(), usualMetric) }
func FuzzRunPair(f *testing.F)    { fuzzScan(f, declareRunPair(), usualPair) }
func FuzzCreateRun(f *testing.F)  { fuzzScan(f, declareCreateRun(), usualRun) }
func FuzzSearchRuns(f *testing.F) { fuzzScan(f, declareSearchRuns(), usualSearch) }
