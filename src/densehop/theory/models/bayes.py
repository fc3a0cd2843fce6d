"""The Bayes-optimal student: on the Nishimori line replica symmetry is exact (docs/theory.md, sections 4 and 6)."""

import math

from densehop.errors import NoSolution, OutOfRange
from densehop.problem import TeacherStudent
from densehop.teacher import law
from densehop.theory.models import nishimori
from densehop.theory.models.many_body.noise import TensorNoise
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import site
from densehop.theory.states.model import Known
from densehop.theory.states.noise import Noise, Order


def teacher_is_ordered(problem: TeacherStudent) -> bool:
    """Whether a student on the Nishimori line has an ordered teacher, T = T* < T_crit."""
    return problem.temperature < law.critical_temperature(problem.p).temperature


def example_retrieval(problem: TeacherStudent, branch: str) -> Known:
    """Return the state of a student with an ordered teacher, whose M >> 1 examples tell the pattern (eq. 23)."""
    if branch != "inference":
        raise NoSolution(
            f"no {branch} branch at T = {problem.temperature:g}: the teacher itself is ordered below "
            f"T_crit = {law.critical_temperature(problem.p).temperature:.6f}; ask for 'inference'"
        )
    m = law.magnetisation(problem.p, problem.temperature)
    return Known(1.0, 1.0, energy=math.nan, entropy=math.nan, replicon=1.0, residual=0.0, m=m)


def many_body(problem: TeacherStudent) -> Known:
    """Return inference for p >= 3, which depends on Gamma = alpha/T^2 alone (docs/theory.md, eq. 13 to 20)."""
    p, gamma = problem.p, problem.gamma
    a = nishimori.field_variance(p, gamma)
    q = nishimori.overlap(a)
    residual = abs(nishimori.overlap(p * gamma * q ** (p - 1)) / q - 1)
    entropy = _entropy(TensorNoise(p), a, gamma, 1.0)
    return Known(q, q, -problem.load / problem.temperature, entropy, nishimori.stability(p, a), residual)


def pairwise(problem: TeacherStudent) -> Known:
    """Return inference for p = 2, which begins continuously at gamma_c (docs/theory.md, eq. 24 and 25)."""
    if problem.temperature == 2:
        raise OutOfRange("p = 2 at T = 2: the teacher is exactly critical and its signal diverges; choose T != 2")
    beta, gamma = 1 / problem.temperature, problem.load / 2
    c = 2 / (problem.temperature - 2)
    a = nishimori.pairwise_field_variance(problem.temperature, gamma)
    q, slope = nishimori.overlap(a), nishimori.overlap_slope(a)
    d = 1 - 2 * beta * (1 - q)
    residual = abs(nishimori.overlap(2 * gamma * beta * c * q / d) / q - 1)
    replicon = d**2 - 4 * gamma * beta**2 * slope
    entropy = _entropy(WishartNoise(c), a, problem.load, problem.temperature)
    return Known(q, q, -gamma * c, entropy, replicon, residual)


def _entropy(noise: Noise, variance: float, load: float, temperature: float) -> float:
    """Return the entropy as a sum of parts that are small where it is (docs/theory.md, eq. 29 and 75).

    The field's mean and its variance, in units of T, are the one number `variance`.
    """
    spin = site.average(variance, math.sqrt(variance), 1.0)
    order = Order(spin.overlap, spin.square, spin.square, spin.susceptibility / temperature, 0.0)
    return spin.entropy + noise.entropy(order, load)
