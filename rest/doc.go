// Package rest serves MLflow's REST API over a tracking store.
//
// [NewHandler] returns an [http.Handler] that answers as the server of MLflow
// 3.18.0 does: the same endpoints, texts and JSON. It speaks HTTP only; what
// the answers say is up to the [Store].
//
// Requests are declared, each once, and read by package wire, whose comment says
// how an endpoint is added. The endpoints of an area, of runs for instance, are
// methods of a type of their own, in the file of that area.
//
// # In a server of your own
//
// The handler bounds by itself what requests take. The body of a JSON request
// has to bring 1 MiB in each 55 seconds or end in them, that of an artifact 64 KiB; a
// slower one is answered with status 408. An answer that needs nothing of a body
// waits 50 ms for what is left of a small one; then the connection is closed
// behind the answer. Bodies in memory share [WithBodyMemory], and take a place of
// [WithMaxRequests] when they are there. Large answers go out in pieces of half a
// megabyte; an error in the middle of one panics with [http.ErrAbortHandler].
//
// For that the handler sets read deadlines through [http.ResponseController] and
// looks at net/http's own request. A handler around it must pass that on as it
// is, not replace its body, and give its response writer an Unwrap method.
//
// What is left to the [http.Server] is the time for headers and between requests
// (ReadHeaderTimeout, IdleTimeout), and clients that do not read their answers.
// ReadTimeout and WriteTimeout would cut long transfers off; a connection that
// sets a write deadline before each write ends only those that stall. When a
// server ends, Shutdown waits for bodies that are on their way, 55 seconds at most
// for those that have stalled.
package rest
