"""The rows and questions of the golden corpus; see gen_corpus.py."""

import itertools


def run(run_id, name, status, start, end, user="u1", uri="s3://b/x", tags=None, params=None,
        metrics=None, datasets=()):
    tags = dict(tags or {})
    if name is not None:
        tags.setdefault("mlflow.runName", name)
    return {
        "run_id": run_id, "run_name": name, "status": status, "start_time": start,
        "end_time": end, "user_id": user, "artifact_uri": uri, "tags": tags,
        "params": dict(params or {}), "metrics": dict(metrics or {}),
        "datasets": [{"name": n, "digest": d, "context": c} for n, d, c in datasets],
    }


RUNS = [
    run("a" * 32, "Alpha", "FINISHED", 100, 200, metrics={"acc": 0.5, "loss": 1.0, "m 1": 1},
        params={"lr": "0.1", "opt": "adam"}, tags={"team": "red", "k": "a_b"},
        datasets=[("iris", "d1", "train"), ("wine", "d2", "test")]),
    run("b" * 32, "alpha", "RUNNING", 100, None, metrics={"acc": "NaN", "loss": 1.0},
        params={"lr": "0.10", "opt": "Adam"}, tags={"team": "Red", "k": "a%b"},
        datasets=[("iris", "d3", None)]),
    run("c" * 32, "beta", "FAILED", 300, 400, user=None, metrics={"acc": -0.5},
        params={"opt": "sgd"}, tags={"team": "blue", "k": "a\\b"}),
    run("d" * 32, "Beta_1", "FINISHED", None, 250, uri=None, metrics={"acc": 0.5, "loss": 2.0},
        params={"lr": "1"}, tags={"k": "A_B", "note": ""}),
    run("e" * 32, None, "SCHEDULED", 50, None, user="", params={"lr": "", "p 1": "x"},
        tags={"team": "green", "a.b.c": "deep", "with-dash": "1", "with/slash": "2"}),
    run("f" * 32, "Épée", "KILLED", 300, 300, user="U1", metrics={"acc": 1.7976931348623157e308},
        params={"opt": "ÀDAM", "lr": "it's"}, tags={"team": "été", "k": "ab"},
        datasets=[("Iris", "D1", "Train")]),
    run("0" * 32, "it's", "FINISHED", 0, 0, metrics={"acc": 0.0, "loss": "NaN", "n": 5},
        params={"opt": "adam\nw"}, tags={"team": "red", "select": "s", "k": "aXb"}),
    run("1" * 32, "zeta", "FINISHED", -5, 999, metrics={"acc": -1.7976931348623157e308, "n": 5},
        params={"opt": "a"}, tags={"k": 'a"b', "team": "redder"},
        datasets=[("wine", "d9", "train"), ("iris", "d8", "validation")]),
    run("2" * 32, "zeta", "FINISHED", 300, 400, metrics={"acc": 0.1, "loss": 1.0, "n": 5},
        params={"lr": "0.1"}, tags={"k": "日本語", "team": "red"}),
    run("3" * 32, "Z", "RUNNING", 9007199254740993, None, metrics={"loss": 3, "n": 7},
        params={"lr": "1", "opt": "z"}, tags={"k": "%", "order": "o"}),
    run("4" * 32, "", "RUNNING", 100, 200, metrics={"acc": "NaN", "n": 6}, user="u2",
        params={"lr": "x" * 40}, tags={"k": "", "team": "RED"}),
    run("5" * 32, "gamma", "FINISHED", 100, 200, metrics={"acc": 0.5}, user="u2",
        tags={"team": "blue"}),
]


def exp(eid, name, created, updated, tags=None):
    return {"experiment_id": eid, "name": name, "creation_time": created,
            "last_update_time": updated, "tags": dict(tags or {})}


EXPERIMENTS = [
    exp(0, "Default", 100, 100),
    exp(1, "alpha", 100, 300, {"team": "red", "k": "a_b"}),
    exp(2, "Alpha", 200, 300, {"team": "Red", "with-dash": "1"}),
    exp(3, "b%c", 100, None, {"team": "blue", "k": ""}),
    exp(10, "b_c", None, 50, {"k": "aXb"}),
    exp(11, "été", 300, 200, {"team": "red", "a.b": "x"}),
    exp(12, "Été", None, None, {"k": "it's"}),
    exp(9, 'q"q', 400, 100, {"order": "o"}),
]

OPS = ["=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL",
       "like", "ilike", "Like", "in", "not in", "is null", "is not null", "==", "<>", "~", "NOT LIKE",
       "not ilike", "RLIKE", "REGEXP", "=<", "!", "IS", "BETWEEN", "CONTAINS"]
PREFIXES = ["metric.", "metrics.", "param.", "params.", "parameter.", "parameters.", "tag.", "tags.",
            "attribute.", "attributes.", "attr.", "run.", "dataset.", "datasets.", "", "Metrics.",
            "TAGS.", "`tags`.", '"tags".', "trace.", "model.", "experiment.", "Dataset."]
RUN_ATTRS = ["run_id", "run_name", "user_id", "status", "artifact_uri", "start_time", "end_time",
             "created", "Created", "`run name`", "`Run name`", '"Run Name"', "lifecycle_stage",
             "experiment_id", "name", "run_uuid", "deleted_time", "START_TIME", "timestamp", "end"]

_A = "a" * 32
_B = "b" * 32


def _value(op, v):
    if op.upper().startswith("IS"):
        return ""
    if op.upper().endswith("IN"):
        return f"({v})"
    return v


