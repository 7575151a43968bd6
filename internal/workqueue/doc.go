// Package workqueue does in the background what a reader or writer has found that
// it should be done, beside its own work. The queue is bounded, drops what it has
// no room for, and has goroutines only while there is work: what is dropped is
// found again.
package workqueue
