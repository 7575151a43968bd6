// Package oversize says to a client what of a request does not fit an item of the
// table: which field is the largest, by the name that users know it by. It never
// shows a value.
package oversize
