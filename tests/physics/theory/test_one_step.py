"""One step of replica symmetry breaking: stationary in an independent functional, known numbers, limits."""

import dataclasses
import math
import warnings
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import densehop as dh
from densehop.theory.models import nishimori
from densehop.theory.models.many_body import glass
from densehop.theory.models.many_body import states as many_body
from densehop.theory.models.many_body.noise import TensorNoise
from densehop.theory.states import one_step
from tests import naive_replicas

LEVELS = ("q0", "q1", "x")


@lru_cache(maxsize=64)
def solve(problem, branch, ansatz="1rsb"):
    """Solve without the warnings about stability, which are tested by themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return dh.solve(problem, branch, ansatz)


def check(found, signal, stationary, steps=(1 / 24, 1 / 24)):
    """Stationarity, u = -d Phi/d beta, Phi, f, s and q = (1-x) q1 + x q0, all against the complex functional."""
    p, load, beta = found.problem.p, found.problem.load, 1 / found.problem.temperature

    def phi(**point):
        return naive_replicas.one_step(p, load=load, signal=signal, steps=steps, **point)

    point = {"beta": beta, "m": found.m, "q_star": found.q_star, "q0": found.q0, "q1": found.q1, "x": found.parisi}
    scale = 1 + beta * p * (1 + signal) + load * beta**2 * p
    for name in stationary:
        assert naive_replicas.slope(phi, point, name) == pytest.approx(0, abs=1e-10 * scale), name
    value = phi(**point).real
    assert found.free_entropy == pytest.approx(value, rel=1e-10)
    assert found.free_energy == pytest.approx(-value / beta, rel=1e-10)
    assert found.energy == pytest.approx(-naive_replicas.slope(phi, point, "beta"), rel=1e-10)
    assert found.entropy == pytest.approx(value + beta * found.energy, abs=1e-10 * scale)
    assert found.q == pytest.approx((1 - found.parisi) * found.q1 + found.parisi * found.q0, rel=1e-14)
    assert 0 < found.parisi <= 1
    assert found.q0 < found.q1 < 1
    assert found.residual < 1e-9
    assert found.converged


@given(st.sampled_from([3, 4, 6]), st.floats(1.0001, 12.0), st.floats(0.2, 5.0))
@settings(max_examples=12)
def test_spin_glass_is_stationary(p, ratio, temperature):
    load = ratio * dh.nishimori_lines(p).gamma_global * temperature**2
    found = solve(dh.DirectModel(p, load, temperature), "spin_glass")
    assert found.m == found.q_star == found.q0 == 0
    check(found, 0.0, ("q1", "x"), (1.0, 1 / 200))
    spread = math.sqrt(load * p * found.q1 ** (p - 1))
    here = naive_replicas.tilted_field_averages(0.0, 0.0, spread, found.parisi / temperature, temperature)
    softness = load * p * (p - 1) * found.q1 ** (p - 2) * here["fourth"] / temperature
    assert found.replicon == pytest.approx(1 - softness, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize(("p", "load", "temperature"), [(3, 0.7, 0.12), (3, 0.8, 0.1), (4, 0.6, 0.1)])
def test_retrieval_is_stationary(p, load, temperature):
    """Where replica symmetry is unstable, and beyond the load where it ends (p = 3, 0.8, 0.9)."""
    found = solve(dh.DirectModel(p, load, temperature), "retrieval")
    assert found.m > 0.75
    assert found.q_star == 0
    assert found.q0 > 0.5
    check(found, 0.0, ("m", *LEVELS), (1 / 112, 1 / 16))


@pytest.mark.parametrize("signal", [0.3, 4.0])
def test_inference_is_stationary(signal):
    found = solve(dh.TeacherStudent(3, 0.72 * signal**2, 0.13 * signal, signal=signal), "inference")
    direct = solve(dh.DirectModel(3, 0.72, 0.13), "retrieval")
    assert found.m == 0
    assert (found.q_star, found.q0, found.q1) == pytest.approx((direct.m, direct.q0, direct.q1), rel=1e-9)
    assert found.parisi == pytest.approx(direct.parisi, rel=1e-8)
    assert found.energy == pytest.approx(signal * direct.energy, rel=1e-10)
    assert found.entropy == pytest.approx(direct.entropy, abs=1e-10)
    assert found.replicon == pytest.approx(direct.replicon, abs=1e-8)
    check(found, signal, ("q_star", *LEVELS), (1 / 112, 1 / 16))


@given(st.sampled_from([3, 4, 6, 10]), st.floats(0.3, 12.0))
@settings(max_examples=20)
def test_slope_at_parisi_one_is_the_nishimori_gain(p, variance):
    """d Phi_1RSB/dx at x = 1, q0 = 0 equals the Bayes-optimal student's Phi_RS - Phi_para, term by term, at any q1."""
    log_slope, here = glass.parisi_slope(p, math.sqrt(variance), 1.0, 1.0)
    q = here.inner_square
    gamma = variance / (p * q ** (p - 1))
    assert q == pytest.approx(naive_replicas.field_averages(variance, math.sqrt(variance), 1.0)["overlap"], rel=1e-12)
    order = {"beta": 1.0, "load": gamma, "signal": 0.0, "m": 0.0, "q_star": 0.0, "q0": 0.0, "q1": q, "x": 1.0}

    def broken(**point):
        return naive_replicas.one_step(p, steps=(1.0, 1 / 160), **point)

    gain = naive_replicas.replica_symmetric(p, 1.0, gamma, gamma, 0.0, q, q).real - math.log(2) - gamma / 2
    scale = 1 + variance
    assert naive_replicas.slope(broken, order, "x") == pytest.approx(gain, abs=1e-11 * scale)
    assert log_slope == pytest.approx(gain, abs=1e-11 * scale)
    assert nishimori.gain(p, variance) == pytest.approx(gain, abs=1e-11 * scale)
    annealed = naive_replicas.one_step(p, **order, steps=(1.0, 1 / 160)).real
    assert annealed == pytest.approx(math.log(2) + gamma / 2, rel=1e-12)  # x = 1 is the paramagnet's free entropy


