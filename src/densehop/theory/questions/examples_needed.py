"""The number of examples needed to infer the pattern, on the Nishimori line (docs/theory.md, eq. 54 to 57).

With the field's variance a as parameter, the load at which an overlap is reached is explicit. The question is that of
Thériault & Tantari, "The Amount of Data Needed to Train Dense Hopfield Networks"; the inversion, and the formula for
the votes of an ordered teacher's examples, are the project's own.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import brentq

from densehop.base import checks
from densehop.errors import InvalidInput, OutOfRange
from densehop.problem import load_of
from densehop.teacher import law
from densehop.theory.diagrams.phases import Phase
from densehop.theory.models import nishimori
from densehop.theory.questions.sign_sums import sign_sums

FAR = 2.0  # ratio of the signal at N to its limit beyond which the limit N -> infinity does not describe this N
MOST_VOTES = 10_000  # examples of an ordered teacher summed exactly; beyond, their sum is Gaussian to 1e-4
MOST_TERMS = 300_000  # n_spins * p up to which the exact signal is computed (a fraction of a second)
ROOM = 1 + 2e-15  # a load at a transition is raised by this factor, so that rounding cannot put it before it


@dataclass(frozen=True)
class ExamplesNeeded:
    """How many examples a student needs to infer the teacher's pattern to an overlap (docs/theory.md, eq. 54 to 57).

    Attributes
    ----------
    n_spins, p, temperature, overlap
        The question.
    n_examples : int
        Fewest examples with which a student that starts near the pattern stays at that overlap.
    load, phase, overlap_reached
        Their alpha = M p!/N^(p-1), the phase there, and the overlap q* there (larger than `overlap` if q* jumps).
    n_examples_global : int
        Fewest examples with which that state is the thermodynamic one, so that the Bayes-optimal student has it.
    load_global, overlap_global
        Their load and overlap.
    needs_hint : bool
        Whether local dynamics from a random start fails to find the state even then (p >= 3, disordered teacher).
    signal_ratio : float
        The exact lambda_N over its limit N -> infinity; far from 1, the numbers above do not describe this N. It is nan
        where it is not defined (ordered teacher) or too expensive to compute.
    explanation : str
        The answer in words.
    """

    n_spins: int
    p: int
    temperature: float
    overlap: float
    n_examples: int
    load: float
    phase: Phase
    overlap_reached: float
    n_examples_global: int
    load_global: float
    overlap_global: float
    needs_hint: bool
    signal_ratio: float

    @property
    def explanation(self) -> str:
        """The answer in words, with what a finite N changes."""
        if self.phase is Phase.EXAMPLE_RETRIEVAL:
            return _explain_ordered(self)
        words = _explain_pairwise(self) if self.p == 2 else _explain_many_body(self)
        return words + _explain_finite_size(self)


def examples_needed(n_spins: int, p: int, temperature: float, overlap: float) -> ExamplesNeeded:
    """Return how many examples raise a student's overlap with the pattern to `overlap` (docs/theory.md, eq. 54 to 57).

    Parameters
    ----------
    n_spins, p : int
        N and the number of bodies of teacher and student, 2 <= p <= N.
    temperature : float
        The temperature of teacher and student, T = T* > 0 (the Nishimori line).
    overlap : float
        q* to reach, strictly between 0 and 1.

    Raises
    ------
    InvalidInput
        If an argument is out of its range or the answer exceeds 1e308 examples.
    OutOfRange
        At p = 2, T = 2, where the teacher is exactly critical.
    """
    n_spins = checks.integer("n_spins", n_spins, 2)
    p = checks.body_number(p, n_spins)
    temperature = checks.number("temperature", temperature)
    if checks.number("overlap", overlap) >= 1:
        raise InvalidInput(f"overlap must lie between 0 and 1, both excluded, got {overlap:g}")
    overlap = float(overlap)
    if temperature < law.critical_temperature(p).temperature:
        count, reached = _votes_needed(p, temperature, overlap)
        load = load_of(count, n_spins, p)
        answer = (count, load, Phase.EXAMPLE_RETRIEVAL, reached, count, load, reached, False, math.nan)
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
    )


def _loads(p: int, temperature: float, overlap: float) -> tuple[float, float]:
    """Return the smallest loads at which the overlap exists and at which it is the thermodynamic state."""
    a = _variance_at(overlap)
    if p == 2:
        d = 1 - 2 / temperature * (1 - overlap)
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


def _signal_ratio(n_spins: int, p: int, temperature: float) -> float:
    """Return the exact signal at N over its limit; it does not depend on the number of examples."""
    if n_spins > checks.LARGEST_SIZE or n_spins * p > MOST_TERMS:
        return math.nan
    limit = load_of(1, n_spins, p) / temperature if p > 2 else 2 / (temperature - 2) / n_spins
    return law.signal_strength(n_spins, 1, p, temperature) / limit


def _shown(n_examples: int) -> str:
    """Return a number with thousands separated, or in powers of ten if it is very long."""
    return f"{n_examples:,}" if n_examples < 10**15 else f"{float(n_examples):.6g}"


def _format_count(n_examples: int) -> str:
    """Return a number with the noun `example`."""
    return "1 example" if n_examples == 1 else f"{_shown(n_examples)} examples"


def _explain_ordered(answer: ExamplesNeeded) -> str:
    """Explain the answer for an ordered teacher, T < T_crit."""
    several = f"{_format_count(answer.n_examples)} {'is' if answer.n_examples == 1 else 'are'}"
    sign = ", up to a global sign" if answer.p % 2 == 0 else ""
    return (
        f"T = {answer.temperature:.9g} is below the teacher's T_crit: each example is a noisy copy of the pattern, and "
        f"{several} enough for an overlap of {answer.overlap_reached:.4f}{sign}. Start the student at an example."
    )


def _explain_many_body(answer: ExamplesNeeded) -> str:
    """Explain the answer for a disordered teacher at p >= 3, where the overlap appears in a jump."""
    words = f"From {_format_count(answer.n_examples)} on (load {answer.load:.5g}) "
    jump = ""
    if answer.overlap_reached > answer.overlap + 1e-3:
        jump = f"The overlap cannot be smaller than that: it jumps there, beyond the {answer.overlap:g} asked for. "
    if answer.phase is Phase.LOCAL_RETRIEVAL:
        words += (
            f"a state of overlap {answer.overlap_reached:.4f} exists, but the paramagnet wins: it needs a hint, a "
            f"start near the pattern. {jump}From {_format_count(answer.n_examples_global)} on (load "
            f"{answer.load_global:.5g}) such a state, of overlap {answer.overlap_global:.4f}, is favoured. "
        )
    else:
        words += f"the state of overlap {answer.overlap_reached:.4f} is the favoured one. {jump}"
    return words + (
        "A random start does not find it by local moves at any finite load, because the paramagnet stays metastable."
    )


def _explain_pairwise(answer: ExamplesNeeded) -> str:
    """Explain the answer for a disordered teacher at p = 2, where the overlap grows continuously."""
    return (
        f"From {_format_count(answer.n_examples)} on (M/N = {answer.load / 2:.5g}) the overlap is "
        f"{answer.overlap_reached:.4f}, up to a global sign. It grows continuously from 0 at "
        f"M/N = {nishimori.pairwise_critical_load(answer.temperature):.5g}, and a random start finds it."
    )


def _explain_finite_size(answer: ExamplesNeeded) -> str:
    """Say where the answer, of infinite N, differs from what holds at this N; empty where it does not."""
    words = ""
    if abs(answer.signal_ratio - 1) > 0.1:
        near = 1 / FAR < answer.signal_ratio < FAR
        verdict = "take these numbers as a guide" if near else "they do not describe this N; choose a larger T"
        words = (
            f" At N = {answer.n_spins} the exact signal is {answer.signal_ratio:.3g} times the N -> infinity value "
            f"used here: {verdict}."
        )
    spinodal = law.critical_temperature(answer.p).spinodal_temperature
    if answer.temperature < spinodal:
        words += (
            f" The teacher's ordered state is metastable up to T = {spinodal:.4f}: at small N a few ordered examples "
            "dominate."
        )
    return words
