package rest

import (
	"context"
	"math"
	"net/http"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// maxTraces is the size of the largest page of traces.
const maxTraces = 500

// addTraceRoutes adds searches for traces. No trace is kept yet, so they find
// none; pages of the UI and clients search all the same. They refuse what MLflow
// refuses, but for filters, which they do not read.
func (h *handler) addTraceRoutes() {
	traceIDs := []field{list(f("trace_ids", typeString)), list(f("experiment_ids", typeString))}
	traceRules := []rule{
		{"trace_ids", []check{isArray(), required(), itemsAreStrings()}},
		{"experiment_ids", []check{isArray(), itemsAreStrings()}},
	}
	h.add("3.0", http.MethodPost, "/mlflow/traces/search", query(h, searchTracesSpec(), searchTraces))
	h.add("2.0", http.MethodGet, "/mlflow/traces", query(h, searchTracesV2Spec(), searchTraces))
	h.add("3.0", http.MethodPost, "/mlflow/traces/batchGetInfos", h.none("{}", traceIDs, traceRules))
	h.add("3.0", http.MethodGet, "/mlflow/traces/batchGet", h.none("{}", traceIDs, traceRules))
	h.add("3.0", http.MethodGet, "/mlflow/traces/get", query(h, &spec[traceRequest]{
		fields: append(texts("trace_id"), f("allow_partial", typeBool)),
		rules:  []rule{requiredText("trace_id")},
		scan:   scanTrace,
		fits:   func(q *traceRequest) bool { return q.id != "" },
	}, getTrace))
	for _, version := range []string{"2.0", "3.0"} {
		h.addPath(http.MethodGet, "/ajax-api/"+version+"/mlflow/get-trace-artifact", h.getTraceArtifact)
	}
	h.add("3.0", http.MethodPost, "/mlflow/traces/metrics", query(h, traceMetricsSpec(), traceMetrics))
}

// none makes an endpoint of a search that finds nothing, as nothing of the kind
// is kept, and says so in the words of its kind.
func (h *handler) none(answer string, fields []field, rules []rule) http.HandlerFunc {
	type request struct{}
	return query(h, &spec[request]{
		fields: fields,
		rules:  rules,
		scan:   func(s *scanner, _ []byte, _ *request) { s.skip(0) },
		fits:   func(*request) bool { return len(rules) == 0 }, // let the rules look
	}, func(_ context.Context, b []byte, _ *request) ([]byte, error) { return append(b, answer...), nil })
}

type searchTracesRequest struct {
	max         *int
	experiments []string
	pageToken   string
}

func searchTracesSpec() *spec[searchTracesRequest] {
	experiment := messages("mlflow_experiment", f("experiment_id", typeString))
	table := messages("inference_table", f("full_table_name", typeString))
	experiment.repeated, table.repeated = false, false
	return traceSearch(messages("locations", experiment, table), rule{"locations", []check{isArray(), required()}})
}

func searchTracesV2Spec() *spec[searchTracesRequest] {
	return traceSearch(list(f("experiment_ids", typeString)),
		rule{"experiment_ids", []check{isArray(), itemsAreStrings(), required()}})
}

// traceSearch says how searches for traces are read that differ in where they
// search.
func traceSearch(where field, whereRule rule) *spec[searchTracesRequest] {
	return &spec[searchTracesRequest]{
		fields: []field{
			where, f("filter", typeString), f("max_results", typeInt32), list(f("order_by", typeString)), f("page_token", typeString),
		},
		rules: []rule{
			whereRule, text("filter"),
			{"max_results", []check{isIntLike(), between(math.MinInt64, maxTraces, "")}},
			{"order_by", []check{isArray(), itemsAreStrings()}},
			text("page_token"),
		},
		scan: func(s *scanner, name []byte, q *searchTracesRequest) {
			switch string(name) {
			case "max_results":
				q.max = new(s.integer32())
			case "experiment_ids":
				q.experiments = s.strs()
			case "locations":
				q.experiments = scanLocations(s)
			case "page_token":
				q.pageToken = s.str()
			default:
				s.skip(0)
			}
		},
		fits: func(*searchTracesRequest) bool { return false }, // let the rules look
	}
}

// scanLocations reads the ids of experiments among the locations of traces.
func scanLocations(s *scanner) []string {
	var ids []string
	for first := s.enter('['); s.next(&first, ']'); {
		for first := s.enter('{'); s.next(&first, '}'); {
			if string(s.name()) != "mlflow_experiment" {
				s.skip(0)
				continue
			}
			for first := s.enter('{'); s.next(&first, '}'); {
				s.name()
				ids = append(ids, s.str())
			}
		}
	}
	return ids
}

func searchTraces(_ context.Context, b []byte, q *searchTracesRequest) ([]byte, error) {
	for _, id := range q.experiments {
		if _, ok := intLike(&node{kind: kindString, text: id}); !ok {
			return nil, invalid("Invalid experiment ID '" + id + "'. Experiment ID must be a valid integer.")
		}
	}
	if q.max != nil && *q.max < 1 {
		return nil, invalid("Invalid value " + strconv.Itoa(*q.max) + " for parameter 'max_results' supplied. It must be a positive integer")
	}
	return append(b, "{}"...), checkNoToken(q.pageToken)
}

// checkNoToken refuses a page token: where nothing is found, none is given.
func checkNoToken(token string) error {
	if token == "" {
		return nil
	}
	return invalid("Invalid page token, could not base64-decode")
}

type traceRequest struct{ id string }

func scanTrace(s *scanner, name []byte, q *traceRequest) {
	if string(name) == "trace_id" {
		q.id = s.strOrNull()
		return
	}
	s.skip(0)
}

func getTrace(_ context.Context, _ []byte, q *traceRequest) ([]byte, error) {
	return nil, noSuchTrace(q.id)
}

func noSuchTrace(id string) error {
	return &dynamodbstore.Error{
		Code: dynamodbstore.CodeResourceDoesNotExist, Message: "Trace with ID " + id + " is not found.",
	}
}

// getTraceArtifact is where the UI looks for the spans of a trace.
func (h *handler) getTraceArtifact(w http.ResponseWriter, r *http.Request) {
	for _, p := range parseQuery(r.URL.RawQuery) {
		if p.key == "request_id" && p.value != "" {
			h.writeError(w, r, noSuchTrace(p.value))
			return
		}
	}
	h.writeError(w, r, &dynamodbstore.Error{
		Code:    "BAD_REQUEST",
		Message: `Request must include the "request_id" query parameter.`,
	})
}
