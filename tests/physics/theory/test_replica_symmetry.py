"""Replica symmetry at p >= 3: every solution makes an independent functional stationary, and known numbers come out."""

import dataclasses
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar, root
from scipy.special import erf

import densehop as dh
from densehop.theory.models.many_body import glass, limits
from densehop.theory.models.many_body import states as many_body
from densehop.theory.models.many_body.noise import TensorNoise
from tests import naive_replicas

BODIES = (3, 4, 5, 7)
NUMBERS = ("m", "q", "q_star", "free_entropy", "free_energy", "energy", "entropy", "replicon", "q0", "q1", "parisi")


def solve(problem, branch, ansatz="rs"):
    """Solve without the warnings about stability, which are tested by themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return dh.solve(problem, branch, ansatz)


def check(found, signal, stationary):
    """Stationarity, u = -d Phi/d beta, f, Phi and s of a solution, all against the complex functional."""
    problem = found.problem
    beta = 1 / problem.temperature

    def phi(**order):
        return naive_replicas.replica_symmetric(problem.p, **order)

    point = {"beta": beta, "load": problem.load, "signal": signal, "m": found.m, "q_star": found.q_star, "q": found.q}
    scale = 1 + beta * problem.p * (1 + signal) + problem.load * beta**2 * problem.p
    for name in stationary:
        assert naive_replicas.slope(phi, point, name) == pytest.approx(0, abs=1e-10 * scale), name
    value = phi(**point).real
    assert found.free_entropy == pytest.approx(value, rel=1e-10)
    assert found.free_energy == pytest.approx(-value / beta, rel=1e-10)
    assert found.energy == pytest.approx(-naive_replicas.slope(phi, point, "beta"), rel=1e-10, abs=1e-10 * scale)
    assert found.entropy == pytest.approx(value + beta * found.energy, abs=1e-10 * scale)
    assert found.residual < 1e-11
    assert found.converged
    field = math.sqrt(problem.load * problem.p * found.q ** (problem.p - 1))
    mean = problem.p * (found.m ** (problem.p - 1) + signal * found.q_star ** (problem.p - 1))
    fourth = naive_replicas.field_averages(mean, field, problem.temperature)["fourth"] * problem.temperature
    softness = problem.load * beta**2 * problem.p * (problem.p - 1) * found.q ** (problem.p - 2) * fourth
    assert found.replicon == pytest.approx(1 - softness, rel=1e-9, abs=1e-10)


fractions = st.tuples(st.sampled_from(BODIES), st.floats(0.15, 0.999), st.floats(0.01, 0.999))


@given(fractions)
@settings(max_examples=50)
def test_retrieval_is_stationary(point):
    p, coldness, fraction = point
    temperature = coldness * dh.critical_temperature(p).spinodal_temperature
    load = fraction * limits.spinodal_load(p, temperature).value
    found = solve(dh.DirectModel(p, load, temperature), "retrieval")
    assert found.m > 0.3
    assert (found.q_star, found.q0, found.q1, found.parisi) == (0.0, 0.0, 0.0, 0.0)
    check(found, 0.0, ("m", "q"))


@given(fractions, st.floats(0.05, 20.0))
@settings(max_examples=50)
def test_inference_is_stationary(point, signal):
    """Off the Nishimori line; lambda as given, or of a teacher of the same p: lambda = alpha/T*."""
    p, coldness, fraction = point
    tau = coldness * dh.critical_temperature(p).spinodal_temperature
    load, temperature = fraction * limits.spinodal_load(p, tau).value * signal**2, tau * signal
    given_signal = dh.TeacherStudent(p, load, temperature, signal=signal)
    found = solve(given_signal, "inference")
    check(found, signal, ("q_star", "q"))
    assert found.m == 0
    if load / signal > dh.critical_temperature(p).temperature:
        taught = solve(dh.TeacherStudent(p, load, temperature, load / signal), "inference")
        assert [getattr(taught, name) for name in NUMBERS] == pytest.approx(
            [getattr(found, name) for name in NUMBERS], rel=1e-9, abs=1e-12
        )


@given(st.sampled_from(BODIES), st.floats(1.0001, 60.0), st.floats(0.1, 10.0))
@settings(max_examples=40)
def test_spin_glass_is_stationary(p, ratio, temperature):
    load = ratio * glass.gamma_of(p, glass.symmetric_spinodal(p)) * temperature**2
    found = solve(dh.DirectModel(p, load, temperature), "spin_glass")
    assert found.m == found.q_star == 0
    assert found.q > 0.3
    check(found, 0.0, ("q",))


@given(fractions, st.floats(1e-3, 1e3))
@settings(max_examples=30)
def test_inference_is_retrieval_in_other_units(point, signal):
    """Dividing energies by lambda leaves load/lambda^2 and T/lambda; also with the units at T = 0."""
    p, coldness, fraction = point
    tau = 0.0 if coldness < 0.25 else coldness * dh.critical_temperature(p).spinodal_temperature
    nu = fraction * limits.spinodal_load(p, tau).value
    one = solve(dh.DirectModel(p, nu, tau), "retrieval")
    other = solve(dh.TeacherStudent(p, nu * signal**2, tau * signal, signal=signal), "inference")
    assert (other.q_star, other.q) == pytest.approx((one.m, one.q), rel=1e-9)
    assert other.energy == pytest.approx(signal * one.energy, rel=1e-9)
    assert other.free_energy == pytest.approx(signal * one.free_energy, rel=1e-9)
    assert other.entropy == pytest.approx(one.entropy, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("p", BODIES)
def test_direct_model_has_a_nishimori_line(p):
    """On alpha = T: q = m, u = -1, and the overlap is the Bayes-optimal student's at the same Gamma = 1/T."""
    last = 1 / dh.nishimori_lines(p).gamma_local
    for temperature in (0.1, 0.4, 0.7, 0.9, 0.9999):
        t = temperature * last
        found = dh.solve(dh.DirectModel(p, t, t), "retrieval")
        assert found.q == pytest.approx(found.m, abs=1e-11)
        assert found.energy == pytest.approx(-1, abs=1e-11)
        assert found.replicon > 0
        optimal = dh.solve(dh.TeacherStudent.nishimori(p, 100 / t, 10.0))
        assert found.m == pytest.approx(optimal.q_star, abs=1e-10)
        assert found.replicon == pytest.approx(optimal.replicon, abs=1e-9)
        assert found.entropy == pytest.approx(optimal.entropy, abs=1e-9)


