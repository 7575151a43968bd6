package tabletest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

const (
	seeds     = 8
	callsEach = 400
)

func TestMain(m *testing.M) { ddblocal.Main(m) }

// TestDifferential makes the same random calls on both backends and compares
// items, errors, the items of failed conditions, and units.
func TestDifferential(t *testing.T) {
	t.Parallel()
	calls := callsEach
	if testing.Short() {
		calls /= 4
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			var now atomic.Int64 // ahead of DynamoDB Local, which removes what expires by the real time
			now.Store(time.Now().Add(time.Hour).Unix())
			clock := func() time.Time { return time.Unix(now.Load(), 0) }
			embedded, err := pebbletable.OpenMemory(pebbletable.Options{Clock: clock})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, embedded.Close()) })
			require.NoError(t, embedded.Init(t.Context(), true))
			remote := ddblocal.NewTableWith(t, dynamo.Options{Clock: clock})

			g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), now: &now}
			for i := range calls {
				c := g.call(i)
				want, got := c.run(t.Context(), remote), c.run(t.Context(), embedded)
				require.Equal(t, want.result, got.result, "call %d: %s", i, c.name)
				c.compareUnits(t, i, want.units, got.units)
			}
		})
	}
}

// call is one random call.
type call struct {
	name    string
	do      func(ctx context.Context, tab table.Table) (string, error)
	deletes int  // of a batch: DynamoDB Local counts one too many for those that meet nothing
	several bool // operations of a transaction: DynamoDB Local counts those of equal units once
	paged   bool // a scan in pages: its units depend on the order of items
}

type outcome struct {
	result string
	units  table.Units
}

func (c call) run(ctx context.Context, tab table.Table) outcome {
	var m table.Meter
	result, err := c.do(table.WithMeter(ctx, &m), tab)
	return outcome{result + " " + errorString(err), m.Units()}
}

func (c call) compareUnits(t *testing.T, i int, want, got table.Units) {
	t.Helper()
	msg := fmt.Sprintf("call %d: %s", i, c.name)
	switch {
	case c.deletes > 0:
		require.Equal(t, want.Requests, got.Requests, msg)
		require.GreaterOrEqual(t, want.Write, got.Write, msg)
		require.LessOrEqual(t, want.Write, got.Write+float64(c.deletes), msg)
	case c.paged:
		require.InDelta(t, want.Requests, got.Requests, 1, msg) // of which the last may be empty
	case c.several:
		require.Equal(t, want.Requests, got.Requests, msg)
		require.LessOrEqual(t, want.Write, got.Write, msg)
	default:
		require.Equal(t, want, got, msg)
	}
}

func errorString(err error) string {
	if err == nil {
		return "ok"
	}
	if ce, ok := errors.AsType[*table.ConditionError](err); ok {
		return fmt.Sprintf("condition %v %v %s", ce.Key, ce.Found, itemString(ce.Item))
	}
	if ce, ok := errors.AsType[*table.CanceledError](err); ok {
		var parts []string
		for i, f := range ce.Failed {
			parts = append(parts, fmt.Sprintf("%03d: %s", i, errorString(f)))
		}
		slices.Sort(parts)
		return "cancelled " + strings.Join(parts, "; ")
	}
	for _, s := range []error{table.ErrLimit, table.ErrConflict, table.ErrNoTable, table.ErrThrottled} {
		if errors.Is(err, s) {
			return s.Error()
		}
	}
	return "unexpected: " + err.Error()
}

func itemString(it table.Item) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q {", it.Key.PK, it.Key.SK)
	for _, a := range it.Attrs {
		fmt.Fprintf(&b, "%s:%d:%d:%q:%q ", a.Name, a.Value.Kind(), a.Value.Num(), a.Value.Str(), a.Value.Strings())
	}
	return b.String() + "}"
}

func itemsString(items []table.Item) string {
	var b strings.Builder
	for _, it := range items {
		b.WriteString(itemString(it) + "\n")
	}
	return b.String()
}

// generator makes random calls on few keys with few attributes.
type generator struct {
	*rand.Rand
	now *atomic.Int64
}

