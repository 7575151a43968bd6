package loggedmodel

import (
	"context"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/loggedmodelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// loggedStream yields logged models of one experiment in the default order,
// those that may match: all, those of one run, or some of given ids.
type loggedStream struct {
	s     *Store
	e     *experiment.State
	q     table.Query
	run   string   // of whose rows the query is, "" for the list
	ids   []string // instead of a query
	rows  []*loadedModel
	ended bool
}

// streams returns a stream for each experiment.
func (ms *loggedSearch) streams() []*loggedStream {
	streams := make([]*loggedStream, 0, len(ms.states))
	for _, e := range ms.states {
		st := &loggedStream{s: ms.s, e: e, q: table.Query{PK: ms.s.Keys.LoggedModelsPK(e.ID)}}
		st.q.From, st.q.To = keys.LoggedModelRange()
		prefix := st.q.From
		switch run, ids := ms.narrow(); {
		case ids != nil:
			st.ids = ids
		case run != "":
			st.run = run
			st.q.From, st.q.To = keys.LoggedModelsOfRun(run)
			prefix = st.q.From
		}
		if ms.order.isDefault() {
			if ms.after != nil {
				st.q.From = prefix + keys.RunRowSK(ms.after[0].Int, ms.after[1].Str) + keys.First
			}
			if len(ms.query.Clauses)+len(ms.query.Datasets) == 0 || st.run != "" {
				st.q.Limit = ms.max + 1
			}
		}
		streams = append(streams, st)
	}
	return streams
}

// narrow returns the source run or the ids that a filter names, if it does.
func (ms *loggedSearch) narrow() (run string, ids []string) {
	for _, c := range ms.query.Clauses {
		switch {
		case c.Entity != filter.EntityAttribute:
		case c.Key == "model_id" && c.Op == filter.OpEq:
			return "", []string{c.Value.Str}
		case c.Key == "model_id" && c.Op == filter.OpIn:
			return "", append([]string{}, c.Value.Strs...)
		case c.Key == "source_run_id" && c.Op == filter.OpEq:
			run = c.Value.Str
		}
	}
	return run, nil
}

// peek returns the next model without taking it; nil at the end.
func (st *loggedStream) peek(ctx context.Context) (*loadedModel, error) {
	for len(st.rows) == 0 && !st.ended {
		if err := st.fill(ctx); err != nil {
			return nil, err
		}
	}
	if len(st.rows) == 0 {
		return nil, nil //nolint:nilnil // nil is the end
	}
	return st.rows[0], nil
}

func (st *loggedStream) take() *loadedModel {
	m := st.rows[0]
	st.rows = st.rows[1:]
	return m
}

func (st *loggedStream) fill(ctx context.Context) error {
	if st.ids != nil {
		return st.fillByID(ctx)
	}
	page, err := st.s.Table.Query(ctx, st.q)
	if err != nil {
		return err
	}
	st.q.After, st.ended = page.Next, page.Next == ""
	rows := page.Items
	if st.run != "" {
		if rows, err = st.ofRun(ctx, rows); err != nil {
			return err
		}
	}
	for _, it := range rows {
		m, err := st.model(ctx, it)
		if err != nil {
			return err
		}
		if m != nil {
			st.rows = append(st.rows, m)
		}
	}
	return nil
}

// ofRun reads the rows in the list to which those of a run lead. One that is
// missing was deleted meanwhile.
func (st *loggedStream) ofRun(ctx context.Context, rows []table.Item) ([]table.Item, error) {
	var ks []table.Key
	for _, it := range rows {
		created, id, err := keys.ParseLoggedModelSK(it.Key.SK)
		if err != nil {
			return nil, err
		}
		// A run's name may begin like another's with a separator behind it.
		if st.s.Keys.LoggedModelOfRun(st.e.ID, st.run, created, id) == it.Key {
			ks = append(ks, st.s.Keys.LoggedModelRow(st.e.ID, created, id))
		}
	}
	if len(ks) == 0 {
		return nil, nil
	}
	items, err := st.s.Table.BatchGet(ctx, ks, table.Strong)
	slices.SortFunc(items, func(a, b table.Item) int { return strings.Compare(a.Key.SK, b.Key.SK) })
	return items, err
}

// model returns the model of a row in the list; nil if it is gone.
func (st *loggedStream) model(ctx context.Context, row table.Item) (*loadedModel, error) {
	if err := document.CheckVersion(row); err != nil {
		return nil, err
	}
	_, id, err := keys.ParseLoggedModelSK(row.Key.SK)
	if err != nil {
		return nil, err
	}
	packed, ok := row.Get(keys.Packed)
	if !ok {
		return st.s.loadLoggedModel(ctx, id)
	}
	m, err := Parse(id, packed.Str())
	if err != nil {
		return nil, err
	}
	return withInlinePoints(m)
}

// withInlinePoints unpacks the metrics of a model that are in its document.
func withInlinePoints(m *Document) (*loadedModel, error) {
	groups, err := parseModelMetrics(m.metrics)
	if err != nil {
		return nil, err
	}
	l := &loadedModel{Document: m}
	l.points, err = unpackModelPoints(m.ID, groups)
	return l, err
}

// fillByID reads the models of given ids that are of the experiment.
func (st *loggedStream) fillByID(ctx context.Context) error {
	st.ended = true
	ids := slices.Clone(st.ids)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		m, err := st.s.loadLoggedModel(ctx, id)
		if err != nil {
			return err
		}
		if m != nil && m.Exp == st.e.ID {
			st.rows = append(st.rows, m)
		}
	}
	slices.SortFunc(st.rows, compareLoggedPlaces)
	return nil
}

// loggedView shows a model to filters and orders.
type loggedView struct {
	*loadedModel
	e *experiment.State
}

var _ loggedmodelfilter.View = loggedView{}

// Text returns an attribute.
func (v loggedView) Text(attr string) (string, bool) {
	switch attr {
	case "name":
		return v.Name, true
	case "model_id":
		return v.ID, true
	case "model_type":
		return v.ModelType, true
	case "source_run_id":
		return v.Run, true
	case "artifact_location":
		return ArtifactURI(v.e.Artifact, v.ID), true
	case "lifecycle_stage":
		return string(v.Stage), true
	case "experiment_id":
		return v.Exp, true
	case "status":
		return statusDigits(v.status), true
	default:
		return "", false // a status has no message
	}
}

// statusDigits is the number of a status, as which MLflow stores it.
func statusDigits(status mlflow.LoggedModelStatus) string {
	switch status {
	case mlflow.LoggedModelPending:
		return "1"
	case mlflow.LoggedModelReady:
		return "2"
	case mlflow.LoggedModelFailed:
		return "3"
	default:
		return "0"
	}
}

// Time returns the time of creation or of the last update.
func (v loggedView) Time(attr string) int64 {
	if attr == "last_updated_timestamp_ms" {
		return v.Updated
	}
	return v.created
}

// Param returns the value of a param.
func (v loggedView) Param(key string) (string, bool) { return v.params.Get(key) }

// Tag returns the value of a tag.
func (v loggedView) Tag(key string) (string, bool) { return v.tags.Get(key) }

// Points visits the points of a metric, or all of them.
func (v loggedView) Points(metric string, visit func(loggedmodelfilter.Point) bool) {
	for i := range v.points {
		p := &v.points[i]
		if metric != "" && p.Key != metric {
			continue
		}
		if !visit(loggedmodelfilter.Point{
			Value: p.Value, Timestamp: p.Timestamp, Step: p.Step, Run: p.RunID, Dataset: p.DatasetName, Digest: p.DatasetDigest,
		}) {
			return
		}
	}
}
