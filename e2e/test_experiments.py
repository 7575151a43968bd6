from mlflow.entities import ViewType

from answers import error, scenario


@scenario
def test_default_experiment(c):
    return [c.get_experiment("0"), c.get_experiment_by_name("Default")]


@scenario
def test_create_get(c):
    e = c.experiment(tags={"team": "vision", "mlflow.note.content": "a note"})
    return [c.get_experiment(e), c.get_experiment_by_name(c.name), c.get_experiment_by_name("none of it")]


@scenario
def test_set_experiment_makes_it_once(c):
    import mlflow

    c.fluent()
    again = mlflow.set_experiment(c.name)
    by_id = mlflow.set_experiment(experiment_id=again.experiment_id)
    return [again, by_id, len(c.search_experiments(filter_string=f"name = '{c.name}'"))]


@scenario
def test_set_deleted_experiment(c):
    import mlflow

    e = c.fluent()
    c.delete_experiment(e)
    return error(mlflow.set_experiment, c.name)


@scenario
def test_own_artifact_location(c):
    e = c.experiment(artifact_location="s3://bucket/some/prefix")
    return [c.get_experiment(e), c.get_run(c.run(e)).info.artifact_uri.startswith("s3://bucket/some/prefix/")]


@scenario
def test_bad_artifact_locations(c):
    places = ["file:///a/../b", "s3://bucket/x?query", "s3://bucket/x#part", "a;b", "s3://b/%2e%2e/x"]
    out = [c.post("experiments/create", name=f"{c.name}-{i}", artifact_location=p) for i, p in enumerate(places)]
    for made in out:
        c.seen(made["body"].get("experiment_id", "none"))
    return out


@scenario
def test_names(c):
    names = ["", " ", "x" * 500, "x" * 501, "ünïcödé 名前", "a'b\"c`d", "%_", "a/b", "..", "tab\there"]
    out = []
    for name in names:
        got = c.post("experiments/create", name=name)
        if got["status"] == 200:
            c.seen(got["body"]["experiment_id"])
            got = [got, c.get_experiment_by_name(name)]
        out.append(got)
    return out


@scenario
def test_name_reuse(c):
    e = c.experiment()
    active = error(c.create_experiment, c.name)
    c.delete_experiment(e)
    deleted = error(c.create_experiment, c.name)
    other = c.experiment("-other")
    renamed = error(c.rename_experiment, other, c.name)
    c.restore_experiment(e)
    return [text_start(active), text_start(deleted), renamed_code(renamed), c.get_experiment(e)]


def text_start(e):
    """Behind the first sentence MLflow tells what its database said."""
    return {**e, "text": e["text"].partition(" Error: ")[0]}


def renamed_code(e):
    """MLflow's server answers with the text of its database alone."""
    return e.get("code") is not None


@scenario
def test_rename(c):
    e = c.experiment()
    c.rename_experiment(e, c.name + "-renamed")
    first = [c.get_experiment(e), c.get_experiment_by_name(c.name), c.get_experiment_by_name(c.name + "-renamed")]
    freed = c.experiment()  # the old name can be had again
    c.delete_experiment(e)
    return [first, c.get_experiment(freed), error(c.rename_experiment, e, "x"), error(c.rename_experiment, "99999", "x")]


@scenario
def test_delete_restore(c):
    e = c.experiment()
    live, gone = c.run(e), c.run(e, start_time=2)
    c.delete_run(gone)
    c.delete_experiment(e)
    out = [c.get_experiment(e), c.get_experiment_by_name(c.name)]
    out += [c.get_run(r).info.lifecycle_stage for r in (live, gone)]
    out.append(error(c.create_run, e))
    out.append(error(c.set_experiment_tag, e, "k", "v"))
    out.append(error(c.delete_experiment, e))
    out.append(error(c.log_metric, live, "m", 1))
    out.append([r.info.start_time for r in c.search_runs([e], run_view_type=ViewType.ALL)])
    c.restore_experiment(e)
    out.append(error(c.restore_experiment, e))
    out += [c.get_run(r).info.lifecycle_stage for r in (live, gone)]
    out.append([r.info.start_time for r in c.search_runs([e])])
    return out


@scenario
def test_unknown_experiment(c):
    calls = [c.get_experiment, c.delete_experiment, c.restore_experiment, c.create_run]
    out = [error(f, "987654") for f in calls]
    out += [c.get("experiments/get", experiment_id=i) for i in ("abc", "", "1.5", "-1")]
    huge = c.get("experiments/get", experiment_id="9" * 30)
    out.append(c.differs(huge, 404, "no experiment has an id that SQLite cannot hold"))
    return out + [error(c.set_experiment_tag, "987654", "k", "v")]


@scenario
def test_tags(c):
    e = c.experiment(tags={"a": "1"})
    c.set_experiment_tag(e, "a", "2")
    c.set_experiment_tag(e, "long", "x" * 5000)
    c.set_experiment_tag(e, "number", 5)
    out = [c.get_experiment(e).tags]
    c.delete_experiment_tag(e, "a")
    out.append(c.get_experiment(e).tags)
    out.append(error(c.delete_experiment_tag, e, "a"))
    for key, value in [("k" * 250, "v"), ("k" * 251, "v"), ("k", "v" * 20000), ("k", "v" * 20001), ("a//b", "v"), ("", "v")]:
        out.append(error(c.set_experiment_tag, e, key, value))
    return out


@scenario
def test_search(c):
    prefix = "search of experiments "
    for i in range(7):
        e = c.seen(c.create_experiment(f"{prefix}{i}", tags={"odd": str(i % 2), "n": str(i)}))
        if i == 3:
            c.delete_experiment(e)
    like = f"name LIKE '{prefix}%'"

    def names(filter_string=like, view_type=ViewType.ACTIVE_ONLY, order_by=("name ASC",)):
        found, token = [], None
        while True:
            page = c.search_experiments(
                view_type, max_results=2, filter_string=filter_string, order_by=list(order_by), page_token=token
            )
            found += [e.name for e in page]
            token = page.token
            if not token:
                return found

    out = [names(view_type=v) for v in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)]
    out += [names(order_by=o) for o in (["name DESC"], ["experiment_id"], ["creation_time DESC", "name"], ["last_update_time ASC"])]
    filters = ["tags.odd = '1'", "tags.odd != '1'", "tag.`n` = '4'", "tags.n LIKE '%5'", "name ILIKE '%EXPERIMENTS 2'"]
    filters += ["tags.none IS NULL", "tags.n IS NOT NULL", "creation_time > 1600000000000", "creation_time < 5"]
    return out + [names(f"{like} AND {f}") for f in filters]


@scenario
def test_bad_searches(c):
    filters = ["name", "name = ", "name = x", "name == 'x'", "name > 'x'", "names = 'x'", "name = 'a' OR name = 'b'"]
    filters += ["tags.a IN ('b')", "creation_time = 'x'", "(name = 'a')", "name = 'a';", "name = 'x' AND", "'"]
    filters += ["experiment_id > '3'", "metrics.a = 1", "creation_time > 1.5"]
    out = [error(c.search_experiments, filter_string=f) for f in filters]
    orders = [["nope"], ["name UP"], ["name", "name"], [""], ["tags.a"]]
    out += [error(lambda o: len(c.search_experiments(order_by=o)) > 1, o) for o in orders]
    out += [c.post("experiments/search", max_results=n) for n in (0, -1, 50001)]
    for token in ("garbage", "e30=", "é"):
        got = c.post("experiments/search", max_results=1, page_token=token)
        out.append(c.differs(got, 400, "tokens are opaque; MLflow's server fails on some"))
    return out
