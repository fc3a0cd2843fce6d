"""Two bodies: states against an independent functional (`naive_pairwise`), their limits and the Nishimori line."""

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from densehop.theory.lines import pairwise_lines as lines
from densehop.theory.models import nishimori
from densehop.theory.models.many_body.noise import TensorNoise
from densehop.theory.models.pairwise import limits
from densehop.theory.models.pairwise import noise as wishart_noise
from densehop.theory.models.pairwise import states as pairwise
from densehop.theory.models.pairwise.noise import WishartNoise, denominators
from densehop.theory.states.noise import Order
from tests import naive_replicas
from tests.naive_pairwise import noise_part, slope, symmetric


def random_order(m, q0, gap, chi, y):
    return Order(m, q0, q0 + gap, chi, y, gap)


orders = st.tuples(
    st.floats(0.05, 1.0), st.floats(0.01, 0.6), st.floats(0.01, 0.3), st.floats(0.01, 0.3), st.floats(0.01, 0.4)
)


@given(orders, st.floats(0.05, 5.0), st.sampled_from([0.0, 0.3, 4.0]))
def test_noise_is_the_gradient_of_the_functional(values, load, contrast):
    """Stationarity by q0, q1, q* gives the fields; derivatives by T and y give energy, entropy and slope."""
    order = random_order(*values)
    noise, gamma = WishartNoise(contrast), load / 2
    temperature = (1 - order.inner) / order.susceptibility
    beta, x = 1 / temperature, order.tilt * temperature
    mean, (outer, added) = noise.mean(order, load), noise.spread(order)
    r0, r1 = load * outer * beta**2, load * (outer + added) * beta**2
    m, qs, t = (order.overlap, 0.0, 0.0) if contrast == 0 else (0.0, order.overlap, beta * mean)
    point = [beta, gamma, contrast, x, m, qs, order.outer, order.inner, r0, r1, t]
    scale = 1 + r1 + gamma * beta / denominators(order)[0] ** 2
    assert slope(noise_part, point, 6) == pytest.approx(0, abs=1e-12 * scale)
    assert slope(noise_part, point, 7) == pytest.approx(0, abs=1e-12 * scale)
    if contrast:
        assert slope(noise_part, point, 5) == pytest.approx(0, abs=1e-12 * scale)
    else:
        assert mean == 2 * m
    energy = -slope(noise_part, point, 0) - 2 * m**2  # the spins' term holds 2 beta m
    assert noise.energy(order, load) == pytest.approx(energy, rel=1e-11)

    def free(temperature, tilt):  # T Phi at fixed order parameters and fields
        beta = 1 / temperature
        fields = (r0 / point[0] ** 2 * beta**2, r1 / point[0] ** 2 * beta**2, mean * beta if contrast else 0.0)
        return temperature * noise_part(
            beta, gamma, contrast, tilt * temperature, m, qs, order.outer, order.inner, *fields
        )

    here = [temperature, order.tilt]
    assert noise.entropy(order, load) == pytest.approx(slope(free, here, 0), abs=1e-12 * scale * temperature)
    assert noise.tilt_slope(order, load) == pytest.approx(slope(free, here, 1), abs=1e-11 * scale * temperature)


def check_state(state, load, temperature, contrast):
    """Stationarity of the independent functional, f, u and s at a replica-symmetric state, T not small."""
    noise, beta, gamma = WishartNoise(contrast), 1 / temperature, load / 2
    order = state.order
    q, r = order.inner, state.variance * beta**2
    m, qs, t = (0.0, order.overlap, beta * state.mean) if contrast else (order.overlap, 0.0, 0.0)
    point = [beta, gamma, contrast, m, qs, q, r, t]
    scale = 1 + r + gamma * beta / (1 - 2 * order.susceptibility) ** 2
    for index in (5, 6) if state.mean == 0 else (3, 5, 6) if not contrast else (4, 5, 6, 7):
        assert slope(symmetric, point, index) == pytest.approx(0, abs=1e-10 * scale), index
    energy = noise.energy(order, load)
    assert energy == pytest.approx(-slope(symmetric, point, 0), rel=1e-10, abs=1e-10 * scale)
    phi = symmetric(*point).real
    assert -pairwise.free_energy(state, load, temperature, contrast) * beta == pytest.approx(phi, rel=1e-10)
    assert state.residual < 1e-12


@given(st.floats(0.2, 1.95), st.floats(0.02, 0.999))
def test_retrieval_identities(temperature, fraction):
    load = fraction * limits.retrieval_spinodal_load(temperature).value
    check_state(pairwise.retrieval(load, temperature), load, temperature, 0.0)


@given(st.floats(0.01, 5.0), st.floats(0.1, 0.99))
def test_spin_glass_identities(load, fraction):
    temperature = fraction * lines.glass_temperature(load).value
    check_state(pairwise.spin_glass(load, temperature), load, temperature, 0.0)


@given(st.floats(0.3, 8.0), st.floats(2.2, 12.0), st.floats(1.01, 20.0))
@settings(max_examples=50)
def test_inference_identities(temperature, teacher_temperature, ratio):
    contrast = 2 / (teacher_temperature - 2)
    load = ratio * limits.inference_load(temperature, contrast).value
    check_state(pairwise.inference(load, temperature, contrast), load, temperature, contrast)


