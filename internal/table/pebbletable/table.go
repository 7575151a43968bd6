package pebbletable

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// formatVersion is stored by Init. A newer one is refused.
const formatVersion = 1

const dirMode = 0o700

// Table is a [table.Table] on Pebble.
type Table struct {
	db      *pebble.DB
	fs      *faultFS
	dir     string
	lock    *pebble.Lock // nil in memory
	clock   func() time.Time
	log     *slog.Logger
	locks   *locks
	buffers bufferPool

	made atomic.Bool // Init has made the table

	mu     sync.RWMutex // held by every operation, and exclusively by Close
	closed bool         // by Close
	ended  bool         // db is closed
	stop   chan struct{}
	tasks  sync.WaitGroup
}

var _ table.Table = (*Table)(nil)

// Open opens the database in dir and makes the directory if needed. The table
// in it has to be made by [Table.Init] once. An error wraps
// [table.ErrLocked] when another process has the directory open,
// [table.ErrSchema] when a newer version wrote it, and [table.ErrDirectory] when
// it holds other files, or not all that the table had when it was closed.
func Open(dir string, opts Options) (*Table, error) {
	if err := checkDirectory(vfs.Default, dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("make table directory: %w", err)
	}
	lock, err := pebble.LockDirectory(dir, vfs.Default)
	if err != nil {
		return nil, lockError(dir, err)
	}
	t, err := open(dir, vfs.Default, lock, opts)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return t, nil
}

// Exists reports whether dir is the directory of a database, and makes
// nothing. A directory that is absent has none.
func Exists(dir string) (bool, error) {
	if names, err := vfs.Default.List(dir); err == nil {
		if err := checkMarkers(dir, names); err != nil {
			return false, err
		}
	}
	d, err := pebble.Peek(dir, vfs.Default)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for a table in %s: %w", dir, err)
	}
	return d.Exists, nil
}

// OpenMemory opens an empty table that is kept in memory, for tests. It too
// has to be made by [Table.Init].
func OpenMemory(opts Options) (*Table, error) {
	return open("", vfs.NewMem(), nil, opts)
}

func open(dir string, fsys vfs.FS, lock *pebble.Lock, opts Options) (*Table, error) {
	opts = opts.withDefaults()
	t := &Table{
		fs: newFaultFS(fsys), dir: dir, lock: lock, clock: opts.Clock, log: opts.Logger, locks: newLocks(),
		stop: make(chan struct{}),
	}
	if err := t.openDB(opts); err != nil {
		return nil, err
	}
	t.tasks.Go(t.endAfterFailure)
	if opts.SweepInterval > 0 {
		t.startSweeper(opts.SweepInterval)
	}
	return t, nil
}

func (t *Table) openDB(opts Options) error {
	if t.dir != "" {
		closed, err := takeClosed(t.fs.FS, t.dir)
		if err != nil {
			return err
		}
		if !closed && hasLog(t.fs.FS, t.dir) {
			t.log.Warn("the table was not closed when it was last used; its log is read up to the last whole record in it",
				slog.String("directory", t.dir))
		}
	}
	db, err := pebble.Open(t.dir, opts.pebble(t.fs, t.lock, t.corrupted))
	if err == nil {
		t.db = db
		if err = t.readFormat(); err == nil && t.failure() == nil {
			return nil
		}
		err = errors.Join(err, db.Close())
	}
	if failed := t.failure(); failed != nil { // whatever else came of it
		return failed
	}
	if pebble.IsCorruptionError(err) {
		return refuse("the table in %s is damaged, restore it from a copy: %w", t.dir, err)
	}
	return fmt.Errorf("open table in %s: %w", t.dir, err)
}

// lockError tells a directory that is locked from one that cannot be used.
func lockError(dir string, err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("open table in %s: %w", dir, err)
	}
	return fmt.Errorf("%w: %s", table.ErrLocked, dir)
}

func metaKey() []byte { return append([]byte{metaSpace}, "format"...) }

func (t *Table) readFormat() error {
	v, closer, err := t.db.Get(metaKey())
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read table format: %w", err)
	}
	known := len(v) == 1 && v[0] <= formatVersion
	if err := closer.Close(); err != nil {
		return fmt.Errorf("read table format: %w", err)
	}
	if !known {
		return fmt.Errorf("%w: written by a newer version", table.ErrSchema)
	}
	t.made.Store(true)
	return nil
}

// Init makes the table if it is absent and create is true.
func (t *Table) Init(ctx context.Context, create bool) (err error) {
	if err := t.enter(ctx); err != nil {
		return err
	}
	defer t.leave(&err)
	if t.made.Load() {
		return nil
	}
	if !create {
		return table.ErrNoTable
	}
	if err := t.db.Set(metaKey(), []byte{formatVersion}, pebble.Sync); err != nil {
		return fmt.Errorf("make table: %w", err)
	}
	t.made.Store(true)
	return nil
}

// Exclusive reports true: the directory is locked.
func (t *Table) Exclusive() bool { return true }

// Close waits for operations under way, stops the sweep and closes the
// database. Later calls of any method return [table.ErrClosed].
func (t *Table) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return table.ErrClosed
	}
	t.closed = true
	t.mu.Unlock()
	close(t.stop)
	t.tasks.Wait()
	err := t.end()
	if t.lock != nil {
		err = errors.Join(err, t.lock.Close())
	}
	if err != nil {
		return fmt.Errorf("close table: %w", err)
	}
	return nil
}

// enter starts an operation that [Table.leave] ends; Close waits for it.
func (t *Table) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.mu.RLock()
	err := t.failure()
	if t.closed {
		err = table.ErrClosed
	}
	if err != nil {
		t.mu.RUnlock()
	}
	return err
}

// leave ends an operation. What it has read or written counts for nothing if
// the table has failed meanwhile.
func (t *Table) leave(err *error) {
	if failed := t.failure(); failed != nil {
		*err = failed
	}
	t.mu.RUnlock()
}

// use is enter for operations on items.
func (t *Table) use(ctx context.Context) error {
	if err := t.enter(ctx); err != nil {
		return err
	}
	if !t.made.Load() {
		t.mu.RUnlock()
		return table.ErrNoTable
	}
	return nil
}

// now returns the time that items expire by, in epoch seconds.
func (t *Table) now() int64 { return t.clock().Unix() }
