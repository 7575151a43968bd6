package experiment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
)

func FuzzPackedExperiment(f *testing.F) {
	f.Add(packExperiment(&Document{ID: "1", Name: "n", tags: packed.Dict{"a", "b"}}))
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := parseExperiment(s); err == nil {
			require.Zero(t, len(e.tags)%2)
		}
	})
}
