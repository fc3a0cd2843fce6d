"""The explorer: where and how soon simulations meet theory; first page, clicks, updates; visitors' memory.

    python benchmarks/bench_explorer.py [PART ...] [--rounds 5] [--minutes 10] [--visitors 5]

Parts, of which all are measured where none is named: `agreement`, of each default simulation with theory over many
seeds, without a browser; `alone`; `busy`, beside a process that takes a core; `proxy`, under a path behind a reverse
proxy; `memory` of the server with visitors who click and simulate in turn. All but the first need Chromium. Times hold
for cores that are idle otherwise, which the first line shows; processor time is that of server and browser together.
"""

import argparse
import math
import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import explorer_visits as visits
import numpy as np
from rows import Row, heading

from densehop.apps.explorer.compute import description
from densehop.apps.explorer.compute.attack import Attack, AttackSimulation
from densehop.apps.explorer.compute.cut import CutLine, CutSimulation, agreement, theory_along
from densehop.apps.explorer.compute.live import LiveNetwork, LiveRun
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.restoration import Damage, Restoration
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest
from densehop.apps.explorer.compute.stored import stored_digits
from densehop.apps.explorer.sessions.state import SessionState
from densehop.apps.explorer.workers.job_runner import Job

N_SEEDS = 20
DEFAULT = SessionState()
LIVE_FRAMES = 80  # after which a default run of the network at work is looked at


def end(job: Job) -> None:
    """Do a job."""
    while not job.finished:
        job.advance()


def requested(point: Point, seed: int) -> SimulationRequest:
    """Return the default simulation at a point."""
    state = DEFAULT
    return SimulationRequest(point, state.n, state.disorders, state.start, state.amount, seed, state.sweeps)


def phase_agrees(seed: int) -> bool:
    """Whether the first page says that its simulation agrees with the theory."""
    point = Point(DEFAULT.plane, DEFAULT.x, DEFAULT.t)
    simulation = Simulation(requested(point, seed))
    end(simulation)
    return "It agrees with the theory" in description.result(simulation, point.levels(DEFAULT.n))


def cut_agrees(seed: int) -> bool:
    """Whether the cut says that all its simulations where there is an ordered state agree."""
    line = CutLine(DEFAULT.plane, DEFAULT.x, DEFAULT.t, DEFAULT.along == "temperature", DEFAULT.n)
    positions = line.simulated_positions()
    simulation = CutSimulation([requested(line.point_at(position), seed) for position in positions], positions)
    end(simulation)
    said = agreement(theory_along(line), np.array(simulation.results), DEFAULT.n)
    counts = [(int(agree), int(of)) for agree, of in re.findall(r"(\d+) of (\d+) agree", said)]
    return counts[-1][0] == counts[-1][1]


def live_agrees(seed: int) -> bool:
    """Whether the damaged memory is restored, as its phase lets expect."""
    network = LiveNetwork(DEFAULT.live_stored, DEFAULT.live_p, DEFAULT.live_m, seed)
    run = LiveRun(network, 0, DEFAULT.live_t, turn=1)  # as on a page that was just opened
    while run.frames < LIVE_FRAMES and run.overlaps[-1][0] < 1:
        run.advance()
    return bool(run.overlaps[-1][0] == 1)


def restore_agrees(seed: int) -> bool:
    """Whether the two sharpest energies restore the digit, of which all others hold too many."""
    stored = stored_digits()
    damage = Damage(DEFAULT.digit, DEFAULT.hidden, DEFAULT.flipped, DEFAULT.overwritten, (), seed)
    restoration = Restoration(stored, damage)
    end(restoration)
    right = [name for name, state in restoration.states.items() if np.array_equal(state, stored[damage.digit])]
    return right[-2:] == ["rectified n = 10", "exponential"]


def attack_agrees(seed: int) -> bool:
    """Whether the attack, which is below the theory's boundary, fails on every draw."""
    simulation = AttackSimulation(Attack(DEFAULT.attack_load, DEFAULT.eps, DEFAULT.digit, seed))
    end(simulation)
    return simulation.counts["recovered"] == len(simulation.students)


AGREES: dict[str, Callable[[int], bool]] = {
    "phase": phase_agrees,
    "cut": cut_agrees,
    "live": live_agrees,
    "restore": restore_agrees,
    "attack": attack_agrees,
}


