"""Records what MLflow's own server answers, for the tests to compare with.

    pip install mlflow==3.18.0
    mlflow server --backend-store-uri sqlite:////tmp/m.db --workers 1 --port 5555
    python record.py http://127.0.0.1:5555

The server must be fresh. requests.json lists the requests; answers.json gets
one answer for each. run.json and the like get what the server says about one
run, whose data are in this file.
"""

import http.client
import json
import pathlib
import sys
import urllib.parse

HERE = pathlib.Path(__file__).parent
BASE = urllib.parse.urlparse(sys.argv[1])
API = "/api/2.0/mlflow"


def call(method, path, body=None, headers=None):
    conn = http.client.HTTPConnection(BASE.hostname, BASE.port)
    conn.putrequest(method, path, skip_host="Host" in (headers or {}))
    data = None if body is None else body.encode("utf-8", "surrogateescape")
    for key, value in (headers or {}).items():
        conn.putheader(key, value)
    conn.putheader("Content-Length", str(len(data or b"")))
    conn.endheaders(data)
    response = conn.getresponse()
    text = response.read().decode()
    return {
        "status": response.status,
        "type": response.getheader("Content-Type", ""),
        "allow": response.getheader("Allow", ""),
        "body": text,
    }


def post(path, **body):
    answer = call("POST", API + path, json.dumps(body), {"Content-Type": "application/json"})
    assert answer["status"] == 200, answer
    return answer["body"]


def record_answers():
    answers = []
    for case in json.loads((HERE / "requests.json").read_text()):
        headers = dict(case.get("headers", {}))
        if case["method"] in ("POST", "PUT") and "Content-Type" not in headers and "bare" not in case:
            headers["Content-Type"] = "application/json"
        answers.append(call(case["method"], case["path"], case.get("body"), headers))
    (HERE / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


def record_entities():
    def save(name, body):
        (HERE / name).write_text(body)

    save("created_experiment.json", post("/experiments/create", name="a/é", tags=[{"key": "k", "value": "v€😀\x7f\n\""}]))
    save("experiments.json", post("/experiments/search", max_results=1))
    save("experiment.json", call("GET", API + "/experiments/get?experiment_id=1")["body"])
    save("created_run.json", post("/runs/create", experiment_id="1", start_time=12, run_name="é", user_id="u"))
    run = json.loads((HERE / "created_run.json").read_text())["run"]["info"]["run_id"]
    metrics = [("m", 1, 1, 2), ("m", "NaN", 2, 3), ("b", "-Infinity", 4, -1), ("c", 1e-7, 4, 0), ("d", 123456789.123, 4, 0)]
    metrics += [("e", 1e22, 4, 0), ("f", 0.1, 4, 0), ("g", 1e16, 4, 0), ("h", 12345678901234567, 4, 0), ("i", 0.0001, 4, 0)]
    post("/runs/log-batch", run_id=run,
         metrics=[dict(zip(("key", "value", "timestamp", "step"), m)) for m in metrics],
         params=[{"key": "p", "value": ""}, {"key": "q", "value": "é"}], tags=[{"key": "t", "value": "x"}])
    post("/runs/log-inputs", run_id=run, models=[{"model_id": "m-1"}], datasets=[
        {"tags": [{"key": "mlflow.data.context", "value": "train"}],
         "dataset": {"name": "n", "digest": "d", "source_type": "local", "source": "{}", "schema": "s", "profile": "pp"}},
        {"dataset": {"name": "n2", "digest": "d", "source_type": "local", "source": "s"}},
    ])
    save("updated_run.json", post("/runs/update", run_id=run, status="FINISHED", end_time=99))
    save("run.json", call("GET", f"{API}/runs/get?run_id={run}")["body"])
    post("/runs/create", experiment_id="1", start_time=11)
    save("runs.json", post("/runs/search", experiment_ids=["1"]))
    save("runs_page.json", post("/runs/search", experiment_ids=["1"], max_results=1))
    save("history.json", call("GET", f"{API}/metrics/get-history?run_id={run}&metric_key=m")["body"])
    save("interval.json", call("GET", f"{API}/metrics/get-history-bulk-interval?run_ids={run}&metric_key=m")["body"])
    bulk = call("GET", f"/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id={run}&metric_key=d")
    save("bulk.json", bulk["body"])


record_answers()
record_entities()