@given(st.floats(2.02, 20.0), st.floats(1.001, 50.0))
def test_inference_on_the_nishimori_line(temperature, ratio):
    """q = q*, u = -gamma c, and the variance of the solver that knows the line only."""
    contrast = 2 / (temperature - 2)
    gamma = ratio * nishimori.pairwise_critical_load(temperature)
    state = pairwise.inference(2 * gamma, temperature, contrast)
    assert state.order.overlap == pytest.approx(state.order.inner, rel=1e-11)
    assert WishartNoise(contrast).energy(state.order, 2 * gamma) == pytest.approx(-gamma * contrast, rel=1e-10)
    reduced = nishimori.pairwise_field_variance(temperature, gamma)
    assert state.variance / temperature**2 == pytest.approx(reduced, rel=1e-9)
    assert state.mean / temperature == pytest.approx(reduced, rel=1e-9)


def test_inference_off_the_line_is_continuous_across_it():
    """The line itself is solved in closed form, its neighbours by roots: both must agree."""
    on = pairwise.inference(3.0, 4.0, 1.0)
    for teacher_temperature in (4 - 1e-9, 4 + 1e-9):
        off = pairwise.inference(3.0, 4.0, 2 / (teacher_temperature - 2))
        assert off.order.overlap == pytest.approx(on.order.overlap, abs=1e-8)
        assert off.order.inner == pytest.approx(on.order.inner, abs=1e-8)


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [1e-3, 0.1, 2.0])
@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6])
def test_spin_glass_near_its_transition(load, distance):
    """q = tau = 1 - T/T_g to first order: relative digits, not absolute ones."""
    critical = lines.glass_temperature(load).value
    state = pairwise.spin_glass(load, critical * (1 - distance))
    halves = [pairwise.spin_glass(load, critical * (1 - distance * k)).order.inner / (distance * k) for k in (1, 0.5)]
    limit = 2 * halves[1] - halves[0]  # Richardson
    # D = (T - 2 + 2q)/T, a/q = T^2 (1 + 2q), so (T - 2 + 2q)^2 (1 + 2q) = 4 gamma: dT + 2 dq + 2 sqrt(gamma) dq = 0
    assert limit == pytest.approx(1.0, rel=30 * distance**2 * (1 + 1 / load) + 1e-10 / distance)
    assert state.residual < 1e-12


BRANCHES = (pairwise.retrieval, pairwise.spin_glass, lambda load, t: pairwise.inference(40 * load, t, 1))


@pytest.mark.parametrize("branch", BRANCHES)
def test_zero_temperature_is_the_limit(branch):
    """Order parameters, energy and susceptibility tend to those of T = 0 linearly or faster."""
    cold = branch(0.2, 0.0)
    for temperature in (1e-3, 1e-6):
        warm = branch(0.2, temperature)
        for name in ("overlap", "inner", "susceptibility"):
            assert getattr(warm.order, name) == pytest.approx(getattr(cold.order, name), abs=5 * temperature)
        assert warm.variance == pytest.approx(cold.variance, rel=5 * temperature)
        assert warm.residual < 1e-12
    assert cold.residual < 1e-12


def test_small_load_becomes_tensor_noise():
    """D -> 1 at high temperature: both noises are then those of the Sherrington-Kirkpatrick model."""
    order = random_order(0.4, 0.2, 0.1, 1e-9, 1e-9)
    wishart, tensor = WishartNoise(), TensorNoise(2)
    assert wishart.spread(order) == pytest.approx(tensor.spread(order), rel=1e-8)
    assert wishart.mean(order, 0.7) == tensor.mean(order, 0.7)
    assert wishart.tilt_slope(order, 0.7) == pytest.approx(tensor.tilt_slope(order, 0.7), rel=1e-8)


def test_logarithm_remainder_is_smooth():
    for v in (wishart_noise.SMALL * (1 - 1e-12), wishart_noise.SMALL * (1 + 1e-12), -wishart_noise.SMALL * (1 - 1e-12)):
        exact = sum((-v) ** k / (k + 2) for k in range(40))
        assert wishart_noise._logarithm_remainder(v) == pytest.approx(exact, rel=1e-13)
    assert wishart_noise._logarithm_remainder(0.0) == 0.5


def test_equal_levels_are_replica_symmetric():
    """A gap of 0 leaves nothing of y: 1RSB equals RS."""
    state = pairwise.retrieval(0.1, 0.7)
    noise, order = WishartNoise(), state.order
    for tilt in (0.1, 3.0):
        other = order._replace(tilt=tilt)
        assert noise.spread(other) == (noise.spread(order)[0], 0.0)
        assert noise.energy(other, 0.1) == noise.energy(order, 0.1)
        assert noise.tilt_slope(other, 0.1) == 0.0


def test_averages_of_a_state_by_adaptive_quadrature():
    state = pairwise.retrieval(0.2, 0.3)
    deviation = math.sqrt(state.variance)
    m = naive_replicas.gaussian_mean(lambda z: math.tanh((2 * state.order.overlap + deviation * z) / 0.3))
    assert state.order.overlap == pytest.approx(m, abs=1e-12)


def test_states_take_milliseconds():
    start = time.perf_counter()
    for k in range(10):
        pairwise.retrieval(0.1 + 0.01 * k, 0.2)
        pairwise.spin_glass(0.1 + 0.01 * k, 0.2)
        pairwise.inference(5 + 0.1 * k, 2.0, 1.0)
    assert time.perf_counter() - start < 3  # 0.3 s alone on one core
