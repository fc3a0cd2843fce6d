"""Sessions beside each other, and the end of one. These tests are the last in this folder: what they begin goes on."""

import socket
import threading
import time
from concurrent.futures import Future

import pytest

from densehop.apps.explorer.server import serve
from densehop.apps.explorer.workers.worker_pool import WorkerPool
from tests.browser.conftest import NISHIMORI, PATIENCE
from tests.browser.test_explorer import click

PROMPT = 6.0  # seconds to answer a click on a busy machine, a third of what the lines take there


class IdleWorker:
    """A worker that never has a result."""

    def submit(self, *_):
        return Future()

    def close(self):
        """Do nothing: there is no process to end."""


@pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")  # Panel's own
def test_a_closed_tab_stops_its_simulation(browser):
    """Paused, it would wait for ever; the server in this process knows its thread."""
    pool = WorkerPool(1)
    pool.fast = pool.slow = IdleWorker()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = serve(port, show=False, pool=pool, block=False, unused_session_lifetime=3000)
    try:
        page = browser.new_page()
        page.goto(
            f"http://127.0.0.1:{port}/?model=nishimori&p=3&n=224&sweeps=2000&x=8&t=2.2&disorders=2"
        )  # seconds long
        page.get_by_role("button", name="Simulate here").click()
        page.wait_for_selector(".verdict b")
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Go on").wait_for()
        assert simulations()
        page.close()
        deadline = time.monotonic() + PATIENCE
        while simulations():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        serving.stop()


def simulations():
    """Return the threads of simulations in this process."""
    return [thread for thread in threading.enumerate() if thread.name == "Simulation"]


def test_a_session_that_waits_for_lines_delays_no_other(visit, share):
    """These lines take many seconds; meanwhile their files are not handed out, and clicks elsewhere are answered."""
    other = share(NISHIMORI)
    waiting = visit("/?model=fixed_teacher&p=7&teacher_t=1.7&x=1&t=1").locator(".download-phase-diagram-said small")
    waiting.filter(has_text="... when its lines are traced").wait_for()
    head = other.locator(".about h3")
    before, begun = head.inner_text(), time.monotonic()
    click(other, 0.6, 0.6)
    while head.inner_text() == before:
        assert time.monotonic() < begun + PROMPT
        other.wait_for_timeout(10)
