"""Starts and ends the servers that the tests talk to.

Nothing here waits by the clock: a server is ready when it has said so, in the
line with its address.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = ROOT / "bin" / "mlflow-dynamodbstore"
DDBLOCAL = ROOT / "bin" / "ddblocal"
S3LOCAL = ROOT / "bin" / "s3local"

START_TIMEOUT = 180


def clean_environment(**extra):
    """The environment of a server: nothing of AWS or MLflow from outside."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MLFLOW_", "_MLFLOW_"))}
    kept.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", PYTHONUNBUFFERED="1")
    kept.update(extra)
    return kept


class Server:
    """A process group that serves at `url` once it is made."""

    def __init__(self, name, args, directory, address, **env):
        self.name = name
        self.directory = directory
        self.log = directory / "server.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(a) for a in args],
                cwd=ROOT,
                env=clean_environment(**env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log if name != "mlflow" else subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        late = threading.Timer(START_TIMEOUT, self.kill)
        late.start()
        self.url = None
        for line in self.process.stdout:
            found = re.search(address, line)
            if found:
                self.line, self.url = line, found.group(1)
                break
        late.cancel()
        if self.url is None:
            self.kill()
            raise RuntimeError(f"{name} did not start:\n{self.log.read_text()}")
        self.drain = threading.Thread(target=self._drain, daemon=True)
        self.drain.start()

    def _drain(self):
        with self.log.open("a") as log:
            for line in self.process.stdout:
                log.write(line)

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """Ends the server as a power cut would."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def stop(self):
        """Ends the server as an operator would; returns its exit code."""
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                pass
        code = self.process.poll()
        self.kill()
        return code


def start_store(directory, uri, *args, **env):
    """Starts our server on a table. Artifacts are kept in the directory."""
    command = [BINARY, "server", "--port", "0", "--backend-store-uri", uri]
    command += ["--artifacts-destination", directory / "artifacts", *args]
    return Server("mlflow-dynamodbstore", command, directory, r"MLFLOW_TRACKING_URI=(\S+)", **env)


def start_mlflow(directory, *args):
    """Starts MLflow's own server on SQLite, the answer key."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", "0", "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{directory}/mlflow.db"]
    command += ["--artifacts-destination", directory / "artifacts", *args]
    return Server(
        "mlflow", command, directory, r"running on (http://\S+)", MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"
    )


class DynamoDBLocal:
    """The DynamoDB Local of DYNAMODB_LOCAL_ENDPOINT, or one of its own."""

    def __init__(self, directory):
        self.server = None
        self.url = os.environ.get("DYNAMODB_LOCAL_ENDPOINT")
        if not self.url:
            self.server = Server("ddblocal", [DDBLOCAL], directory, r"(http://127\.0\.0\.1:\d+)")
            self.url = self.server.url

    def table(self, name):
        return f"dynamodb://{self.url.removeprefix('http://')}/{name}"

    def stop(self):
        if self.server:
            self.server.stop()