RUN_FILTERS = [None, "", " ", "\n\t ", "  metrics.acc > 0  ", "\nmetrics.acc\n>\n0\n"]
RUN_FILTERS += [f"{p}acc {op} {_value(op, v)}" for p, v in
                [("metrics.", "0.5"), ("params.", "'x'"), ("tags.", "'x'"), ("attributes.", "'x'")]
                for op in OPS]
RUN_FILTERS += [f"tags.k {op} {_value(op, chr(39) + v + chr(39))}" for op in ["=", "!=", "LIKE", "ILIKE"]
                for v in ["a_b", "A_B", "a%b", "a\\b", "a\\_b", "%", "_", "", "%b", "a%", "__b", "%a%b%",
                          "日_語", "___", "a%%b", 'a"b', "_%", "%_", "ab%%", "%\\%", "[a]b", "*"]]
RUN_FILTERS += [f"params.opt {op} '{v}'" for op in ["=", "!=", "LIKE", "ILIKE"]
                for v in ["adam", "Adam", "àdam", "ÀDAM", "%dam", "ADAM%", "adam_w", "adam%", "adam\nw"]]
RUN_FILTERS += [f"metrics.{k} {op} {v}" for k in ["acc", "loss"] for op in ["=", "!=", ">", ">=", "<", "<="]
                for v in ["0", "0.5", "1", "1e308", "-1e400", "1e400"]]
RUN_FILTERS += [f"metrics.acc > {v}" for v in
                ["-1", "+1", ".1", "-.1", "1.", "-1.", "1e-1", "1E-1", "1e+1", "1e1", "0x10", "1_000", "00",
                 "007", "'1'", '"1"', "`1`", "inf", "-inf", "nan", "NaN", "NULL", "null", "true", "one",
                 "(1)", "1 2", "1 foo", "- 1", "--1", "1-1", "1.2.3", "1..2", "1e", "1.e5", "1,2", "1;",
                 "?", "%s", ":a", "$1", "@a", "#", "1e5e5", "99999999999999999999", "0.1f", "1d"]]
RUN_FILTERS += [f"start_time {op} {v}" for op in ["=", "!=", ">", ">=", "<", "<="]
                for v in ["100", "0", "-5", "100.0", "99.5", "9007199254740992", "9007199254740993", "1e2"]]
RUN_FILTERS += [f"{k} {op} {v}" for k in ["end_time", "attributes.created", "Created", "attr.end_time"]
                for op, v in [("=", "200"), ("!=", "200"), (">", "'1'"), ("LIKE", "1"), ("IN", "(1)"),
                              ("IN", "('1')"), ("IS NULL", ""), ("=", "x")]]
