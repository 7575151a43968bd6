package page

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

// Found is something that a search has found.
type Found[T any] struct {
	Value T
	Tuple filter.Tuple // its place in the order; searches in the order of a list need none
}

// SortFound brings what was found into an order.
func SortFound[T any](order filter.Order, list []Found[T]) {
	slices.SortFunc(list, func(a, b Found[T]) int { return order.Compare(a.Tuple, b.Tuple) })
}

// Firsts keeps the first max in an order of what it is offered, or fewer if they
// take more than most bytes.
type Firsts[T any] struct {
	Order filter.Order
	Max   int
	list  []Found[T] // a heap whose root is the last in order
	// size is how many bytes something takes; nil: there is no limit.
	Size       func(T) int
	Most, held int
	Cut        bool // there were more, which took too much
}

// Offer keeps a copy of the tuple, if it keeps any.
func (t *Firsts[T]) Offer(it T, tuple filter.Tuple) {
	if len(t.list) < t.Max {
		t.list = PushHeap(t.list, Found[T]{it, CloneTuple(tuple)}, t.behind)
		t.hold(it)
		return
	}
	if t.Order.Compare(tuple, t.list[0].Tuple) < 0 {
		t.release(t.list[0].Value)
		t.list[0] = Found[T]{it, CloneTuple(tuple)}
		SinkRoot(t.list, t.behind)
		t.hold(it)
	}
}

// hold counts what something takes. If that is too much with all the others, the
// last ones go, and what comes behind them is not kept any more.
func (t *Firsts[T]) hold(it T) {
	if t.Size == nil {
		return
	}
	for t.held += t.Size(it); t.held > t.Most && len(t.list) > 1; {
		t.release(t.list[0].Value)
		t.list = PopHeap(t.list, t.behind)
		t.Max, t.Cut = len(t.list), true
	}
}

func (t *Firsts[T]) release(it T) {
	if t.Size != nil {
		t.held -= t.Size(it)
	}
}

// CloneTuple returns a position that shares nothing with t.
func CloneTuple(t filter.Tuple) filter.Tuple {
	c := slices.Clone(t)
	for i := range c {
		c[i].Str = strings.Clone(c[i].Str)
	}
	return c
}

// behind is the order of the heap: its root is the last in that of the search.
func (t *Firsts[T]) behind(a, b *Found[T]) bool { return t.Order.Compare(a.Tuple, b.Tuple) > 0 }

// Take returns what was kept, in order.
func (t *Firsts[T]) Take() []Found[T] {
	SortFound(t.Order, t.list)
	return t.list
}
