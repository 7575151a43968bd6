"""What client processes do. Each is a Python of its own."""

import os

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402

barrier = None


def meet_at(b):
    global barrier
    barrier = b


def set_experiment(args):
    """Eight processes ask for one experiment at the same moment."""
    url, name = args
    mlflow.set_tracking_uri(url)
    barrier.wait(120)
    return mlflow.set_experiment(name).experiment_id


def log(args):
    """Logs a run of its own, and to one that all share."""
    url, experiment_id, shared, number, steps = args
    client = MlflowClient(url)
    barrier.wait(120)
    run = client.create_run(experiment_id, start_time=number + 1, tags={"worker": str(number)})
    run_id = run.info.run_id
    for step in range(steps):
        client.log_metric(run_id, "loss", number + step / 1000, timestamp=step, step=step)
        client.log_metric(shared, "all", number, timestamp=step, step=step)
        client.log_metric(shared, f"own-{number}", step, timestamp=step, step=step)
        client.log_param(shared, f"{number}-{step}", step)
    client.log_param(run_id, "number", number)
    client.set_terminated(run_id, end_time=number + 2)
    return run_id
