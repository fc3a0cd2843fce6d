"""Lines of exponential energies: against the free entropies and phases of `solve`, and at their ends."""

import math
import warnings

import numpy as np
import pytest

import densehop as dh
from densehop.theory.lines import exponential
from densehop.theory.lines.exponential_planes import any_plane

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
    where = any_plane(model, None, {"sharpness": sharpness, "reliability": reliability or None})
    setting = where.setting
    lines = {k: dh.boundary(k, None, [temperature], model=model, **setting).coordinate[0] for k in where.kinds}
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
        where = any_plane("exponential_examples", None, {"sharpness": sharpness, "reliability": reliability})
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "exponential_examples", "sharpness": 1.0}, "'exponential_examples' needs reliability"),
        ({"model": "exponential", "sharpness": 1.0, "reliability": 0.5}, "'exponential' does not take reliability"),
        ({"model": "exponential"}, "'exponential' needs sharpness"),
        ({"model": "direct", "p": 3, "sharpness": 1.0}, "'direct' does not take sharpness"),
        ({"model": "exponential", "p": 3, "sharpness": 1.0}, "takes p = None"),
        ({"model": "direct"}, "p must be an integer >= 2, got None"),
        (
            {"model": "exponential", "sharpness": 1.0, "kind": "glass_static"},
            "kind for model 'exponential'",
        ),
        ({"model": "exponential", "sharpness": 1.0, "ansatz": "1rsb"}, "ask for ansatz 'rs'"),
    ],
)
def test_what_a_plane_needs(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.boundary(**{"kind": "retrieval_spinodal", "p": None} | arguments)


@pytest.mark.parametrize("reliability", [None, 0.4])
def test_a_phase_diagram_has_the_phases_of_its_points_and_its_lines(reliability):
    model, more = ("exponential", {}) if reliability is None else ("exponential_examples", {"reliability": reliability})
    diagram = dh.phase_diagram(None, model, np.linspace(0, 0.7, 8), np.linspace(0, 3, 7), sharpness=0.6, **more)
    assert diagram.attrs["sharpness"] == 0.6
    names = np.array(diagram["phase"].attrs["flag_meanings"].split())[diagram["phase"].values]
    for row, temperature in enumerate(diagram["temperature"].values):
        for column, load in enumerate(diagram["alpha"].values):
            kind = dh.ExponentialModel if reliability is None else dh.ExponentialTeacherStudent
            assert names[row, column] == dh.phase(kind(load, 0.6, temperature, *more.values())).value
    lines = ("retrieval_spinodal", "retrieval_global" if reliability is None else "inference_or_retrieval")
    assert all(diagram[f"{line}_shown"].any() for line in lines)
    assert bool(diagram["rs_exact"].all())


@pytest.mark.filterwarnings("ignore:of 4 points 2 have no state")
def test_a_grid_of_states():
    grid = dh.theory.solve_grid(
        dh.ExponentialModel, "retrieval", load=[0.1, 0.5], sharpness=0.6, temperature=[0.2, 1.0]
    )
    assert grid["m"].dims == ("alpha", "temperature")
    assert grid["m"].values[0, 0] == math.tanh(5)
    assert np.isnan(grid["m"].values[1]).all()
