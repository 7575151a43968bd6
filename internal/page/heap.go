package page

// A heap is a slice whose first element, the root, comes before all others;
// which of two does, the functions are told. It starts empty.

// PushHeap adds an element.
func PushHeap[T any](h []T, x T, before func(a, b *T) bool) []T {
	h = append(h, x)
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !before(&h[i], &h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
	return h
}

// PopHeap removes the root.
func PopHeap[T any](h []T, before func(a, b *T) bool) []T {
	last := len(h) - 1
	h[0] = h[last]
	clear(h[last:]) // it may go
	h = h[:last]
	SinkRoot(h, before)
	return h
}

// SinkRoot puts the root, which was replaced, where it belongs.
func SinkRoot[T any](h []T, before func(a, b *T) bool) {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && before(&h[child+1], &h[child]) {
			child++
		}
		if !before(&h[child], &h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
