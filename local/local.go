// Package local opens a Store on the embedded table: a directory, or memory.
// It needs no AWS account, and is what users' unit tests run on.
//
// It is a package of its own so that programs which use DynamoDB link no
// database.
package local

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// Memory in place of a directory keeps the table in memory.
const Memory = ":memory:"

// Open opens the embedded table in a directory, made if it is absent, and
// makes it ready. dir may be [Memory], and may begin with "local:". Writes are
// on disk before they are acknowledged. A directory is for one process at a
// time: a second one gets an error. Within a process it may be opened any number
// of times, with different workspaces or the same: the Stores share the table,
// with the clock and the logger of the first, and the last one's Close releases
// the directory. Each opening of [Memory] is a table of its own.
func Open(ctx context.Context, dir string, opts ...dynamodbstore.Option) (*dynamodbstore.Store, error) {
	s, _, err := openTable(dir, opts)
	if err != nil {
		return nil, err
	}
	if err := s.Init(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Connect opens the embedded table in a directory that has one, for
// operators: unlike [Open] it makes nothing and leaves the configuration as it
// is.
func Connect(ctx context.Context, dir string, opts ...dynamodbstore.Option) (*dynamodbstore.Store, error) {
	dir = strings.TrimPrefix(dir, scheme)
	switch dir {
	case "":
		return nil, errNoDirectory
	case Memory:
		return nil, errors.New("a table in memory is there for its own process only")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	there, err := pebbletable.Exists(dir)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("%w: %s", table.ErrNoTable, dir)
	}
	s, t, err := openTable(dir, opts)
	if err != nil {
		return nil, err
	}
	if err := t.Init(ctx, false); err != nil { // another program's database
		return nil, errors.Join(fmt.Errorf("%w: %s", err, dir), s.Close())
	}
	return s, nil
}

var errNoDirectory = errors.New("local: names no directory; use local:<directory>, or local::memory: for none")

const scheme = "local:"

func openTable(dir string, opts []dynamodbstore.Option) (*dynamodbstore.Store, table.Table, error) {
	dir = strings.TrimPrefix(dir, scheme)
	clock, logger, err := dynamodbstore.TableOptions(opts...)
	if err != nil {
		return nil, nil, err
	}
	o := pebbletable.Options{Clock: clock, Logger: logger}
	var t table.Table
	switch dir {
	case "":
		return nil, nil, errNoDirectory
	case Memory:
		t, err = pebbletable.OpenMemory(o)
	default:
		t, err = openShared(dir, o)
	}
	if err != nil {
		return nil, nil, err
	}
	s, err := dynamodbstore.OpenTable(t, opts...)
	if err != nil {
		return nil, nil, errors.Join(err, t.Close())
	}
	return s, t, nil
}
