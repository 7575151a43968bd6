"""What the web UI asks by GraphQL."""

from answers import scenario

RUN = """query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") { mlflowGetRun(input: $data) {
  apiError { helpUrl code message } run { info { runName status runUuid experimentId artifactUri endTime lifecycleStage startTime userId }
  experiment { experimentId name tags { key value } artifactLocation lifecycleStage lastUpdateTime }
  modelVersions { status version name source } data { metrics { key value step timestamp } params { key value } tags { key value } }
  inputs { datasetInputs { dataset { digest name profile schema source sourceType } tags { key value } } modelInputs { modelId } }
  outputs { modelOutputs { modelId step } } } } }"""

EXPERIMENT = """query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) { mlflowGetExperiment(input: $input) {
  apiError { code message } experiment { artifactLocation creationTime effectiveTraceArchivalRetention experimentId lastUpdateTime
  lifecycleStage name tags { key value } workspace } } }"""

HISTORY = """query GetMetricHistoryBulkInterval($data: MlflowGetMetricHistoryBulkIntervalInput!) {
  mlflowGetMetricHistoryBulkInterval(input: $data) { __typename metrics { timestamp step runId key value } apiError { code message } } }"""

SEARCH = """query SearchRuns($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) { apiError { code message } nextPageToken
  runs { info { runName status runUuid } experiment { name } data { metrics { key value step timestamp } params { key value } }
  inputs { datasetInputs { dataset { name } } modelInputs { modelId } } outputs { modelOutputs { modelId step } }
  modelVersions { version name creationTimestamp status source } } } }"""


@scenario
def test_pages_of_the_ui(c):
    e = c.experiment(tags={"k": "é"})
    run = c.run(e, run_name="first", tags={"t": "x"})
    other = c.run(e, run_name="second", start_time=1_600_000_000_001)
    for s in range(3):
        c.log_metric(run, "loss", 1 / (s + 1), step=s, timestamp=1_600_000_000_000 + s)
    c.log_metric(run, "odd", float("nan"), timestamp=1)
    c.log_param(run, "p", "1")
    c.post("runs/log-inputs", run_id=run, datasets=[{"dataset": {"name": "iris", "digest": "d", "source_type": "local", "source": "s"}, "tags": [{"key": "mlflow.data.context", "value": "train"}]}])
    name = c.name.replace(".", "_")
    c.create_registered_model(name)
    c.create_model_version(name, "s3://b/m", run_id=run)

    def ask(query, **variables):
        return c.call("POST", "/graphql", json={"query": query, "variables": variables})

    def ids(answer):
        """Times and ids come as strings here."""
        for r in ((answer["body"]["data"] or {}).get("mlflowSearchRuns") or {}).get("runs") or []:
            for v in r["modelVersions"]:
                v["creationTimestamp"] = int(v["creationTimestamp"])
        return answer

    out = [ask(RUN, data={"runId": run}), ask(RUN, data={"runUuid": other}), ask(RUN, data={"runId": "nope"}), ask(RUN, data={})]
    got = ask(EXPERIMENT, input={"experimentId": e})
    for key in ("creationTime", "lastUpdateTime"):
        got["body"]["data"]["mlflowGetExperiment"]["experiment"][key] = int(got["body"]["data"]["mlflowGetExperiment"]["experiment"][key])
    out += [got["body"]["errors"], sorted(got["body"]["data"]["mlflowGetExperiment"]["experiment"])]
    out += [ask(EXPERIMENT, input={"experimentId": "999999"}), ask(EXPERIMENT, input={"experimentId": "x"})]
    out += [ask(HISTORY, data={"runIds": [run, other], "metricKey": "loss"}), ask(HISTORY, data={"runIds": ["nope"], "metricKey": "loss"})]
    out += [ids(ask(SEARCH, data={"experimentIds": [e], "orderBy": ["start_time ASC"]})), ids(ask(SEARCH, data={"experimentIds": [e], "filter": "metrics.loss < 1"}))]
    out += [ask(SEARCH, data={"experimentIds": [e], "filter": "!!"})["body"]]
    c.log_text(run, "text", "a/b.txt")
    files = "query($r: String, $p: String) { mlflowListArtifacts(input: {runId: $r, path: $p}) { rootUri files { path isDir fileSize } nextPageToken } }"
    out += [ask(files, r=run), ask(files, r=run, p="a"), ask(files, r=run, p="../x")["body"]["data"]]
    versions = "query($f: String) { mlflowSearchModelVersions(input: {filter: $f}) { modelVersions { name version source runId currentStage status aliases } } }"
    out += [ask(versions, f=f"name = '{name}'"), ask(versions, f="bad bad")["body"]]
    datasets = "mutation($e: [String]) { mlflowSearchDatasets(input: {experimentIds: $e}) { datasetSummaries { name digest context } } }"
    return [*out, ask(datasets, e=[e]), ask(datasets, e=[])]


@scenario
def test_limits(c):
    def ask(query):
        return c.call("POST", "/graphql", json={"query": query})["body"]

    roots = "{" + " ".join(f'a{i}: test(inputString: "x") {{ output }}' for i in range(11)) + "}"
    aliases = '{ test(inputString: "x") {' + " ".join(f"a{i}: output" for i in range(11)) + "} }"
    wide = '{ test(inputString: "x") {' + "output " * 1001 + "} }"
    deep = "{ mlflowGetRun(input: {}) {" + "run {" * 10 + "info { runId }" + "}" * 12
    return [ask(roots), ask(aliases), ask(wide), ask(deep), ask('query @component(name: "x") { test(inputString: "é") { output } }')]
