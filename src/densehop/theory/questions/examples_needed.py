"""The number of examples needed to infer the pattern, on the Nishimori line (docs/theory.md, eq. 54 to 57).

With the field's variance a as parameter, the load at which an overlap is reached is explicit. The question is that of
Thériault & Tantari, "The Amount of Data Needed to Train Dense Hopfield Networks"; the inversion, and the formula for
the votes of an ordered teacher's examples, are the project's own.
"""

import math
from bisect import bisect_left
from fractions import Fraction

import numpy as np
from scipy.optimize import brentq

from densehop.base import checks
from densehop.errors import InvalidInput, OutOfRange
from densehop.problem import load_of
from densehop.teacher import law
from densehop.theory.diagrams.phases import Phase
from densehop.theory.lines.spectral import log_unfolding_threshold
from densehop.theory.models import nishimori
from densehop.theory.questions import exponential_examples
from densehop.theory.questions.examples_answer import ExamplesNeeded
from densehop.theory.questions.sign_sums import sign_sums

MOST_VOTES = 10_000  # examples of an ordered teacher summed exactly; beyond, their sum is Gaussian to 1e-4
LARGEST_LOG = 308 * math.log(10)
MOST_TERMS = 300_000  # n_spins * p up to which the exact signal is computed (a fraction of a second)
ROOM = 1 + 2e-15  # a load at a transition is raised by this factor, so that rounding cannot put it before it


def examples_needed(
    n_spins: int,
    p: int | None,
    temperature: float,
    overlap: float,
    *,
    sharpness: float | None = None,
    reliability: float | None = None,
    unrelated_load: float | None = None,
) -> ExamplesNeeded:
    """Return how many examples raise a student's overlap with the pattern to `overlap`.

    See docs/theory.md, eq. 54 to 57, and 100, 101, 138 and 139 for exponential energies.

    Parameters
    ----------
    n_spins, p : int
        N and the number of bodies of teacher and student, 2 <= p <= N; p = None is the exponential energy.
    temperature : float
        The temperature of teacher and student, T = T* > 0 (the Nishimori line); with p = None that of the student,
        which may be 0.
    overlap : float
        q* to reach, strictly between 0 and 1.
    sharpness, reliability : float, with p = None only
        L > 0 of the student's energy, and r, between 0 and 1, of the examples.
    unrelated_load : float, optional, with p = None only
        log(M')/N of M' random memories that are stored beside the examples.

    Raises
    ------
    InvalidInput
        If an argument is out of its range or the answer exceeds 1e308 examples.
    NoSolution
        If no number of examples leads to that overlap: with an exponential energy their field does not grow with them.
    OutOfRange
        At p = 2, T = 2, where the teacher is exactly critical.
    """
    n_spins = checks.integer("n_spins", n_spins, 2)
    if checks.number("overlap", overlap) >= 1:
        raise InvalidInput(f"overlap must lie between 0 and 1, both excluded, got {overlap:g}")
    overlap = float(overlap)
    if p is None:
        return _of_exponential(n_spins, temperature, overlap, sharpness, reliability, unrelated_load)
    given = {"sharpness": sharpness, "reliability": reliability, "unrelated_load": unrelated_load}
    for name, value in given.items():
        if value is not None:
            raise InvalidInput(f"{name} belongs to an exponential energy: give p = None, got p = {p}")
    p = checks.body_number(p, n_spins)
    temperature = checks.number("temperature", temperature)
    if temperature < law.critical_temperature(p).temperature:
        count, reached = _votes_needed(p, temperature, overlap)
        load = load_of(count, n_spins, p)
        answer = (count, load, Phase.EXAMPLE_RETRIEVAL, reached, count, load, reached, False, math.nan, float(count))
        return ExamplesNeeded(n_spins, p, temperature, overlap, *answer)
    if p == 2 and temperature == 2:
        raise OutOfRange("p = 2 at T = 2: the teacher is exactly critical and its signal diverges; choose T != 2")
    locally, globally = _loads(p, temperature, overlap)
    count, count_global = _examples_of(locally, n_spins, p), _examples_of(globally, n_spins, p)
    load, load_global = load_of(count, n_spins, p), load_of(count_global, n_spins, p)
    return ExamplesNeeded(
        n_spins,
        p,
        temperature,
        overlap,
        count,
        load,
        Phase.GLOBAL_RETRIEVAL if count >= count_global else Phase.LOCAL_RETRIEVAL,
        _overlap_at(p, temperature, load),
        count_global,
        load_global,
        _overlap_at(p, temperature, load_global),
        p > 2,
        _signal_ratio(n_spins, p, temperature),
        _easy(n_spins, p, temperature, count_global),
    )


