package rest

import (
	"net/http"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// inQuery tells whether a request is in its query string and not in its body.
func inQuery(r *http.Request) bool { return r.Method == http.MethodGet && r.URL.RawQuery != "" }

// readJSON reads the body of a request that has to be JSON. The caller frees it,
// also after an error.
func (h *handler) readJSON(r *http.Request) (heldBody, error) {
	if inQuery(r) {
		return heldBody{}, nil
	}
	if err := checkContentType(r); err != nil {
		return heldBody{}, err
	}
	return h.readBody(r, h.maxBody, bodyTooLarge)
}

// pathReader is a request of which the path says a part.
type pathReader interface{ fromPath(r *http.Request) }

// readRequest reads a request, from the query string if it is a GET and has one.
func readRequest[T any](p *wire.Request[T], r *http.Request, body []byte) (*T, error) {
	var q *T
	var err error
	if inQuery(r) {
		q, err = p.ReadQuery(r.URL.RawQuery)
	} else {
		q, err = p.ReadBody(body)
	}
	if err != nil {
		return nil, asInvalid(err)
	}
	if q, ok := any(q).(pathReader); ok {
		q.fromPath(r)
	}
	return q, nil
}

func checkContentType(r *http.Request) error {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return nil
	}
	values := r.Header["Content-Type"]
	if len(values) == 0 {
		return invalid("Bad Request. Content-Type header is missing.")
	}
	if t, _, _ := strings.Cut(values[0], ";"); t != "application/json" {
		return invalid("Bad Request. Content-Type must be one of ['application/json'].")
	}
	return nil
}
