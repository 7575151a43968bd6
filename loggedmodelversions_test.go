package dynamodbstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestModelVersionsOfALoggedModel adds versions from two stores at once, beside
// what a client has put in, to a model whose tags fit and to one whose do not:
// none is lost, and one that comes again stands once.
func TestModelVersionsOfALoggedModel(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := twoStores(t, tab, clock)
		defer func() { require.NoError(t, stores[1].Close()) }()
		for _, filler := range []string{"x", strings.Repeat("x", 60_000)} {
			ctx, a := t.Context(), stores[0]
			m, err := a.CreateLoggedModel(ctx, dynamodbstore.CreateLoggedModelParams{
				ExperimentID: dynamodbstore.DefaultExperimentID, Tags: []dynamodbstore.Tag{{Key: "filler", Value: filler}},
			})
			require.NoError(t, err)
			require.NoError(t, a.SetLoggedModelTags(ctx, m.ID, []dynamodbstore.Tag{
				{Key: "mlflow.modelVersions", Value: `[{"name": "é\"]", "version": "1"}]`},
			}))
			errs := allAtOnce(stores, 10, func(i int, s *dynamodbstore.Store) error {
				return s.AddModelVersionToLoggedModel(ctx, m.ID, `é"]`, 1+i%8)
			})
			require.NoError(t, errors.Join(errs...))
			m, err = a.GetLoggedModel(ctx, m.ID)
			require.NoError(t, err)
			var list []struct {
				Name    string
				Version any
			}
			for _, tag := range m.Tags {
				if tag.Key == "mlflow.modelVersions" {
					require.NoError(t, json.Unmarshal([]byte(tag.Value), &list), tag.Value)
					require.Contains(t, tag.Value, `{"name": "\u00e9\"]", "version": 2}`)
				}
			}
			seen := map[string]int{}
			for _, v := range list {
				require.Equal(t, `é"]`, v.Name)
				seen[fmt.Sprint(v.Version)]++
			}
			require.Equal(t, map[string]int{"1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6": 1, "7": 1, "8": 1}, seen)
			err = a.AddModelVersionToLoggedModel(ctx, "m-none", "x", 1)
			require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		}
	})
}
