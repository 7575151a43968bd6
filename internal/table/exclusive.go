package table

// Exclusive reports whether t is open in this process only, so that there is
// one clock.
func Exclusive(t Table) bool {
	x, ok := t.(interface{ Exclusive() bool })
	return ok && x.Exclusive()
}
