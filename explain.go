package dynamodbstore

import (
	"context"
	"strings"
)

// Explanation says how a search found its results, see [WithExplanation].
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
	Units Units
}

type explanationKey struct{}

// WithExplanation returns a context in which a search fills e with what it
// did. Give each search its own.
func WithExplanation(ctx context.Context, e *Explanation) context.Context {
	return context.WithValue(ctx, explanationKey{}, e)
}

// explain begins to explain a search; done ends it.
func explain(ctx context.Context) (inner context.Context, e *Explanation, done func()) {
	e, ok := ctx.Value(explanationKey{}).(*Explanation)
	if !ok {
		return ctx, &Explanation{}, func() {}
	}
	*e = Explanation{}
	m := new(Meter)
	return WithMeter(ctx, m), e, func() { e.Units = m.Units() }
}

// say adds a phrase to the plan unless it says so already.
func (e *Explanation) say(phrase string) {
	switch {
	case e.Plan == "":
		e.Plan = phrase
	case !strings.Contains(e.Plan, phrase):
		e.Plan += "; " + phrase
	}
}
