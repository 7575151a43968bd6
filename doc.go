// Package dynamodbstore keeps MLflow's tracking data in one DynamoDB table:
// experiments, runs, metrics, params, tags and datasets, logged models, and the
// model registry with registered models, versions, aliases, stages and prompts.
// Besides it collects what has outlived its run or experiment
// ([Store.CollectGarbage]).
//
// It is the library under the server of this module, which the stock MLflow
// client talks to; package rest is that server as an [net/http.Handler]. What
// both write can be read by both. Errors, limits and the search language are
// those of MLflow 3.18.
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
// Types of entities and parameters are those of package mlflow under the same
// names: their fields are at go doc mlflow.Run and so on. [Store.Workspace] gives a
// Store of another workspace of the same table.
//
// A Store is safe for concurrent use, and so is a table, by any number of
// processes. Close the Store to finish the writes under way. [Store.EnsureExperiment]
// is the way to an experiment by its name, made if it is absent.
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
// # Calls
//
// By area; each comment says what is atomic, which errors are special and what it
// costs.
//
//   - Experiments: [Store.CreateExperiment], [Store.EnsureExperiment],
//     [Store.GetExperiment], [Store.GetExperimentByName],
//     [Store.SearchExperiments], [Store.AllExperiments],
//     [Store.RenameExperiment], [Store.SetExperimentTag],
//     [Store.DeleteExperimentTag], [Store.DeleteExperiment],
//     [Store.RestoreExperiment]
//   - Runs: [Store.CreateRun], [Store.GetRun], [Store.UpdateRun],
//     [Store.DeleteRun], [Store.RestoreRun], [Store.LogBatch],
//     [Store.LogParam], [Store.SetTag], [Store.DeleteTag], [Store.LogOutputs],
//     [Store.LogModel], [Store.SearchRuns], [Store.AllRuns], [Store.VisitRuns]
//   - Metrics: [Store.LogMetric], [Store.MetricHistory],
//     [Store.VisitMetricHistory], [Store.MetricHistoryBulk],
//     [Store.MetricHistoryBulkInterval]
//   - Datasets: [Store.LogInputs], [Store.SearchDatasets]
//   - Logged models: [Store.CreateLoggedModel], [Store.FinalizeLoggedModel],
//     [Store.GetLoggedModel], [Store.GetAnyLoggedModel],
//     [Store.SearchLoggedModels], [Store.AllLoggedModels],
//     [Store.SetLoggedModelTags], [Store.DeleteLoggedModelTag],
//     [Store.LogLoggedModelParams], [Store.AddModelVersionToLoggedModel],
//     [Store.DeleteLoggedModel]
//   - Model registry: [Store.CreateRegisteredModel],
//     [Store.GetRegisteredModel], [Store.SearchRegisteredModels],
//     [Store.AllRegisteredModels], [Store.UpdateRegisteredModel],
//     [Store.RenameRegisteredModel], [Store.SetRegisteredModelTag],
//     [Store.DeleteRegisteredModelTag], [Store.DeleteRegisteredModel],
//     [Store.CreateModelVersion], [Store.GetModelVersion],
//     [Store.GetModelVersionByAlias], [Store.LatestVersions],
//     [Store.ModelVersionDownloadURI], [Store.SearchModelVersions],
//     [Store.AllModelVersions], [Store.UpdateModelVersion],
//     [Store.TransitionModelVersionStage], [Store.SetModelVersionTag],
//     [Store.DeleteModelVersionTag], [Store.SetRegisteredModelAlias],
//     [Store.DeleteRegisteredModelAlias], [Store.DeleteModelVersion]
//   - Configuration: [Store.TagPatterns], [Store.SetTagPatterns],
//     [Store.TTLPolicy], [Store.SetTTLPolicy], [Store.TrigramFields],
//     [Store.SetTrigramFields], [ReadConfiguration]
//   - Maintenance: [Store.CollectGarbage], [Store.ApplyTTLPolicy],
//     [Store.BackfillTags], [Store.BackfillTrigrams], [CountItems]
//   - Workspaces: [Store.Workspace], [Store.Workspaces], [Workspaces.Open],
//     [Workspaces.Get], [Workspaces.All], [Workspaces.Create],
//     [Workspaces.Update], [Workspaces.Delete],
//     [Workspaces.DeleteWhole], [Workspaces.Resume],
//     [Workspaces.Finish], [CheckWorkspaceName]
//   - The table: [Store.Init], [Store.Health], [Store.Close]
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
// comment of each method says what it costs; [WithMeter] counts. These were
// measured with keys of 12 characters, 10 metrics and 10 params to a run that is
// read, and warm caches; a test fails when an operation costs anything else, and
// the table is made from what it measures:
//
//	operation                                       requests   RCU   WCU
//	create_run with 5 tags                                 3     1     4
//	log one metric point                                   2     0     2
//	log_batch, 20 keys x 1 step                            2     0     2
//	log_batch, 10 keys x 10 steps                          2     0     3
//	log_batch, 1,000 points of one key                     2     0    12
//	log_batch, 50 params                                   1     0     2
//	log one point to a run with 2,000 metric keys          2     0     6
//	end a run of 10 metrics and 10 params                  7     0    34
//	whole run: 5 tags, 10 metrics, 10 params              13     1    41
//	get_run                                                2     2     0
//	search, first page of 100 finished runs                2    22     0
//	set_tag on a finished run                              3     0     3
//	delete_run, 300 points of history                     11     3    17
//	restore_run                                           10     3    10
//	delete_experiment                                      2     1     8
//	create_registered_model with 2 tags                    3     1    14
//	create_model_version of 20 others, 3 stages            3     1     6
//	get_model_version_by_alias                             2     2     0
//	search_registered_models, page of 100                  2    11     0
//	create_logged_model                                    2     1     6
//	search_logged_models, page of 50                       2     5     0
//
// # Models
//
// [Store.CreateLoggedModel] makes a logged model, which keeps its own metrics and
// params; [Store.CreateRegisteredModel] and [Store.CreateModelVersion] register
// models, and [Store.SetRegisteredModelAlias] names a version. Prompts are
// registered models with MLflow's tags. All changes of a registered model are in
// one order, whoever makes them.
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

//go:generate go run ./internal/unittables
