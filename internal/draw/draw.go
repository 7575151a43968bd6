// Package draw has generators of what the tests of several packages need.
package draw

import (
	"math"

	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Metric draws a point of a metric.
func Metric(t *rapid.T, label string) mlflow.Metric {
	return mlflow.Metric{
		Key:       rapid.SampledFrom([]string{"a", "b", "loss/train"}).Draw(t, label+"key"),
		Step:      rapid.Int64().Draw(t, label+"step"),
		Timestamp: rapid.Int64().Draw(t, label+"timestamp"),
		Value: rapid.OneOf(rapid.Float64(),
			rapid.SampledFrom([]float64{math.NaN(), 0, math.MaxFloat64, 5e-324, -5e-324})).Draw(t, label+"value"),
	}
}

// Dict draws a Dict of at most so many entries.
func Dict(t *rapid.T, label string, most int) packed.Dict {
	m := rapid.MapOfN(rapid.StringN(0, 20, -1), rapid.String(), 0, most).Draw(t, label)
	tags := make([]mlflow.Tag, 0, len(m))
	for k, v := range m {
		tags = append(tags, mlflow.Tag{Key: k, Value: v})
	}
	return packed.DictOf(tags)
}
