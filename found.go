package dynamodbstore

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

// found is something that a search has found.
type found[T any] struct {
	it    T
	tuple filter.Tuple // its place in the order; searches in the order of a list need none
}

// sortFound brings what was found into an order.
func sortFound[T any](order filter.Order, list []found[T]) {
	slices.SortFunc(list, func(a, b found[T]) int { return order.Compare(a.tuple, b.tuple) })
}

// firsts keeps the first max in an order of what it is offered, or fewer if they
// take more than most bytes.
type firsts[T any] struct {
	order filter.Order
	max   int
	list  []found[T] // a heap whose root is the last in order
	// size is how many bytes something takes; nil: there is no limit.
	size       func(T) int
	most, held int
	cut        bool // there were more, which took too much
}

// offer keeps a copy of the tuple, if it keeps any.
func (t *firsts[T]) offer(it T, tuple filter.Tuple) {
	if len(t.list) < t.max {
		t.list = pushHeap(t.list, found[T]{it, cloneTuple(tuple)}, t.behind)
		t.hold(it)
		return
	}
	if t.order.Compare(tuple, t.list[0].tuple) < 0 {
		t.release(t.list[0].it)
		t.list[0] = found[T]{it, cloneTuple(tuple)}
		sinkRoot(t.list, t.behind)
		t.hold(it)
	}
}

// hold counts what something takes. If that is too much with all the others, the
// last ones go, and what comes behind them is not kept any more.
func (t *firsts[T]) hold(it T) {
	if t.size == nil {
		return
	}
	for t.held += t.size(it); t.held > t.most && len(t.list) > 1; {
		t.release(t.list[0].it)
		t.list = popHeap(t.list, t.behind)
		t.max, t.cut = len(t.list), true
	}
}

func (t *firsts[T]) release(it T) {
	if t.size != nil {
		t.held -= t.size(it)
	}
}

func cloneTuple(t filter.Tuple) filter.Tuple {
	c := slices.Clone(t)
	for i := range c {
		c[i].Str = strings.Clone(c[i].Str)
	}
	return c
}

// behind is the order of the heap: its root is the last in that of the search.
func (t *firsts[T]) behind(a, b *found[T]) bool { return t.order.Compare(a.tuple, b.tuple) > 0 }

// take returns what was kept, in order.
func (t *firsts[T]) take() []found[T] {
	sortFound(t.order, t.list)
	return t.list
}
