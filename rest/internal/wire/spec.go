package wire

import "unicode/utf8"

// Spec is how the requests of one endpoint are read. The fields and rules say
// what MLflow does with any input at all; scan is the short way for what
// clients really send.
type Spec[T any] struct {
	Fields []Field
	Rules  []Rule
	// scan reads one member of the request.
	Scan func(s *Scanner, name []byte, q *T)
	// fits tells whether a request that was scanned follows the rules. Without
	// it there is nothing to follow.
	Fits func(q *T) bool
}

// ReadQuery reads a request that stands in a query string.
func (p *Spec[T]) ReadQuery(raw string) (*T, error) {
	n, err := QueryTree(raw, p.Fields)
	if err != nil {
		return nil, err
	}
	return p.ReadTree(&n)
}

// ReadBody reads a request that is a JSON object.
func (p *Spec[T]) ReadBody(body []byte) (*T, error) {
	if q := p.ScanBody(body); q != nil {
		return q, nil
	}
	return p.ReadSlowly(body)
}

func (p *Spec[T]) ScanBody(body []byte) *T {
	if !utf8.Valid(body) {
		return nil
	}
	s := Scanner{Data: body}
	q := p.scanObject(&s)
	if !s.end() || p.Fits != nil && !p.Fits(q) {
		return nil
	}
	return q
}

func (p *Spec[T]) scanObject(s *Scanner) *T {
	q := new(T)
	for first := s.Enter('{'); s.Next(&first, '}'); {
		p.Scan(s, s.Name(), q)
	}
	return q
}

// ReadSlowly reads a body that the scanner stumbled over. What is not JSON at
// all is taken for an empty object.
func (p *Spec[T]) ReadSlowly(body []byte) (*T, error) {
	n, ok, err := Parse(body)
	if ok && n.Kind == KindString { // old clients encode twice
		n, ok, err = Parse([]byte(n.Text))
	}
	if err != nil {
		return nil, err
	}
	if !ok || n.Kind == KindNull {
		n = Value{Kind: KindDict}
	}
	if n.Kind != KindDict {
		return nil, Error("Bad Request. The body must be a JSON object.")
	}
	return p.ReadTree(&n)
}

// ReadTree treats a request as MLflow does, with one exception: when protobuf
// refuses a value and no rule has words for it, MLflow goes on with the part of
// the request that came before; here such a request is refused.
func (p *Spec[T]) ReadTree(n *Value) (*T, error) {
	if c := conflictingAliases(n, p.Fields); c != nil {
		return nil, Error("Request specifies both '" + c.name + "' and '" + c.json + "'; provide only one of them.")
	}
	b, bad := appendMessage(nil, n, p.Fields, "")
	if text := checkRules(n, p.Rules, bad == nil); text != "" {
		return nil, Error(text)
	}
	if bad != nil {
		return nil, Error(InvalidValue(bad.path, bad.value) + SeeDocs)
	}
	s := Scanner{Data: b}
	q := p.scanObject(&s)
	if !s.end() {
		return nil, Error("Bad Request. The body could not be read.")
	}
	return q, nil
}

// With adds fields that may be absent.
func (p *Spec[T]) With(fields []Field, rules ...Rule) *Spec[T] {
	p.Fields = append(p.Fields, fields...)
	p.Rules = append(p.Rules, rules...)
	return p
}