@pytest.mark.parametrize("p", [3, 4, 7])
def test_spin_glass_begins_as_the_paramagnet(p):
    """At Gamma_gR: x = 1, q1 = q_gR, equal free entropies and energies; below there is none and the message says so."""
    lines = dh.nishimori_lines(p)
    start = solve(dh.DirectModel(p, lines.gamma_global, 1.0), "spin_glass")
    calm = dh.solve(dh.DirectModel(p, lines.gamma_global, 1.0), "paramagnet")
    assert (start.parisi, start.q1) == pytest.approx((1.0, lines.q_global), rel=1e-11)
    assert start.free_entropy == pytest.approx(calm.free_entropy, rel=1e-12)
    assert start.energy == pytest.approx(calm.energy, rel=1e-12)
    with pytest.raises(dh.NoSolution, match=f"exists from {str(lines.gamma_global)[:8]}"):
        dh.solve(dh.DirectModel(p, lines.gamma_global * (1 - 1e-9), 1.0), "spin_glass", "1rsb")
    for ratio in (1.01, 1.5, 10.0):
        problem = dh.DirectModel(p, lines.gamma_global * ratio, 1.0)
        assert solve(problem, "spin_glass").free_entropy < math.log(2) + problem.load / 2


def test_sherrington_kirkpatrick_ground_state():
    """p = 2 tensors at load 1/2: u(T = 0) = -0.765259 with one step, q0 = 0.4768 (Parisi 1980: -0.7652)."""
    noise = TensorNoise(2)
    found = one_step.solve(noise, 0.5, 0.0, one_step.starts_from(noise, 0.5, 0.0, 0.0, 1.0))
    assert found.residual < 1e-9
    assert noise.energy(found.order, 0.5) == pytest.approx(-0.765259, abs=1e-6)
    assert found.order.outer == pytest.approx(0.4768, abs=5e-5)

    def energy(q0, chi, y):  # at T = 0, q1 = 1: the functional divided by beta, by plain quadrature
        z, weights = naive_replicas.normal_grid(1 / 100)
        inner = np.array([zero_temperature_free(math.sqrt(q0) * one, math.sqrt(1 - q0), y) for one in z])
        return -(0.25 * (2 * chi * 1 - y * (1 - q0**2) - 2 * chi) + weights @ inner / y)

    def zero_temperature_free(field, deviation, y):
        nodes, weights = naive_replicas.field_nodes(field, deviation, deviation)
        return math.log(weights @ np.exp(y * np.abs(nodes)))

    order = found.order
    here = energy(order.outer, order.susceptibility, order.tilt)
    assert here == pytest.approx(noise.energy(order, 0.5), abs=1e-10)
    for change in (1e-3, -1e-3):  # the largest of all, as functionals with replicas are
        assert abs(energy(order.outer * (1 + change), order.susceptibility, order.tilt) - here) < 1e-6
        assert abs(energy(order.outer, order.susceptibility, order.tilt * (1 + change)) - here) < 1e-6


