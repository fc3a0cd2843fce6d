"""Two bodies: states against an independent functional, a brute-force search and the Nishimori line.

The functional below is written in the order parameters of Amit, Gutfreund & Sompolinsky (reduced fields, q0, q1, their
conjugates r0, r1), shares no code with the solver, and takes complex arguments: a derivative by complex step has all
its digits.
"""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar, root

from densehop.errors import NoSolution
from densehop.theory.lines import pairwise_lines as lines
from densehop.theory.lines import retrieval
from densehop.theory.models import nishimori
from densehop.theory.models.many_body.noise import TensorNoise
from densehop.theory.models.pairwise import curves, limits
from densehop.theory.models.pairwise import glass as pairwise_glass
from densehop.theory.models.pairwise import noise as wishart_noise
from densehop.theory.models.pairwise import states as pairwise
from densehop.theory.models.pairwise.noise import WishartNoise, denominators
from densehop.theory.states import one_step, site, tilted_site
from densehop.theory.states.noise import Order
from tests import naive

STEP = 1e-30
Z = np.arange(-9.5, 9.5001, 1 / 160)
Z_WEIGHTS = np.exp(-(Z**2) / 2) / np.exp(-(Z**2) / 2).sum()


def noise_part(beta, gamma, c, x, m, qs, q0, q1, r0, r1, t):
    """All of Phi but the spins' own term (theory of the Wishart ensemble), analytic in every argument."""
    d1 = 1 - 2 * beta * (1 - q1)
    d0 = 1 - 2 * beta * (1 - q1 + x * (q1 - q0))
    return (
        -beta * m**2
        - gamma / 2 * ((1 - 1 / x) * np.log(d1) + np.log(d0) / x - 2 * beta * (q0 + c * qs**2) / d0)
        - r1 / 2
        + ((1 - x) * r1 * q1 + x * r0 * q0) / 2
        - t * qs
        - gamma * beta
    )


def log_2cosh(h):
    sign = np.where(np.real(h) < 0, -1.0, 1.0)
    return sign * h + np.log(1 + np.exp(-2 * sign * h))


def symmetric(beta, gamma, c, m, qs, q, r, t):
    """Phi in replica symmetry, spins included."""
    spins = log_2cosh(2 * beta * m + t + np.sqrt(r) * Z) @ Z_WEIGHTS
    return noise_part(beta, gamma, c, 0.5, m, qs, q, q, r, r, t) + spins


def slope(function, arguments, index):
    """Derivative by the argument of this index, by complex step."""
    shifted = [complex(value) for value in arguments]
    shifted[index] += 1j * STEP
    return float(np.imag(function(*shifted)) / STEP)


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
    phi = float(np.real(symmetric(*point)))
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


# --- replica symmetry breaking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", [(0.1, 0.4, 0), (0.5, 1.5, 0), (3.0, 1.0, 1), (8.0, 3.0, 1)])
def test_replicon_is_the_growth_of_a_small_gap(point):
    """A gap q1 - q0 adds variance, which the spins answer with a gap: unstable where the answer is larger."""
    load, temperature, contrast = point
    state = pairwise.inference(load, temperature, contrast) if contrast else pairwise.spin_glass(load, temperature)
    noise, order = WishartNoise(contrast), state.order
    added = 1e-7 * temperature**2
    outer = math.sqrt(state.variance - added)
    here = tilted_site.tilted_average(state.mean, outer, math.sqrt(added), 1e-6, temperature)
    answer = load * noise.spread(order._replace(gap=here.gap))[1] / added
    replicon = noise.replicon(order, load, temperature, state.site.fourth)
    d = 1 - 2 * order.susceptibility
    assert answer == pytest.approx(1 - replicon / d**2, rel=1e-4)
    assert contrast or replicon < 0  # the spin glass is unstable


@pytest.mark.parametrize("load", [0.01, 0.1, 1.0, 100.0])
@pytest.mark.parametrize("distance", [0.1, 0.3, 1.0])
def test_the_broken_glass_is_found_from_a_start_nearby(load, distance):
    """At every depth below T_g, down to T = 0; just below it q0 : q1 is 1 : 3, as in any glass with one step."""
    s = math.sqrt(load / 2)
    temperature = 2 * (1 + s) * (1 - distance) if distance == 1 else 2 * (1 + s * (1 - distance))
    plain = pairwise.spin_glass(load, temperature)
    start = next(pairwise_glass.nearby(WishartNoise(), load, temperature, 0.0, plain.variance))
    found = one_step.solve(WishartNoise(), load, temperature, [start])
    assert found.residual < 1e-9
    assert found.order.outer < 0.95 * found.order.inner
    if distance == 0.1:  # corrections are of the order of q, a tenth of that
        assert found.order.inner / found.order.outer == pytest.approx(3, abs=0.2)
        assert found.fields.tilt * temperature == pytest.approx(4 / 3 * plain.site.square * s / (1 + s), rel=0.25)


@pytest.mark.parametrize("temperature", [1.7728, 1.8179, 1.8793, 1.8948])
def test_the_transition_is_found_where_the_glass_hardly_breaks(temperature):
    """Near T = 2 it approaches the replica-symmetric line, sqrt(M/N) = (2 - T)/5.19."""
    found = retrieval.pairwise_global_load(temperature)
    assert found.error < 1e-9 * found.value
    assert math.sqrt(found.value / 2) == pytest.approx((2 - temperature) / 5.19, rel=0.15)
    symmetric = lines.retrieval_global_load(temperature).value
    assert found.value == pytest.approx(symmetric, rel=1e-3)


