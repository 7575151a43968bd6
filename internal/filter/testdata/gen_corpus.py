"""Produces the golden corpora of the packages beside this one by asking the real MLflow store.

It builds a fixed set of runs, experiments, registered models and versions in a
temporary SQLite database, sends every filter and order_by of corpus_cases.py to
MLflow's SqlAlchemyStores and writes down what came back: the matching ids in order, or the error code and text.

    pip install mlflow==3.18.0
    PYTHONHASHSEED=0 python gen_corpus.py            # rewrites the testdata of the packages
    PYTHONHASHSEED=0 python gen_corpus.py --soup 9000 --seed 7 --out DIR   # a larger random corpus

The set reprs inside MLflow's messages change from process to process, so the
replay compares them as sets.
"""

import argparse
import json
import logging
import pathlib
import random
import re
import tempfile
from types import SimpleNamespace

import mlflow
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.dbmodels import models as registry
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as RegistryStore
from mlflow.store.tracking.dbmodels import models
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from corpus_cases import (
    EXPERIMENTS,
    EXPERIMENT_FILTERS,
    EXPERIMENT_ORDERS,
    MODELS,
    MODEL_FILTERS,
    MODEL_ORDERS,
    RUNS,
    RUN_FILTERS,
    RUN_ORDERS,
    VERSIONS,
    VERSION_FILTERS,
    soup_experiments,
    soup_registered_models,
    soup_runs,
    soup_versions,
)

WANT_VERSION = "3.18.0"


def add_run(session, n, spec):
    run_id = spec["run_id"]
    session.add(
        models.SqlRun(
            run_uuid=run_id,
            name=spec["run_name"],
            experiment_id=0,
            user_id=spec["user_id"],
            status=spec["status"],
            start_time=spec["start_time"],
            end_time=spec["end_time"],
            artifact_uri=spec["artifact_uri"],
            lifecycle_stage="active",
            source_type="LOCAL",
        )
    )
    for k, v in spec["tags"].items():
        session.add(models.SqlTag(run_uuid=run_id, key=k, value=v))
    for k, v in spec["params"].items():
        session.add(models.SqlParam(run_uuid=run_id, key=k, value=v))
    for k, v in spec["metrics"].items():
        nan = v == "NaN"
        session.add(
            models.SqlLatestMetric(
                run_uuid=run_id, key=k, value=0 if nan else v, timestamp=1, step=0, is_nan=nan
            )
        )
    session.flush()
    for i, d in enumerate(spec["datasets"]):
        uid = f"d{n}x{i}"
        session.add(
            models.SqlDataset(
                dataset_uuid=uid,
                experiment_id=0,
                name=d["name"],
                digest=d["digest"],
                dataset_source_type="local",
                dataset_source="s",
            )
        )
        session.add(
            models.SqlInput(
                input_uuid="i" + uid,
                source_type="DATASET",
                source_id=uid,
                destination_type="RUN",
                destination_id=run_id,
            )
        )
        if d["context"] is not None:
            session.add(
                models.SqlInputTag(
                    input_uuid="i" + uid, name="mlflow.data.context", value=d["context"]
                )
            )


def add_experiment(session, spec):
    session.add(
        models.SqlExperiment(
            experiment_id=spec["experiment_id"],
            name=spec["name"],
            creation_time=spec["creation_time"],
            last_update_time=spec["last_update_time"],
            lifecycle_stage="active",
            artifact_location="a",
        )
    )
    session.flush()
    for k, v in spec["tags"].items():
        session.add(
            models.SqlExperimentTag(experiment_id=spec["experiment_id"], key=k, value=v)
        )


def add_model(session, spec):
    session.add(
        registry.SqlRegisteredModel(
            name=spec["name"],
            creation_time=spec["creation_time"],
            last_updated_time=spec["last_update_time"],
        )
    )
    session.flush()
    for k, v in spec["tags"].items():
        session.add(registry.SqlRegisteredModelTag(name=spec["name"], key=k, value=v))


def add_version(session, spec):
    name, number = spec["name"], spec["version_number"]
    session.add(
        registry.SqlModelVersion(
            name=name,
            version=number,
            creation_time=spec["creation_time"],
            last_updated_time=spec["last_update_time"],
            source=spec["source_path"],
            run_id=spec["run_id"],
        )
    )
    session.flush()
    for k, v in spec["tags"].items():
        session.add(registry.SqlModelVersionTag(name=name, version=number, key=k, value=v))


def put_nulls(session):
    """Writes the NULLs for which the ORM would have put a default."""
    for spec in RUNS:
        session.query(models.SqlRun).filter_by(run_uuid=spec["run_id"]).update(
            {"start_time": spec["start_time"], "user_id": spec["user_id"]}
        )
    for spec in EXPERIMENTS:
        session.query(models.SqlExperiment).filter_by(experiment_id=spec["experiment_id"]).update(
            {"creation_time": spec["creation_time"], "last_update_time": spec["last_update_time"]}
        )


