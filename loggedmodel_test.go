package dynamodbstore_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

func loggedModel(t *testing.T, s *dynamodbstore.Store, p dynamodbstore.CreateLoggedModelParams) *dynamodbstore.LoggedModel {
	t.Helper()
	m, err := s.CreateLoggedModel(t.Context(), p)
	require.NoError(t, err)
	return m
}

func requireCode(t *testing.T, code dynamodbstore.Code, message string, err error) {
	t.Helper()
	var known *dynamodbstore.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, code, known.Code, known.Message)
	require.Contains(t, known.Message, message)
}

// TestLoggedModel walks one model through its life.
func TestLoggedModel(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		now := clock.Now()
		s := open(t, tab, clock, dynamodbstore.WithClock(func() time.Time { return now }))
		exp := experiment(t, s, "models")
		run := newRun(t, s, exp, 1)
		m := loggedModel(t, s, dynamodbstore.CreateLoggedModelParams{
			ExperimentID: exp, Name: "net", ModelType: "agent", SourceRunID: run,
			Params: []dynamodbstore.Param{{Key: "lr", Value: "1"}, {Key: "a", Value: "b"}},
			Tags:   []dynamodbstore.Tag{{Key: "team", Value: "vision"}},
		})
		require.Regexp(t, "^m-[0-9a-f]{32}$", m.ID)
		require.Equal(t, "mlflow-artifacts:/"+exp+"/models/"+m.ID+"/artifacts", m.ArtifactURI)
		require.Equal(t, dynamodbstore.LoggedModelPending, m.Status)
		require.Equal(t, now.UnixMilli(), m.CreationTime)
		got, err := s.GetLoggedModel(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, m, got)

		now = now.Add(time.Minute)
		got, err = s.FinalizeLoggedModel(t.Context(), m.ID, dynamodbstore.LoggedModelReady)
		require.NoError(t, err)
		m.Status, m.LastUpdateTime = dynamodbstore.LoggedModelReady, now.UnixMilli()
		require.Equal(t, m, got)
		_, err = s.FinalizeLoggedModel(t.Context(), m.ID, "READY")
		requireCode(t, dynamodbstore.CodeInvalidParameterValue, "Unknown model status: READY", err)

		now = now.Add(time.Minute) // tags and params leave the time of the last update alone
		require.NoError(t, s.SetLoggedModelTags(t.Context(), m.ID, []dynamodbstore.Tag{{Key: "x", Value: "1"}, {Key: "x", Value: "2"}}))
		require.NoError(t, s.DeleteLoggedModelTag(t.Context(), m.ID, "team"))
		requireCode(t, dynamodbstore.CodeResourceDoesNotExist, "No tag with key \"it's\" found for model with ID '"+m.ID+"'.",
			s.DeleteLoggedModelTag(t.Context(), m.ID, "it's"))
		require.NoError(t, s.LogLoggedModelParams(t.Context(), m.ID, []dynamodbstore.Param{{Key: "z", Value: ""}, {Key: "lr", Value: "1"}}))
		requireCode(t, dynamodbstore.CodeBadRequest, "Param with key 'lr' was already logged",
			s.LogLoggedModelParams(t.Context(), m.ID, []dynamodbstore.Param{{Key: "new", Value: ""}, {Key: "lr", Value: "2"}}))
		m.Tags = []dynamodbstore.Tag{{Key: "x", Value: "2"}}
		m.Params = append(m.Params, dynamodbstore.Param{Key: "z"})
		got, err = s.GetLoggedModel(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, m, got)

		require.NoError(t, s.DeleteLoggedModel(t.Context(), m.ID))
		_, err = s.GetLoggedModel(t.Context(), m.ID)
		requireCode(t, dynamodbstore.CodeResourceDoesNotExist, "Logged model with ID '"+m.ID+"' not found.", err)
		got, err = s.GetAnyLoggedModel(t.Context(), m.ID)
		require.NoError(t, err)
		m.LifecycleStage, m.LastUpdateTime = dynamodbstore.StageDeleted, now.UnixMilli()
		require.Equal(t, m, got)
		require.NoError(t, s.SetLoggedModelTags(t.Context(), m.ID, []dynamodbstore.Tag{{Key: "late", Value: "1"}}))
	})
}

