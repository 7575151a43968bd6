"""The model registry: registered models, their versions, prompts."""

import pytest

from answers import error, scenario
from mlflow import MlflowClient

PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]


def model(c, suffix="", **kwargs):
    """Makes a registered model named after the scenario."""
    return c.create_registered_model(c.name + suffix, **kwargs).name


def version(c, name, source="s3://b/m", **kwargs):
    return c.create_model_version(name, source, **kwargs)


def renamed(c, name, new_name):
    """Renames a model and returns what it is then."""
    c.rename_registered_model(name, new_name)
    return shown(c.get_registered_model(new_name))


def shown(m):
    """What a registered model is, for comparison."""
    return {
        "name": m.name, "created": m.creation_timestamp, "updated": m.last_updated_timestamp, "description": m.description,
        "tags": dict(m.tags), "aliases": dict(m.aliases), "latest": [shown_version(v) for v in m.latest_versions],
    }  # fmt: skip


def shown_version(v):
    return {
        "name": v.name, "version": v.version, "created": v.creation_timestamp, "updated": v.last_updated_timestamp,
        "stage": v.current_stage, "description": v.description or "", "source": v.source, "run": v.run_id, "status": v.status,
        "message": v.status_message, "tags": dict(v.tags), "link": v.run_link, "aliases": sorted(v.aliases), "model": v.model_id,
    }  # fmt: skip


@scenario
def test_life_of_a_model(c):
    name = model(c, tags={"team": "red", "é": "日本"}, description="first")
    out = [shown(c.get_registered_model(name)), error(c.create_registered_model, name)]
    out.append(shown(c.update_registered_model(name, "second")))
    c.set_registered_model_tag(name, "team", "blue")
    c.set_registered_model_tag(name, "size", 5)
    c.delete_registered_model_tag(name, "é")
    c.delete_registered_model_tag(name, "never there")
    out.append(shown(c.get_registered_model(name)))
    for _ in range(3):
        version(c, name, tags={"k": "v"}, description="d")
    out.append(renamed(c, name, name + " renamed"))
    out += [error(c.get_registered_model, name), error(c.get_model_version, name, "1")]
    out.append([shown_version(v)["name"] for v in c.search_model_versions(f"name = '{name} renamed'")])
    model(c)  # the name is free again
    out.append(error(c.rename_registered_model, name + " renamed", name)["code"])
    c.delete_registered_model(name)
    out.append(renamed(c, name + " renamed", name))
    c.delete_registered_model(name)
    out += [error(c.get_registered_model, name), error(c.delete_registered_model, name), shown(c.create_registered_model(name))]
    out.append(shown_version(version(c, name)))  # versions begin at 1 again
    return out


@scenario
def test_life_of_a_version(c):
    name = model(c)
    run = c.run(c.experiment())
    made = [version(c, name, f"s3://b/{i}", run_id=run, run_link="http://x", tags={"i": str(i)}, description=f"d{i}") for i in range(3)]
    out = [shown_version(v) for v in made]
    out.append(shown_version(c.update_model_version(name, "1", "changed")))
    c.set_model_version_tag(name, "1", "i", "new")
    c.set_model_version_tag(name, 1, "j", 7)
    c.delete_model_version_tag(name, "1", "never there")
    c.delete_model_version_tag(name, "2", "i")
    out += [shown_version(c.get_model_version(name, v)) for v in ("1", "2", "3")]
    c.delete_model_version(name, "3")
    out += [error(c.get_model_version, name, "3"), error(c.delete_model_version, name, "3")]
    out.append(shown_version(version(c, name)))  # the number 3 is not given out again
    out.append(shown(c.get_registered_model(name)))
    out.append([c.get_model_version_download_uri(name, v) for v in ("1", "4")])
    return out


