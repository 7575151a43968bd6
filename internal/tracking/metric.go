package tracking

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/groupcommit"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// metricChange is one caller's points for one run.
type metricChange struct {
	s      *Store
	points []mlflow.Metric
	state  *experiment.State
}

// LogMetric logs one point of a metric to an active run.
func (s *Store) LogMetric(ctx context.Context, run string, m mlflow.Metric) error {
	if err := validate.MetricDatasets(m); err != nil {
		return err
	}
	if err := validate.Metric(m, ""); err != nil {
		return err
	}
	m.Timestamp = s.orNow(ctx, m.Timestamp)
	if m.ModelID != "" {
		if err := s.logActiveModelMetric(ctx, run, m); err != nil {
			return err
		}
	}
	return s.logMetrics(ctx, run, []mlflow.Metric{m})
}

// logMetrics logs points of a run; none checks that the run is active.
func (s *Store) logMetrics(ctx context.Context, run string, points []mlflow.Metric) error {
	return s.fence.InState(ctx, run, func(e *experiment.State) error { return s.logMetricsIn(ctx, run, points, e) })
}

func (s *Store) logMetricsIn(ctx context.Context, run string, points []mlflow.Metric, e *experiment.State) error {
	if e.Stage != mlflow.StageActive || len(points) == 0 {
		if err := s.fence.CheckRunActive(ctx, run, e); err != nil || len(points) == 0 {
			return err
		}
	}
	clean := make([]mlflow.Metric, len(points))
	for i, m := range points {
		m.Value = validate.ClampInf(m.Value)
		clean[i] = m
	}
	return s.metrics.Do(ctx, s.Own(run), &metricChange{s: s, points: clean, state: e})
}

// flushMetrics writes the points of a group: registers, then history.
func flushMetrics(ctx context.Context, of workspace.ID, group []*groupcommit.Change[*metricChange]) {
	s, run := group[0].What.s, of.Name
	points := group[0].What.points
	for _, ch := range group[1:] {
		points = append(points, ch.What.points...)
	}
	err := s.fence.RaiseRegisters(table.DeferSync(ctx), run, group[len(group)-1].What.state, latest(points))
	if err == nil {
		err = s.appendHistory(ctx, run, points)
	}
	for _, ch := range group {
		ch.Err = err
	}
}

// latest returns the registers of the latest point of each key, sorted.
func latest(points []mlflow.Metric) packed.Dict {
	if len(points) == 1 {
		return packed.Dict{points[0].Key, point.NewRegister(&points[0])}
	}
	best := make(map[string]point.Register, min(len(points), 64))
	for i := range points {
		r := point.NewRegister(&points[i])
		if old, ok := best[points[i].Key]; !ok || r > old {
			best[points[i].Key] = r
		}
	}
	names := make([]string, 0, len(best))
	for k := range best {
		names = append(names, k)
	}
	slices.Sort(names)
	d := make(packed.Dict, 0, 2*len(names))
	for _, k := range names {
		d = append(d, k, best[k])
	}
	return d
}
