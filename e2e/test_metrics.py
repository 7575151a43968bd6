import math

from mlflow.entities import Metric

from answers import error, scenario


@scenario
def test_latest(c):
    """The latest point is the greatest by step, then time, then value."""
    r = c.run(c.experiment())
    points = {
        "step": [(1, 5, 2), (2, 9, 1)],
        "time": [(1, 5, 0), (2, 4, 0)],
        "value": [(1, 5, 0), (7, 5, 0), (3, 5, 0)],
        "same": [(1, 5, 0), (1, 5, 0)],
        "negative": [(1, 1, -3), (2, 2, -2)],
        "nan": [(1.5, 1, 0), (math.nan, 1, 1), (-1, 1, 1)],
        "nan wins": [(-1, 1, 1), (math.nan, 1, 1)],
    }
    for key, logged in points.items():
        for value, timestamp, step in logged:
            c.log_metric(r, key, value, timestamp=timestamp, step=step)
    in_one = [Metric(k + " batch", v, t, s) for k, logged in points.items() for v, t, s in logged]
    c.log_batch(r, metrics=in_one)
    return [c.get_run(r), [c.get_metric_history(r, k) for k in points], [c.get_metric_history(r, k + " batch") for k in points]]


@scenario
def test_special_values(c):
    r = c.run(c.experiment())
    values = {"nan": math.nan, "inf": math.inf, "minus inf": -math.inf, "huge": 1.7976931348623157e308, "tiny": 5e-324,
              "zero": 0.0, "minus zero": -0.0, "int": 2**53, "third": 1 / 3}
    for i, (k, v) in enumerate(values.items()):
        c.log_metric(r, k, v, timestamp=i + 1)
    out = [c.get_run(r), [c.get_metric_history(r, k) for k in values], c.get("runs/get", run_id=r)]
    raw = ["NaN", "Infinity", "-Infinity", "1.5", "x", None, True, "1e400", ""]
    for i, v in enumerate(raw):
        out.append(c.post("runs/log-metric", run_id=r, key=f"raw {i}", value=v, timestamp=1, step=0))
    out.append(c.get_run(r))
    for v in ([], {}, 1e400, 10**400):
        got = c.post("runs/log-metric", run_id=r, key="no double", value=v, timestamp=1, step=0)
        out.append(c.differs(got, 400, "MLflow's server fails, or takes it for 0"))
    return out


@scenario
def test_times_and_steps(c):
    r = c.run(c.experiment())
    out = []
    for i, (t, s) in enumerate([(0, 0), (-1, -1), (2**63 - 1, 2**63 - 1), (-(2**63), -(2**63)), ("7", "8"), ("x", 0)]):
        out.append(c.post("runs/log-metric", run_id=r, key=f"m{i}", value=1, timestamp=t, step=s))
        out.append(c.get("metrics/get-history", run_id=r, metric_key=f"m{i}"))
    out.append(c.post("runs/log-metric", run_id=r, key="m", value=1))
    out.append(c.post("runs/log-metric", run_id=r, key="m", timestamp=1))
    out.append(c.post("runs/log-metric", run_id=r, value=1, timestamp=1))
    out.append(c.post("runs/log-metric", key="m", value=1, timestamp=1))
    out.append(c.post("runs/log-metric", run_id=r, key="m", value=1, timestamp=1))
    out.append(c.get("runs/get", run_id=r))
    for t in (2**63, 1.5):
        got = c.post("runs/log-metric", run_id=r, key="m", value=2, timestamp=t)
        out.append(c.differs(got, 400, "MLflow's server logs such a time as 0"))
    return out


@scenario
def test_history_pages(c):
    r = c.run(c.experiment())
    for first in range(0, 2500, 1000):
        c.log_batch(r, metrics=[Metric("m", i % 13, 10_000 - i, i) for i in range(first, min(first + 1000, 2500))])
    out, token = [], None
    while True:
        params = {"run_id": r, "metric_key": "m", "max_results": 700}
        if token:
            params["page_token"] = token
        page = c.get("metrics/get-history", **params)["body"]
        token = page.pop("next_page_token", None)
        out.append(page)
        if not token:
            break
    out.append(c.get_metric_history(r, "m"))
    out.append(c.get_metric_history(r, "none"))
    out.append(c.get("metrics/get-history", run_id=r))
    out.append(c.get("metrics/get-history", metric_key="m"))
    out += [c.get("metrics/get-history", run_id=r, metric_key="m", max_results=n) for n in (-1, 0)]
    got = c.get("metrics/get-history", run_id=r, metric_key="m", max_results="x")
    out.append(c.differs(got, 400, "MLflow's server passes over what is no number"))
    return out + [c.get("metrics/get-history", run_id=r, metric_key="m", max_results=5, page_token="garbage")]


@scenario
def test_bulk_history(c):
    e = c.experiment()
    runs = sorted(c.run(e, start_time=i) for i in range(3))
    for n, r in enumerate(runs):
        c.log_batch(r, metrics=[Metric("m", i * n, i, i) for i in range(400)])
    bulk = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
    sampled = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
    out = [c.get(bulk, run_id=runs, metric_key="m", max_results=n) for n in (5, 600, 25000)]
    out += [c.get(bulk, run_id=runs), c.get(bulk, metric_key="m"), c.get(bulk, run_id=["x"], metric_key="m")]
    out += [c.get(sampled, run_ids=runs, metric_key="m", max_results=n) for n in (1, 7, 320, 2500)]
    out.append(c.get(sampled, run_ids=runs, metric_key="m", max_results=10, start_step=100, end_step=200))
    out.append(c.get(sampled, run_ids=runs, metric_key="m", start_step=100))
    out.append(c.get(sampled, run_ids=runs, metric_key="m", start_step=200, end_step=100))
    out += [c.get(sampled, run_ids=runs, metric_key="m", max_results=n) for n in (0, -1, 2501, "x")]
    return out + [c.get(sampled, metric_key="m"), c.get(sampled, run_ids=["x"] * 101, metric_key="m")]


@scenario
def test_a_point_twice(c):
    r = c.run(c.experiment())
    for _ in range(3):
        c.log_batch(r, metrics=[Metric("m", 1, 5, 1), Metric("m", 1, 5, 1), Metric("m", 2, 5, 1)])
        c.log_metric(r, "m", 1, timestamp=5, step=1)
    return [c.get_metric_history(r, "m"), c.get_run(r).data.metrics, error(c.log_batch, r, metrics=[Metric("m", "x", 5, 1)])]
