package mlflow

import "context"

type givenTimesKey struct{}

// WithTimesAsGiven returns a context in whose calls times are taken as they are
// given: zero is the beginning of 1970, and a run that ends without an end time
// has none. So does MLflow's REST API; package rest uses it. Without it a zero
// time means now, see [CreateRunParams], [UpdateRunParams] and [Metric].
func WithTimesAsGiven(ctx context.Context) context.Context {
	return context.WithValue(ctx, givenTimesKey{}, true)
}

// TimesAsGiven reports whether a zero time is no more than that in a context.
func TimesAsGiven(ctx context.Context) bool { return ctx.Value(givenTimesKey{}) != nil }
