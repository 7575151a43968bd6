package dataset

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
)

// Sweep is a collection's sweep of datasets, which live as long as their
// experiment.
type Sweep struct{ experiments *experiment.Sweep }

// NewSweep returns the sweep of a collection.
func NewSweep(e *experiment.Sweep) *Sweep { return &Sweep{e} }

// Kinds implements [garbage.Sweep].
func (w *Sweep) Kinds() []keys.Kind { return []keys.Kind{keys.KindDataset, keys.KindDatasetUse} }

// Meet implements [garbage.Sweep].
func (w *Sweep) Meet(ctx context.Context, it garbage.Item) (bool, error) {
	return w.experiments.IsOrphan(ctx, it, 0)
}
