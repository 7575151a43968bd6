package dynamodbstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestModelBudgets holds operations on registered models to what
// docs/benchmarks.md promises.
func TestModelBudgets(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		now := clock.Now()
		s := open(t, tab, clock, dynamodbstore.WithClock(func() time.Time { return now }))
		budgetModel(t, s)
		budgetVersions(t, s)
		budgetRegistrySearches(t, s)
	})
}

// budgetVersion is a version as clients register it.
func budgetVersion(name string, i int) dynamodbstore.CreateModelVersionParams {
	return dynamodbstore.CreateModelVersionParams{
		Name: name, Source: fmt.Sprintf("models:/m-%032x", i), RunID: fmt.Sprintf("%032x", i), ModelID: fmt.Sprintf("m-%032x", i),
		StorageLocation: fmt.Sprintf("mlflow-artifacts:/1/models/m-%032x/artifacts", i),
	}
}

func budgetModel(t *testing.T, s *dynamodbstore.Store) {
	t.Helper()
	const name = "classifier12" // 10 trigrams
	do := func(what string, b budget, f func(ctx context.Context) error) {
		t.Helper()
		held(t, what, cost(t, f), b)
	}
	do("create_registered_model with 2 tags", budget{3, 1, 6 + 10}, func(ctx context.Context) error {
		_, err := s.CreateRegisteredModel(ctx, dynamodbstore.CreateRegisteredModelParams{
			Name: name, Description: "tells cats from dogs", Tags: []dynamodbstore.Tag{tag("team", "vision"), tag("task", "classification")},
		})
		return err
	})
	do("set_registered_model_tag", budget{2, 1, 4}, func(ctx context.Context) error {
		return s.SetRegisteredModelTag(ctx, name, tag("team", "audio"))
	})
	do("update_registered_model", budget{2, 1, 4}, func(ctx context.Context) error {
		_, err := s.UpdateRegisteredModel(ctx, dynamodbstore.UpdateRegisteredModelParams{Name: name, Description: "new"})
		return err
	})
	do("rename_registered_model", budget{4 + 10, 1 + 10, 6 + 2*10}, func(ctx context.Context) error {
		_, err := s.RenameRegisteredModel(ctx, name, "other_name12")
		return err
	})
	do("get_registered_model", budget{1, 1, 0}, func(ctx context.Context) error {
		_, err := s.GetRegisteredModel(ctx, "other_name12")
		return err
	})
	do("delete_registered_model without versions", budget{5, 3, 6 + 10}, func(ctx context.Context) error {
		return s.DeleteRegisteredModel(ctx, "other_name12")
	})
}

func budgetVersions(t *testing.T, s *dynamodbstore.Store) {
	t.Helper()
	const name = "versions"
	newModel(t, s, name, tag("team", "vision"))
	for i := range 20 {
		_, err := s.CreateModelVersion(t.Context(), budgetVersion(name, i))
		require.NoError(t, err)
	}
	moved(t, s, name, 1, "Production", false)
	moved(t, s, name, 2, "Staging", false)
	require.NoError(t, s.SetRegisteredModelAlias(t.Context(), name, "champion", 7))
	for _, op := range []struct {
		what string
		b    budget
		do   func(ctx context.Context) error
	}{
		{"create_model_version of 20 others, 3 stages", budget{3, 1, 8}, func(ctx context.Context) error {
			_, err := s.CreateModelVersion(ctx, budgetVersion(name, 100))
			return err
		}},
		{"transition_model_version_stage, archiving", budget{4, 3, 8}, func(ctx context.Context) error {
			_, err := s.TransitionModelVersionStage(ctx, dynamodbstore.TransitionModelVersionParams{
				Name: name, Version: 3, Stage: "Production", ArchiveExisting: true,
			})
			return err
		}},
		{"set_model_version_tag", budget{3, 2, 6}, func(ctx context.Context) error {
			return s.SetModelVersionTag(ctx, name, 4, tag("k", "v"))
		}},
		{"set_registered_model_alias", budget{3, 2, 4}, func(ctx context.Context) error {
			return s.SetRegisteredModelAlias(ctx, name, "challenger", 8)
		}},
		{"get_model_version_by_alias", budget{2, 2, 0}, func(ctx context.Context) error {
			_, err := s.GetModelVersionByAlias(ctx, name, "champion")
			return err
		}},
		{"get_model_version", budget{2, 2, 0}, func(ctx context.Context) error {
			_, err := s.GetModelVersion(ctx, name, 9)
			return err
		}},
		{"get_latest_versions", budget{1, 1, 0}, func(ctx context.Context) error {
			_, err := s.LatestVersions(ctx, name, nil)
			return err
		}},
		{"delete_model_version", budget{5, 2, 10}, func(ctx context.Context) error {
			return s.DeleteModelVersion(ctx, name, 10)
		}},
	} {
		held(t, op.what, cost(t, op.do), op.b)
	}
}

func budgetRegistrySearches(t *testing.T, s *dynamodbstore.Store) {
	t.Helper()
	for i := range 150 {
		name := fmt.Sprintf("listed-%03d", i)
		newModel(t, s, name, tag("team", "vision"))
		_, err := s.CreateModelVersion(t.Context(), budgetVersion(name, 1000+i))
		require.NoError(t, err)
	}
	models := func(filter string, want int) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			page, err := s.SearchRegisteredModels(ctx, dynamodbstore.SearchRegisteredModelsParams{Filter: filter})
			require.Len(t, page.Items, want)
			return err
		}
	}
	versions := func(filter string, want int) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			page, err := s.SearchModelVersions(ctx, dynamodbstore.SearchModelVersionsParams{Filter: filter})
			require.Len(t, page.Items, want)
			return err
		}
	}
	held(t, "search_registered_models, page of 100", cost(t, models("", 100)), budget{2, 40, 0})
	held(t, "search_registered_models, one by name", cost(t, models("name = 'listed-007'", 1)), budget{1, 1, 0})
	held(t, "search_registered_models, LIKE '%-149%' of 152", cost(t, models("name LIKE '%-149%'", 1)), budget{6, 8, 0})
	held(t, "search_model_versions by run of 171", cost(t, versions(fmt.Sprintf("run_id = '%032x'", 1005), 1)), budget{4, 5, 0})
	held(t, "search_model_versions by source of 171",
		cost(t, versions(fmt.Sprintf("source_path = 'models:/m-%032x'", 1005), 1)), budget{4, 5, 0})
	held(t, "search_model_versions of one model, 20", cost(t, versions("name = 'versions'", 20)), budget{2, 5, 0})
}
