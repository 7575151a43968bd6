"""Clients of older MLflow versions get from this server what they get from MLflow's own."""

import json
import re
import subprocess
from pathlib import Path

import pytest

import servers

CLIENTS = servers.ROOT / "build" / "clients"
VERSIONS = ["2.22.5", "3.17.2"]


def answers(version, url, directory):
    ran = subprocess.run(
        [CLIENTS / version / "bin" / "python", "-W", "ignore", Path(__file__).with_name("old_client.py"), url, directory],
        env=servers.clean_environment(MLFLOW_HTTP_REQUEST_MAX_RETRIES="0", GIT_PYTHON_REFRESH="quiet"),
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    # Ids of experiments are numbers, which differ where others were made before.
    return json.loads(re.sub(r"(experiment_id=|experiment |ID )'?\d+'?", r"\1E", ran.stdout.splitlines()[-1]))


@pytest.mark.parametrize("version", VERSIONS)
def test_old_client(version, table, tmp_path, tmp_path_factory):
    directory, uri = table
    ours = servers.start_store(directory, uri)
    try:
        got = answers(version, ours.url, tmp_path)
    finally:
        assert ours.stop() == 0
    theirs = servers.start_mlflow(tmp_path_factory.mktemp("mlflow"))
    try:
        want = answers(version, theirs.url, tmp_path)
    finally:
        theirs.stop()
    assert got == want
