// Package filter understands MLflow's search language for runs, experiments,
// registered models and model versions: the filter string and the order_by list
// of search requests.
//
// [ParseRuns], [ParseExperiments], [ParseModels] and [ParseModelVersions] turn
// both into a query whose structure is open ([Clause], [OrderKey]), so that a
// planner can choose indexes from it, and which can be evaluated over any row
// that implements [Run] or [Tagged] without allocating. A row's place in the result is a [Tuple]; tuples compare
// under the query's [Order] and have a binary form for page tokens.
//
// # Where the rules come from
//
// MLflow 3.18.0 splits a filter with the SQL tokenizer sqlparse, groups the
// tokens as if they were SQL, and then accepts a list of comparisons joined by
// AND (mlflow/utils/search_utils.py, SearchUtils and SearchExperimentsUtils). The
// texts of its errors quote the groups, so this package forms the same groups:
// lexer (lex*.go), statements (statement.go), groups (group*.go), comparisons
// (comparison.go). What a comparison means is what the SQL store does with it on
// SQLite (mlflow/store/tracking/sqlalchemy_store.py), see match.go and order.go.
//
// testdata holds a corpus of questions and the real store's answers, which the
// tests replay; testdata/gen_corpus.py makes it.
//
// # Deviations
//
// Where the real server fails with an internal error, a database error or both,
// for input that is simply wrong, this package says INVALID_PARAMETER_VALUE with a
// text of its own: clients retry server errors for minutes. These are lists that
// hold anything but literals, a list after a comparator other than IN,
// quotes that an order_by leaves open, and integers beyond 64 bits (which compare as
// floats here). Duplicate order_by fields are INVALID_PARAMETER_VALUE too, with
// MLflow's text. Within messages that print a Python set, whose order changes from
// process to process, the elements come in a fixed order.
package filter
