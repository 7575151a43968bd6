"""MLflow's web UI in a real browser: it shows what the Python client logged."""

import re

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from playwright.sync_api import expect

import browser
import servers

LOSS = [0.9, 0.5, 0.25, 0.125]


class Seeded:
    """A server with the UI, and what is in it."""

    def __init__(self, server):
        self.server = server
        self.client = c = MlflowClient(server.url, registry_uri=server.url)
        self.experiment = c.create_experiment("vision", tags={"mlflow.experimentKind": "custom_model_development"})
        self.runs = [self.run(i) for i in range(3)]
        logged = c.create_logged_model(self.experiment, name="net", source_run_id=self.runs[0], params={"depth": "18"}, model_type="cnn")
        self.logged = logged.model_id
        c.log_metric(self.runs[0], "test_accuracy", 0.625, model_id=self.logged)
        c.finalize_logged_model(self.logged, "READY")
        c.create_registered_model("classifier", tags={"team": "vision"}, description="tells cats from dogs")
        for i in range(2):
            c.create_model_version("classifier", f"runs:/{self.runs[i]}/model", run_id=self.runs[i], description=f"take {i}")
        c.set_registered_model_alias("classifier", "champion", "1")
        c.register_prompt("greeting", "Hello {{name}}, welcome", commit_message="first words")
        c.register_prompt("greeting", "Good day, {{name}}", commit_message="more polite")

    def run(self, i):
        c = self.client
        run = c.create_run(self.experiment, run_name=f"take-{i}").info.run_id
        metrics = [Metric("loss", x + i, 1_700_000_000_000 + s, s) for s, x in enumerate(LOSS)]
        metrics += [Metric("accuracy", 0.75 + i / 8, 1_700_000_000_000, 0)]
        metrics += [Metric("system/cpu_utilization_percentage", 40.0 + s, 1_700_000_000_000 + s, s) for s in range(3)]
        c.log_batch(run, metrics=metrics)
        c.log_param(run, "optimizer", ["adam", "sgd", "lion"][i])
        c.set_tag(run, "team", "vision")
        c.log_text(run, f"the notes of take {i}", "notes/readme.txt")
        c.log_text(run, "flavors: {}\n", "model/MLmodel")
        c.set_terminated(run)
        return run


def serve(directory, uri):
    server = servers.start_store(directory, uri, "--ui-dir", servers.ROOT / "build" / "ui")
    yield Seeded(server)
    code = server.stop()
    assert code == 0, server.log.read_text()


@pytest.fixture(scope="module")
def seeded(dynamodb, tmp_path_factory):
    yield from serve(tmp_path_factory.mktemp("ui"), dynamodb.table("e2e-ui"))


@pytest.fixture
def embedded(tmp_path):
    yield from serve(tmp_path, f"local:{tmp_path}/table")


@pytest.fixture(scope="module")
def chromium():
    with browser.browser() as b:
        yield b


def visit(chromium, server, name):
    context = chromium.new_context(viewport={"width": 1600, "height": 1000})
    page = browser.Page(context, server.url, name)
    yield page
    page.done()
    context.close()


@pytest.fixture
def ui(chromium, seeded, request):
    yield from visit(chromium, seeded.server, request.node.name)


@pytest.fixture
def embedded_ui(chromium, embedded, request):
    yield from visit(chromium, embedded.server, request.node.name)


def test_embedded_table(embedded_ui, embedded):
    """The pages of a first run; the answers themselves are compared elsewhere."""
    ui, run = embedded_ui, embedded.runs[0]
    ui.open("/experiments")
    ui.sees("vision", "Default")
    ui.open(f"/experiments/{embedded.experiment}/runs?compareRunsMode=CHART")
    ui.draws([[f"take-{i}", [x + i for x in LOSS]] for i in range(3)])
    ui.open(f"/experiments/{embedded.experiment}/runs/{run}")
    ui.sees("take-0", run, "adam", "Finished")
    ui.open("/models/classifier")
    ui.sees("tells cats from dogs", "Version 2")