def test_gardner_transition():
    """p = 3: T_G = 0.240 in units where the Hamiltonian has variance N/2 (Gardner, Nucl. Phys. B 257, 747 (1985))."""
    state = glass.gardner(3)
    temperature = state.gamma**-0.5
    assert temperature / math.sqrt(2) == pytest.approx(0.24026, abs=5e-6)
    averages = naive_replicas.tilted_field_averages(0.0, 0.0, math.sqrt(state.variance), state.tilt, temperature)
    assert averages["inner_square"] == pytest.approx(state.site.inner_square, rel=1e-10)
    assert 6 * state.site.inner_square * averages["fourth"] / temperature == pytest.approx(1.0, abs=1e-9)
    line = dh.boundary("glass_gardner", 3, [0.3])
    assert line.coordinate[0] == pytest.approx(0.09 * state.gamma, rel=1e-12)
    for factor, stable in ((1 + 1e-6, False), (1 - 1e-6, True)):
        found = solve(dh.DirectModel(3, float(line.coordinate[0]) * factor, 0.3), "spin_glass")
        assert (found.replicon > 0) is stable
        assert ("more steps" in found.advice) is not stable


def test_random_energy_limit():
    """p -> infinity (Derrida 1981): frozen below T_c = sqrt(alpha/(2 log 2)) at u = -sqrt(2 log 2 alpha), x = T/T_c."""
    load = 1.7
    critical, ground = math.sqrt(load / (2 * math.log(2))), -math.sqrt(2 * math.log(2) * load)
    for p, digits in ((20, 1e-4), (60, 1e-11)):
        for ratio in (0.0, 0.3, 0.9):
            found = solve(dh.DirectModel(p, load, ratio * critical), "spin_glass")
            assert found.energy == pytest.approx(ground, rel=digits)
            assert found.free_energy == pytest.approx(ground, rel=digits)
            assert found.parisi == pytest.approx(ratio, rel=digits, abs=1e-15)
            assert found.q1 == pytest.approx(1, abs=digits)


def test_stable_states_are_replica_symmetric():
    """Where the replicon is positive both ansatzes give the same numbers; the levels are then equal."""
    for problem, branch in (
        (dh.DirectModel(3, 0.6, 0.6), "retrieval"),
        (dh.DirectModel(5, 0.2, 0.9), "retrieval"),
        (dh.TeacherStudent(3, 20.0, 2.0, 3.0), "inference"),
        (dh.TeacherStudent.nishimori(3, 8.0, 2.0), "inference"),
        (dh.TeacherStudent.nishimori(3, 3.0, 2.0), "paramagnet"),
    ):
        plain = solve(problem, branch, "rs")
        assert plain.replicon > 0
        assert solve(problem, branch) == dataclasses.replace(plain, ansatz="1rsb", q0=plain.q, q1=plain.q)


