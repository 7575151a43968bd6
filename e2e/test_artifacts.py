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
def test_odd_names(c):
    e = c.experiment()
    r = c.run(e)
    m = c.create_logged_model(e, name="m").model_id
    out = []
    for name in ("%20before", "after%20", "d/%20both%20", "what%3F%3F", "d/a%3F%3Fb", "%2525"):
        for root in (f"{e}/{r}/artifacts", f"{e}/models/{m}/artifacts"):
            path = f"/api/2.0/mlflow-artifacts/artifacts/{root}/{name}"
            out += [c.call("PUT", path, data=b"x"), c.call("GET", path)]
        out.append(c.call("GET", f"/get-artifact?run_id={r}&path={name}"))
        out.append(c.call("GET", f"/ajax-api/2.0/mlflow/logged-models/{m}/artifacts/files?artifact_file_path={name}"))
    out += [c.get("artifacts/list", run_id=r, path=p)["body"]["files"] for p in ("", "d")]
    out.append(c.get(f"logged-models/{m}/artifacts/directories")["body"]["files"])
    return [*out, c.call("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{e}/{r}/artifacts/d")]


@scenario
def test_directory(c):
    """What a directory holds is what was sent, under any name that a file can have."""
    r = c.run(c.experiment())
    root = f"/api/2.0/mlflow-artifacts/artifacts/{c.experiments[-1]}/{r}/artifacts/"
    out = []
    for name in ("a.attrs", ".attrs", "n" * 255, "__0x41__", "v1../x", ".artifact.uploading.x", "%1f%7f%C2%85", "-", "x.tmp"):
        out += [c.call(method, root + "d/" + name, data=b"x") for method in ("PUT", "GET")]
        out.append(c.call("GET", "/get-artifact", params={"run_id": r, "path": "d/" + name}))
    out.append(c.get("artifacts/list", run_id=r, path="d"))
    out += [c.call("DELETE", root + "d"), c.call("PUT", root + "d", data=b"y"), c.call("GET", root + "d")]
    return [*out, c.get("artifacts/list", run_id=r)]


@scenario
def test_bytes_come_back(c):
    """Any bytes, and more than fits a buffer."""
    body = hashlib.shake_256(b"x").digest(12_345_678)
    path = f"{c.url}/api/2.0/mlflow-artifacts/artifacts/{RUN}/large"
    put = c.http.put(path, data=iter([body[:1_000_000], body[1_000_000:]]))
    got = c.http.get(path)
    return [put.status_code, got.status_code, len(got.content), got.content == body]


@scenario
def test_web_ui(c):
    """What the web UI does with artifacts: uploads, downloads, parts of files."""
    upload = "/ajax-api/2.0/mlflow/upload-artifact"
    run = c.run(c.experiment())
    text = {"Content-Type": "text/plain"}
    out = []
    for params, data in (
        ({"run_uuid": run, "path": "d/notes.md"}, b"0123456789"), ({"run_uuid": run, "path": "é %20.json"}, b"{}"),
        ({"run_uuid": run, "path": "d/notes.md"}, b""), ({"run_uuid": run, "path": "../x"}, b"x"), ({"run_uuid": run}, b"x"),
        ({"path": "x"}, b"x"), ({"run_uuid": "none", "path": "x"}, b"x"),
        ({"run_uuid": run, "path": "big"}, b"x" * (10 * 1024 * 1024 + 1)),
    ):  # fmt: skip
        r = c.http.post(c.url + upload, params=params, data=data, headers=text)
        out.append([r.status_code, r.headers["Content-Type"], r.text and r.json()["message"]])
    out += [c.get("artifacts/list", run_id=run, path=p) for p in ("", "d")]
    for path in ("/get-artifact?run_uuid=" + run + "&path=d/notes.md", f"/api/2.0/mlflow-artifacts/artifacts/{c.experiments[0]}/{run}/artifacts/d/notes.md"):
        for part in (None, "bytes=0-0", "bytes=7-", "bytes=-3", "bytes=2-100", "bytes=10-"):
            for method in ("GET", "HEAD"):
                r = c.http.request(method, c.url + path, headers={"Range": part})
                named = ("Content-Range", "Content-Length", "Accept-Ranges", "Content-Disposition", "X-Content-Type-Options")
                whole = r.status_code < 300
                kept = {n: r.headers.get(n) for n in (named if whole else named[:1])}
                out.append([r.status_code, r.text if whole else "", kept])
    out += [c.call("GET", "/model-versions/get-artifact" + q) for q in ("", "?path=x", "?name=none&version=1&path=x", "?name=a&version=b&path=x")]
    out += [c.post("artifacts/presigned-" + w, **b) for w in ("upload-url", "download-url") for b in (
        {"run_id": run, "path": "x"}, {"path": "x"}, {"run_id": run}, {"run_id": run, "path": "../x"}, {"run_id": "none", "path": "x"},
    )]  # fmt: skip
    base = "/api/2.0/mlflow-artifacts/"
    out += [c.call("POST", base + "mpu/" + p, json=b) for p, b in (
        ("create/x", {"path": "f", "num_parts": 2}), ("create/x", {}), ("complete/x", {"path": "f", "parts": []}),
        ("abort/x", {"path": "f", "upload_id": "u"}),
    )]  # fmt: skip
    return [*out, c.call("GET", base + "presigned/x")]