@pytest.mark.parametrize("p", BODIES)
def test_a_single_memory_is_the_teacher(p):
    """Load 0 is a p-body ferromagnet: Curie-Weiss, with the teacher's magnetisation, T_crit and spinodal."""
    critical = dh.critical_temperature(p)
    for temperature in (0.3, 1.0, critical.temperature * (1 - 1e-12)):
        found = dh.solve(dh.DirectModel(p, 0.0, temperature), "retrieval")
        assert found.m == pytest.approx(math.tanh(p * found.m ** (p - 1) / temperature), rel=1e-13)
        assert found.m == pytest.approx(dh.teacher.magnetisation(p, temperature), rel=1e-10)
        assert found.q == pytest.approx(found.m**2, rel=1e-13)
        assert found.energy == pytest.approx(-(found.m**p), rel=1e-13)
        field = p * found.m ** (p - 1) / temperature
        free_entropy = -(p - 1) / temperature * found.m**p + naive_replicas.log_2cosh(field)
        assert found.free_entropy == pytest.approx(free_entropy, rel=1e-12)
    assert found.free_entropy == pytest.approx(math.log(2), abs=1e-10)
    assert dh.phase(dh.DirectModel(p, 0.0, critical.temperature * (1 - 1e-9))) is dh.Phase.GLOBAL_RETRIEVAL
    assert dh.phase(dh.DirectModel(p, 0.0, critical.temperature * (1 + 1e-9))) is dh.Phase.LOCAL_RETRIEVAL
    end = critical.spinodal_temperature
    assert dh.phase(dh.DirectModel(p, 0.0, end * (1 - 1e-9))) is dh.Phase.LOCAL_RETRIEVAL
    assert dh.phase(dh.DirectModel(p, 0.0, end * (1 + 1e-9))) is dh.Phase.PARAMAGNETIC


@pytest.mark.parametrize("p", [3, 4, 5, 6, 10])
def test_zero_temperature_in_closed_form(p):
    """m = erf(x), alpha = p erf(x)^(2p-2)/(2x^2): lost at its maximum, 0.756571 for p = 3."""

    def load_of(x):
        return p * erf(x) ** (2 * p - 2) / (2 * x**2)

    peak = minimize_scalar(lambda x: -load_of(x), bounds=(0.5, 4), method="bounded", options={"xatol": 1e-9})
    assert dh.retrieval_boundary(p, 0.0) == pytest.approx(-peak.fun, rel=1e-13)
    if p == 3:
        assert -peak.fun == pytest.approx(0.756571, abs=5e-7)
    for x in (peak.x * 1.05, peak.x * 1.3, 5.0):
        found = solve(dh.DirectModel(p, load_of(x), 0.0), "retrieval")
        assert found.m == pytest.approx(erf(x), rel=1e-12)
        chi = 2 / math.sqrt(2 * math.pi * p * load_of(x)) * math.exp(-(x**2))  # twice the density of fields at 0
        assert found.energy == pytest.approx(-(found.m**p) - load_of(x) * p * chi, rel=1e-12)
        assert found.entropy == pytest.approx(-load_of(x) * p * (p - 1) / 4 * chi**2, rel=1e-10)
        assert found.free_entropy == math.inf
        assert found.free_energy == found.energy
        softness = 1e-7 * (1 - solve(dh.DirectModel(p, load_of(x), 1e-7), "retrieval").replicon)
        assert softness == pytest.approx(load_of(x) * p * (p - 1) * 2 / 3 * chi, rel=1e-6)


