package dynamodbstore_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

// machine does the same to two Stores of one table, whichever it happens to
// use, and to the model.
type machine struct {
	clock  *stillClock
	stores [2]*dynamodbstore.Store
	model  model
}

// machineNames are few, so that they meet.
var machineNames = []string{"e0", "e1", "e2"}

// TestModel does random work and compares everything that can be read with
// the model.
func TestModel(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		clock := newStillClock()
		tab := configured(t, memoryTable(t, clock), clock)
		spaces := 0
		rapid.Check(t, func(rt *rapid.T) {
			spaces++
			runMachine(rt, tab, clock, fmt.Sprintf("w%d", spaces), 40)
		})
	})
	t.Run("dynamodb", func(t *testing.T) {
		t.Parallel()
		clock := newStillClock()
		tab := configured(t, ddblocal.NewTableWith(t, dynamo.Options{Clock: clock.Now}), clock)
		for seed := range 2 {
			work := func(rt *rapid.T) int { runMachine(rt, tab, clock, fmt.Sprintf("w%d", seed), 40); return 0 }
			rapid.Custom(work).Example(seed)
		}
	})
}

// smallSearches are the options of the i-th of two Stores: one of them takes
// every path of a search on few runs.
func smallSearches(i int) []dynamodbstore.Option {
	if i == 0 {
		return nil
	}
	return []dynamodbstore.Option{dynamodbstore.WithSmallSearches()}
}

func runMachine(t *rapid.T, tab table.Table, clock *stillClock, workspace string, steps int) {
	m := &machine{clock: clock}
	for i := range m.stores {
		m.stores[i] = view(t, tab, clock.Now, workspace, smallSearches(i)...)
		defer func() { require.NoError(t, m.stores[i].Close()) }()
	}
	m.createExperiment(t)
	m.createRun(t)
	for range steps {
		rapid.SampledFrom(machineSteps).Draw(t, "step")(m, t)
	}
	m.check(t)
	for _, s := range m.stores { // what searches have queued changes rows under way
		dynamodbstore.WaitSettled(s)
	}
	checkTable(t, tab, m.stores[0], workspace, false)
	clock.Advance(3 * time.Hour)
	for range 2 {
		m.check(t)
		look(t, m.stores[0])
		for _, s := range m.stores {
			dynamodbstore.WaitSettled(s)
		}
	}
	checkTable(t, tab, m.stores[1], workspace, true)
}

// machineSteps has what is done often more often.
var machineSteps = []func(*machine, *rapid.T){
	(*machine).createExperiment, (*machine).renameExperiment, (*machine).deleteExperiment, (*machine).restoreExperiment,
	(*machine).restoreExperiment, (*machine).setExperimentTag, (*machine).deleteExperimentTag,
	(*machine).createRun, (*machine).createRun, (*machine).updateRun, (*machine).updateRun, (*machine).updateRun,
	(*machine).deleteRun, (*machine).restoreRun, (*machine).restoreRun,
	(*machine).logMetric, (*machine).logMetric, (*machine).logParam, (*machine).logParam, (*machine).setTag, (*machine).setTag,
	(*machine).deleteTag, (*machine).logBatch, (*machine).logBatch, (*machine).logInputs,
	(*machine).wait, (*machine).wait, (*machine).check, (*machine).check,
}

func (m *machine) store(t *rapid.T) *dynamodbstore.Store {
	return m.stores[rapid.IntRange(0, 1).Draw(t, "store")]
}

func (m *machine) now() int64 { return m.clock.Now().UnixMilli() }

func (m *machine) experiment(t *rapid.T) *modelExperiment {
	return rapid.SampledFrom(m.model.experiments).Draw(t, "experiment")
}

func (m *machine) run(t *rapid.T) *modelRun { return rapid.SampledFrom(m.model.runs).Draw(t, "run") }

// want compares an error with a code, "" for success, and reports success.
func want(t *rapid.T, code dynamodbstore.Code, err error) bool {
	t.Helper()
	if code == "" {
		require.NoError(t, err)
		return true
	}
	var known *dynamodbstore.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, code, known.Code, "%v", err)
	return false
}

// codeIf is a code if a condition holds, else that of success.
func codeIf(failed bool, code dynamodbstore.Code) dynamodbstore.Code {
	if failed {
		return code
	}
	return ""
}

func (m *machine) createExperiment(t *rapid.T) {
	name := rapid.SampledFrom(machineNames).Draw(t, "name")
	id, err := m.store(t).CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: name})
	if want(t, codeIf(m.model.named(name) != nil, dynamodbstore.CodeResourceAlreadyExists), err) {
		m.model.experiments = append(m.model.experiments, &modelExperiment{
			id: id, name: name, created: m.now(), updated: m.now(), tags: map[string]string{},
		})
	}
}

func (m *machine) renameExperiment(t *rapid.T) {
	e, name := m.experiment(t), rapid.SampledFrom(machineNames).Draw(t, "name")
	holder := m.model.named(name)
	code := codeIf(holder != nil && holder != e, dynamodbstore.CodeResourceAlreadyExists)
	if e.deleted {
		code = dynamodbstore.CodeInvalidState
	}
	if want(t, code, m.store(t).RenameExperiment(t.Context(), e.id, name)) {
		e.name, e.updated = name, m.now()
	}
}

