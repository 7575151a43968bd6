package rest

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// maxRunsOfPage is the size of the largest page of runs.
const maxRunsOfPage = 50_000

// runEndpoints are the endpoints of runs, but for those of metrics and artifacts.
type runEndpoints struct{ store stores }

func (x runEndpoints) addTo(h *handler) {
	const base = "/mlflow/runs/"
	h.add("2.0", http.MethodPost, base+"create", query(h, declareCreateRun(), x.createRun))
	h.add("2.0", http.MethodPost, base+"update", query(h, declareUpdateRun(), x.updateRun))
	h.add("2.0", http.MethodGet, base+"get", streamed(h, declareGetRun(), x.getRun))
	h.add("2.0", http.MethodPost, base+"search", explained(streamed(h, declareSearchRuns(), x.searchRuns)))
	h.add("2.0", http.MethodPost, base+"delete", command(h, declareRun(),
		func(ctx context.Context, q *runRequest) error { return x.store.of(ctx).DeleteRun(ctx, q.id) }))
	h.add("2.0", http.MethodPost, base+"restore", command(h, declareRun(),
		func(ctx context.Context, q *runRequest) error { return x.store.of(ctx).RestoreRun(ctx, q.id) }))
	h.add("2.0", http.MethodPost, base+"set-tag", command(h, declareRunPair(),
		func(ctx context.Context, q *runRequest) error {
			return x.store.of(ctx).SetTag(ctx, q.run(), mlflow.Tag{Key: q.key, Value: q.value})
		}))
	h.add("2.0", http.MethodPost, base+"delete-tag", command(h, declareDeleteTag(),
		func(ctx context.Context, q *runRequest) error { return x.store.of(ctx).DeleteTag(ctx, q.id, q.key) }))
	h.add("2.0", http.MethodPost, base+"log-parameter", command(h, declareRunPair(),
		func(ctx context.Context, q *runRequest) error {
			return x.store.of(ctx).LogParam(ctx, q.run(), mlflow.Param{Key: q.key, Value: q.value})
		}))
	h.add("2.0", http.MethodPost, base+"log-inputs", command(h, declareLogInputs(),
		func(ctx context.Context, q *mlflow.LogInputsParams) error {
			if err := noModelWithoutID(slices.Index(q.Models, "")); err != nil {
				return err
			}
			return x.store.of(ctx).LogInputs(ctx, *q)
		}))
	h.add("2.0", http.MethodPost, base+"outputs", command(h, declareLogOutputs(),
		func(ctx context.Context, q *logOutputsRequest) error {
			noID := func(m mlflow.ModelOutput) bool { return m.ModelID == "" }
			if err := noModelWithoutID(slices.IndexFunc(q.models, noID)); err != nil {
				return err
			}
			return x.store.of(ctx).LogOutputs(ctx, q.runID, q.models)
		}))
	h.add("2.0", http.MethodPost, base+"log-model", command(h, declareLogModel(), x.logModel))
}

// noModelWithoutID refuses a model, at a place if there is one, whose id is
// missing. MLflow keeps such a model, and shows it.
func noModelWithoutID(place int) error {
	if place < 0 {
		return nil
	}
	return invalid(wire.Missing("models[" + strconv.Itoa(place) + "].model_id"))
}

// runRequest is a request about one run, with at most one key and value.
type runRequest struct {
	id, legacyID string
	key, value   string
}

// run returns the id of the run, in whichever field it came.
func (q *runRequest) run() string {
	if q.id != "" {
		return q.id
	}
	return q.legacyID
}

// declareGetRun declares requests that name a run, as old clients do or new ones.
func declareGetRun() *wire.Request[runRequest] {
	return wire.Declare(func(q *runRequest) []wire.Field {
		return []wire.Field{
			wire.Text("run_id", &q.id).Required().IsText(),
			wire.Text("run_uuid", &q.legacyID),
		}
	})
}

// declareRunPair declares requests that put a value for a key of a run.
func declareRunPair() *wire.Request[runRequest] {
	return declareGetRun().With(func(q *runRequest) []wire.Field {
		return []wire.Field{
			wire.Text("key", &q.key).Required().IsText(),
			wire.Text("value", &q.value).IsText(),
		}
	}).ScannedBy(scanRunPair)
}

func declareRun() *wire.Request[runRequest] {
	return wire.Declare(func(q *runRequest) []wire.Field {
		return []wire.Field{wire.Text("run_id", &q.id).Required().IsText()}
	})
}

func declareDeleteTag() *wire.Request[runRequest] {
	return declareRun().With(func(q *runRequest) []wire.Field {
		return []wire.Field{wire.Text("key", &q.key).Required().IsText()}
	})
}