@scenario
def test_stages(c):
    name = model(c)
    for _ in range(5):
        version(c, name)
    out = [shown_version(c.transition_model_version_stage(name, str(v), stage)) for v, stage in
           [(1, "Staging"), (2, "staging"), (3, "PRODUCTION"), (4, "Archived")]]  # fmt: skip
    out.append(shown(c.get_registered_model(name)))
    out.append([shown_version(v) for v in c.get_latest_versions(name)])
    out.append([shown_version(v) for v in c.get_latest_versions(name, ["staging", "None"])])
    out.append(error(c.get_latest_versions, name, ["nope"]))
    out.append(shown_version(c.transition_model_version_stage(name, "5", "Staging", archive_existing_versions=True)))
    out.append({v.version: v.current_stage for v in c.search_model_versions(f"name = '{name}'")})
    out.append(error(c.transition_model_version_stage, name, "5", "nope"))
    out.append(error(c.transition_model_version_stage, name, "9", "Staging"))
    out.append(c.post("model-versions/transition-stage", name=name, version="5", stage="Staging", archive_existing_versions="x"))
    refused = c.post("model-versions/transition-stage", name=name, version="5", stage="Archived", archive_existing_versions=True)
    out.append(c.differs(refused, 400, "MLflow's client tries an internal error again for minutes"))
    out.append(c.call("DELETE", "registered-models/delete", params={"name": name}))
    return out


@scenario
def test_aliases(c):
    name = model(c)
    for _ in range(3):
        version(c, name)
    c.set_registered_model_alias(name, "champion", "1")
    c.set_registered_model_alias(name, "é_1-x", "1")
    c.set_registered_model_alias(name, "champion", "2")
    c.set_registered_model_alias(name, "old", "3")
    out = [shown(c.get_registered_model(name)), shown_version(c.get_model_version_by_alias(name, "champion"))]
    out += [shown_version(c.get_model_version(name, v)) for v in "123"]
    out.append(shown_version(c.get_model_version_by_alias(name, "latest")))
    c.delete_registered_model_alias(name, "old")
    c.delete_registered_model_alias(name, "old")
    out.append(error(c.get_model_version_by_alias, name, "old"))
    c.delete_model_version(name, "2")
    out += [error(c.get_model_version_by_alias, name, "champion"), shown(c.get_registered_model(name))]
    bad = ["", "latest", "LATEST", "v1", "V12", "a b", "a/b", "x" * 256, "é", "v1x"]
    out += [error(c.set_registered_model_alias, name, a, "1") for a in bad]
    out += [c.post("registered-models/alias", name=name, alias=a, version="1") for a in bad]
    out += [c.post("registered-models/alias", name=name, alias="a", version=v) for v in ("9", "x", "", 1)]
    return out


@scenario
def test_copy(c):
    run = c.run(c.experiment())
    source, target = model(c), c.name + " copy"
    v = version(c, source, "s3://b/original", run_id=run, tags={"k": "v"}, description="d")
    copies = [c.copy_model_version(f"models:/{source}/{v.version}", target)]
    c.set_registered_model_alias(target, "best", "1")
    copies.append(c.copy_model_version(f"models:/{target}@best", target))
    return [[shown_version(v) for v in copies], [c.get_model_version_download_uri(target, n) for n in "12"]]


@scenario
def test_names(c):
    bad = ["", "a/b", "a:b", "..", ".", "a/../b", "//", "x" * 257, " ", "a b", "é日", "a%b", "a'b", 'a"b', "a`b", "#"]
    out = []
    for name in bad:
        full = c.name + name if len(name) > 2 or name in "#" else name
        out.append(c.post("registered-models/create", name=full)["status"])
        out.append(c.get("registered-models/get", name=full)["status"])
        out.append(c.post("registered-models/rename", name="nope", new_name=name))
    return out


