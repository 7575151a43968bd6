package rest

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func declareSearchLoggedModels() *wire.Request[mlflow.SearchLoggedModelsParams] {
	return wire.Declare(func(q *mlflow.SearchLoggedModelsParams) []wire.Field {
		return []wire.Field{
			wire.Texts("experiment_ids", &q.ExperimentIDs).IsList().HasTexts().Required(),
			wire.Text("filter", &q.Filter).IsText(),
			wire.Objects("datasets", &q.Datasets, datasetFilterFields).IsList(),
			wire.Int32("max_results", &q.MaxResults).IsInt(),
			wire.Objects("order_by", &q.OrderBy, loggedModelOrderFields).IsList(),
			wire.Text("page_token", &q.PageToken).IsText(),
		}
	})
}

func datasetFilterFields(d *mlflow.DatasetFilter) []wire.Field {
	return []wire.Field{wire.Text("dataset_name", &d.Name), wire.Text("dataset_digest", &d.Digest)}
}

func loggedModelOrderFields(o *mlflow.LoggedModelOrder) []wire.Field {
	return []wire.Field{
		wire.Text("field_name", &o.Field),
		wire.Text("dataset_name", &o.Dataset.Name),
		wire.Text("dataset_digest", &o.Dataset.Digest),
		wire.Inverse("ascending", &o.Descending),
	}
}

func (x loggedModelEndpoints) searchLoggedModels(ctx context.Context, a *answer, q *mlflow.SearchLoggedModelsParams) error {
	page, err := x.store.of(ctx).SearchLoggedModels(ctx, *q)
	if err != nil {
		return err
	}
	a.b = appendPage(a.b, "models", page, appendLoggedModel, a)
	return nil
}
