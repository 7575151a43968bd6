// Package wire reads MLflow's requests and writes its JSON. It knows neither
// HTTP nor the Store: handlers say what a request has, and get it in a struct of
// their own.
//
// # A request is declared once
//
// [Declare] takes a function that lists the fields of a request: the name that
// each has in MLflow's message, its type, the place in the struct that it fills,
// and what MLflow checks about it, in the order in which it checks.
//
//	type tagRequest struct{ run, key, value string }
//
//	func declareSetTag() *wire.Request[tagRequest] {
//		return wire.Declare(func(q *tagRequest) []wire.Field {
//			return []wire.Field{
//				wire.Text("run_id", &q.run).Required().IsText(),
//				wire.Text("key", &q.key).Required().IsText(),
//				wire.Text("value", &q.value).IsText(),
//			}
//		})
//	}
//
// Two ways of reading follow from it. The exact way does what MLflow does with
// any bytes at all: it reads JSON as Python does and values as protobuf does, and
// refuses in MLflow's words. The quick way reads in one pass what clients send
// who do nothing unusual, and declines all else, which then goes the exact way. So
// the quick way need not be clever, and must never be wrong. [Request.ScannedBy]
// puts a scan written by hand in its place where benchmarks ask for it; a test
// and a fuzz target hold each to its declaration.
//
// # To add an endpoint
//
//  1. Find its message in MLflow's service.proto and its handler in
//     server/handlers.py. The fields of the message, in their order, become the
//     list; what the handler's schema checks about a parameter becomes the calls
//     behind its field, in their order. If the schema names the parameters in
//     another order than the message, say so by [Request.CheckedIn].
//  2. Choose the struct. Parameters of the Store's calls serve as they are; a
//     request that says more, or less, has a struct beside its handler. What must
//     be read and is of no use has new(string) for its place.
//  3. Write what it does, a function of the struct: a method of the area that the
//     endpoint is of, such as rest's runEndpoints. The area's addTo binds it to its
//     path: query answers with something, command with {}, streamed with what may
//     be large. A new area is a type in a file of its own that holds what its
//     endpoints need, most often the Store alone, and a line in handler.areas.
//  4. Answer with [AppendOne], [AppendList] and the one encoder of the entity, the
//     function in rest/encode_*.go that appends it at any depth.
//  5. Record what MLflow's own server answers in rest/testdata/record.py, and add a
//     usual body to TestDeclarations.
//
// # Files
//
// request.go has the two ways, field.go the types of fields, place.go and
// object.go what each type reads, check.go the checks and their words. Below them
// scan*.go is the quick reader, tree.go the exact one, protobuf.go what protobuf
// makes of values and names, query.go the reader of query strings. encode.go
// writes.
package wire
