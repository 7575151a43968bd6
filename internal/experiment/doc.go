// Package experiment keeps experiments: a document, the item that holds its name,
// rows in the orders of lists, trigrams. It says of an experiment in which state it
// is, which is what runs ask before they are written to, and finds experiments.
package experiment
