"""A server of the explorer and a headless Chromium, for the tests in this folder; both end with its last test."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

import pytest

REQUIRED = "DENSEHOP_REQUIRE_BROWSER"  # set where a skipped test would hide something
NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120  # seconds until a test gives up: the machine may do other things


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


@contextmanager
def visits(browser, server):
    """Give a function that opens pages; at the end nothing has left the machine and nothing was complained about."""
    context = browser.new_context(viewport={"width": 1366, "height": 900}, accept_downloads=True)
    asked, complaints = [], []

    def opened(link=""):
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(server + link)
        page.wait_for_selector("canvas")
        return page

    yield opened
    context.close()
    hosts = {urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts <= {"127.0.0.1"}, asked
    assert not complaints


@pytest.fixture
def visit(browser, server):
    """Return a function that opens a page of a test's own."""
    with visits(browser, server) as opened:
        yield opened


@pytest.fixture(scope="module")
def share(browser, server):
    """Return a function that opens a page, or returns it as another test of the module has left it.

    A page costs its server and its browser seconds of work, so tests share one where they do not mind what the others
    did with it.
    """
    with visits(browser, server) as opened:
        yield cache(opened)
