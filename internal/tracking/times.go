package tracking

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// zeroIsMeant reports whether a zero time is no more than that.
func (s *Store) zeroIsMeant(ctx context.Context) bool {
	return s.TimesAsGiven || mlflow.TimesAsGiven(ctx)
}

// orNow is a time, or now if it is zero and not meant.
func (s *Store) orNow(ctx context.Context, ms int64) int64 {
	if ms == 0 && !s.zeroIsMeant(ctx) {
		return s.NowMillis()
	}
	return ms
}

// stampMetrics gives those metrics the present time that have none. It does
// not change the caller's.
func (s *Store) stampMetrics(ctx context.Context, metrics []mlflow.Metric) []mlflow.Metric {
	zero := func(m mlflow.Metric) bool { return m.Timestamp == 0 }
	if s.zeroIsMeant(ctx) || !slices.ContainsFunc(metrics, zero) {
		return metrics
	}
	now := s.NowMillis()
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
func (s *Store) endOf(ctx context.Context, p mlflow.UpdateRunParams) func(was *int64) *int64 {
	end := p.EndTime
	if end != nil {
		at := s.orNow(ctx, *end)
		end = &at
	} else if p.Status.Terminal() && !s.zeroIsMeant(ctx) {
		now := s.NowMillis()
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
