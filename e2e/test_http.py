"""What clients send that are not the Python client."""

import http.client
import json
import urllib.parse

import pytest
import requests

from answers import scenario, summary

JSON = {"Content-Type": "application/json"}
RUN = "0" * 32

BODIES = [
    b"", b"{", b"}", b"null", b"true", b"{}", b'{"name"}', b"\x00", b"\xff\xfe", b'{"name": "\xff"}', b"[" * 1000, b'"{}"',
    b'{"name": }', b"{'name': 'x'}", b'{"name": ["x"]}', b'{"name": {"a": 1}}', b'{"name": 5}', b'{"name": null}',
    b'{"name": true}', b'{"experimentId": "0", "experiment_id": "0"}',
]  # fmt: skip


def refuses_alike(ours, theirs):
    """Where MLflow's server fails or goes on with half of a request, we refuse it."""
    if theirs["status"] == 400:
        assert ours == theirs
    else:
        assert ours["status"] in (theirs["status"], 400, 404)


@pytest.mark.parametrize(
    "endpoint",
    ["experiments/create", "experiments/delete", "runs/log-metric", "runs/log-batch", "runs/set-tag", "runs/update"],
)
def test_malformed_bodies(target, reference, endpoint):
    for body in BODIES:
        path = f"/api/2.0/mlflow/{endpoint}"
        ours, theirs = (
            summary(requests.post(s.url + path, data=body, headers=JSON, timeout=60)) for s in (target, reference)
        )
        refuses_alike(ours, theirs)


@scenario
def test_content_types(c):
    body = json.dumps({"name": c.name})
    out = []
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "", "json", "application/jsonx"):
        out.append(c.call("POST", "experiments/create", data=body, headers={"Content-Type": kind}))
    out.append(c.call("POST", "experiments/create", data=body, headers={"Content-Type": None}))
    good = c.call("POST", "experiments/create", data=body, headers={"Content-Type": "application/json; charset=utf-8"})
    return [*out, good["status"]]


WRONG = [
    ("experiments/create", {"name": "wrong types", "tags": "x"}), ("experiments/create", {"name": "wrong types", "tags": {"k": "v"}}),
    ("experiments/create", {"name": "wrong types", "artifact_location": 5}), ("experiments/get", {}),
    ("experiments/set-experiment-tag", {"experiment_id": "0"}), ("experiments/set-experiment-tag", {"experiment_id": 0, "key": "k", "value": "v"}),
    ("experiments/set-experiment-tag", {"experiment_id": "0", "key": "k", "value": 5}), ("experiments/update", {"experiment_id": "0"}),
    ("runs/create", {"experiment_id": ["0"]}), ("runs/create", {"experiment_id": "0", "start_time": "soon"}),
    ("runs/create", {"experiment_id": "0", "tags": [{"value": "v"}]}), ("runs/update", {"status": "FINISHED"}),
    ("runs/log-metric", {"run_id": RUN, "key": "k", "value": "x", "timestamp": 1}), ("runs/log-metric", {"run_id": RUN, "value": 1, "timestamp": 1}),
    ("runs/log-metric", {"run_id": 5, "key": "k", "value": 1, "timestamp": 1}), ("runs/log-metric", {"run_id": RUN, "key": ["k"], "value": 1, "timestamp": 1}),
    ("runs/log-metric", {"run_id": RUN, "key": "k", "value": 1, "timestamp": 1, "step": "x"}),
    ("runs/log-parameter", {"run_id": RUN, "value": "x"}), ("runs/log-parameter", {"run_id": RUN, "key": 5, "value": "x"}),
    ("runs/set-tag", {"run_id": RUN}), ("runs/delete-tag", {"run_id": RUN}), ("runs/log-batch", {"run_id": RUN, "metrics": "x"}),
    ("runs/log-batch", {"run_id": RUN, "params": [5]}), ("runs/log-batch", {"run_id": RUN, "tags": [None]}), ("runs/log-batch", {}),
    ("runs/log-inputs", {}), ("runs/log-inputs", {"run_id": RUN, "datasets": 5}), ("runs/delete", {}), ("runs/restore", {"run_id": ""}),
    ("runs/search", {"experiment_ids": "0"}), ("runs/search", {"run_view_type": "SOME"}), ("runs/search", {"order_by": "x"}),
    ("runs/search", {"filter": 5}), ("experiments/search", {"max_results": "many"}),
]  # fmt: skip


