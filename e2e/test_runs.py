import json
import time

import mlflow
from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType

from answers import error, scenario


@scenario
def test_fluent_run(c):
    c.fluent()
    with mlflow.start_run(run_name="first", tags={"team": "vision"}, description="what it is") as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"layers": 3, "name": "net", "none": None, "flag": True})
        mlflow.log_metric("loss", 0.5)
        mlflow.log_metrics({"loss": 0.25, "acc": 0.75}, step=3)
        mlflow.set_tag("stage", "dev")
        mlflow.set_tags({"a": 1, "b": [1, 2]})
        mlflow.delete_tag("stage")
        running = c.get_run(run.info.run_id)
    return [running, c.get_run(run.info.run_id)]


@scenario
def test_fluent_failure(c):
    c.fluent()
    try:
        with mlflow.start_run() as run:
            raise ValueError("training failed")
    except ValueError:
        pass
    failed = c.get_run(run.info.run_id)
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_metric("m", 1)
        again = c.get_run(run.info.run_id)
    return [failed, again, c.get_run(run.info.run_id)]


@scenario
def test_nested_runs(c):
    e = c.fluent()
    with mlflow.start_run(run_name="parent") as parent:
        for i in range(3):
            with mlflow.start_run(run_name=f"child-{i}", nested=True):
                mlflow.log_metric("i", i)
    children = c.search_runs(
        [e], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'", order_by=["attributes.run_name DESC"]
    )
    return [c.get_run(parent.info.run_id), children, c.get_parent_run(children[0].info.run_id)]


