package dynamodbstore

import (
	"context"
	"iter"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
)

// CreateExperiment makes an experiment and returns its id. Names are unique,
// those of deleted experiments included: RESOURCE_ALREADY_EXISTS.
//
// Atomic: one transaction of document, name and list rows; the trigrams of the
// name are written before, where nobody follows them without a document.
// 4 requests, 1 RCU, and 9 WCU for an experiment below 1 KB, 1 more for each
// trigram: the characters of its name less two.
func (s *Store) CreateExperiment(ctx context.Context, p CreateExperimentParams) (string, error) {
	v, err := s.experiments.Create(ctx, p)
	return v, failure(err)
}

// EnsureExperiment returns the id of the active experiment of a name and makes
// it, with what else p has, if there is none of that name. Of any number of
// callers, in any processes, all get the same id and one has made it. An
// experiment that is there stays as it is. One that is deleted holds its name:
// INVALID_PARAMETER_VALUE, as MLflow's set_experiment has it; restore it, or
// delete it for good.
//
// Atomic as [Store.CreateExperiment] is. 2 requests, 2 RCU for one that is there;
// else 1 request, 1 RCU more than a creation.
// Source: MLflow 3.17, tracking/fluent.py, set_experiment.
func (s *Store) EnsureExperiment(ctx context.Context, p CreateExperimentParams) (string, error) {
	v, err := s.experiments.Ensure(ctx, p)
	return v, failure(err)
}

// GetExperiment returns an experiment, deleted or not; RESOURCE_DOES_NOT_EXIST
// if there is none. 1 request, 1 RCU for each 4 KB of the experiment.
func (s *Store) GetExperiment(ctx context.Context, id string) (*Experiment, error) {
	v, err := s.experiments.Get(ctx, id)
	return v, failure(err)
}

// GetExperimentByName returns the experiment of that name, deleted or not;
// RESOURCE_DOES_NOT_EXIST if there is none. 2 requests, 2 RCU for an
// experiment below 4 KB.
func (s *Store) GetExperimentByName(ctx context.Context, name string) (*Experiment, error) {
	v, err := s.experiments.GetByName(ctx, name)
	return v, failure(err)
}

// SearchExperiments returns the experiments that match a filter, newest first
// unless OrderBy says otherwise. MaxResults 0 means 1,000.
//
// An order by creation time, last update or name reads up to the end of the
// page, in the other direction too; any other order reads all experiments. A
// name or ids that the filter names, or few candidates of a LIKE, are looked up
// instead. [WithExplanation] tells which. 1 RCU for each 4 KB read: about 8 RCU
// for 100 small experiments; in the order of names, and for candidates, 1 for
// each. A
// search that takes two minutes ends with [ErrUnavailable].
func (s *Store) SearchExperiments(ctx context.Context, p SearchExperimentsParams) (Page[*Experiment], error) {
	v, err := s.experiments.Search(ctx, p)
	return v, failure(err)
}

// AllExperiments iterates over all pages of SearchExperiments. It stops at the
// first error, which it yields.
func (s *Store) AllExperiments(ctx context.Context, p SearchExperimentsParams) iter.Seq2[*Experiment, error] {
	return page.All(func(token string) (Page[*Experiment], error) {
		if token != "" {
			p.PageToken = token
		}
		return s.SearchExperiments(ctx, p)
	})
}

// RenameExperiment gives an active experiment another name. Atomic with the
// old name's release. 2 requests, 1 RCU and 10 to 14 WCU below 1 KB.
func (s *Store) RenameExperiment(ctx context.Context, id, name string) error {
	return failure(s.experiments.Rename(ctx, id, name))
}

// SetExperimentTag sets one tag of an active experiment. Atomic. 2 requests,
// 6 WCU below 1 KB.
func (s *Store) SetExperimentTag(ctx context.Context, id string, t Tag) error {
	return failure(s.experiments.SetTag(ctx, id, t))
}

// DeleteExperimentTag removes one tag of an active experiment;
// RESOURCE_DOES_NOT_EXIST if it has none of that key. Atomic. 3 requests at
// most, 6 WCU below 1 KB.
func (s *Store) DeleteExperimentTag(ctx context.Context, id, key string) error {
	return failure(s.experiments.DeleteTag(ctx, id, key))
}

// DeleteExperiment marks an active experiment as deleted, and with it all its
// runs; RESOURCE_DOES_NOT_EXIST if there is none that is active. It expires
// after the retention of soft-deleted entities; the default one never does.
//
// Atomic. 2 requests, 10 WCU below 1 KB, whatever the number of its runs.
func (s *Store) DeleteExperiment(ctx context.Context, id string) error {
	return failure(s.experiments.Delete(ctx, id))
}

// RestoreExperiment brings a deleted experiment back, and with it all its
// runs, those deleted one by one included; RESOURCE_DOES_NOT_EXIST if there is
// none that is deleted.
//
// The runs deleted one by one are freed from their expiry first, each
// atomically, then the experiment flips in one transaction: after a crash in
// between it is still deleted, and repeating the call finishes the work.
// 10 WCU below 1 KB, and about 8 for each run deleted by itself.
func (s *Store) RestoreExperiment(ctx context.Context, id string) error {
	return failure(s.tracking.RestoreExperiment(ctx, id))
}
