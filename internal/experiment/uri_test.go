package experiment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppendURIPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"s3://bucket/base":       "s3://bucket/base/r/artifacts",
		"s3://bucket/base/?x=y":  "s3://bucket/base/r/artifacts?x=y",
		"mlflow-artifacts:/":     "mlflow-artifacts:/r/artifacts",
		"mlflow-artifacts:/2":    "mlflow-artifacts:/2/r/artifacts",
		"/var/artifacts":         "/var/artifacts/r/artifacts",
		"file:relative/artifact": "file:relative/artifact/r/artifacts",
		"":                       "r/artifacts",
	} {
		require.Equal(t, want, RunArtifactURI(in, "r"), in)
	}
}
