"""Every line of p = 3 to 20 in both ansatzes against independent solvers: `make check-long`.

At each temperature: where retrieval ends, where it wins, where replica symmetry breaks. A teacher's lines of p >= 3 are
these in other units (`test_phase_boundaries.py`); those of p = 2 are compared in `test_one_step_long.py`.
"""

import math
import os
import warnings
from collections import defaultdict

import numpy as np
import pytest

from densehop.errors import NoSolution
from densehop.theory.lines import curves
from densehop.theory.models.choice import p_body
from densehop.theory.models.many_body import glass, limits
from densehop.theory.states import broken_curve
from tests import naive_lines
from tests.naive_one_step import NotFound, Unknown

pytestmark = pytest.mark.long

BODIES = (3, 4, 5, 6, 10, 12, 20)
N_TEMPERATURES = int(os.environ.get("DENSEHOP_LINE_TEMPERATURES", "100"))
OWN = 3e-13  # relative: what the other solvers' sums and searches leave
COLDEST, HOTTEST = 0.05, 1.15  # of 1/Gamma_lR, up to which replica symmetry breaks anywhere


def rival(p, load, temperature):
    """The free energy without overlaps: where there is a glass, with x <= 1, it is the rival."""
    try:
        found = glass.broken(p, load / temperature**2)  # a guess only
    except NoSolution:
        return -temperature * math.log(2) - load / (2 * temperature)
    inner = min(found.order.inner, 1 - 1e-14)
    return naive_lines.glass_free_energy(p, load, temperature, inner, found.parisi)


def unknown(state, temperature):
    order = state.order
    return Unknown(state.load, order.outer, order.inner, order.tilt * temperature)


def broken_transition(p, temperature, branch, load):
    """The load at which 1RSB retrieval stops winning, from two states next to the line."""
    state = broken_curve.state(branch, load, temperature)
    points = []
    for rest in (1.0, 1.01):
        overlap = 1 - (1 - state.order.overlap) * rest
        at, energy = naive_lines.broken_free_energy(p, temperature, overlap, unknown(state, temperature))
        points.append((at, rival(p, at, temperature) - energy))
    (one, lead), (other, further) = points
    return one - lead * (other - one) / (further - lead)


def lines_at(p, temperature):
    """Yield name, estimate and independent load of every line at a temperature; None where both say there is none."""
    branch = p_body(p).retrieval
    end = naive_lines.symmetric_end(p, temperature)
    yield "rs end", limits.spinodal_load(p, temperature), end.load
    parting = naive_lines.where_symmetric(p, temperature, end, lambda state: state.replicon)
    try:
        line = limits.stability_load(p, temperature)
    except NoSolution:
        assert parting is None
    else:
        yield "stability", line, parting.load if parting else math.nan

    def lead(state):
        return rival(p, state.load, temperature) - state.free_energy

    wins = naive_lines.where_symmetric(p, temperature, end, lead)
    try:
        symmetric = curves.global_load(p, temperature)
    except NoSolution:  # too hot to win at any load
        symmetric = None
        assert lead(naive_lines.at_rest(p, temperature, 1.001 * naive_lines.smallest_rest(p, temperature))) < 0
    else:
        yield "rs global", symmetric, wins.load if wins else end.load
    found = broken_curve.curve(branch, temperature)
    if found is None:
        return
    top = found.end.state
    yield (
        "1rsb end",
        broken_curve.end_load(branch, temperature),
        naive_lines.broken_end(p, temperature, top.order.overlap, unknown(top, temperature)),
    )
    if symmetric is None:
        return
    broken = curves.broken_global_load(p, temperature)
    if broken.value == symmetric.value:
        yield "1rsb global", broken, wins.load if wins else end.load
    else:
        yield "1rsb global", broken, broken_transition(p, temperature, branch, broken.value)


@pytest.mark.parametrize("p", BODIES)
def test_lines_at_all_temperatures(p):
    counts, differences, ratios, refused = defaultdict(int), defaultdict(float), defaultdict(float), []
    highest = p_body(p).retrieval.furthest
    for temperature in np.linspace(COLDEST * highest, HOTTEST * highest, N_TEMPERATURES).tolist():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                for name, line, load in lines_at(p, temperature):
                    off = abs(line.value - load)
                    counts[name] += 1
                    differences[name] = max(differences[name], off / load)
                    ratios[name] = max(ratios[name], max(off - OWN * load, 0.0) / line.error)
            except NotFound as lost:
                refused.append((temperature, str(lost)))
    for name, count in counts.items():
        print(f"p = {p:2} {name:12} {count:4}  difference {differences[name]:.1e}  true/claimed {ratios[name]:.2f}")
    print(f"p = {p:2} refused by the other solver: {len(refused)} {refused[:3]}")
    assert max(ratios.values()) < 1
    assert len(refused) <= 0.05 * N_TEMPERATURES
