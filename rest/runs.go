package rest

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func (h *handler) addRunRoutes() {
	const base = "/mlflow/runs/"
	h.add("2.0", http.MethodPost, base+"create", query(h, createRunSpec(), h.createRun))
	h.add("2.0", http.MethodPost, base+"update", query(h, updateRunSpec(), h.updateRun))
	h.add("2.0", http.MethodGet, base+"get", streamed(h, runSpec(texts("run_id", "run_uuid")), h.getRun))
	h.add("2.0", http.MethodPost, base+"search", explained(streamed(h, searchRunsSpec(), h.searchRuns)))
	h.add("2.0", http.MethodPost, base+"delete", command(h, runSpec(texts("run_id")),
		func(ctx context.Context, q *runRequest) error { return h.store.DeleteRun(ctx, q.id) }))
	h.add("2.0", http.MethodPost, base+"restore", command(h, runSpec(texts("run_id")),
		func(ctx context.Context, q *runRequest) error { return h.store.RestoreRun(ctx, q.id) }))
	h.add("2.0", http.MethodPost, base+"set-tag",
		command(h, runSpec(texts("run_id", "run_uuid", "key", "value"), requiredText("key"), text("value")),
			func(ctx context.Context, q *runRequest) error {
				return h.store.SetTag(ctx, q.run(), dynamodbstore.Tag{Key: q.key, Value: q.value})
			}))
	h.add("2.0", http.MethodPost, base+"delete-tag",
		command(h, runSpec(texts("run_id", "key"), requiredText("key")),
			func(ctx context.Context, q *runRequest) error { return h.store.DeleteTag(ctx, q.id, q.key) }))
	h.add("2.0", http.MethodPost, base+"log-parameter",
		command(h, runSpec(texts("run_id", "run_uuid", "key", "value"), requiredText("key"), text("value")),
			func(ctx context.Context, q *runRequest) error {
				return h.store.LogParam(ctx, q.run(), dynamodbstore.Param{Key: q.key, Value: q.value})
			}))
	h.add("2.0", http.MethodPost, base+"log-inputs", command(h, logInputsSpec(),
		func(ctx context.Context, q *dynamodbstore.LogInputsParams) error {
			if err := noModelWithoutID(slices.Index(q.Models, "")); err != nil {
				return err
			}
			return h.store.LogInputs(ctx, *q)
		}))
	h.add("2.0", http.MethodPost, base+"outputs", command(h, logOutputsSpec(),
		func(ctx context.Context, q *logOutputsRequest) error {
			noID := func(m dynamodbstore.ModelOutput) bool { return m.ModelID == "" }
			if err := noModelWithoutID(slices.IndexFunc(q.models, noID)); err != nil {
				return err
			}
			return h.store.LogOutputs(ctx, q.runID, q.models)
		}))
	h.add("2.0", http.MethodPost, base+"log-model", command(h, logModelSpec(), h.logModel))
}

