// Package point writes points of metrics as bytes. A [Register] is the latest point
// of a metric, in bytes whose order is MLflow's; a record has the points that were
// logged together, in columns.
package point