def measure_agreement(n_seeds: int = N_SEEDS) -> None:
    """Print for how many seeds the default simulation of each view agrees with theory, and what it costs."""
    for view, agrees in AGREES.items():
        begun = time.process_time()
        agreed = [agrees(seed) for seed in range(n_seeds)]
        seconds = (time.process_time() - begun) / n_seeds
        others = [seed for seed, one in enumerate(agreed) if not one]
        print(
            f"{view}: {sum(agreed)} of {n_seeds} seeds agree with theory{f', not {others}' if others else ''}; "
            f"{seconds:.2f} s of processor time a run"
        )


def times(browser: Any, address: str, how: str, rounds: int) -> Iterator[Row]:
    """Measure first pages, clicks and live updates."""
    pages = [visits.first_page(browser, address) for _ in range(rounds)]
    yield Row(f"explorer, {how}: first page, s", 3.0, pages, at_most=True)
    with visits.visit(browser, f"{address}/{visits.STUDENT}") as page:
        page.wait_for_selector("table.branches")
        page.wait_for_timeout(2000)
        clicks = [visits.click_to_numbers(page, place) for place in np.linspace(0.3, 0.8, rounds)]
        yield Row(f"explorer, {how}: click to numbers, s", 0.3, clicks, at_most=True)
        updates = [visits.updates_a_second(page, place) for place in np.linspace(0.4, 0.65, math.ceil(rounds / 2))]
        yield Row(f"explorer, {how}: live updates a second", 5.0, [rate for rate, _ in updates])
        yield Row(f"explorer, {how}: click during a simulation, s", 0.3, [one for _, one in updates], at_most=True)


def meetings(browser: Any, address: str, how: str, rounds: int) -> Iterator[Row]:
    """Measure the network at work, and the time from opening each view to its theory."""
    frames = [visits.frames_a_second(browser, address) for _ in range(math.ceil(rounds / 2))]
    yield Row(f"explorer, {how}: states of the network at work a second", 5.0, frames)
    for view in visits.MEETS:
        both = [visits.opening_to_theory(browser, address, view) for _ in range(rounds)]
        yield Row(f"explorer, {how}: {view}, opened, run and at its theory, s", 5.0, [one for one, _ in both], True)
        yield Row(f"explorer, {how}: {view}, the same in processor time, s", None, [cost for _, cost in both])


def measure_alone(rounds: int) -> Iterator[Row]:
    """Measure all times with nothing beside."""
    with visits.serving() as (address, _), visits.browsing() as browser:
        yield from times(browser, address, "alone", rounds)
        yield from meetings(browser, address, "alone", rounds)


def measure_busy(rounds: int) -> Iterator[Row]:
    """Measure all times beside a process that takes a core."""
    with visits.serving() as (address, _), visits.browsing() as browser, visits.busy_process():
        yield from times(browser, address, "beside a busy process", rounds)
        yield from meetings(browser, address, "beside a busy process", rounds)


def measure_proxy(rounds: int) -> Iterator[Row]:
    """Measure first pages, clicks and updates under a path behind a proxy."""
    with visits.serving_behind_a_proxy() as address, visits.browsing() as browser:
        yield from times(browser, address, "behind a proxy", rounds)


def measure_memory(n_visitors: int, minutes: float) -> Iterator[Row]:
    """Measure the server's memory while visitors use it."""
    with visits.serving() as (address, process), visits.browsing() as browser:
        memory = visits.memory_of_visitors(browser, address, process, n_visitors, minutes)
    print(f"{n_visitors} visitors, {minutes:g} minutes: MiB {' '.join(f'{one:.0f}' for one in memory)}")
    middle = len(memory) // 2
    growth = float(np.mean(memory[middle:]) / np.mean(memory[1:middle] or memory[:1]))
    yield Row("explorer, visitors: memory, later half over earlier one", 1.05, [growth], at_most=True)


def main() -> None:
    """Measure the parts that are asked for, and print them in one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--visitors", type=int, default=5)
    chosen = parser.parse_args()
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "alone": partial(measure_alone, chosen.rounds),
        "busy": partial(measure_busy, chosen.rounds),
        "proxy": partial(measure_proxy, chosen.rounds),
        "memory": partial(measure_memory, chosen.visitors, chosen.minutes),
    }
    asked = chosen.parts or ["agreement", *parts]
    if unknown := sorted(set(asked) - {"agreement", *parts}):
        parser.error(f"no part {', '.join(unknown)}; there are agreement, {', '.join(parts)}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: times hold for idle cores")
    if "agreement" in asked:
        measure_agreement()
    if asked != ["agreement"] and visits.chromium() is None:
        print("no browser: all else is skipped (Debian: apt-get install chromium)")
        return
    print(heading())
    for row in (row for name in asked if name in parts for row in parts[name]()):
        print(row, flush=True)


if __name__ == "__main__":
    main()
