"""The servers of the tests: ours on both tables, and MLflow's own.

A process that runs a part of the test files has servers of its own. The two
kinds of table of a file stay together, so that the answers of MLflow's server
are asked for once.
"""

import multiprocessing
import os
import secrets

# Before mlflow is imported: no telemetry, no retries that hide an answer.
os.environ.update(
    MLFLOW_DISABLE_TELEMETRY="true",
    DO_NOT_TRACK="true",
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    GIT_PYTHON_REFRESH="quiet",
)
for inherited in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"):
    os.environ.pop(inherited, None)

import pytest  # noqa: E402

import servers  # noqa: E402


@pytest.fixture(scope="session")
def dynamodb(tmp_path_factory):
    local = servers.DynamoDBLocal(tmp_path_factory.mktemp("ddblocal"))
    yield local
    local.stop()


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    server = servers.start_mlflow(tmp_path_factory.mktemp("mlflow"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def reference_answers():
    """The answers of MLflow's server, by scenario."""
    return {}


def new_uri(kind, directory, request):
    """The URI of a table of its own."""
    if kind == "embedded":
        return f"local:{directory}/table"
    return request.getfixturevalue("dynamodb").table("e2e-" + secrets.token_hex(6))


KINDS = ["embedded", "dynamodb"]


@pytest.fixture(scope="session", params=KINDS)
def target(request, tmp_path_factory):
    """Our server, on each kind of table."""
    directory = tmp_path_factory.mktemp(request.param)
    server = servers.start_store(directory, new_uri(request.param, directory, request))
    yield server
    code = server.stop()
    assert code == 0, server.log.read_text()


@pytest.fixture(params=KINDS)
def table(request, tmp_path):
    """A directory and the URI of a table that no server uses yet."""
    return tmp_path, new_uri(request.param, tmp_path, request)


@pytest.fixture(scope="session")
def workers():
    """Eight client processes, forked from one that has imported mlflow."""
    import clients

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mlflow"])
    barrier = context.Barrier(8)
    with context.Pool(8, initializer=clients.meet_at, initargs=(barrier,)) as pool:
        yield pool
