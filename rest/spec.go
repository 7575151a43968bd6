package rest

import "unicode/utf8"

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
}

// readQuery reads a request that stands in a query string.
func (p *spec[T]) readQuery(raw string) (*T, error) {
	n, err := queryTree(raw, p.fields)
	if err != nil {
		return nil, err
	}
	return p.readTree(&n)
}

// readBody reads a request that is a JSON object.
func (p *spec[T]) readBody(body []byte) (*T, error) {
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

// with adds fields that may be absent.
func (p *spec[T]) with(fields []field, rules ...rule) *spec[T] {
	p.fields = append(p.fields, fields...)
	p.rules = append(p.rules, rules...)
	return p
}
