"""The Nishimori line against published numbers, identities and a second method that shares no code with it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

import densehop as dh
from densehop.theory.models import nishimori
from tests import naive_replicas

BODIES = (3, 4, 5, 6, 10)


def naive_overlap(a):
    return naive_replicas.gaussian_mean(lambda z: math.tanh(a + math.sqrt(a) * z))


def naive_overlap_slope(a):
    return naive_replicas.gaussian_mean(lambda z: math.cosh(a + math.sqrt(a) * z) ** -4)


def naive_gamma(p, a):
    return a / (p * naive_overlap(a) ** (p - 1))


@pytest.mark.parametrize("p", BODIES)
def test_lines_to_ten_digits_by_a_second_method(p):
    """Adaptive quadrature; the spinodal as a minimum found by golden section, the transition by free entropies."""
    lines = dh.nishimori_lines(p)
    lowest = minimize_scalar(
        lambda log_a: naive_gamma(p, math.exp(log_a)), bounds=(-0.5, 3.0), method="bounded", options={"xatol": 1e-9}
    )
    assert lines.gamma_local == pytest.approx(lowest.fun, abs=1e-10)
    assert lines.q_local == pytest.approx(naive_overlap(math.exp(lowest.x)), abs=1e-7)  # a minimum: half the digits
    local = brentq(
        lambda a: (p - 1) * a * naive_overlap_slope(a) - naive_overlap(a),
        math.exp(lowest.x - 0.1),
        math.exp(lowest.x + 0.1),
    )
    assert lines.q_local == pytest.approx(naive_overlap(local), abs=1e-10)  # the rest of them from dq/da

    def gain(a):
        gamma, q = naive_gamma(p, a), naive_overlap(a)
        return naive_replicas.free_entropy(p, 1.0, gamma, gamma, q, q) - math.log(2) - gamma / 2

    a = brentq(gain, math.exp(lowest.x), 2 * p, xtol=1e-13)
    assert lines.gamma_global == pytest.approx(naive_gamma(p, a), abs=1e-10)
    assert lines.q_global == pytest.approx(naive_overlap(a), abs=1e-10)


def test_published_transitions_of_the_three_spin_glass():
    """In the p-spin literature's units T' = T/sqrt(2 alpha): T_d = 0.682, T_K = 0.651 (Kirkpatrick & Thirumalai 1987;
    Crisanti, Leuzzi & Rizzo 2005 for the Ising 3-spin model)."""
    lines = dh.nishimori_lines(3)
    assert 1 / math.sqrt(2 * lines.gamma_local) == pytest.approx(0.682, abs=5e-4)
    assert 1 / math.sqrt(2 * lines.gamma_global) == pytest.approx(0.651, abs=5e-4)
    assert lines.q_global == pytest.approx(0.8135, abs=5e-5)


def test_many_bodies_reach_the_random_energy_model():
    """The paper's second check of itself: p = 10 lies close to p -> infinity, and the limit is reached."""
    limit = dh.nishimori_lines(math.inf)
    assert limit.gamma_global == 2 * math.log(2)
    assert dh.nishimori_lines(10).gamma_global == pytest.approx(limit.gamma_global, rel=5e-4)
    assert dh.nishimori_lines(60).gamma_global == pytest.approx(limit.gamma_global, abs=1e-12)
    assert dh.nishimori_lines(60).gamma_global < limit.gamma_global


retrieval_points = st.tuples(
    st.integers(3, 10), st.floats(1.0001, 30.0), st.floats(1.55, 50.0)
)  # p, Gamma over its spinodal value, T above every T_crit