// noModelWithoutID refuses a model, at a place if there is one, whose id is
// missing. MLflow keeps such a model, and shows it.
func noModelWithoutID(place int) error {
	if place < 0 {
		return nil
	}
	return invalid("Missing value for required parameter 'models[" + strconv.Itoa(place) + "].model_id'." + wire.SeeDocs)
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

func runSpec(fields []wire.Field, rules ...wire.Rule) *wire.Spec[runRequest] {
	keyed := len(rules) > 0
	return &wire.Spec[runRequest]{
		Fields: fields,
		Rules:  append([]wire.Rule{requiredText("run_id")}, rules...),
		Scan: func(s *wire.Scanner, name []byte, q *runRequest) {
			switch string(name) {
			case "run_id":
				q.id = s.TextOrNull()
			case "run_uuid":
				q.legacyID = s.TextOrNull()
			case "key":
				q.key = s.TextOrNull()
			case "value":
				q.value = s.TextOrNull()
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *runRequest) bool { return q.id != "" && (!keyed || q.key != "") },
	}
}

func createRunSpec() *wire.Spec[dynamodbstore.CreateRunParams] {
	return &wire.Spec[dynamodbstore.CreateRunParams]{
		Fields: append(texts("experiment_id", "user_id", "run_name"),
			wire.F("start_time", wire.TypeInt64), wire.Messages("tags", pairFields()...)),
		Rules: []wire.Rule{text("experiment_id"), integer("start_time"), text("run_name")},
		Scan: func(s *wire.Scanner, name []byte, q *dynamodbstore.CreateRunParams) {
			switch string(name) {
			case "experiment_id":
				q.ExperimentID = s.TextOrNull()
			case "user_id":
				q.UserID = s.TextOrNull()
			case "run_name":
				q.Name = s.TextOrNull()
			case "start_time":
				q.StartTime = int64(scanOptionalInteger(s))
			case "tags":
				q.Tags = scanTags(s)
			default:
				s.Unknown(name)
			}
		},
	}
}

type updateRunRequest struct {
	dynamodbstore.UpdateRunParams
	legacyID string
}

func updateRunSpec() *wire.Spec[updateRunRequest] {
	return &wire.Spec[updateRunRequest]{
		Fields: append(texts("run_id", "run_uuid", "run_name"), runStatus("status"), wire.F("end_time", wire.TypeInt64)),
		Rules:  []wire.Rule{requiredText("run_id"), integer("end_time"), text("status"), text("run_name")},
		Scan: func(s *wire.Scanner, name []byte, q *updateRunRequest) {
			switch string(name) {
			case "run_id":
				q.RunID = s.TextOrNull()
			case "run_uuid":
				q.legacyID = s.TextOrNull()
			case "run_name":
				q.Name = s.TextOrNull()
			case "status":
				q.Status = scanStatus(s)
			case "end_time":
				q.EndTime = nil
				if !s.Null() {
					q.EndTime = new(s.Int())
				}
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *updateRunRequest) bool { return q.RunID != "" },
	}
}

// scanStatus reads a RunStatus by name or number.
func scanStatus(s *wire.Scanner) dynamodbstore.RunStatus {
	if s.Null() {
		return ""
	}
	if s.Peek() == '"' {
		switch v := dynamodbstore.RunStatus(s.Text()); v {
		case dynamodbstore.StatusRunning, dynamodbstore.StatusScheduled, dynamodbstore.StatusFinished,
			dynamodbstore.StatusFailed, dynamodbstore.StatusKilled:
			return v
		}
		s.Bad = true
		return ""
	}
	n := s.Int()
	if n < 1 || n > 5 {
		s.Bad = true
		return ""
	}
	return [...]dynamodbstore.RunStatus{
		dynamodbstore.StatusRunning, dynamodbstore.StatusScheduled, dynamodbstore.StatusFinished,
		dynamodbstore.StatusFailed, dynamodbstore.StatusKilled,
	}[n-1]
}

func searchRunsSpec() *wire.Spec[dynamodbstore.SearchRunsParams] {
	view := viewType("run_view_type")
	return &wire.Spec[dynamodbstore.SearchRunsParams]{
		Fields: []wire.Field{
			wire.List(wire.F("experiment_ids", wire.TypeString)), wire.F("filter", wire.TypeString), view, wire.F("max_results", wire.TypeInt32),
			wire.List(wire.F("order_by", wire.TypeString)), wire.F("page_token", wire.TypeString),
		},
		Rules: []wire.Rule{
			array("experiment_ids"),
			text("filter"),
			{"max_results", []wire.Check{wire.IsIntLike(), wire.Between(-1<<62, 50000, "")}},
			{"order_by", []wire.Check{wire.IsArray(), wire.ItemsAreStrings()}},
		},
		Scan: scanSearchRuns,
		Fits: func(q *dynamodbstore.SearchRunsParams) bool { return q.MaxResults <= 50000 },
	}
}

func scanSearchRuns(s *wire.Scanner, name []byte, q *dynamodbstore.SearchRunsParams) {
	switch string(name) {
	case "experiment_ids":
		q.ExperimentIDs = s.Texts()
	case "filter":
		q.Filter = s.TextOrNull()
	case "run_view_type":
		q.View = scanView(s)
	case "max_results":
		// Zero is refused, absent is 1,000.
		if q.MaxResults = 0; !s.Null() {
			q.MaxResults = nonZero(s.Int32())
		}
	case "order_by":
		q.OrderBy = s.Texts()
	case "page_token":
		q.PageToken = s.TextOrNull()
	default:
		s.Unknown(name)
	}
}

// explicitZero stands for a zero in the request, as opposed to no value.
const explicitZero = -1 << 62

// errNoResults is the answer of a search that is to return nothing.
func errNoResults() error {
	return invalid("Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer")
}

func nonZero(n int) int {
	if n == 0 {
		return explicitZero
	}
	return n
}

func logInputsSpec() *wire.Spec[dynamodbstore.LogInputsParams] {
	return &wire.Spec[dynamodbstore.LogInputsParams]{
		Fields: []wire.Field{
			wire.F("run_id", wire.TypeString), wire.Messages("datasets", datasetFields()...), wire.Messages("models", texts("model_id")...),
		},
		Rules: []wire.Rule{requiredText("run_id"), array("datasets"), array("models")},
		Scan: func(s *wire.Scanner, name []byte, q *dynamodbstore.LogInputsParams) {
			switch string(name) {
			case "run_id":
				q.RunID = s.TextOrNull()
			case "datasets":
				if q.Datasets = nil; s.Null() {
					return
				}
				for first := s.Enter('['); s.Next(&first, ']'); {
					q.Datasets = append(q.Datasets, scanDatasetInput(s))
				}
			case "models":
				if q.Models = nil; s.Null() {
					return
				}
				for first := s.Enter('['); s.Next(&first, ']'); {
					q.Models = append(q.Models, scanModelID(s))
				}
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *dynamodbstore.LogInputsParams) bool { return q.RunID != "" },
	}
}

type logOutputsRequest struct {
	runID  string
	models []dynamodbstore.ModelOutput
	given  bool // there are models, or none on purpose
}

func logOutputsSpec() *wire.Spec[logOutputsRequest] {
	return &wire.Spec[logOutputsRequest]{
		Fields: []wire.Field{wire.F("run_id", wire.TypeString), wire.Messages("models", wire.F("model_id", wire.TypeString), wire.F("step", wire.TypeInt64))},
		Rules:  []wire.Rule{requiredText("run_id"), {"models", []wire.Check{wire.Required(), wire.IsArray()}}},
		Scan: func(s *wire.Scanner, name []byte, q *logOutputsRequest) {
			switch string(name) {
			case "run_id":
				q.runID = s.TextOrNull()
			case "models":
				if q.models = nil; s.Null() {
					return
				}
				q.given = true
				for first := s.Enter('['); s.Next(&first, ']'); {
					q.models = append(q.models, scanModelOutput(s))
				}
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *logOutputsRequest) bool { return q.runID != "" && q.given },
	}
}

func scanModelOutput(s *wire.Scanner) (o dynamodbstore.ModelOutput) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "model_id":
			o.ModelID = s.TextOrNull()
		case "step":
			o.Step = int64(scanOptionalInteger(s))
		default:
			s.Unknown(name)
		}
	}
	return o
}

func scanModelID(s *wire.Scanner) (id string) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "model_id":
			id = s.TextOrNull()
		default:
			s.Unknown(name)
		}
	}
	return id
}

