package dynamodbstore

import (
	"context"
	"slices"
)

type givenTimesKey struct{}

// WithTimesAsGiven returns a context in whose calls times are taken as they are
// given: zero is the beginning of 1970, and a run that ends without an end time
// has none. So does MLflow's REST API; package rest uses it. Without it a zero
// time means now, see [CreateRunParams], [UpdateRunParams] and [Metric].
func WithTimesAsGiven(ctx context.Context) context.Context {
	return context.WithValue(ctx, givenTimesKey{}, true)
}

// zeroIsMeant reports whether a zero time is no more than that.
func (s *Store) zeroIsMeant(ctx context.Context) bool {
	return s.timesAsGiven || ctx.Value(givenTimesKey{}) != nil
}

// orNow is a time, or now if it is zero and not meant.
func (s *Store) orNow(ctx context.Context, ms int64) int64 {
	if ms == 0 && !s.zeroIsMeant(ctx) {
		return s.nowMillis()
	}
	return ms
}

// stampMetrics gives those metrics the present time that have none. It does
// not change the caller's.
func (s *Store) stampMetrics(ctx context.Context, metrics []Metric) []Metric {
	zero := func(m Metric) bool { return m.Timestamp == 0 }
	if s.zeroIsMeant(ctx) || !slices.ContainsFunc(metrics, zero) {
		return metrics
	}
	now := s.nowMillis()
	metrics = slices.Clone(metrics)
	for i := range metrics {
		if zero(metrics[i]) {
			metrics[i].Timestamp = now
		}
	}
	return metrics
}

// endOf is the end time that an update of a run means: that of the end if the
// run ends, has no end yet and is given none.
func (s *Store) endOf(ctx context.Context, p UpdateRunParams) func(was *int64) *int64 {
	end := p.EndTime
	if end != nil {
		at := s.orNow(ctx, *end)
		end = &at
	} else if p.Status.Terminal() && !s.zeroIsMeant(ctx) {
		now := s.nowMillis()
		return func(was *int64) *int64 {
			if was != nil {
				return was
			}
			return &now
		}
	}
	return func(was *int64) *int64 {
		if end != nil {
			return end
		}
		return was
	}
}
