"""What clients of older MLflow versions do to a server, by themselves.

Run by the Python of such a client: old_client.py URL DIRECTORY. It prints the
answers as JSON, with ids and times left out or replaced.
"""

import json
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

url, directory = sys.argv[1], Path(sys.argv[2])
mlflow.set_tracking_uri(url)
client = MlflowClient(url, url)
names = {}  # of ids
answers = []


def known(made, name):
    names[made] = name
    return made


def error(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except MlflowException as e:
        return [e.error_code, str(e).partition(" Error: (sqlite3")[0]]


def run_seen(run):
    data, inputs = run.data, [i.dataset.name for i in run.inputs.dataset_inputs]
    tags = {k: v for k, v in data.tags.items() if not k.startswith("mlflow.")}
    return [run.info.run_name, run.info.status, run.info.lifecycle_stage, str(sorted(data.metrics.items())), data.params, tags, inputs]


def track():
    e = known(client.create_experiment("old", tags={"team": "a"}), "E")
    again = error(client.create_experiment, "old")
    with mlflow.start_run(experiment_id=e, run_name="fluent") as active:
        mlflow.log_params({"lr": 0.1, "layers": 3})
        for step in range(5):
            mlflow.log_metrics({"loss": 1 / (step + 1), "acc": step / 4}, step=step)
        mlflow.set_tag("stage", "dev")
        mlflow.log_text("hello", "notes/a.txt")
        mlflow.log_dict({"a": [1, 2]}, "b.json")
    fluent = known(active.info.run_id, "R")
    batch = known(client.create_run(e, start_time=5, tags={"k": "v"}, run_name="batch").info.run_id, "B")
    client.log_batch(
        batch,
        [Metric("m", v, 1000 + v, v) for v in range(20)] + [Metric("nan", float("nan"), 1, 0)],
        [Param("p", "1")],
        [RunTag("t", "x")],
    )
    param = error(client.log_param, batch, "p", "2")
    client.set_terminated(batch, "FAILED", 9)
    seen = [run_seen(client.get_run(r)) for r in (fluent, batch)]
    history = [[p.value, p.step] for p in client.get_metric_history(batch, "m")]
    artifacts = sorted((f.path, f.is_dir, f.file_size) for p in ("", "notes") for f in client.list_artifacts(fluent, p))
    text = Path(client.download_artifacts(fluent, "notes/a.txt", str(directory))).read_text()
    filters = ["metrics.loss < 0.3", "params.layers = '3'", "tags.k LIKE 'v%'", "attributes.status = 'FAILED'", "nonsense"]
    found = [
        error(lambda f=f: [r.info.run_name for r in client.search_runs([e], f, order_by=["metrics.m DESC"])]) for f in filters
    ]
    pages = client.search_runs([e], max_results=1, order_by=["attributes.start_time ASC"])
    rest = client.search_runs([e], max_results=1, order_by=["attributes.start_time ASC"], page_token=pages.token)
    client.delete_run(batch)
    deleted = [r.info.run_name for r in client.search_runs([e], run_view_type=ViewType.DELETED_ONLY)]
    client.restore_run(batch)
    client.rename_experiment(e, "renamed")
    client.set_experiment_tag(e, "more", "1")
    experiments = [[x.name, x.tags] for x in client.search_experiments(filter_string="name LIKE 'ren%'")]
    client.delete_experiment(e)
    gone = error(client.create_run, e)
    client.restore_experiment(e)
    return [
        again, param, seen, history, artifacts, text, found, [r.info.run_name for r in (*pages, *rest)], deleted, experiments,
        gone, error(client.get_run, "0" * 32),
    ]  # fmt: skip


def version_seen(v):
    return [v.name, str(v.version), v.current_stage, v.description, v.tags, v.status, sorted(v.aliases)]


def register():
    run = client.create_run("0", start_time=1).info.run_id
    client.log_text(run, "x", "model/MLmodel")
    client.create_registered_model("m", {"a": "1"}, "what it is")
    for _ in range(3):
        client.create_model_version("m", f"runs:/{run}/model", run)
    client.transition_model_version_stage("m", "1", "Production")
    client.transition_model_version_stage("m", "2", "Production", archive_existing_versions=True)
    client.set_registered_model_alias("m", "champion", "3")
    client.set_model_version_tag("m", "3", "k", "v")
    client.update_model_version("m", "2", "better")
    versions = sorted(version_seen(v) for v in client.search_model_versions("name = 'm'"))
    latest = sorted(version_seen(v) for v in client.get_latest_versions("m", ["Production", "Archived", "None"]))
    champion = version_seen(client.get_model_version_by_alias("m", "champion"))
    models = [[m.name, m.tags, m.description] for m in client.search_registered_models("name = 'm'")]
    client.delete_model_version("m", "1")
    missing = error(client.get_model_version, "m", "1")
    taken = error(client.create_registered_model, "m")
    client.rename_registered_model("m", "n")
    uri = client.get_model_version_download_uri("n", "3").replace(run, "R")
    client.delete_registered_model("n")
    return [versions, latest, champion, models, missing, taken, uri, error(client.get_registered_model, "n")]


text = json.dumps([track(), register()], default=str, sort_keys=True)
for made, name in names.items():
    text = text.replace(f'"{made}"', f'"{name}"').replace(made, name) if len(made) > 8 else text
print(text)