func declareCreateRun() *wire.Request[mlflow.CreateRunParams] {
	return wire.Declare(func(q *mlflow.CreateRunParams) []wire.Field {
		return []wire.Field{
			wire.Text("experiment_id", &q.ExperimentID).IsText(),
			wire.Text("user_id", &q.UserID),
			wire.Text("run_name", &q.Name).IsText(),
			wire.Int64("start_time", &q.StartTime).IsInt(),
			wire.Objects("tags", &q.Tags, tagFields),
		}
	}).CheckedIn("experiment_id", "start_time", "run_name").ScannedBy(scanCreateRun)
}

type updateRunRequest struct {
	mlflow.UpdateRunParams
	legacyID string
}

func declareUpdateRun() *wire.Request[updateRunRequest] {
	return wire.Declare(func(q *updateRunRequest) []wire.Field {
		return []wire.Field{
			wire.Text("run_id", &q.RunID).Required().IsText(),
			wire.Text("run_uuid", &q.legacyID),
			wire.Text("run_name", &q.Name).IsText(),
			wire.Enum("status", &q.Status, runStatuses()).IsText(),
			wire.OptionalInt64("end_time", &q.EndTime).IsInt(),
		}
	}).CheckedIn("run_id", "end_time", "status", "run_name")
}

func declareSearchRuns() *wire.Request[mlflow.SearchRunsParams] {
	return wire.Declare(func(q *mlflow.SearchRunsParams) []wire.Field {
		return []wire.Field{
			wire.Texts("experiment_ids", &q.ExperimentIDs).IsList(),
			wire.Text("filter", &q.Filter).IsText(),
			wire.Enum("run_view_type", &q.View, viewTypes()),
			wire.Size32("max_results", &q.MaxResults).IsInt().Between(-1<<62, maxRunsOfPage, ""),
			wire.Texts("order_by", &q.OrderBy).IsList().HasTexts(),
			wire.Text("page_token", &q.PageToken),
		}
	}).ScannedBy(scanSearchRuns)
}

// errNoResults is the answer of a search that is to return nothing.
func errNoResults() error {
	return invalid("Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer")
}

func declareLogInputs() *wire.Request[mlflow.LogInputsParams] {
	return wire.Declare(func(q *mlflow.LogInputsParams) []wire.Field {
		modelFields := func(id *string) []wire.Field { return []wire.Field{wire.Text("model_id", id)} }
		return []wire.Field{
			wire.Text("run_id", &q.RunID).Required().IsText(),
			wire.Objects("datasets", &q.Datasets, datasetInputFields).IsList(),
			wire.Objects("models", &q.Models, modelFields).IsList(),
		}
	})
}

type logOutputsRequest struct {
	runID  string
	models []mlflow.ModelOutput
}

func declareLogOutputs() *wire.Request[logOutputsRequest] {
	return wire.Declare(func(q *logOutputsRequest) []wire.Field {
		outputFields := func(o *mlflow.ModelOutput) []wire.Field {
			return []wire.Field{wire.Text("model_id", &o.ModelID), wire.Int64("step", &o.Step)}
		}
		return []wire.Field{
			wire.Text("run_id", &q.runID).Required().IsText(),
			wire.Objects("models", &q.models, outputFields).Required().IsList(),
		}
	})
}

func (x runEndpoints) createRun(ctx context.Context, b []byte, q *mlflow.CreateRunParams) ([]byte, error) {
	r, err := x.store.of(ctx).CreateRun(mlflow.WithTimesAsGiven(ctx), *q)
	if err != nil {
		return nil, err
	}
	return wire.CloseObject(appendRun(wire.AppendKey(append(b, '{'), 1, "run"), r, 1, true, nil), 0), nil
}

func (x runEndpoints) updateRun(ctx context.Context, b []byte, q *updateRunRequest) ([]byte, error) {
	if q.RunID == "" {
		q.RunID = q.legacyID
	}
	info, err := x.store.of(ctx).UpdateRun(mlflow.WithTimesAsGiven(ctx), q.UpdateRunParams)
	return appendAnswer(b, "run_info", info, err, appendRunInfo)
}

func (x runEndpoints) getRun(ctx context.Context, a *answer, q *runRequest) error {
	r, err := x.store.of(ctx).GetRun(ctx, q.run())
	if err != nil {
		return err
	}
	a.b = wire.CloseObject(appendRun(wire.AppendKey(append(a.b, '{'), 1, "run"), r, 1, false, a), 0)
	return nil
}

func (x runEndpoints) searchRuns(ctx context.Context, a *answer, q *mlflow.SearchRunsParams) error {
	switch q.MaxResults {
	case 0:
		q.MaxResults = 1000
	case wire.Zero:
		return errNoResults()
	}
	p := a.beginPage("runs")
	token, err := x.visitRuns(ctx, *q, func(r *mlflow.Run) error {
		a.b = a.spill(appendRun(wire.AppendItem(p.array(a), 2), r, 2, false, a))
		return a.err
	})
	if err != nil {
		return err
	}
	p.end(a, token)
	return nil
}
