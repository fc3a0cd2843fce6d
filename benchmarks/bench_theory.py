"""Measure the theory in one run: transitions, solutions and diagrams against their targets, and plain iteration beside.

Latencies are CPU times, medians over rounds; before each call the caches that hold answers are emptied, while tables
that serve a whole p stay, as in use. Peers are measured interleaved (ours, peer, ours, peer, ...).
"""

import math
import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

import densehop as dh
from densehop.theory.diagrams import grids
from densehop.theory.lines import curves, pairwise_lines
from densehop.theory.models import nishimori
from densehop.theory.models.many_body import glass, limits
from densehop.theory.models.many_body import states as many_body
from densehop.theory.models.pairwise import curves as pairwise_curves
from densehop.theory.models.pairwise import limits as pairwise_limits
from densehop.theory.models.pairwise.glass_table import glass_table, onset_table
from densehop.theory.states import broken_curve, site

ROUNDS = 5

POINT_CACHES = (
    many_body.spinodal,
    glass.at_parisi,
    glass.gardner,
    glass.symmetric_spinodal,
    nishimori.spinodal_variance,
    pairwise_curves.retrieved,
    pairwise_curves.spinodal_log_variance,
    broken_curve.curve,
)


def cpu_time(call: Callable[[], object]) -> float:
    """Return the CPU seconds of one call with nothing of it cached."""
    for cached in POINT_CACHES:
        cached.cache_clear()
    began = time.process_time()
    call()
    return time.process_time() - began


def report(name: str, seconds: float, target: float) -> None:
    """Print a latency beside its target."""
    unit, scale = ("ms", 1e3) if target < 1 else ("s", 1.0)
    verdict = "pass" if seconds < target else "FAIL"
    print(f"  {name:58} {scale * seconds:9.2f} {unit} < {scale * target:g} {unit}: {verdict}")