def bare_run(row):
    """Stands in for SqlRun.to_mlflow_entity, which refuses a NULL user or start time."""
    return SimpleNamespace(info=SimpleNamespace(run_id=row.run_uuid), data=None)


def ask(search):
    try:
        return {"ids": search()}
    except ValueError as e:
        return {"code": "INTERNAL_ERROR", "message": str(e)}
    except MlflowException as e:
        text = str(e.message).split("\n[SQL: ")[0]
        return {"code": e.error_code, "message": re.sub(" at 0x[0-9a-f]+", "", text)}


def run_case(store, text, order):
    def search():
        found = store.search_runs(["0"], text, ViewType.ALL, 1000, order)
        return [r.info.run_id for r in found]

    return {"filter": text, "order_by": order} | ask(search)


def experiment_case(store, text, order):
    def search():
        found = store.search_experiments(ViewType.ALL, 1000, text, order)
        return [e.experiment_id for e in found]

    return {"filter": text, "order_by": order} | ask(search)


def model_case(store, text, order):
    def search():
        return [m.name for m in store.search_registered_models(text, 1000, order)]

    return {"filter": text, "order_by": order} | ask(search)


def version_case(store, text, order):
    def search():
        found = store.search_model_versions(text, 1000, order)
        return [f"{v.name}/{v.version}" for v in found]

    return {"filter": text, "order_by": order} | ask(search)


def write(out, package, name, rows, cases):
    """Writes a corpus to a directory, or to the package that replays it."""
    path = (out or pathlib.Path(__file__).resolve().parents[1] / package / "testdata") / name
    lines = ",\n".join("    " + json.dumps(c, ensure_ascii=False) for c in cases)
    body = ",\n".join("    " + json.dumps(r, ensure_ascii=False) for r in rows)
    path.write_text(f'{{\n  "rows": [\n{body}\n  ],\n  "cases": [\n{lines}\n  ]\n}}\n')
    bad = sum("message" in c for c in cases)
    print(f"{path}: {len(cases)} cases, {bad} of them errors")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--soup", type=int, default=400, help="random filters of each kind")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--out", type=pathlib.Path, help="a directory for all of them, as FILTER_CORPUS names it")
    args = p.parse_args()
    if mlflow.__version__ != WANT_VERSION:
        raise SystemExit(f"want mlflow {WANT_VERSION}, have {mlflow.__version__}")
    logging.disable(logging.CRITICAL)

    with tempfile.TemporaryDirectory() as tmp:
        store = SqlAlchemyStore(f"sqlite:///{tmp}/m.db", f"{tmp}/artifacts")
        with store.ManagedSessionMaker(read_only=False) as session:
            session.query(models.SqlExperiment).delete()
            for spec in EXPERIMENTS:
                add_experiment(session, spec)
            for n, spec in enumerate(RUNS):
                add_run(session, n, spec)
            session.flush()
            put_nulls(session)
        models.SqlRun.to_mlflow_entity = bare_run

        rng = random.Random(args.seed)
        cases = [(f, None) for f in RUN_FILTERS]
        cases += [(None, o) for o in RUN_ORDERS]
        cases += soup_runs(rng, args.soup)
        write(args.out, "runfilter", "runs.json", RUNS, [run_case(store, f, o) for f, o in cases])

        cases = [(f, None) for f in EXPERIMENT_FILTERS]
        cases += [(None, o) for o in EXPERIMENT_ORDERS]
        cases += soup_experiments(rng, args.soup // 2)
        write(
            args.out,
            "experimentfilter",
            "experiments.json",
            EXPERIMENTS,
            [experiment_case(store, f, o) for f, o in cases],
        )

        store = RegistryStore(f"sqlite:///{tmp}/m.db")
        with store.ManagedSessionMaker(read_only=False) as session:
            for spec in MODELS:
                add_model(session, spec)
            for spec in VERSIONS:
                add_version(session, spec)
        cases = [(f, None) for f in MODEL_FILTERS]
        cases += [(None, o) for o in MODEL_ORDERS]
        cases += soup_registered_models(rng, args.soup // 2)
        write(
            args.out,
            "modelfilter",
            "models.json",
            MODELS,
            [model_case(store, f, o) for f, o in cases],
        )
        cases = [(f, None) for f in VERSION_FILTERS]
        cases += [(None, o) for o in MODEL_ORDERS]
        cases += soup_versions(rng, args.soup // 2)
        write(
            args.out,
            "modelfilter",
            "versions.json",
            VERSIONS,
            [version_case(store, f, o) for f, o in cases],
        )


if __name__ == "__main__":
    main()
