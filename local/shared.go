package local

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// tables are those that the process has open, by their directories. The lock of
// a directory belongs to the process, so this does, too.
var tables = struct { //nolint:gochecknoglobals // see above
	mu   sync.Mutex
	open map[string]*shared
}{open: map[string]*shared{}}

// shared is a table with the number of those who use it.
type shared struct {
	*pebbletable.Table
	users int
}

// handle is one use of a table.
type handle struct {
	*pebbletable.Table
	dir    string
	closed sync.Once
}

// openShared opens a table, or uses one that the process has open.
func openShared(dir string, opts pebbletable.Options) (*handle, error) {
	tables.mu.Lock()
	defer tables.mu.Unlock()
	name, err := realPath(dir)
	if err != nil {
		return nil, err
	}
	if t := tables.open[name]; t != nil {
		if err := t.Health(); err != nil {
			return nil, fmt.Errorf("another Store of this process has %s still open: %w", dir, err)
		}
		t.users++
		return &handle{Table: t.Table, dir: name}, nil
	}
	t, err := pebbletable.Open(dir, opts)
	if err != nil {
		return nil, err
	}
	if name, err = realPath(dir); err != nil { // it may be new
		return nil, errors.Join(err, t.Close())
	}
	tables.open[name] = &shared{t, 1}
	return &handle{Table: t, dir: name}, nil
}

// realPath is the one path of a directory; one that is absent has another once
// it is there.
func realPath(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", dir, err)
	}
	if found, err := filepath.EvalSymlinks(path); err == nil {
		return found, nil
	}
	return path, nil
}

// Close ends the use, and closes the table after the last one.
func (h *handle) Close() (err error) {
	h.closed.Do(func() {
		tables.mu.Lock()
		defer tables.mu.Unlock()
		t := tables.open[h.dir]
		if t.users--; t.users == 0 {
			delete(tables.open, h.dir)
			err = h.Table.Close()
		}
	})
	return err
}