func (g *generator) call(i int) call {
	switch g.IntN(13) {
	case 0:
		return g.get()
	case 1:
		return g.batchGet()
	case 2, 3:
		return g.query()
	case 4, 5:
		p := table.Put{Item: g.item(), Cond: g.cond()}
		return call{name: fmt.Sprintf("put %+v", p), do: func(ctx context.Context, tab table.Table) (string, error) {
			return "", tab.Put(ctx, p)
		}}
	case 6:
		d := table.Delete{Key: g.key(), Cond: g.cond()}
		return call{name: fmt.Sprintf("delete %+v", d), do: func(ctx context.Context, tab table.Table) (string, error) {
			return "", tab.Delete(ctx, d)
		}}
	case 7, 8:
		u := g.update()
		return call{name: fmt.Sprintf("update %+v", u), do: func(ctx context.Context, tab table.Table) (string, error) {
			it, err := tab.Update(ctx, u)
			return itemString(it), err
		}}
	case 9:
		return g.batchWrite()
	case 10:
		g.now.Add(g.Int64N(500))
		return g.get()
	case 11:
		return g.scan()
	}
	return g.transact(i)
}

func (g *generator) consistency() table.Consistency { return g.IntN(3) == 0 }

func (g *generator) get() call {
	k, c := g.key(), g.consistency()
	return call{name: fmt.Sprintf("get %v %v", k, c), do: func(ctx context.Context, tab table.Table) (string, error) {
		it, ok, err := tab.Get(ctx, k, c)
		return fmt.Sprint(ok, itemString(it)), err
	}}
}

