"""A server that cannot start says why, in one line, and fails."""

import subprocess

import pytest
import requests

import servers


def fails(directory, uri, *args, **env):
    """Starts a server that must not start; returns what it wrote."""
    ended = subprocess.run(
        [servers.BINARY, "server", "--port", "0", "--backend-store-uri", uri, *args],
        cwd=directory, env=servers.clean_environment(**env), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode != 0
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    return lines[0]


def test_directory_in_use(tmp_path):
    uri = f"local:{tmp_path}/table"
    server = servers.start_store(tmp_path, uri)
    try:
        assert f"{tmp_path}/table" in fails(tmp_path, uri)
        assert server.alive()
    finally:
        assert server.stop() == 0


def test_directory_is_free_after_a_crash(tmp_path):
    uri = f"local:{tmp_path}/table"
    servers.start_store(tmp_path, uri).kill()
    assert servers.start_store(tmp_path, uri).stop() == 0


def test_absent_table(tmp_path, dynamodb):
    assert "absent-table" in fails(tmp_path, dynamodb.table("absent-table") + "?deploy=false")


@pytest.mark.parametrize(
    "uri",
    [
        "mysql://localhost/x", "dynamodb://us-east-1/x/y", "dynamodb://us-east-1/x?unknown=1", "dynamodb://user@us-east-1/x",
        "dynamodb://us-east-1/x#y", "dynamodb://us-east-1/no table", "dynamodb://us-east-1/ab", "nonsense", "local:",
    ],
)  # fmt: skip
def test_bad_uri(tmp_path, uri):
    fails(tmp_path, uri)


@pytest.mark.parametrize(
    "name,value",
    [
        ("MLFLOW_DYNAMODB_TRACE_RETENTION_DAYS", "x"), ("MLFLOW_DYNAMODB_SOFT_DELETED_RETENTION_DAYS", "-1"),
        ("MLFLOW_DYNAMODB_METRIC_HISTORY_RETENTION_DAYS", "36501"), ("MLFLOW_DYNAMODB_METRIC_HISTORY_RETENTION_DAYS", "1.5"),
        ("MLFLOW_DYNAMODB_DENORMALIZE_TAGS", "["),
    ],
)  # fmt: skip
def test_bad_variable(tmp_path, name, value):
    line = fails(tmp_path, f"local:{tmp_path}/table", **{name: value})
    assert name in line and value in line


def test_second_start_finds_the_data(table):
    directory, uri = table
    server = servers.start_store(directory, uri)
    made = requests.post(server.url + "/api/2.0/mlflow/experiments/create", json={"name": "kept"}).json()
    assert server.stop() == 0
    server = servers.start_store(directory, uri)
    try:
        got = requests.get(server.url + "/api/2.0/mlflow/experiments/get-by-name", params={"experiment_name": "kept"}).json()
        assert got["experiment"]["experiment_id"] == made["experiment_id"]
    finally:
        assert server.stop() == 0
