package rest

import (
	"context"
	"net/http"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// datasetEndpoints are what the web UI asks about the datasets of runs; no other
// API has it.
type datasetEndpoints struct{ store stores }

func (x datasetEndpoints) addTo(h *handler) {
	h.addPath(http.MethodPost, "/ajax-api/2.0/mlflow/experiments/search-datasets",
		query(h, declareSearchDatasets(), x.searchDatasets))
}

type searchDatasetsRequest struct{ experiments []string }

func declareSearchDatasets() *wire.Request[searchDatasetsRequest] {
	return wire.Declare(func(q *searchDatasetsRequest) []wire.Field {
		return []wire.Field{wire.Texts("experiment_ids", &q.experiments)}
	})
}

func (x datasetEndpoints) searchDatasets(ctx context.Context, b []byte, q *searchDatasetsRequest) ([]byte, error) {
	list, err := x.store.of(ctx).SearchDatasets(ctx, q.experiments)
	if err != nil {
		return nil, err
	}
	b = wire.AppendList(append(b, '{'), 1, "dataset_summaries", list, appendDatasetSummary)
	return wire.CloseObject(b, 0), nil
}

// appendDatasetSummary appends a summary. An empty context is left out, as by
// MLflow.
func appendDatasetSummary(b []byte, d mlflow.DatasetSummary, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendStringField(b, depth+1, "experiment_id", d.ExperimentID)
	b = wire.AppendStringField(b, depth+1, "name", d.Name)
	b = wire.AppendStringField(b, depth+1, "digest", d.Digest)
	if d.Context != nil && *d.Context != "" {
		b = wire.AppendStringField(b, depth+1, "context", *d.Context)
	}
	return wire.CloseObject(b, depth)
}
