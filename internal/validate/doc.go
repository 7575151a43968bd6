// Package validate has MLflow's limits, and its texts for what passes them. It
// looks at parameters only: what needs to be read from a table is checked where it
// is read. What it returns is what is stored: cut, if the caller cuts long values.
package validate
