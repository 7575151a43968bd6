package tabletest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	writers = 8
	rounds  = 10
)

func concurrentCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"add":         concurrentAdd,
		"revisions":   concurrentRevisions,
		"first wins":  concurrentAbsent,
		"raise":       concurrentRaise,
		"transfers":   concurrentTransfers,
		"batch write": concurrentBatches,
	}
}

// together runs f in several goroutines and requires that none fails.
func together(t *testing.T, f func(writer int) error) {
	t.Helper()
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() { errs[w] = f(w) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
}

func concurrentAdd(t *testing.T, f fixture) {
	together(t, func(int) error {
		for range rounds {
			if _, err := f.Update(t.Context(), table.Update{Key: key("p", "n"), Add: []table.Attr{num("n", 1)}}); err != nil {
				return err
			}
		}
		return nil
	})
	f.has(t, item("p", "n", num("n", writers*rounds)))
}

// concurrentRevisions loses no change to a document that is written on the
// condition that its revision has not moved.
func concurrentRevisions(t *testing.T, f fixture) {
	f.mustPut(t, item("p", "doc", num("rev", 0)))
	together(t, func(w int) error {
		doc := item("p", "doc", num("rev", 0))
		for i := 0; i < rounds; {
			next := doc.Clone()
			next.Set("rev", table.Number(doc.Num("rev")+1))
			next.Set(fmt.Sprintf("w%d.%d", w, i), table.String(""))
			err := f.Put(t.Context(), table.Put{Item: next, Cond: table.Equal(num("rev", doc.Num("rev")))})
			if ce, ok := errors.AsType[*table.ConditionError](err); ok {
				doc = ce.Item
				continue
			}
			if err != nil {
				return err
			}
			doc = next
			i++
		}
		return nil
	})
	it, ok, err := f.Get(t.Context(), key("p", "doc"), table.Strong)
	require.NoError(t, err)
	require.True(t, ok)
	require.EqualValues(t, writers*rounds, it.Num("rev"))
	require.Len(t, it.Attrs, writers*rounds+1)
}

func concurrentAbsent(t *testing.T, f fixture) {
	var mu sync.Mutex
	won := map[int]int{}
	together(t, func(w int) error {
		for i := range rounds {
			it := item("p", fmt.Sprint(i), num("w", int64(w)))
			err := f.Put(t.Context(), table.Put{Item: it, Cond: table.Absent()})
			if _, ok := errors.AsType[*table.ConditionError](err); ok {
				continue
			}
			if err != nil {
				return err
			}
			mu.Lock()
			won[i]++
			mu.Unlock()
		}
		return nil
	})
	require.Len(t, won, rounds)
	for i := range rounds {
		require.Equal(t, 1, won[i])
	}
}

func concurrentRaise(t *testing.T, f fixture) {
	together(t, func(w int) error {
		for i := range rounds {
			b := fmt.Sprintf("%04d", i*writers+w)
			_, err := f.Update(t.Context(), table.Update{Key: key("p", "r"), Raise: []table.Attr{bin("m", b)}})
			if _, ok := errors.AsType[*table.ConditionError](err); !ok && err != nil {
				return err
			}
		}
		return nil
	})
	f.has(t, item("p", "r", bin("m", fmt.Sprintf("%04d", writers*rounds-1))))
}

// concurrentTransfers moves amounts between accounts; their sum stays.
func concurrentTransfers(t *testing.T, f fixture) {
	const accounts = 4
	for i := range accounts {
		f.mustPut(t, item("p", fmt.Sprint(i), num("n", 100)))
	}
	together(t, func(w int) error {
		for i := range rounds {
			from, to := (w+i)%accounts, (w+i+1)%accounts
			err := f.Transact(t.Context(), fmt.Sprintf("%d-%d", w, i),
				table.Update{Key: key("p", fmt.Sprint(from)), Cond: table.Exists(), Add: []table.Attr{num("n", -1)}},
				table.Update{Key: key("p", fmt.Sprint(to)), Cond: table.Exists(), Add: []table.Attr{num("n", 1)}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	var sum int64
	for it, err := range table.Items(t.Context(), f, table.Query{PK: "p", To: "9"}) {
		require.NoError(t, err)
		sum += it.Num("n")
	}
	require.EqualValues(t, accounts*100, sum)
}

func concurrentBatches(t *testing.T, f fixture) {
	together(t, func(w int) error {
		items := make([]table.Item, 3*table.MaxBatchWrite)
		for i := range items {
			items[i] = item("p", fmt.Sprintf("%03d", i), num("w", int64(w)))
		}
		return f.BatchWrite(t.Context(), items, nil)
	})
	require.Len(t, f.sortKeys(t, table.Query{PK: "p", To: "999"}), 3*table.MaxBatchWrite)
}
