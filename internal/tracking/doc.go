// Package tracking does what callers want of runs: creates them, logs params, tags,
// metrics, inputs and outputs, ends, deletes and restores them, and reads their
// histories.
package tracking