def slowest(calls: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> tuple[str, float]:
    """Return the name and median time of the slowest call, after one warm-up each."""
    for call in calls.values():
        call()
    times = {name: statistics.median(cpu_time(call) for _ in range(rounds)) for name, call in calls.items()}
    worst = max(times, key=times.__getitem__)
    return worst, times[worst]


def allowed(call: Callable[[], object]) -> bool:
    """Whether a point of a line exists."""
    try:
        call()
    except dh.NoSolution:
        return False
    return True


# --- transitions ------------------------------------------------------------------------------------------------------


def transitions() -> None:
    """Time single points of every replica-symmetric line at T >= 0.1."""
    print("replica-symmetric transitions and spinodals at T >= 0.1, warm, to 1e-8, the slowest temperature:")
    lines: dict[str, Callable[[float], tuple[float, float]]] = {}
    for p in (3, 4, 10):
        lines[f"retrieval_spinodal, p = {p}"] = partial(limits.spinodal_load, p)
        lines[f"retrieval_global, p = {p}"] = partial(curves.global_load, p)
        lines[f"retrieval_stability, p = {p}"] = partial(limits.stability_load, p)
    lines["retrieval_spinodal, p = 2"] = pairwise_limits.retrieval_spinodal_load
    lines["retrieval_global, p = 2"] = pairwise_lines.retrieval_global_load
    lines["inference, p = 2, T* = 4"] = partial(pairwise_limits.inference_load, contrast=1.0)
    lines["inference_stability, p = 2, T* = 4"] = partial(pairwise_limits.inference_stability_load, contrast=1.0)
    for name, line in lines.items():
        calls = {f"T = {t:g}": partial(line, t) for t in (0.1, 0.2, 0.5, 1.0, 1.3)}
        calls = {at: call for at, call in calls.items() if allowed(call)}
        if not calls:
            continue
        at, seconds = slowest(calls)
        worst = max(error / value for value, error in (call() for call in calls.values()))
        report(f"{name} ({at}; largest error {worst:.0e})", seconds, 0.05)
    by_load = {
        "T_M": pairwise_lines.retrieval_spinodal_temperature,
        "T_c": pairwise_lines.retrieval_global_temperature,
    }
    for name, by in by_load.items():
        at, seconds = slowest({f"load = {load:g}": partial(by, load) for load in (0.01, 0.05, 0.1)})
        report(f"{name} of a load, p = 2 ({at})", seconds, 0.05)


# --- solutions --------------------------------------------------------------------------------------------------------


class Question(NamedTuple):
    """A kind of point: which problems, and which branch of them."""

    problem: Callable[[float], dh.DirectModel | dh.TeacherStudent]
    branch: str


def solutions() -> None:
    """Time each branch over many problems, no two alike."""
    print("replica-symmetric solutions at T >= 0.05, medians and maxima over 40 problems:")
    questions = {
        "retrieval, p = 3": Question(lambda u: dh.DirectModel(3, 0.1 + 0.6 * u, 0.05 + 0.6 * u), "retrieval"),
        "retrieval near its end, p = 3": Question(_near_spinodal, "retrieval"),
        "retrieval, p = 10": Question(lambda u: dh.DirectModel(10, 0.01 + 0.1 * u, 0.05 + u), "retrieval"),
        "spin glass, p = 3": Question(lambda u: dh.DirectModel(3, 2 + 6 * u, 0.05 + u), "spin_glass"),
        "inference, p = 4": Question(lambda u: dh.TeacherStudent(4, 6 + 4 * u, 0.05 + u, 2.0), "inference"),
        "Nishimori line, p = 3": Question(
            lambda u: dh.TeacherStudent.nishimori(3, 5.0 + 4 * u, 1.6 + 0.2 * u), "inference"
        ),
        "retrieval, p = 2": Question(lambda u: dh.DirectModel(2, 0.02 + 0.15 * u, 0.05 + 0.5 * u), "retrieval"),
        "spin glass, p = 2": Question(lambda u: dh.DirectModel(2, 0.1 + u, 0.05 + 1.5 * u), "spin_glass"),
        "inference, p = 2": Question(lambda u: dh.TeacherStudent(2, 4 + 4 * u, 0.05 + 3 * u, 4.0), "inference"),
    }
    for name, question in questions.items():
        times = [
            cpu_time(partial(dh.solve, question.problem(float(u)), question.branch)) for u in np.linspace(0, 1, 40)
        ]
        report(f"{name} (slowest {1e3 * max(times[1:]):.1f} ms)", statistics.median(times), 0.005)


def _near_spinodal(u: float) -> dh.DirectModel:
    """Return a problem 1e-6 below the largest load."""
    temperature = 0.05 + 1.2 * u
    return dh.DirectModel(3, limits.spinodal_load(3, temperature).value * (1 - 1e-6), temperature)


def broken() -> None:
    """Time one step of replica symmetry breaking."""
    print("one step of replica symmetry breaking, the slowest of some points:")
    points = {
        "glass, p = 3": [dh.DirectModel(3, load, t) for load, t in ((1.0, 0.1), (1.0, 0.5), (2.0, 0.9))],
        "glass, p = 10": [dh.DirectModel(10, load, t) for load, t in ((1.0, 0.1), (1.0, 0.5), (2.0, 0.9))],
        "glass, p = 2": [dh.DirectModel(2, load, t) for load, t in ((0.1, 0.1), (1.0, 0.5), (1.0, 1.5))],
        "retrieval, p = 3": [dh.DirectModel(3, load, t) for load, t in ((0.7, 0.05), (0.8, 0.2), (0.75, 0.0))],
        "retrieval beyond the RS end, p = 3": [dh.DirectModel(3, 0.9, 0.2), dh.DirectModel(3, 0.85, 0.0)],
        "retrieval, p = 2": [dh.DirectModel(2, 0.27, 0.01), dh.DirectModel(2, 0.275, 0.0)],
    }
    for name, problems in points.items():
        branch = "spin_glass" if name.startswith("glass") else "retrieval"
        calls = {
            f"load = {problem.load:g}, T = {problem.temperature:g}": partial(dh.solve, problem, branch, "1rsb")
            for problem in problems
        }
        at, seconds = slowest(calls, rounds=3)
        report(f"{name} ({at})", seconds, 1.0)
    for kind in ("spinodal", "global"):
        for p in (2, 3, 4):
            ends = {f"T = {t:g}": partial(dh.retrieval_boundary, p, t, kind, "1rsb") for t in (0.0, 0.02, 0.2)}
            at, seconds = slowest(ends, rounds=1)
            report(f"boundary {kind}, p = {p} ({at})", seconds, 5.0)


# --- diagrams ---------------------------------------------------------------------------------------------------------


def diagrams() -> None:
    """Time whole diagrams of 400 x 401 points, every phase and line, in one process, its tables included."""
    print("diagrams of 400 x 401 points with all lines, CPU time of one process:")
    temperatures = np.linspace(0, 4, 401)
    for model, p, right in (("direct", 3, 2.0), ("nishimori", 3, 8.0), ("nishimori", 4, 8.0), ("nishimori", 10, 8.0)):
        loads = np.linspace(0, right, 401)[1:]
        for table in (grids.spinodal_table, grids.glass_splines, curves.glass_table):
            table.cache_clear()
        began = time.perf_counter()
        seconds = cpu_time(partial(dh.phase_diagram, p, model, loads, temperatures))
        report(f"{model}, p = {p} (wall time {time.perf_counter() - began:.1f} s)", seconds, 20.0)
    for model, teacher, right in (("direct", None, 0.4), ("nishimori", None, 2.0), ("fixed_teacher", 3.0, 2.0)):
        loads = np.linspace(0, right, 401)[1:]
        for made in (glass_table, onset_table):
            made.cache_clear()
        began = time.perf_counter()
        seconds = cpu_time(partial(dh.phase_diagram, 2, model, loads, temperatures, teacher_temperature=teacher))
        report(f"{model}, p = 2 (wall time {time.perf_counter() - began:.1f} s)", seconds, 20.0)


# --- plain iteration --------------------------------------------------------------------------------------------------

HERMITE_NODES, HERMITE_WEIGHTS = np.polynomial.hermite_e.hermegauss(201)
HERMITE_WEIGHTS = HERMITE_WEIGHTS / math.sqrt(2 * math.pi)


def exact_step(mean: float, deviation: float, temperature: float) -> tuple[float, float]:
    """Return m and q with the package's own averages."""
    here = site.average(mean, deviation, temperature)
    return here.overlap, here.square


def hermite_step(mean: float, deviation: float, temperature: float) -> tuple[float, float]:
    """Return m and q with 201 Gauss-Hermite nodes."""
    tanh = np.tanh((mean + deviation * HERMITE_NODES) / temperature)
    return float(HERMITE_WEIGHTS @ tanh), float(HERMITE_WEIGHTS @ tanh**2)


def iterate(
    step: Callable[[float, float, float], tuple[float, float]],
    p: int,
    load: float,
    temperature: float,
    *,
    steps: int = 100_000,
    tolerance: float = 1e-12,
    damping: float = 0.9,
) -> float:
    """Return m by damped iteration from m = q = 1, to a tolerance or for a number of steps (docs/theory.md, eq. 28)."""
    m = q = 1.0
    for _ in range(steps):
        new_m, new_q = step(p * max(m, 0.0) ** (p - 1), math.sqrt(p * load * q ** (p - 1)), temperature)
        moved = abs(new_m - m) + abs(new_q - q)
        m, q = m + damping * (new_m - m), q + damping * (new_q - q)
        if moved < tolerance:
            break
    return m


def against_iteration() -> None:
    """Compare time and error with iteration: away from the end of retrieval, close to it and just beyond."""
    peers: dict[str, Callable[[float, float], float]] = {
        "iteration to 1e-12, same averages": lambda load, t: iterate(exact_step, 3, load, t),
        "iteration to 1e-12, 201 Hermite nodes": lambda load, t: iterate(hermite_step, 3, load, t),
        "100 iterations, 201 Hermite nodes": lambda load, t: iterate(
            hermite_step, 3, load, t, steps=100, tolerance=0.0
        ),
    }
    print("retrieval, p = 3, against damped iteration from m = q = 1 (error of m; beyond its end m = 0):")
    for temperature in (0.05, 0.5):
        end = limits.spinodal_load(3, temperature).value
        for away in (0.3, 1e-3, 1e-6, -1e-3):
            _compare(temperature, end * (1 - away), away, peers)


def _compare(temperature: float, load: float, away: float, peers: dict[str, Callable[[float, float], float]]) -> None:
    """Print one point: ours and each peer, interleaved."""

    def ours() -> float:
        try:
            return dh.solve(dh.DirectModel(3, load, temperature), "retrieval").m
        except dh.NoSolution:
            return 0.0

    truth = ours()
    print(f"  T = {temperature}, load at {1 - away:g} of its end, m = {truth:.10f}:")
    for name, peer in peers.items():
        once = partial(peer, load, temperature)
        rounds = ROUNDS if cpu_time(once) < 0.3 else 1
        pairs = [(cpu_time(ours), cpu_time(once)) for _ in range(rounds)]
        mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(
            f"    {name:38} {1e3 * theirs:9.2f} ms, error {abs(once() - truth):.0e}; "
            f"ours {1e3 * mine:6.2f} ms; peer/ours {theirs / mine:6.1f}"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)  # unstable states are timed too
    transitions()
    solutions()
    broken()
    diagrams()
    against_iteration()
