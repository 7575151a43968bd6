package dynamodbstore_test

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// model is what MLflow's tracking store is, as plain maps.
type model struct {
	experiments []*modelExperiment
	runs        []*modelRun
}

type modelExperiment struct {
	id, name         string
	deleted          bool
	created, updated int64
	tags             map[string]string
}

type modelRun struct {
	id, name, user string
	exp            *modelExperiment
	deleted        bool
	status         dynamodbstore.RunStatus
	start          int64
	end            *int64
	tags, params   map[string]string
	data           map[string]string // context of each dataset, by name
	latest         map[string]dynamodbstore.Metric
	history        map[string][]dynamodbstore.Metric // in the order of histories, each point once
}

func (m *model) named(name string) *modelExperiment {
	for _, e := range m.experiments {
		if e.name == name {
			return e
		}
	}
	return nil
}

// setDeleted deletes or restores an experiment with all its runs.
func (m *model) setDeleted(e *modelExperiment, deleted bool, now int64) {
	e.deleted, e.updated = deleted, now
	for _, r := range m.runs {
		if r.exp == e {
			r.deleted = deleted
		}
	}
}

// metricOrder is the order in which the latest point of a metric is chosen:
// NaN counts as 0, of which a 0 wins.
func metricOrder(a, b dynamodbstore.Metric) int {
	return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp),
		cmp.Compare(rank(a.Value), rank(b.Value)), -cmp.Compare(nanRank(a.Value), nanRank(b.Value)))
}

// historyOrder is the order of histories.
func historyOrder(a, b dynamodbstore.Metric) int {
	return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Step, b.Step),
		cmp.Compare(rank(a.Value), rank(b.Value)), cmp.Compare(nanRank(a.Value), nanRank(b.Value)))
}

func rank(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

func nanRank(v float64) int {
	if math.IsNaN(v) {
		return 1
	}
	return 0
}

func (r *modelRun) log(points ...dynamodbstore.Metric) {
	for _, p := range points {
		if old, ok := r.latest[p.Key]; !ok || metricOrder(p, old) > 0 {
			r.latest[p.Key] = p
		}
		at, found := slices.BinarySearchFunc(r.history[p.Key], p, historyOrder)
		if !found {
			r.history[p.Key] = slices.Insert(r.history[p.Key], at, p)
		}
	}
}

func (r *modelRun) setTag(key, value string) {
	r.tags[key] = value
	if key == "mlflow.runName" {
		r.name = value
	}
}

func (r *modelRun) stage() dynamodbstore.LifecycleStage { return stageIf(r.deleted) }

func stageIf(deleted bool) dynamodbstore.LifecycleStage {
	if deleted {
		return dynamodbstore.StageDeleted
	}
	return dynamodbstore.StageActive
}

// entity is the run as the Store returns it, but for inputs.
func (r *modelRun) entity() *dynamodbstore.Run {
	out := &dynamodbstore.Run{
		Info: dynamodbstore.RunInfo{
			RunID: r.id, ExperimentID: r.exp.id, Name: r.name, UserID: r.user, Status: r.status, StartTime: r.start,
			EndTime: r.end, LifecycleStage: r.stage(), ArtifactURI: "mlflow-artifacts:/" + r.exp.id + "/" + r.id + "/artifacts",
		},
		Tags: tagsOf(r.tags),
	}
	for _, t := range tagsOf(r.params) {
		out.Params = append(out.Params, dynamodbstore.Param(t))
	}
	for _, key := range slices.Sorted(maps.Keys(r.latest)) {
		out.Metrics = append(out.Metrics, r.latest[key])
	}
	return out
}

func (e *modelExperiment) entity() *dynamodbstore.Experiment {
	return &dynamodbstore.Experiment{
		ID: e.id, Name: e.name, ArtifactLocation: "mlflow-artifacts:/" + e.id, LifecycleStage: stageIf(e.deleted),
		CreationTime: e.created, LastUpdateTime: e.updated, Tags: tagsOf(e.tags),
	}
}

func tagsOf(m map[string]string) []dynamodbstore.Tag {
	var out []dynamodbstore.Tag
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, dynamodbstore.Tag{Key: key, Value: m[key]})
	}
	return out
}

// shown returns the runs of a view.
func (m *model) shown(v dynamodbstore.ViewType) []*modelRun {
	return slices.DeleteFunc(slices.Clone(m.runs), func(r *modelRun) bool { return !inView(v, r.deleted) })
}

func inView(v dynamodbstore.ViewType, deleted bool) bool {
	return v == dynamodbstore.ViewAll || deleted == (v == dynamodbstore.ViewDeletedOnly)
}