@given(st.sampled_from([3, 5]), st.floats(0.2, 1.0), st.floats(0.2, 0.99), st.floats(0.05, 1.0))
@settings(max_examples=15)
def test_equal_levels_remove_the_parisi_parameter(p, temperature, q, x):
    """With q0 = q1 the 1RSB functional is the replica-symmetric one at any x: the oracles agree with each other."""
    point = {"beta": 1 / temperature, "load": 0.7, "signal": 0.0, "m": 0.6, "q_star": 0.0}
    broken = naive_replicas.one_step(p, **point, q0=q, q1=q, x=x, steps=(1 / 100, 2.0)).real
    assert broken == pytest.approx(naive_replicas.replica_symmetric(p, **point, q=q).real, rel=1e-11)


def test_a_small_gap_opens_where_the_replicon_vanishes():
    """Just inside the AT line the 1RSB state is close to the replica-symmetric one, and merges with it there."""
    gaps = []
    temperature = 0.2
    line = dh.boundary("retrieval_stability", 3, [temperature]).coordinate[0]
    for distance in (1e-2, 1e-3, 1e-4):
        problem = dh.DirectModel(3, float(line) * (1 + distance), temperature)
        plain, broken = solve(problem, "retrieval", "rs"), solve(problem, "retrieval")
        assert plain.replicon < 0
        gaps.append((broken.q1 - broken.q0) / distance)
        assert abs(broken.free_energy - plain.free_energy) < distance**2
        assert abs(broken.q - plain.q) < distance
    assert gaps[1] == pytest.approx(gaps[2], rel=0.05)  # linear in the distance
    assert many_body.retrieval(3, float(line), temperature).order.overlap > 0.9


COLD = [
    (dh.DirectModel(3, 2.0, 0.0), "spin_glass"),
    (dh.DirectModel(5, 0.4, 0.0), "spin_glass"),
    (dh.DirectModel(3, 0.7, 0.0), "retrieval"),
    (dh.DirectModel(3, 0.85, 0.0), "retrieval"),
    (dh.TeacherStudent(3, 0.7 * 4, 0.0, signal=2.0), "inference"),
]


@pytest.mark.parametrize(("problem", "branch"), COLD)
def test_zero_temperature_is_the_limit(problem, branch):
    cold, warm = solve(problem, branch), solve(dataclasses.replace(problem, temperature=1e-7), branch)
    for name in ("m", "q", "q_star", "energy", "free_energy", "entropy", "q0", "q1", "parisi"):
        assert getattr(warm, name) == pytest.approx(getattr(cold, name), rel=2e-6, abs=2e-6), name
    assert cold.parisi == 0
    assert warm.parisi_over_temperature == pytest.approx(warm.parisi / 1e-7)
    assert cold.parisi_over_temperature == pytest.approx(warm.parisi / 1e-7, rel=1e-5)
    assert (cold.q, cold.q1) == pytest.approx((1, 1), abs=1e-15)
    assert cold.free_entropy == math.inf
    assert cold.replicon == -math.inf
    assert warm.replicon < -10


@pytest.mark.parametrize(("ansatz", "energy"), [("rs", -0.797885), ("1rsb", -0.765259)])
def test_large_loads_of_two_bodies_are_sherrington_and_kirkpatricks(ansatz, energy):
    """u/sqrt(2 load) at T = 0 tends to the published energies; the difference falls as load^(-1/2)."""
    near, nearer = (
        solve(dh.DirectModel(2, load, 0.0), "spin_glass", ansatz).energy / math.sqrt(2 * load) - energy
        for load in (5e4, 5e6)
    )
    assert abs(nearer) < 2.5e-4
    assert near / nearer == pytest.approx(10, rel=0.05)