@given(retrieval_points)
def test_identities_at_random_points(point):
    """q = q* at the saddle point of the functional of two order parameters, which is stationary there; u = -alpha/T;
    entropy >= 0 where retrieval is global (the paper's first check of itself); u = -d Phi/d beta."""
    p, ratio, temperature = point
    gamma = ratio * dh.nishimori_lines(p).gamma_local
    load, beta = gamma * temperature**2, 1 / temperature
    found = dh.solve(dh.TeacherStudent.nishimori(p, load, temperature))
    assert found.converged
    assert found.residual < 1e-11
    assert found.m == 0
    assert found.q == found.q_star
    assert found.replicon > -1e-9
    assert found.energy == pytest.approx(-load / temperature, rel=1e-13)
    assert found.free_energy == pytest.approx(-temperature * found.free_entropy, rel=1e-14)

    q, signal = found.q, load * beta

    def functional(beta, q, q_star):
        return naive_replicas.free_entropy(p, beta, load, signal, q, q_star)

    assert found.free_entropy == pytest.approx(functional(beta, q, q), rel=1e-11)
    step = 1e-4 * min(q, 1 - q) + 1e-6 * q
    if q < 1 - 1e-3:
        scale = max(1.0, gamma)
        slope_q = (functional(beta, q + step, q) - functional(beta, q - step, q)) / (2 * step)
        slope_q_star = (functional(beta, q, q + step) - functional(beta, q, q - step)) / (2 * step)
        assert abs(slope_q) < 1e-5 * scale
        assert abs(slope_q_star) < 1e-5 * scale
    change = 1e-4 * beta
    slope = (functional(beta + change, q, q) - functional(beta - change, q, q)) / (2 * change)
    assert found.energy == pytest.approx(-slope, rel=1e-6)
    if gamma > dh.nishimori_lines(p).gamma_global:
        assert found.entropy > -1e-13 * max(1, gamma)


@pytest.mark.parametrize("p", BODIES)
def test_replicon_vanishes_at_the_spinodal_and_branches_meet_there(p):
    lines = dh.nishimori_lines(p)
    just_above = lines.gamma_local * (1 + 1e-10)
    upper = nishimori.field_variance(p, just_above)
    lower = nishimori.field_variance(p, just_above, stable=False)
    assert lower < upper
    assert lower == pytest.approx(upper, rel=1e-3)
    assert nishimori.stability(p, upper) == pytest.approx(0, abs=1e-3)
    assert nishimori.stability(p, nishimori.field_variance(p, 1.2 * lines.gamma_local)) > 0.1
    assert nishimori.stability(p, nishimori.field_variance(p, 1.2 * lines.gamma_local, stable=False)) < -0.1


@pytest.mark.parametrize("p", BODIES)
@pytest.mark.parametrize("gamma", [1.4, 3.0, 1e2, 1e6, 1e40])
def test_both_branches_solve_the_equation(p, gamma):
    upper = nishimori.field_variance(p, gamma)
    lower = nishimori.field_variance(p, gamma, stable=False)
    assert lower < upper
    for a in (upper, lower):
        assert math.exp(nishimori.log_gamma_of(p, a)) == pytest.approx(gamma, rel=1e-11)


@pytest.mark.parametrize("a", [1e-3, 0.3, 2.0, 20.0, 100.0])
def test_averages_against_adaptive_quadrature(a):
    deviation = math.sqrt(a)
    assert nishimori.overlap(a) == pytest.approx(naive_overlap(a), rel=1e-13)
    square = naive_replicas.gaussian_mean(lambda z: math.tanh(a + deviation * z) ** 2)
    assert nishimori.overlap(a) == pytest.approx(square, rel=1e-11)  # the Nishimori identity E tanh = E tanh^2
    mean = naive_replicas.gaussian_mean(lambda z: naive_replicas.log_2cosh(a + deviation * z)) - math.log(2)
    assert nishimori.mean_log_cosh(a) == pytest.approx(mean, rel=1e-12)
    slope = (nishimori.overlap(a * 1.0001) - nishimori.overlap(a * 0.9999)) / (2e-4 * a)
    assert nishimori.overlap_slope(a) == pytest.approx(slope, rel=1e-6, abs=1e-12)


def test_no_retrieval_below_the_spinodal():
    with pytest.raises(dh.NoSolution, match=r"Gamma = load/T\^2 = 1: for p = 3 it exists from Gamma = 1\.07625043 on"):
        dh.solve(dh.TeacherStudent.nishimori(3, 4.0, 2.0))
    with pytest.raises(dh.NoSolution):
        dh.solve(dh.TeacherStudent.nishimori(3, 0.0, 2.0))


def test_paramagnet_and_its_warnings():
    calm = dh.solve(dh.TeacherStudent.nishimori(3, 4.0, 2.0), "paramagnet")
    assert (calm.q, calm.q_star, calm.replicon, calm.advice) == (0.0, 0.0, 1.0, "")
    assert calm.free_entropy == pytest.approx(math.log(2) + 0.5)
    assert calm.entropy == pytest.approx(math.log(2) - 0.5)
    with pytest.warns(RuntimeWarning, match="the paramagnet has negative entropy"):
        dh.solve(dh.TeacherStudent.nishimori(3, 8.0, 2.0), "paramagnet")
    with pytest.warns(RuntimeWarning, match="the paramagnet is unstable"):
        dh.solve(dh.TeacherStudent.nishimori(2, 3.0, 3.0), "paramagnet")


