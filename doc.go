// Package dynamodbstore keeps MLflow tracking data (experiments, runs,
// metrics, params, tags, datasets) in one DynamoDB table.
//
// It is the library under the server of this module, which the stock MLflow
// client talks to; package rest is that server as an [net/http.Handler]. What
// both write can be read by both. Errors, limits and the search language are
// those of MLflow 3.17.
//
// # Opening
//
// [Open] takes a URI such as dynamodb://us-east-1/mlflow, makes the table if it
// is absent, and returns a [Store]. [New] takes a client of the caller's and
// does no I/O; call [Store.Init] before the first use of a new table. Package
// local opens a table in a directory or in memory, which needs no account: for
// first steps and for tests. It is a package of its own, so that programs which
// use DynamoDB link no database.
//
// A Store is safe for concurrent use, and so is a table, by any number of
// processes. Close the Store to finish the writes under way.
//
// # Writing
//
// [Store.CreateRun] makes a run, [Store.LogBatch] and [Store.LogMetric] log to
// it, [Store.UpdateRun] with a terminal [RunStatus] ends it. While one write of
// a run is under way, further changes of it from the same process wait and are
// written together next; each succeeds or fails by itself. Every write may be
// repeated: after an error that is no [*Error], or a lost reply, do so.
//
// A run that has ended is settled: a row in the list of its experiment holds
// all of it when it is small, so that a page of a search is one query. A write
// to such a run opens it again; it settles when it ends once more, or when a
// search finds it idle ([WithSettleAfter]).
//
// # Reading
//
// Reads are strongly consistent: what a call has returned, later calls see,
// whichever process makes them. [Store.SearchRuns] returns a [Page]; its token
// is a position, so that a late page costs what an early one costs.
// [Store.AllRuns] iterates over all pages.
//
// # Errors
//
// What a client can mend is an [*Error] with MLflow's code and text; get it with
// errors.AsType. [ErrNotFound] and the other sentinels tell its class to
// errors.Is. When a context ends, its error comes back as it is.
//
// # Costs
//
// DynamoDB bills a write capacity unit (WCU) for each KB that a write touches and
// a read capacity unit (RCU) for each 4 KB of a strongly consistent read. The
// comment of each method says what it costs; [WithMeter] counts. These are
// measured for a run with 10 metrics and 10 params, keys of 12 characters and
// warm caches, and a test holds the operations to them:
//
//	operation                                      requests   RCU   WCU
//	CreateRun with 5 tags                                 3     1     4
//	LogMetric                                             2     0     2
//	LogBatch, 20 keys of one step                         2     0     2
//	LogBatch, 10 keys of 10 steps                         2     0     3
//	LogBatch, 1,000 points of one key                     2     0    12
//	LogBatch, 50 params                                   1     0     2
//	LogMetric on a run with 2,000 keys                    2     0     6
//	UpdateRun that ends a run                             4     0     5
//	GetRun                                                2     2     0
//	SearchRuns, first page of 100 finished runs           2    22     0
//	SetTag on a finished run                              3     0     3
//	DeleteRun, finished, 300 points of history           10     2    11
//	RestoreRun                                            8     2     6
//	DeleteExperiment, any number of runs                  2     1    10
//
// # Access patterns
//
// All items share one table with keys PK and SK, without secondary indexes; W is
// WS#<workspace>#. The item map with all keys is in docs/schema.md.
//
//	question                       answered by
//	an experiment                  Get      W EXP#<id>, META
//	an experiment by its name      Get      W NAMES, EXP#<name>; then the experiment
//	experiments, newest first      Query    W EXPS, C#…; as far as the page goes
//	a run with its latest metrics  Query    W RUN#<id>; Get of the experiment's state
//	runs, newest first             Query    W EXP#<id>#RUNS; as far as the page goes
//	runs in any other order        Query    W EXP#<id>#RUNS; all of it
//	runs that are not settled      BatchGet W RUN#<id>, META and METRICS; 50 runs a request
//	history of a metric            Query    W HIST#<run id>, R#…: what is not rolled up yet; then B#<metric>#…
//	a dataset of a run             Get      W EXP#<id>#DATA, hash of name and digest; cached
//	the configuration              Query    CONFIG; once in 20 seconds
package dynamodbstore
