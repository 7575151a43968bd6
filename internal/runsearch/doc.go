// Package runsearch finds runs: in the order of their list, by index rows that lead
// to candidates, or in the order of an index. What an index does not know yet it
// reads from the runs that are open.
package runsearch
