"""Two bodies, one step of replica symmetry breaking: where symmetry breaks, and states that break it.

States make the functional of `naive_pairwise` stationary, which shares no code with the solver.
"""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar, root

from densehop.theory.lines import pairwise_lines as lines
from densehop.theory.lines import retrieval
from densehop.theory.models.pairwise import glass as pairwise_glass
from densehop.theory.models.pairwise import states as pairwise
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import one_step, tilted_site
from densehop.theory.states.noise import Order
from tests.naive_pairwise import log_2cosh, noise_part, slope


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
