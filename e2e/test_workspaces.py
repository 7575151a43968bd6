"""Workspaces, as MLflow's client chooses and manages them."""

import json
import pathlib
import subprocess
import sys

import pytest

import servers

# A client repeats what is answered with 500, as a workspace that is not empty is.
CLIENT = servers.clean_environment(MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
SCRIPT = pathlib.Path(__file__).with_name("workspace_client.py")


def ask(server):
    """Runs the client; ids of runs are left out of what it got."""
    done = subprocess.run([sys.executable, SCRIPT, server.url], capture_output=True, text=True, env=CLIENT)
    assert done.returncode == 0, done.stderr
    answers, runs = json.loads(done.stdout.splitlines()[-1])
    text = json.dumps(answers)
    for name, run in runs.items():
        text = text.replace(run, f"<run of {name}>")
    return json.loads(text)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    server = servers.start_mlflow(tmp_path_factory.mktemp("mlflow"), "--enable-workspaces")
    yield ask(server)
    server.stop()


def test_client(table, expected):
    server = servers.start_store(*table, "--enable-workspaces")
    for got, want in zip(ask(server), expected, strict=True):
        assert got == want
    assert server.stop() == 0


def test_two_servers(dynamodb, tmp_path):
    """What one server does, another one of the same table shows."""
    uri = dynamodb.table("e2e-two-workspaces")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one = servers.start_store(tmp_path / "one", uri, "--enable-workspaces")
    two = servers.start_store(tmp_path / "two", uri, MLFLOW_ENABLE_WORKSPACES="1")
    ask(one)
    code = "import mlflow, sys; mlflow.set_tracking_uri(sys.argv[1]); print(sorted(w.name for w in mlflow.list_workspaces()))"
    done = subprocess.run([sys.executable, "-c", code, two.url], capture_output=True, text=True, env=CLIENT)
    assert done.stdout.strip() == "['default', 'team-a', 'team-b']", done.stderr
    assert one.stop() == 0
    assert two.stop() == 0


def test_switched_off(table):
    """A server without workspaces does not start where some are in use."""
    server = servers.start_store(*table, "--enable-workspaces")
    ask(server)
    assert server.stop() == 0
    directory, uri = table
    with pytest.raises(RuntimeError, match="workspaces are off"):
        servers.start_store(directory, uri)
