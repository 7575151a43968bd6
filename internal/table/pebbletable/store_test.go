package pebbletable

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func makeTable(t *testing.T, tab *Table, err error) *Table {
	t.Helper()
	require.NoError(t, err)
	require.NoError(t, tab.Init(t.Context(), true))
	return tab
}

func item(sk string, attrs ...table.Attr) table.Item {
	return table.NewItem(table.Key{PK: "p", SK: sk}, attrs...)
}

func ttlAttr(unix int64) table.Attr {
	return table.Attr{Name: table.TTLAttr, Value: table.Number(unix)}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tab, err := Open(dir, Options{})
	tab = makeTable(t, tab, err)
	require.NoError(t, tab.Put(t.Context(), table.Put{Item: item("s")}))
	require.NoError(t, tab.Transact(t.Context(), "token", table.Put{Item: item("t"), Cond: table.Absent()}))
	require.NoError(t, tab.Close())

	tab, err = Open(dir, Options{})
	require.NoError(t, err)
	require.NoError(t, tab.Init(t.Context(), false))
	_, ok, err := tab.Get(t.Context(), item("s").Key, table.Strong)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, tab.Transact(t.Context(), "token", table.Put{Item: item("t"), Cond: table.Absent()}), "a repetition")
	require.NoError(t, tab.Close())
}

const lockedDirEnv = "PEBBLETABLE_TEST_LOCKED_DIR"

// TestLockedChild is run by TestLocked in another process.
func TestLockedChild(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(lockedDirEnv)
	if dir == "" {
		return
	}
	_, err := Open(dir, Options{})
	require.ErrorIs(t, err, table.ErrLocked)
	require.Equal(t, "table is open in another process: "+dir, err.Error())
}

func TestLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tab, err := Open(dir, Options{})
	require.NoError(t, err)
	_, err = Open(dir, Options{})
	require.ErrorIs(t, err, table.ErrLocked)

	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLockedChild$")
	cmd.Env = append(os.Environ(), lockedDirEnv+"="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, tab.Close())

	file := dir + "/file"
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = Open(file, Options{})
	require.Error(t, err)
	require.NotErrorIs(t, err, table.ErrLocked)
}

func TestNewerFormat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tab, err := Open(dir, Options{})
	tab = makeTable(t, tab, err)
	require.NoError(t, tab.db.Set(metaKey(), []byte{formatVersion + 1}, pebble.Sync))
	require.NoError(t, tab.Close())
	_, err = Open(dir, Options{})
	require.ErrorIs(t, err, table.ErrSchema)
}

// TestCrash: whatever was acknowledged is there after a crash that loses all
// that was not synced.
func TestCrash(t *testing.T) {
	t.Parallel()
	fs := vfs.NewCrashableMem()
	tab, err := open("db", fs, nil, Options{})
	tab = makeTable(t, tab, err)
	for i := range 20 {
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: item(fmt.Sprintf("put%02d", i))}))
		require.NoError(t, tab.BatchWrite(t.Context(), []table.Item{item(fmt.Sprintf("batch%02d", i))}, nil))
		require.NoError(t, tab.Transact(t.Context(), fmt.Sprint(i), table.Put{Item: item(fmt.Sprintf("tx%02d", i))}))
		crashed := fs.CrashClone(vfs.CrashCloneCfg{})
		after, err := open("db", crashed, nil, Options{})
		require.NoError(t, err)
		page, err := after.Query(t.Context(), table.Query{PK: "p", To: "z"})
		require.NoError(t, err)
		require.Len(t, page.Items, 3*(i+1))
		require.NoError(t, after.Close())
	}
	require.NoError(t, tab.Close())
}

type testClock struct{ unix atomic.Int64 }

func (c *testClock) now() time.Time { return time.Unix(c.unix.Load(), 0) }

// rows counts the stored rows of one space.
func (t *Table) rows(tb testing.TB, space byte) int {
	tb.Helper()
	iter, err := t.db.NewIter(&pebble.IterOptions{LowerBound: []byte{space}, UpperBound: []byte{space + 1}})
	require.NoError(tb, err)
	n := 0
	for ok := iter.First(); ok; ok = iter.Next() {
		n++
	}
	require.NoError(tb, iter.Close())
	return n
}