def test_experiments(ui, seeded):
    tab = ui.open("/experiments")
    ui.sees("vision", "Default")
    tab.get_by_test_id("search-experiment-input").fill("visi")
    tab.get_by_test_id("search-experiment-input").press("Enter")
    expect(tab.get_by_test_id("experiment-list-item")).to_have_count(1)
    expect(tab.get_by_test_id("experiment-list-item-link")).to_have_text("vision")


def test_create_and_delete_an_experiment(ui, seeded):
    ui.allow(404, "/ajax-api/2.0/mlflow/experiments/get-by-name")  # the dialog asks whether the name is taken
    tab = ui.open("/experiments")
    tab.get_by_test_id("create-experiment-button").click()
    tab.get_by_placeholder("Input an experiment name").fill("made by hand")
    tab.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(tab).to_have_url(re.compile(r"#/experiments/\d+"))
    made = seeded.client.get_experiment_by_name("made by hand")
    assert made.lifecycle_stage == "active"
    assert f"/experiments/{made.experiment_id}" in tab.url
    ui.open("/experiments")
    row = tab.get_by_test_id("experiment-list-item").filter(has_text="made by hand")
    row.get_by_test_id("experiment-list-item-check-box").check()
    tab.get_by_test_id("delete-experiments-button").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    assert seeded.client.get_experiment(made.experiment_id).lifecycle_stage == "deleted"


def test_runs_table(ui, seeded):
    tab = ui.open(f"/experiments/{seeded.experiment}/runs?compareRunsMode=")
    ui.sees("take-0", "take-1", "take-2")
    box = tab.get_by_test_id("search-box")
    box.fill('metrics.loss < 1 and params.optimizer = "adam"')
    box.press("Enter")
    expect(tab.get_by_role("link", name="take-1")).to_have_count(0)
    ui.sees("take-0")
    ui.allow(400, "/ajax-api/2.0/mlflow/runs/search")
    box.fill("metrics.loss !!")
    box.press("Enter")
    ui.sees(re.compile("Invalid clause"))


def test_charts(ui, seeded):
    tab = ui.open(f"/experiments/{seeded.experiment}/runs?compareRunsMode=CHART")
    expect(tab.locator(".js-plotly-plot").first).to_be_visible()
    ui.draws([[f"take-{i}", [x + i for x in LOSS]] for i in range(3)])


def test_compare_runs(ui, seeded):
    runs = ",".join(f"%22{r}%22" for r in seeded.runs[:2])
    ui.open(f"/compare-runs?runs=%5B{runs}%5D&experiments=%5B%22{seeded.experiment}%22%5D")
    ui.sees("take-0", "take-1", "adam", "sgd", "0.75", "0.875", "0.125", "1.125")


def test_open_and_compare_from_the_table(ui, seeded):
    """As a person does it: a click on a run, two checkboxes and the button."""
    tab = ui.open(f"/experiments/{seeded.experiment}/runs?compareRunsMode=")
    tab.get_by_role("link", name="take-1").first.click()
    expect(tab).to_have_url(re.compile(f"/runs/{seeded.runs[1]}"))
    ui.sees("take-1", seeded.runs[1], "sgd", "1.125")
    ui.open(f"/experiments/{seeded.experiment}/runs?compareRunsMode=")
    for name in ("take-0", "take-2"):
        tab.get_by_role("row").filter(has_text=name).first.get_by_role("checkbox").first.check()
    tab.get_by_test_id("runs-compare-button").click()
    expect(tab).to_have_url(re.compile(f"compare-runs.*{seeded.runs[0]}"))
    assert seeded.runs[2] in tab.url and seeded.runs[1] not in tab.url
    ui.sees("take-0", "take-2", "adam", "lion", "0.125", "2.125")
    ui.plots("parcoords", ["adam", "lion"])
    tab.get_by_role("tab", name="Scatter Plot").click()
    ui.plots("scatter", [0.75, 1])


