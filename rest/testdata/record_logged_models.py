"""Records how MLflow's own server answers searches for logged models.

    python record_logged_models.py http://127.0.0.1:5555

The server, started as record.py says, must have no logged model. Answers that
are internal errors of MLflow are not among the requests.
"""

import json
import pathlib
import sys
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent
IN_0 = {"experiment_ids": ["0"]}
REQUESTS = [
    {}, {"experiment_ids": []}, {"experiment_ids": None}, {"experiment_ids": ""}, {"experiment_ids": "0"},
    {"experiment_ids": {}}, {"experiment_ids": [1]}, {"experiment_ids": [None]}, {"experiment_ids": ["x"]},
    {"experiment_ids": ["1.5"]}, {"experiment_ids": ["0", "999"]}, IN_0, {**IN_0, "zzz": 1},
    *[{**IN_0, "filter": x} for x in (5, "", None, "name = 'x'", "metrics.a > 1 AND params.b = 'c'")],
    *[{**IN_0, "max_results": x} for x in (0, 1, "5", 100000, None, "a")],
    *[{**IN_0, "page_token": x} for x in (5, "", None)],
    *[{**IN_0, "datasets": x} for x in ("x", [], None, [{}], [{"dataset_name": "d"}], [{"dataset_digest": "d"}],
                                        [{"dataset_name": "d", "dataset_digest": "e"}], [{"dataset_name": ""}])],
    *[{**IN_0, "order_by": x} for x in ("x", [], None, [{}], [{"field_name": "nope"}], [{"field_name": "params.a"}],
                                        [{"field_name": "name", "dataset_name": "d"}], [{"field_name": "metrics."}],
                                        [{"fieldName": "model_id"}, {"field_name": "metrics.a", "ascending": True}])],
    *[{**IN_0, "order_by": [{"field_name": x, "ascending": False}]} for x in
      ("artifact_location", "creation_time", "creation_timestamp", "creation_timestamp_ms", "experiment_id",
       "last_updated_timestamp", "last_updated_timestamp_ms", "lifecycle_stage", "model_id", "model_type", "name",
       "source_run_id", "status", "status_message", "last_updated_time", "timestamp", "Name", "attributes.name")],
]


def answer(body):
    request = urllib.request.Request(
        sys.argv[1] + "/api/2.0/mlflow/logged-models/search", body.encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request) as response:
            return {"body": body, "status": response.status, "answer": response.read().decode()}
    except urllib.error.HTTPError as e:
        return {"body": body, "status": e.code, "answer": e.read().decode()}


cases = [answer(json.dumps(r)) for r in REQUESTS]
assert all(c["status"] in (200, 400) for c in cases)
(HERE / "logged_models.json").write_text(json.dumps(cases, indent=1) + "\n")
