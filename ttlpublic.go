package dynamodbstore

import "context"

// ApplyTTLParams are the parameters of [Store.ApplyTTLPolicy].
type ApplyTTLParams struct{ PassOptions }

// ApplyTTLReport says what a pass has done.
type ApplyTTLReport struct {
	Seen    int64 // experiments, runs, deleted logged models and items of metric history
	Changed int64 // of them, those whose expiry was changed
	Units   Units
}

// ApplyTTLPolicy gives what the workspace holds the expiry that the present
// policy says: deleted experiments, runs and logged models, counted from their
// deletion, and points of metrics, counted from when they were logged. A retention of 0
// takes expiries away. What would be due within a day, or long ago, gets a day
// from now, so that a policy set by mistake can be taken back; what is due
// sooner anyway stays. An expiry that is right within an hour stays. Points
// that a version without times of writing has logged count as logged when the
// first pass meets them.
//
// Nothing that lives gets an expiry: each item is written atomically on the
// condition that it is deleted still, so a restoration at the same moment
// wins. A pass that was interrupted goes on where it stopped; if the policy is
// changed while it is under way it starts over.
//
// Reads everything but the content of experiments that are gone: run lists,
// heads, metric history. Writes 1 WCU for each KB of a history item, 12 for a
// run, 10 for an experiment, 4 for a logged model.
func (s *Store) ApplyTTLPolicy(ctx context.Context, params ApplyTTLParams) (ApplyTTLReport, error) {
	at, err := s.applyTTLPolicy(ctx, params.PassOptions.engine())
	return ApplyTTLReport{at.seen, at.changed, Units(at.units)}, failure(err)
}
