package filter

// Grammar is what is particular to the searches for one kind of entity: what
// they can ask for, and in which order MLflow finds mistakes.
type Grammar struct {
	// Read resolves the key and the value of a comparison, whose form is right:
	// an identifier, a comparator, and a value unless it is a null test.
	Read func(c Comparison) (RawClause, error)
	// Check checks the comparator and completes the clause.
	Check func(raw RawClause) (Clause, error)
	// OrderKey resolves a name of an order_by.
	OrderKey func(name string) (OrderKey, error)
	// Complete adds to an order what makes it complete: no two entities have the
	// same place.
	Complete func(o Order) Order

	// OrderFirst says that mistakes in an order_by are reported before those in
	// comparators.
	OrderFirst bool
	// Repeats says that an order_by may name a field twice, the second time for
	// nothing. Otherwise that is a mistake.
	Repeats bool
	// QuoteStrays says that the error about text that has no place in a filter
	// quotes each piece of it.
	QuoteStrays bool
}

// RawClause is a clause whose key and value are resolved and whose comparator is
// still to be checked: MLflow checks comparators after it has read everything.
type RawClause struct {
	Entity     Entity
	Key        string // as written, without quotes
	Comparator string // in upper case
	Value      Value
}

// Parse parses the filter and the order_by list of a search. Errors are of type
// [*Error], and of several mistakes it reports the one that MLflow reports: the
// filter's form, keys and values first, then order_by and comparators.
func (g *Grammar) Parse(where string, orderBy []string) (q Query, err error) {
	raws, err := g.read(where)
	if err != nil {
		return q, err
	}
	order, orderErr := g.order(orderBy)
	if g.OrderFirst && orderErr != nil {
		return q, orderErr
	}
	for i := range raws {
		c, err := g.Check(raws[i])
		if err != nil {
			return q, err
		}
		q.Clauses = append(q.Clauses, c)
	}
	q.Order = order
	return q, orderErr
}

func (g *Grammar) read(where string) ([]RawClause, error) {
	comparisons, err := parseComparisons(where, g.QuoteStrays)
	if err != nil {
		return nil, err
	}
	raws := make([]RawClause, 0, len(comparisons))
	for _, c := range comparisons {
		if err := c.validate(); err != nil {
			return nil, err
		}
		raw, err := g.Read(c)
		if err != nil {
			return nil, err
		}
		raws = append(raws, raw)
	}
	return raws, nil
}

func (g *Grammar) order(orderBy []string) (Order, error) {
	order := make(Order, 0, len(orderBy)+2) // no entity takes more to complete it
	for _, text := range orderBy {
		name, desc, err := readOrderBy(text)
		if err != nil {
			return nil, err
		}
		key, err := g.OrderKey(name)
		if err != nil {
			return nil, err
		}
		if !order.has(key.Entity, key.Key) {
			key.Desc = desc
			order = append(order, key)
		} else if !g.Repeats {
			return nil, duplicateFields(orderBy)
		}
	}
	return g.Complete(order), nil
}
