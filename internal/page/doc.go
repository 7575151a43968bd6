// Package page has what searches do to answer in pages: the token of the next one
// and the query that it belongs to, the first n of an order within a bound of
// bytes, a heap, the time that a search may take.
package page
