"""A server of the explorer, with or without a proxy before it, and visits of it in Chromium, timed."""

import contextlib
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil

from densehop.apps.explorer.compute.live import FRAMES

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LAPTOP = {"width": 1366, "height": 768}
PATIENCE = 120  # seconds
PREFIX = "/densehop"  # the path of the page behind a proxy
STUDENT = "?model=nishimori&p=3&n=96&sweeps=2000&x=8&t=2.2&disorders=4"  # simulations that take many seconds
MEETS = {  # a view, and what of it; its button; what it says when its default simulation is where theory expects it
    "phase": ("Simulate here", "text=It agrees with the theory"),
    "cut, first points": ("Simulate along the line", r"text=/ points done.*: ([3-9]|1\d) of \1 agree/"),
    "cut, all points": ("Simulate along the line", "text=/12 points done, all: .*(12 of 12|5 of 5) agree/"),
    "live": ("Run", "text=/overlap 1.00 with memory 0/"),
    "restore": ("Restore", "text=restored without an error by: rectified n = 10, exponential"),
    "attack": ("Attack", "text=/recovered in 5 of 5 draws/"),
}


def chromium() -> str | None:
    """Return the program of a browser, if there is one."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@contextlib.contextmanager
def browsing() -> Iterator[Any]:
    """Run Chromium; yield it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where there is a browser)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextlib.contextmanager
def serving(*options: str) -> Iterator[tuple[str, psutil.Process]]:
    """Run the explorer in a process of its own; yield address and process."""
    command = [sys.executable, "-u", "-m", "densehop", "explore", "--port", "0", "--no-browser", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    address = re.search(r"http://\S+", process.stdout.readline())
    assert address is not None
    while "Launching server" not in process.stdout.readline():
        pass
    time.sleep(5)  # its own first visit
    try:
        yield address.group(), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=30)


class Proxy(socketserver.ThreadingTCPServer):
    """Hands on to `port` of this machine what browsers send to it, and what comes back."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.port = 0


class _Connection(socketserver.BaseRequestHandler):
    """One connection of a proxy."""

    server: Proxy

    def handle(self) -> None:
        """Copy in both directions until both ends are closed."""
        with socket.create_connection(("127.0.0.1", self.server.port)) as behind:
            back = threading.Thread(target=_copy, args=(behind, self.request), daemon=True)
            back.start()
            _copy(self.request, behind)
            back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def serving_behind_a_proxy() -> Iterator[str]:
    """Run the explorer under a path behind a proxy; yield the address that browsers see."""
    with Proxy() as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{proxy.server_address[1]}"
        with serving("--allow-origin", host, "--prefix", PREFIX) as (address, _):
            proxy.port = int(address.removesuffix(PREFIX).rsplit(":", 1)[1])
            yield f"http://{host}{PREFIX}"
        proxy.shutdown()


@contextlib.contextmanager
def busy_process() -> Iterator[None]:
    """Have another process take a core."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def mebibytes(process: psutil.Process) -> float:
    """Return the resident memory of a process and its children."""
    family = [process, *process.children(recursive=True)]
    return float(sum(one.memory_info().rss for one in family)) / 2**20


def processor_seconds() -> dict[int, float]:
    """Return the processor time of each process that this one has begun: those of server and browser."""
    seconds = {}
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds[process.pid] = times.user + times.system
    return seconds


@contextlib.contextmanager
def visit(browser: Any, link: str) -> Iterator[Any]:
    """Open a page as a new visitor; yield it."""
    context = browser.new_context(viewport=LAPTOP)
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(link)
    page.wait_for_selector("canvas")
    yield page
    context.close()


def first_page(browser: Any, address: str) -> float:
    """Return seconds until a new visitor sees the diagram and the numbers."""
    begun = time.perf_counter()
    with visit(browser, address) as page:
        page.wait_for_selector("table.branches")
        return time.perf_counter() - begun


def opening_to_theory(browser: Any, address: str, name: str) -> tuple[float, float]:
    """Return seconds, and processor seconds of server and browser, from opening a view of `MEETS` to its theory.

    Its button is pressed at once.
    """
    button, meets = MEETS[name]
    begun, before = time.perf_counter(), processor_seconds()
    with visit(browser, f"{address}/?view={name.partition(',')[0]}") as page:
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_selector(meets)
        seconds = time.perf_counter() - begun
        return seconds, sum(spent - before.get(process, 0) for process, spent in processor_seconds().items())


def click_to_numbers(page: Any, place: float) -> float:
    """Return seconds from a click on the diagram to other numbers in the table."""
    page.wait_for_timeout(500)  # no double click
    head = page.locator(".about h3")
    before = head.inner_text()
    page.locator("canvas").first.scroll_into_view_if_needed()  # a click at Simulate may have moved it out of sight
    box = page.locator("canvas").first.bounding_box()
    begun = time.perf_counter()
    page.mouse.click(box["x"] + place * box["width"], box["y"] + 0.5 * box["height"])
    while head.inner_text() == before:
        if time.perf_counter() > begun + PATIENCE:
            raise TimeoutError(f"a click at {place:g} changes nothing: {before}")
    return time.perf_counter() - begun


def updates_a_second(page: Any, place: float = 0.7, seconds: float = 3.0) -> tuple[float, float]:
    """Return live updates a second, and how long the page takes to answer a click at a new place meanwhile."""
    page.get_by_role("button", name="Simulate here").click()
    said = page.locator(".verdict div").first
    seen: list[str] = []
    page.wait_for_selector(".verdict b")
    begun = time.perf_counter()
    while time.perf_counter() < begun + seconds:
        text = said.inner_text()
        if "sweeps" in text and (not seen or text != seen[-1]):
            seen.append(text)
    answer = click_to_numbers(page, place)  # the run goes on
    page.get_by_role("button", name="Stop").click()
    return len(seen) / seconds, answer


def frames_a_second(browser: Any, address: str, seconds: float = 5.0) -> float:
    """Return how many states of the network at work a visitor is shown in a second."""
    with visit(browser, f"{address}/?view=live") as page:
        page.get_by_role("button", name="Run", exact=True).click()
        said = page.locator(".live p").first
        while not (first := _sweeps(said)):
            page.wait_for_timeout(50)
        begun = time.perf_counter()
        page.wait_for_timeout(1000 * seconds)
        return FRAMES * (_sweeps(said) - first) / (time.perf_counter() - begun)


def _sweeps(said: Any) -> int:
    return int(said.inner_text().split()[0])


def memory_of_visitors(browser: Any, address: str, process: psutil.Process, n: int, minutes: float) -> list[float]:
    """Let n visitors click, go on and simulate in turn; return the server's memory every tenth of the time, in MiB."""
    with contextlib.ExitStack() as open_pages:
        pages = [open_pages.enter_context(visit(browser, f"{address}/{STUDENT}")) for _ in range(n)]
        for page in pages:
            page.wait_for_selector("table.branches")
        memory, begun, turn = [mebibytes(process)], time.monotonic(), 0
        while (spent := time.monotonic() - begun) < 60 * minutes:
            page = pages[turn % n]
            click_to_numbers(page, 0.3 + 0.05 * (turn % 11))
            page.get_by_role("button", name="Simulate here").click()
            time.sleep(0.5)
            if spent > 6 * minutes * len(memory):
                memory.append(mebibytes(process))
            turn += 1
    return memory
