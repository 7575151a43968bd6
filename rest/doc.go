// Package rest serves MLflow's REST API over a tracking store.
//
// [NewHandler] returns an [http.Handler] that answers as the server of MLflow
// 3.18.0 does: the same endpoints, texts and JSON. It speaks HTTP only; what
// the answers say is up to the [Store].
package rest
