import hashlib
import tempfile
from pathlib import Path

import mlflow

from answers import error, scenario

RUN = "0/" + "a" * 32 + "/artifacts"


def tree(directory):
    """The files of a directory with their bytes."""
    return {str(p.relative_to(directory)): p.read_bytes().decode("latin-1") for p in sorted(directory.rglob("*")) if p.is_file()}


@scenario
def test_log_and_download(c):
    c.fluent()
    with tempfile.TemporaryDirectory() as directory:
        local = Path(directory)
        (local / "one.txt").write_text("one")
        (local / "dir" / "deep").mkdir(parents=True)
        (local / "dir" / "two.bin").write_bytes(bytes(range(256)))
        (local / "dir" / "deep" / "três ü %20.txt").write_text("three")
        (local / "dir" / "empty").write_text("")
        with mlflow.start_run() as run:
            mlflow.log_artifact(str(local / "one.txt"))
            mlflow.log_artifact(str(local / "one.txt"), "below/it")
            mlflow.log_artifacts(str(local / "dir"), "all")
            mlflow.log_text("some text", "x/y.txt")
            mlflow.log_text("overwritten", "x/y.txt")
            mlflow.log_dict({"a": [1, 2]}, "d.json")
            mlflow.log_dict({"a": [1, 2]}, "d.yaml")
        r = run.info.run_id
        listed = {p: c.list_artifacts(r, p) for p in (None, "all", "all/deep", "below", "x", "none", "one.txt")}
        got = tree(Path(c.download_artifacts(r, "", str(local / ".." / local.name / "dir"))))
        text = mlflow.artifacts.load_text(run.info.artifact_uri + "/x/y.txt")
        loaded = mlflow.artifacts.load_dict(run.info.artifact_uri + "/d.json")
        missing = error(c.download_artifacts, r, "none.txt", str(local))["text"][:40]
    raw = [c.get("artifacts/list", run_id=r, path=p) for p in ("", "all", "all/", "none", "..", "/", "a/../..", "%2e%2e", "one.txt")]
    page = [c.call("GET", "/get-artifact", params={"run_id": r, "path": p}) for p in ("one.txt", "none", "..", "/etc/passwd")]
    return [listed, got, text, loaded, missing, raw, page, c.get("artifacts/list"), c.get("artifacts/list", run_id=r)]


@scenario
def test_proxy(c):
    base = "/api/2.0/mlflow-artifacts/artifacts"
    out = [c.call("PUT", f"{base}/{RUN}/{n}", data=b"x" * i) for i, n in enumerate(["a.txt", "b/c.json", "b/d.html", "e%20f.bin"])]
    out += [c.call("GET", base, params={"path": p}) for p in (RUN, RUN + "/b", "none", "..", "/", "a//b")]
    out += [c.call("GET", f"{base}/{RUN}/{n}") for n in ("a.txt", "b/c.json", "b/d.html", "none", "b")]
    out += [c.call("DELETE", f"{base}/{RUN}/{n}") for n in ("a.txt", "none", "b")]
    out.append(c.call("GET", base, params={"path": RUN}))
    return out


@scenario
def test_bytes_come_back(c):
    """Any bytes, and more than fits a buffer."""
    body = hashlib.shake_256(b"x").digest(12_345_678)
    path = f"{c.url}/api/2.0/mlflow-artifacts/artifacts/{RUN}/large"
    put = c.http.put(path, data=iter([body[:1_000_000], body[1_000_000:]]))
    got = c.http.get(path)
    return [put.status_code, got.status_code, len(got.content), got.content == body]