func (m *machine) deleteExperiment(t *rapid.T) {
	e := m.experiment(t)
	if want(t, codeIf(e.deleted, dynamodbstore.CodeResourceDoesNotExist), m.store(t).DeleteExperiment(t.Context(), e.id)) {
		m.model.setDeleted(e, true, m.now())
	}
	m.clock.Advance(1100 * time.Millisecond) // so that logging notices
}

func (m *machine) restoreExperiment(t *rapid.T) {
	e := m.experiment(t)
	if want(t, codeIf(!e.deleted, dynamodbstore.CodeResourceDoesNotExist), m.store(t).RestoreExperiment(t.Context(), e.id)) {
		m.model.setDeleted(e, false, m.now())
	}
	m.clock.Advance(1100 * time.Millisecond)
}

func (m *machine) setExperimentTag(t *rapid.T) {
	e, tag := m.experiment(t), drawTag(t, 15000)
	if want(t, codeIf(e.deleted, dynamodbstore.CodeInvalidParameterValue), m.store(t).SetExperimentTag(t.Context(), e.id, tag)) {
		e.tags[tag.Key] = tag.Value
	}
}

func (m *machine) deleteExperimentTag(t *rapid.T) {
	e, tag := m.experiment(t), drawTag(t, 0)
	_, there := e.tags[tag.Key]
	code := codeIf(!there, dynamodbstore.CodeResourceDoesNotExist)
	if e.deleted {
		code = dynamodbstore.CodeInvalidParameterValue
	}
	if want(t, code, m.store(t).DeleteExperimentTag(t.Context(), e.id, tag.Key)) {
		delete(e.tags, tag.Key)
	}
}

// drawTag draws a tag, now and then a long one.
func drawTag(t *rapid.T, long int) dynamodbstore.Tag {
	value := rapid.SampledFrom([]string{"a", "ab", "b", "long"}).Draw(t, "value")
	if value == "long" {
		value = strings.Repeat("a", long)
	}
	return dynamodbstore.Tag{Key: rapid.SampledFrom([]string{"t0", "t1", "t2", "t3"}).Draw(t, "tag"), Value: value}
}

func (m *machine) createRun(t *rapid.T) {
	e := m.experiment(t)
	p := dynamodbstore.CreateRunParams{
		ExperimentID: e.id, UserID: "u", Name: fmt.Sprintf("n%d", len(m.model.runs)%3),
		StartTime: rapid.Int64Range(0, 4).Draw(t, "start"), Tags: []dynamodbstore.Tag{drawTag(t, 6000)},
	}
	r, err := m.store(t).CreateRun(t.Context(), p)
	if !want(t, codeIf(e.deleted, dynamodbstore.CodeInvalidParameterValue), err) {
		return
	}
	m.model.runs = append(m.model.runs, &modelRun{
		id: r.Info.RunID, name: p.Name, user: "u", exp: e, status: dynamodbstore.StatusRunning, start: p.StartTime,
		tags:   map[string]string{"mlflow.runName": p.Name, p.Tags[0].Key: p.Tags[0].Value},
		params: map[string]string{}, data: map[string]string{}, latest: map[string]dynamodbstore.Metric{},
		history: map[string][]dynamodbstore.Metric{},
	})
}

func (m *machine) updateRun(t *rapid.T) {
	r := m.run(t)
	p := dynamodbstore.UpdateRunParams{RunID: r.id, Status: rapid.SampledFrom([]dynamodbstore.RunStatus{
		"", dynamodbstore.StatusRunning, dynamodbstore.StatusFinished, dynamodbstore.StatusFinished, dynamodbstore.StatusFailed,
	}).Draw(t, "status")}
	if rapid.Bool().Draw(t, "ended") {
		end := rapid.Int64Range(3, 8).Draw(t, "end")
		p.EndTime = &end
	}
	p.Name = rapid.SampledFrom([]string{"", "n1", "more5"}).Draw(t, "name")
	info, err := m.store(t).UpdateRun(t.Context(), p)
	if !want(t, codeIf(r.deleted, dynamodbstore.CodeInvalidParameterValue), err) {
		return
	}
	if p.Status != "" {
		r.status = p.Status
	}
	if p.EndTime != nil {
		r.end = p.EndTime
	}
	if p.Name != "" {
		r.setTag("mlflow.runName", p.Name)
	}
	require.Equal(t, r.entity().Info, *info)
}

func (m *machine) deleteRun(t *rapid.T) {
	r := m.run(t)
	require.NoError(t, m.store(t).DeleteRun(t.Context(), r.id))
	r.deleted = true
}

func (m *machine) restoreRun(t *rapid.T) {
	r := m.run(t)
	require.NoError(t, m.store(t).RestoreRun(t.Context(), r.id))
	r.deleted = false
}