func TestLoggedModelErrors(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	s := view(t, memoryTable(t, clock), clock.Now, "default")
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Init(t.Context()))
	create := func(p dynamodbstore.CreateLoggedModelParams) error {
		_, err := s.CreateLoggedModel(t.Context(), p)
		return err
	}
	requireCode(t, dynamodbstore.CodeResourceDoesNotExist, "No Experiment with id=77 exists",
		create(dynamodbstore.CreateLoggedModelParams{ExperimentID: "77"}))
	requireCode(t, dynamodbstore.CodeInvalidParameterValue, "Invalid experiment ID 'x'. Experiment ID must be a valid integer.",
		create(dynamodbstore.CreateLoggedModelParams{ExperimentID: "x"}))
	requireCode(t, dynamodbstore.CodeInvalidParameterValue, `Invalid model name ("q'") provided. Model name must be a `+
		`non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
		create(dynamodbstore.CreateLoggedModelParams{ExperimentID: "0", Name: "q'"}))
	requireCode(t, dynamodbstore.CodeBadRequest, "Key 'a' occurs twice.",
		create(dynamodbstore.CreateLoggedModelParams{ExperimentID: "0", Tags: []dynamodbstore.Tag{{Key: "a"}, {Key: "a"}}}))
	exp := experiment(t, s, "gone")
	m := loggedModel(t, s, dynamodbstore.CreateLoggedModelParams{ExperimentID: exp})
	require.NotEmpty(t, m.Name)
	require.NoError(t, s.DeleteExperiment(t.Context(), exp))
	requireCode(t, dynamodbstore.CodeInvalidParameterValue, "must be in the 'active' state. Current state is deleted.",
		create(dynamodbstore.CreateLoggedModelParams{ExperimentID: exp}))
	_, err := s.GetLoggedModel(t.Context(), m.ID)
	require.NoError(t, err, "models of a deleted experiment can be read, as in MLflow")
	missing := "Logged model with ID 'm-nope' not found."
	_, err = s.FinalizeLoggedModel(t.Context(), "m-nope", dynamodbstore.LoggedModelReady)
	requireCode(t, dynamodbstore.CodeResourceDoesNotExist, missing, err)
	for _, err := range []error{
		s.DeleteLoggedModel(t.Context(), "m-nope"),
		s.SetLoggedModelTags(t.Context(), "m-nope", nil),
		s.DeleteLoggedModelTag(t.Context(), "m-nope", "x"),
		s.LogLoggedModelParams(t.Context(), "m-nope", nil),
		s.LogLoggedModelParams(t.Context(), "m-nope", []dynamodbstore.Param{{Key: "twice"}, {Key: "twice"}}),
	} {
		requireCode(t, dynamodbstore.CodeResourceDoesNotExist, missing, err)
	}
}

// TestWideLoggedModel keeps tags, params and metrics that no document holds.
func TestWideLoggedModel(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		run := newRun(t, s, "0", 1)
		var p dynamodbstore.CreateLoggedModelParams
		p.ExperimentID = "0"
		for i := range 150 {
			p.Params = append(p.Params, dynamodbstore.Param{Key: fmt.Sprintf("p%03d", i), Value: strings.Repeat("v", 200)})
			p.Tags = append(p.Tags, dynamodbstore.Tag{Key: fmt.Sprintf("t%03d", i), Value: strings.Repeat("w", 100)})
		}
		m := loggedModel(t, s, p)
		more := []dynamodbstore.Param{{Key: "q", Value: strings.Repeat("x", 100_000)}}
		for i := range 120 {
			more = append(more, dynamodbstore.Param{Key: fmt.Sprintf("r%03d", i), Value: "1"})
		}
		for range 2 { // again changes nothing
			require.NoError(t, s.LogLoggedModelParams(t.Context(), m.ID, more))
		}
		requireCode(t, dynamodbstore.CodeBadRequest, "Param with key 'q' was already logged",
			s.LogLoggedModelParams(t.Context(), m.ID, []dynamodbstore.Param{{Key: "q", Value: "other"}}))
		require.NoError(t, s.SetLoggedModelTags(t.Context(), m.ID, []dynamodbstore.Tag{{Key: "t000", Value: "new"}, {Key: "t149", Value: "new"}}))
		require.NoError(t, s.DeleteLoggedModelTag(t.Context(), m.ID, "t148"))
		requireCode(t, dynamodbstore.CodeResourceDoesNotExist, "No tag with key 't148'", s.DeleteLoggedModelTag(t.Context(), m.ID, "t148"))
		for batch := range 3 {
			points := metrics(100, 1, batch)
			for i := range points {
				points[i].ModelID = m.ID
			}
			require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: points}))
			require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: points}))
		}
		got, err := s.GetLoggedModel(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, slices.Concat(p.Params, more), got.Params)
		require.Len(t, got.Tags, 149)
		require.Equal(t, dynamodbstore.Tag{Key: "t000", Value: "new"}, got.Tags[0])
		require.Equal(t, dynamodbstore.Tag{Key: "t149", Value: "new"}, got.Tags[148])
		require.Len(t, got.Metrics, 300)
		require.Equal(t, int64(2), got.Metrics[2].Step)
	})
}

// TestLoggedModelMetrics: a model has every point that names it.
func TestLoggedModelMetrics(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		run := newRun(t, s, "0", 1)
		m := loggedModel(t, s, dynamodbstore.CreateLoggedModelParams{ExperimentID: "0"})
		p := func(step int64, value float64) dynamodbstore.Metric {
			return dynamodbstore.Metric{Key: "acc", Step: step, Timestamp: 100, Value: value, ModelID: m.ID}
		}
		of := func(m dynamodbstore.Metric, name, digest string) dynamodbstore.Metric {
			m.DatasetName, m.DatasetDigest = name, digest
			return m
		}
		log := func(m dynamodbstore.Metric) error { return s.LogMetric(t.Context(), run, m) }
		require.NoError(t, log(p(1, 1.5)))
		require.NoError(t, log(p(1, 1.5)))
		requireCode(t, dynamodbstore.CodeBadRequest, "Metric 'acc' of run '"+run+"' was already logged", log(p(1, 2.5)))
		requireCode(t, dynamodbstore.CodeBadRequest, "was already logged", log(of(p(1, 1.5), "d", "g")))
		requireCode(t, dynamodbstore.CodeInvalidParameterValue,
			"Both dataset_name and dataset_digest must be provided if one is provided", log(of(p(2, 1.5), "d", "")))
		require.NoError(t, log(of(p(2, 1.5), "d", "g")))
		require.NoError(t, log(p(5, math.NaN())))
		require.NoError(t, log(p(6, math.Inf(1))))
		unknown := p(7, 1)
		unknown.ModelID = "m-nope"
		requireCode(t, dynamodbstore.CodeBadRequest, "Logged model with ID 'm-nope' not found.", log(unknown))
		err := s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{
			RunID: run, Metrics: []dynamodbstore.Metric{p(8, 1), unknown}, Tags: []dynamodbstore.Tag{{Key: "after", Value: "1"}},
			Params: []dynamodbstore.Param{{Key: "before", Value: "1"}},
		})
		requireCode(t, dynamodbstore.CodeBadRequest, "Logged model with ID 'm-nope' not found.", err)
		got, err := s.GetLoggedModel(t.Context(), m.ID)
		require.NoError(t, err)
		want := []dynamodbstore.RunMetric{
			{Metric: p(1, 1.5)}, {Metric: of(p(2, 1.5), "d", "g")}, {Metric: p(5, 0)}, {Metric: p(6, math.MaxFloat64)},
		}
		for i := range want {
			want[i].RunID = run
		}
		require.Equal(t, want, got.Metrics)
		r, err := s.GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, []dynamodbstore.Param{{Key: "before", Value: "1"}}, r.Params)
		require.NotContains(t, r.Tags, dynamodbstore.Tag{Key: "after", Value: "1"})
		require.Len(t, r.Metrics, 1)
		require.Equal(t, int64(8), r.Metrics[0].Step, "the run's metrics are logged before those of models")

		require.NoError(t, s.DeleteRun(t.Context(), run))
		requireCode(t, dynamodbstore.CodeInvalidParameterValue, "must be in the 'active' state", log(p(9, 1)))
	})
}

// TestMetricsOfSeveralLoggedModels: a batch that one of its models refuses adds
// to none of them.
func TestMetricsOfSeveralLoggedModels(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		ss := pair(t, tab, clock)
		run := newRun(t, ss[0], "0", 1)
		var ids []string
		for i := range 3 {
			ids = append(ids, loggedModel(t, ss[i%2], dynamodbstore.CreateLoggedModelParams{ExperimentID: "0"}).ID)
		}
		full := loggedModel(t, ss[0], dynamodbstore.CreateLoggedModelParams{ExperimentID: "0"}).ID
		require.NoError(t, ss[0].LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: modelMetrics(full, 60)}))
		log := func(s *dynamodbstore.Store, step int64, value float64, models ...string) error {
			p := dynamodbstore.LogBatchParams{RunID: run, Tags: []dynamodbstore.Tag{tag(fmt.Sprint("t", step), "1")}}
			for _, id := range models {
				m := point("acc", step, value)
				m.ModelID = id
				p.Metrics = append(p.Metrics, m)
			}
			return s.LogBatch(t.Context(), p)
		}
		points := func(s *dynamodbstore.Store, id string) int {
			m, err := s.GetAnyLoggedModel(t.Context(), id)
			require.NoError(t, err)
			return len(m.Metrics)
		}
		check := func(want ...int) {
			t.Helper()
			for i, id := range append(slices.Clone(ids), full) {
				require.Equal(t, want[i], points(ss[1], id), "model %d", i)
			}
		}
		require.NoError(t, log(ss[0], 1, 1, ids[0]))
		requireCode(t, dynamodbstore.CodeBadRequest, "Logged model with ID 'm-nope' not found.", log(ss[0], 2, 1, ids[0], full, "m-nope", ids[1]))
		check(1, 0, 0, 60)
		require.NoError(t, log(ss[1], 3, 1, ids[2]))
		requireCode(t, dynamodbstore.CodeBadRequest, "was already logged", log(ss[0], 3, 7, ids[0], full, ids[2])) // which ss[0] has an old copy of
		check(1, 0, 1, 60)
		require.NoError(t, ss[1].DeleteLoggedModel(t.Context(), ids[1]))
		require.NoError(t, log(ss[0], 4, 1, full, ids[2], ids[1], ids[0]), "as MLflow, deleted ones too")
		check(2, 1, 2, 61)
		require.NoError(t, log(ss[1], 4, 1, full, ids[2], ids[1], ids[0]), "again")
		check(2, 1, 2, 61)
		r, err := ss[0].GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Contains(t, r.Tags, tag("t4", "1"))
		require.NotContains(t, r.Tags, tag("t2", "1"))
		within(t, "log_batch of 2 logged models", cost(t, func(ctx context.Context) error {
			return ss[0].LogBatch(ctx, dynamodbstore.LogBatchParams{RunID: run, Metrics: append(modelMetrics(ids[0], 1), modelMetrics(ids[2], 1)...)})
		}), budget{5, 2, 11})
	})
}

func TestLogOutputs(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		exp := experiment(t, s, "outputs")
		run := newRun(t, s, exp, 1)
		outputs := []dynamodbstore.ModelOutput{{ModelID: "m-1", Step: 3}, {ModelID: "m-2"}}
		for range 2 {
			require.NoError(t, s.LogOutputs(t.Context(), run, outputs))
		}
		requireCode(t, dynamodbstore.CodeBadRequest, "Model with ID 'm-1' was already logged as an output of run",
			s.LogOutputs(t.Context(), run, []dynamodbstore.ModelOutput{{ModelID: "m-1", Step: 4}}))
		requireCode(t, dynamodbstore.CodeResourceDoesNotExist, "Run with id=nope not found", s.LogOutputs(t.Context(), "nope", outputs))
		check := func(want []dynamodbstore.ModelOutput) {
			t.Helper()
			r, err := s.GetRun(t.Context(), run)
			require.NoError(t, err)
			require.Equal(t, want, r.Outputs)
			found := allRuns(t, s, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}})
			require.Len(t, found, 1)
			require.Equal(t, want, found[0].Outputs)
		}
		check(outputs)
		finish(t, s, run)
		check(outputs)
		var many []dynamodbstore.ModelOutput
		for i := range 800 {
			many = append(many, dynamodbstore.ModelOutput{ModelID: fmt.Sprintf("m-%032d", i), Step: int64(i)})
		}
		for range 2 {
			require.NoError(t, s.LogOutputs(t.Context(), run, many))
		}
		many = append(many, outputs...)
		check(many)
		finish(t, s, run)
		check(many)
		requireCode(t, dynamodbstore.CodeBadRequest, "was already logged",
			s.LogOutputs(t.Context(), run, []dynamodbstore.ModelOutput{{ModelID: fmt.Sprintf("m-%032d", 799), Step: 1}}))
		require.NoError(t, s.DeleteRun(t.Context(), run))
		requireCode(t, dynamodbstore.CodeInvalidParameterValue, "must be in the 'active' state", s.LogOutputs(t.Context(), run, nil))
	})
}

// TestLoggedModelRaces lets two Stores change one model at once.
func TestLoggedModelRaces(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		ss := pair(t, tab, clock)
		run := newRun(t, ss[0], "0", 1)
		m := loggedModel(t, ss[0], dynamodbstore.CreateLoggedModelParams{ExperimentID: "0"})
		requireAll(t, together(16, func(i int) error {
			s, ctx, name := ss[i%2], t.Context(), fmt.Sprintf("k%02d", i)
			switch i % 4 {
			case 0:
				return s.SetLoggedModelTags(ctx, m.ID, []dynamodbstore.Tag{{Key: name, Value: "v"}})
			case 1:
				return s.LogLoggedModelParams(ctx, m.ID, []dynamodbstore.Param{{Key: name, Value: "v"}})
			case 2:
				return s.LogMetric(ctx, run, dynamodbstore.Metric{Key: name, Timestamp: 1, Value: 1, ModelID: m.ID})
			default:
				_, err := s.FinalizeLoggedModel(ctx, m.ID, dynamodbstore.LoggedModelReady)
				return err
			}
		}))
		for _, s := range ss {
			got, err := s.GetLoggedModel(t.Context(), m.ID)
			require.NoError(t, err)
			require.Len(t, got.Tags, 4)
			require.Len(t, got.Params, 4)
			require.Len(t, got.Metrics, 4)
			require.Equal(t, dynamodbstore.LoggedModelReady, got.Status)
		}
		errs := together(4, func(i int) error {
			return ss[i%2].LogLoggedModelParams(t.Context(), m.ID, []dynamodbstore.Param{{Key: "once", Value: fmt.Sprint(i)}})
		})
		requireOneWinner(t, errs, dynamodbstore.CodeBadRequest)
	})
}
