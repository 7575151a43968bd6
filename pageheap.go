package dynamodbstore

// A heap is a slice whose first element, the root, comes before all others;
// which of two does, the functions are told. It starts empty.

// pushHeap adds an element.
func pushHeap[T any](h []T, x T, before func(a, b *T) bool) []T {
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

// popHeap removes the root.
func popHeap[T any](h []T, before func(a, b *T) bool) []T {
	last := len(h) - 1
	h[0] = h[last]
	clear(h[last:]) // it may go
	h = h[:last]
	sinkRoot(h, before)
	return h
}

// sinkRoot puts the root, which was replaced, where it belongs.
func sinkRoot[T any](h []T, before func(a, b *T) bool) {
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