func TestSweep(t *testing.T) {
	t.Parallel()
	clock := &testClock{}
	clock.unix.Store(1000)
	tab, err := OpenMemory(Options{Clock: clock.now, SweepInterval: -1})
	tab = makeTable(t, tab, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	ctx := t.Context()
	for i := range 3 * sweepChunk {
		require.NoError(t, tab.Put(ctx, table.Put{Item: item(fmt.Sprintf("%04d", i), ttlAttr(2000+int64(i%3)*1000))}))
	}
	require.NoError(t, tab.Transact(ctx, "token", table.Put{Item: item("keeps")}))
	require.Equal(t, 3*sweepChunk+1, tab.rows(t, itemSpace))
	require.Equal(t, 3*sweepChunk+1, tab.rows(t, expirySpace))

	n, err := tab.Sweep(ctx)
	require.NoError(t, err)
	require.Zero(t, n)
	clock.unix.Store(2000) // the first third, and the token
	n, err = tab.Sweep(ctx)
	require.NoError(t, err)
	require.Equal(t, sweepChunk+1, n)
	require.Zero(t, tab.rows(t, tokenSpace))
	clock.unix.Store(9000)
	n, err = tab.Sweep(ctx)
	require.NoError(t, err)
	require.Equal(t, 2*sweepChunk, n)
	require.Equal(t, 1, tab.rows(t, itemSpace))
	require.Zero(t, tab.rows(t, expirySpace))
}

// TestSweepSpares: what was written anew, freed or deleted is not removed, and
// leaves nothing in the index.
func TestSweepSpares(t *testing.T) {
	t.Parallel()
	clock := &testClock{}
	clock.unix.Store(1000)
	tab, err := OpenMemory(Options{Clock: clock.now, SweepInterval: -1})
	tab = makeTable(t, tab, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	ctx := t.Context()
	for _, sk := range []string{"longer", "freed", "gone", "anew"} {
		require.NoError(t, tab.Put(ctx, table.Put{Item: item(sk, ttlAttr(2000))}))
	}
	stale := appendExpiryKey(nil, 2000, appendKey(nil, item("longer").Key))
	require.NoError(t, tab.Put(ctx, table.Put{Item: item("longer", ttlAttr(5000))}))
	_, err = tab.Update(ctx, table.Update{Key: item("freed").Key, Remove: []string{table.TTLAttr}})
	require.NoError(t, err)
	require.NoError(t, tab.Delete(ctx, table.Delete{Key: item("gone").Key}))
	require.Equal(t, 2, tab.rows(t, expirySpace))
	clock.unix.Store(3000)
	require.NoError(t, tab.Put(ctx, table.Put{Item: item("anew"), Cond: table.Absent()}))

	removed, err := tab.sweepEntry(stale, 3000) // read before it was written anew
	require.NoError(t, err)
	require.False(t, removed)
	n, err := tab.Sweep(ctx)
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, 3, tab.rows(t, itemSpace))
	require.Equal(t, 1, tab.rows(t, expirySpace))
}

// TestSweeper waits for the sweep that the table does by itself.
func TestSweeper(t *testing.T) {
	t.Parallel()
	tab, err := OpenMemory(Options{SweepInterval: time.Millisecond})
	tab = makeTable(t, tab, err)
	require.NoError(t, tab.Put(t.Context(), table.Put{Item: item("s", ttlAttr(1))}))
	require.Eventually(t, func() bool { return tab.rows(t, itemSpace) == 0 }, time.Minute, time.Millisecond)
	require.NoError(t, tab.Close())
	_, err = tab.Sweep(t.Context())
	require.ErrorIs(t, err, table.ErrClosed)
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo}))
	tab, err := Open(t.TempDir(), Options{Logger: log})
	require.NoError(t, err)
	require.NoError(t, tab.Close())
	require.Empty(t, out.String(), "nothing but debug messages")

	logger{log}.Errorf("trouble %d", 1)
	require.Contains(t, out.String(), "trouble 1")
	require.PanicsWithValue(t, "pebble failed: x", func() { logger{log}.Fatalf("x") })
}

// TestCloseWaits: calls under way end well, later ones with ErrClosed.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	tab, err := OpenMemory(Options{SweepInterval: time.Millisecond})
	tab = makeTable(t, tab, err)
	done := make(chan error)
	started := make(chan struct{}, 4)
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				if err := tab.Put(context.WithoutCancel(t.Context()), table.Put{Item: item(fmt.Sprint(w, i))}); err != nil {
					done <- err
					return
				}
				if i == 10 {
					started <- struct{}{}
				}
			}
		}()
	}
	for range 4 {
		<-started
	}
	require.NoError(t, tab.Close())
	for range 4 {
		require.ErrorIs(t, <-done, table.ErrClosed)
	}
}

// TestBigBatch writes more than one synced group.
func TestBigBatch(t *testing.T) {
	t.Parallel()
	tab, err := OpenMemory(Options{})
	tab = makeTable(t, tab, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	var puts []table.Item
	for i := range 100 {
		puts = append(puts, item(fmt.Sprintf("%03d", i), table.Attr{Name: "x", Value: table.String(strings.Repeat("x", 100_000))}))
	}
	var m table.Meter
	require.NoError(t, tab.BatchWrite(table.WithMeter(t.Context(), &m), puts, nil))
	require.Equal(t, table.Units{Requests: 4, Write: 9800}, m.Units())
}
