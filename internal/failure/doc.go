// Package failure makes the errors that clients of MLflow understand: a code and
// a text. What a table could not do is none of them; the root package words that,
// and nobody below it.
package failure
