package dynamodbstore

import (
	"context"
	"iter"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
)

// CreateRun makes a run in an active experiment and returns it.
//
// Not one transaction: open row, list row and registers first, the head last.
// A run without a head does not exist, so a crash in between leaves rows that
// searches skip and remove later. Behind the head the experiment is read: if it
// is deleted by now, whatever this Store knew of it, the run is taken back and
// refused. A crash before that leaves a run of a deleted experiment, as if it had
// been made before. 3 requests, 4 WCU for a head below 1 KB, 1 RCU for each 4 KB
// of the experiment; 1 more of both unless it was used within a second.
func (s *Store) CreateRun(ctx context.Context, p CreateRunParams) (*Run, error) {
	v, err := s.tracking.Create(ctx, p)
	return v, failure(err)
}

// GetRun returns a run, deleted or not; RESOURCE_DOES_NOT_EXIST if there is
// none. Head, metrics and overflow are read in one query, which is not a
// snapshot across items. 2 requests, 2 RCU for a run below 4 KB; datasets
// that are not cached cost more.
func (s *Store) GetRun(ctx context.Context, id string) (*Run, error) {
	v, err := s.tracking.Get(ctx, id)
	return v, failure(err)
}

// UpdateRun changes status, end time and name of an active run, and returns
// what it is then. A terminal status settles the run. It goes by the known state
// of the experiment, see [Store]. Steps as transition
// says; otherwise atomic. Ending a small run: 7 requests, 5 WCU and 1 for each
// index row: latest metrics, params, denormalized tags and trigrams of its name.
func (s *Store) UpdateRun(ctx context.Context, p UpdateRunParams) (*RunInfo, error) {
	v, err := s.tracking.Update(ctx, p)
	return v, failure(err)
}

// DeleteRun marks a run as deleted; deleting a deleted one changes nothing.
// It expires after the retention of soft-deleted entities, in a deleted
// experiment with that: whoever restores an experiment need not look for runs
// that were deleted meanwhile.
//
// The run is settled with its mark, the head in one transaction with the row
// that lists deleted runs and a check that its experiment is in the generation
// that the mark counts in: a run never gets an expiry that a restored
// experiment does not know of. 7 requests, 10 WCU for a small open run,
// whatever its history.
func (s *Store) DeleteRun(ctx context.Context, id string) error {
	return failure(s.tracking.Delete(ctx, id))
}

// RestoreRun brings a deleted run back; restoring an active one changes
// nothing. Steps as transition says. 8 requests, 6 WCU for a small run.
func (s *Store) RestoreRun(ctx context.Context, id string) error {
	return failure(s.tracking.Restore(ctx, id))
}

// LogBatch logs metrics, params and tags to an active run, by the known state of
// its experiment, see [Store]. All of it is validated before anything is written. As in MLflow it is not atomic as a
// whole: params and tags are one write, metrics follow.
// 3 requests with all three kinds; see [Store.LogMetric] and [Store.LogParam].
//
// Metrics of logged models are attached to those behind the run's, and tags
// follow last, in MLflow's order: what a model refuses is attached to none, and
// keeps the tags from being set, while what the run got stays. 1 or 2 requests
// more for each model, and 1 for the tags; 4 WCU or more for a model, 1 RCU if
// there are several.
func (s *Store) LogBatch(ctx context.Context, p LogBatchParams) error {
	return failure(s.tracking.LogBatch(ctx, p))
}

// LogParam logs one param of an active run, by the known state of its experiment,
// see [Store]. Params are immutable: another value is INVALID_PARAMETER_VALUE, the
// same one changes nothing. Atomic.
// 1 request, 1 WCU for each KB of the head.
func (s *Store) LogParam(ctx context.Context, run string, p Param) error {
	return failure(s.tracking.LogParam(ctx, run, p))
}

// SetTag sets one tag of an active run, by the known state of its experiment, see
// [Store]; the tag mlflow.runName renames it. Atomic. 1 request, 1 WCU for each KB of the head; 3 WCU in all for a small
// run that was settled.
func (s *Store) SetTag(ctx context.Context, run string, t Tag) error {
	return failure(s.tracking.SetTag(ctx, run, t))
}

