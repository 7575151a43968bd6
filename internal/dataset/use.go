package dataset

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const (
	// maxDatasetExperiments and maxDatasetSummaries bound one search for
	// datasets.
	// Source: MLflow 3.17, server/handlers.py, search_datasets_impl, and
	// sqlalchemy_store.py, _search_datasets.
	maxDatasetExperiments = 20
	maxDatasetSummaries   = 1000
)

// Use is the row of a use. It never changes, so it can be put again.
func (s *Store) Use(exp string, ref run.DatasetRef) table.Item {
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.Name, Value: table.String(ref.Name)},
		{Name: keys.Key, Value: table.String(ref.Digest)},
	}
	var in *string
	if value, ok := ref.Tags.Get(mlflow.DatasetContextTag); ok {
		in = &value
		attrs = append(attrs, table.Attr{Name: keys.Context, Value: table.String(value)})
	}
	return table.NewItem(s.Keys.DatasetUse(exp, ref.Name, ref.Digest, in), attrs...)
}

// Search returns the datasets that runs of 1 to 20 experiments have used, and
// in which contexts, by experiment, name, digest and context.
func (s *Store) Search(ctx context.Context, experimentIDs []string) ([]mlflow.DatasetSummary, error) {
	if len(experimentIDs) == 0 {
		return nil, failure.Invalidf("SearchDatasets request must specify at least one experiment_id.")
	}
	if n := len(experimentIDs); n > maxDatasetExperiments {
		return nil, failure.Invalidf("SearchDatasets request cannot specify more than %d experiment_ids. "+
			"Received %d experiment_ids.", maxDatasetExperiments, n)
	}
	for _, id := range experimentIDs {
		if err := validate.ExperimentID(id); err != nil {
			return nil, err
		}
	}
	states, err := s.experiments.States(ctx, experimentIDs)
	if err != nil {
		return nil, err
	}
	lists := make([][]mlflow.DatasetSummary, len(states))
	g, ctx := errgroup.WithContext(ctx)
	for i, e := range states {
		g.Go(func() error {
			var err error
			lists[i], err = s.usesOf(ctx, e.ID)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b mlflow.DatasetSummary) int {
		return cmp.Or(cmp.Compare(len(a.ExperimentID), len(b.ExperimentID)), strings.Compare(a.ExperimentID, b.ExperimentID),
			strings.Compare(a.Name, b.Name), strings.Compare(a.Digest, b.Digest), compareContexts(a.Context, b.Context))
	})
	return all[:min(len(all), maxDatasetSummaries)], nil
}

// compareContexts puts none before any.
func compareContexts(a, b *string) int {
	if a == nil || b == nil {
		return cmp.Compare(boolInt(a != nil), boolInt(b != nil))
	}
	return strings.Compare(*a, *b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// usesOf reads the uses of the datasets of one experiment, as many as a
// search returns.
func (s *Store) usesOf(ctx context.Context, exp string) ([]mlflow.DatasetSummary, error) {
	var out []mlflow.DatasetSummary
	q := table.Query{PK: s.Keys.DatasetUsesPK(exp), From: "0", To: keys.Last, Limit: maxDatasetSummaries}
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return nil, err
		}
		d := mlflow.DatasetSummary{ExperimentID: exp, Name: it.Str(keys.Name), Digest: it.Str(keys.Key)}
		if v, ok := it.Get(keys.Context); ok {
			d.Context = new(v.Str())
		}
		if out = append(out, d); len(out) == maxDatasetSummaries {
			break
		}
	}
	return out, nil
}