func (g *generator) keys(most int) []table.Key {
	seen := map[table.Key]bool{}
	var keys []table.Key
	for range g.IntN(most) + 1 {
		if k := g.key(); !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

func (g *generator) batchGet() call {
	keys, c := g.keys(8), g.consistency()
	return call{name: fmt.Sprintf("batch get %v %v", keys, c), do: func(ctx context.Context, tab table.Table) (string, error) {
		items, err := tab.BatchGet(ctx, keys, c)
		slices.SortFunc(items, func(a, b table.Item) int { return a.Key.Compare(b.Key) })
		return itemsString(items), err
	}}
}

func (g *generator) query() call {
	q := table.Query{
		PK: g.key().PK, From: g.key().SK, To: g.key().SK, Descending: g.IntN(2) == 0, Consistency: g.consistency(),
	}
	if q.From > q.To && g.IntN(8) > 0 {
		q.From, q.To = q.To, q.From
	}
	if g.IntN(2) == 0 {
		q.Limit = g.IntN(6) + 1
	}
	if g.IntN(3) == 0 {
		q.From, q.To = "", "\x7f"
	}
	if g.IntN(3) == 0 {
		q.After = g.key().SK
	}
	return call{name: fmt.Sprintf("query %+v", q), do: func(ctx context.Context, tab table.Table) (string, error) {
		page, err := tab.Query(ctx, q)
		return itemsString(page.Items) + page.Next, err
	}}
}

// scan reads the whole table. The backends differ in the order of items, and
// so in what each page rounds up.
func (g *generator) scan() call {
	sc := table.Scan{Consistency: g.consistency()}
	if g.IntN(2) == 0 {
		sc.Limit = g.IntN(40) + 1
	}
	return call{
		name: fmt.Sprintf("scan %+v", sc), paged: sc.Limit > 0,
		do: func(ctx context.Context, tab table.Table) (string, error) {
			var items []table.Item
			for it, err := range table.ScanItems(ctx, tab, sc) {
				if err != nil {
					return "", err
				}
				items = append(items, it)
			}
			slices.SortFunc(items, func(a, b table.Item) int { return a.Key.Compare(b.Key) })
			return itemsString(items), nil
		},
	}
}

func (g *generator) batchWrite() call {
	keys := g.keys(6)
	n := g.IntN(len(keys) + 1)
	var puts []table.Item
	for _, k := range keys[:n] {
		it := g.item()
		it.Key = k
		puts = append(puts, it)
	}
	deletes := keys[n:]
	return call{
		name: fmt.Sprintf("batch write %v %v", puts, deletes), deletes: len(deletes),
		do: func(ctx context.Context, tab table.Table) (string, error) {
			return "", tab.BatchWrite(ctx, puts, deletes)
		},
	}
}

func (g *generator) transact(i int) call {
	var ops []table.Op
	for _, k := range g.keys(4) {
		switch g.IntN(4) {
		case 0:
			it := g.item()
			it.Key = k
			ops = append(ops, table.Put{Item: it, Cond: g.cond()})
		case 1:
			ops = append(ops, table.Delete{Key: k, Cond: g.cond()})
		case 2:
			u := g.update()
			u.Key, u.Add = k, nil // which error of several comes back is not defined
			ops = append(ops, u)
		case 3:
			ops = append(ops, table.Check{Key: k, Cond: g.cond()})
		}
	}
	return call{
		name: fmt.Sprintf("transact %+v", ops), several: len(ops) > 1,
		do: func(ctx context.Context, tab table.Table) (string, error) {
			return "", tab.Transact(ctx, fmt.Sprint("t", i), ops...)
		},
	}
}

func (g *generator) key() table.Key {
	pks := []string{"p", "p\x00", "pp", "ü"}
	sks := []string{"a", "a#1", "a#2", "b", "\x00", "b\x00", "c", "é"}
	return table.Key{PK: pks[g.IntN(len(pks))], SK: sks[g.IntN(len(sks))]}
}

func (g *generator) cond() table.Cond {
	switch g.IntN(6) {
	case 0:
		return table.Absent()
	case 1:
		return table.Exists()
	case 2:
		return table.Equal(table.Attr{Name: "rev", Value: table.Number(g.Int64N(2))})
	case 3:
		return table.Equal(
			table.Attr{Name: "rev", Value: table.Number(g.Int64N(2))},
			table.Attr{Name: "s", Value: table.String(strings.Repeat("s", g.IntN(2)))})
	}
	return table.Cond{}
}

func (g *generator) item() table.Item {
	attrs := []table.Attr{{Name: "rev", Value: table.Number(g.Int64N(2))}}
	if g.IntN(2) == 0 {
		attrs = append(attrs, table.Attr{Name: "s", Value: table.String(strings.Repeat("s", g.IntN(2)))})
	}
	if g.IntN(3) == 0 {
		attrs = append(attrs, g.ttl())
	}
	for _, name := range []string{"a", "b", "c"} {
		if g.IntN(2) == 0 {
			attrs = append(attrs, table.Attr{Name: name, Value: g.value()})
		}
	}
	return table.NewItem(g.key(), attrs...)
}

func (g *generator) ttl() table.Attr {
	unix := g.now.Load()
	if g.IntN(3) > 0 {
		unix += g.Int64N(1500) - 200
	}
	return table.Attr{Name: table.TTLAttr, Value: table.Number(unix)}
}

func (g *generator) value() table.Value {
	text := func() string { return strings.Repeat("xé", g.IntN(2)*g.IntN(2)*g.IntN(900)) + "t" }
	switch g.IntN(6) {
	case 0:
		return table.Number(g.Int64() >> g.IntN(64) * (1 - 2*g.Int64N(2)))
	case 1:
		return table.Number(g.Int64N(100) * 1000)
	case 2:
		return table.Bytes(text())
	case 3:
		l := make([]string, g.IntN(4))
		for i := range l {
			l[i] = text()
		}
		return table.List(l)
	case 4:
		var kv []string
		for i := range g.IntN(4) {
			kv = append(kv, fmt.Sprint("k", i), text())
		}
		return table.Map(kv)
	}
	return table.String(text())
}

func (g *generator) register(name string) table.Attr {
	return table.Attr{Name: name, Value: table.Bytes(string([]byte{byte(g.IntN(4))}))}
}

// update names each attribute once.
func (g *generator) update() table.Update {
	u := table.Update{Key: g.key(), Cond: g.cond(), Return: g.IntN(2) == 0}
	if g.IntN(3) == 0 { // few enough registers to meet what they hold
		u.Key, u.Cond = table.Key{PK: "p", SK: "a"}, table.Cond{}
		u.Raise = []table.Attr{g.register("r1")}
		if g.IntN(2) == 0 {
			u.Raise = append(u.Raise, g.register("r2"))
		}
		return u
	}
	names := []string{"a", "b", "c", "d", "r1", "r2", "n1"}
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:g.IntN(4)]
	for _, name := range names {
		switch g.IntN(4) {
		case 0:
			u.Set = append(u.Set, table.Attr{Name: name, Value: g.value()})
		case 1:
			u.Remove = append(u.Remove, name)
		case 2:
			u.Raise = append(u.Raise, g.register(name))
		case 3:
			u.Add = append(u.Add, table.Attr{Name: name, Value: table.Number(g.Int64N(100) - 50)})
		}
	}
	if g.IntN(5) == 0 {
		u.Set = append(u.Set, g.ttl())
	}
	if g.IntN(8) == 0 {
		u.Set = append(u.Set, table.Attr{Name: "rev", Value: table.Number(g.Int64N(2))})
	}
	slices.SortFunc(u.Set, func(a, b table.Attr) int { return cmp.Compare(a.Name, b.Name) })
	return u
}
