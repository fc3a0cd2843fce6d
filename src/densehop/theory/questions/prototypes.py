"""Attacks on a student whose teacher is ordered: its examples are near copies of the pattern, and few are enough.

Below the teacher's critical temperature M independent examples each have the magnetisation m_T. At fixed M and
N -> infinity nothing interferes, and the equations are exact for any M: with the overlaps m with the example that
attacks, k with each of the M - 1 others and q* with the pattern, a site's field is p (m^(p-1) s + k^(p-1) S), where
s = sigma^1_i xi*_i = +-1 has the mean m_T and S is the sum of M - 1 such signs. The student starts at the attacked
pattern (`attacked_prototype`) or at one with sites flipped at random (`recovery`), where all M examples are alike.
"""

import numpy as np
from scipy.stats import binom

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats
from densehop.errors import NoSolution, OutOfRange
from densehop.teacher import law

MAX_STEPS = 10_000
TOLERANCE = 1e-13
STEPS = 128  # of integration in a sweep; twice as many change no overlap by 1e-4


def attacked_prototype(
    p: int, n_examples: int, temperature: float, teacher_temperature: float, attack: ArrayLike
) -> tuple[Floats, Floats]:
    """Return (q*, m) where an attacked student of an ordered teacher with the same p comes to rest, N -> infinity.

    Parameters
    ----------
    p : int
        Number of bodies of student and teacher, >= 3.
    n_examples : int
        M >= 1.
    temperature, teacher_temperature : float
        The student's T > 0, and T* below the teacher's critical temperature.
    attack : array of float, any shape
        Fractions of sites overwritten by an example, from 0 to 1.

    Returns
    -------
    q_star, m : arrays in the shape of `attack`
        Overlaps with the pattern and with that example.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    OutOfRange
        If the teacher is not ordered.
    NoSolution
        If the overlaps do not settle.
    """
    p, n_examples = checks.integer("p", p, 3), checks.integer("n_examples", n_examples, 1)
    beta = 1 / checks.number("temperature", temperature)
    fractions = np.array([checks.between("attack", eps, 0, 1) for eps in np.ravel(attack)]).reshape(np.shape(attack))
    magnetisation = _ordered_magnetisation(p, teacher_temperature)
    others = np.arange(n_examples)  # of the M - 1, that agree with the pattern at a site
    share = (1 + magnetisation) / 2
    weights = binom.pmf(others, n_examples - 1, share)
    total = 2.0 * others - (n_examples - 1)
    m = fractions + (1 - fractions) * magnetisation
    k = (1 - fractions) * magnetisation + fractions * magnetisation**2
    for _ in range(MAX_STEPS):
        before = m, k
        own, rest = p * beta * m ** (p - 1), p * beta * k ** (p - 1)
        agreeing = np.tanh(own[..., np.newaxis] + rest[..., np.newaxis] * total)
        opposed = np.tanh(-own[..., np.newaxis] + rest[..., np.newaxis] * total)
        m = share * agreeing @ weights - (1 - share) * opposed @ weights
        mean = share * agreeing + (1 - share) * opposed
        k = mean @ (weights * total) / max(1, n_examples - 1)
        if max(np.max(np.abs(m - before[0])), np.max(np.abs(k - before[1]))) < TOLERANCE:
            return np.asarray(mean @ weights), np.asarray(m)
    raise NoSolution(f"the overlaps do not settle within {MAX_STEPS} steps at T = {temperature:g}")


def recovery(
    p: int, n_examples: int, temperature: float, teacher_temperature: float, overlap: ArrayLike, n_sweeps: int
) -> Floats:
    """Return q* of a student of an ordered teacher, sweep by sweep, from a randomly corrupted pattern, N -> infinity.

    In a sweep in sequential order sites leave their old state one by one for one drawn in the field of the moment. With
    s the time in sweeps and k the overlap with each example, dk/ds = F(k(s)) - F(k(s-1)), F(k) = E tanh(p k^(p-1)
    S/T) S/M, S the sum of M signs of mean m_T; in the first sweep the start stands in for F(k(s-1)). q* follows k
    (docs/theory.md, eq. 53).

    Parameters
    ----------
    p : int
        Number of bodies of student and teacher, >= 3.
    n_examples : int
        M >= 1.
    temperature, teacher_temperature : float
        The student's T > 0, and T* below the teacher's critical temperature.
    overlap : (B,) of float
        Overlaps of the starts with the pattern, from -1 to 1.
    n_sweeps : int

    Returns
    -------
    q_star : (n_sweeps + 1, B)
        The overlap of the start first.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    OutOfRange
        If the teacher is not ordered.
    """
    p, n_examples = checks.integer("p", p, 3), checks.integer("n_examples", n_examples, 1)
    beta = 1 / checks.number("temperature", temperature)
    start = np.array([checks.between("overlap", start_overlap, -1, 1) for start_overlap in np.ravel(overlap)])
    magnetisation = _ordered_magnetisation(p, teacher_temperature)
    agreeing = np.arange(n_examples + 1)
    weights = binom.pmf(agreeing, n_examples, (1 + magnetisation) / 2)
    total = 2.0 * agreeing - n_examples

    def averages(k: Floats) -> tuple[Floats, Floats]:
        """Return the overlap with each example and with the pattern that sites drawn at k have."""
        spin = np.tanh(p * beta * k[:, np.newaxis] ** (p - 1) * total)
        return spin @ (weights * total) / n_examples, spin @ weights

    # With what each group of sites was drawn a sweep ago.
    earlier = np.tile(np.stack((magnetisation * start, start)), (STEPS, 1, 1))
    current, traces = earlier[0].copy(), [start]
    for _ in range(checks.integer("n_sweeps", n_sweeps, 1)):
        for step in range(STEPS):
            new = np.stack(averages(current[0]))
            half_way = current + (new - earlier[step]) / (2 * STEPS)
            new = np.stack(averages(half_way[0]))
            current, earlier[step] = current + (new - earlier[step]) / STEPS, new
        traces.append(current[1].copy())
    return np.array(traces)


def _ordered_magnetisation(p: int, teacher_temperature: float) -> float:
    """Return the magnetisation of an ordered teacher."""
    critical = law.critical_temperature(p).temperature
    if checks.number("teacher_temperature", teacher_temperature) >= critical:
        raise OutOfRange(f"the teacher is disordered above T_crit = {critical:.6f}, got T* = {teacher_temperature:g}")
    return law.magnetisation(p, teacher_temperature)
