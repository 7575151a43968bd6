package loggedmodel

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/history"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// modelPoints are points of a logged model that one run has logged for one
// dataset.
type modelPoints struct {
	run             string
	dataset, digest string // "" without one
	record          string // as EncodeRecord writes it
}

// packModelMetrics writes points for a model's document: run, dataset, digest
// and record in turn, as strings.
func packModelMetrics(groups []modelPoints) string {
	var b []byte
	for _, g := range groups {
		for _, s := range []string{g.run, g.dataset, g.digest, g.record} {
			b = packed.AppendString(b, s)
		}
	}
	return string(b)
}

// parseModelMetrics is the inverse of packModelMetrics.
func parseModelMetrics(s string) ([]modelPoints, error) {
	var groups []modelPoints
	r := packed.Reader{S: s}
	for r.S != "" {
		groups = append(groups, modelPoints{r.Str(), r.Str(), r.Str(), r.Str()})
	}
	if r.Bad {
		return nil, packed.ErrPacked
	}
	return groups, nil
}

// modelPointsOf reads points that stand in an item of their own.
func modelPointsOf(it table.Item) modelPoints {
	return modelPoints{it.Str(keys.RunID), it.Str(keys.Name), it.Str(keys.Key), it.Str(keys.Points)}
}

// item is the item of points that do not fit the document. Its key is the
// hash of its content, so that a repetition overwrites itself.
func (g modelPoints) item(ks keys.Space, model string) table.Item {
	key := ks.LoggedModelPoints(model, keys.Hash(g.run, g.dataset, g.digest, g.record))
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.RunID, Value: table.String(g.run)},
		{Name: keys.Points, Value: table.Bytes(g.record)},
	}
	if g.dataset != "" {
		attrs = append(attrs, table.Attr{Name: keys.Name, Value: table.String(g.dataset)},
			table.Attr{Name: keys.Key, Value: table.String(g.digest)})
	}
	return table.NewItem(key, attrs...)
}

// unpackModelPoints returns the points of a model by key, timestamp, step and
// run. These identify a point: of several only the first stays.
func unpackModelPoints(model string, groups []modelPoints) ([]mlflow.RunMetric, error) {
	var all []mlflow.RunMetric
	var column []point.Point
	for _, g := range groups {
		err := point.EachColumn(g.record, func(key, body string) (bool, error) {
			var err error
			column, err = point.ParseColumn(column[:0], body)
			for _, p := range column {
				all = append(all, mlflow.RunMetric{RunID: g.run, Metric: mlflow.Metric{
					Key: key, Value: p.Value, Timestamp: p.Timestamp, Step: p.Step,
					ModelID: model, DatasetName: g.dataset, DatasetDigest: g.digest,
				}})
			}
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b mlflow.RunMetric) int {
		return cmp.Or(compareModelPoints(a, b), strings.Compare(a.DatasetName, b.DatasetName),
			strings.Compare(a.DatasetDigest, b.DatasetDigest), cmp.Compare(a.Value, b.Value))
	})
	return slices.CompactFunc(all, func(a, b mlflow.RunMetric) bool { return compareModelPoints(a, b) == 0 }), nil
}

// compareModelPoints compares what identifies a point of a model.
// Source: MLflow 3.17, dbmodels/models.py, SqlLoggedModelMetric.
func compareModelPoints(a, b mlflow.RunMetric) int {
	return cmp.Or(strings.Compare(a.Key, b.Key), cmp.Compare(a.Timestamp, b.Timestamp),
		cmp.Compare(a.Step, b.Step), strings.Compare(a.RunID, b.RunID))
}

// groupModelPoints is the inverse of unpackModelPoints. Points of one run and
// dataset that an item cannot hold are several groups.
func groupModelPoints(points []mlflow.RunMetric) []modelPoints {
	type group struct{ run, dataset, digest string }
	by := map[group][]mlflow.Metric{}
	for _, p := range points {
		g := group{p.RunID, p.DatasetName, p.DatasetDigest}
		by[g] = append(by[g], p.Metric)
	}
	out := make([]modelPoints, 0, len(by))
	for g, list := range by {
		for len(list) > 0 {
			n := history.RecordEnd(list)
			record, _ := point.EncodeRecord(list[:n])
			out = append(out, modelPoints{g.run, g.dataset, g.digest, record})
			list = list[n:]
		}
	}
	slices.SortFunc(out, func(a, b modelPoints) int {
		return cmp.Or(strings.Compare(a.run, b.run), strings.Compare(a.dataset, b.dataset), strings.Compare(a.digest, b.digest),
			strings.Compare(a.record, b.record))
	})
	return out
}

// LogMetrics attaches those of a run's points that name a logged model to
// that model; its latest values are the caller's work. NaN is kept as 0, as
// MLflow does. Points that the model has are left alone; one with another
// value or dataset is BAD_REQUEST, and so is a model that does not exist. If one
// of several models refuses its points, none gets any, as in MLflow; one that
// comes to refuse them while others are written does not take those back.
//
// Atomic for each model while its metrics are few: they stand in its document,
// and cost 1 or 2 requests and 4 WCU or more. Then those of each dataset are an
// atomic write, or several beyond 200 KB, of 1 WCU for each KB, and a point that
// contradicts an earlier one is not refused: one of them stays. Nor is one of such a
// model that another Store has deleted for good; it is garbage. Several models are read before: 1 request, and
// 1 RCU for each 4 KB of each document.
func (s *Store) LogMetrics(ctx context.Context, run string, metrics []mlflow.Metric) error {
	groups, err := groupByModel(run, metrics)
	if err == nil && len(groups) > 1 {
		err = s.checkModelPoints(ctx, groups)
	}
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := s.addModelPoints(ctx, g.id, g.points); err != nil {
			return err
		}
	}
	return nil
}

