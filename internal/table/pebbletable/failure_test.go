package pebbletable

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// fullDisk is a disk of which one call that changes it fails.
type fullDisk struct {
	vfs.FS
	at    atomic.Int64 // the call that fails, from 1; 0: none
	calls atomic.Int64
	hit   atomic.Pointer[errorfs.Op]
}

func newFullDisk(on vfs.FS, at int64) *fullDisk {
	d := &fullDisk{}
	d.at.Store(at)
	d.FS = errorfs.Wrap(on, errorfs.InjectorFunc(d.count))
	return d
}

func (d *fullDisk) count(op errorfs.Op) error {
	removes := op.Kind == errorfs.OpRemove || op.Kind == errorfs.OpRemoveAll
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead || removes || op.Kind == errorfs.OpFilePreallocate {
		return nil
	}
	if d.calls.Add(1) != d.at.Load() {
		return nil
	}
	d.hit.Store(&op)
	return &vfsError{op}
}

// smallMemTables makes tables that flush often.
func smallMemTables() Options { return Options{memTableBytes: 512 << 10, SweepInterval: -1} }

// vfsError is what the system says.
type vfsError struct{ op errorfs.Op }

func (e *vfsError) Error() string { return e.op.Path + ": " + syscall.ENOSPC.Error() }
func (e *vfsError) Unwrap() error { return syscall.ENOSPC }

// outcome is what a workload was told.
type outcome struct {
	done   []string // acknowledged
	failed string   // told to have failed
}

// writeUntilFull writes until the table fails, enough for several memtables. What it
// defers is acknowledged with the write that follows.
func writeUntilFull(t *testing.T, tab *Table) outcome {
	t.Helper()
	ctx := t.Context()
	big := table.Attr{Name: "x", Value: table.String(strings.Repeat("x", 60_000))}
	var o outcome
	try := func(name string, write func() error) bool {
		err := write()
		if err == nil {
			o.done = append(o.done, name)
			return true
		}
		require.ErrorIs(t, err, table.ErrBroken)
		require.ErrorIs(t, err, syscall.ENOSPC)
		o.failed = name
		return false
	}
	if !try("", func() error { return tab.Init(ctx, true) }) {
		return o
	}
	for i := range 12 {
		put, deferred, tx, batch := fmt.Sprintf("put%02d", i), fmt.Sprintf("deferred%02d", i), fmt.Sprintf("tx%02d", i), fmt.Sprintf("batch%02d", i)
		ok := try(put, func() error { return tab.Put(ctx, table.Put{Item: item(put, big)}) }) &&
			try(tx, func() error {
				if err := tab.Put(table.DeferSync(ctx), table.Put{Item: item(deferred)}); err != nil {
					return err
				}
				return tab.Transact(ctx, tx, table.Put{Item: item(tx), Cond: table.Absent()})
			}) &&
			try(batch, func() error {
				return tab.BatchWrite(ctx, []table.Item{item(batch, big), item(batch+"b", big)}, nil)
			})
		if !ok {
			return o
		}
		o.done = append(o.done, deferred)
	}
	return o
}

// there returns what can be read.
func there(t *testing.T, tab *Table) map[string]bool {
	t.Helper()
	found := map[string]bool{"": true}
	for after := ""; ; {
		page, err := tab.Query(t.Context(), table.Query{PK: "p", To: "z", After: after})
		require.NoError(t, err)
		for i := range page.Items {
			found[page.Items[i].Key.SK] = true
		}
		if after = page.Next; after == "" {
			return found
		}
	}
}