func drawPoint(t *rapid.T) dynamodbstore.Metric {
	return dynamodbstore.Metric{
		Key: rapid.SampledFrom([]string{"m0", "m1", "m2"}).Draw(t, "metric"), Step: rapid.Int64Range(-1, 3).Draw(t, "step"),
		Timestamp: rapid.Int64Range(0, 2).Draw(t, "time"),
		Value:     rapid.SampledFrom([]float64{math.NaN(), 0, 1, 2, 2.5, -3}).Draw(t, "value"),
	}
}

func (m *machine) logMetric(t *rapid.T) {
	r, p := m.run(t), drawPoint(t)
	if want(t, codeIf(r.deleted, dynamodbstore.CodeInvalidParameterValue), m.store(t).LogMetric(t.Context(), r.id, p)) {
		r.log(p)
	}
}

func drawParam(t *rapid.T) dynamodbstore.Param {
	value := rapid.SampledFrom([]string{"a", "a", "b", "long"}).Draw(t, "value")
	if value == "long" {
		value = strings.Repeat("p", 5999)
	}
	return dynamodbstore.Param{Key: rapid.SampledFrom([]string{"p0", "p1", "p2", "p3", "p4", "p5"}).Draw(t, "param"), Value: value}
}

func (m *machine) logParam(t *rapid.T) {
	r, p := m.run(t), drawParam(t)
	old, there := r.params[p.Key]
	clash := there && old != p.Value
	if want(t, codeIf(r.deleted || clash, dynamodbstore.CodeInvalidParameterValue), m.store(t).LogParam(t.Context(), r.id, p)) {
		r.params[p.Key] = p.Value
	}
}

func (m *machine) setTag(t *rapid.T) {
	r, tag := m.run(t), drawTag(t, 7990)
	if rapid.IntRange(0, 5).Draw(t, "rename") == 0 {
		tag = dynamodbstore.Tag{Key: "mlflow.runName", Value: "n4"}
	}
	if want(t, codeIf(r.deleted, dynamodbstore.CodeInvalidParameterValue), m.store(t).SetTag(t.Context(), r.id, tag)) {
		r.setTag(tag.Key, tag.Value)
	}
}

func (m *machine) deleteTag(t *rapid.T) {
	r, tag := m.run(t), drawTag(t, 0)
	_, there := r.tags[tag.Key]
	code := codeIf(!there, dynamodbstore.CodeResourceDoesNotExist)
	if r.deleted {
		code = dynamodbstore.CodeInvalidParameterValue
	}
	if want(t, code, m.store(t).DeleteTag(t.Context(), r.id, tag.Key)) {
		delete(r.tags, tag.Key)
	}
}

// logBatch logs a batch without clashes: what a refused one leaves is open.
func (m *machine) logBatch(t *rapid.T) {
	r := m.run(t)
	p := dynamodbstore.LogBatchParams{
		RunID: r.id, Metrics: rapid.SliceOfN(rapid.Custom(drawPoint), 0, 8).Draw(t, "points"),
		Tags: []dynamodbstore.Tag{drawTag(t, 7990), drawTag(t, 10)},
	}
	if rapid.IntRange(0, 7).Draw(t, "wide") == 0 {
		p.Metrics = append(p.Metrics, manyMetrics(60, 0)...)
	}
	if x := drawParam(t); r.params[x.Key] == "" || r.params[x.Key] == x.Value {
		p.Params = append(p.Params, x)
	}
	if !want(t, codeIf(r.deleted, dynamodbstore.CodeInvalidParameterValue), m.store(t).LogBatch(t.Context(), p)) {
		return
	}
	r.log(p.Metrics...)
	for _, x := range p.Params {
		r.params[x.Key] = x.Value
	}
	for _, x := range p.Tags {
		r.setTag(x.Key, x.Value)
	}
}

func (m *machine) logInputs(t *rapid.T) {
	r := m.run(t)
	name := rapid.SampledFrom([]string{"d0", "d1"}).Draw(t, "dataset")
	context := rapid.SampledFrom([]string{"train", "eval"}).Draw(t, "context")
	err := m.store(t).LogInputs(t.Context(), dynamodbstore.LogInputsParams{RunID: r.id, Datasets: []dynamodbstore.DatasetInput{{
		Dataset: dynamodbstore.Dataset{Name: name, Digest: "1", SourceType: "local", Source: "x"},
		Tags:    []dynamodbstore.Tag{{Key: "mlflow.data.context", Value: context}},
	}}})
	if !want(t, codeIf(r.deleted, dynamodbstore.CodeInvalidParameterValue), err) {
		return
	}
	if _, there := r.data[name]; !there {
		r.data[name] = context
	}
}

// wait lets some time pass: less than runs take to be idle, or more.
func (m *machine) wait(t *rapid.T) {
	m.clock.Advance(rapid.SampledFrom([]time.Duration{
		time.Millisecond, 700 * time.Millisecond, 12 * time.Second, 2 * time.Hour,
	}).Draw(t, "time"))
	for _, s := range m.stores {
		dynamodbstore.WaitSettled(s)
	}
}