// pointsOfModel are points of one logged model, each once.
type pointsOfModel struct {
	id     string
	points []mlflow.RunMetric
}

// groupByModel returns the points that name a logged model, in the order in
// which the models are named.
func groupByModel(run string, metrics []mlflow.Metric) ([]pointsOfModel, error) {
	at := map[string]int{}
	var groups []pointsOfModel
	for _, m := range metrics {
		if m.ModelID == "" {
			continue
		}
		if m.Value = validate.ClampInf(m.Value); math.IsNaN(m.Value) {
			m.Value = 0
		}
		i, known := at[m.ModelID]
		if !known {
			i, at[m.ModelID] = len(groups), len(groups)
			groups = append(groups, pointsOfModel{id: m.ModelID})
		}
		groups[i].points = append(groups[i].points, mlflow.RunMetric{Metric: m, RunID: run})
	}
	for i := range groups {
		var err error
		if groups[i].points, err = mergeModelPoints(nil, groups[i].points); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// checkModelPoints reads models, and returns the error of the first that refuses
// its points.
func (s *Store) checkModelPoints(ctx context.Context, groups []pointsOfModel) error {
	wanted := make([]table.Key, len(groups))
	for i, g := range groups {
		wanted[i] = s.Keys.LoggedModel(g.id)
	}
	items, err := s.Table.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return err
	}
	found := make(map[table.Key]table.Item, len(items))
	for _, it := range items {
		found[it.Key] = it
	}
	for i, g := range groups {
		it, ok := found[wanted[i]]
		if !ok {
			return errPointsOfNoModel(g.id)
		}
		m, err := Decode(g.id, it)
		switch {
		case err != nil:
			return err
		case m == nil:
			return errPointsOfNoModel(g.id)
		}
		s.documents.Add(s.Own(g.id), m) // the next write begins with it
		if m.recorded {
			continue
		}
		if _, err := addInlinePoints(&Change{Document: m.clone()}, g.points); err != nil {
			return err
		}
	}
	return nil
}

// errPointsOfNoModel refuses points of a model that does not exist, where MLflow
// has the error of its database.
func errPointsOfNoModel(id string) error {
	return failure.Errorf(mlflow.CodeBadRequest, "Logged model with ID '%s' not found.", id)
}

// mergeModelPoints adds points to known ones, both as unpackModelPoints sorts
// them when they are returned.
func mergeModelPoints(known, added []mlflow.RunMetric) ([]mlflow.RunMetric, error) {
	all := slices.Concat(known, added)
	slices.SortStableFunc(all, compareModelPoints)
	for i := 1; i < len(all); i++ {
		if a, b := all[i-1], all[i]; compareModelPoints(a, b) == 0 && a != b {
			return nil, failure.Errorf(mlflow.CodeBadRequest, "Metric %s of run %s was already logged for model with ID %s, at "+
				"timestamp %d and step %d.", pyrepr.String(b.Key), pyrepr.String(b.RunID), pyrepr.String(b.ModelID),
				b.Timestamp, b.Step)
		}
	}
	return slices.Compact(all), nil
}

func (s *Store) addModelPoints(ctx context.Context, id string, points []mlflow.RunMetric) error {
	m, ok := s.documents.Get(s.Own(id))
	if ok && m.recorded {
		return s.putModelPoints(ctx, id, points)
	}
	recorded := false
	_, err := s.Mutate(ctx, id, true, func(c *Change) (bool, error) {
		if recorded = c.recorded; recorded {
			return false, nil
		}
		changed, err := addInlinePoints(c, points)
		recorded = c.recorded
		return changed, err
	}, nil)
	if known, ok := errors.AsType[*mlflow.Error](err); ok && known.Code == mlflow.CodeResourceDoesNotExist {
		return errPointsOfNoModel(id)
	}
	if err == nil && recorded {
		err = s.putModelPoints(ctx, id, points)
	}
	return err
}

// addInlinePoints adds points to a document, unless they do not fit: from then
// on points are items, of which there may be none yet.
func addInlinePoints(c *Change, points []mlflow.RunMetric) (bool, error) {
	groups, err := parseModelMetrics(c.metrics)
	if err != nil {
		return false, err
	}
	known, err := unpackModelPoints(c.ID, groups)
	if err != nil {
		return false, err
	}
	all, err := mergeModelPoints(known, points)
	if err != nil || len(all) == len(known) {
		return false, err
	}
	if packed := packModelMetrics(groupModelPoints(all)); len(packed) <= loggedModelMetrics {
		c.metrics = packed
		return true, nil
	}
	c.recorded = true
	return true, nil
}

// putModelPoints writes points of a model whose document is full. Each run and
// dataset is one item, atomically written.
func (s *Store) putModelPoints(ctx context.Context, id string, points []mlflow.RunMetric) error {
	groups := groupModelPoints(points)
	items := make([]table.Item, 0, len(groups))
	for _, g := range groups {
		items = append(items, g.item(s.Keys, id))
	}
	return s.Table.BatchWrite(ctx, items, nil)
}
