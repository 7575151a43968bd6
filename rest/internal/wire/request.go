package wire

import (
	"slices"
	"unicode/utf8"
)

// Request declares the requests of one endpoint, each of which becomes a T. It
// is made once and read with by any number of goroutines.
type Request[T any] struct {
	fields func(q *T) []Field
	order  []string
	scan   func(s *Scanner, q *T) (complete bool)
}

// Declare declares requests by their fields, which lie in q, in the order of
// MLflow's message.
func Declare[T any](fields func(q *T) []Field) *Request[T] { return &Request[T]{fields: fields} }

// With returns the declaration of requests that have further fields, which are
// checked last.
func (r *Request[T]) With(more func(q *T) []Field) *Request[T] {
	fields := r.fields
	return &Request[T]{
		fields: func(q *T) []Field { return append(fields(q), more(q)...) },
		order:  r.order, scan: r.scan,
	}
}

// CheckedIn returns the declaration with the order in which MLflow checks the
// fields that it checks, where that is not their order. It panics when a name
// is none of these, or is missing.
func (r *Request[T]) CheckedIn(names ...string) *Request[T] {
	fields := r.fields(new(T))
	checked := 0
	for i := range fields {
		if fields[i].checks.count > 0 {
			checked++
		}
	}
	for _, name := range names {
		if f := fieldOf(fields, name); f == nil || f.checks.count == 0 || len(names) != checked {
			panic("wire: " + name + " and its like are not the checked fields of the request")
		}
	}
	return &Request[T]{fields: r.fields, order: names, scan: r.scan}
}

// ScannedBy returns the declaration with a scan written by hand, for bodies that
// come so often that they are worth it. It reads the usual forms of the whole
// object and reports whether that follows the checks; all else it leaves to the
// declaration. What it reads must be what the declaration reads.
func (r *Request[T]) ScannedBy(scan func(s *Scanner, q *T) (complete bool)) *Request[T] {
	return &Request[T]{fields: r.fields, order: r.order, scan: scan}
}

// ReadBody reads a request that is a JSON object. An [Error] refuses it.
func (r *Request[T]) ReadBody(body []byte) (*T, error) {
	if q := r.Quick(body); q != nil {
		return q, nil
	}
	return r.Exact(body)
}

// ReadQuery reads a request that stands in a query string. An [Error] refuses
// it.
func (r *Request[T]) ReadQuery(raw string) (*T, error) {
	q := new(T)
	fields := r.fields(q)
	n, err := queryTree(raw, fields)
	if err != nil {
		return nil, err
	}
	if err := r.take(&n, fields); err != nil {
		return nil, err
	}
	return q, nil
}

// Quick is the first of the two ways in which ReadBody reads: it takes what
// clients send who do nothing unusual, and returns nil for all else.
func (r *Request[T]) Quick(body []byte) *T {
	if !utf8.Valid(body) {
		return nil
	}
	s := Scanner{data: body}
	q := new(T)
	var complete bool
	if r.scan != nil {
		complete = r.scan(&s, q)
	} else {
		fields := r.fields(q)
		scanFields(&s, fields)
		complete = follow(fields)
	}
	if !complete || !s.end() {
		return nil
	}
	return q
}

// Exact is the other way: it does with any body what MLflow does, in its words.
// What is not JSON at all is taken for an empty object.
func (r *Request[T]) Exact(body []byte) (*T, error) {
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
	q := new(T)
	if err := r.take(&n, r.fields(q)); err != nil {
		return nil, err
	}
	return q, nil
}

// take treats a request as MLflow does, with one exception: when protobuf
// refuses a value and no check has words for it, MLflow goes on with the part of
// the request that came before; here such a request is refused.
func (r *Request[T]) take(n *Value, fields []Field) error {
	if name := conflictingNames(n, fields); name != "" {
		return Error("Request specifies both '" + name + "' and '" + camelCase(name) + "'; provide only one of them.")
	}
	bad := takeFields(n, fields)
	if text := r.complaint(n, fields, bad == nil); text != "" {
		return Error(text)
	}
	if bad != nil && !bad.borne {
		return Error(InvalidValue(bad.path, bad.value))
	}
	return nil
}

// complaint returns what MLflow says of the first check that fails, or "".
// Parsed tells that protobuf has no objection.
func (r *Request[T]) complaint(n *Value, fields []Field, parsed bool) string {
	for _, name := range r.order {
		if text := fieldOf(fields, name).checks.complaint(name, n, parsed); text != "" {
			return text
		}
	}
	for i := range fields {
		f := &fields[i]
		if slices.Contains(r.order, f.name) {
			continue
		}
		if text := f.checks.complaint(f.name, n, parsed); text != "" {
			return text
		}
		if text := complaintInside(f, n.Get(f.name), parsed); text != "" {
			return text
		}
	}
	return ""
}

// complaintInside is complaint for the fields of a message in a field.
func complaintInside(f *Field, v *Value, parsed bool) string {
	inside, isMessage := f.place.(parent)
	if _, isList := f.place.(interface{ isList() }); !isMessage || isList || v == nil || v.Kind != KindDict {
		return ""
	}
	children := inside.children()
	for i := range children {
		if text := children[i].checks.complaint(children[i].name, v, parsed); text != "" {
			return text
		}
	}
	return ""
}

// fieldOf returns the field of a name, or nil.
func fieldOf(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].name == name {
			return &fields[i]
		}
	}
	return nil
}
