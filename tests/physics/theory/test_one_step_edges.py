"""1RSB states where they are hardest to find: next to the AT line, next to an onset, at very many bodies."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr

from densehop import DirectModel, TeacherStudent, retrieval_boundary, solve
from densehop.theory.models.choice import p_body
from densehop.theory.models.pairwise.model import Inference
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import broken_curve
from densehop.theory.states.tilted_site import flat_average
from tests import naive_one_step
from tests.naive_one_step import Unknown

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def test_sums_over_all_fields_at_zero_temperature():
    """Spins are signs there: <t> and log <exp(y |h + z|)> in error functions, integrated by adaptive quadrature."""
    y = 1.0543

    def logs(h):  # of the weights of positive and of negative fields
        return y * h + y**2 / 2 + log_ndtr(h + y), -y * h + y**2 / 2 + log_ndtr(y - h)

    def sign(h):
        up, down = logs(h)
        return math.tanh((up - down) / 2)

    def slope(h, step=1e-4):  # of (1/y) log <exp(y |h + z|)>
        nonlocal y
        center, values = y, []
        for y in (center - step, center + step):
            values.append(np.logaddexp(*logs(h)) / y)
        y = center
        return (values[1] - values[0]) / (2 * step)

    found = flat_average(y, 0.0)
    assert found.gap == pytest.approx(quad(lambda h: 1 - sign(h) ** 2, -20, 20, epsabs=1e-11)[0], rel=1e-9)
    assert found.stationarity == pytest.approx(
        quad(lambda h: slope(h) - (1 + sign(h) ** 2) / 4, -12, 12, epsabs=1e-9)[0], abs=1e-6
    )


@pytest.mark.parametrize(("p", "temperature"), [(99, 1.7377e-4), (83, 0.4755057329819305), (3, 0.3)])
def test_x_is_one_half_where_levels_part_at_low_temperature(p, temperature):
    """T is far below the field's deviation, and the levels are closer than rounding lets the equation for y show."""
    branch = p_body(p).retrieval
    parting = branch.stability_load(temperature).value
    loads = parting * (1 + np.array([1e-6, 1e-5, 1e-4]))
    found = [broken_curve.state(branch, float(load), temperature) for load in loads]
    deviation = math.sqrt(found[0].fields.outer)
    assert [state.order.tilt * temperature for state in found] == pytest.approx(
        [0.5] * 3, abs=2 * temperature / deviation + 2e-3
    )
    gaps = np.array([state.order.gap for state in found])
    assert gaps[1:] / gaps[:-1] == pytest.approx([10, 10], rel=0.02)  # proportional to the distance from the line
    assert max(state.residual for state in found) < 1e-10


def test_a_state_next_to_the_line_solves_the_equations_written_down_independently():
    """p = 83, where x came as 1.25: order parameters and load, and x by itself further on."""
    p, temperature = 83, 0.4755057329819305
    branch = p_body(p).retrieval
    for load, seen in ((5.3958053970020625, 3), (5.6, 4)):  # the fourth equation is that for x
        order = broken_curve.state(branch, load, temperature).order
        at = Unknown(load, order.outer, order.inner, order.tilt * temperature)
        violated = naive_one_step.residuals(p, temperature, order.overlap, at)
        assert np.abs(violated[:seen]).max() < 1e-6


def test_the_end_at_very_many_bodies():
    """p = 500, T = 1.4: the state of largest load, and its neighbours on the curve, solve the independent equations."""
    temperature = 1.4
    found = broken_curve.curve(p_body(500).retrieval, temperature)
    for state in (found.points[-2].state, found.end.state):
        order = state.order
        at = Unknown(state.load, order.outer, order.inner, order.tilt * temperature)
        assert np.abs(naive_one_step.residuals(500, temperature, order.overlap, at)).max() < 1e-8
    assert retrieval_boundary(500, temperature, "spinodal", "1rsb") == pytest.approx(found.end.state.load, rel=1e-10)


def test_an_onset_close_to_the_teachers_temperature():
    """Claimed to 3e-8 and wrong by 7e-8 when two states of the curve gave it: here the overlap goes to 0 by itself."""
    temperature, contrast = 1.4572118261786915, 50.545725977807635
    branch = Inference(WishartNoise(contrast))
    found = broken_curve.end_load(branch, temperature)
    order = broken_curve.curve(branch, temperature).points[-1].state.order
    at, loads = Unknown(found.value, order.outer, order.inner, order.tilt * temperature), []
    for overlap in (4e-4, 2e-4, 1e-4):
        at = naive_one_step.at_overlap(2, temperature, overlap, at, contrast)
        loads.append(at.load)
    lines = [(4 * loads[k + 1] - loads[k]) / 3 for k in range(2)]
    onset = (16 * lines[1] - lines[0]) / 15
    assert abs(onset - found.value) < found.error < 3e-9 * onset
    near = solve(TeacherStudent(2, found.value * (1 + 1e-8), temperature, 2 + 2 / contrast), "inference", "1rsb")
    assert near.converged
    assert 0 < near.q_star < 1e-4


def test_a_cold_global_line_on_which_replica_symmetry_is_stable():
    """p = 20, T = 1e-4: the AT line lies beyond it, but the curve begins as at T = 0."""
    line = retrieval_boundary(20, 1e-4, "global", "1rsb")
    assert line == retrieval_boundary(20, 1e-4, "global")
    assert solve(DirectModel(20, line, 1e-4), "retrieval").replicon > 0