// TestFullDisk lets each call that changes the disk fail once. From then on the
// table serves nothing; opened anew it has all that was acknowledged, nothing
// that failed, and takes writes.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	reached := map[string]bool{}
	for at := int64(1); ; at++ {
		mem := vfs.NewMem()
		disk := newFullDisk(mem, at)
		tab, err := open("db", disk, nil, smallMemTables())
		var o outcome
		if err == nil {
			o = writeUntilFull(t, tab)
			if disk.hit.Load() != nil {
				_, _, err := tab.Get(t.Context(), item("put00").Key, table.Strong)
				require.ErrorIs(t, err, table.ErrBroken)
				require.ErrorIs(t, tab.Health(), syscall.ENOSPC)
				require.ErrorIs(t, tab.Sync(t.Context()), table.ErrBroken)
			} else {
				require.NoError(t, tab.Health())
			}
			require.NoError(t, tab.Close())
			require.ErrorIs(t, tab.Sync(t.Context()), table.ErrClosed)
		} else {
			require.ErrorIs(t, err, syscall.ENOSPC)
		}
		hit := disk.hit.Load()
		if hit == nil {
			break
		}
		kind := hit.Path[strings.LastIndexByte(hit.Path, '.')+1:]
		reached[kind] = true
		checkReopened(t, mem, o, kind == "log", fmt.Sprintf("call %d, %v", at, *hit))
	}
	for _, kind := range []string{"log", "sst"} {
		require.True(t, reached[kind], kind)
	}
}

func checkReopened(t *testing.T, disk vfs.FS, o outcome, failedInLog bool, msg string) {
	t.Helper()
	tab, err := open("db", disk, nil, Options{})
	require.NoError(t, err, msg)
	require.NoError(t, tab.Init(t.Context(), true), msg)
	found := there(t, tab)
	for _, name := range o.done {
		require.True(t, found[name], "%s: %s was acknowledged", msg, name)
	}
	if failedInLog {
		require.False(t, found[o.failed] && o.failed != "", "%s: %s failed", msg, o.failed)
	}
	require.NoError(t, tab.Put(t.Context(), table.Put{Item: item("more")}), msg)
	require.NoError(t, tab.Close(), msg)
}

// TestFullDiskAtOpening lets each call fail while a table is opened that a
// crash has left.
func TestFullDiskAtOpening(t *testing.T) {
	t.Parallel()
	mem := vfs.NewCrashableMem()
	tab, err := open("db", mem, nil, smallMemTables())
	require.NoError(t, err)
	o := writeUntilFull(t, tab)
	crashed := mem.CrashClone(vfs.CrashCloneCfg{})
	require.NoError(t, tab.Close())
	for at := int64(1); ; at++ {
		disk := newFullDisk(crashed, at)
		tab, err := open("db", disk, nil, Options{})
		if disk.hit.Load() == nil {
			require.NoError(t, err)
			require.NoError(t, tab.Close())
			break
		}
		if err == nil { // it failed behind the opening
			require.NoError(t, tab.Close())
		}
		require.True(t, err == nil || errors.Is(err, syscall.ENOSPC), err)
	}
	checkReopened(t, crashed, o, false, "at last")
}

// TestFullDiskCrowd: of writers that are under way when the disk is full none
// is stuck, and none is told that it has written what is not there later.
func TestFullDiskCrowd(t *testing.T) {
	t.Parallel()
	for at := int64(20); at < 100; at += 20 {
		mem := vfs.NewMem()
		disk := newFullDisk(mem, 0)
		tab, err := open("db", disk, nil, smallMemTables())
		tab = makeTable(t, tab, err)
		disk.at.Store(disk.calls.Load() + at)
		big := table.Attr{Name: "x", Value: table.String(strings.Repeat("x", 100_000))}
		done := make(chan outcome)
		for w := range 8 {
			go func() {
				var o outcome
				for i := 0; o.failed == ""; i++ {
					name := fmt.Sprintf("%d-%d", w, i)
					if err := tab.Put(t.Context(), table.Put{Item: item(name, big)}); err != nil {
						o.failed = err.Error()
						break
					}
					o.done = append(o.done, name)
				}
				done <- o
			}()
		}
		var all outcome
		for range 8 {
			o := <-done
			require.Contains(t, o.failed, "table cannot write: ")
			all.done = append(all.done, o.done...)
		}
		require.NoError(t, tab.Close())
		checkReopened(t, mem, all, false, fmt.Sprint("call ", at))
	}
}
