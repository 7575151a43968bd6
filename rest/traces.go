package rest

import (
	"context"
	"math"
	"net/http"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// maxTraces is the size of the largest page of traces.
const maxTraces = 500

// addTraceRoutes adds searches for traces. No trace is kept yet, so they find
// none; pages of the UI and clients search all the same. They refuse what MLflow
// refuses, but for filters, which they do not read.
func (h *handler) addTraceRoutes() {
	traceIDs := []wire.Field{wire.List(wire.F("trace_ids", wire.TypeString)), wire.List(wire.F("experiment_ids", wire.TypeString))}
	traceRules := []wire.Rule{
		{"trace_ids", []wire.Check{wire.IsArray(), wire.Required(), wire.ItemsAreStrings()}},
		{"experiment_ids", []wire.Check{wire.IsArray(), wire.ItemsAreStrings()}},
	}
	h.add("3.0", http.MethodPost, "/mlflow/traces/search", query(h, searchTracesSpec(), searchTraces))
	h.add("2.0", http.MethodGet, "/mlflow/traces", query(h, searchTracesV2Spec(), searchTraces))
	h.add("3.0", http.MethodPost, "/mlflow/traces/batchGetInfos", h.none("{}", traceIDs, traceRules))
	h.add("3.0", http.MethodGet, "/mlflow/traces/batchGet", h.none("{}", traceIDs, traceRules))
	h.add("3.0", http.MethodGet, "/mlflow/traces/get", query(h, &wire.Spec[traceRequest]{
		Fields: append(texts("trace_id"), wire.F("allow_partial", wire.TypeBool)),
		Rules:  []wire.Rule{requiredText("trace_id")},
		Scan:   scanTrace,
		Fits:   func(q *traceRequest) bool { return q.id != "" },
	}, getTrace))
	for _, version := range []string{"2.0", "3.0"} {
		h.addPath(http.MethodGet, "/ajax-api/"+version+"/mlflow/get-trace-artifact", h.getTraceArtifact)
	}
	h.add("3.0", http.MethodPost, "/mlflow/traces/metrics", query(h, traceMetricsSpec(), traceMetrics))
}

// none makes an endpoint of a search that finds nothing, as nothing of the kind
// is kept, and says so in the words of its kind.
func (h *handler) none(answer string, fields []wire.Field, rules []wire.Rule) http.HandlerFunc {
	type request struct{}
	return query(h, &wire.Spec[request]{
		Fields: fields,
		Rules:  rules,
		Scan:   func(s *wire.Scanner, _ []byte, _ *request) { s.Skip(0) },
		Fits:   func(*request) bool { return len(rules) == 0 }, // let the rules look
	}, func(_ context.Context, b []byte, _ *request) ([]byte, error) { return append(b, answer...), nil })
}

type searchTracesRequest struct {
	max         *int
	experiments []string
	pageToken   string
}

func searchTracesSpec() *wire.Spec[searchTracesRequest] {
	experiment := wire.Messages("mlflow_experiment", wire.F("experiment_id", wire.TypeString))
	table := wire.Messages("inference_table", wire.F("full_table_name", wire.TypeString))
	experiment.Repeated, table.Repeated = false, false
	return traceSearch(wire.Messages("locations", experiment, table), wire.Rule{"locations", []wire.Check{wire.IsArray(), wire.Required()}})
}

func searchTracesV2Spec() *wire.Spec[searchTracesRequest] {
	return traceSearch(wire.List(wire.F("experiment_ids", wire.TypeString)),
		wire.Rule{"experiment_ids", []wire.Check{wire.IsArray(), wire.ItemsAreStrings(), wire.Required()}})
}

// traceSearch says how searches for traces are read that differ in where they
// search.
func traceSearch(where wire.Field, whereRule wire.Rule) *wire.Spec[searchTracesRequest] {
	return &wire.Spec[searchTracesRequest]{
		Fields: []wire.Field{
			where, wire.F("filter", wire.TypeString), wire.F("max_results", wire.TypeInt32), wire.List(wire.F("order_by", wire.TypeString)), wire.F("page_token", wire.TypeString),
		},
		Rules: []wire.Rule{
			whereRule, text("filter"),
			{"max_results", []wire.Check{wire.IsIntLike(), wire.Between(math.MinInt64, maxTraces, "")}},
			{"order_by", []wire.Check{wire.IsArray(), wire.ItemsAreStrings()}},
			text("page_token"),
		},
		Scan: func(s *wire.Scanner, name []byte, q *searchTracesRequest) {
			switch string(name) {
			case "max_results":
				q.max = new(s.Int32())
			case "experiment_ids":
				q.experiments = s.Texts()
			case "locations":
				q.experiments = scanLocations(s)
			case "page_token":
				q.pageToken = s.Text()
			default:
				s.Skip(0)
			}
		},
		Fits: func(*searchTracesRequest) bool { return false }, // let the rules look
	}
}

// scanLocations reads the ids of experiments among the locations of traces.
func scanLocations(s *wire.Scanner) []string {
	var ids []string
	for first := s.Enter('['); s.Next(&first, ']'); {
		for first := s.Enter('{'); s.Next(&first, '}'); {
			if string(s.Name()) != "mlflow_experiment" {
				s.Skip(0)
				continue
			}
			for first := s.Enter('{'); s.Next(&first, '}'); {
				s.Name()
				ids = append(ids, s.Text())
			}
		}
	}
	return ids
}

func searchTraces(_ context.Context, b []byte, q *searchTracesRequest) ([]byte, error) {
	for _, id := range q.experiments {
		if _, ok := wire.IntLike(&wire.Value{Kind: wire.KindString, Text: id}); !ok {
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

func scanTrace(s *wire.Scanner, name []byte, q *traceRequest) {
	if string(name) == "trace_id" {
		q.id = s.TextOrNull()
		return
	}
	s.Skip(0)
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
	for _, p := range wire.ParseQuery(r.URL.RawQuery) {
		if p.Key == "request_id" && p.Value != "" {
			h.writeError(w, r, noSuchTrace(p.Value))
			return
		}
	}
	h.writeError(w, r, &dynamodbstore.Error{
		Code:    "BAD_REQUEST",
		Message: `Request must include the "request_id" query parameter.`,
	})
}
