package table

// Health returns nil, or an error that wraps [ErrBroken] if t is an embedded
// table that has failed for good.
func Health(t Table) error {
	if h, ok := t.(interface{ Health() error }); ok {
		return h.Health()
	}
	return nil
}
