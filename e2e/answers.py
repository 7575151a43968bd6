"""Scenarios: what a client does to a server, and the answers it gets.

A scenario is run against our server and against MLflow's own; their answers
are equal once ids, times and addresses are replaced by what they stand for.
"""

import datetime
import functools
import inspect
import json
import math
import re
import time

import mlflow
import pandas as pd
import requests
from mlflow import MlflowClient
from mlflow.entities import Experiment, FileInfo, Metric, Run
from mlflow.exceptions import MlflowException

STARTED = time.time() * 1000
DAY = 24 * 3600 * 1000

HEX_ID = re.compile(r"(?<![0-9a-zA-Z])[0-9a-f]{32}(?![0-9a-zA-Z])")
RANDOM_NAME = re.compile(r"^[a-z]+-[a-z]+-\d{1,4}$")  # MLflow goes to 1000
PYTHON_SET = re.compile(r"\{('[^']*'(?:, '[^']*')+)\}")
MILLIS = re.compile(r"(?<!\d)1[6-9]\d{11}(?!\d)")


class Client(MlflowClient):
    """A client, with what scenarios need besides."""

    def __init__(self, server, name):
        super().__init__(tracking_uri=server.url, registry_uri=server.url)
        self.url = server.url
        self.ours = server.name != "mlflow"
        self.name = name
        self.experiments = []
        self.http = requests.Session()

    def experiment(self, suffix="", **kwargs):
        """Makes an experiment named after the scenario."""
        made = self.create_experiment(self.name + suffix, **kwargs)
        return self.seen(made)

    def seen(self, experiment_id):
        """Notes an id that is to be replaced in answers."""
        if experiment_id not in self.experiments:
            self.experiments.append(experiment_id)
        return experiment_id

    def fluent(self, suffix=""):
        """Makes the fluent API log to an experiment of this server."""
        mlflow.end_run()
        mlflow.set_tracking_uri(self.url)
        return self.seen(mlflow.set_experiment(self.name + suffix).experiment_id)

    def run(self, experiment_id, start_time=1_600_000_000_000, **kwargs):
        """Makes a run and returns its id."""
        return self.create_run(experiment_id, start_time=start_time, **kwargs).info.run_id

    def differs(self, answer, status, why):
        """Stands for an answer in which we differ on purpose, and says why."""
        if self.ours:
            assert answer["status"] == status, answer
        return why

    def call(self, method, path, **kwargs):
        """Answers a request: status and body, without the client in between."""
        if not path.startswith("/"):
            path = "/api/2.0/mlflow/" + path
        r = self.http.request(method, self.url + path, timeout=120, **kwargs)
        return summary(r)

    def post(self, endpoint, **body):
        headers = {"Content-Type": "application/json"}
        return self.call("POST", endpoint, data=json.dumps(body), headers=headers)

    def get(self, endpoint, **params):
        return self.call("GET", endpoint, params=params)


def summary(r):
    """What is compared of a response: pages of text are told by their type."""
    kind = r.headers.get("Content-Type", "").partition(";")[0]
    if kind == "application/json":
        body = r.json()
        if isinstance(body, dict) and "error_code" in body:
            body = {"error_code": body["error_code"], "message": body["message"]}
        return {"status": r.status_code, "body": body}
    return {"status": r.status_code, "type": kind}


def error(function, *args, **kwargs):
    """The error that a call ends with, by code, status and text."""
    try:
        got = function(*args, **kwargs)
    except MlflowException as e:
        return {"code": e.error_code, "status": e.get_http_status_code(), "text": e.message}
    except Exception as e:  # noqa: BLE001 what the client itself raises is an answer too
        return {"raised": type(e).__name__, "text": str(e)}
    return {"no error": got}


def frame(df):
    """A data frame by columns, types and values."""
    return {
        "columns": list(df.columns),
        "dtypes": [str(t) for t in df.dtypes],
        "rows": df.to_dict(orient="records"),
    }


class Normal:
    """Replaces what differs between two servers by what it stands for."""

    def __init__(self, client):
        self.ids = {}
        self.client = client

    def __call__(self, v):
        if isinstance(v, Run):
            return self(v.to_dictionary())
        if isinstance(v, (Experiment, Metric, FileInfo)):
            return self(dict(v))
        if isinstance(v, dict):
            return {self(k): self.member(k, v[k]) for k in sorted(v, key=str)}
        if isinstance(v, (list, tuple)):
            return [self(x) for x in v]
        if isinstance(v, bool) or v is None:
            return v
        if v is pd.NaT:
            return "NaT"
        if isinstance(v, datetime.datetime):
            return self(int(v.timestamp() * 1000))
        if isinstance(v, (int, float)):
            return self.number(v)
        if isinstance(v, str):
            return self.text(v)
        if hasattr(v, "__iter__"):
            return self(dict(v))
        return self(vars(v))

    def member(self, key, v):
        if key in ("experiment_id", "experimentId") and v in self.client.experiments:
            return f"<experiment {self.client.experiments.index(v)}>"
        if key in ("metrics", "params", "tags") and isinstance(v, list):
            v = sorted(v, key=lambda x: x["key"])  # the database's order; histories keep theirs
        return self(v)

    def number(self, v):
        if isinstance(v, float) and not math.isfinite(v):
            return repr(v)
        if abs(v - STARTED) < DAY:
            return "<now>"
        return v

    def text(self, v):
        v = v.replace(self.client.url, "<server>")
        v = re.sub(rf"(?<!\d){self.client.url.rpartition(':')[2]}(?!\d)", "<port>", v)
        v = PYTHON_SET.sub(lambda m: "{%s}" % ", ".join(sorted(m.group(1).split(", "))), v)
        if RANDOM_NAME.match(v):
            return "<random name>"
        for i, e in enumerate(self.client.experiments):
            v = re.sub(rf"(mlflow-artifacts:/|xperiment \(?|experiment with id |id=|ID='?|artifact: '){e}(?![\d])", rf"\1<experiment {i}>", v)
        v = HEX_ID.sub(lambda m: f"<id {self.ids.setdefault(m.group(), len(self.ids))}>", v)
        return MILLIS.sub(lambda m: "<now>" if abs(int(m.group()) - STARTED) < DAY else m.group(), v)


def scenario(f):
    """Makes a function of a [Client] that returns answers into a test."""

    @functools.wraps(f)
    def test(target, reference, reference_answers):
        if f not in reference_answers:
            reference_answers[f] = play(f, reference)
        differ = differences(play(f, target), reference_answers[f])
        assert not differ, "\n".join([f"{len(differ)} answers differ from those of MLflow's server:", *differ[:40]])

    test.__signature__ = inspect.signature(test, follow_wrapped=False)
    return test


def differences(ours, theirs, at=""):
    """Says where two answers differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() == theirs.keys():
        return [d for k in ours for d in differences(ours[k], theirs[k], f"{at}.{k}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [d for i in range(len(ours)) for d in differences(ours[i], theirs[i], f"{at}[{i}]")]
    if ours == theirs:
        return []
    return [f"{at}\n    ours:   {str(ours)[:600]}\n    MLflow: {str(theirs)[:600]}"]


def play(f, server):
    """Runs a scenario and returns what is to be compared."""
    client = Client(server, f"{f.__module__}.{f.__name__}")
    try:
        answers = f(client)
    finally:
        mlflow.end_run()
        client.http.close()
    assert answers is not None
    return Normal(client)(answers)
