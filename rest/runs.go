package rest

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
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
	return invalid("Missing value for required parameter 'models[" + strconv.Itoa(place) + "].model_id'." + seeDocs)
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

func runSpec(fields []field, rules ...rule) *spec[runRequest] {
	keyed := len(rules) > 0
	return &spec[runRequest]{
		fields: fields,
		rules:  append([]rule{requiredText("run_id")}, rules...),
		scan: func(s *scanner, name []byte, q *runRequest) {
			switch string(name) {
			case "run_id":
				q.id = s.strOrNull()
			case "run_uuid":
				q.legacyID = s.strOrNull()
			case "key":
				q.key = s.strOrNull()
			case "value":
				q.value = s.strOrNull()
			default:
				s.unknown(name)
			}
		},
		fits: func(q *runRequest) bool { return q.id != "" && (!keyed || q.key != "") },
	}
}

func createRunSpec() *spec[dynamodbstore.CreateRunParams] {
	return &spec[dynamodbstore.CreateRunParams]{
		fields: append(texts("experiment_id", "user_id", "run_name"),
			f("start_time", typeInt64), messages("tags", pairFields()...)),
		rules: []rule{text("experiment_id"), integer("start_time"), text("run_name")},
		scan: func(s *scanner, name []byte, q *dynamodbstore.CreateRunParams) {
			switch string(name) {
			case "experiment_id":
				q.ExperimentID = s.strOrNull()
			case "user_id":
				q.UserID = s.strOrNull()
			case "run_name":
				q.Name = s.strOrNull()
			case "start_time":
				q.StartTime = int64(scanOptionalInteger(s))
			case "tags":
				q.Tags = scanTags(s)
			default:
				s.unknown(name)
			}
		},
	}
}

type updateRunRequest struct {
	dynamodbstore.UpdateRunParams
	legacyID string
}

func updateRunSpec() *spec[updateRunRequest] {
	return &spec[updateRunRequest]{
		fields: append(texts("run_id", "run_uuid", "run_name"), runStatus("status"), f("end_time", typeInt64)),
		rules:  []rule{requiredText("run_id"), integer("end_time"), text("status"), text("run_name")},
		scan: func(s *scanner, name []byte, q *updateRunRequest) {
			switch string(name) {
			case "run_id":
				q.RunID = s.strOrNull()
			case "run_uuid":
				q.legacyID = s.strOrNull()
			case "run_name":
				q.Name = s.strOrNull()
			case "status":
				q.Status = scanStatus(s)
			case "end_time":
				q.EndTime = nil
				if !s.null() {
					q.EndTime = new(s.integer())
				}
			default:
				s.unknown(name)
			}
		},
		fits: func(q *updateRunRequest) bool { return q.RunID != "" },
	}
}

// scanStatus reads a RunStatus by name or number.
func scanStatus(s *scanner) dynamodbstore.RunStatus {
	if s.null() {
		return ""
	}
	if s.peek() == '"' {
		switch v := dynamodbstore.RunStatus(s.str()); v {
		case dynamodbstore.StatusRunning, dynamodbstore.StatusScheduled, dynamodbstore.StatusFinished,
			dynamodbstore.StatusFailed, dynamodbstore.StatusKilled:
			return v
		}
		s.bad = true
		return ""
	}
	n := s.integer()
	if n < 1 || n > 5 {
		s.bad = true
		return ""
	}
	return [...]dynamodbstore.RunStatus{
		dynamodbstore.StatusRunning, dynamodbstore.StatusScheduled, dynamodbstore.StatusFinished,
		dynamodbstore.StatusFailed, dynamodbstore.StatusKilled,
	}[n-1]
}

func searchRunsSpec() *spec[dynamodbstore.SearchRunsParams] {
	view := viewType("run_view_type")
	return &spec[dynamodbstore.SearchRunsParams]{
		fields: []field{
			list(f("experiment_ids", typeString)), f("filter", typeString), view, f("max_results", typeInt32),
			list(f("order_by", typeString)), f("page_token", typeString),
		},
		rules: []rule{
			array("experiment_ids"),
			text("filter"),
			{"max_results", []check{isIntLike(), between(-1<<62, 50000, "")}},
			{"order_by", []check{isArray(), itemsAreStrings()}},
		},
		scan: scanSearchRuns,
		fits: func(q *dynamodbstore.SearchRunsParams) bool { return q.MaxResults <= 50000 },
	}
}

