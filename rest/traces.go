package rest

import (
	"context"
	"math"
	"net/http"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// maxTraces is the size of the largest page of traces.
const maxTraces = 500

// traceEndpoints are searches for traces. No trace is kept yet, so they find none;
// pages of the UI and clients search all the same. They refuse what MLflow
// refuses, but for filters, which they do not read.
type traceEndpoints struct{ failures }

func (x traceEndpoints) addTo(h *handler) {
	traceFields := func(q *unread) []wire.Field {
		return []wire.Field{
			wire.Texts("trace_ids", &q.texts).IsList().Required().HasTexts(),
			wire.Texts("experiment_ids", &q.texts).IsList().HasTexts(),
		}
	}
	h.add("3.0", http.MethodPost, "/mlflow/traces/search", query(h, declareSearchTraces(), searchTraces))
	h.add("2.0", http.MethodGet, "/mlflow/traces", query(h, declareSearchTracesV2(), searchTraces))
	h.add("3.0", http.MethodPost, "/mlflow/traces/batchGetInfos", none(h, "{}", traceFields))
	h.add("3.0", http.MethodGet, "/mlflow/traces/batchGet", none(h, "{}", traceFields))
	h.add("3.0", http.MethodGet, "/mlflow/traces/get", query(h, declareGetTrace(), getTrace))
	for _, version := range []string{"2.0", "3.0"} {
		h.addPath(http.MethodGet, "/ajax-api/"+version+"/mlflow/get-trace-artifact", x.getTraceArtifact)
	}
	h.add("3.0", http.MethodPost, "/mlflow/traces/metrics", query(h, declareTraceMetrics(), traceMetrics))
}

// unread is where fields go that nothing looks at.
type unread struct {
	text   string
	texts  []string
	number int
}

// none makes an endpoint of a search that finds nothing, as nothing of the kind
// is kept, and says so in the words of its kind.
func none(h *handler, answer string, fields func(q *unread) []wire.Field) http.HandlerFunc {
	return query(h, wire.Declare(fields), func(_ context.Context, b []byte, _ *unread) ([]byte, error) {
		return append(b, answer...), nil
	})
}

type searchTracesRequest struct {
	max         *int
	experiments []string
	locations   []traceLocation
	pageToken   string
}

// traceLocation is where traces lie.
type traceLocation struct{ experiment *string }

func traceLocationFields(l *traceLocation) []wire.Field {
	return []wire.Field{
		wire.Object("mlflow_experiment", l, func(l *traceLocation) []wire.Field {
			return []wire.Field{wire.OptionalText("experiment_id", &l.experiment)}
		}),
		wire.Object("inference_table", new(string), func(name *string) []wire.Field {
			return []wire.Field{wire.Text("full_table_name", name)}
		}),
	}
}

func declareSearchTraces() *wire.Request[searchTracesRequest] {
	return wire.Declare(func(q *searchTracesRequest) []wire.Field {
		return []wire.Field{wire.Objects("locations", &q.locations, traceLocationFields).IsList().Required()}
	}).With(traceSearchFields)
}

func declareSearchTracesV2() *wire.Request[searchTracesRequest] {
	return wire.Declare(func(q *searchTracesRequest) []wire.Field {
		return []wire.Field{wire.Texts("experiment_ids", &q.experiments).IsList().HasTexts().Required()}
	}).With(traceSearchFields)
}

// traceSearchFields are those of all searches for traces, which differ in where
// they search.
func traceSearchFields(q *searchTracesRequest) []wire.Field {
	return []wire.Field{
		wire.Text("filter", new(string)).IsText(),
		wire.OptionalInt32("max_results", &q.max).IsInt().Between(math.MinInt64, maxTraces, ""),
		wire.Texts("order_by", new([]string)).IsList().HasTexts(),
		wire.Text("page_token", &q.pageToken).IsText(),
	}
}

func searchTraces(_ context.Context, b []byte, q *searchTracesRequest) ([]byte, error) {
	for _, l := range q.locations {
		if l.experiment != nil {
			q.experiments = append(q.experiments, *l.experiment)
		}
	}
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

func declareGetTrace() *wire.Request[traceRequest] {
	return wire.Declare(func(q *traceRequest) []wire.Field {
		return []wire.Field{
			wire.Text("trace_id", &q.id).Required().IsText(),
			wire.Flag("allow_partial", new(bool)),
		}
	})
}

func getTrace(_ context.Context, _ []byte, q *traceRequest) ([]byte, error) {
	return nil, noSuchTrace(q.id)
}

func noSuchTrace(id string) error {
	return &mlflow.Error{
		Code: mlflow.CodeResourceDoesNotExist, Message: "Trace with ID " + id + " is not found.",
	}
}

// getTraceArtifact is where the UI looks for the spans of a trace.
func (x traceEndpoints) getTraceArtifact(w http.ResponseWriter, r *http.Request) {
	for _, p := range wire.ParseQuery(r.URL.RawQuery) {
		if p.Key == "request_id" && p.Value != "" {
			x.writeError(w, r, noSuchTrace(p.Value))
			return
		}
	}
	x.writeError(w, r, &mlflow.Error{
		Code:    "BAD_REQUEST",
		Message: `Request must include the "request_id" query parameter.`,
	})
}
