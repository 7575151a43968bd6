// Package explain carries what a search did to who asked for it, by the context
// of the call.
package explain

import (
	"context"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Explanation says how a search found its results.
type Explanation struct {
	// Plan names what was read, and why: one phrase for each experiment whose
	// runs were found in another way than the others'. Of what the search
	// compares with it says nothing.
	Plan string
	// IndexRows is how many rows of indexes were read, ListRows how many rows
	// of run lists, Fetched how many runs were looked up for an index row, and
	// OpenRuns how many because their index rows may lag behind.
	IndexRows, ListRows, Fetched, OpenRuns int
	// Units is what the search has cost.
	Units table.Units
}

type reportKey struct{}

// With returns a context in which a search calls report at its end, failed or
// not, and before if it hands on what it has found: then it knows all but the
// cost of that.
func With(ctx context.Context, report func(Explanation)) context.Context {
	return context.WithValue(ctx, reportKey{}, report)
}

// Begin begins to explain a search; done ends it.
func Begin(ctx context.Context) (inner context.Context, e *Explanation, done func()) {
	e = new(Explanation)
	report, ok := ctx.Value(reportKey{}).(func(Explanation))
	if !ok {
		return ctx, e, func() {}
	}
	m := new(table.Meter)
	return table.WithMeter(ctx, m), e, func() {
		e.Units = m.Units()
		report(*e)
	}
}

// Say adds a phrase to the plan unless it says so already.
func (e *Explanation) Say(phrase string) {
	switch {
	case e.Plan == "":
		e.Plan = phrase
	case !strings.Contains(e.Plan, phrase):
		e.Plan += "; " + phrase
	}
}