@pytest.mark.parametrize("endpoint,body", WRONG, ids=[f"{i}-{e.replace('/', '-')}" for i, (e, _) in enumerate(WRONG)])
def test_wrong_types(target, reference, endpoint, body):
    path = f"/api/2.0/mlflow/{endpoint}"
    ours, theirs = (summary(requests.post(s.url + path, json=body, timeout=60)) for s in (target, reference))
    refuses_alike(ours, theirs)


@scenario
def test_unknown_endpoints(c):
    paths = [("GET", "/api/2.0/mlflow/nope"), ("POST", "/api/2.0/mlflow/nope"), ("GET", "/api/9.0/mlflow/runs/get"), ("GET", "/nope/x"),
             ("DELETE", "/api/2.0/mlflow/runs/get"), ("GET", "/api/2.0/mlflow/runs/create"), ("PUT", "/api/2.0/mlflow/runs/search"),
             ("POST", "/api/2.0/mlflow/runs/get"), ("PATCH", "/api/2.0/mlflow/experiments/create")]  # fmt: skip
    return [c.call(method, path, headers=JSON)["status"] for method, path in paths]


@scenario
def test_health(c):
    return [c.http.get(c.url + "/health").text, c.http.get(c.url + "/version").text]


def raw(server, method, path, body=b"", headers=()):
    """A request whose path is sent as it is."""
    host = urllib.parse.urlsplit(server.url).netloc
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        connection.putheader("Content-Length", str(len(body)))
        for k, v in dict(headers).items():
            connection.putheader(k, v)
        connection.endheaders(body)
        return connection.getresponse().status
    finally:
        connection.close()


HOSTILE = [
    "../x", "..", "../../../../../../tmp/hostile", "/etc/hostile", "//etc/hostile", "a/../../x", "%2e%2e/x", "%2e%2e%2fx", "..%2f..%2fx",
    "%252e%252e%252fx", "..%5cx", "..\\x", "a/..%2f..%2f..%2fx", "%00", "a%00b", ".%2e/x", "file:%2f%2f/tmp/x", "a/./../../x", "C:%5cx",
    "%c0%ae%c0%ae/x", "a%0ab", "x" * 5000, "a/" * 400 + "x", "%", "%zz",
]  # fmt: skip


def outside(server):
    """All files of a server's directory but those that are its own to change."""
    own = ("table", "artifacts", "server.log", "mlflow.db")
    return {p.relative_to(server.directory) for p in server.directory.rglob("*") if not p.relative_to(server.directory).parts[0].startswith(own)}


def artifacts(server):
    return {p.relative_to(server.directory) for p in (server.directory / "artifacts").rglob("*")}


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_hostile_artifact_paths(target, reference, method):
    before, inside = outside(target), artifacts(target)
    for path in HOSTILE:
        url = "/api/2.0/mlflow-artifacts/artifacts/" + path
        ours = raw(target, method, urllib.parse.quote(url, safe="/%:\\"), b"hostile" if method == "PUT" else b"")
        if ours >= 500:
            theirs = raw(reference, method, urllib.parse.quote(url, safe="/%:\\"), b"hostile" if method == "PUT" else b"")
            assert theirs >= 500, path
        if ".." in urllib.parse.unquote(urllib.parse.unquote(path)).split("/"):
            assert ours >= 400, path
            assert artifacts(target) == inside, path
        inside = artifacts(target)
    assert outside(target) == before
    assert requests.get(target.url + "/health", timeout=60).text == "OK"


