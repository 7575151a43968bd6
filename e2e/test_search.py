import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType

from answers import error, frame, scenario

COUNT = 23


def seed(c):
    """Makes runs that differ in everything that can be searched."""
    e = c.experiment()
    for i in range(COUNT):
        r = c.run(e, start_time=1_600_000_000_000 + i // 2 * 1000, run_name=f"run {i:02d}", tags={"mlflow.user": f"u{i % 3}"})
        metrics = [Metric("i", i, 1, 0), Metric("neg", -i / 3, 1, 0)]
        if i % 4:
            metrics.append(Metric("some", float("nan") if i % 4 == 3 else i % 5, 1, 0))
        tags = [RunTag("parity", str(i % 2)), RunTag("odd key/here", "v")] + [RunTag("rare", "x")] * (i == 5)
        c.log_batch(r, metrics, [Param("p", str(i % 7)), Param("word", ["Alpha", "beta", "Gamma_1", "100%"][i % 4])], tags)
        if i % 3:
            c.set_terminated(r, "FINISHED" if i % 3 == 1 else "FAILED", end_time=1_600_000_100_000 + i)
        if i % 10 == 9:
            c.delete_run(r)
    return e


def found(c, e, filter_string="", order_by=None, view=ViewType.ACTIVE_ONLY, size=5):
    """The names of the runs found, with pages and to the end."""
    names, token = [], None
    while True:
        page = c.search_runs([e], filter_string, view, size, order_by, token)
        names.append([r.info.run_name for r in page])
        token = page.token
        if not token:
            return names


def unordered(pages):
    """Runs that started together come in the order of their random ids."""
    return sorted(name for page in pages for name in page)


FILTERS = [
    "metrics.i > 10", "metrics.i >= 10", "metrics.i < 3", "metric.i <= 3", "metrics.i = 7", "metrics.i != 7",
    "metrics.some = 1", "metrics.some != 1", "metrics.some > 0", "metrics.neg < -3.5", "metrics.none > 0",
    "metrics.i > 5 AND metrics.i < 9", "metrics.i > 5 and params.p = '6'",
    "params.p = '3'", "params.p != '3'", "param.word LIKE 'G%'", "params.word ILIKE 'g%'", "params.word LIKE '%_1'",
    "params.word LIKE '100%'", "params.none = 'x'", "params.none IS NULL", "params.p IS NOT NULL", "parameters.p = '1'",
    "tags.parity = '1'", "tags.rare = 'x'", "tags.rare != 'x'", "tags.rare IS NULL", "tags.rare IS NOT NULL",
    "tags.`odd key/here` = 'v'", 'tags."odd key/here" = "v"', "tag.parity LIKE '%'",
    "attributes.status = 'FINISHED'", "status != 'FINISHED'", "status = 'finished'", "attribute.run_name = 'run 04'",
    "run_name LIKE 'run 1%'", "run_name ILIKE 'RUN 0%'", "`run name` = 'run 03'", "start_time > 1600000005000",
    "attributes.start_time = 1600000003000", "end_time > 0", "created < 1600000002000", "user_id = 'u1'",
    "attributes.artifact_uri LIKE 'mlflow-artifacts:%'", "run_id != 'x'", "run_id IN ('a', 'b')", "run_id NOT IN ('a')",
    "dataset.name = 'x'", "", "   ",
]  # fmt: skip


@scenario
def test_filters(c):
    e = seed(c)
    return {f: error(lambda f: unordered(found(c, e, f)), f) for f in FILTERS}


@scenario
def test_orders(c):
    """Every order ends in one that tells all runs apart."""
    e = seed(c)
    orders = [
        ["metrics.i DESC"], ["metrics.i ASC"], ["metrics.i"], ["metric.neg"], ["metrics.some", "metrics.i"],
        ["metrics.some DESC", "metrics.i DESC"], ["params.p", "metrics.i"], ["params.word DESC", "metrics.i"],
        ["tags.parity DESC", "metrics.i"], ["tags.rare", "metrics.i"], ["tags.rare DESC", "metrics.i"],
        ["start_time DESC", "metrics.i"], ["attributes.start_time ASC", "metrics.i DESC"], ["end_time", "metrics.i"],
        ["end_time DESC", "metrics.i"], ["status", "metrics.i"], ["run_name DESC"], ["attribute.run_name"],
        ["user_id", "metrics.i"], ["metrics.none", "metrics.i"], ["params.none DESC", "metrics.i"],
    ]  # fmt: skip
    out = {str(o): found(c, e, order_by=o) for o in orders}
    out["filtered"] = found(c, e, "params.word = 'beta'", ["metrics.i DESC"], size=2)
    out["default"] = unordered(found(c, e))
    out["starts"] = [r.info.start_time for r in c.search_runs([e])]
    for view in (ViewType.DELETED_ONLY, ViewType.ALL):
        out[f"view {view}"] = found(c, e, order_by=["metrics.i"], view=view)
    return out


@scenario
def test_page_sizes(c):
    e = seed(c)
    return [found(c, e, order_by=["metrics.i"], size=n) for n in (1, 7, COUNT - 2, COUNT, 1000)]


@scenario
def test_several_experiments(c):
    ids = []
    for n in range(3):
        e = c.experiment(f"-{n}")
        ids.append(e)
        for i in range(3):
            c.run(e, start_time=10 * i + n, run_name=f"{n}-{i}")
    out, token = [], None
    while True:
        page = c.search_runs(ids, max_results=4, page_token=token)
        out.append([r.info.run_name for r in page])
        token = page.token
        if not token:
            break
    return [out, c.search_runs([]), [r.info.run_name for r in c.search_runs([ids[1], "987654"])]]


@scenario
def test_bad_searches(c):
    e = seed(c)
    filters = [
        "metrics.i", "metrics.i > ", "metrics.i > 'x'", "metrics.i LIKE '1'", "params.p = 3", "params.p > '3'", "params.p IN ('3')",
        "tags.a = b", "foo.bar = 'x'", "nope = 'x'", "a = 1 OR b = 2", "(metrics.i = 1)", "NOT metrics.i = 1", "metrics.i = 1;",
        "metrics.i = 1; metrics.i = 2", "metrics.i == 1", "metrics.i = 1 AND", "AND", "'", "`", "params.'p' = '1'", "params. = 'x'",
        "run_id IN ()", "run_id IN (1)", "status IN ('FINISHED')", "start_time = 'x'", "start_time LIKE '1'", "metrics.i BETWEEN 1 AND 2",
        "tags.x IS", "metrics.i IS NULL", "dataset.nope = 'x'", "attributes.nope = 'x'", "metrics.i > 1e", "-- comment", "params.p = 'a' 'b'",
    ]  # fmt: skip

    def count(*args, **kwargs):
        return len(c.search_runs(*args, **kwargs))

    out = {f: error(count, [e], f) for f in filters}
    orders = [["nope"], ["metrics.i UP"], [""], ["metrics.i ASC DESC"], ["metrics.`a"], ["dataset.name"], ["foo.x"]]
    out.update({str(o): error(count, [e], order_by=o) for o in orders})
    doubled = c.post("runs/search", experiment_ids=[e], order_by=["metrics.i", "metrics.i"])
    out["doubled"] = c.differs(doubled, 400, "MLflow's client tries an internal error again for minutes")
    for n in (0, -1, 50000, 50001, "x"):
        got = c.post("runs/search", experiment_ids=[e], max_results=n)
        out[f"max {n}"] = got if got["status"] != 200 else 200
    for t in ("garbage", "e30=", "é"):
        got = c.post("runs/search", experiment_ids=[e], page_token=t)
        out[f"token {t}"] = c.differs(got, 400, "tokens are opaque; MLflow's server fails on some")
    for ids in (["x"], [""], ["1.5"], None, "x"):
        out[f"ids {ids}"] = c.post("runs/search", experiment_ids=ids)
    for ids in ([None], [5]):
        got = c.post("runs/search", experiment_ids=ids)
        out[f"ids {ids}"] = c.differs(got, 400, "MLflow's server searches what it has understood so far")
    return out


@scenario
def test_search_runs_frame(c):
    c.fluent()
    for i in range(5):
        with mlflow.start_run(run_name=f"r{i}"):
            mlflow.log_metrics({"a": i, "sometimes" if i % 2 else "always": float("nan") if i == 3 else 1.5})
            mlflow.log_params({"p": i, "q": "x"})
            mlflow.set_tag("t", i)
    df = mlflow.search_runs(order_by=["attributes.run_name"])
    some = mlflow.search_runs(filter_string="metrics.a > 2", order_by=["metrics.a DESC"], max_results=1)
    none = mlflow.search_runs(filter_string="params.p = 'none'")
    listed = mlflow.search_runs(output_format="list", order_by=["metrics.a"])
    by_name = mlflow.search_runs(experiment_names=[c.name], order_by=["metrics.a"])
    return [frame(df.sort_index(axis=1)), sorted(df.columns), frame(some.sort_index(axis=1)), frame(none), listed,
            list(by_name["metrics.a"])]
