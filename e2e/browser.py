"""A headless Chromium that looks at our server's pages and minds every error."""

import re
import shutil
from contextlib import contextmanager

from playwright.sync_api import expect, sync_playwright

import servers

SCREENSHOTS = servers.ROOT / "build" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip

# What the UI asks for, does not get, and goes on without.
EXPECTED = [
    (404, "/ajax-api/2.0/mlflow/users/current"),  # tells it that the server knows no users
    (501, "/model-versions/get-artifact"),  # asks for a URL, which a directory has none of, then for the artifact
]

# What Chromium says when a page that lays itself out anew, as charts do, needs
# another frame for it. Whether it does is a matter of time, not of any answer.
UNFINISHED_LAYOUT = "ResizeObserver loop completed with undelivered notifications."

# The UI greets newcomers with a dialog and a panel; ours have been here before.
SEEN = {
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
    "_mlflow_model_registry_promo_modal_dismissed_v1": "true",
}

expect.set_options(timeout=20_000)


def chromium():
    """The path of the browser that the system has."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    raise RuntimeError("no Chromium is installed: apt-get install chromium")


@contextmanager
def browser():
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield b
        b.close()


class Page:
    """One page of one server. `problems` are the errors that nobody expected."""

    def __init__(self, context, url, name):
        self.url = url
        self.name = name
        self.problems = []
        self.requests = []
        self.allowed = list(EXPECTED)
        context.add_init_script("".join(f"localStorage.setItem({k!r}, {v!r});" for k, v in SEEN.items()))
        self.tab = context.new_page()
        self.tab.on("response", self._response)
        self.tab.on("requestfailed", self._failed)
        self.tab.on("console", self._console)
        self.tab.on("pageerror", lambda e: self.problems.append(f"uncaught: {e}"))

    def _path(self, url):
        return url.removeprefix(self.url).partition("?")[0]

    def _response(self, r):
        self.requests.append((r.request.method, self._path(r.url), r.status))
        if r.status >= 400 and (r.status, self._path(r.url)) not in self.allowed:
            self.problems.append(f"{r.status} {r.request.method} {r.url} {r.request.post_data or ''}"[:500])

    def _failed(self, r):
        # What the page itself gave up, by going on to another, is no error.
        if r.url.startswith(self.url) and "ERR_ABORTED" not in (r.failure or ""):
            self.problems.append(f"failed: {r.method} {r.url} {r.failure}")

    def _console(self, m):
        if m.type != "error" or UNFINISHED_LAYOUT in m.text:
            return
        place = self._path(m.location.get("url", "") if m.location else "")
        if any(place == path and f"status of {status}" in m.text for status, path in self.allowed):
            return
        if not m.location or m.location.get("url", "").startswith(self.url):
            self.problems.append(f"console: {m.text} {place}"[:500])

    def open(self, hash_path):
        self.tab.goto(f"{self.url}/#{hash_path}")
        return self.tab

    def allow(self, status, path):
        """Names an error that this page brings about and is meant to."""
        self.allowed.append((status, path))

    def sees(self, *texts):
        """Waits until each text is on the page."""
        for text in texts:
            expect(self.tab.get_by_text(text, exact=isinstance(text, str)).first).to_be_visible()

    def draws(self, lines):
        """Waits until a chart has lines of these names (None: any) and values, and no other."""
        self.tab.wait_for_function(
            """want => [...document.querySelectorAll(".js-plotly-plot")].some(chart => {
                const drawn = (chart.data || []).map(t => [t.name, Array.from(t.y || [])]).filter(t => t[1].length);
                const same = (a, b) => a.length === b.length && a.every((x, i) => Math.abs(x - b[i]) < 1e-9);
                const is = (t, [name, y]) => (name === null || t[0] === name) && same(t[1], y);
                return want.every(w => drawn.some(t => is(t, w))) && drawn.every(t => want.some(w => is(t, w)));
            })""",
            arg=lines,
        )

    def plots(self, kind, values):
        """Waits until a chart of a kind has all of these values in it."""
        self.tab.wait_for_function(
            """([kind, want]) => [...document.querySelectorAll(".js-plotly-plot")].some(chart =>
                (chart.data || []).filter(t => (t.type || "").startsWith(kind)).some(t => {
                    const axes = kind === "parcoords" ? t.dimensions.flatMap(d => [...(d.ticktext || []), ...d.values]) : [];
                    const drawn = new Set([...axes, ...Array.from(t.x || []), ...Array.from(t.y || [])]);
                    return want.every(w => drawn.has(w));
                }))""",
            arg=[kind, values],
        )

    def done(self):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.tab.screenshot(path=SCREENSHOTS / (re.sub(r"[^\w-]+", "_", self.name) + ".png"))
        self.tab.close()
        assert not self.problems, "\n".join([f"{len(self.problems)} errors on the page:", *self.problems])