def test_hostile_queries(target, reference):
    paths = [f"/get-artifact?run_id={RUN}&path=" + p for p in HOSTILE]
    paths += ["/api/2.0/mlflow-artifacts/artifacts?path=" + p for p in HOSTILE]
    paths += [f"/api/2.0/mlflow/artifacts/list?run_id={RUN}&path=" + p for p in HOSTILE]
    paths += ["/api/2.0/mlflow/runs/get?run_id=" + p for p in HOSTILE]
    paths += ["/api/2.0/mlflow/experiments/get?experiment_id=" + p for p in HOSTILE]
    paths += ["/api/2.0/mlflow/experiments/get-by-name?experiment_name=" + p for p in HOSTILE]
    paths += ["/api/2.0/mlflow/runs/get?&&==&run_id", "/api/2.0/mlflow/runs/get?" + "a=b&" * 5000, "/api/2.0/mlflow/runs/get?run_id=a&run_id=b"]
    for path in paths:
        path = path.replace("\\", "%5C")
        ours = raw(target, "GET", path)
        assert ours < 500 or raw(reference, "GET", path) >= 500, path


def test_hostile_keys(target):
    """Whatever a key looks like, it is refused or comes back; it names no other item."""
    post = requests.Session()
    base = target.url + "/api/2.0/mlflow/"
    run = post.post(base + "runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
    keys = ["META", "#", "RUN#x", "tag.team", "m.x", ":v", "PK", "SK", "ttl", "__proto__", "x" * 250, "名" * 250, "a b", "0", "-", "_v", "rev"]
    accepted = []
    for key in keys:
        body = {"run_id": run, "key": key, "value": "1", "timestamp": 1}
        codes = {post.post(base + e, json=body).status_code for e in ("runs/log-metric", "runs/log-parameter", "runs/set-tag")}
        assert codes in ({200}, {400}), key
        if codes == {200}:
            accepted.append(key)
    data = post.get(base + "runs/get", params={"run_id": run}).json()["run"]["data"]
    for kind in ("metrics", "params", "tags"):
        got = {x["key"] for x in data[kind]} - {"mlflow.runName"}
        assert got == set(accepted), kind
    assert {"META", "PK", "SK", "ttl", "__proto__", "名" * 250} <= set(accepted)


def test_large_bodies(target):
    """A body of 100 MB is refused before it is read; an artifact of any size is not."""
    session = requests.Session()
    huge = b'{"name": "' + b"x" * 100_000_000 + b'"}'
    try:
        code = session.post(target.url + "/api/2.0/mlflow/experiments/create", data=huge, headers=JSON, timeout=120).status_code
        assert 400 <= code < 500
    except requests.ConnectionError:
        pass  # the answer came while the body was still on its way
    chunks = (b"x" * 1_000_000 for _ in range(100))  # of a length not known before
    try:
        code = session.post(target.url + "/api/2.0/mlflow/experiments/create", data=chunks, headers=JSON, timeout=120).status_code
        assert 400 <= code < 500
    except requests.ConnectionError:
        pass
    path = target.url + "/api/2.0/mlflow-artifacts/artifacts/large"
    assert session.put(path, data=huge, timeout=120).status_code == 200
    assert len(session.get(path, timeout=120).content) == len(huge)
    assert session.delete(path, timeout=60).status_code < 300
    assert requests.get(target.url + "/health", timeout=60).text == "OK"
    assert target.alive()


@scenario
def test_doubled_slashes(c):
    """A tracking URI that ends in a slash makes some clients double it."""
    e = c.experiment()
    r = c.run(e)
    out = [c.post("/api//2.0/mlflow/runs/set-tag", run_id=r, key="k", value="v"), c.get("/api/2.0//mlflow/runs///get", run_id=r)]
    answers = [c.http.get(c.url + path, allow_redirects=False) for path in ("/api//2.0/mlflow/runs/get?run_id=a//b", "/api//none")]
    out += [[a.status_code, a.headers.get("Location", "").removeprefix(c.url)] for a in answers]
    return [*out, c.call("DELETE", "/api/2.0/mlflow//runs/get"), c.get("logged-models/m%ff")]
