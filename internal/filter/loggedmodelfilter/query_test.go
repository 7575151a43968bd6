package loggedmodelfilter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/loggedmodelfilter"
)

// loggedRow is a logged model with one attribute of each kind.
type loggedRow struct{}

func (loggedRow) Text(attr string) (string, bool) {
	s, ok := map[string]string{"name": "alpha", "status": "2", "model_id": "m-1"}[attr]
	return s, ok
}
func (loggedRow) Time(string) int64 { return 5 }

func (loggedRow) Param(key string) (string, bool) { return "0.1", key == "lr" }

func (loggedRow) Tag(key string) (string, bool) { return "x", key == "a.b" }

func (loggedRow) Points(metric string, visit func(loggedmodelfilter.Point) bool) {
	if metric != "" && metric != "acc" {
		return
	}
	for _, p := range []loggedmodelfilter.Point{
		{Value: 1, Step: 4, Timestamp: 9}, {Value: 3, Step: 5, Timestamp: 1, Dataset: "d", Digest: "g"}, {Value: 2, Step: 5, Timestamp: 1},
	} {
		if !visit(p) {
			return
		}
	}
}

// TestParseLoggedModels has what MLflow's own server answers.
func TestParseLoggedModels(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true, "name = 'alpha'": true, "name = alpha": true, "`name` = 'alpha'": true, "name ILIKE 'AL%'": true,
		"name LIKE 'AL%'": false, "name in ('alpha',)": true, "name IN ()": false, "name NOT IN ('alpha')": false,
		"status = 'READY'": true, "status = READY": true, "status != 'READY'": false, "status = 'FAILED'": false,
		"status IN ('READY', 'PENDING')": true, "status NOT IN ('READY')": false, "status IN ()": false, "status = 'UNSPECIFIED'": false,
		"creation_timestamp = 5": true, "creation_timestamp > nan": false, "last_updated_timestamp < 1e1": true,
		"metrics.acc > 2": true, "metrics.acc = 1": false, "metrics.acc = 3": true, "metrics.`acc` > 3": false, "metrics.acc < 1_0": true, "metrics.none != 1": false,
		"params.lr = 0.1": true, "params.lr = \"0.1\"": false, "params.none != 'x'": false, "tags.`a.b` = 'x'": true, "tags.a.b = 'x'": true,
		"name = 'alpha' and metrics.acc > 2 AND": true, "status_message = 'x'": false,
	} {
		q, err := loggedmodelfilter.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, q.Match(loggedRow{}), text)
	}
	for text, want := range map[string]string{
		"name > 'a'": "Invalid comparison operator for attributes.name: '>'. Expected one of ('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN').",
		"creation_time IN (1)": "Invalid comparison operator for attributes.creation_timestamp_ms: 'IN'. " +
			"Expected one of ('<', '<=', '>', '>=', '=', '!=').",
		"metric.acc > 2":    "Invalid entity type: 'metric'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
		"tags.team IS NULL": "Invalid comparison: tags.teamIS NULL. Expected a comparison with 3 tokens.",
		"   ":               "Invalid filter string: '   '. Expected a single SQL expression.",
		"garbage": "Invalid filter string: 'garbage'. Expected a list of comparisons separated by 'AND' " +
			"(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
		"status = '2'":           "Unknown model status in filter: '2'",
		"status = \"READY\"":     `Unknown model status in filter: '"READY"'`,
		"status IN ('2')":        "Unknown model status in filter: ('2',)",
		"status IN ('READY', 2)": "Unknown model status in filter: ('READY', 2)",
		"status ILIKE 'x'":       "Invalid comparison operator for status: ILIKE",
		"status = 'x' AND nope=1": "Invalid attribute key 'nope' specified. Valid keys are ['artifact_location', 'creation_timestamp_ms', " +
			"'experiment_id', 'last_updated_timestamp_ms', 'lifecycle_stage', 'model_id', 'model_type', 'name', 'source_run_id', " +
			"'status', 'status_message']",
		"metrics.acc > 'x'": `could not convert string to float: "'x'"`,
	} {
		_, err := loggedmodelfilter.Parse(text)
		require.EqualError(t, err, want, text)
	}
}

// FuzzParseLoggedModels: whatever it is given, the parser returns.
func FuzzParseLoggedModels(f *testing.F) {
	f.Add("name IN ('a', 2) AND metrics.`x` > 1e3")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := loggedmodelfilter.Parse(text)
		if err == nil {
			q.Match(loggedRow{})
			return
		}
		var known *filter.Error
		require.ErrorAs(t, err, &known)
	})
}
