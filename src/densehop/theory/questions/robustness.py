"""Attacks at T = 0: how much of the pattern an example can overwrite before the student follows that example.

The student starts at the hidden pattern with a fraction of its sites, chosen at random, overwritten by one example, and
moves by the strict energy at T = 0, p >= 3 (docs/theory.md, eq. 48 to 52). The teacher is disordered, T* > T_crit:
below T_crit the examples themselves are accurate, q* = m, and there is nothing to attack. Source: Thériault & Tantari,
SciPost Phys. 17, 040 (2024); the smoothed crossing at finite load is the project's own.
"""

import math
from typing import overload

import numpy as np
from scipy.special import erf

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.errors import InvalidInput
from densehop.exponential_problem import ExponentialArchetypes, ExponentialTeacherStudent
from densehop.theory.questions.exponential_attack import attack_boundary


def adversarial_boundary(
    p: int | ExponentialTeacherStudent | ExponentialArchetypes,
    signal: float | None = None,
    overlap: float = 0.0,
    *,
    n_spins: int | None = None,
) -> float:
    """Return eps*, the fraction of overwritten sites above which the example wins (docs/theory.md, eq. 49 and 106).

    Parameters
    ----------
    p : int, or a problem with an exponential energy
        Number of bodies of the student, >= 3. An `ExponentialTeacherStudent`, or `ExponentialArchetypes`, stands for p,
        signal and overlap together; the answer is then that of `attack_boundary`.
    signal : float
        lambda >= 0.
    overlap : float
        Overlap o of the attacking example with the pattern, 0 <= o < 1.
    n_spins : int, optional
        N, for an exponential energy; None is the limit.

    Returns
    -------
    float
        With x = lambda^(1/(p-1)), eps* = (x - o)/((1 + x)(1 - o)), or 0 where that is negative.

    Raises
    ------
    InvalidInput
        If an argument is out of its range, missing, or not one of this energy.

    Notes
    -----
    With p bodies the boundary holds at T = 0 and load -> 0: below it the student returns to the pattern, above it the
    student falls into the example. After one parallel step q* = m at eps*, at every load.
    """
    if isinstance(p, ExponentialTeacherStudent | ExponentialArchetypes):
        if signal is not None or overlap != 0:
            raise InvalidInput("a problem with an exponential energy has its own signal and overlap: leave them out")
        return attack_boundary(p, n_spins)
    if signal is None or n_spins is not None:
        raise InvalidInput("p bodies need signal, and take no n_spins: at finite N give the signal of that N")
    p = checks.integer("p", p, 3)
    ratio = math.pow(checks.number("signal", signal, zero_allowed=True), 1 / (p - 1))
    overlap = checks.between("overlap", overlap, 0, 1)
    if overlap == 1:
        raise InvalidInput("overlap must be less than 1: an example that is the pattern cannot attack it")
    return max(0.0, (ratio - overlap) / ((1 + ratio) * (1 - overlap)))


@overload
def attacked_overlap(p: int, signal: float, load: float, attack: float) -> tuple[float, float]: ...
@overload
def attacked_overlap(p: int, signal: float, load: float, attack: Floats) -> tuple[Floats, Floats]: ...
def attacked_overlap(
    p: int, signal: float, load: float, attack: float | Floats
) -> tuple[float, float] | tuple[Floats, Floats]:
    """Return (q*, m) after one parallel step at T = 0 from an attacked pattern, p >= 3 (docs/theory.md, eq. 50).

    Parameters
    ----------
    p : int
    signal, load : float
        lambda and alpha, both >= 0; load = 0 is the limit without interference, where a site without field stays.
    attack : float or array of any shape
        Fraction eps of the pattern's sites that one example has overwritten, from 0 to 1.

    Returns
    -------
    q_star, m : overlaps with the pattern and with that example, in the shape of `attack`

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    p = checks.integer("p", p, 3)
    signal = checks.number("signal", signal, zero_allowed=True)
    load = checks.number("load", load, zero_allowed=True)
    fraction = _fractions(attack)
    from_pattern = p * signal * (1 - fraction) ** (p - 1)
    from_example = p * fraction ** (p - 1)
    deviation = math.sqrt(p * load)
    agreeing = _mean_sign(from_pattern + from_example, deviation, np.ones_like(fraction))  # sites with sigma_i = xi*_i
    opposed = _mean_sign(from_pattern - from_example, deviation, 1 - 2 * fraction)
    q_star, m = (agreeing + opposed) / 2, (agreeing - opposed) / 2
    return (float(q_star), float(m)) if fraction.ndim == 0 else (q_star, m)


def scaled_signal(p: int, teacher_temperature: float) -> float:
    """Return eta = lambda/a, the signal of few examples of a two-body teacher over their load (docs/theory.md, eq. 51).

    Parameters
    ----------
    p : int
        Number of bodies of the student, even, >= 4.
    teacher_temperature : float
        T* > 2, above which a two-body teacher is disordered.

    Raises
    ------
    InvalidInput
        If an argument is out of its range, or eta exceeds 1e308.

    Notes
    -----
    With the load a = M (p/2+1)!/N^(p/2), the boundary of an attack is `adversarial_boundary(p, eta * a)`. At p = 4,
    eta = 1 at T* = 2 + sqrt(2).
    """
    p = checks.integer("p", p, 4)
    if p % 2:
        raise InvalidInput(f"p must be even, got {p}: an odd p learns nothing from a two-body teacher")
    temperature = checks.number("teacher_temperature", teacher_temperature)
    if temperature <= 2:
        raise InvalidInput(f"teacher_temperature must exceed 2, where a two-body teacher orders, got {temperature:g}")
    try:
        pairings = math.prod(range(p - 1, 0, -2)) / math.factorial(p // 2 + 1)
        return pairings * (2 / (temperature - 2)) ** (p // 2)
    except OverflowError as error:
        raise InvalidInput(f"eta exceeds 1e308 at p = {p} and teacher_temperature = {temperature:g}") from error


def effective_temperature(load: float, signal: float) -> float:
    """Return alpha/lambda, at which T a student obeys the equations of the Nishimori line (docs/theory.md, eq. 52).

    Parameters
    ----------
    load, signal : float
        alpha >= 0 and lambda > 0.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.

    Notes
    -----
    At this temperature the equations are those of the Nishimori line with Gamma = lambda^2/alpha. If student and
    teacher have the same number of bodies, it is the teacher's temperature T*.
    """
    return checks.number("load", load, zero_allowed=True) / checks.number("signal", signal)


def _fractions(attack: float | Floats) -> Floats:
    """Return the fractions as floats from 0 to 1."""
    array = checks.as_array("attack", attack)
    if array.size == 0 or array.dtype.kind not in "iuf":
        raise InvalidInput(f"attack must be numbers from 0 to 1, got {checks.shown(attack)}")
    wrong = ~((array >= 0) & (array <= 1))
    if wrong.any():
        raise InvalidInput(f"attack must be numbers from 0 to 1, got {array[wrong].flat[0]:g}")
    return array.astype(np.float64)


def _mean_sign(field: Floats, deviation: float, kept: Floats) -> Floats:
    """Return the mean sign of a field with Gaussian noise; without noise and field it is the mean spin `kept`."""
    if deviation > 0:
        noisy: Floats = erf(field / (math.sqrt(2) * deviation))
        return noisy
    return np.where(field == 0, kept, np.sign(field))
