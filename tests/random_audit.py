"""Random points of the theory, each solved by the package and by slow iteration of the same equations, typed anew.

A point is asked for in replica symmetry or with one step of its breaking. Replica symmetry: the damped iteration from
overlaps 1, 0.7 and 0.3 says which state is there, or that there is none. One step: the four equations of
`naive_one_step` must hold at the state that came. Both: neighbours in load and temperature must have nearly the same.
"""

import math
import warnings
from collections import Counter
from typing import NamedTuple

import numpy as np

import densehop as dh
from densehop.errors import NotConverged
from tests import naive_one_step

STARTS = (1.0, 0.7, 0.3)
LONGEST, SETTLED = 4_000, 1e-11  # steps of the iteration, and how little the last one moves
NOTHING = 1e-4  # an overlap below it is none
NEAR = 1e-3  # relative distance of neighbours
COLDEST_BROKEN = 0.05  # T of 1RSB, in units of the signal: below, plain quadrature fails


class Point(NamedTuple):
    """A problem in the units of the direct model (p >= 3), or of two bodies with contrast c of the teacher."""

    p: int
    load: float
    temperature: float
    contrast: float
    signal: float

    @property
    def branch(self):
        """Which state is asked for."""
        return "retrieval" if self.signal == 1 and not self.contrast else "inference"

    @property
    def problem(self):
        """The problem whose units these are."""
        if self.branch == "retrieval":
            return dh.DirectModel(self.p, self.load, self.temperature)
        if self.p == 2:
            return dh.TeacherStudent(2, self.load, self.temperature, 2 + 2 / self.contrast)
        scaled = self.load * self.signal**2, self.temperature * self.signal
        return dh.TeacherStudent(self.p, *scaled, signal=self.signal)


def random_point(rng, ansatz):
    """Return a point around the end of retrieval, or the onset of inference, of p = 2 to 12."""
    p = int(rng.integers(2, 13))
    coldest = COLDEST_BROKEN if ansatz == "1rsb" else 0.02
    temperature = math.exp(rng.uniform(math.log(coldest), math.log(1.3 if p > 2 else 1.9)))
    if p == 2 and rng.random() < 0.5:
        contrast = math.exp(rng.uniform(math.log(0.3), math.log(10)))
        temperature *= 1 + 2 / contrast
        load = math.exp(rng.uniform(math.log(0.05), math.log(20))) / contrast
        return Point(2, load, temperature, contrast, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        end = dh.retrieval_boundary(p, temperature)
    signal = 1.0 if p == 2 or rng.random() < 0.5 else math.exp(rng.uniform(-1, 1))
    share = rng.uniform(0.95, 1.25) if ansatz == "1rsb" and temperature < 0.8 else rng.uniform(0.3, 1.1)
    return Point(p, end * share, temperature, 0.0, signal)


def average(mean, variance, temperature):
    """Return E tanh and E tanh^2 of the field mean + sqrt(variance) z by the trapezoidal rule."""
    width = math.sqrt(variance)
    step = min(0.02, temperature / width / 6) if width else 1.0
    z = np.arange(-8.5, 8.5 + step, step)
    weight = np.exp(-(z**2) / 2)
    tanh = np.tanh((mean + width * z) / temperature)
    return float(weight @ tanh / weight.sum()), float(weight @ tanh**2 / weight.sum())


def iterate(point, start):
    """Return overlap and q where the damped iteration from `start` settles; None where it has not."""
    m, q = start, start
    for _ in range(LONGEST):
        if point.p > 2:
            mean, variance = point.p * m ** (point.p - 1), point.p * point.load * q ** (point.p - 1)
        else:
            d = 1 - 2 * (1 - q) / point.temperature
            if d <= 0:
                m, q = (m + 1) / 2, (q + 1) / 2
                continue
            mean = point.load * point.contrast * m / d if point.contrast else 2 * m
            variance = 2 * point.load * (q + point.contrast * m**2) / d**2
        new_m, new_q = average(mean, variance, point.temperature)
        moved = abs(new_m - m) + abs(new_q - q)
        m, q = (m + new_m) / 2, (q + new_q) / 2
        if moved < SETTLED:
            return m, q
        if m < NOTHING / 10:
            return 0.0, q
    return None


def solve(point, ansatz):
    """Return the package's state, None where it says that there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return dh.solve(point.problem, point.branch, ansatz)
        except (dh.NoSolution, dh.OutOfRange):
            return None


def overlap_of(solution):
    """Return m or q*, 0 without a state."""
    return 0.0 if solution is None else solution.m or solution.q_star


def audit_symmetric(point):
    """Return what was found out, and by how much overlaps differ."""
    found = overlap_of(solve(point, "rs"))
    settled = [iterate(point, start) for start in STARTS]
    known = [each[0] for each in settled if each is not None]
    if not known:
        return "the iteration is too slow", 0.0
    largest = max(known)
    if found and abs(largest - found) < 1e-6:
        return "same state", abs(largest - found)
    if not found and largest < NOTHING:
        return "none, as iterated", 0.0
    if None in settled:
        return "the iteration is too slow", 0.0
    return ("WRONG" if found else "MISSED"), abs(largest - found)


def audit_broken(point):
    """Return what was found out, and the largest violation of the independent equations."""
    solution = solve(point, "1rsb")
    if solution is None:
        symmetric = solve(point, "rs")
        stable = symmetric is not None and symmetric.replicon > 0
        return ("DENIED a stable state" if stable else "none"), 0.0
    if solution.parisi in {0.0, 1.0} or solution.q1 - solution.q0 < 1e-6:
        return "replica symmetric", 0.0
    at = naive_one_step.Unknown(point.load, solution.q0, solution.q1, solution.parisi)
    violation = float(
        np.abs(naive_one_step.residuals(point.p, point.temperature, overlap_of(solution), at, point.contrast)).max()
    )
    return ("equations hold" if violation < 1e-5 else "WRONG"), violation


def audit_neighbours(point, ansatz):
    """Return what was found out: a state a little further from its end, and a little colder, is nearly the same."""
    here = overlap_of(solve(point, ansatz))
    away = -1 if point.branch == "retrieval" or not point.contrast else 1
    near = point._replace(load=point.load * (1 + away * NEAR)), point._replace(load=point.load * (1 - away * NEAR))
    inside, outside = (overlap_of(solve(one, ansatz)) for one in near)
    if here and not inside:
        return "GAP", here
    if not here:
        return "none here", 0.0
    change, before = abs(inside - here), abs(here - outside) if outside else math.inf
    return ("continuous" if change < max(2 * before, 0.05) else "JUMP"), change


def audit(n_points, seed):
    """Return counts of verdicts, the worst number of each, and the points of all bad ones; every fifth in 1RSB."""
    rng, counts, worst, bad = np.random.default_rng(seed), Counter(), {}, []
    for number in range(n_points):
        ansatz = "1rsb" if number % 5 == 4 else "rs"
        point = random_point(rng, ansatz)
        try:
            verdicts = [audit_broken(point) if ansatz == "1rsb" else audit_symmetric(point)]
            verdicts.append(audit_neighbours(point, ansatz))
        except NotConverged as refusal:
            verdicts = [(f"NOT CONVERGED {refusal}"[:60], 0.0)]
        for verdict, number_of_it in verdicts:
            counts[ansatz, verdict] += 1
            worst[ansatz, verdict] = max(worst.get((ansatz, verdict), 0.0), number_of_it)
            if verdict.split()[0].isupper():
                bad.append((ansatz, verdict, point, number_of_it))
    return counts, worst, bad
