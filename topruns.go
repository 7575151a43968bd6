package dynamodbstore

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

// topRuns keeps the first max runs of an order.
type topRuns struct {
	order filter.Order
	max   int
	runs  []foundRun // a heap whose root is the last in order, once it is full
}

func (t *topRuns) offer(f foundRun, tuple filter.Tuple) {
	if len(t.runs) < t.max {
		f.tuple = cloneTuple(tuple)
		t.runs = append(t.runs, f)
		t.up(len(t.runs) - 1)
		return
	}
	if t.order.Compare(tuple, t.runs[0].tuple) < 0 {
		f.tuple = cloneTuple(tuple)
		t.runs[0] = f
		t.down(0)
	}
}

func cloneTuple(t filter.Tuple) filter.Tuple {
	c := slices.Clone(t)
	for i := range c {
		c[i].Str = strings.Clone(c[i].Str)
	}
	return c
}

func (t *topRuns) after(i, j int) bool { return t.order.Compare(t.runs[i].tuple, t.runs[j].tuple) > 0 }

func (t *topRuns) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.after(i, parent) {
			return
		}
		t.runs[i], t.runs[parent] = t.runs[parent], t.runs[i]
		i = parent
	}
}

func (t *topRuns) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.runs) {
			return
		}
		if child+1 < len(t.runs) && t.after(child+1, child) {
			child++
		}
		if !t.after(child, i) {
			return
		}
		t.runs[i], t.runs[child] = t.runs[child], t.runs[i]
		i = child
	}
}

// take returns the runs in order.
func (t *topRuns) take() []foundRun {
	slices.SortFunc(t.runs, func(a, b foundRun) int { return t.order.Compare(a.tuple, b.tuple) })
	return t.runs
}
