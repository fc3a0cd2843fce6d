"""Lines of exponential energies: against the free entropies and phases of `solve`, and at their ends."""

import math
import warnings

import numpy as np
import pytest

import densehop as dh
from densehop.theory.lines import exponential

SHARPNESS = (0.2, 0.9, 3.0, 30.0)
TEMPERATURES = (0.0, 0.05, 0.3, 0.9, 1.2, 4.0)


def free_entropies(problem):
    """Free entropies by branch, those of equivalent states together."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return {s.branch: s.free_entropy + s.complexity for s in dh.candidates(problem)}


@pytest.mark.parametrize("sharpness", SHARPNESS)
@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("reliability", [0.0, 0.05, 0.6, 0.97])
def test_phases_change_at_the_lines(sharpness, temperature, reliability):
    model = "exponential_examples" if reliability else "exponential"
    where = exponential.exponential_plane(model, sharpness, reliability or None)
    lines = {k: exponential.trace(where, k, np.array([temperature]), 2).coordinate[0] for k in where.kinds}
    last = "inference_or_retrieval" if reliability else "retrieval_global"
    assert lines[last] <= lines["retrieval_spinodal"] * (1 + 1e-13)
    below, above = (where.problem(lines[last] * shift, temperature) for shift in (1 - 1e-6, 1 + 1e-6))
    assert dh.phase(below).value == ("eR" if reliability else "gR")
    assert dh.phase(above).value in (("gR",) if reliability else ("P", "lR"))
    end = lines["retrieval_spinodal"]
    assert "retrieval" in free_entropies(where.problem(end * (1 - 1e-9), temperature))
    assert "retrieval" not in free_entropies(where.problem(end * (1 + 1e-9), temperature))
    if reliability:
        limit = lines["inference_spinodal"]
        with pytest.warns(RuntimeWarning, match="the inference is unstable here"):
            dh.solve(where.problem(limit * (1 - 1e-6), temperature), "inference")
        assert dh.solve(where.problem(limit * (1 + 1e-6), temperature), "inference").advice == ""
        assert limit <= lines[last] * (1 + 1e-12)


def test_free_entropies_are_equal_on_the_line_above_one_over_the_sharpness():
    for sharpness, temperature, reliability in ((0.4, 0.7, 0.3), (0.9, 1.05, 0.6), (2.0, 0.1, 0.9), (2.0, 0.45, 0.2)):
        where = exponential.exponential_plane("exponential_examples", sharpness, reliability)
        load = exponential.equal_load(sharpness, temperature, reliability)
        found = free_entropies(where.problem(load, temperature))
        assert found["inference"] == pytest.approx(found["retrieval"], abs=1e-13)


def test_known_ends():
    assert exponential.equal_load(1e3, 0.0) == pytest.approx(math.log(2), abs=1e-15)
    assert exponential.equal_load(0.35, 0.0, 0.5) == pytest.approx(
        0.35 - math.log(math.cosh(0.35) + 0.5 * math.sinh(0.35)), abs=1e-15
    )
    at_b_equals_l = 1.3 * math.tanh(1.3) - math.log(math.cosh(1.3))  # the memorisation transition
    for shift in (-1e-9, 0.0, 1e-9):
        assert exponential.equal_load(1.3, 1 / 1.3 + shift) == pytest.approx(at_b_equals_l, abs=1e-8)
    both = [exponential.equal_load(1.3, 1 / (1.3 + gap)) for gap in (1 - 1e-12, 1 + 1e-12)]  # either form
    assert both[0] == pytest.approx(both[1], abs=1e-12)


def test_what_a_plane_needs():
    with pytest.raises(dh.InvalidInput, match="'exponential_examples' needs reliability"):
        exponential.exponential_plane("exponential_examples", 1.0, None)
    with pytest.raises(dh.InvalidInput, match="'exponential' does not take reliability"):
        exponential.exponential_plane("exponential", 1.0, 0.5)
    with pytest.raises(dh.InvalidInput, match="needs sharpness"):
        exponential.exponential_plane("exponential", None, None)
    with pytest.raises(dh.InvalidInput, match="kind for model 'exponential' must be one of"):
        exponential.trace(exponential.exponential_plane("exponential", 1.0, None), "inference_global", None, 3)
