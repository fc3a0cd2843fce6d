"""Two bodies: no state is missed that a general root finder reaches; the curves that the solver relies on."""

import math

import numpy as np
import pytest
from scipy.optimize import root

from densehop.errors import NoSolution
from densehop.theory.models.pairwise import curves
from densehop.theory.models.pairwise import states as pairwise
from densehop.theory.states import site
from tests.naive_pairwise import Z_WEIGHTS, Z


def all_states(load, temperature, contrast, rng):
    """Every (overlap, q) that a general root finder reaches from random starts, with naive averages."""

    def equations(values):
        overlap, q = values
        d = 1 - 2 / temperature * (1 - q)
        signal = max(q + contrast * overlap**2, 0)
        mean = load * contrast * overlap / d if contrast else 2 * overlap
        tanh = np.tanh((mean + math.sqrt(2 * load * signal) / d * Z) / temperature)
        return [tanh @ Z_WEIGHTS - overlap, tanh**2 @ Z_WEIGHTS - q]

    found = []
    for _ in range(15):
        q = rng.uniform(max(0, 1 - temperature / 2), 1)
        result = root(equations, [math.sqrt(q) * rng.uniform(0, 1), q], tol=1e-12)
        overlap, q = result.x
        if max(map(abs, equations(result.x))) < 1e-9 and 0 <= q <= 1 and 1 - 2 / temperature * (1 - q) > 0:
            found.append(abs(overlap))
    return np.array(found)


def test_no_retrieval_state_is_missed():
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(30):
        temperature = rng.uniform(0.3, 2.1)
        load = 0.12 * max(2.1 - temperature, 0.1) ** 2 * rng.uniform(0, 1) ** 2
        overlaps = all_states(load, temperature, 0.0, rng)
        largest = overlaps.max(initial=0.0)
        try:
            m = pairwise.retrieval(load, temperature).order.overlap
        except NoSolution:
            assert largest < 1e-4
            continue
        seen += largest > 1e-4
        assert largest < m + 1e-8
        assert ((np.abs(overlaps - m) < 1e-7) | (overlaps < m)).all()
    assert seen > 10


def test_no_inference_state_is_missed():
    """Off the Nishimori line inference is always continuous: one solution at most, and it is the solver's."""
    rng = np.random.default_rng(2)
    seen = 0
    for _ in range(30):
        temperature, teacher_temperature = rng.uniform(0.4, 6.0), rng.uniform(2.2, 8.0)
        contrast = 2 / (teacher_temperature - 2)
        load = curves.inference_onset(temperature, contrast) * rng.choice([0.5, 0.9, 1.1, 2.0, 6.0])
        overlaps = all_states(load, temperature, contrast, rng)
        overlaps = overlaps[overlaps > 1e-3]
        try:
            overlap = pairwise.inference(load, temperature, contrast).order.overlap
        except NoSolution:
            assert overlaps.size == 0
            continue
        seen += overlaps.size > 0
        assert overlaps == pytest.approx(np.full(overlaps.size, overlap), abs=1e-7)
    assert seen > 10


def test_curves_have_one_hump_and_one_root():
    """What the solver relies on: one a for each B, load increasing in B; one maximum of the load over a."""
    for temperature in (0.0, 0.1, 1.0, 1.9):
        top = curves.spinodal_log_variance(temperature)
        loads = [curves.retrieval_load(math.exp(top + shift), temperature) for shift in np.linspace(-3, 1.5, 60)]
        alive = np.trim_zeros(np.array(loads), "b")
        peak = int(alive.argmax())
        assert (np.diff(alive[: peak + 1]) > 0).all()
        assert (np.diff(alive[peak:]) < 0).all()
    log_a = np.linspace(-25, 12, 800)
    for temperature in (0.0, 1.0, 3.0):
        for contrast in (0.2, 1.0, 20.0):
            loads = []
            for mean in np.exp(np.linspace(-5, 4, 15)):
                here = site.average(mean, np.exp(log_a / 2), temperature)
                signal = here.square + contrast * here.overlap**2
                sides = np.exp(log_a) * contrast * (1 - 2 * here.susceptibility) * here.overlap - 2 * mean * signal
                assert np.count_nonzero(np.diff(np.sign(sides))) == 1
                a = curves.planted_variance(mean, temperature, contrast, guess=1.0)
                loads.append(curves.planted_load(mean, a, temperature, contrast))
            assert (np.diff(loads) > 0).all()