func scanSearchRuns(s *scanner, name []byte, q *dynamodbstore.SearchRunsParams) {
	switch string(name) {
	case "experiment_ids":
		q.ExperimentIDs = s.strs()
	case "filter":
		q.Filter = s.strOrNull()
	case "run_view_type":
		q.View = scanView(s)
	case "max_results":
		// Zero is refused, absent is 1,000.
		if q.MaxResults = 0; !s.null() {
			q.MaxResults = nonZero(s.integer32())
		}
	case "order_by":
		q.OrderBy = s.strs()
	case "page_token":
		q.PageToken = s.strOrNull()
	default:
		s.unknown(name)
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

func logInputsSpec() *spec[dynamodbstore.LogInputsParams] {
	return &spec[dynamodbstore.LogInputsParams]{
		fields: []field{
			f("run_id", typeString), messages("datasets", datasetFields()...), messages("models", texts("model_id")...),
		},
		rules: []rule{requiredText("run_id"), array("datasets"), array("models")},
		scan: func(s *scanner, name []byte, q *dynamodbstore.LogInputsParams) {
			switch string(name) {
			case "run_id":
				q.RunID = s.strOrNull()
			case "datasets":
				if q.Datasets = nil; s.null() {
					return
				}
				for first := s.enter('['); s.next(&first, ']'); {
					q.Datasets = append(q.Datasets, scanDatasetInput(s))
				}
			case "models":
				if q.Models = nil; s.null() {
					return
				}
				for first := s.enter('['); s.next(&first, ']'); {
					q.Models = append(q.Models, scanModelID(s))
				}
			default:
				s.unknown(name)
			}
		},
		fits: func(q *dynamodbstore.LogInputsParams) bool { return q.RunID != "" },
	}
}

type logOutputsRequest struct {
	runID  string
	models []dynamodbstore.ModelOutput
	given  bool // there are models, or none on purpose
}

func logOutputsSpec() *spec[logOutputsRequest] {
	return &spec[logOutputsRequest]{
		fields: []field{f("run_id", typeString), messages("models", f("model_id", typeString), f("step", typeInt64))},
		rules:  []rule{requiredText("run_id"), {"models", []check{required(), isArray()}}},
		scan: func(s *scanner, name []byte, q *logOutputsRequest) {
			switch string(name) {
			case "run_id":
				q.runID = s.strOrNull()
			case "models":
				if q.models = nil; s.null() {
					return
				}
				q.given = true
				for first := s.enter('['); s.next(&first, ']'); {
					q.models = append(q.models, scanModelOutput(s))
				}
			default:
				s.unknown(name)
			}
		},
		fits: func(q *logOutputsRequest) bool { return q.runID != "" && q.given },
	}
}

func scanModelOutput(s *scanner) (o dynamodbstore.ModelOutput) {
	for first := s.enter('{'); s.next(&first, '}'); {
		switch name := s.name(); string(name) {
		case "model_id":
			o.ModelID = s.strOrNull()
		case "step":
			o.Step = int64(scanOptionalInteger(s))
		default:
			s.unknown(name)
		}
	}
	return o
}

func scanModelID(s *scanner) (id string) {
	for first := s.enter('{'); s.next(&first, '}'); {
		switch name := s.name(); string(name) {
		case "model_id":
			id = s.strOrNull()
		default:
			s.unknown(name)
		}
	}
	return id
}

func scanDatasetInput(s *scanner) (in dynamodbstore.DatasetInput) {
	for first := s.enter('{'); s.next(&first, '}'); {
		switch name := s.name(); string(name) {
		case "tags":
			in.Tags = scanTags(s)
		case "dataset":
			if in.Dataset = (dynamodbstore.Dataset{}); !s.null() {
				in.Dataset = scanDataset(s)
			}
		default:
			s.unknown(name)
		}
	}
	return in
}

func scanDataset(s *scanner) (d dynamodbstore.Dataset) {
	for first := s.enter('{'); s.next(&first, '}'); {
		switch name := s.name(); string(name) {
		case "name":
			d.Name = s.strOrNull()
		case "digest":
			d.Digest = s.strOrNull()
		case "source_type":
			d.SourceType = s.strOrNull()
		case "source":
			d.Source = s.strOrNull()
		case "schema":
			d.Schema = s.strOrNull()
		case "profile":
			d.Profile = s.strOrNull()
		default:
			s.unknown(name)
		}
	}
	return d
}

func (h *handler) createRun(ctx context.Context, b []byte, q *dynamodbstore.CreateRunParams) ([]byte, error) {
	r, err := h.store.CreateRun(dynamodbstore.WithTimesAsGiven(ctx), *q)
	if err != nil {
		return nil, err
	}
	return closeObject(appendRun(appendKey(append(b, '{'), 1, "run"), r, 1, true, nil), 0), nil
}

func (h *handler) updateRun(ctx context.Context, b []byte, q *updateRunRequest) ([]byte, error) {
	if q.RunID == "" {
		q.RunID = q.legacyID
	}
	info, err := h.store.UpdateRun(dynamodbstore.WithTimesAsGiven(ctx), q.UpdateRunParams)
	if err != nil {
		return nil, err
	}
	return closeObject(appendRunInfo(appendKey(append(b, '{'), 1, "run_info"), info, 1), 0), nil
}

func (h *handler) getRun(ctx context.Context, a *answer, q *runRequest) error {
	r, err := h.store.GetRun(ctx, q.run())
	if err != nil {
		return err
	}
	a.b = closeObject(appendRun(appendKey(append(a.b, '{'), 1, "run"), r, 1, false, a), 0)
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
		a.b = a.spill(appendRun(appendItem(p.array(a), 2), r, 2, false, a))
		return a.err
	})
	if err != nil {
		return err
	}
	p.end(a, token)
	return nil
}