WRONG = [
    ("GET", "registered-models/get", {}), ("GET", "registered-models/get", {"name": "nope"}), ("GET", "registered-models/get", {"name": "a/b"}),
    ("POST", "registered-models/create", {}), ("POST", "registered-models/create", {"name": 5}), ("POST", "registered-models/create", {"name": "x", "tags": "y"}),
    ("POST", "registered-models/create", {"name": "x", "tags": [{"value": "v"}]}), ("POST", "registered-models/create", {"name": "x", "tags": [{"key": "k" * 251, "value": "v"}]}),
    ("POST", "registered-models/create", {"name": "x", "tags": [{"key": "k", "value": "v" * 100_001}]}), ("POST", "registered-models/create", {"name": "x", "description": 5}),
    ("PATCH", "registered-models/update", {}), ("PATCH", "registered-models/update", {"name": "nope"}), ("DELETE", "registered-models/delete", {"name": "nope"}),
    ("POST", "registered-models/set-tag", {"name": "nope", "key": "k", "value": "v"}), ("POST", "registered-models/set-tag", {"name": "nope"}),
    ("POST", "registered-models/set-tag", {"name": "nope", "key": "a%b", "value": "v"}), ("DELETE", "registered-models/delete-tag", {"name": "nope", "key": "k"}),
    ("POST", "registered-models/rename", {"name": "x"}), ("POST", "registered-models/rename", {"name": "nope", "new_name": "y"}),
    ("DELETE", "registered-models/alias", {"name": "nope", "alias": "a"}), ("GET", "registered-models/alias", {"name": "nope", "alias": "a"}),
    ("GET", "registered-models/alias", {"name": "nope", "alias": "latest"}), ("GET", "registered-models/alias", {"name": "nope"}),
    ("GET", "registered-models/get-latest-versions", {"name": "nope"}), ("POST", "registered-models/get-latest-versions", {"name": "nope", "stages": "x"}),
    ("POST", "model-versions/create", {"name": "nope", "source": "s3://b/x"}), ("POST", "model-versions/create", {"name": "nope"}),
    ("POST", "model-versions/create", {"name": "a/b", "source": "s3://b/x"}), ("POST", "model-versions/create", {"name": "nope", "source": "s3://b/x", "tags": 5}),
    ("POST", "model-versions/create", {"name": "nope", "source": "s3://b/x", "tags": [{"key": "", "value": "v"}]}),
    ("PATCH", "model-versions/update", {"name": "nope", "version": "1"}), ("PATCH", "model-versions/update", {"name": "nope", "version": "x"}),
    ("PATCH", "model-versions/update", {"name": "nope", "version": 1}), ("DELETE", "model-versions/delete", {"name": "nope", "version": "1"}),
    ("GET", "model-versions/get", {"name": "nope", "version": "1"}), ("GET", "model-versions/get", {"name": "nope", "version": "1.5"}),
    ("GET", "model-versions/get", {"name": "nope", "version": " 1 "}), ("GET", "model-versions/get", {"name": "nope", "version": "-1"}),
    ("GET", "model-versions/get-download-uri", {"name": "nope", "version": "1"}),
    ("GET", "model-versions/get-download-uri", {}), ("GET", "model-versions/get-download-uri", {"name": "nope"}),
    ("POST", "model-versions/set-tag", {"name": "nope", "version": "1", "key": "k", "value": "v"}),
    ("POST", "model-versions/set-tag", {"name": "nope", "version": "1", "key": "k", "value": 5}), ("DELETE", "model-versions/delete-tag", {"name": "nope", "version": "1", "key": "k"}),
    ("POST", "model-versions/transition-stage", {"name": "nope", "version": "1", "stage": "Staging"}), ("POST", "model-versions/transition-stage", {"name": "nope", "version": "1"}),
    ("GET", "registered-models/search", {"max_results": "1001"}), ("GET", "registered-models/search", {"max_results": "x"}), ("GET", "registered-models/search", {"filter": "nope = 'x'"}),
    ("GET", "registered-models/search", {"order_by": "nope"}), ("GET", "registered-models/search", {"page_token": "zz"}), ("GET", "registered-models/search", {"filter": "name > 'x'"}),
    ("GET", "model-versions/search", {"max_results": "0"}), ("GET", "model-versions/search", {"max_results": "-1"}), ("GET", "model-versions/search", {"max_results": "200001"}),
    ("GET", "model-versions/search", {"filter": "version_number = 1.5"}), ("GET", "model-versions/search", {"page_token": "zz"}),
]  # fmt: skip


