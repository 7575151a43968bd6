// Package dataset keeps the bodies of datasets, one for each experiment, name and
// digest, and where they are used.
package dataset
