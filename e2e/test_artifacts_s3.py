"""The Python client with artifacts in S3: through the server, and past it."""

import hashlib
import subprocess
import sys

import pytest
import requests

import servers

KEYS = {
    "AWS_ACCESS_KEY_ID": "local-access-key",
    "AWS_SECRET_ACCESS_KEY": "local-secret-key",
    "AWS_EC2_METADATA_DISABLED": "true",
}
SIZE = 12_345_678  # three parts

# A client of its own, as the variables are read when MLflow is loaded.
CLIENT = """
import hashlib, sys
from pathlib import Path
import mlflow

mlflow.set_tracking_uri(sys.argv[1])
directory = Path(sys.argv[2])
client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment("s3 " + sys.argv[3])).info.run_id
client.log_artifact(run, str(directory / "large três.bin"), "d")
client.log_artifact(run, str(directory / "small.txt"))
print(sorted((f.path, f.is_dir, f.file_size) for p in ("", "d") for f in client.list_artifacts(run, p)))
for name in ("d/large três.bin", "small.txt"):
    back = client.download_artifacts(run, name, sys.argv[4])
    print(hashlib.sha256(Path(back).read_bytes()).hexdigest())
"""


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    server = servers.Server("s3local", [servers.S3LOCAL], tmp_path_factory.mktemp("s3"), r"(http://127\.0\.0\.1:\d+)")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def store(s3, tmp_path_factory):
    directory = tmp_path_factory.mktemp("store")
    server = servers.start_store(
        directory, f"local:{directory}/table", "--artifacts-destination", "s3://artifacts/e2e", "--log-level", "debug",
        MLFLOW_S3_ENDPOINT_URL=s3.url, **KEYS,
    )  # fmt: skip
    yield server
    assert server.stop() == 0
    log = server.log.read_text()
    for secret in (*list(KEYS.values())[:2], "X-Amz-Signature", "X-Amz-Credential"):
        assert secret not in log


def routes(store):
    """How often each route was asked, by the server's log."""
    counts = {}
    for line in store.log.read_text().splitlines():
        for word in line.split():
            if word.startswith("route="):
                counts[word] = counts.get(word, 0) + 1
    return counts


@pytest.mark.parametrize("multipart", ["true", "false"])
def test_client(store, tmp_path, multipart):
    body = hashlib.shake_256(b"s3").digest(SIZE)
    (tmp_path / "large três.bin").write_bytes(body)
    (tmp_path / "small.txt").write_text("small")
    before = routes(store)
    env = servers.clean_environment(
        MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=multipart,
        MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD=multipart,
        MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE="6000000",
        MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE="5242880",
        MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE="6000000",
        MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE="5242880",
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    )
    (tmp_path / "back").mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", CLIENT, store.url, tmp_path, multipart, tmp_path / "back"],
        env=env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        str([("d", True, None), ("d/large três.bin", False, SIZE), ("small.txt", False, 5)]),
        hashlib.sha256(body).hexdigest(),
        hashlib.sha256(b"small").hexdigest(),
    ]
    asked = {r: n - before.get(r, 0) for r, n in routes(store).items()}
    created = sum(n for r, n in asked.items() if "mpu/create" in r)
    completed = sum(n for r, n in asked.items() if "mpu/complete" in r)
    presigned = sum(n for r, n in asked.items() if "/presigned/" in r)
    assert (created, completed) == ((1, 1) if multipart == "true" else (0, 0)), asked
    assert (presigned > 0) == (multipart == "true"), asked


def test_a_part_that_fails(store, tmp_path):
    """A client that cannot send a part aborts the upload, and nothing is left."""
    base = f"{store.url}/api/2.0/mlflow-artifacts"
    upload = requests.post(f"{base}/mpu/create/fails/d", json={"path": "f", "num_parts": 2}, timeout=60).json()
    part = requests.put(upload["credentials"][0]["url"], data=b"x" * 5_242_880, timeout=60)
    assert part.ok, part.text
    forged = upload["credentials"][1]["url"].replace("partNumber=2", "partNumber=3")
    assert requests.put(forged, data=b"x", timeout=60).status_code == 403
    body = {"path": "f", "upload_id": upload["upload_id"]}
    assert requests.post(f"{base}/mpu/abort/fails/d", json=body, timeout=60).json() == {}
    assert requests.get(f"{base}/artifacts", params={"path": "fails/d"}, timeout=60).json() == {}
    assert requests.put(upload["credentials"][1]["url"], data=b"x", timeout=60).status_code == 404