def test_ordered_teacher_is_example_retrieval():
    problem = dh.TeacherStudent.nishimori(3, 2.0, 1.2)
    found = dh.solve(problem)
    assert dh.phase(problem) is dh.Phase.EXAMPLE_RETRIEVAL
    assert (found.q, found.q_star) == (1.0, 1.0)
    assert found.m == dh.teacher.magnetisation(3, 1.2) > 0.97
    assert math.isnan(found.energy)
    message = r"no paramagnet branch at T = 1\.2: the teacher itself is ordered below T_crit = 1\.487908"
    with pytest.raises(dh.NoSolution, match=message):
        dh.solve(problem, "paramagnet")


@pytest.mark.parametrize("p", [3, 4, 10])
def test_phases_change_on_the_lines(p):
    lines, temperature = dh.nishimori_lines(p), 3.0
    for gamma, below, above in (
        (lines.gamma_local, dh.Phase.PARAMAGNETIC, dh.Phase.LOCAL_RETRIEVAL),
        (lines.gamma_global, dh.Phase.LOCAL_RETRIEVAL, dh.Phase.GLOBAL_RETRIEVAL),
    ):
        for factor, expected in ((1 - 1e-9, below), (1 + 1e-9, above)):
            assert dh.phase(dh.TeacherStudent.nishimori(p, gamma * temperature**2 * factor, temperature)) is expected


@pytest.mark.parametrize("p", [3, 4, 6])
def test_the_line_is_crossed_continuously(p):
    """The line has a solver of its own; just off it the general one must agree, and so must the phases."""
    for ratio in (1.02, 1.1, 2.0):
        load = ratio * dh.nishimori_lines(p).gamma_local * 9
        on = dh.solve(dh.TeacherStudent.nishimori(p, load, 3.0))
        for off in (3 - 1e-9, 3 + 1e-9):
            near = dh.solve(dh.TeacherStudent(p, load, 3.0, off))
            assert (near.q, near.q_star) == pytest.approx((on.q, on.q), abs=1e-7)
            assert near.energy == pytest.approx(on.energy, rel=1e-7)
            assert near.free_entropy == pytest.approx(on.free_entropy, rel=1e-7)
            assert near.replicon == pytest.approx(on.replicon, abs=1e-7)
            assert dh.phase(near.problem) is dh.phase(on.problem)


def test_no_student_beats_the_optimal_one():
    """q > q* for a student that is too cold, q < q* for one too warm. The angle between the student's mean and the
    pattern, q*/sqrt(q), is best at T = T* (Bayes), though a colder sample itself may have the larger q*."""
    optimal = dh.solve(dh.TeacherStudent.nishimori(3, 6.0, 2.0))
    for temperature, colder in ((1.9, True), (1.99, True), (2.01, False), (2.1, False)):
        found = dh.solve(dh.TeacherStudent(3, 6.0, temperature, 2.0))
        assert (found.q > found.q_star) is colder
        assert found.q_star / math.sqrt(found.q) < math.sqrt(optimal.q)


def test_what_is_no_problem_is_refused():
    for question in (dh.solve, dh.phase, dh.candidates):
        with pytest.raises(dh.InvalidInput, match=r"problem must be one of DirectModel, TeacherStudent, .*, got None"):
            question(None)


def test_unknown_words_are_refused():
    problem = dh.TeacherStudent.nishimori(3, 6.0, 2.0)
    branches = "'inference', 'retrieval', 'spin_glass', 'paramagnet', 'unrelated_retrieval'"
    with pytest.raises(dh.InvalidInput, match=f"branch must be one of {branches}; got 'ferromagnet'"):
        dh.solve(problem, "ferromagnet")
    with pytest.raises(dh.InvalidInput, match="ansatz must be one of 'rs', '1rsb'; got '2rsb'"):
        dh.solve(problem, ansatz="2rsb")


def test_no_false_alarm_at_the_spinodal():
    for p in (5, 20, 50, 100):
        load = dh.nishimori_lines(p).gamma_local * 9
        for ulp in range(6):
            assert dh.solve(dh.TeacherStudent.nishimori(p, load * (1 + (1 + ulp) * 2e-15), 3.0)).advice == ""
