// Package loggedmodel keeps logged models: a document with what it was logged with,
// the points of its metrics, and its row in the list of its experiment. It finds
// logged models in MLflow's order.
package loggedmodel
