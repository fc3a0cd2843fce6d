"""The limiting signal against the exact one at growing N, and its coefficients against Gauss-Hermite integrals."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.theory.models.signal import first_order, hermite_coefficient, limiting_signal, pairwise_signal

FINITE = [(3, 3), (4, 4), (4, 3), (5, 3), (6, 4), (8, 5), (11, 5)]


def problem(p, teacher_p, teacher_temperature=6.0, load=1.0):
    return dh.TeacherStudent(
        p=p, load=load, temperature=1.0, teacher_temperature=teacher_temperature, teacher_p=teacher_p
    )


@pytest.mark.parametrize(("p", "teacher_p"), FINITE)
def test_exact_signal_tends_to_its_limit_as_one_over_n(p, teacher_p):
    """lambda_N = limit (1 + c/N + ...): N times the relative error is finite and settles."""
    limit = limiting_signal(problem(p, teacher_p))
    errors = []
    for n in (1_000, 2_000, 4_000):
        n_examples = dh.n_examples_for(1.0, n, p)
        load = dh.load_of(n_examples, n, p)
        errors.append(n * (dh.signal_strength(n, n_examples, p, 6.0, teacher_p) / (load * limit) - 1))
    assert max(map(abs, errors)) < 80  # -74 at (11, 5), -4 at (4, 3)
    assert abs(errors[2] - errors[1]) < 0.6 * abs(errors[1] - errors[0]) + 1e-3
    assert errors[2] == pytest.approx(errors[1], rel=0.02, abs=0.01)


@pytest.mark.parametrize(
    ("p", "teacher_p", "expected"), [(3, 3, 1.0), (4, 3, 4.5), (5, 3, 36.0), (6, 4, 8.0), (8, 5, 12.5)]
)
def test_stated_coefficients(p, teacher_p, expected):
    order = first_order(p, teacher_p)
    assert limiting_signal(problem(p, teacher_p, 5.0, 0.7)) == pytest.approx(expected * 0.7 * 5.0**-order, rel=1e-14)


@pytest.mark.parametrize(
    ("p", "teacher_p", "order"), [(4, 3, 2), (5, 3, 3), (9, 3, 3), (6, 2, 3), (0, 5, 2), (8, 4, 2)]
)
def test_hermite_coefficients_by_gauss_hermite(p, teacher_p, order):
    """E He_p He_{p*}^n / p!, with 40 nodes: exact for these degrees."""
    z, weights = np.polynomial.hermite_e.hermegauss(40)
    basis = np.polynomial.hermite_e.HermiteE.basis
    mean = weights @ (basis(p)(z) * basis(teacher_p)(z) ** order) / math.sqrt(2 * math.pi)
    assert hermite_coefficient(p, teacher_p, order) == pytest.approx(mean / math.factorial(p), rel=1e-10)


@pytest.mark.parametrize(
    ("p", "teacher_p", "exponent"), [(6, 3, 1), (7, 3, 1), (9, 3, 2), (4, 2, 1), (6, 2, 2), (8, 4, 1)]
)
def test_diverging_signals_are_refused_and_do_diverge(p, teacher_p, exponent):
    with pytest.raises(dh.OutOfRange, match=rf"diverges as N\^{exponent} .*signal=.*finite_noise.*large_noise"):
        limiting_signal(problem(p, teacher_p))
    assert measured_exponent(p, teacher_p) == pytest.approx(exponent, abs=0.02)


@pytest.mark.parametrize(("p", "teacher_p", "exponent"), [(3, 5, -4), (4, 6, -3), (7, 5, -2)])
def test_vanishing_signals_are_zero_and_do_vanish(p, teacher_p, exponent):
    assert limiting_signal(problem(p, teacher_p)) == 0.0
    assert measured_exponent(p, teacher_p) == pytest.approx(exponent, abs=0.02)


def measured_exponent(p, teacher_p):
    per_load = [dh.signal_strength(n, 10**6, p, 6.0, teacher_p) / dh.load_of(10**6, n, p) for n in (2_000, 4_000)]
    return math.log2(per_load[1] / per_load[0])


def test_odd_student_of_an_even_teacher_learns_nothing():
    with pytest.warns(RuntimeWarning, match="signal is 0: odd p = 5 cannot learn from a teacher with even p = 4"):
        assert limiting_signal(problem(5, 4)) == 0.0
    with pytest.warns(RuntimeWarning, match="even p = 2"):
        assert limiting_signal(problem(3, 2)) == 0.0


def test_a_given_signal_is_returned():
    assert limiting_signal(dh.TeacherStudent(p=4, load=0.0, temperature=1.0, signal=0.3)) == 0.3


@pytest.mark.parametrize(("teacher_p", "temperature"), [(3, 1.487), (4, 1.4517), (2, 1.99)])
def test_ordered_teachers_are_refused(teacher_p, temperature):
    for question, p in ((limiting_signal, 4), (pairwise_signal, 2)):
        with pytest.raises(dh.OutOfRange, match="the teacher is ordered below T_crit"):
            question(problem(p, teacher_p, temperature))


def test_critical_teacher_is_refused():
    for question, p in ((limiting_signal, 4), (pairwise_signal, 2)):
        with pytest.raises(dh.OutOfRange, match=r"exactly critical at T\* = 2"):
            question(problem(p, 2, 2.0))


@pytest.mark.parametrize("teacher_p", [2, 3, 4])
def test_pairwise_signal_is_the_limit_of_the_exact_one(teacher_p):
    """lambda_N = (M/N) c (1 + O(1/N)); at p* >= 3 it vanishes at least as 1/N."""
    c = pairwise_signal(problem(2, teacher_p, 5.0))
    assert c == (2 / 3 if teacher_p == 2 else 0.0)
    errors = [n * (dh.signal_strength(n, n, 2, 5.0, teacher_p) - c) for n in (1_000, 2_000, 4_000)]
    assert max(map(abs, errors)) < 2.0
    assert abs(errors[2] - errors[1]) < 0.6 * abs(errors[1] - errors[0])


def test_each_question_has_its_p():
    with pytest.raises(dh.InvalidInput, match="needs p >= 3, got p = 2: see pairwise_signal"):
        limiting_signal(problem(2, 2))
    with pytest.raises(dh.InvalidInput, match="needs p = 2, got p = 3: see limiting_signal"):
        pairwise_signal(problem(3, 3))
    for question in (limiting_signal, pairwise_signal):
        with pytest.raises(dh.InvalidInput, match="problem must be a TeacherStudent"):
            question(None)


@pytest.mark.parametrize("p", [4, 6, 8])
@pytest.mark.parametrize("temperature", [2 + math.sqrt(2), 5.0])
def test_few_examples_of_a_two_body_teacher(p, temperature):
    """TeacherStudent.finite_noise: its signal is the limit of the exact one, with an error c/N."""
    errors = []
    for n in (2_000, 4_000, 8_000):
        n_examples = round(n ** (p // 2) / math.factorial(p // 2 + 1))
        scaled_load = n_examples * math.factorial(p // 2 + 1) / n ** (p // 2)
        limit = dh.TeacherStudent.finite_noise(p, scaled_load, 1.0, temperature).signal
        errors.append(n * (dh.signal_strength(n, n_examples, p, temperature, 2) / limit - 1))
    assert errors[2] == pytest.approx(errors[1], rel=0.02)
    if p == 4 and temperature < 5:
        assert limit == pytest.approx(1.0, rel=1e-6)  # eta = 1 at T* = 2 + sqrt(2)


@pytest.mark.parametrize("p", [4, 6])
def test_many_examples_of_a_hot_two_body_teacher(p):
    """TeacherStudent.large_noise: the error shrinks as 1/T* = N^-(1 - 2/p)."""
    scaled, errors = 0.8, []
    for n in (2_000, 8_000):
        n_examples = dh.n_examples_for(1.0, n, p)
        given = dh.TeacherStudent.large_noise(p, dh.load_of(n_examples, n, p), 1.0, scaled)
        teacher_temperature = scaled * n ** (1 - 2 / p)
        exact = dh.signal_strength(n, n_examples, p, teacher_temperature, 2)
        errors.append(n ** (1 - 2 / p) * (exact / given.signal - 1))
    assert errors[1] == pytest.approx(errors[0], rel=0.08)
    assert limiting_signal(given) == given.signal