def _of_exponential(
    n_spins: int,
    temperature: float,
    overlap: float,
    sharpness: float | None,
    reliability: float | None,
    unrelated_load: float | None,
) -> ExamplesNeeded:
    """Return the answer for an exponential energy."""
    if sharpness is None or reliability is None:
        raise InvalidInput("p = None is an exponential energy, which needs sharpness and reliability; or give p >= 2")
    temperature = checks.number("temperature", temperature, zero_allowed=True)
    needed = exponential_examples.enough(n_spins, temperature, overlap, sharpness, reliability, unrelated_load)
    return ExamplesNeeded(
        n_spins,
        None,
        temperature,
        overlap,
        needed.n_examples,
        needed.load,
        Phase.GLOBAL_RETRIEVAL if needed.n_examples >= needed.n_examples_global else Phase.EXAMPLE_RETRIEVAL,
        needed.overlap,
        needed.n_examples_global,
        needed.load_global,
        needed.overlap_global,
        needed.needs_hint,
        math.nan,
        math.nan if needed.needs_hint else float(needed.n_examples_global),
        float(sharpness),
        float(reliability),
        None if unrelated_load is None else float(unrelated_load),
    )


def _loads(p: int, temperature: float, overlap: float) -> tuple[float, float]:
    """Return the smallest loads at which the overlap exists and at which it is the thermodynamic state."""
    a = _variance_at(overlap)
    if p == 2:
        d = 1 - 2 / temperature * (1 - overlap)  # docs/theory.md, eq. 24, with alpha = 2 gamma
        load = a / overlap * (temperature - 2) * temperature * d / 2
        return load, load
    lines = nishimori.nishimori_lines(p)
    gamma = nishimori.gamma_of(p, a) if a > nishimori.spinodal_variance(p) else lines.gamma_local
    return gamma * temperature**2, max(gamma, lines.gamma_global) * temperature**2


def _variance_at(overlap: float) -> float:
    """Return the field variance a with q(a) = overlap, the inverse of docs/theory.md, eq. 14; q(a) <= a."""
    log_a: float = brentq(
        lambda x: nishimori.overlap(math.exp(x)) - overlap,
        math.log(overlap) - 1e-9,
        math.log(1.001 * nishimori.SATURATED),
        xtol=1e-15,
        rtol=1e-15,
    )
    return math.exp(log_a)


def _examples_of(load: float, n_spins: int, p: int) -> int:
    """Return the smallest whole number of examples with at least this load."""
    exact: Fraction = Fraction(load * ROOM) * n_spins ** (p - 1) / math.factorial(p)
    if exact > 10**308:
        raise InvalidInput(f"load {load:g} with {n_spins} spins and p = {p} means more than 1e308 examples")
    return max(1, math.ceil(exact))


def _overlap_at(p: int, temperature: float, load: float) -> float:
    """Return q* = q of the retrieval solution at a load beyond its beginning."""
    if p == 2:
        return nishimori.overlap(nishimori.pairwise_field_variance(temperature, load / 2))
    return nishimori.overlap(nishimori.field_variance(p, load / temperature / temperature))


def _votes_needed(p: int, temperature: float, overlap: float) -> tuple[int, float]:
    """Return how many examples of an ordered teacher are needed, and the overlap reached (docs/theory.md, eq. 57)."""
    m = law.magnetisation(p, temperature)
    field = p * m ** (p - 1) / temperature
    gaussian = math.ceil(_variance_at(overlap) / (m * field))  # many examples that say little each
    if gaussian > MOST_VOTES:
        return gaussian, nishimori.overlap(gaussian * m * field)
    n_examples = bisect_left(range(2 * MOST_VOTES), overlap, lo=1, key=lambda n: _overlap_of_votes(n, m, field))
    return n_examples, _overlap_of_votes(n_examples, m, field)


def _overlap_of_votes(n_examples: int, m: float, field: float) -> float:
    """Return E tanh^2(h S), S a sum of M signs of mean m = tanh h; equal to E tanh(h S) (docs/theory.md, eq. 57)."""
    sums, weights = sign_sums(n_examples, m)
    return float(weights @ np.tanh(field * sums) ** 2)


def _easy(n_spins: int, p: int, temperature: float, n_examples_global: int) -> float:
    """Return how many examples make the favoured state easy to find (docs/theory.md, eq. 120 and 122)."""
    if p == 2:
        return float(n_examples_global)
    log_load = log_unfolding_threshold(n_spins, p) + 2 * math.log(temperature)
    log_count = log_load + (p - 1) * math.log(n_spins) - math.lgamma(p + 1)
    return max(float(n_examples_global), math.ceil(math.exp(log_count))) if log_count < LARGEST_LOG else math.inf


def _signal_ratio(n_spins: int, p: int, temperature: float) -> float:
    """Return the exact signal at N over its limit; it does not depend on the number of examples."""
    if n_spins > checks.LARGEST_SIZE or n_spins * p > MOST_TERMS:
        return math.nan
    limit = load_of(1, n_spins, p) / temperature if p > 2 else 2 / (temperature - 2) / n_spins
    return law.signal_strength(n_spins, 1, p, temperature) / limit
