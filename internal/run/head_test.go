package run

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func TestRefusesNewerSchema(t *testing.T) {
	t.Parallel()
	h := &Head{ID: "r", Exp: "1", Meta: document.Meta{Rev: 1}}
	it := EncodeHead(keys.Workspace("w").Run("r"), h, nil)
	it.Attrs = slices.Clone(it.Attrs)
	for i := range it.Attrs {
		if it.Attrs[i].Name == keys.Version {
			it.Attrs[i].Value = table.Number(document.SchemaVersion + 1)
		}
	}
	_, err := DecodeHead("r", it)
	require.ErrorContains(t, err, "upgrade")
}