@scenario
def test_create_run(c):
    e = c.experiment()
    r = c.create_run(e, start_time=1_600_000_000_123, tags={"mlflow.user": "me", "k": "v"}, run_name="named")
    tagged = c.create_run(e, start_time=5, tags={"mlflow.runName": "by tag"})
    unnamed = c.create_run(e, start_time=0)
    return [
        r, c.get_run(r.info.run_id), tagged, unnamed,
        error(c.create_run, e, run_name="a", tags={"mlflow.runName": "b"}),
        error(c.create_run, e, tags={"k" * 251: "v"}),
        error(c.create_run, e, tags={"a//b": "v"}),
        c.post("runs/create", experiment_id=e, user_id="someone", start_time=7, run_name=""),
        c.differs(
            c.post("runs/create", experiment_id=e, tags=[{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]), 200,
            "the last tag wins, as in a batch, where MLflow's server answers with an error of its database",
        ),
        c.differs(c.post("runs/create"), 400, "MLflow's server answers with an error of its database"),
    ]


@scenario
def test_update_run(c):
    e = c.experiment()
    r = c.run(e, run_name="before")
    c.update_run(r, status="SCHEDULED", name="after")
    out = [c.get_run(r)]
    c.set_tag(r, "mlflow.runName", "by tag")
    out.append(c.get_run(r))
    c.update_run(r, name="")
    for status in ("FINISHED", "FAILED", "KILLED", "RUNNING"):
        c.set_terminated(r, status, end_time=1_600_000_001_000)
        out.append(c.get_run(r).info)
    out.append([dict(i) for i in out[-4:]])
    out.append(error(c.set_terminated, r, "NOPE"))
    out.append(c.post("runs/update", run_id=r, status="NOPE"))
    out.append(c.post("runs/update", run_id=r, status=RunStatus.from_string("FINISHED"), end_time="12"))
    out.append(c.post("runs/update", run_uuid=r, run_name="by old field"))
    out.append(c.post("runs/update", run_id="0" * 32, status="FINISHED"))
    return out[:2] + out[6:]


@scenario
def test_delete_restore_run(c):
    e = c.experiment()
    r, other = c.run(e), c.run(e, start_time=2)
    c.log_metric(r, "m", 1, timestamp=1)
    c.delete_run(r)
    out = [c.get_run(r), error(c.delete_run, r)]
    views = (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)
    out.append([[x.info.start_time for x in c.search_runs([e], run_view_type=v)] for v in views])
    out.append(error(c.log_metric, r, "m", 2))
    out.append(error(c.log_param, r, "p", 2))
    out.append(error(c.set_tag, r, "t", 2))
    out.append(error(c.delete_tag, r, "t"))
    out.append(error(c.log_batch, r, metrics=[Metric("m", 1, 1, 1)]))
    out.append(error(c.update_run, r, status="FINISHED"))
    out.append(c.get_metric_history(r, "m"))
    c.restore_run(r)
    out += [c.get_run(r), error(c.restore_run, r)]
    c.log_metric(r, "m", 3, timestamp=3)
    out.append(c.get_run(r).data.metrics)
    out.append([[x.info.start_time for x in c.search_runs([e], run_view_type=v)] for v in views])
    return out + [c.get_run(other).info.lifecycle_stage]


@scenario
def test_unknown_run(c):
    out = []
    for r in ("0" * 32, "nope"):
        out += [error(f, r) for f in (c.get_run, c.delete_run, c.restore_run, c.set_terminated)]
        out += [error(f, r, "k", "1") for f in (c.log_param, c.set_tag)]
        out += [error(c.log_metric, r, "k", 1), error(c.delete_tag, r, "k"), error(c.get_metric_history, r, "k")]
        out += [error(c.log_batch, r, params=[Param("a", "b")]), c.get("artifacts/list", run_id=r)]
    return out


@scenario
def test_params_are_immutable(c):
    r = c.run(c.experiment())
    out = [c.log_param(r, "p", "1"), c.log_param(r, "p", "1")]
    out.append(error(c.log_param, r, "p", "2"))
    out.append(error(c.log_batch, r, params=[Param("q", "1"), Param("p", "2")]))
    out.append(c.get_run(r).data.params)
    out.append(error(c.log_batch, r, params=[Param("d", "1"), Param("d", "2")]))
    out.append(error(c.log_batch, r, params=[Param("d", "1"), Param("d", "1")]))
    out.append(c.post("runs/log-parameter", run_id=r, key="p", value="it's \"new\""))
    out.append(c.post("runs/log-parameter", run_id=r, key="empty"))
    out.append(c.post("runs/log-parameter", run_id=r, key="empty", value=""))
    return out + [c.get_run(r).data.params]


@scenario
def test_long_values(c):
    r = c.run(c.experiment())
    c.log_param(r, "p6000", "x" * 6000)
    c.log_param(r, "p6001", "x" * 6000 + "y")
    c.log_batch(r, params=[Param("wide", "é" * 7000)], tags=[RunTag("wide", "名" * 9000)])
    c.set_tag(r, "t8000", "x" * 8000)
    c.set_tag(r, "t8001", "x" * 8000 + "y")
    run = c.get_run(r)
    again = error(c.log_param, r, "p6001", "x" * 6000 + "z")  # the same once it is cut
    keys = [("k" * n) for n in (250, 251)]
    limits = [error(f, r, k, "1") for f in (c.log_param, c.set_tag) for k in keys]
    limits += [error(c.log_metric, r, k, 1, timestamp=1) for k in keys]
    return [run, again, limits]


@scenario
def test_keys(c):
    r = c.run(c.experiment())
    keys = ["a b", "a/b", "a.b", "a-b", "a:b", "ünï", "a//b", "/a", "a/", "..", "../a", "a/../b", ".", "a\\b", "a'b", "a\nb", "",
            "a$b", "%", "名", "a/./b", "\u0000", "😀"]
    out = []
    for k in keys:
        out.append(c.post("runs/log-metric", run_id=r, key=k, value=1, timestamp=1, step=0))
        out.append(c.post("runs/log-parameter", run_id=r, key=k, value="1"))
        out.append(c.post("runs/set-tag", run_id=r, key=k, value="1"))
        out.append(c.post("runs/log-batch", run_id=r, metrics=[{"key": k, "value": 1, "timestamp": 2, "step": 0}]))
    return out + [c.get_run(r)]


@scenario
def test_tags(c):
    r = c.run(c.experiment(), tags={"a": "1"})
    c.set_tag(r, "a", "2")
    c.log_batch(r, tags=[RunTag("b", "1"), RunTag("b", "2"), RunTag("empty", "")])
    out = [c.get_run(r)]
    c.delete_tag(r, "a")
    return out + [c.get_run(r), error(c.delete_tag, r, "a"), error(c.delete_tag, r, "")]


@scenario
def test_batch_limits(c):
    r = c.run(c.experiment())

    def batch(metrics=0, params=0, tags=0):
        return error(
            c.log_batch, r,
            [Metric(f"m{i}", i, 1, 0) for i in range(metrics)],
            [Param(f"p{i}", str(i)) for i in range(params)],
            [RunTag(f"t{i}", str(i)) for i in range(tags)],
        )  # fmt: skip

    def raw(metrics=0, params=0, tags=0):
        return c.post(
            "runs/log-batch", run_id=r,
            metrics=[{"key": f"m{i}", "value": i, "timestamp": 1, "step": 0} for i in range(metrics)],
            params=[{"key": f"p{i}", "value": str(i)} for i in range(params)],
            tags=[{"key": f"t{i}", "value": str(i)} for i in range(tags)],
        )  # fmt: skip

    out = [batch(800, 100, 100), batch()]
    out += [raw(1001), raw(0, 101), raw(0, 0, 101), raw(801, 100, 100)]
    return out + [c.get_run(r)]


@scenario
def test_batch_keeps_what_came_before_an_error(c):
    r = c.run(c.experiment())
    c.log_param(r, "p", "1")
    out = [c.post("runs/log-batch", run_id=r, params=[{"key": "p", "value": "2"}], tags=[{"key": "t", "value": "1"}],
                  metrics=[{"key": "m", "value": 1, "timestamp": 1, "step": 0}])]
    out.append(c.post("runs/log-batch", run_id=r, tags=[{"key": "t", "value": "1"}],
                      metrics=[{"key": "a//b", "value": 1, "timestamp": 1, "step": 0}]))
    return out + [c.get_run(r)]


@scenario
def test_log_inputs(c):
    import numpy as np
    import pandas as pd

    e = c.fluent()
    df = pd.DataFrame({"x": [1, 2, 3], "y": [0.5, 1.5, 2.5]})
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_pandas(df, name="train", source="s3://b/x.csv"), context="training")
        mlflow.log_input(mlflow.data.from_numpy(np.arange(6), name="eval"), context="eval", tags={"k": "v"})
        mlflow.log_input(mlflow.data.from_pandas(df, name="train", source="s3://b/x.csv"), context="training")
    filters = ["dataset.name = 'train'", "dataset.context = 'eval'", "dataset.name = 'none'", "dataset.digest LIKE '%'"]
    inputs = c.get_run(run.info.run_id).inputs.to_dictionary()["dataset_inputs"]
    inputs.sort(key=lambda i: i["dataset"]["name"])
    return [inputs, [len(c.search_runs([e], f)) for f in filters]]


