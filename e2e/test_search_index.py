"""Searches that our server answers from its index rows, while runs change.

Each run has a start time of its own, so that every order is one order.
"""

from mlflow.entities import Metric, Param, RunTag, ViewType

from answers import scenario

COUNT = 30
NAMES = ["Resnet-50 base", "resnet-101 wide", "VGG 16", "bert_base", "100% dense"]


def seed(c):
    """Logs runs most of which have ended, and returns their ids."""
    e = c.experiment()
    runs = []
    for i in range(COUNT):
        r = c.run(e, start_time=1_600_000_000_000 + i, run_name=f"{NAMES[i % 5]} #{i:02d}")
        value = float("nan") if i % 11 == 10 else (i * 7 % 13 - 6) / 4
        c.log_metric(r, "acc", -100, timestamp=1, step=0)
        c.log_batch(
            r,
            [Metric("acc", value, 2, 1)] + [Metric("rare", i, 2, 0)] * (i % 9 == 0),
            [Param("lr", ["0.1", "0.01", "1e-3"][i % 3]), Param("n", str(i))],
            [RunTag("team", ["vision", "Vision", "sound"][i % 3]), RunTag("mlflow.note.content", f"note {i}")],
        )
        if i % 5:
            c.set_terminated(r, ["FINISHED", "FAILED", "KILLED"][i % 3], end_time=1_600_000_100_000 + i)
        runs.append(r)
    return e, runs


def pages(c, e, filter_string="", order_by=None, view=ViewType.ACTIVE_ONLY, size=7):
    """The names of the runs found, page by page and to the end."""
    out, token = [], None
    while True:
        page = c.search_runs([e], filter_string, view, size, order_by, token)
        out.append([r.info.run_name for r in page])
        token = page.token
        if not token:
            return out


SEARCHES = [
    ("", None), ("", ["metrics.acc DESC"]), ("", ["metrics.acc ASC"]), ("", ["metrics.rare DESC"]), ("", ["metrics.rare"]),
    ("", ["params.lr", "start_time"]), ("", ["params.n DESC"]), ("", ["tags.team", "metrics.acc DESC"]), ("", ["run_name"]),
    ("", ["attributes.run_name DESC"]), ("", ["end_time DESC"]), ("", ["status", "metrics.acc"]),
    ("metrics.acc > 0.5", None), ("metrics.acc >= 0.5", ["metrics.acc"]), ("metrics.acc < -1", None), ("metrics.acc <= -1", None),
    ("metrics.acc = 0.25", None), ("metrics.acc != 0.25", None), ("metrics.rare > 3", None), ("metrics.acc > 99", None),
    ("params.lr = '0.01'", None), ("params.lr != '0.01'", None), ("params.n = '17'", None), ("params.n = '99'", None),
    ("params.lr = '0.1' AND metrics.acc > 0", ["metrics.acc DESC"]), ("params.lr LIKE '0.%'", None), ("params.lr ILIKE '1E%'", None),
    ("tags.team = 'vision'", None), ("tags.team ILIKE 'vis%'", None), ("tags.team LIKE '%isio%'", None),
    ("attributes.run_name LIKE 'Resnet%'", None), ("attributes.run_name LIKE '%net-1%'", None), ("run_name LIKE '%t_base%'", None),
    ("run_name ILIKE '%RESNET%'", None), ("run_name ILIKE 'vgg%'", ["metrics.acc"]), ("run_name LIKE '100\\%%'", None),
    ("run_name LIKE '%#2_'", None), ("run_name = 'VGG 16 #07'", None), ("run_name LIKE 'none%'", None), ("run_name LIKE '%'", None),
    ("tags.`mlflow.note.content` = 'note 5'", None), ("tags.`mlflow.note.content` LIKE 'note 1%'", None),
    ("status = 'RUNNING' AND run_name ILIKE '%resnet%'", None),
]  # fmt: skip


def searched(c, e, view=ViewType.ACTIVE_ONLY, size=7, every=1):
    return {f"{f} by {o}": pages(c, e, f, o, view, size) for f, o in SEARCHES[::every]}


@scenario
def test_settled_and_open_runs(c):
    e, _ = seed(c)
    return searched(c, e)


@scenario
def test_runs_that_change(c):
    """What a run had before is found no more, what it has now is."""
    e, runs = seed(c)
    for r in runs[3:8]:
        c.log_metric(r, "acc", 2.5, timestamp=3, step=2)
        c.log_metric(r, "acc", 99, timestamp=1, step=0)
        c.set_tag(r, "team", "light")
        c.set_tag(r, "mlflow.runName", f"renamed {runs.index(r)}")
    for r in runs[10:13]:
        c.delete_tag(r, "team")
        c.update_run(r, status="FINISHED", name=f"VGG again {runs.index(r)}")
    return [searched(c, e), pages(c, e, "tags.team = 'light'"), pages(c, e, "run_name LIKE 'renamed%'"), pages(c, e, "tags.team IS NULL")]


@scenario
def test_deleted_runs(c):
    e, runs = seed(c)
    for r in runs[::4]:
        c.delete_run(r)
    c.restore_run(runs[8])
    out = {f"view {v}": searched(c, e, v, 100, every=2) for v in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)}
    c.delete_experiment(e)
    out["deleted experiment"] = pages(c, e, "metrics.acc > 0.5", ["metrics.acc DESC"], ViewType.ALL)
    c.restore_experiment(e)
    out["restored experiment"] = searched(c, e, every=3)
    return out


@scenario
def test_pages_end_where_the_next_begin(c):
    e, _ = seed(c)
    some = [("", ["metrics.acc DESC"]), ("run_name ILIKE '%resnet%'", None), ("params.lr = '0.1'", ["metrics.acc"])]
    return [pages(c, e, f, o, size=n) for f, o in some for n in (2, COUNT - 1, COUNT, 1000)]


def touched(c, experiment_id, name, after):
    """Renames an experiment until it has been updated later than another."""
    while True:
        c.rename_experiment(experiment_id, name + " for now")
        c.rename_experiment(experiment_id, name)
        updated = c.get_experiment(experiment_id).last_update_time
        if updated > after:
            return updated


@scenario
def test_experiments_by_name_and_update(c):
    names = [f"{c.name} {n}" for n in ("Alpha one", "alpha two", "beta 100%", "Beta_x", "gamma")]
    ids = [c.seen(c.create_experiment(n)) for n in names]
    updated = 0
    for i in (3, 0, 4, 2, 1):
        updated = touched(c, ids[i], names[i], updated)

    def found(filter_string, order_by=None, view=ViewType.ACTIVE_ONLY):
        out, token = [], None
        while True:
            page = c.search_experiments(view, 2, filter_string, order_by, token)
            out.append([e.name for e in page])
            token = page.token
            if not token:
                return out

    like = f"name LIKE '{c.name} %'"
    filters = [like, f"name LIKE '{c.name} Alpha%'", f"name ILIKE '{c.name} ALPHA%'", f"name LIKE '%{c.name[5:]} %e%'"]
    filters += [f"name LIKE '{c.name} %100\\%'", f"name LIKE '{c.name} Beta_x'", f"name = '{names[2]}'", "name LIKE '%no such name%'"]
    orders = [None, ["name"], ["name DESC"], ["last_update_time"], ["last_update_time DESC"]]
    out = {f"{f} by {o}": found(f, o) for f in filters for o in orders}
    c.delete_experiment(ids[1])
    out["deleted"] = [found(like, ["name"], v) for v in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)]
    return out
