package fence

import (
	"errors"
	"log/slog"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/groupcommit"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// cachedRuns is how many heads, and shapes of registers, are held.
const cachedRuns = 4096

// Store opens and settles the runs of one workspace.
type Store struct {
	reader
	*Shared
	settings    *settings.Store
	index       *index.Writer
	experiments *experiment.Store
	rows        *run.Rows
}

// reader reads runs with all that belongs to them.
type reader struct{ *workspace.View }

// Shared is what the Stores of all workspaces of a table have in common.
type Shared struct {
	heads     *groupcommit.Committer[workspace.ID, *headChange]
	headCache *lru.Cache[workspace.ID, *run.Head]
	shapes    *lru.Cache[workspace.ID, *Shape]
	settling  *settleQueue
}

// NewShared returns what Stores share.
func NewShared(logger *slog.Logger) (*Shared, error) {
	heads, err := lru.New[workspace.ID, *run.Head](cachedRuns)
	shapes, shapesErr := lru.New[workspace.ID, *Shape](cachedRuns)
	return &Shared{
		heads:     groupcommit.New(workspace.WriteTimeout, flushHead),
		headCache: heads, shapes: shapes, settling: newSettleQueue(logger),
	}, errors.Join(err, shapesErr)
}

// StopSettling waits for the run that is being settled, and settles no more.
func (s *Shared) StopSettling() { s.settling.Close() }

// Close waits for changes of heads under way, and refuses further ones.
func (s *Shared) Close() { s.heads.Close() }

// WaitSettled waits until the runs that searches have queued are settled.
func (s *Shared) WaitSettled() { s.settling.Wait() }

// WaitWritten waits for changes whose callers have gone.
func (s *Shared) WaitWritten() { s.heads.Wait() }

// New returns the Store of a workspace.
func New(
	v *workspace.View, shared *Shared, s *settings.Store, w *index.Writer, e *experiment.Store, rows *run.Rows,
) *Store {
	return &Store{reader: reader{v}, Shared: shared, settings: s, index: w, experiments: e, rows: rows}
}
