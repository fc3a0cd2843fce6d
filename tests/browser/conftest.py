"""A server of the explorer and a headless Chromium, for the tests in this folder; both end with its last test."""

import os
import re
import shutil
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

REQUIRED = "DENSEHOP_REQUIRE_BROWSER"  # set where a skipped test would hide something
NAMES = ("chromium", "chromium-browser", "google-chrome")
COMPLAINTS = {"error", "warning"}
PATIENCE = 120  # seconds until a test gives up: the machine may do other things

# Links to pages that tests share.
NISHIMORI = "/?model=nishimori&p=3&x=6&t=2&n=96&disorders=4"
SMALL = "/?model=nishimori&p=4&x=6&t=1.5&n=48&disorders=2&sweeps=40"
RESTORE = "/?view=restore&hidden=0.5&digit=7"
ATTACK = "/?view=attack&eps=0.15&attack_load=1&radius=0.3"


@pytest.fixture(scope="package")
def chromium():
    """Return a browser's program; without one the tests are skipped, or fail where they are required."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        message = f"no browser: none of {', '.join(NAMES)} is installed (Debian: apt-get install chromium)"
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(message)
    return found


@pytest.fixture(scope="package")
def served(tmp_path_factory):
    """Return address and process of an explorer; at the end its console holds no trace."""
    command = [sys.executable, "-u", "-m", "densehop", "explore", "--port", "0", "--no-browser"]
    console = tmp_path_factory.mktemp("server") / "console"
    with console.open("w") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
    while "Launching server" not in console.read_text():
        assert process.poll() is None, console.read_text()
        time.sleep(0.1)
    yield re.search(r"http://\S+", console.read_text()).group(), process
    process.terminate()
    process.wait(timeout=20)
    assert "Traceback" not in console.read_text()


@pytest.fixture(scope="package")
def server(served):
    """Return the address of an explorer in a process of its own."""
    return served[0]


@pytest.fixture(scope="package")
def browser(chromium):
    """Return a running browser."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


class Window:
    """A window of the browser, which notes what its pages ask for and complain of."""

    def __init__(self, browser, server):
        self._context = browser.new_context(viewport={"width": 1366, "height": 900}, accept_downloads=True)
        self._server, self._kept = server, {}
        self._asked, self._complaints = [], []

    def open(self, link=""):
        """Return a new page."""
        page = self._context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("request", lambda request: self._asked.append(request.url))
        page.on("console", lambda said: self._complain(page, said.text) if said.type in COMPLAINTS else None)
        page.on("pageerror", lambda error: self._complain(page, error))
        self._show(page, link)
        return page

    def keep(self, link, fresh=False):
        """Return the page that was opened with a link, as the last test has left it, or `fresh`: loaded again."""
        if link not in self._kept:
            self._kept[link] = self.open(link)
        elif fresh:
            self._show(self._kept[link], link)
        return self._kept[link]

    def _complain(self, page, what):
        self._complaints.append(f"{page.url}: {what}")

    def _show(self, page, link):
        page.goto(self._server + link)
        page.wait_for_selector("canvas")

    def check(self):
        """Fail if anything has left the machine, or if a page has complained, since the last check."""
        asked, complaints = self._asked[:], self._complaints[:]
        self._asked.clear()
        self._complaints.clear()
        hosts = {urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
        assert hosts <= {"127.0.0.1"}, asked
        assert not complaints

    def close(self):
        """Close all pages."""
        self._context.close()


@pytest.fixture
def visit(browser, server):
    """Return a function that opens a page of a test's own."""
    window = Window(browser, server)
    yield window.open
    window.close()
    window.check()


@pytest.fixture(scope="package")
def common_window(browser, server):
    """Return the window whose pages tests share."""
    window = Window(browser, server)
    yield window
    window.close()
    window.check()


@pytest.fixture
def share(common_window):
    """Return a function that opens a page, or returns it as another test has left it.

    A page costs its server and its browser seconds of work, so tests share one where they do not mind what the others
    did with it. A test leaves nothing behind that another one could take for its own.
    """
    yield common_window.keep
    common_window.check()
