// Package filter is MLflow's search language without what is searched: the
// clauses of a filter string, the keys of an order_by list, how both are read,
// compared and printed. It knows no entity. What searches for runs, experiments,
// registered models, versions and logged models can ask for stands in a package
// for each: runfilter, experimentfilter, modelfilter, loggedmodelfilter.
//
// A [Grammar] turns a filter and an order_by into a [Query] whose structure is
// open ([Clause], [OrderKey]), so that a planner can choose indexes from it.
// Clauses are evaluated without allocating, over what the entity's package calls a
// view, or over any [Tagged]. An entity's place in the result is a [Tuple]; tuples
// compare under the query's [Order] and have a binary form for page tokens.
//
// # To add an entity
//
// Make a package beside the others, with
//
//   - its attributes: numbers from 1, with [IntAttr] or [IDAttr] for integers;
//   - a Parse that fills in a [Grammar]: Read and Check for filters, OrderKey and
//     Complete for order_by, and the order in which mistakes are found. What
//     several entities share is here: [SplitIdentifier], [TrimKey], [ReadValue],
//     [ParseOp], [CheckList], [InvalidComparator]. Texts are MLflow's, by
//     [Invalidf];
//   - a Query around [Query] whose Match goes through the clauses. Where attributes
//     and tags are all there is, [Query.MatchTagged] and [Order.AppendTagged] are
//     all of it; else see runfilter;
//   - a corpus: its questions in testdata/corpus_cases.py, the real store's answers
//     by testdata/gen_corpus.py in the package's own testdata, replayed by
//     [github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/filtertest].
//
// experimentfilter is the one to begin with. What MLflow reads by other rules, as
// it does the filters of logged models, has a reader of its own over package
// syntax.
//
// # Where the rules come from
//
// MLflow 3.18.0 takes filters apart with an SQL tokenizer, which package syntax
// does here, and then accepts a list of comparisons joined by AND
// (mlflow/utils/search_utils.py). What a comparison means is what the SQL store
// does with it on SQLite (mlflow/store/tracking/sqlalchemy_store.py), see match.go,
// like.go and order.go.
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
