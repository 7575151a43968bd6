"""The programs in examples/, run as their comments say."""

import json
import os
import subprocess
import sys

import pytest
from mlflow import MlflowClient

import servers

EXAMPLES = servers.ROOT / "examples"


def execute(*command, **env):
    done = subprocess.run(
        [str(c) for c in command], env=servers.clean_environment(**env), capture_output=True, text=True, timeout=300, cwd=servers.ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Builds an example, once."""
    made = {}

    def build(name):
        if name not in made:
            made[name] = tmp_path_factory.mktemp("examples") / name
            subprocess.run(["go", "build", "-o", made[name], f"./examples/{name}"], check=True, cwd=servers.ROOT)
        return made[name]

    return build


def test_sklearn(target):
    """Train, autolog, register, load back by models:/name@alias, predict: the program asserts the predictions."""
    out = execute(sys.executable, EXAMPLES / "sklearn" / "train.py", MLFLOW_TRACKING_URI=target.url, PATH=os.environ["PATH"])
    assert "iris-classifier version 1, from run " in out
    c = MlflowClient(target.url, registry_uri=target.url)
    version = c.get_model_version_by_alias("iris-classifier", "champion")
    run = c.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["max_iter"] == "200"
    assert f"accuracy {run.data.metrics['test_accuracy']:.3f}" in out
    assert {(d.dataset.name, d.tags[0].value) for d in run.inputs.dataset_inputs} >= {("dataset", "train")}
    models = [c.get_logged_model(m.model_id) for m in run.outputs.model_outputs]
    logged = next(m for m in models if m.name == "classifier")
    assert logged.status == "READY"
    assert {"name": "iris-classifier", "version": 1} in json.loads(logged.tags["mlflow.modelVersions"])
    assert [(m.key, m.value) for m in logged.metrics if m.key == "test_accuracy"] == [("test_accuracy", run.data.metrics["test_accuracy"])]
    found = c.search_logged_models([run.info.experiment_id], filter_string="metrics.test_accuracy > 0.5")
    assert [m.model_id for m in found] == [logged.model_id]


def test_gotrainer(table, built):
    directory, uri = table
    assert execute(built("gotrainer"), uri) == "run line is FINISHED, loss 0.0000, slope 1.9956\n"
    server = servers.start_store(directory, uri)
    try:
        c = MlflowClient(server.url)
        experiment = c.get_experiment_by_name("gotrainer")
        (run,) = c.search_runs([experiment.experiment_id], "params.rate = '0.1' AND metrics.loss < 0.001")
        history = c.get_metric_history(run.info.run_id, "loss")
        assert [m.step for m in history] == list(range(40))
        assert history[-1].value == run.data.metrics["loss"]
        assert run.data.tags["mlflow.source.name"] == "examples/gotrainer"
    finally:
        assert server.stop() == 0


def test_embed(tmp_path, built):
    server = servers.Server("embed", [built("embed"), "127.0.0.1:0"], tmp_path, r"MLFLOW_TRACKING_URI=(\S+)")
    try:
        c = MlflowClient(server.url)
        run = c.create_run(c.create_experiment("inside")).info.run_id
        c.log_metric(run, "loss", 0.5)
        c.log_text(run, "kept by the other service", "note.txt")
        assert c.get_run(run).data.metrics == {"loss": 0.5}
        assert [f.path for f in c.list_artifacts(run)] == ["note.txt"]
    finally:
        assert server.stop() == 0
