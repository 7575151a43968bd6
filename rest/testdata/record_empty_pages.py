"""Records how MLflow's own server answers requests of the web UI for what it
keeps none of: traces, scorers, evaluation datasets, issues and webhooks.

    python record_empty_pages.py http://127.0.0.1:5555

The server, started as record.py says, must have none of them either.
"""

import json
import pathlib
import sys
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent
V2, V3 = "/ajax-api/2.0/mlflow/", "/ajax-api/3.0/mlflow/"
IN_0 = {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}]}


def metric(name, kind, **more):
    return {"experiment_ids": ["0"], "view_type": "TRACES", "metric_name": name, "aggregations": [{"aggregation_type": kind}], **more}


REQUESTS = [
    *[(V2 + p, None) for p in (
        "users/current", "gateway-proxy", "webhooks", "webhooks?max_results=x", "webhooks?max_results=5", "traces",
        "traces?experiment_ids=0", "traces?experiment_ids=0&max_results=700", "traces?experiment_ids=0&max_results=0",
        "traces?experiment_ids=0&page_token=x", "get-trace-artifact")],
    *[(V3 + p, None) for p in (
        "ui-telemetry", "webhooks", "scorers/list", "scorers/list?experiment_id=0", "scorers/list?experiment_ids=0",
        "scorers/list?experiment_id=0&experiment_ids=0", "datasets/search?experiment_ids=0", "traces/batchGet",
        "traces/batchGet?trace_ids=tr-1", "traces/get", "traces/get?trace_id=tr-9", "get-trace-artifact?request_id=a",
        "scorers/online-configs", "scorers/online-configs?scorer_ids=a", "mcp-servers", "gateway/endpoints/list",
        "gateway/endpoints/bindings/list", "gateway/model-definitions/list", "gateway/secrets/list",
        "gateway/budgets/list", "gateway/guardrails/list", "skills")],
    (V2 + "gateway-proxy", {}), (V3 + "ui-telemetry", {}), (V3 + "issues/search", {"experiment_id": "0"}),
    *[(V3 + "datasets/search", b) for b in ({}, {"experiment_ids": ["0"], "max_results": 5}, {"experiment_ids": 7})],
    *[(V3 + "traces/search", b) for b in ({}, {"locations": []}, IN_0, {"locations": [{"mlflowExperiment": {"experimentId": "0"}}]})],
    *[(V3 + "traces/search", {**IN_0, **b}) for b in (
        {"max_results": 0}, {"max_results": -3}, {"max_results": 501}, {"max_results": "5"}, {"order_by": ["timestamp_ms DESC"]},
        {"order_by": [3]}, {"page_token": "x"}, {"filter": 7})],
    *[(V3 + "traces/batchGetInfos", b) for b in ({}, {"trace_ids": ["a"]}, {"trace_ids": [1]}, {"trace_ids": []})],
    *[(V3 + "traces/metrics", b) for b in (
        {}, metric("trace_count", "COUNT"), metric("session_count", "COUNT"), metric("latency", "AVG"),
        metric("trace_count", "COUNT", dimensions=["trace_status"]), metric("trace_count", "COUNT", time_interval_seconds=3600),
        metric("trace_count", "COUNT", time_interval_seconds="3600", start_time_ms="1", end_time_ms="2"),
        metric("total_tokens", "SUM"), metric("trace_count", "COUNT", start_time_ms=5, end_time_ms=9, filters=[]),
        metric("assessment_count", 1, view_type="ASSESSMENTS"))],
]


def answer(path, body):
    data = None if body is None else json.dumps(body)
    case = {"path": path, "body": data or ""}
    request = urllib.request.Request(
        sys.argv[1] + path, data and data.encode(), {"Content-Type": "application/json"} if data else {}
    )
    try:
        with urllib.request.urlopen(request) as r:
            return {**case, "status": r.status, "type": r.headers["Content-Type"], "answer": r.read().decode()}
    except urllib.error.HTTPError as e:
        return {**case, "status": e.code, "type": e.headers["Content-Type"], "answer": e.read().decode()}


cases = [answer(*r) for r in REQUESTS]
assert all(c["status"] in (200, 400, 404) for c in cases)
(HERE / "empty_pages.json").write_text(json.dumps(cases, indent=1) + "\n")