RUN_FILTERS += [f"{k} = 'x'" for k in RUN_ATTRS] + [f"attributes.{k} = 'x'" for k in RUN_ATTRS]
RUN_FILTERS += [f"{p}{k} = 'x'" for p in PREFIXES for k in ["name", "status", "key"]]
RUN_FILTERS += [f"{k} {op} {_value(op, v)}" for k, v in
                [("run_id", f"'{_A}'"), ("run_name", "'alpha'"), ("`run name`", "'zeta'"),
                 ("attributes.`Run name`", "'zeta'"), ("status", "'FINISHED'"), ("status", "'finished'"),
                 ("user_id", "'u1'"), ("artifact_uri", "'s3://b/x'"), ("run_name", "'%a%'"),
                 ("run_id", f"'{_A[:5]}%'"), ("status", "'%ED'"), ("user_id", "''")]
                for op in ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL", ">"]]
RUN_FILTERS += [f"run_id {op} {v}" for op in ["IN", "NOT IN", "in", "Not In", "NOT  IN", "not\nin"] for v in
                [f"('{_A}')", f"('{_A}', '{_B}')", f"('{_A}','{_B}',)", "()", "( )", "(1)", "('a', 1)", "(1.5)",
                 "(None)", "('a' 'b')", '("a")', f'("{_A}", \'{_B}\')', "(foo)", "('a', foo)", "(,)", "('a',,)",
                 "'a'", "[ 'a' ]", "(('a'))", "(('a', 'b'))", "(('a', 'b'), 'c')", "(True)", "(1, 2)", "(-1)",
                 "", "('a'", "'a')", "('a\\nb')", "('\\x61')", "(r'a')", "(b'a')", "(u'a')", "(f'a')", "(1e5)",
                 "({})", "([])", "(['a'])", "('a' 1)", "('it''s')", "('a') foo", "('a') AND status = 'x'",
                 "('a'), ('b')", "(\n'a'\n)", "('日')", "(NULL)", "(SELECT 1)", "('a' AND 'b')"]]
RUN_FILTERS += [f"{p}.{k} {op} {_value(op, v)}" for p in ["dataset", "datasets"] for k, v in
                [("name", "'iris'"), ("digest", "'d1'"), ("context", "'train'"), ("name", "'%i%'"), ("context", "'TRAIN'")]
                for op in ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", ">"]]
RUN_FILTERS += [
    "dataset.name = 'iris' AND dataset.name = 'wine'", "dataset.name = 'iris' AND dataset.context = 'test'",
    "dataset.name IN ('iris', 'wine') AND dataset.digest NOT IN ('d1')", "dataset.foo = 'x'", "dataset.name = 1",
    "dataset.name = x", "dataset.name IN (1)", "dataset.name IN ()", "dataset.schema LIKE '%'", "dataset = 'x'",
    "dataset.`name` = 'iris'", "dataset.\"name\" = 'iris'", "dataset.Name = 'iris'", "dataset.name.x = 'y'",
    "dataset.name = ('iris')", "dataset.name LIKE ('iris')", "run_id = ('a')", "run_id = ('a', 'b')", "run_id > ('a')",
    "metrics.`m 1` = 1", 'metrics."m 1" = 1', "metrics.'m 1' = 1", "metrics.m 1 = 1", "params.`p 1` = 'x'",
    'params."p 1" LIKE \'x\'', "`metrics`.acc > 0", "`metrics.acc` > 0", '"metrics.acc" > 0', '"metrics".acc > 0',
    "'metrics'.acc > 0", "`status` = 'FINISHED'", '"status" = \'FINISHED\'', "'status' = 'FINISHED'",
    "tags.a.b.c = 'deep'", "tags.`a.b.c` = 'deep'", 'tags."a.b.c" = "deep"', "tags.a.`b`.c = 'deep'",
    "tags.with-dash = '1'", "tags.`with-dash` = '1'", "tags.with/slash = '2'", "tags.`with/slash` = '2'",
    "tags.with - dash = '1'", "tags.select = 's'", "tags.order = 'o'", "tags.SELECT = 's'", "tags.mlflow.runName = 'zeta'",
    "tags.`mlflow.runName` != 'zeta'", "tags.mlflow.`runName` = 'zeta'", "tags = 'x'", "tags. = 'x'", "tags.. = 'x'",
    "tags .k = 'ab'", "tags. k = 'ab'", "tags . k = 'ab'", ".k = 'ab'", "tags.k. = 'ab'", "tags.1 = 'x'", "tags.1a = 'x'",
    "tags.a1 = 'x'", "tags._a = 'x'", "tags.é = 'x'", "tags.日本 = 'x'", "tags.$a = 'x'", "tags.a$b = 'x'", "tags.a#b = 'x'",
    "tags.a@b = 'x'", "tags.a:b = 'x'", "tags.a::b = 'x'", "tags.a*b = 'x'", "tags.* = 'x'", "tags.a[0] = 'x'",
    "tags.[a] = 'x'", "tags.(a) = 'x'", "tags.a(b) = 'x'", "tags.a (b) = 'x'", "tags.`` = 'x'", "tags.\"\" = 'x'",
    "tags.`a``b` = 'x'", "tags.`a` `b` = 'x'", "tags.'k' = 'ab'", "tags.'k' LIKE 'a%'", "tags.\"k = 'ab'", "tags.`k = 'ab'",
    "tags.k = 'ab", "tags.k = ab'", "tags.k = \"ab", "tags.k = ab", "tags.k = `ab`", "tags.k = \"ab\"", "tags.k = 'ab\"",
    "tags.k = 'a\"b'", "tags.k = 'it''s'", "params.lr = \"it's\"", "params.lr = 'it''s'", "params.lr = 'it\\'s'",
    "tags.k = 'a\\' AND tags.team = 'x'", "tags.k = 'a\\'", "tags.k = \"a\\\"b\"", "tags.k = ''", "tags.k = \"\"", "tags.k = ''''",
    "tags.k = 1", "tags.k = 1.5", "tags.k = NULL", "tags.k = TRUE", "tags.k = foo.bar", "tags.k = ('a')", "tags.k = (a)",
    "tags.k = lower('a')", "tags.k = 'a' || 'b'", "tags.k = 'a' + 'b'", "tags.k = 'a' 'b'", "tags.k = 'a' b", "tags.k = 'a' b c",
    "tags.k = 'a' AND", "AND tags.k = 'a'", "AND", "AND AND", "tags.k != 'a' AND AND params.lr = '1'", "tags.k",
    "tags.k 'a'", "tags.k =", "= 'a'", "=", "'a'", "1", "tags.k = 'a' = 'b'", "1 = 1", "'a' = 'a'", "'x' = tags.k", "5 < metrics.acc",
    "0 < metrics.acc AND metrics.acc < 1", "metrics.acc = metrics.loss", "metrics.acc > params.lr", "params.lr = params.lr",
    "NULL = NULL", "tags.k = 'a' OR tags.k = 'b'", "tags.k = 'a' or tags.k = 'b'", "tags.k = 'a' || tags.k = 'b'",
    "tags.k = 'a' && tags.k = 'b'", "tags.k = 'a' & tags.k = 'b'", "tags.k = 'a', tags.k = 'b'", "NOT tags.k = 'a'", "not tags.k = 'a'",
    "tags.k NOT = 'a'", "NOT (tags.k = 'a')", "(tags.k = 'a')", "((tags.k = 'a'))", "(tags.k = 'a') AND (tags.k = 'b')",
    "(tags.k = 'a' OR tags.k = 'b') AND metrics.acc > 1", "tags.k = 'a' AND (tags.k = 'b')", "(tags.k = 'a'", "tags.k = 'a')",
    "(", ")", "()", "tags.k = 'a' XOR tags.k = 'b'", "tags.k = 'a' AND NOT tags.k = 'b'", "AND(tags.k = 'a')", "tags.k = 'a' AND(tags.k = 'b')",
    "tags.k != 'a'; tags.k != 'b'", "tags.k != 'a';", "tags.k != 'a'; ", "tags.k != 'a';\n", ";", ";;", "; tags.k = 'a'",
    "tags.k = 'a;b'", "tags.k != 'it''s'; DROP TABLE runs", "tags.k = \"it's\"; tags.k = 'b'", "tags.k = 'x'; -- c", "DROP TABLE runs", "SELECT * FROM runs",
    "SELECT * FROM runs WHERE tags.k = 'a'", "WHERE tags.k = 'a'", "tags.k = 'a' WHERE x", "tags.k = 'a' ORDER BY start_time", "tags.k = 'a' LIMIT 5",
    "tags.k = 'a' GROUP BY x", "tags.k = 'a' -- comment", "tags.k != 'a' -- comment\n AND metrics.acc > 0", "-- comment\ntags.k = 'a'",
    "tags.k = 'a' /* c */", "/* c */ tags.k = 'a'", "tags.k /* c */ = 'a'", "tags.k = /* c */ 'a'", "tags.k != 'a' /* c */ AND metrics.acc > 0", "tags.k = 'a' # c", "tags.k = 'a' #c",
    "tags.k='ab'", "tags.k='ab'AND tags.team='été'", "tags.k!='ab'and metrics.acc>0", "metrics.acc>0and metrics.acc<1", "metrics.acc>0 and\tmetrics.acc<1",
    "metrics.acc > 0 AnD metrics.acc < 1", "metrics.acc > 0\nAND\nmetrics.acc < 1", "metrics.acc > 0\r\nAND metrics.acc < 1", "metrics.acc\u00a0>\u00a00", "metrics.acc\u3000> 0",
    "tags.team = 'red' AND tags.team = 'Red'", "tags.team = 'red' AND tags.k LIKE 'a%' AND metrics.acc >= 0", "tags.team IS NULL", "tags.team IS NOT NULL", "tags.team is null",
    "tags.team IS  NULL", "tags.team IS NOT  NULL", "tags.team IS\nNOT\nNULL", "tags.team NOT NULL", "tags.team ISNULL", "tags.team NOTNULL", "tags.team IS 'x'", "tags.team IS NOT 'x'",
    "tags.team IS NULL AND metrics.acc > 0", "tags.team IS NOT NULL AND params.lr IS NULL", "params.lr IS NULL", "params.`p 1` IS NOT NULL", "metrics.acc IS NULL",
    "metrics.acc IS NOT NULL", "end_time IS NULL", "status IS NULL", "attributes.end_time IS NOT NULL", "dataset.name IS NULL", "foo.x IS NULL", "foo IS NULL", "'a' IS NULL",
    "1 IS NULL", "tags.team IS NULL foo", "tags.team IS NULL OR tags.k = 'a'", "IS NULL", "tags.a IS NULL AND", "tags.team IS", "tags.team IS NOT", "tags.team IS TRUE",
    "tags.team IS NULL tags.k IS NULL", "metrics.acc > 0 metrics.acc < 1", "metrics.acc > 0 'x'", "metrics.acc > 0 5", "metrics.acc > 0 foo bar", "foo bar", "foo bar baz = 'x'", "foo",
    "foo.bar", "foo.bar = 'x'", "foo = 1", "lifecycle_stage = 'active'", "attributes.foo = 1", "attribute.start_time > 5", "run.start_time > '5'", "run.status = \"FINISHED\"", "status = FINISHED",
    "status IN ('FINISHED')", "status IN ('FINISHED', 'FAILED')", "run_name IN ('a')", "user_id NOT IN ('u1')", "params.lr IN ('1')", "tags.k IN ('a')", "tags.k NOT IN ('a')", "metrics.acc IN (1)",
    "start_time IN (1, 2)", "run_id in('a')", "run_id IN('a')AND status = 'x'", "run_id NOT IN('a')", "run_id LIKE('a')", "run_id BETWEEN 'a' AND 'b'", "metrics.acc BETWEEN 0 AND 1", "tags.date = 'x'", "date = 'x'",
    "date 'x'", "timestamp > 5", "key = 'x'", "tags.k = date '2020-01-01'", "start_time > timestamp '2020'", "interval = 'x'", "text = 'x'", "select = 'x'", "order = 'x'", "order by", "metrics.order > 0",
    "metrics.acc > 0 desc", "metrics.acc desc", "metrics.acc desc > 0", "metrics.acc AS foo", "metrics.acc AS foo > 0", "metrics.acc := 0", "metrics.acc => 0", "metrics.acc =! 0", "metrics.acc ! = 0", "metrics.acc < > 0",
    "metrics.acc > = 0", "metrics.acc >= 0.0", "metrics.acc ~ 0", "metrics.acc -> 0", "metrics.acc->'x' = 1", "metrics.acc ?", "metrics.acc % 2 = 0", "metrics.acc + 1 > 2", "metrics.acc * 2 > 1", "metrics.acc - 1 > 0", "metrics.acc -1 > 0",
    "metrics.acc > 1 + 1", "metrics.acc > -metrics.loss", "abs(metrics.acc) > 0", "lower(tags.k) = 'a'", "CASE WHEN 1 THEN 2 END", "CASE = 'x'", "tags.k = CASE", "IF = 'x'", "BEGIN", "BEGIN; END", "tags.k = 'a' GO tags.k = 'b'", "CREATE x; y",
    "metrics.acc > 0 AND tags.`x", "tags.k ILIKE '%A%' AND tags.team ILIKE 'RED%'", "params.opt ILIKE '%\n%'", "tags.note = ''", "tags.note LIKE ''", "tags.note LIKE '%'", "user_id != 'u1'", "artifact_uri LIKE 's3:%'", "artifact_uri != 'x'",
    "a" * 500 + " = 'x'", "tags." + "k" * 500 + " = 'x'", "tags.k != '" + "v" * 500 + "'", " AND ".join(["metrics.acc != 7"] * 40), "(" * 50 + "a" + ")" * 50, "\x00", "tags.k = '\x00'", "tags.k = 'a\tb'", "\ttags.k != 'q'\t",
    "tags.k != 'x' AND foo.y = 'z'", "foo.y = 'z' AND bar.y = 'q'", "metrics.acc > 'a' AND foo.x = 1", "metrics.acc LIKE 1 AND foo.x = 1", "metrics.acc LIKE 1 AND tags.x > 'a'", "params.x > 'a' AND metrics.a LIKE 1",
]

_KEYS = ["metrics.acc", "metrics.loss", "metrics.n", "metrics.none", "metrics.`m 1`", "params.lr", "params.opt", "params.none",
         "tags.team", "tags.k", "tags.none", "tags.mlflow.runName", "start_time", "end_time", "status", "run_id", "run_name",
         "user_id", "artifact_uri", "attributes.Created", "created"]
RUN_ORDERS = [[]]
RUN_ORDERS += [[f"{k}{d}"] for k in _KEYS for d in ["", " ASC", " DESC"]]
RUN_ORDERS += [[f"{a} DESC", f"{b} ASC"] for a, b in itertools.permutations(
    ["metrics.n", "metrics.acc", "params.lr", "status", "start_time", "user_id", "tags.team"], 2)]
RUN_ORDERS += [[a] for a in [
    "metrics.acc desc", "metrics.acc Desc", "metrics.acc  DESC", "metrics.acc\tDESC", "metrics.acc\nDESC", " metrics.acc", "metrics.acc ", "metrics.acc DESC ",
    "metric.acc DESC", "param.lr DESC", "parameter.lr", "tag.k DESC", "attr.status", "run.status", "attributes.`status` DESC", "`metrics`.acc", '"metrics".acc',
    "`metrics.acc`", "metrics.`acc`", 'metrics."acc" DESC', "metrics.'acc' DESC", "metrics.'acc'", "metrics.acc DESC NULLS LAST", "metrics.acc NULLS LAST", "metrics.acc foo", "metrics.acc DESC foo",
    "metrics.acc ASC DESC", "metrics.acc, metrics.loss", "metrics.acc DESC, metrics.loss", "metrics.acc;", "metrics.acc DESC;", "metrics.acc; metrics.loss", "metrics.acc > 1", "DESC", "ASC", "", " ",
    "foo", "foo.bar", "foo DESC", "attributes.foo", "lifecycle_stage", "experiment_id", "timestamp", "timestamp DESC", "timestamp foo", "name", "`run name`", "`Run Name` DESC", "attributes.`Run Name`", "Created DESC", "dataset.name", "dataset.name DESC", "dataset.foo",
    "metrics", "metrics.", ".acc", "metrics.a b", "metrics.`a b` DESC", "metrics.`a b`", "metrics.`a", "metrics.\"a", "metrics.a-b", "metrics.a/b DESC", "metrics.`a/b` DESC", "metrics.1", "1", "1 DESC", "'a'", "'metrics.acc' DESC", "(metrics.acc)", "(metrics.acc) DESC", "lower(metrics.acc)", "metrics.acc + 1",
    "metrics.acc AS x", "-metrics.acc", "metrics.acc -- c", "metrics.acc DESC -- c", "metrics.acc /* c */ DESC", "order DESC", "select", "key", "tags.order", "tags.select DESC", "date", "metrics.日本 DESC", "metrics.`a``b`", "metrics.`a\"b` DESC", "metrics.`a'b` DESC", "metrics.`a'b`", "metrics.`a\\b` DESC", "metrics.`a b", "start_time  desc", "START_TIME",
    "metrics.a.b.c DESC", "metrics.`a.b` ASC", "metrics.x.desc", "desc.x", "tags.k::int", "tags.k[0]", "tags.* DESC", "metrics.acc DESC\n", "`` DESC", "\"\"", "metrics.`` DESC",
]]
RUN_ORDERS += [
    ["start_time", "start_time DESC"], ["start_time", "created"], ["Created", "attributes.start_time DESC"], ["metrics.acc", "metric.acc DESC"], ["tags.k", "params.k"], ["tags.k", "tags.`k`"], ["metrics.acc", "foo", "metrics.acc"],
    ["metrics.acc", "metrics.acc", "foo"], ["it's", "x"], ["params.lr ASC", "params.lr DESC"], ["tags.`it's`", "tags.\"it's\""], ["metrics.acc", "start_time ASC"], ["start_time ASC", "metrics.acc"], ["status", "run_id DESC"], ["run_id DESC", "status"], ["metrics.none", "params.none", "tags.none", "start_time ASC"],
    ["metrics.n DESC", "metrics.loss ASC", "params.opt DESC"], ["metrics.loss DESC", "metrics.acc DESC", "metrics.n"], ["user_id DESC", "end_time DESC", "status ASC"],
]

EXP_ATTRS = ["name", "experiment_id", "creation_time", "last_update_time", "lifecycle_stage", "artifact_location", "created", "key", "NAME", "timestamp"]
EXPERIMENT_FILTERS = [None, "", "  ", "\tname != 'q'\n"]
EXPERIMENT_FILTERS += [f"{p}{k} {op} {_value(op, v)}" for p in ["", "attribute."] for k, v in
                       [("name", "'alpha'"), ("experiment_id", "'1'"), ("creation_time", "100"), ("last_update_time", "'100'")] for op in OPS]
EXPERIMENT_FILTERS += [f"tags.team {op} {_value(op, v)}" for v in ["'red'", "'RED'", "'%e%'"] for op in OPS]
EXPERIMENT_FILTERS += [f"name {op} '{v}'" for op in ["LIKE", "ILIKE"] for v in ["alpha", "ALPHA", "b%c", "b_c", "b\\%c", "été", "%t%", "_t_", "%", "", "Def%", "def%"]]
EXPERIMENT_FILTERS += [f"{p}name = 'alpha'" for p in PREFIXES] + [f"{k} = 'x'" for k in EXP_ATTRS] + [f"attribute.{k} = 1" for k in EXP_ATTRS]
EXPERIMENT_FILTERS += [f"{k} {op} {v}" for k in ["creation_time", "last_update_time"] for op in ["=", "!=", ">", ">=", "<", "<="] for v in ["100", "200", "0"]]
EXPERIMENT_FILTERS += [f"creation_time > {v}" for v in ["1.5", "1e2", "1e-7", "1e16", "1e15", "123456789.123", "1.0", ".5", "-5", "'100'", "x", "NULL", "(1)", "('1')", "1e400", "-0.0", "1e22", "0.0001", "0.00001", "5.", "1e100"]]
EXPERIMENT_FILTERS += [f"experiment_id {op} {v}" for op in ["=", "!=", "IN", "NOT IN", "in", ">", "LIKE"] for v in
                       ["'1'", "1", "'abc'", "''", "' 1 '", "'1_0'", "'+1'", "'-1'", "'1.0'", "'01'", "('1')", "('1', '2', '10')", "('1', 'x')", "(1)", "()", "(foo)", "\"1\"", "'٣'", "'99999999999'"]]
EXPERIMENT_FILTERS += [
    "tag.team = 'red'", "tag.`team` = 'red'", "tags.\"team\" = 'red'", "tags.with-dash = '1'", "tags.`with-dash` = '1'", "tags.a.b = 'x'", "`tags`.team = 'red'", "attributes.name = 'x'", "attr.name = 'x'", "param.x = 'y'", "metrics.x > 1", "foo.x = 'y'",
    "foo = 'x'", "foo", "name", "name = alpha", "name = 'alpha", "name = \"alpha\"", "name = `alpha`", "name = 1", "name = ('a')", "name IN ('a')", "name NOT IN ('a')", "tags.team IN ('red')", "tags.team = 1", "tags.team = red", "creation_time IN (1)",
    "name = 'alpha' AND creation_time = 100", "name = 'alpha' and tags.team = 'red'", "tags.team = 'red' AND tags.k LIKE 'a%'", "name = 'a' OR name = 'b'", "name = 'a' OR (name = 'b')", "(name = 'alpha')", "NOT name = 'a'", "name = 'a', name = 'b'", "name = 'a'; name = 'b'",
    "name = 'alpha';", "name = 'a' foo", "name = 'a' foo 'b'", "name = 'a' -- c", "name = 'a' /* c */ AND name = 'b'", "name LIKE 'a%' AND", "AND name LIKE 'a%'", "1 = 1", "'x' = name", "tags.team IS NULL AND name LIKE 'b%'", "tag.team IS NOT NULL", "tags.team is not null",
    "name IS NULL", "creation_time IS NOT NULL", "attribute.name IS NULL", "foo.x IS NULL", "foo IS NULL", "param.x IS NULL", "1 IS NULL", "tags.team NOT NULL", "name like 'a'", "name Like 'a'", "name = 'a' AND name like 'b' AND foo = 1", "experiment_id > '1' AND foo = 1", "name LIKE '%' AND experiment_id = 'x' AND creation_time > 1.5",
    "tags.k = ''", "tags.k != ''", "tags.k = \"it's\"", "tags.k = 'it''s'", "tags.order = 'o'", "name = 'q\"q'", "name > 'a'", "name = 'a' = 'b'", "name == 'a'", "tags.a.b LIKE '%'", "dataset.name = 'x'", "run.name = 'x'",
]
EXPERIMENT_ORDERS = [[]] + [[f"{k}{d}"] for k in EXP_ATTRS + ["attribute.name", "tags.team", "`name`", '"name"', "foo.name", "attributes.name", "tag.x", "'name'"] for d in ["", " ASC", " DESC", " desc", " foo"]]
EXPERIMENT_ORDERS += [[a, b] for a in ["name", "creation_time DESC", "last_update_time ASC", "creation_time"] for b in ["experiment_id", "experiment_id DESC", "name DESC", "last_update_time DESC", "creation_time", "tags.x", "foo"]]
EXPERIMENT_ORDERS += [[a] for a in ["", " ", "name ", " name", "name DESC;", "name, creation_time", "name DESC NULLS LAST", "1", "name = 'x'", "name;x", "`a b` DESC"]]

_SOUP = ["metrics", "params", "tags", "attributes", ".", ".", ".", "acc", "k", "team", "lr", "`m 1`", '"k"', "=", "=", "!=", ">", "<=", "LIKE", "ilike", "IN", "NOT", "IS", "NULL", "'ab'", "'%a%'", '"red"', "1", "0.5", "-2", ".5", "1e3",
         "AND", "and", "OR", "(", ")", ",", ";", "[", "]", "*", "+", "-", "/", "--", "/*", "*/", "#", "::", ":", ":=", "'", '"', "`", "\\", "?", "%", "%s", "$1", "$$", "@a", "foo", "status", "start_time", "run_id", "dataset", "name", "ASC", "DESC", "NULLS LAST",
         "AS", "CASE", "END", "BEGIN", "date", "timestamp", "select", "FROM", "WHERE", "LIMIT", "LIKE(", "lower(", "null", "TRUE", "0x1F", "1a", "a1", "é", "日", "_x", "~", "==", "->", "->>", "||", "^", "!", "\n", "\t", "''", '""', "``", "''' '", "BETWEEN", "ORDER BY", "key", "end", "in(", "not in", "is not null", "IS NULL", "\u00a0", "×", "ſ"]
_GOOD = ["metrics.acc > 0", "tags.k LIKE 'a%'", "params.opt != 'a'", "run_id IN ('a', 'b')", "tags.team IS NULL", "status = 'FINISHED'", "start_time <= 300", "dataset.name = 'iris'", "tags.`k` ILIKE '%B%'", "params.lr IS NOT NULL", "run_id NOT IN ('a')", "metrics.n = 5"]
_GOOD_EXP = ["name LIKE 'a%'", "tags.team = 'red'", "experiment_id IN ('1', '2')", "creation_time >= 100", "tags.k IS NULL", "attribute.name != 'x'", "experiment_id = '1'", "last_update_time < 300"]


def _soup_text(rng, good):
    kind = rng.random()
    if kind < 0.4:
        sep = rng.choice(["", " ", " "])
        return sep.join(rng.choice(_SOUP) for _ in range(rng.randint(1, 9)))
    text = " AND ".join(rng.choice(good) for _ in range(rng.randint(1, 3)))
    if kind < 0.5:
        return text
    for _ in range(rng.randint(1, 2)):
        at = rng.randint(0, len(text))
        what = rng.random()
        if what < 0.4:
            text = text[:at] + text[at + rng.randint(1, 3):]
        elif what < 0.8:
            text = text[:at] + rng.choice(_SOUP) + text[at:]
        else:
            text = text[:at] + " " + rng.choice(_SOUP) + " " + text[at:]
    return text


def soup_runs(rng, n):
    """Random, mostly broken filters and orders for runs."""
    out = []
    for _ in range(n):
        out.append((_soup_text(rng, _GOOD), None))
    for _ in range(n // 4):
        out.append((None, [_soup_text(rng, [f"{k} {d}" for k in _KEYS for d in ("ASC", "DESC")])]))
    for _ in range(n // 4):
        text = " AND ".join(rng.choice(_GOOD[:7] + _GOOD[9:]) for _ in range(rng.randint(0, 2)))
        keys = rng.sample(_KEYS[:-2], rng.randint(1, 3))
        out.append((text, [f"{k} {rng.choice(['ASC', 'DESC'])}" for k in keys]))
    return out


def soup_experiments(rng, n):
    """Random, mostly broken filters for experiments."""
    return [(_soup_text(rng, _GOOD_EXP), None) for _ in range(n)]


def model(name, created, updated, tags=None):
    return {"name": name, "creation_time": created, "last_update_time": updated, "tags": dict(tags or {})}


def version(name, number, created, updated, run_id="", source="s3://b/m", tags=None):
    return model(name, created, updated, tags) | {
        "id": f"{name}/{number}", "version_number": number, "run_id": run_id, "source_path": source}


PROMPT = {"mlflow.prompt.is_prompt": "true"}
MODELS = [
    model("alpha", 100, 300, {"team": "red", "k": "a_b"}),
    model("Alpha", 200, 300, {"team": "Red", "with-dash": "1"}),
    model("b%c", 100, 150, {"team": "blue", "k": ""}),
    model("b_c", 50, 50, {"k": "aXb"}),
    model("été", 300, 200, {"team": "red", "a.b": "x"}),
    model('q"q', 400, 100, {"order": "o"}),
    model("greet", 400, 500, PROMPT | {"team": "red"}),
    model("not prompt", 10, 20, {"mlflow.prompt.is_prompt": "false"}),
    model("odd prompt", 11, 21, {"mlflow.prompt.is_prompt": "True"}),
]
VERSIONS = [
    version("alpha", 1, 100, 300, "a" * 32, "s3://b/x", {"team": "red", "k": "a_b"}),
    version("alpha", 2, 110, 300, "b" * 32, "s3://b/y", {"team": "Red"}),
    version("alpha", 10, 120, 290, "a" * 32, "S3://b/x", {"k": ""}),
    version("Alpha", 1, 130, 310, "", "models:/m-1"),
    version("b%c", 1, 140, 140, "c" * 32, "dbfs:/a%b"),
    version("greet", 1, 150, 150, "", "prompt-template", PROMPT | {"team": "red"}),
    version("greet", 2, 160, 160, "", "prompt-template", {"team": "red"}),
    version("not prompt", 1, 10, 10, "", "x", {"mlflow.prompt.is_prompt": "false"}),
]

_PROMPT_FILTERS = [f"{p}{k} {op} {v}" for p in ["tag.", "tags."] for k in ["mlflow.prompt.is_prompt", "`mlflow.prompt.is_prompt`"]
                   for op in ["=", "!=", "LIKE", "ilike", ">"] for v in ["'true'", "'True'", "'false'", "'x'", "true"]]
_PROMPT_FILTERS += ["tags.`mlflow.prompt.is_prompt` = 'true' AND tags.team = 'red'", "tags.`mlflow.prompt.is_prompt` = 'true' AND tags.`mlflow.prompt.is_prompt` = 'false'",
                    "tags.`mlflow.prompt.is_prompt` = 'false' AND tags.`mlflow.prompt.is_prompt` = 'true'", "name = 'greet'", "tags.team = 'red'", "name = 'greet' AND tags.`mlflow.prompt.is_prompt` = 'true'"]
_NAME_FILTERS = [f"{p}{k} {op} {_value(op, v)}" for p in ["", "attribute."] for k, v in [("name", "'alpha'"), ("`name`", "'alpha'"), ('"name"', "'alpha'")] for op in OPS]
_NAME_FILTERS += [f"name {op} '{v}'" for op in ["LIKE", "ILIKE", "like"] for v in ["alpha", "ALPHA", "b%c", "b_c", "b\\%c", "été", "%t%", "_t_", "%", "", "al%", "%pha"]]
_NAME_FILTERS += [f"{p}name = 'alpha'" for p in PREFIXES]
_NAME_FILTERS += [f"name {op} {v}" for op in ["IN", "NOT IN", "in", "=", "LIKE"] for v in
                  ["('alpha')", "('alpha', 'b%c')", "()", "(1)", "(foo)", "('a' 'b')", "'alpha'", "alpha", "1", "1.5", "NULL"]]
_NAME_FILTERS += [f"tags.team {op} {_value(op, v)}" for v in ["'red'", "'RED'", "'%e%'", "1", "red"] for op in OPS]
_NAME_FILTERS += [
    None, "", "  ", "\tname != 'q'\n", "name = 'a' OR name = 'b'", "(name = 'alpha')", "NOT name = 'a'", "name = 'a'; name = 'b'", "name = 'alpha';", "name", "foo", "foo = 'x'", "foo.x = 'y'",
    "name = 'a' foo", "name = 'a' AND", "1 = 1", "'x' = name", "name IS NULL", "tags.team IS NULL", "tags.k = ''", "tags.`with-dash` = '1'", "tags.a.b = 'x'", "tags.k = 'a_b' AND tags.team = 'red'",
    "tags.team = 'red' AND tags.team = 'Red'", "name LIKE 'a%' AND tags.team LIKE 'r%'", "name > 'a' AND foo = 1", "tags.x IN ('a')", "tags.x > 'a'", "creation_timestamp > 1", "last_updated_timestamp > 1", "description = 'x'",
    "name = 'alpha' AND name = 'Alpha'", "name != 'alpha'", "name NOT IN ('alpha') AND name LIKE '%a%'",
]
MODEL_FILTERS = _NAME_FILTERS + _PROMPT_FILTERS + ["version_number = 1", "run_id = 'x'"]
VERSION_FILTERS = _NAME_FILTERS + _PROMPT_FILTERS
VERSION_FILTERS += [f"{k} {op} {_value(op, v)}" for k, v in [("run_id", f"'{_A}'"), ("source_path", "'s3://b/x'"), ("source_path", "'%x%'"), ("version_number", "1"), ("version_number", "'10'"), ("source", "'x'"), ("version", "1"), ("status", "'READY'")] for op in OPS]
VERSION_FILTERS += [f"version_number {op} {v}" for op in ["=", "!=", ">", ">=", "<", "<="] for v in ["1", "2", "10", "'2'", "1.5", "1e1", "'x'", "' 2 '", "(1)", "('1')", "x", "NULL"]]
VERSION_FILTERS += [f"run_id {op} {v}" for op in ["IN", "NOT IN", "=", "LIKE"] for v in [f"('{_A}')", f"('{_A}', '{_B}')", "()", "(1)", "1", "''"]]
VERSION_FILTERS += ["source_path IN ('s3://b/x')", "source_path NOT IN ('x')", "name = 'alpha' AND version_number > 1", f"run_id = '{_A}' AND name = 'alpha'", "name = 1", "run_id = 1.5", "attribute.version_number = 1"]
_MODEL_KEYS = ["name", "timestamp", "last_updated_timestamp", "creation_timestamp", "version_number", "foo", "attribute.name", "tags.name", "tag.x", "`name`", '"name"', "attributes.name", "version"]
MODEL_ORDERS = [[]] + [[f"{k}{d}"] for k in _MODEL_KEYS for d in ["", " ASC", " DESC", " desc", " foo"]]
MODEL_ORDERS += [[a, b] for a in ["name", "timestamp DESC", "last_updated_timestamp ASC", "creation_timestamp", "version_number"] for b in ["name DESC", "timestamp", "last_updated_timestamp DESC", "creation_timestamp", "version_number", "foo"]]
MODEL_ORDERS += [[a] for a in ["", " ", "name ", " name", "name DESC;", "name, timestamp", "1", "name = 'x'", "timestamp  DESC"]]
_GOOD_MODEL = ["name LIKE 'a%'", "tags.team = 'red'", "name IN ('alpha', 'b_c')", "name != 'x'", "tags.k != ''", "name NOT IN ('Alpha')"]
_GOOD_VERSION = _GOOD_MODEL + ["version_number >= 2", "version_number != 1", f"run_id IN ('{_A}')", f"run_id = '{_B}'", "source_path LIKE 's3:%'", "run_id != ''"]


def soup_models(rng, n, good):
    """Random, mostly broken filters for registered models or versions."""
    return [(_soup_text(rng, good), None) for _ in range(n)]


def soup_registered_models(rng, n):
    return soup_models(rng, n, _GOOD_MODEL)


def soup_versions(rng, n):
    return soup_models(rng, n, _GOOD_VERSION)
