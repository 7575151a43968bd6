"""Datasets that runs have used, as the web UI lists them."""

from mlflow.entities import Dataset, DatasetInput, InputTag

from answers import scenario


def use(c, run, name, context=None):
    tags = [InputTag("mlflow.data.context", context)] if context is not None else []
    c.log_inputs(run, [DatasetInput(Dataset(name, "d1", "local", "{}"), tags)])


def search(c, *ids, **body):
    body = {"experiment_ids": list(ids), **body}
    answer = c.call("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", json=body)
    for summary in answer["body"].get("dataset_summaries", []):
        c.seen(summary["experiment_id"])
    return answer


@scenario
def test_search_datasets(c):
    e = c.experiment()
    first, second = c.run(e), c.run(e)
    use(c, first, "b", "train")
    use(c, first, "a")
    use(c, first, "a", "too late")
    use(c, second, "a", "eval")
    use(c, second, "c", "")
    out = [search(c, e), search(c, e, e)]
    c.delete_run(first)
    out += [search(c, e), search(c, "999999"), search(c), search(c, "x"), search(c, *map(str, range(21)))]
    c.delete_experiment(e)
    return [*out, search(c, e)]
