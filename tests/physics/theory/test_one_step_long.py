"""All 1RSB lines at a hundred temperatures, and their errors against a solver at given overlap: `make check-long`."""

import os
import warnings

import numpy as np
import pytest

from densehop.theory.lines import curves
from densehop.theory.models.choice import p_body
from densehop.theory.models.pairwise.model import Inference
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import broken_curve
from tests import naive_one_step
from tests.naive_one_step import NotFound, Unknown

pytestmark = pytest.mark.long

BODIES = (2, 3, 4, 5, 6, 7, 10, 12, 20)
N_POINTS = int(os.environ.get("DENSEHOP_AUDIT_POINTS", "120"))
SEED = int(os.environ.get("DENSEHOP_AUDIT_SEED", "7"))


@pytest.mark.parametrize("p", BODIES)
def test_no_point_is_missing(p):
    """Not below replica symmetry, without a jump in temperature, and the global line not above the end."""
    branch = p_body(p).retrieval
    highest = branch.furthest if p > 2 else 0.0501
    temperatures = np.linspace(0, highest, 100)
    ends = [broken_curve.end_load(branch, float(t)) for t in temperatures]
    loads = np.array([end.value for end in ends])
    symmetric = np.array([branch.symmetric_end(float(t)).value for t in temperatures])
    assert (loads >= symmetric * (1 - 1e-12)).all()
    assert np.abs(np.diff(loads, 2)).max() < 2e-4 * loads.max() * highest
    print(f"p = {p}: largest claimed error {max(end.error for end in ends):.1e}")
    if p > 2:
        glob = [curves.broken_global_load(p, float(t)).value for t in temperatures[temperatures < 1.4]]
        assert (np.array(glob) <= loads[: len(glob)] * (1 + 1e-12)).all()
        assert np.abs(np.diff(glob, 2)).max() < 2e-3


def test_claimed_errors_cover_true_ones():
    """At random p and T: the largest load of an independent solver lies within the claimed error."""
    rng = np.random.default_rng(SEED)
    ratios, refused = [], 0
    for _ in range(N_POINTS):
        p = int(rng.choice([3, 4, 5, 6, 10]))
        branch = p_body(p).retrieval
        temperature = float(branch.furthest * rng.uniform(0.05, 0.99))
        curve, end = broken_curve.curve(branch, temperature), broken_curve.end_load(branch, temperature)
        assert curve is not None
        start = curve.points[max(0, len(curve.points) - 2)].state
        order = start.order
        unknown = Unknown(start.load, order.outer, order.inner, order.tilt * temperature)
        try:
            load, _ = naive_one_step.largest_load(p, temperature, order.overlap, unknown)
        except NotFound:  # next to the AT line its four equations are nearly three
            refused += 1
            continue
        ratios.append(abs(load - end.value) / end.error)
    print(f"{len(ratios)} points, {refused} refused by the other solver, largest true over claimed {max(ratios):.2f}")
    assert max(ratios) < 1
    assert refused <= 0.05 * N_POINTS


def test_claimed_errors_of_onsets_cover_true_ones():
    """Of inference by two bodies, T* and T at random: where the load of an independent solver goes as q* goes to 0.

    Closer to T* the other solver loses the equation for x, which vanishes there, in rounding: so it does as q* goes to
    0, and is asked at twice to eight times the q* at which the curve ends (at once to four times: 4e-12 of its own).
    """
    rng = np.random.default_rng(SEED + 2)
    ratios, refused = [], 0
    for _ in range(N_POINTS):
        taught = float(2 + np.exp(rng.uniform(-3, 3)))
        temperature, contrast = taught * float(rng.uniform(0.1, 0.9)), 2 / (taught - 2)
        branch = Inference(WishartNoise(contrast))
        curve, onset = broken_curve.curve(branch, temperature), broken_curve.end_load(branch, temperature)
        assert curve is not None
        order = curve.points[-1].state.order
        at, loads = Unknown(onset.value, order.outer, order.inner, order.tilt * temperature), []
        try:
            for times in (8, 4, 2):
                at = naive_one_step.at_overlap(2, temperature, times * order.overlap, at, contrast)
                loads.append(at.load)
        except NotFound:
            refused += 1
            continue
        lines = [(4 * loads[k + 1] - loads[k]) / 3 for k in range(2)]
        ratios.append(abs((16 * lines[1] - lines[0]) / 15 - onset.value) / onset.error)
    print(f"{len(ratios)} onsets, {refused} refused by the other solver, largest true over claimed {max(ratios):.2f}")
    assert max(ratios) < 1
    assert refused <= 0.05 * N_POINTS


def test_random_states_of_inference_of_two_bodies():
    """Between onset and AT line, T* and T at random: the states solve the equations written down independently."""
    rng = np.random.default_rng(SEED + 1)
    worst = 0.0
    for _ in range(N_POINTS):
        taught = float(2 + np.exp(rng.uniform(-1.5, 3)))
        temperature, contrast = taught * float(rng.uniform(0.1, 0.98)), 2 / (taught - 2)
        branch = Inference(WishartNoise(contrast))
        onset = broken_curve.end_load(branch, temperature).value
        load = onset + float(rng.uniform(0.01, 0.99)) * (branch.stability_load(temperature).value - onset)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found = broken_curve.state(branch, load, temperature)
        order = found.order
        point = Unknown(load, order.outer, order.inner, order.tilt * temperature)
        violated = naive_one_step.residuals(2, temperature, order.overlap, point, contrast)
        worst = max(worst, float(np.abs(violated[:3]).max()))
    print(f"largest violation {worst:.1e}")
    assert worst < 1e-8
