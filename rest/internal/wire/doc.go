// Package wire reads MLflow's requests and writes its JSON.
package wire
