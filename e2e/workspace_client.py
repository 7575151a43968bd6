"""What a client with workspaces does to a server; prints what it gets as JSON.

It is a process of its own: the client keeps the workspace, and whether a server has
workspaces, for the whole process.
"""

import json
import os
import pathlib
import sys
import tempfile

import mlflow
from mlflow import MlflowClient
from mlflow.entities.workspace import TraceArchivalConfig
from mlflow.exceptions import MlflowException

answers = []


def note(what, do):
    try:
        answer = do()
    except MlflowException as e:
        answer = [e.error_code, str(e).partition(" Error: (")[0].removesuffix(".")]
    answers.append([what, answer])
    return answer


def shown(w):
    return [w.name, w.description, w.default_artifact_root, w.trace_archival_location, w.trace_archival_retention]


def everything(client):
    """What a client sees in its workspace."""
    return {
        "experiments": sorted([e.name, e.workspace, e.artifact_location] for e in client.search_experiments()),
        "models": sorted(m.name for m in client.search_registered_models()),
        "runs": sorted(r.info.run_name for e in client.search_experiments() for r in client.search_runs([e.experiment_id])),
    }


def work(name):
    """Logs a run with an artifact, and registers a model."""
    mlflow.set_workspace(name)
    mlflow.set_experiment("shared name")
    with mlflow.start_run(run_name="run of " + name) as run:
        mlflow.log_metric("m", len(name))
        mlflow.log_param("p", name)
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "a.txt")
            path.write_text(name)
            mlflow.log_artifact(str(path), "sub")
    client = MlflowClient()
    client.create_registered_model("model")
    return run.info.run_id


mlflow.set_tracking_uri(sys.argv[1])
note("list", lambda: [shown(w) for w in mlflow.list_workspaces()])
note("create", lambda: shown(mlflow.create_workspace("team-a", description="first")))
note("create", lambda: shown(mlflow.create_workspace("team-b", trace_archival_config=TraceArchivalConfig(retention="30d"))))
note("again", lambda: shown(mlflow.create_workspace("team-a")))
note("bad name", lambda: shown(mlflow.create_workspace("Team")))
note("update", lambda: shown(mlflow.update_workspace("team-a", description="changed")))
note("get", lambda: shown(mlflow.get_workspace("team-a")))
note("unknown", lambda: shown(mlflow.get_workspace("nope")))
runs = {name: work(name) for name in ("team-a", "team-b", "default")}
for name in runs:
    mlflow.set_workspace(name)
    client = MlflowClient()
    note("in " + name, lambda: everything(client))
    for other, run in runs.items():
        note(f"run of {other} in {name}", lambda: client.get_run(run).data.params["p"])
        note(f"file of {other} in {name}", lambda: pathlib.Path(client.download_artifacts(run, "sub/a.txt")).read_text())
        note(f"files of {other} in {name}", lambda: [f.path for f in client.list_artifacts(run, "sub")])
mlflow.set_workspace("nope")
note("in none", lambda: everything(MlflowClient()))
mlflow.set_workspace(None)
os.environ["MLFLOW_WORKSPACE"] = "team-b"
note("by the environment", lambda: everything(MlflowClient()))
del os.environ["MLFLOW_WORKSPACE"]
note("not empty", lambda: mlflow.delete_workspace("team-a"))
note("reserved", lambda: mlflow.delete_workspace("default"))
note("cascade", lambda: mlflow.delete_workspace("team-a", mode="CASCADE"))
mlflow.set_workspace("team-a")
note("gone", lambda: everything(MlflowClient()))
mlflow.set_workspace("default")
note("default", lambda: everything(MlflowClient()))
note("listed", lambda: [shown(w) for w in mlflow.list_workspaces()])
note("anew", lambda: shown(mlflow.create_workspace("team-a")))
mlflow.set_workspace("team-a")
note("empty", lambda: everything(MlflowClient()))
print(json.dumps([answers, runs]))
