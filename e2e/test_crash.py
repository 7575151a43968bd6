"""The server is killed while clients log: what it acknowledged is kept."""

import threading

import requests

import servers

CLIENTS = 6
ROUNDS = 3
ENOUGH = 250


class Acknowledged:
    """What clients were told is stored."""

    def __init__(self):
        self.changed = threading.Condition()
        self.runs = {}
        self.points = set()
        self.params = set()
        self.tags = set()
        self.ended = set()
        self.count = 0

    def note(self, add):
        with self.changed:
            add()
            self.count += 1
            self.changed.notify_all()

    def wait_for(self, n):
        with self.changed:
            assert self.changed.wait_for(lambda: self.count >= n, 120)


def log(url, client, round_number, acknowledged):
    """Logs until the server is gone."""
    session = requests.Session()

    def post(endpoint, **body):
        r = session.post(f"{url}/api/2.0/mlflow/{endpoint}", json=body, timeout=60)
        assert r.status_code == 200, r.text
        return r.json()

    try:
        step = 0
        while True:
            run = post("runs/create", experiment_id="0", start_time=1)["run"]["info"]["run_id"]
            acknowledged.note(lambda: acknowledged.runs.setdefault(run, round_number))
            for _ in range(10):
                step += 1
                metrics = [{"key": f"m{k}", "value": step + k, "timestamp": step, "step": step} for k in range(3)]
                params = [{"key": f"p{step}", "value": str(client)}]
                post("runs/log-batch", run_id=run, metrics=metrics, params=params)
                acknowledged.note(
                    lambda: (
                        acknowledged.points.update((run, m["key"], m["step"], m["value"]) for m in metrics),
                        acknowledged.params.add((run, params[0]["key"], params[0]["value"])),
                    )
                )
                post("runs/log-metric", run_id=run, key="single", value=step, timestamp=step, step=step)
                acknowledged.note(lambda: acknowledged.points.add((run, "single", step, step)))
                post("runs/set-tag", run_id=run, key=f"t{step}", value="x")
                acknowledged.note(lambda: acknowledged.tags.add((run, f"t{step}")))
            post("runs/update", run_id=run, status="FINISHED", end_time=step)
            acknowledged.note(lambda: acknowledged.ended.add(run))
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        pass


def check(url, acknowledged):
    """Finds all that was acknowledged, by every way to read it."""
    session = requests.Session()

    def get(endpoint, **params):
        r = session.get(f"{url}/api/2.0/mlflow/{endpoint}", params=params, timeout=60)
        assert r.status_code == 200, r.text
        return r.json()

    found, token = {}, None
    while True:
        body = {"experiment_ids": ["0"], "max_results": 50, **({"page_token": token} if token else {})}
        r = session.post(f"{url}/api/2.0/mlflow/runs/search", json=body, timeout=60)
        assert r.status_code == 200, r.text
        for run in r.json().get("runs", []):
            assert run["info"]["run_id"] not in found
            found[run["info"]["run_id"]] = run
        token = r.json().get("next_page_token")
        if not token:
            break
    assert acknowledged.runs.keys() <= found.keys()
    for run, listed in found.items():
        got = get("runs/get", run_id=run)["run"]
        assert got["info"] == listed["info"]
        assert {k: sorted(map(str, v)) for k, v in got["data"].items()} == {
            k: sorted(map(str, v)) for k, v in listed["data"].items()
        }
        if run in acknowledged.ended:
            assert got["info"]["status"] == "FINISHED"
    for run, key, value in acknowledged.params:
        assert {"key": key, "value": value} in found[run]["data"]["params"]
    for run, key in acknowledged.tags:
        assert {"key": key, "value": "x"} in found[run]["data"]["tags"]
    history = {}
    for run, key, step, value in acknowledged.points:
        if (run, key) not in history:
            points = get("metrics/get-history", run_id=run, metric_key=key)["metrics"]
            history[run, key] = {(m["step"], m["value"]) for m in points}
            latest = next(m for m in found[run]["data"]["metrics"] if m["key"] == key)
            assert latest["step"] >= max(s for s, _ in history[run, key])
        assert (step, value) in history[run, key]


def test_kill(table):
    directory, uri = table
    acknowledged = Acknowledged()
    for round_number in range(ROUNDS):
        server = servers.start_store(directory, uri)
        try:
            check(server.url, acknowledged)
            threads = [
                threading.Thread(target=log, args=(server.url, n, round_number, acknowledged)) for n in range(CLIENTS)
            ]
            for t in threads:
                t.start()
            acknowledged.wait_for(acknowledged.count + ENOUGH)
        finally:
            server.kill()
        for t in threads:
            t.join()
    server = servers.start_store(directory, uri)
    try:
        check(server.url, acknowledged)
        assert server.stop() == 0
    finally:
        server.kill()
    assert set(acknowledged.runs.values()) == set(range(ROUNDS))
