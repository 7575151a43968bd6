package table

// Empty reports whether no sort key can be in the range of q: From is behind
// To, or After is at the range's end or behind it. Backends answer such a
// query without a request.
func (q Query) Empty() bool {
	switch {
	case q.From > q.To:
		return true
	case q.After == "":
		return false
	case q.Descending:
		return q.After <= q.From
	}
	return q.After >= q.To
}

// Resumes reports whether After leaves out a part of the range; an After
// before the range's start does not.
func (q Query) Resumes() bool {
	switch {
	case q.After == "":
		return false
	case q.Descending:
		return q.After <= q.To
	}
	return q.After >= q.From
}

// IsCheck reports whether u changes nothing: it has nothing to set, remove,
// raise or add. Such an update is a condition check; it never makes an item.
func (u Update) IsCheck() bool {
	return len(u.Set) == 0 && len(u.Remove) == 0 && len(u.Raise) == 0 && len(u.Add) == 0
}
