package tracking

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// RestoreExperiment brings a deleted experiment back, and with it all its runs,
// those deleted one by one included.
func (s *Store) RestoreExperiment(ctx context.Context, id string) error {
	if err := validate.ExperimentID(id); err != nil {
		return err
	}
	id = validate.CanonicalID(id)
	e, err := s.experiments.Load(ctx, id)
	if err != nil {
		return err
	}
	if e == nil || e.Stage != mlflow.StageDeleted {
		return experiment.ErrNotFound(id)
	}
	if err := s.freeDeletedRuns(ctx, e); err != nil {
		return err
	}
	return s.experiments.Mutate(ctx, id, func(e *experiment.Document) (*experiment.Document, error) {
		if e.Stage != mlflow.StageDeleted {
			return nil, experiment.ErrNotFound(id)
		}
		next := e.Clone()
		next.Stage, next.Gen, next.Updated = mlflow.StageActive, e.Gen+1, s.experiments.NextUpdate(e)
		next.Expiry = 0
		return next, nil
	}, s.experiments.RestampName)
}

// logActiveModelMetric attaches a point to its logged model, if the run is
// active.
func (s *Store) logActiveModelMetric(ctx context.Context, run string, m mlflow.Metric) error {
	err := s.fence.InState(ctx, run, func(e *experiment.State) error { return s.fence.CheckRunActive(ctx, run, e) })
	if err != nil {
		return err
	}
	return s.loggedmodels.LogMetrics(ctx, run, []mlflow.Metric{m})
}

// ExpRun is a run, and the state of its experiment.
type ExpRun struct {
	E      *experiment.State
	Packed *run.Packed
}

// FoundRun is a run at its place in the order of a search.
type FoundRun = page.Found[ExpRun]

// Unpack returns a run that was found, with its datasets; with the model
// inputs too if asked: as in MLflow, searches leave them out.
func (s *Store) Unpack(ctx context.Context, f FoundRun, models bool) (*mlflow.Run, error) {
	p := f.Value.Packed
	r := p.Run(f.Value.E)
	if models {
		for d := p.Dict(run.SectionModels); len(d) > 0; d = d[2:] {
			r.Inputs.Models = append(r.Inputs.Models, d[0])
		}
	}
	refs, err := run.ParseDatasetRefs(p.Dict(run.SectionInputs))
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		d, err := s.datasets.Get(ctx, p.Exp, ref)
		if err != nil {
			return nil, err
		}
		r.Inputs.Datasets = append(r.Inputs.Datasets, mlflow.DatasetInput{Dataset: d, Tags: ref.Tags.Tags()})
	}
	return r, nil
}