def test_sherrington_kirkpatrick_ground_state():
    """p = 2 tensors, load 1/2: u(0) = -sqrt(2/pi) = -0.797885, s(0) = -1/(2 pi) (Sherrington & Kirkpatrick 1975)."""
    state, noise = many_body.state(0.0, 1.0, 0.0), TensorNoise(2)
    assert 0.5 * noise.spread(state.order)[0] == state.variance
    assert noise.energy(state.order, 0.5) == pytest.approx(-math.sqrt(2 / math.pi), rel=1e-15)
    assert noise.energy(state.order, 0.5) == pytest.approx(-0.797885, abs=5e-7)
    assert state.site.entropy + noise.entropy(state.order, 0.5) == pytest.approx(-1 / (2 * math.pi), rel=1e-15)


COLD = [
    (dh.DirectModel(3, 0.5, 0.0), "retrieval"),
    (dh.DirectModel(5, 0.3, 0.0), "retrieval"),
    (dh.DirectModel(3, 2.0, 0.0), "spin_glass"),
    (dh.TeacherStudent(4, 2.0, 0.0, signal=3.0), "inference"),
    (dh.TeacherStudent(3, 9.0, 0.0, 2.5), "inference"),
]


@pytest.mark.parametrize(("problem", "branch"), COLD)
def test_zero_temperature_is_the_limit(problem, branch):
    """Every field of a solution; free entropies diverge as 1/T and so does the replicon where it is negative."""
    cold, warm = solve(problem, branch), solve(dataclasses.replace(problem, temperature=1e-7), branch)
    for name in ("m", "q", "q_star", "energy", "free_energy", "entropy", "q0", "q1", "parisi"):
        assert getattr(warm, name) == pytest.approx(getattr(cold, name), rel=1e-6, abs=1e-6), name
    assert cold.free_entropy == math.inf
    assert warm.free_entropy * 1e-7 == pytest.approx(-cold.energy, rel=1e-6)
    assert cold.replicon == -math.inf
    assert warm.replicon < -1e3


def brute_force(p, load, temperature, rng):
    """Every overlap m that a general root finder reaches from random starts, with averages on a plain grid."""
    z, weights = naive_replicas.normal_grid(1 / 24)

    def equations(values):
        m, q = values
        tanh = np.tanh((p * abs(m) ** (p - 1) + math.sqrt(load * p * abs(q) ** (p - 1)) * z) / temperature)
        return [tanh @ weights - m, tanh**2 @ weights - q]

    found = []
    for _ in range(15):
        m = rng.uniform(0, 1)
        result = root(equations, [m, max(m**2, rng.uniform(0, 1))], tol=1e-12)
        if np.abs(equations(result.x)).max() < 1e-10 and result.x.min() > 1e-3:
            found.append(result.x[0])
    return np.array(found)


def test_no_retrieval_state_is_missed():
    """The solver's state is the one of largest overlap that any start leads to, and it is there when one is there."""
    rng = np.random.default_rng(3)
    seen = 0
    for _ in range(40):
        p, temperature = int(rng.choice([3, 4, 6])), rng.uniform(0.15, 1.6)
        load = rng.uniform(0.02, 1.2)
        largest = brute_force(p, load, temperature, rng).max(initial=0.0)
        try:
            m = solve(dh.DirectModel(p, load, temperature), "retrieval").m
        except dh.NoSolution:
            assert largest < 0.2, (p, load, temperature)
            continue
        seen += 1
        assert largest < m + 1e-8, (p, load, temperature)
        assert m == pytest.approx(largest, abs=1e-7)
    assert 10 < seen < 35


@given(st.sampled_from([3, 4, 5]), st.floats(0.05, 1.8), st.floats(1e-3, 2.0))
@settings(max_examples=60)
def test_entropy_is_positive_where_replica_symmetry_is_exact(p, temperature, load):
    """The paper's first check of itself, direct model: winners that are stable in replica symmetry have s >= 0."""
    winner = dh.candidates(dh.DirectModel(p, load, temperature))[0]
    if winner.ansatz == "rs" and winner.replicon > 0:
        assert winner.entropy > -1e-12


@given(st.sampled_from([3, 4, 5]), st.floats(0.1, 5.0), st.floats(0.1, 30.0), st.floats(1.001, 4.0))
@settings(max_examples=60)
def test_entropy_is_positive_at_a_fixed_teacher(p, temperature, load, ratio):
    teacher_temperature = ratio * dh.critical_temperature(p).temperature
    winner = dh.candidates(dh.TeacherStudent(p, load, temperature, teacher_temperature))[0]
    if winner.ansatz == "rs" and winner.replicon > 0:
        assert winner.entropy > -1e-12