// DeleteTag removes one tag of an active run, by the known state of its
// experiment, see [Store]; RESOURCE_DOES_NOT_EXIST if it has none of that key. Atomic. Costs as [Store.SetTag].
func (s *Store) DeleteTag(ctx context.Context, run, key string) error {
	return failure(s.tracking.DeleteTag(ctx, run, key))
}

// LogOutputs attaches models to an active run that it has made, by the known state
// of its experiment, see [Store]; whether they exist does not matter. A model that the run has at another step is
// BAD_REQUEST, where MLflow refuses the same step too: so a request whose
// answer was lost can be repeated.
//
// Atomic while the run is small, see [Store.LogParam]. 1 request, 1 WCU for
// each KB of the head; 3 WCU in all for a small run that was settled.
func (s *Store) LogOutputs(ctx context.Context, run string, models []ModelOutput) error {
	return failure(s.tracking.LogOutputs(ctx, run, models))
}

// LogModel adds a model, a JSON object, to the list in the tag
// mlflow.log-model.history of an active run, by the known state of its experiment,
// see [Store], as clients before MLflow 3 do for each model that they log. What the list holds stays as it is written. A run
// that does not exist is RESOURCE_DOES_NOT_EXIST; one that is deleted, a tag
// that is no list, and a list that would pass the 400 KB of an item are
// INVALID_PARAMETER_VALUE. As in MLflow the list may pass the 8,000 characters
// of other tags, unless [WithTruncateLongValues] is off: half a list is no JSON.
//
// Atomic: none of several that are logged at once is lost, by whichever
// servers. A call that is repeated because its answer was lost adds the model
// twice, as in MLflow. 1 request, 1 WCU for each KB of the head; 3 WCU in all
// for a small run that was settled. A list in an item of its own: 3 requests,
// and 2 WCU and 1 RCU for each KB of the list.
//
// Source: MLflow 3.17, store/tracking/sqlalchemy_store.py, record_logged_model.
func (s *Store) LogModel(ctx context.Context, run, model string) error {
	return failure(s.tracking.LogModel(ctx, run, model))
}

// SearchRuns returns the runs of some experiments that match a filter, newest
// first unless OrderBy says otherwise. MaxResults 0 means 1,000. A page may be
// short, or empty, and still have a NextPageToken.
//
// Every run is as it was at some moment of the call, and none is missed that
// matches all the time. In the default order the call reads only up to the end
// of the page, and jumps over runs that an index of a metric, param, tag or
// name shows not to match. An order by one of those reads as much of its index
// as the page needs. Any other order reads all runs of the experiments, or few
// candidates of an index. [WithExplanation] tells which.
//
// A page of 100 small finished runs is 2 requests and 22 RCU; a run that an
// index leads to costs 1 RCU, one that is not settled 2. A search that takes
// two minutes ends with [ErrUnavailable].
func (s *Store) SearchRuns(ctx context.Context, p SearchRunsParams) (Page[*Run], error) {
	v, err := s.search.SearchRuns(ctx, p)
	return v, failure(err)
}

// AllRuns iterates over all pages of SearchRuns. It stops at the first error,
// which it yields.
func (s *Store) AllRuns(ctx context.Context, p SearchRunsParams) iter.Seq2[*Run, error] {
	return page.All(func(token string) (Page[*Run], error) {
		if token != "" {
			p.PageToken = token
		}
		return s.SearchRuns(ctx, p)
	})
}

// VisitRuns is [Store.SearchRuns] for whoever passes runs on and keeps none: it
// calls visit with those of the page, in their order, and returns the token of
// the next page. An error of visit ends it and is returned as it is. A page ends,
// with a token to go on, where its runs take more than 24 MB as they are stored,
// so that this is what a call takes, and a run more.
func (s *Store) VisitRuns(ctx context.Context, p SearchRunsParams, visit func(*Run) error) (nextPageToken string, err error) {
	v := visitor[*Run]{visit: visit}
	token, err := s.search.VisitRuns(ctx, p, v.see)
	return token, v.failure(err)
}
