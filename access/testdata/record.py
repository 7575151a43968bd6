"""Records what MLflow's own server lets users do, for TestRecorded to compare with.

    pip install 'mlflow[auth]==3.18.0'
    export MLFLOW_FLASK_SERVER_SECRET_KEY=x MLFLOW_AUTH_ADMIN_PASSWORD=correct-horse-battery
    mlflow server --app-name basic-auth --workers 1 --port 5555 [--enable-workspaces]
    python record.py NAME DEFAULT WORKSPACE http://127.0.0.1:5555

The server must be fresh. NAME.json gets the answers. DEFAULT is default_permission of the server's configuration. WORKSPACE
is "" without workspaces. Grants are drawn from a seed. Each set of them is given to a
new user, by a role or directly, who then tries what is in asks(). A refusal is 403;
anything else is taken for leave, since all that is asked for is there.
"""

import base64
import json
import pathlib
import random
import sys
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent
NAME, DEFAULT, WORKSPACE, BASE = sys.argv[1:]
PASSWORD = "correct-horse-battery"


def call(user, method, path, body=None):
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode(),
        "Content-Type": "application/json",
    }
    if WORKSPACE and not path.endswith("/workspaces"):
        headers["X-MLFLOW-WORKSPACE"] = WORKSPACE
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + "/api/" + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def admin(method, path, body=None):
    status, answer = call("admin", method, path, body)
    assert status in (200, 201), (path, body, answer)
    return answer


class Scene:
    """Two experiments with a run, a trace and a logged model each, and two models with a version."""

    def __init__(self):
        if WORKSPACE not in ("", "default"):
            admin("POST", "3.0/mlflow/workspaces", {"name": WORKSPACE})
        self.experiments, self.runs, self.models = [], {}, {}
        for name in "ab":
            e = admin("POST", "2.0/mlflow/experiments/create", {"name": name})["experiment_id"]
            run = admin("POST", "2.0/mlflow/runs/create", {"experiment_id": e, "start_time": 1})
            model = admin("POST", "2.0/mlflow/logged-models", {"experiment_id": e, "name": "x"})
            self.experiments.append(e)
            self.runs[e] = run["run"]["info"]["run_id"]
            self.models[e] = model["model"]["info"]["model_id"]
        for name in "mn":
            admin("POST", "2.0/mlflow/registered-models/create", {"name": name})
            admin("POST", "2.0/mlflow/model-versions/create", {"name": name, "source": "s3://b/x"})

    def asks(self):
        for i, e in enumerate(self.experiments, 1):
            run, model, at = self.runs[e], self.models[e], f" {i}"
            tag = {"key": "k", "value": "v"}
            yield "experiments/get" + at, "GET", f"2.0/mlflow/experiments/get?experiment_id={e}", None
            yield "experiments/set-experiment-tag" + at, "POST", "2.0/mlflow/experiments/set-experiment-tag", {"experiment_id": e, **tag}
            yield "experiments/restore" + at, "POST", "2.0/mlflow/experiments/restore", {"experiment_id": e}
            yield "runs/get" + at, "GET", f"2.0/mlflow/runs/get?run_id={run}", None
            yield "runs/create" + at, "POST", "2.0/mlflow/runs/create", {"experiment_id": e, "start_time": 1}
            yield "runs/set-tag" + at, "POST", "2.0/mlflow/runs/set-tag", {"run_id": run, **tag}
            yield "runs/restore" + at, "POST", "2.0/mlflow/runs/restore", {"run_id": run}
            yield "logged-models/get" + at, "GET", f"2.0/mlflow/logged-models/{model}", None
            yield "logged-models/tags" + at, "PATCH", f"2.0/mlflow/logged-models/{model}/tags", {"tags": [tag]}
            yield "traces/delete-traces" + at, "POST", "3.0/mlflow/traces/delete-traces", {"experiment_id": e, "request_ids": ["tr-none"]}
        for name in "mn":
            at = " " + name
            yield "registered-models/get" + at, "GET", f"2.0/mlflow/registered-models/get?name={name}", None
            yield "registered-models/set-tag" + at, "POST", "2.0/mlflow/registered-models/set-tag", {"name": name, "key": "k", "value": "v"}
            yield "model-versions/get" + at, "GET", f"2.0/mlflow/model-versions/get?name={name}&version=1", None
            yield "model-versions/set-tag" + at, "POST", "2.0/mlflow/model-versions/set-tag", {"name": name, "version": "1", "key": "k", "value": "v"}
        yield "experiments/create", "POST", "2.0/mlflow/experiments/create", {"name": f"new {random.random()}"}
        yield "registered-models/create free", "POST", "2.0/mlflow/registered-models/create", {"name": f"free{random.random()}"}


def draw(seed):
    """Rows of type, pattern, level and whether directly; experiments as 1 and 2."""
    rng = random.Random(seed)
    types = {
        "experiment": ["*", "1", "2"], "registered_model": ["*", "m", "n"], "run": ["*"], "logged_model": ["*"],
        "registered_model_version": ["*"], "trace": ["*"], "assessment": ["*"], "workspace": ["*"],
    }
    rows = {}
    for _ in range(rng.randint(1, 7)):
        name = rng.choices(list(types), [6, 5, 4, 2, 3, 2, 1, 2])[0]
        direct = name != "workspace" and rng.random() < 0.5
        levels = ["USE", "USE", "MANAGE"] if name == "workspace" else ["READ", "READ", "USE", "EDIT", "EDIT", "MANAGE", "DENY"]
        rows[name, rng.choice(types[name]), direct] = rng.choice(levels)
    return [[typ, pattern, level, direct] for (typ, pattern, direct), level in rows.items()]


def main():
    scene = Scene()
    worlds = []
    for seed in range(40):
        user, rows = f"user{seed}", draw(seed) if seed else []
        admin("POST", "2.0/mlflow/users/create", {"username": user, "password": PASSWORD})
        role = admin("POST", "3.0/mlflow/roles/create", {"name": f"role{seed}", "workspace": WORKSPACE or "default"})["role"]["id"]
        for typ, pattern, level, direct in rows:
            at = scene.experiments[int(pattern) - 1] if typ == "experiment" and pattern != "*" else pattern
            if direct:
                admin("POST", "3.0/mlflow/users/permissions/grant", {"username": user, "resource_type": typ, "resource_id": at, "permission": level})
            else:
                admin("POST", "3.0/mlflow/roles/permissions/add", {"role_id": role, "resource_type": typ, "resource_pattern": at, "permission": level})
        if any(not direct for *_, direct in rows):
            admin("POST", "3.0/mlflow/roles/assign", {"username": user, "role_id": role})
        leave = []
        for ask, method, path, body in scene.asks():
            status, answer = call(user, method, path, body)
            assert status < 500 or status == 503, (ask, status, answer)
            if status != 403:
                leave.append(ask)
        worlds.append({"grants": [" ".join([*row[:3], *(["directly"] if row[3] else [])]) for row in rows], "may": leave})
    out = {"default": DEFAULT, "workspace": WORKSPACE, "users": worlds}
    (HERE / f"{NAME}.json").write_text(json.dumps(out, indent=1) + "\n")


main()
