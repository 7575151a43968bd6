// Package fence is the protocol by which a run has many writers and searches that
// miss nothing. A run is open or closed in a generation: opened by who writes first
// after it was closed, closed when it has been idle. What a search may believe of a
// row in a list or an index follows from that. Heads, registers of metrics and rows
// of runs are written here and nowhere else.
package fence
