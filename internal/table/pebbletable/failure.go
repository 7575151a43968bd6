package pebbletable

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// A table whose directory cannot be written to, because the disk is full or
// fails, has failed: it keeps what was synced until then, as after a crash, and
// answers every call with an error that wraps [table.ErrBroken], since what is
// in memory may be more than that. Opened anew it goes on.

// Health returns nil, or why the table has failed.
func (t *Table) Health() error { return t.failure() }

// failure is nil until the table has failed.
func (t *Table) failure() error {
	if err := t.fs.failure(); err != nil {
		return fmt.Errorf("%w: %w", table.ErrBroken, err)
	}
	return nil
}

// corrupted fails the table because a file of it is damaged or missing. After
// a failure that is to be expected: what was not written cannot be read.
func (t *Table) corrupted(info pebble.DataCorruptionInfo) {
	t.fs.fail(fmt.Errorf("%s is damaged: %w", info.Path, info.Details))
}

// endAfterFailure closes the database once the table has failed, so that it
// does nothing and holds nothing any more.
func (t *Table) endAfterFailure() {
	select {
	case <-t.stop:
		return
	case <-t.fs.done:
	}
	t.log.Error("the table has failed and takes no calls until it is opened anew",
		slog.String("directory", t.dir), slog.Any("error", t.fs.failure()))
	t.mu.Lock() // calls under way end: no change fails any more
	defer t.mu.Unlock()
	if err := t.end(); err != nil {
		t.log.Warn("the failed table was not closed cleanly", slog.Any("error", err))
	}
}

// end closes the database, once. Nothing may use it.
func (t *Table) end() error {
	if t.ended {
		return nil
	}
	t.ended = true
	err := t.db.Close()
	switch {
	case t.failure() != nil:
		return errors.Join(err, t.fs.cutLog())
	case err != nil || t.dir == "":
		return err //nolint:wrapcheck // Pebble says enough
	}
	if err := writeClosed(t.fs.FS, t.dir); err != nil { // the next opening is as one after a crash
		t.log.Warn("the table was closed without a list of its files", slog.Any("error", err))
	}
	return nil
}