@scenario
def test_wrong_requests(c):
    json = {"Content-Type": "application/json"}
    out = [c.get(e, **q) if m == "GET" else c.call(m, e, json=q, headers=json) for m, e, q in WRONG]
    huge = c.get("model-versions/get", name="nope", version="9" * 30)
    out.append(c.differs(huge, 404, "the database of MLflow's server has no integer that large"))
    doubled = c.get("model-versions/search", order_by=["name", "name"])
    return [*out, c.differs(doubled, 400, "MLflow's client tries an internal error again for minutes")]


@scenario
def test_sources(c):
    name = model(c, " é")
    exp = c.experiment()
    run, other = c.run(exp), c.run(exp)
    logged = c.post("logged-models", experiment_id=exp, name="m", source_run_id=run)["body"]["model"]["info"]
    m = logged["model_id"]
    bodies = [
        {"source": "/tmp/x"}, {"source": "file:///tmp/x"}, {"source": "relative/x", "run_id": "nope"}, {"source": "/tmp/x", "run_id": run},
        {"source": "s3://b/../x"}, {"source": "s3://b/%2e%2e/x"}, {"source": "s3://b/a/./x"}, {"source": "s3://b"}, {"source": "s3://b//a/x/"},
        {"source": f"runs:/{run}/m", "run_id": run}, {"source": f"runs:/{run}/m"}, {"source": f"runs:/{run}/m", "run_id": other},
        {"source": f"runs://h/{run}/m", "run_id": run}, {"source": f"models:/{m}"}, {"source": f"models:/{m}", "model_id": m},
        {"source": f"models:/{name}/1"}, {"source": f"models:/{name}/99"}, {"source": "models:/nope/1"}, {"source": f"models:/{name}@nope"},
        {"source": f"models:/{name}/latest"}, {"source": f"models:/{name}/1", "run_id": other}, {"source": "models:/"}, {"source": "models:/a/b/c"},
        {"source": f"mlflow-artifacts:/{exp}/x"}, {"source": f"mlflow-artifacts:/{exp}/{run}/artifacts/m", "run_id": run},
        {"source": f"mlflow-artifacts:/{exp}/{other}/artifacts/m", "run_id": run}, {"source": logged["artifact_uri"], "model_id": m},
        {"source": f"mlflow-artifacts:/{exp}/{run}/artifacts/m", "model_id": m}, {"source": "http://h/x"}, {"source": "hdfs://h/x"},
        {"source": ""}, {}, {"source": "x", "tags": PROMPT}, {"source": "dummy-source", "tags": PROMPT}, {"source": "s3://b/x", "run_id": "nosuchrun"},
        {"source": "s3://b/x", "model_id": "nosuchmodel"}, {"source": "s3:/b/x?y#z"}, {"source": "gs://b/x"}, {"source": "dbfs:/x"},
    ]  # fmt: skip
    out = [c.post("model-versions/create", name=name, **b) for b in bodies]
    return out + [c.get("logged-models/" + m), [c.get("model-versions/get-download-uri", name=name, version=str(v)) for v in range(1, 9)]]


