"""Many clients at once."""

from concurrent.futures import ThreadPoolExecutor

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

import clients

WORKERS = 8


def test_eight_processes(target, workers):
    """Eight processes make one experiment, log to it, and to one run that they share."""
    steps = 25
    name = "eight processes"
    ids = workers.map(clients.set_experiment, [(target.url, name)] * WORKERS, chunksize=1)
    assert len(set(ids)) == 1
    client = MlflowClient(target.url)
    assert [e.experiment_id for e in client.search_experiments(filter_string=f"name = '{name}'")] == ids[:1]

    shared = client.create_run(ids[0], start_time=1000).info.run_id
    work = [(target.url, ids[0], shared, n, steps) for n in range(WORKERS)]
    runs = workers.map(clients.log, work, chunksize=1)
    assert len(set(runs)) == WORKERS

    found = client.search_runs(ids, "attributes.status = 'FINISHED'", order_by=["attributes.start_time"])
    assert [r.info.run_id for r in found] == runs
    for n, r in enumerate(found):
        assert r.data.params == {"number": str(n)}
        assert r.data.metrics == {"loss": n + (steps - 1) / 1000}
        assert r.data.tags["worker"] == str(n)
        history = client.get_metric_history(r.info.run_id, "loss")
        assert [(m.step, m.value) for m in history] == [(s, n + s / 1000) for s in range(steps)]

    run = client.get_run(shared)
    assert run.data.params == {f"{n}-{s}": str(s) for n in range(WORKERS) for s in range(steps)}
    assert run.data.metrics == {"all": WORKERS - 1, **{f"own-{n}": steps - 1 for n in range(WORKERS)}}
    points = sorted((m.step, m.value) for m in client.get_metric_history(shared, "all"))
    assert points == [(s, n) for s in range(steps) for n in range(WORKERS)]
    for n in range(WORKERS):
        assert len(client.get_metric_history(shared, f"own-{n}")) == steps


def test_threads_on_one_run(target):
    """Batches from many threads: none is lost, and a param has one first value."""
    client = MlflowClient(target.url)
    run = client.create_run(client.create_experiment("threads")).info.run_id

    def log(n):
        client.log_batch(
            run,
            [Metric("m", n, n, n), Metric(f"m{n}", n, 0, 0)],
            [Param(f"p{n}", "x")],
            [RunTag(f"t{n}", "x"), RunTag("last", str(n))],
        )
        try:
            client.log_param(run, "first", n)
            return n
        except Exception as e:
            assert "Changing param values is not allowed" in str(e)
            return None

    with ThreadPoolExecutor(16) as pool:
        won = [n for n in pool.map(log, range(160)) if n is not None]
    data = client.get_run(run).data
    assert len(won) == 1
    assert data.params == {"first": str(won[0]), **{f"p{n}": "x" for n in range(160)}}
    assert data.metrics == {"m": 159, **{f"m{n}": n for n in range(160)}}
    assert {f"t{n}" for n in range(160)} <= data.tags.keys()
    assert [m.step for m in client.get_metric_history(run, "m")] == list(range(160))
