"""The explorer: where and how soon simulations meet theory; first page, clicks, updates, visitors' memory; pictures.

    python benchmarks/bench_explorer.py [--minutes 1] [--visitors 5] [--pictures FOLDER]

All but the first table needs Chromium. Visitors click, change p and simulate in turn; memory is that of the server and
its processes.
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from densehop.apps.explorer.compute.live import FRAMES
from densehop.apps.explorer.compute.phase_plane import PhasePlane
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LAPTOP, DESKTOP = (1366, 768), (1920, 1080)
PATIENCE = 60  # seconds
LIVE = "?model=nishimori&p=3&n=96&sweeps=2000&x=8&t=2.2&disorders=4"
VIEWS = {
    "phase": "?model=fixed_teacher&x=3&t=1.5",
    "cut": "?model=nishimori&p=3&view=cut&x=8&n=48&sweeps=200&disorders=4",
    "live": "?view=live",
    "restore": "?view=restore&hidden=0.5&digit=7",
    "attack": "?view=attack&eps=0.55&attack_load=0.6",
}
MEETINGS = (  # a point, its N and disorders
    (Point(PhasePlane(), 0.06, 0.8), 1000, 8),
    (Point(PhasePlane("nishimori", 3), 6.0, 2.0), 192, 4),
)
MEETS = {  # what a page says when its default simulation is where the theory expects it, or what it shows is done
    "phase": "text=It agrees with the theory",
    "cut": "text=/1[0-2] of 12 agree with the theory/",
    "live": "text=/overlap 1.00 with memory 0/",
    "restore": "text=restored without an error by: rectified n = 10, exponential",
    "attack": "text=/recovered in 5 of 5 draws/",
}
RUN = {
    "phase": "Simulate here",
    "cut": "Simulate along the line",
    "live": "Run",
    "restore": "Restore",
    "attack": "Attack",
}


def meetings() -> None:
    """Print how far simulations of 400 sweeps are from theory, in standard errors, for seeds 0 to 3."""
    for point, n_spins, n_disorders in MEETINGS:
        levels, begun = point.levels(n_spins), time.process_time()
        wanted = [
            infinite if np.isnan(finite) else finite
            for finite, infinite in ((levels.overlap_at_size, levels.overlap), (levels.energy_at_size, levels.energy))
        ]
        found: list[list[float]] = [[], []]
        for seed in range(4):
            simulation = Simulation(SimulationRequest(point, n_spins, n_disorders, seed=seed))
            while not simulation.finished:
                simulation.advance()
            for place, (mean, error) in enumerate((simulation.mean_overlap(), simulation.mean_energy())):
                found[place].append(round((mean - wanted[place]) / error, 1))
        seconds = (time.process_time() - begun) / 4
        plane = f"{point.plane.model}, p = {point.plane.p}, load {point.coordinate:g}, T = {point.temperature:g}"
        print(
            f"{plane}, N = {n_spins}: overlap {found[0]}, energy {found[1]} errors from theory; {seconds:.2f} s a run"
        )


@contextlib.contextmanager
def serving() -> Iterator[tuple[str, psutil.Process]]:
    """Run the explorer in a process of its own; yield address and process."""
    command = [sys.executable, "-u", "-m", "densehop", "explore", "--port", "0", "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found is not None
    while "Launching server" not in process.stdout.readline():
        pass
    time.sleep(5)  # its own first visit
    try:
        yield found.group(), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def mebibytes(process: psutil.Process) -> float:
    """Return the resident memory of a process and its children."""
    family = [process, *process.children(recursive=True)]
    return float(sum(one.memory_info().rss for one in family)) / 2**20


def first_page(browser: Any, address: str) -> float:
    """Return seconds until a new visitor sees the diagram and the numbers."""
    context = browser.new_context(viewport=dict(zip(("width", "height"), LAPTOP, strict=True)))
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("canvas")
    page.wait_for_selector("table.branches")
    seconds = time.perf_counter() - begun
    context.close()
    return seconds


def opening_to_theory(browser: Any, address: str, view: str) -> float:
    """Return seconds from opening a page, whose button is pressed at once, to its simulation at its theory."""
    context = browser.new_context(viewport=dict(zip(("width", "height"), LAPTOP, strict=True)))
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    begun = time.perf_counter()
    page.goto(f"{address}/?view={view}")
    page.wait_for_selector("canvas")
    page.get_by_role("button", name=RUN[view], exact=True).click()
    page.wait_for_selector(MEETS[view])
    seconds = time.perf_counter() - begun
    context.close()
    return seconds


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
    page = browser.new_page()
    page.goto(f"{address}/?view=live")
    page.wait_for_selector("canvas")
    page.get_by_role("button", name="Run", exact=True).click()
    said = page.locator(".live p").first

    def sweeps() -> int:
        return int(said.inner_text().split()[0])

    while not sweeps():
        page.wait_for_timeout(50)
    first, begun = sweeps(), time.perf_counter()
    page.wait_for_timeout(1000 * seconds)
    frames = FRAMES * (sweeps() - first) / (time.perf_counter() - begun)
    page.close()
    return frames


def visitors(browser: Any, address: str, process: psutil.Process, number: int, minutes: float) -> list[float]:
    """Let visitors use the page in turn; return the memory every tenth of the time."""
    pages = [browser.new_context().new_page() for _ in range(number)]
    for page in pages:
        page.goto(f"{address}/{LIVE}")
        page.wait_for_selector("table.branches")
    memory, begun, turn = [mebibytes(process)], time.monotonic(), 0
    while (spent := time.monotonic() - begun) < 60 * minutes:
        page = pages[turn % number]
        click_to_numbers(page, 0.3 + 0.05 * (turn % 11))
        page.get_by_role("button", name="Simulate here").click()
        time.sleep(0.5)
        if spent > 6 * minutes * len(memory):
            memory.append(mebibytes(process))
        turn += 1
    for page in pages:
        page.context.close()
    return memory


def take_pictures(browser: Any, address: str, folder: Path) -> None:
    """Save each view at both widths, after a simulation."""
    for name, link in VIEWS.items():
        for size, (width, height) in {"laptop": LAPTOP, "desktop": DESKTOP}.items():
            context = browser.new_context(viewport={"width": width, "height": height})
            page = context.new_page()
            page.goto(f"{address}/{link}")
            page.wait_for_selector("canvas")
            page.get_by_role("button", name=RUN[name], exact=True).click()
            page.wait_for_timeout(12_000)
            page.screenshot(path=folder / f"explorer-{name}-{size}.png", full_page=True)
            context.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--visitors", type=int, default=5)
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: times hold for idle cores")
    meetings()
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        print("no browser: skipped (Debian: apt-get install chromium)")
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where there is a browser)

    with serving() as (address, process), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        pages = [first_page(browser, address) for _ in range(5)]
        print(f"first page: median {np.median(pages):.2f} s, longest {max(pages):.2f} s (goal 3)")
        for view in VIEWS:
            met = [opening_to_theory(browser, address, view) for _ in range(3)]
            print(f"{view}: opened, run and at its theory in {np.median(met):.1f} s, longest {max(met):.1f} s (goal 5)")
        page = browser.new_page(viewport={"width": LAPTOP[0], "height": LAPTOP[1]})
        page.goto(f"{address}/{LIVE}")
        page.wait_for_selector("table.branches")
        page.wait_for_timeout(2000)
        clicks = [click_to_numbers(page, place) for place in np.linspace(0.25, 0.85, 13)]
        print(f"click to numbers: median {np.median(clicks):.3f} s, longest {max(clicks):.3f} s (goal 0.3)")
        rate, answer = updates_a_second(page)
        print(f"live updates: {rate:.1f} a second (goal 5), a click meanwhile is answered in {answer:.3f} s")
        page.close()
        print(f"the network at work: {frames_a_second(browser, address):.1f} states a second (goal 5)")
        memory = visitors(browser, address, process, given.visitors, given.minutes)
        shown = " ".join(f"{one:.0f}" for one in memory)
        print(f"{given.visitors} visitors, {given.minutes:g} minutes: MiB {shown}")
        if given.pictures is not None:
            take_pictures(browser, address, given.pictures)
        browser.close()


if __name__ == "__main__":
    main()