@scenario
def test_search(c):
    names = [model(c, s, tags={"team": t}) for s, t in [("-a", "red"), ("-B", "Red"), ("-b_c", "blue"), ("-b%c", "red"), ("-é", "x")]]
    run = c.run(c.experiment())
    for i, n in enumerate(names[:3]):
        for j in range(i + 1):
            version(c, n, f"s3://b/{n}/{j}", run_id=run if j else None, tags={"j": str(j)})
    mine = f"name LIKE '{c.name}%'"

    def models(text=mine, **kwargs):
        found = c.search_registered_models(text, **kwargs)
        return [[m.name for m in found], bool(found.token)]

    def versions(text, **kwargs):
        found = c.search_model_versions(text, **kwargs)
        return [[f"{v.name}/{v.version}" for v in found], bool(found.token)]

    texts = [mine, f"{mine} AND tags.team = 'red'", f"{mine} AND tag.team ILIKE 'RED'", f"name = '{names[0]}'", f"name IN ('{names[0]}', '{names[3]}', 'nope')",
             f"name NOT IN ('{names[0]}') AND {mine}", f"name ILIKE '{c.name.upper()}%'", f"{mine} AND name LIKE '%b_c'", f"{mine} AND tags.team != 'red'", f"{mine} AND name != '{names[1]}'"]  # fmt: skip
    out = [models(t) for t in texts]
    out += [models(order_by=[o]) for o in ("name DESC", "timestamp DESC", "last_updated_timestamp ASC")]
    names_only = ["name ASC", "version_number DESC"]
    out += [versions(t, order_by=names_only) for t in
            [mine, f"name = '{names[2]}'", f"{mine} AND version_number > 1", f"run_id = '{run}'", f"run_id IN ('{run}', 'nope')", f"{mine} AND run_id != '{run}'",
             f"source_path = 's3://b/{names[0]}/0'", f"source_path LIKE 's3://b/{c.name}%'", f"{mine} AND tags.j = '1'", f"{mine} AND run_id NOT IN ('{run}')"]]  # fmt: skip
    out.append(versions(mine, order_by=["version_number ASC", "name DESC"]))
    for search, kwargs in [(c.search_registered_models, {}), (c.search_model_versions, {"order_by": names_only})]:
        pages, token = [], None
        while True:
            page = search(mine, max_results=2, page_token=token, **kwargs)
            pages.append([getattr(m, "version", "") and f"{m.name}/{m.version}" or m.name for m in page])
            token = page.token
            if not token:
                break
        out.append(pages)
    return out


@scenario
def test_prompts(c):
    name = c.name + "_p"
    c.register_prompt(name, "Hello {{who}}", commit_message="first", tags={"k": "v"})
    c.register_prompt(name, [{"role": "user", "content": "Hi {{who}}"}], commit_message="second")
    plain = model(c)
    out = [c.post("registered-models/create", name=name), c.post("registered-models/create", name=plain, tags=PROMPT), c.post("registered-models/create", name=name, tags=PROMPT)]
    out.append(error(c.create_registered_model, name)["code"])
    c.set_prompt_alias(name, "live", 1)
    loaded = [c.load_prompt(name, version=2), c.load_prompt(f"prompts:/{name}@live"), c.load_prompt(name + "-nope", allow_missing=True)]
    out.append([p and [p.name, p.version, p.template, dict(p.tags), p.commit_message, sorted(p.aliases)] for p in loaded])
    found = c.search_prompts(f"name LIKE '{c.name}%'")
    # The client adds its active experiment in the background, at some time.
    out.append([[p.name, p.description, {k: v for k, v in p.tags.items() if k != "_mlflow_experiment_ids"}] for p in found])
    mine = f"name LIKE '{c.name}%'"
    out.append([m.name for m in c.search_registered_models(mine)])
    out.append([f"{v.name}/{v.version}" for v in c.search_model_versions(mine)])
    prompts = f"{mine} AND tags.`mlflow.prompt.is_prompt` = 'true'"
    out.append([m.name for m in c.search_registered_models(prompts)])
    out.append([f"{v.name}/{v.version}" for v in c.search_model_versions(prompts, order_by=["version_number ASC"])])
    c.delete_prompt_version(name, "1")
    out.append(c.load_prompt(name, version=1, allow_missing=True))
    return out


@pytest.mark.parametrize("clients", [8])
def test_versions_at_once(target, clients):
    from concurrent.futures import ThreadPoolExecutor

    c = MlflowClient(target.url, registry_uri=target.url)
    c.create_registered_model("at once")
    with ThreadPoolExecutor(clients) as pool:
        made = list(pool.map(lambda i: int(c.create_model_version("at once", f"s3://b/{i}").version), range(32)))
    assert sorted(made) == list(range(1, 33))
