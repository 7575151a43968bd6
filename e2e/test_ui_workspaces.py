"""MLflow's web UI on a server with workspaces: each shows what is its own."""

import mlflow
import pytest
from mlflow import MlflowClient
from playwright.sync_api import expect

import browser
import servers

TEAMS = ["team-a", "team-b"]


@pytest.fixture
def server(tmp_path):
    uri = f"local:{tmp_path}/table"
    s = servers.start_store(tmp_path, uri, "--enable-workspaces", "--ui-dir", servers.ROOT / "build" / "ui")
    yield s
    assert s.stop() == 0, s.log.read_text()


def fill(url):
    """Makes an experiment of its own in each workspace."""
    mlflow.set_tracking_uri(url)
    for name in TEAMS:
        mlflow.create_workspace(name, description="of " + name)
        mlflow.set_workspace(name)
        client = MlflowClient(url, registry_uri=url)
        experiment = client.create_experiment("vision of " + name)
        client.create_run(experiment, run_name="run of " + name)
        client.create_registered_model("model of " + name)
    mlflow.set_workspace(None)


def test_each_shows_its_own(server):
    try:
        fill(server.url)
    finally:
        mlflow.set_workspace(None)
    with browser.browser() as b:
        context = b.new_context(viewport={"width": 1600, "height": 1000})
        page = browser.Page(context, server.url, "workspaces")
        page.open("/")
        page.sees(*TEAMS)
        for name, other in zip(TEAMS, reversed(TEAMS), strict=True):
            tab = page.open(f"/experiments?workspace={name}")
            page.sees("vision of " + name)
            expect(tab.get_by_text("vision of " + other)).to_have_count(0)
            tab = page.open(f"/models?workspace={name}")
            page.sees("model of " + name)
            expect(tab.get_by_text("model of " + other)).to_have_count(0)
        page.done()
        context.close()
