package rest

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// spec is how the requests of one endpoint are read. The fields and rules say
// what MLflow does with any input at all; scan is the short way for what
// clients really send.
type spec[T any] struct {
	fields []field
	rules  []rule
	// scan reads one member of the request.
	scan func(s *scanner, name []byte, q *T)
	// fits tells whether a request that was scanned follows the rules. Without
	// it there is nothing to follow.
	fits func(q *T) bool
	// path, if set, adds what the path of a request says.
	path func(q *T, r *http.Request)
}

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

// read reads the request, from the query string if it is a GET and has one.
func (p *spec[T]) read(r *http.Request, body []byte) (*T, error) {
	if inQuery(r) {
		n, err := queryTree(r.URL.RawQuery, p.fields)
		if err != nil {
			return nil, err
		}
		return p.readTree(&n)
	}
	if q := p.scanBody(body); q != nil {
		return q, nil
	}
	return p.readSlowly(body)
}

func (p *spec[T]) scanBody(body []byte) *T {
	if !utf8.Valid(body) {
		return nil
	}
	s := scanner{data: body}
	q := p.scanObject(&s)
	if !s.end() || p.fits != nil && !p.fits(q) {
		return nil
	}
	return q
}

func (p *spec[T]) scanObject(s *scanner) *T {
	q := new(T)
	for first := s.enter('{'); s.next(&first, '}'); {
		p.scan(s, s.name(), q)
	}
	return q
}

// readSlowly reads a body that the scanner stumbled over. What is not JSON at
// all is taken for an empty object.
func (p *spec[T]) readSlowly(body []byte) (*T, error) {
	n, ok, err := parseTree(body)
	if ok && n.kind == kindString { // old clients encode twice
		n, ok, err = parseTree([]byte(n.text))
	}
	if err != nil {
		return nil, err
	}
	if !ok || n.kind == kindNull {
		n = node{kind: kindDict}
	}
	if n.kind != kindDict {
		return nil, invalid("Bad Request. The body must be a JSON object.")
	}
	return p.readTree(&n)
}

// readTree treats a request as MLflow does, with one exception: when protobuf
// refuses a value and no rule has words for it, MLflow goes on with the part of
// the request that came before; here such a request is refused.
func (p *spec[T]) readTree(n *node) (*T, error) {
	if c := conflictingAliases(n, p.fields); c != nil {
		return nil, invalid("Request specifies both '" + c.name + "' and '" + c.json + "'; provide only one of them.")
	}
	b, bad := appendMessage(nil, n, p.fields, "")
	if text := checkRules(n, p.rules, bad == nil); text != "" {
		return nil, invalid(text)
	}
	if bad != nil {
		return nil, invalid(invalidValue(bad.path, bad.value) + seeDocs)
	}
	s := scanner{data: b}
	q := p.scanObject(&s)
	if !s.end() {
		return nil, invalid("Bad Request. The body could not be read.")
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