def test_edit_a_description_and_tags(ui, seeded):
    c = seeded.client
    run = c.create_run(seeded.experiment, run_name="described").info.run_id
    c.set_terminated(run)
    tab = ui.open(f"/experiments/{seeded.experiment}/runs/{run}")
    ui.sees("described")
    tab.get_by_role("button", name="Edit description").first.click()
    tab.locator("textarea").first.fill("written by hand")
    tab.get_by_test_id("editable-note-save-button").click()
    ui.sees("written by hand")
    assert c.get_run(run).data.tags["mlflow.note.content"] == "written by hand"
    c.delete_run(run)


def test_search_models_and_edit_one(ui, seeded):
    seeded.client.create_registered_model("regressor")
    tab = ui.open("/models")
    ui.sees("classifier", "regressor")
    tab.get_by_test_id("model-search-input").fill("regr")
    tab.get_by_test_id("model-search-input").press("Enter")
    expect(tab.get_by_role("link", name="classifier")).to_have_count(0)
    tab.get_by_role("link", name="regressor").first.click()
    expect(tab).to_have_url(re.compile("/models/regressor"))
    tab.get_by_test_id("descriptionEditButton").click()
    tab.locator("textarea").first.fill("draws lines")
    tab.get_by_test_id("editable-note-save-button").click()
    ui.sees("draws lines")
    assert seeded.client.get_registered_model("regressor").description == "draws lines"
    seeded.client.delete_registered_model("regressor")


def test_edit_a_prompt(ui, seeded):
    c = seeded.client
    c.register_prompt("farewell", "Bye {{name}}")
    tab = ui.open("/prompts/farewell")
    ui.sees(re.compile("Bye"))
    tab.get_by_role("button", name="Create prompt version").click()
    dialog = tab.get_by_role("dialog")
    dialog.locator("textarea").first.fill("Farewell {{name}}")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_have_count(0)
    ui.sees(re.compile("Farewell"), "Version 2")
    assert c.get_prompt_version("farewell", "2").template == "Farewell {{name}}"
    c.delete_prompt_version("farewell", "2")
    c.delete_prompt_version("farewell", "1")
    c.delete_prompt("farewell")


def test_settings(ui, seeded):
    ui.open("/settings")
    ui.sees(re.compile("theme|telemetry|preferences", re.IGNORECASE))


def test_run_overview(ui, seeded):
    tab = ui.open(f"/experiments/{seeded.experiment}/runs/{seeded.runs[0]}")
    ui.sees("take-0", seeded.runs[0], "optimizer", "adam", "accuracy", "0.75", "loss", "0.125", "Finished")
    expect(tab.get_by_role("link", name="classifier")).to_have_attribute("href", "#/models/classifier/versions/1")


def test_run_metrics(ui, seeded):
    ui.open(f"/experiments/{seeded.experiment}/runs/{seeded.runs[1]}/model-metrics")
    ui.draws([[None, [x + 1 for x in LOSS]]])


def test_system_metrics(ui, seeded):
    ui.open(f"/experiments/{seeded.experiment}/runs/{seeded.runs[0]}/system-metrics")
    ui.draws([[None, [40, 41, 42]]])


def test_artifacts(ui, seeded):
    tab = ui.open(f"/experiments/{seeded.experiment}/runs/{seeded.runs[2]}/artifacts")
    tab.get_by_text("notes", exact=True).click()
    tab.get_by_text("readme.txt", exact=True).click()
    ui.sees(re.compile("the notes of take 2"))