func scanDatasetInput(s *wire.Scanner) (in dynamodbstore.DatasetInput) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "tags":
			in.Tags = scanTags(s)
		case "dataset":
			if in.Dataset = (dynamodbstore.Dataset{}); !s.Null() {
				in.Dataset = scanDataset(s)
			}
		default:
			s.Unknown(name)
		}
	}
	return in
}

func scanDataset(s *wire.Scanner) (d dynamodbstore.Dataset) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "name":
			d.Name = s.TextOrNull()
		case "digest":
			d.Digest = s.TextOrNull()
		case "source_type":
			d.SourceType = s.TextOrNull()
		case "source":
			d.Source = s.TextOrNull()
		case "schema":
			d.Schema = s.TextOrNull()
		case "profile":
			d.Profile = s.TextOrNull()
		default:
			s.Unknown(name)
		}
	}
	return d
}

func (h *handler) createRun(ctx context.Context, b []byte, q *dynamodbstore.CreateRunParams) ([]byte, error) {
	r, err := h.store.CreateRun(dynamodbstore.WithTimesAsGiven(ctx), *q)
	if err != nil {
		return nil, err
	}
	return wire.CloseObject(appendRun(wire.AppendKey(append(b, '{'), 1, "run"), r, 1, true, nil), 0), nil
}

func (h *handler) updateRun(ctx context.Context, b []byte, q *updateRunRequest) ([]byte, error) {
	if q.RunID == "" {
		q.RunID = q.legacyID
	}
	info, err := h.store.UpdateRun(dynamodbstore.WithTimesAsGiven(ctx), q.UpdateRunParams)
	if err != nil {
		return nil, err
	}
	return wire.CloseObject(appendRunInfo(wire.AppendKey(append(b, '{'), 1, "run_info"), info, 1), 0), nil
}

func (h *handler) getRun(ctx context.Context, a *answer, q *runRequest) error {
	r, err := h.store.GetRun(ctx, q.run())
	if err != nil {
		return err
	}
	a.b = wire.CloseObject(appendRun(wire.AppendKey(append(a.b, '{'), 1, "run"), r, 1, false, a), 0)
	return nil
}

func (h *handler) searchRuns(ctx context.Context, a *answer, q *dynamodbstore.SearchRunsParams) error {
	switch q.MaxResults {
	case 0:
		q.MaxResults = 1000
	case explicitZero:
		return errNoResults()
	}
	p := a.beginPage("runs")
	token, err := h.visitRuns(ctx, *q, func(r *dynamodbstore.Run) error {
		a.b = a.spill(appendRun(wire.AppendItem(p.array(a), 2), r, 2, false, a))
		return a.err
	})
	if err != nil {
		return err
	}
	p.end(a, token)
	return nil
}
