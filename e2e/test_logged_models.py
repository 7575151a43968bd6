"""Logged models: their life, metrics, outputs of runs, and searches."""

import time

import mlflow
from mlflow.entities import LoggedModelInput, LoggedModelOutput, LoggedModelParameter, LoggedModelStatus, Metric

from answers import error, scenario


def model(c, e, name, **kwargs):
    time.sleep(0.002)  # models come newest first
    return c.create_logged_model(e, name=name, **kwargs)


def shown(m):
    """What a logged model is, for comparison."""
    return {
        "id": m.model_id, "name": m.name, "uri": m.artifact_location, "created": m.creation_timestamp,
        "updated": m.last_updated_timestamp, "type": m.model_type, "run": m.source_run_id, "status": str(m.status),
        "tags": dict(m.tags), "params": dict(m.params), "message": m.status_message,
        "points": sorted((p.key, p.timestamp, p.step, p.value, p.run_id, p.dataset_name or "") for p in m.metrics or []),
    }  # fmt: skip


@scenario
def test_life_of_a_logged_model(c):
    e = c.experiment()
    r = c.run(e)
    m = model(c, e, "net", source_run_id=r, model_type="agent", tags={"team": "red"}, params={"lr": "1"})
    i = m.model_id
    out = [shown(m), shown(c.get_logged_model(i)), shown(c.finalize_logged_model(i, LoggedModelStatus.READY))]
    c.set_logged_model_tags(i, {"team": "blue", "é": "日本"})
    c.delete_logged_model_tag(i, "é")
    c.log_model_params(i, {"depth": "3"})
    out.append(shown(c.get_logged_model(i)))
    out.append(error(c.delete_logged_model_tag, i, "it's"))
    c.delete_logged_model(i)
    out += [error(c.get_logged_model, i), error(c.get_logged_model, "m-none"), error(model, c, e, "a/b")]
    out.append(error(c.finalize_logged_model, "m-none", "READY"))
    return out


@scenario
def test_metrics_and_outputs(c):
    e = c.experiment()
    r = c.run(e)
    m = model(c, e, "net", source_run_id=r)
    c.log_metric(r, "loss", 0.5, timestamp=5, step=1, model_id=m.model_id)
    c.log_metric(r, "loss", 0.5, timestamp=5, step=1, model_id=m.model_id)
    c.log_metric(r, "loss", float("nan"), timestamp=5, step=2, model_id=m.model_id)
    c.log_batch(r, [
        Metric("acc", 0.9, 7, 1, model_id=m.model_id, dataset_name="d", dataset_digest="1"), Metric("acc", 0.8, 7, 2),
    ])  # fmt: skip
    c.log_inputs(r, models=[LoggedModelInput(m.model_id)])
    c.log_outputs(r, [LoggedModelOutput(m.model_id, step=3)])
    run = c.get_run(r)
    found = c.search_runs([e])[0]
    outputs = [[(o.model_id, o.step) for o in x.outputs.model_outputs] for x in (run, found)]
    inputs = [[i.model_id for i in x.inputs.model_inputs] for x in (run, found)]
    return [shown(c.get_logged_model(m.model_id)), outputs, inputs, sorted(run.data.metrics)]


@scenario
def test_search_logged_models(c):
    e = c.experiment()
    r = c.run(e)
    for name, lr, acc in (("alpha", "0.1", 1), ("beta", "0.2", 3), ("gamma", None, 2), ("Alpha", None, None)):
        m = model(c, e, name, source_run_id=r if lr else None, params={"lr": lr} if lr else None, tags={"t": name})
        if acc is not None:
            c.log_metric(r, "acc", acc, timestamp=acc, model_id=m.model_id)
        if name != "beta":
            c.finalize_logged_model(m.model_id, "READY")

    def names(**kwargs):
        return [m.name for m in c.search_logged_models([e], **kwargs)]

    filters = [
        "name = 'alpha'", "name ILIKE 'al%'", "name IN ('beta', 'gamma')", "status = 'READY'", "status = '2'", "status IN ('PENDING')",
        "status LIKE 'R%'", "metrics.acc >= 2", "params.lr != '0.1'",
        "tags.t = 'beta'", f"source_run_id = '{r}'", "creation_timestamp > 0 AND name != 'x'", "attributes.name LIKE 'g%'",
        "metric.acc > 1", "name > 'a'", "garbage", "name = 'a' OR name = 'b'", "tags.t IS NULL",
    ]  # fmt: skip
    orders = [("name", True), ("metrics.acc", True), ("metrics.acc", False), ("creation_timestamp", True), ("params.lr", True)]
    out = [names()] + [error(names, filter_string=f) for f in filters]
    out += [error(names, order_by=[{"field_name": f, "ascending": a}]) for f, a in orders]
    first = c.search_logged_models([e], max_results=3)
    second = c.search_logged_models([e], max_results=3, page_token=first.token)
    return [*out, [m.name for m in first], [m.name for m in second], second.token is None]


@scenario
def test_log_model(c):
    """Logs a model as users do, and loads it."""
    c.fluent()

    class Double(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input):
            return [2 * x for x in model_input]

    with mlflow.start_run() as run:
        info = mlflow.pyfunc.log_model(name="double", python_model=Double(), params={"k": 1}, pip_requirements=[])
        mlflow.log_metric("acc", 1, model_id=info.model_id)
    m = mlflow.get_logged_model(info.model_id)
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    outputs = [o.model_id == m.model_id for o in c.get_run(run.info.run_id).outputs.model_outputs]
    listed = sorted(f.path for f in c.list_logged_model_artifacts(m.model_id))
    return [m.name, str(m.status), dict(m.params), [(p.key, p.value) for p in m.metrics], loaded.predict([1, 2]), outputs, listed]
