package rest

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/graph-gophers/graphql-go"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

//go:embed schema.graphql
var graphSchema string

// graphEndpoint is what the web UI asks for the page of a run and for charts.
type graphEndpoint struct {
	store stores
	failures
	limits  graphLimits
	metrics metricEndpoints
	files   artifactEndpoints
	schema  *graphql.Schema
}

func (x *graphEndpoint) addTo(h *handler) {
	answer := h.withBody(readGraph, func(w http.ResponseWriter, r *http.Request, body *heldBody) {
		x.answer(context.WithValue(r.Context(), requestKey{}, r), w, r, body.data)
	})
	for _, method := range []string{http.MethodGet, http.MethodPost} { // a GET has a body too, as in MLflow
		h.addPath(method, "/graphql", answer)
	}
}

// parse reads the schema, whose answers come from the rest of x.
func (x *graphEndpoint) parse() (err error) {
	if x.schema, err = graphql.ParseSchema(graphSchema, graphRoot{&graphQuery{x}}, graphql.UseFieldResolvers()); err != nil {
		return fmt.Errorf("schema of GraphQL: %w", err)
	}
	return nil
}

// graphRoot is what queries and mutations are asked of.
type graphRoot struct{ query *graphQuery }

// Query returns what queries are asked of.
func (r graphRoot) Query() *graphQuery { return r.query }

// Mutation returns what mutations are asked of.
func (r graphRoot) Mutation() *graphQuery { return r.query }

// maxGraphBody is the size of the largest body of a query. What is read of it
// takes many times as much.
const maxGraphBody = 1 << 20

func readGraph(h *handler, r *http.Request) (heldBody, error) {
	if err := checkContentType(r); err != nil {
		return heldBody{}, err
	}
	return h.readBody(r, min(h.maxBody, maxGraphBody), bodyTooLarge)
}

// answer answers one query. Like MLflow's server it says what is wrong with a
// query or its outcome with status 200.
func (x *graphEndpoint) answer(ctx context.Context, w http.ResponseWriter, r *http.Request, body []byte) {
	var q struct {
		Query         string         `json:"query"`
		OperationName string         `json:"operationName"`
		Variables     map[string]any `json:"variables"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		x.writeError(w, r, invalid("Bad Request. The body must be a JSON object."))
		return
	}
	if q.Query == "" {
		writeGraph(w, nil, []string{"Must provide query string."})
		return
	}
	if text := x.limits.check(q.Query); text != "" {
		writeGraph(w, nil, []string{text})
		return
	}
	answer := x.schema.Exec(ctx, q.Query, q.OperationName, q.Variables)
	var texts []string
	for _, e := range answer.Errors {
		if isWrongVariable(e.Message) {
			writeGraph(w, nil, []string{errWrongVariable.Error()}) // the library's own words name types of Go
			return
		}
		texts = append(texts, e.Message)
	}
	writeGraph(w, answer.Data, texts)
}

// isWrongVariable reports whether an error is that of a variable of a wrong type.
func isWrongVariable(text string) bool {
	name, kind, _ := strings.Cut(text, "\n")
	return strings.HasPrefix(text, "could not unmarshal") || text == errWrongVariable.Error() ||
		strings.HasPrefix(name, "Variable ") && strings.Contains(name, " has invalid type ") && strings.HasPrefix(kind, "Expected type ")
}

func writeGraph(w http.ResponseWriter, data []byte, texts []string) {
	if data == nil {
		data = []byte("null")
	}
	b := append([]byte(`{"data":`), data...)
	b = append(b, `,"errors":`...)
	if texts == nil {
		writeJSON(w, http.StatusOK, append(b, "null}\n"...))
		return
	}
	for i, text := range texts {
		if b = append(b, ','); i == 0 {
			b[len(b)-1] = '['
		}
		b = pyrepr.AppendJSON(b, text)
	}
	writeJSON(w, http.StatusOK, append(b, "]}\n"...))
}

// requestKey is the key of the request in the context of resolvers, which log
// for it.
type requestKey struct{}

// graphError is what a client may know of an error: its text alone.
func (x *graphEndpoint) graphError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*mlflow.Error](err)
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	switch {
	case !ok:
		e = x.hide(r, err)
	case e.Err != nil:
		x.logCause(r, e)
	}
	return errors.New(e.Message)
}
