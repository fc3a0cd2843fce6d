"""The signal of any teacher for large N: how strongly its examples together point at the hidden pattern.

A teacher with p* bodies speaks to a student with p bodies through the lowest power n of its energy that correlates with
the student's; the power of N that this costs is decided in exact integers (docs/theory.md, eq. 42 to 47). Source:
Thériault & Tantari, SciPost Phys. 17, 040 (2024), for p = p* and p* = 2; the general case is the project's own.
"""

import math
import warnings
from collections import defaultdict
from fractions import Fraction
from itertools import count

from densehop.base import checks
from densehop.errors import InvalidInput, OutOfRange
from densehop.problem import TeacherStudent
from densehop.teacher import law


def limiting_signal(problem: TeacherStudent) -> float:
    """Return lambda for N -> infinity at finite load and teacher temperature, p >= 3 (docs/theory.md, eq. 42 to 44).

    A `signal` given with the problem is returned as it is.

    Raises
    ------
    InvalidInput
        For p = 2, whose examples act through `pairwise_signal`.
    OutOfRange
        If the teacher is ordered or critical, or if the signal diverges with N.

    Warns
    -----
    RuntimeWarning
        If p is odd and teacher_p even: the signal is 0 by symmetry.
    """
    _require_teacher_student(problem)
    if problem.signal is not None:
        return problem.signal
    if problem.p == 2:
        raise InvalidInput("limiting_signal needs p >= 3, got p = 2: see pairwise_signal")
    teacher_p, temperature = _disordered_teacher(problem)
    if problem.p == teacher_p:
        return problem.load / temperature
    if problem.p % 2 == 1 and teacher_p % 2 == 0:
        warnings.warn(
            f"signal is 0: odd p = {problem.p} cannot learn from a teacher with even p = {teacher_p}; use an even p",
            RuntimeWarning,
            stacklevel=2,
        )
        return 0.0
    order = first_order(problem.p, teacher_p)
    exponent = (problem.p - 2 - order * (teacher_p - 2)) // 2  # even before the division, by the parity of n
    if exponent > 0:
        raise OutOfRange(_divergence(problem.p, teacher_p, exponent))
    if exponent < 0:
        return 0.0
    coefficient = Fraction(hermite_coefficient(problem.p, teacher_p, order), math.factorial(order))
    return float(coefficient) * problem.load * temperature**-order


def pairwise_signal(problem: TeacherStudent) -> float:
    """Return c of the planted p = 2 model, 2/(T* - 2) for a two-body teacher, else 0 (docs/theory.md, eq. 45).

    Its examples carry lambda = (M/N) c for N -> infinity.

    Raises
    ------
    InvalidInput
        If p is not 2.
    OutOfRange
        If the teacher is ordered or critical.
    """
    _require_teacher_student(problem)
    if problem.p != 2:
        raise InvalidInput(f"pairwise_signal needs p = 2, got p = {problem.p}: see limiting_signal")
    teacher_p, temperature = _disordered_teacher(problem)
    return 2 / (temperature - 2) if teacher_p == 2 else 0.0


def first_order(p: int, teacher_p: int) -> int:
    """Return the lowest power n of the teacher's energy that correlates with the student's (docs/theory.md, eq. 42).

    p odd with teacher_p even has none and must not be asked for.
    """
    if p == teacher_p:
        return 1
    return next(n for n in count(max(2, -(-p // teacher_p))) if (n * teacher_p - p) % 2 == 0)


def hermite_coefficient(p: int, teacher_p: int, order: int) -> int:
    """Return the coefficient of He_p in (He_{p*})^n, by the product rule of docs/theory.md, eq. 43."""
    power = {0: 1}
    for _ in range(order):
        product: defaultdict[int, int] = defaultdict(int)
        for degree, coefficient in power.items():
            for i in range(min(degree, teacher_p) + 1):
                pairings = math.comb(degree, i) * math.comb(teacher_p, i) * math.factorial(i)
                product[degree + teacher_p - 2 * i] += coefficient * pairings
        power = dict(product)
    return power.get(p, 0)


def _disordered_teacher(problem: TeacherStudent) -> tuple[int, float]:
    """Return (p*, T*); a teacher that is ordered or exactly critical is refused."""
    teacher_p, temperature = problem.teacher_p, problem.teacher_temperature
    assert teacher_p is not None  # the problem's own checks set it
    assert temperature is not None  # since there is no signal
    critical = law.critical_temperature(teacher_p).temperature
    if temperature < critical:
        raise OutOfRange(
            f"the teacher is ordered below T_crit = {critical:.6f} (teacher_p = {teacher_p}), got teacher_temperature "
            f"= {temperature:g}: its examples have no limiting signal; raise it, or see example retrieval in `solve`"
        )
    if teacher_p == 2 and temperature == 2:
        raise OutOfRange("a two-body teacher is exactly critical at T* = 2, where its signal diverges; choose T* > 2")
    return teacher_p, temperature


def _divergence(p: int, teacher_p: int, exponent: int) -> str:
    """Say that the signal grows with N, and what to ask instead."""
    return (
        f"the signal of a teacher with p = {teacher_p} for a student with p = {p} diverges as N^{exponent} at finite "
        "load and teacher_temperature: scale one of them with N and give signal=, or for teacher_p = 2 use "
        "TeacherStudent.finite_noise or TeacherStudent.large_noise"
    )


def _require_teacher_student(problem: object) -> None:
    if not isinstance(problem, TeacherStudent):
        raise InvalidInput(f"problem must be a TeacherStudent, got {checks.shown(problem)}")
