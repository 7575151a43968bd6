package dynamodbstore

import (
	"context"
	"errors"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// cachedRuns is how many runs and heads the caches hold.
	cachedRuns = 4096
	// cachedExperiments is how many experiment states are held.
	cachedExperiments = 1024
	// cachedLoggedModels is how many documents of logged models are held, each
	// below 20 KB but for what has no limit: names, types and runs.
	cachedLoggedModels = 512
	// cachedUses is how many dataset uses are known to be there.
	cachedUses = 4096
	// cachedHeadBytes is the size up to which a head is cached.
	cachedHeadBytes = 32 << 10
)

// Store keeps MLflow tracking data in one table. It is safe for concurrent
// use, by any number of processes on the same table.
//
// Methods return an *[Error] with MLflow's code and text for everything a
// client can mend, and the context's error when it ends. After another error a
// write may have been applied or not; repeating it is safe.
//
// A Store may go by the state that an experiment had up to a second ago when
// something is logged to a run of it, or the run is updated: after another Store
// has deleted the experiment that may succeed for a second. Nothing is refused,
// nothing made in an experiment and nothing read by what is not current.
type Store struct {
	*view
	createTable bool
	settings    *settings

	heads   *committer[scoped, *headChange]
	metrics *committer[scoped, *metricChange]
	models  *committer[scoped, modelTask]

	headCache *lru.Cache[scoped, *runHead]
	shapes    *lru.Cache[scoped, *metricShape]
	expCache  *lru.Cache[scoped, *cachedState]
	bodies    *lru.Cache[string, Dataset]
	uses      *lru.Cache[string, struct{}] // keys of dataset uses that are there
	modelDocs *lru.Cache[scoped, *loggedModelDoc]

	settling *settleQueue
	rollups  *workQueue
	closing  *sync.Once
}

// OpenTable returns a Store on a table of this module, for the embedded table
// and for tests; it does no I/O. Close closes the table.
func OpenTable(t table.Table, opts ...Option) (*Store, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	v := o.view.of(t)
	s := &Store{view: v, createTable: o.createTable == nil || *o.createTable, closing: new(sync.Once)}
	s.heads = newCommitter(writeTimeout, flushHead)
	s.metrics = newCommitter(writeTimeout, flushMetrics)
	s.models = newCommitter(writeTimeout, flushModels)
	s.settling = newSettleQueue(s.logger)
	s.rollups = newWorkQueue("roll up history", rollUpWorkers, o.logger)
	var errs [7]error
	s.headCache, errs[0] = lru.New[scoped, *runHead](cachedRuns)
	s.shapes, errs[1] = lru.New[scoped, *metricShape](cachedRuns)
	s.expCache, errs[2] = lru.New[scoped, *cachedState](cachedExperiments)
	s.bodies, errs[3] = lru.New[string, Dataset](cachedBodies)
	s.modelDocs, errs[4] = lru.New[scoped, *loggedModelDoc](cachedLoggedModels)
	s.uses, errs[5] = lru.New[string, struct{}](cachedUses)
	sharedSet, err := newSharedSettings()
	errs[6] = err
	s.settings = newSettings(v, sharedSet)
	return s, errors.Join(errs[:]...)
}

// Init makes the table unless it exists, merges the environment into the
// persisted configuration and makes experiment 0, "Default". Safe to call
// from several processes at once, and again.
func (s *Store) Init(ctx context.Context) error {
	if err := s.t.Init(ctx, s.createTable); errors.Is(err, table.ErrClosed) {
		return failure(err)
	} else if err != nil {
		return err
	}
	if err := s.settings.reconcile(ctx); err != nil {
		return err
	}
	return s.createDefaultExperiment(ctx)
}

// Close waits for writes under way, then closes the table if the Store opened
// it. Calls of other methods fail then with an error that wraps [ErrClosed]. A
// second Close does nothing and succeeds.
func (s *Store) Close() (err error) {
	s.closing.Do(func() { err = s.close() })
	return err
}

func (s *Store) close() error {
	s.settling.close()
	s.rollups.close()
	s.metrics.close()
	s.models.close()
	s.heads.close()
	return s.t.Close()
}

// Health returns nil while the table may be used, and an error with
// [CodeTemporarilyUnavailable] once an embedded table could not write to its
// directory, because the disk is full for instance. Such a table serves nothing
// more: what is in memory may be more than what is on disk. Close the Store and
// open it anew; all that was acknowledged is there then. It makes no request,
// so that a table of DynamoDB is always healthy.
func (s *Store) Health() error { return failure(table.Health(s.t)) }

// failure turns an error of the table into one for callers: what is an
// *Error, a context's end or nil stays, throttling and unavailability get
// their MLflow codes, the rest is internal.
func failure(err error) error {
	var known *Error
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, table.ErrThrottled):
		return &Error{Code: CodeResourceExhausted, Message: "The table throttles requests, please try again later.", Err: err}
	case errors.Is(err, table.ErrUnavailable), errors.Is(err, errSlow):
		return &Error{Code: CodeTemporarilyUnavailable, Message: "The table is unavailable, please try again later.", Err: err}
	case errors.Is(err, table.ErrBroken):
		return &Error{Code: CodeTemporarilyUnavailable, Message: "The table cannot be written, please try again later.", Err: err}
	case errors.Is(err, ErrClosed), errors.Is(err, table.ErrClosed):
		return &Error{Code: CodeTemporarilyUnavailable, Message: "The store is closed.", Err: ErrClosed}
	case errors.Is(err, table.ErrConflict): // nothing was written: clients may repeat a creation
		return &Error{Code: CodeResourceExhausted, Message: "The store is busy, please try again later.", Err: err}
	case errors.Is(err, table.ErrLimit):
		return &Error{Code: CodeInvalidParameterValue, Message: limitText(err), Err: err}
	default:
		return &Error{Code: CodeInternalError, Message: "The table cannot be used.", Err: err}
	}
}