def one_step_equations(noise, load, temperature, mean, outer, added, y):
    """Return the violations of the 1RSB equations in this field, and the order parameters; load None: from a1 - a0."""
    here = tilted_site.tilted_average(mean, math.sqrt(outer), math.sqrt(added), y, temperature)
    order = Order(here.overlap, here.outer_square, here.inner_square, here.susceptibility, y, here.gap)
    spread = noise.spread(order)
    load = added / spread[1] if load is None else load
    own = (here.mean_log - here.log_partition) / y
    slopes = own / noise.tilt_slope(order, load) + 1
    means = noise.mean(order, load) / mean - 1 if mean > 0 else 0.0
    return [means, load * spread[0] / outer - 1, load * spread[1] / added - 1, slopes], order, here, load


def test_one_step_retrieval_at_zero_temperature():
    """gamma_c = 0.138186 with one step of replica symmetry breaking: Steffan & Kühn, Z. Phys. B 95, 249 (1994)."""
    start = np.log([0.8182, 0.0025, 18.0])

    def minus_load(mean):
        def equations(logs):
            violations = one_step_equations(WishartNoise(), None, 0.0, mean, *np.exp(logs))[0]
            return [violations[0], violations[1], violations[3]]

        found = root(equations, start, tol=1e-13)
        assert max(map(abs, equations(found.x))) < 1e-10
        return -one_step_equations(WishartNoise(), None, 0.0, mean, *np.exp(found.x))[3]

    top = minimize_scalar(minus_load, bounds=(1.93, 1.937), method="bounded", options={"xatol": 1e-6})
    assert -top.fun / 2 == pytest.approx(0.1381865, abs=5e-8)
    assert top.x / 2 == pytest.approx(0.96678, abs=2e-5)


ONE_STEP_STARTS = [  # load, T, c, B, a0, a1 - a0, y
    (0.5, 1.5, 0.0, 0.0, 1.77, 2.64, 0.064),
    (4.0, 1.0, 1.0, 2.76, 16.3, 1.84, 0.27),
    (0.27, 0.01, 0.0, 1.962, 0.6992, 0.0008, 23.9),
]


@pytest.mark.parametrize("point", ONE_STEP_STARTS)
def test_one_step_states_are_stationary(point):
    """A state solved through the noise's methods makes the independent 1RSB functional stationary; f, u and s agree."""
    load, temperature, contrast, *start = point
    noise, first = WishartNoise(contrast), 0 if start[0] else 1

    def fields(logs):
        return [*start[:first], *np.exp(logs)]

    def equations(logs):
        return one_step_equations(noise, load, temperature, *fields(logs))[0][first:]

    found = root(equations, np.log(start[first:]), tol=1e-13)
    assert max(map(abs, equations(found.x))) < 1e-9
    mean, outer, added, y = fields(found.x)
    order, here = one_step_equations(noise, load, temperature, mean, outer, added, y)[1:3]
    beta = 1 / temperature
    z0, z1 = (np.arange(-8.5, 8.5001, step) for step in (1 / 128 if temperature < 0.1 else 1 / 16, 1 / 12))
    w0, w1 = (np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum() for z in (z0, z1))

    def phi(beta, x, m, qs, q0, q1, r0, r1, t):
        fields = 2 * beta * m + t + np.sqrt(r0) * z0[:, None] + np.sqrt(r1 - r0) * z1
        exponent = x * log_2cosh(fields)
        largest = np.real(exponent).max(axis=1)
        spins = (largest + np.log(np.exp(exponent - largest[:, None]) @ w1)) @ w0 / x
        return noise_part(beta, load / 2, contrast, x, m, qs, q0, q1, r0, r1, t) + spins

    m, qs, t = (order.overlap, 0.0, 0.0) if contrast == 0 else (0.0, order.overlap, beta * mean)
    x, r0, r1 = y * temperature, outer * beta**2, (outer + added) * beta**2
    values = [beta, x, m, qs, order.outer, order.inner, r0, r1, t]
    stationary = (1, 4, 5, 6, 7) + ((3, 8) if contrast else (2,) if mean else ())
    for index in stationary:
        scale = {2: beta, 3: t, 4: r0, 5: r1}.get(index, 1.0)
        assert slope(phi, values, index) == pytest.approx(0, abs=1e-8 * scale), index
    energy, entropy = noise.energy(order, load), here.entropy + noise.entropy(order, load)
    assert energy == pytest.approx(-slope(phi, values, 0), rel=1e-8)
    assert entropy - beta * energy == pytest.approx(float(np.real(phi(*values))), rel=1e-8)


# --- brute force ------------------------------------------------------------------------------------------------------


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


def test_averages_of_a_state_by_adaptive_quadrature():
    state = pairwise.retrieval(0.2, 0.3)
    deviation = math.sqrt(state.variance)
    m = naive.gaussian_mean(lambda z: math.tanh((2 * state.order.overlap + deviation * z) / 0.3))
    assert state.order.overlap == pytest.approx(m, abs=1e-12)


def test_states_take_milliseconds():
    start = time.perf_counter()
    for k in range(10):
        pairwise.retrieval(0.1 + 0.01 * k, 0.2)
        pairwise.spin_glass(0.1 + 0.01 * k, 0.2)
        pairwise.inference(5 + 0.1 * k, 2.0, 1.0)
    assert time.perf_counter() - start < 3  # 0.3 s alone on one core
