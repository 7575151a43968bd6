package rest

import (
	"context"
	"net/http"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// addDatasetRoutes adds what the web UI asks about the datasets of runs; no
// other API has it.
func (h *handler) addDatasetRoutes() {
	h.addPath(http.MethodPost, "/ajax-api/2.0/mlflow/experiments/search-datasets",
		query(h, declareSearchDatasets(), h.searchDatasets))
}

type searchDatasetsRequest struct{ experiments []string }

func declareSearchDatasets() *wire.Request[searchDatasetsRequest] {
	return wire.Declare(func(q *searchDatasetsRequest) []wire.Field {
		return []wire.Field{wire.Texts("experiment_ids", &q.experiments)}
	})
}

func (h *handler) searchDatasets(ctx context.Context, b []byte, q *searchDatasetsRequest) ([]byte, error) {
	list, err := h.store.SearchDatasets(ctx, q.experiments)
	if err != nil {
		return nil, err
	}
	b = append(b, '{')
	if len(list) > 0 {
		b = append(wire.AppendKey(b, 1, "dataset_summaries"), '[')
		for i := range list {
			b = appendDatasetSummary(append(wire.AppendItem(b, 2), '{'), &list[i], 2)
		}
		b = wire.CloseArray(b, 1)
	}
	return wire.CloseObject(b, 0), nil
}

// appendDatasetSummary appends the members of a summary to an object that was
// opened at a depth, and closes it. An empty context is left out, as by MLflow.
func appendDatasetSummary(b []byte, d *dynamodbstore.DatasetSummary, depth int) []byte {
	b = wire.AppendStringField(b, depth+1, "experiment_id", d.ExperimentID)
	b = wire.AppendStringField(b, depth+1, "name", d.Name)
	b = wire.AppendStringField(b, depth+1, "digest", d.Digest)
	if d.Context != nil && *d.Context != "" {
		b = wire.AppendStringField(b, depth+1, "context", *d.Context)
	}
	return wire.CloseObject(b, depth)
}
