// Package run is what a run is stored as: the head, the entries in it, the packed
// form in a row of its list, what shows it to filters, and the keys of its index
// rows. It plans which indexes a search of runs can use. It reads and writes no
// table.
package run
