package mlflow

import (
	"context"
)

type GivenTimesKey struct{}

// WithTimesAsGiven returns a context in whose calls times are taken as they are
// given: zero is the beginning of 1970, and a run that ends without an end time
// has none. So does MLflow's REST API; package rest uses it. Without it a zero
// time means now, see [CreateRunParams], [UpdateRunParams] and [Metric].
func WithTimesAsGiven(ctx context.Context) context.Context {
	return context.WithValue(ctx, GivenTimesKey{}, true)
}