@scenario
def test_async_logging(c):
    c.fluent()
    with mlflow.start_run() as run:
        waits = [mlflow.log_metric("m", i / 7, step=i, timestamp=i, synchronous=False) for i in range(200)]
        waits += [mlflow.log_param(f"p{i}", i, synchronous=False) for i in range(50)]
        waits.append(mlflow.set_tags({"a": "1", "b": "2"}, synchronous=False))
        for w in waits:
            w.wait()
    mlflow.config.enable_async_logging(True)
    try:
        with mlflow.start_run() as other:
            for i in range(20):
                mlflow.log_metrics({"x": i, "y": -i}, step=i)
            mlflow.log_param("p", 1)
        mlflow.flush_async_logging()
    finally:
        mlflow.config.enable_async_logging(False)
    history = c.get_metric_history(run.info.run_id, "m")
    return [c.get_run(run.info.run_id), history, c.get_run(other.info.run_id), len(c.get_metric_history(other.info.run_id, "x"))]


@scenario
def test_start_time_is_now(c):
    r = c.create_run(c.experiment())
    assert abs(r.info.start_time - time.time() * 1000) < 60_000
    c.set_terminated(r.info.run_id)
    return c.get_run(r.info.run_id)


@scenario
def test_log_model_history(c):
    """What clients before MLflow 3 send for each model that they log."""
    e = c.experiment()
    run, deleted = c.run(e), c.run(e)
    c.delete_run(deleted)

    def model(without=(), **members):
        m = {
            "artifact_path": "model", "run_id": run, "utc_time_created": "2024-01-01 00:00:00.5", "model_uuid": "1" * 32,
            "mlflow_version": "2.9.2", "signature": None, "saved_input_example_info": None, "model_size_bytes": 5,
            "flavors": {"python_function": {"loader_module": "mlflow.sklearn", "env": {"conda": "conda.yaml"}, "config": {"a": 1}},
                        "sklearn": {"pickled_model": "model.pkl", "code": None}},
        } | members
        return json.dumps({k: v for k, v in m.items() if k not in without})

    def log(text, r=run, **more):
        return c.post("runs/log-model", run_id=r, model_json=text, **more)

    def history(r):
        return c.get_run(r).data.tags.get("mlflow.log-model.history")

    out = [log(model()), log(model(without=["model_uuid"], artifact_path="é", flavors=None)), history(run)]
    long = c.run(e)
    out += [log(model(artifact_path="x" * n), long) for n in (7000, 30_000, 5)] + [history(long)]
    c.set_terminated(run)
    out += [log(model(flavors={"x": [1.50, 1e20, True, {"config": 1}]})), history(run)]
    out += [log(model(without=[k])) for k in ("artifact_path", "run_id", "utc_time_created", "flavors")]
    out += [log(text) for text in ("{x", "", "é", None, 5, {"a": 1}, '"', "\ufeff{}")]
    out += [
        c.post("runs/log-model", model_json=model()), c.post("runs/log-model", run_id=run), c.post("runs/log-model"),
        c.post("runs/log-model", runId=run, modelJson=model()), c.post("runs/log-model", run_uuid=run, model_json=model()),
        log(model(), deleted), log(model(), "0" * 32), log("{x", "0" * 32), c.get("runs/log-model"),
        log(model(unknown=1, prompts=["p"], metadata={"a": 1}, model_id="m-1")), history(run),
    ]
    failing = "MLflow's server answers with an internal error, this one with the client's"
    out += [
        c.differs(log(text), 400, failing)
        for text in ("[]", "5", "null", model(flavors=[]), model(signature="x"), model(env_vars=5), model(resources="/nope"))
    ]
    c.set_tag(long, "mlflow.log-model.history", "{}")
    return [*out, c.differs(log(model(), long), 400, failing), history(run)]