def test_delete_and_restore_a_run(ui, seeded):
    c = seeded.client
    run = c.create_run(seeded.experiment, run_name="short-lived").info.run_id
    c.set_terminated(run)
    tab = ui.open(f"/experiments/{seeded.experiment}/runs?compareRunsMode=")
    row = tab.get_by_role("row").filter(has_text="short-lived").first
    row.get_by_role("checkbox").first.check()
    tab.get_by_test_id("runs-delete-button").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tab.get_by_role("link", name="short-lived")).to_have_count(0)
    assert c.get_run(run).info.lifecycle_stage == "deleted"
    tab.get_by_test_id("lifecycle-filter").click()
    tab.get_by_role("option", name="Deleted").click()
    ui.sees("short-lived")
    tab.get_by_role("row").filter(has_text="short-lived").first.get_by_role("checkbox").first.check()
    tab.get_by_test_id("runs-restore-button").click()
    tab.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(tab.get_by_role("link", name="short-lived")).to_have_count(0)
    assert c.get_run(run).info.lifecycle_stage == "active"
    c.delete_run(run)


def test_models(ui, seeded):
    tab = ui.open("/models")
    ui.sees("classifier", "Version 2", "@ champion")
    ui.allow(404, "/ajax-api/2.0/mlflow/registered-models/get")  # the dialog asks whether the name is taken
    tab.get_by_test_id("create-model-button").click()
    dialog = tab.get_by_role("dialog").filter(has_text="Create Model")
    dialog.get_by_label("Model name").fill("registered by hand")
    dialog.get_by_role("button", name="Create").click()
    expect(tab).to_have_url(re.compile("#/models/registered%20by%20hand"))
    assert seeded.client.get_registered_model("registered by hand").latest_versions == []
    seeded.client.delete_registered_model("registered by hand")


def test_model(ui, seeded):
    ui.open("/models/classifier")
    ui.sees("classifier", "tells cats from dogs", "Version 1", "Version 2", "take 0", "take 1")


def test_model_version_and_alias(ui, seeded):
    tab = ui.open("/models/classifier/versions/2")
    ui.sees("take-1", "take 1")
    tab.get_by_test_id("descriptions-item").filter(has_text="Aliases").get_by_role("button").first.click()
    dialog = tab.get_by_role("dialog").filter(has_text="aliases")
    dialog.get_by_role("combobox").fill("challenger")
    dialog.get_by_role("combobox").press("Enter")
    dialog.get_by_role("button", name="Save").click()
    ui.sees(re.compile("challenger"))
    expect(dialog).to_have_count(0)
    assert seeded.client.get_model_version_by_alias("classifier", "challenger").version == "2"
    seeded.client.delete_registered_model_alias("classifier", "challenger")


def test_register_a_model_of_a_run(ui, seeded):
    tab = ui.open(f"/experiments/{seeded.experiment}/runs/{seeded.runs[2]}/artifacts")
    tab.get_by_text("model", exact=True).first.click()
    tab.get_by_role("button", name="Register model").first.click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("combobox").click()
    tab.get_by_text("classifier", exact=True).last.click()
    dialog.get_by_role("button", name="Register").click()
    expect(dialog).to_have_count(0)
    made = seeded.client.get_model_version("classifier", "3")
    assert (made.run_id, made.source) == (seeded.runs[2], f"runs:/{seeded.runs[2]}/model")
    seeded.client.delete_model_version("classifier", "3")


def test_logged_models(ui, seeded):
    tab = ui.open(f"/experiments/{seeded.experiment}/models")
    ui.sees("net", "take-0", "0.625")
    tab.get_by_role("link", name="net").first.click()
    ui.sees(seeded.logged, "depth", "18", "test_accuracy", "Ready")


def test_prompts(ui, seeded):
    tab = ui.open("/prompts")
    ui.sees("greeting", "Version 2")
    expect(tab.get_by_text("classifier", exact=True)).to_have_count(0)
    ui.open("/prompts/greeting")
    ui.sees("greeting", re.compile("Good day"))


def test_no_traces(ui, seeded):
    ui.open(f"/experiments/{seeded.experiment}/traces")
    ui.sees(re.compile("trac", re.IGNORECASE))
