package rest

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
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

// read reads the request, from the query string if it is a GET and has one.
func (p *spec[T]) read(h *handler, r *http.Request) (*T, error) {
	if r.Method == http.MethodGet && r.URL.RawQuery != "" {
		n, err := queryTree(r.URL.RawQuery, p.fields)
		if err != nil {
			return nil, err
		}
		return p.readTree(&n)
	}
	if err := checkContentType(r); err != nil {
		return nil, err
	}
	buf := getBuffer()
	defer putBuffer(buf)
	if err := h.readBody(r, buf); err != nil {
		return nil, err
	}
	if q := p.scanBody(*buf); q != nil {
		return q, nil
	}
	return p.readSlowly(*buf)
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

// readBody appends the body to buf.
func (h *handler) readBody(r *http.Request, buf *[]byte) error {
	tooLarge := invalid("Bad Request. The body is larger than the limit of " +
		strconv.FormatInt(h.maxBody, 10) + " bytes.")
	if r.ContentLength > h.maxBody {
		return tooLarge
	}
	if n := min(int(r.ContentLength), maxPooledBuffer); n >= cap(*buf) {
		*buf = make([]byte, 0, n+bytes.MinRead)
	}
	body := io.LimitReader(r.Body, h.maxBody+1)
	for {
		if len(*buf) == cap(*buf) {
			*buf = append(*buf, 0)[:len(*buf)]
		}
		n, err := body.Read((*buf)[len(*buf):cap(*buf)])
		*buf = (*buf)[:len(*buf)+n]
		switch {
		case int64(len(*buf)) > h.maxBody:
			return tooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return invalid("Bad Request. The body could not be read.")
		}
	}
}
