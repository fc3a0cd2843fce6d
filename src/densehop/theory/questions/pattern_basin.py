"""How close to a pattern a state must be to find it, when many examples carry the pattern (docs/theory.md, section 21).

The field of the pattern's own examples grows with the overlap q. What opposes it has a random sign: unrelated memories,
or the copies of other archetypes. Where the sum over its own examples is condensed, a state goes to those
closest to it, and not to the pattern.
"""

import math
from typing import NamedTuple

from scipy.optimize import brentq

from densehop.base.arrays import Floats
from densehop.errors import InvalidInput, NoSolution
from densehop.exponential_problem import ExponentialArchetypes, ExponentialTeacherStudent
from densehop.problem import n_examples_for
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.archetypes import background, field_of_archetypes
from densehop.theory.models.exponential.model import inverse
from densehop.theory.models.exponential.unrelated import of_examples, unrelated_exponent
from densehop.theory.questions import first_step
from densehop.theory.saddle_point import find

LARGEST = 60.0  # log of a variance over the signal squared, beyond which the field has either sign


class Rivalry(NamedTuple):
    """A pattern's examples, and the exponent of what opposes their field, as minus an energy per spin."""

    own: ExponentialTeacherStudent
    others: float


def pattern_basin(problem: ExponentialTeacherStudent | ExponentialArchetypes, n_spins: int | None) -> float:
    """Return the overlap with its pattern, or archetype, from which on a state finds it; n_spins at T = 0 alone."""
    if isinstance(problem, ExponentialTeacherStudent) and problem.unrelated_load is None:
        raise InvalidInput(
            "a student's pattern has no basin where nothing else is stored: all examples together act as a field from "
            "q* = 0 on; give an unrelated_load"
        )
    if problem.reliability == 0:
        raise NoSolution("no basin: examples of reliability 0 know nothing of a pattern")
    own, others = _rivalry(problem)
    end = 1.0 if problem.temperature == 0 else find(problem, "inference").q_star  # if there is such a state
    felt = min(own.sharpness, inverse(problem.temperature))
    nothing, all_of_it = (sums.information(felt, _state(q), own.reliability) for q in (0.0, 1.0))
    if not own.load > all_of_it:
        raise NoSolution("no basin: the examples closest to the pattern draw a state to themselves even there")
    if not of_examples(own, _state(end)) > others:
        raise NoSolution("no basin: the other stored vectors outweigh the pattern's examples even there")
    if n_spins is not None:
        return _finite(problem, own, n_spins)
    drawn = (nothing - own.load) / (nothing - all_of_it) if own.load < nothing else 0.0
    return max(drawn, _outweighs(own, others, end))


def _rivalry(problem: ExponentialTeacherStudent | ExponentialArchetypes) -> Rivalry:
    """Return what pulls at a state: at T > 0 the sum over all others, at T = 0 the size of their field."""
    if isinstance(problem, ExponentialTeacherStudent):
        return Rivalry(problem, unrelated_exponent(problem, 2.0 if problem.temperature == 0 else 1.0))
    own = ExponentialTeacherStudent(problem.copies_load, problem.sharpness, problem.temperature, problem.reliability)
    return Rivalry(own, field_of_archetypes(problem) if problem.temperature == 0 else background(problem).exponent)


def _state(overlap: float) -> sums.State:
    return sums.State(overlap, (1 - overlap) / 2)


def _outweighs(own: ExponentialTeacherStudent, others: float, end: float) -> float:
    """Return the overlap from which on the examples outweigh the others, which they do at the overlap `end`."""

    def lead(overlap: float) -> float:
        return of_examples(own, _state(overlap)) - others

    return float(brentq(lead, 0.0, end, xtol=1e-14)) if lead(0.0) < 0 else 0.0


def _finite(
    problem: ExponentialTeacherStudent | ExponentialArchetypes, own: ExponentialTeacherStudent, n_spins: int
) -> float:
    """Return the overlap that one step at T = 0 leaves as it is on average (docs/theory.md, eq. 105)."""
    sharpness, reliability = own.sharpness, own.reliability
    odd, even = sums.odd(sharpness, reliability), sums.even(sharpness, reliability)
    log_number = own.load * n_spins
    if isinstance(problem, ExponentialArchetypes):  # each archetype is a memory of sharpness h
        n_memories, felt, log_share = n_examples_for(problem.archetype_load, n_spins, None) - 1, odd, 0.0
        alone = math.log(max(n_memories, 1e-300)) + log_number + (n_spins - 1) * sums.log_cosh(2 * sharpness)
    else:
        assert problem.unrelated_load is not None
        n_memories, felt = n_examples_for(problem.unrelated_load, n_spins, None), sharpness
        log_share, alone = log_number + math.log(reliability) + (n_spins - 1) * even, -math.inf

    def sizes(overlap: float) -> tuple[Floats, Floats]:
        signals = (log_share + (n_spins * overlap + shift) * odd for shift in (-1, 1))
        right, wrong = (first_step.field_sizes(signal, felt, n_spins) for signal in signals)
        return right, wrong

    def more(overlap: float) -> tuple[float, float]:
        right, wrong = (field_variance(own, n_spins, n_spins * overlap + shift, alone) for shift in (-1, 1))
        return right, wrong

    return first_step.unstable_overlap(sizes, n_memories, n_spins, 0.5, more)


def field_variance(own: ExponentialTeacherStudent, n_spins: int, overlap: float, alone: float) -> float:
    """Return the variance of the field of the pattern's examples over its mean squared.

    overlap: of the other spins with the pattern, not divided by their number;  alone: the log of more variance
    """
    double, reliability = 2 * own.sharpness, own.reliability
    even, odd = (2 * function(own.sharpness, reliability) for function in (sums.even, sums.odd))
    log_number, log_square = own.load * n_spins, 2 * math.log(reliability) + (n_spins - 1) * even + overlap * odd
    own_square = log_number + (n_spins - 1) * sums.even(double, reliability) + overlap * sums.odd(double, reliability)
    log_mean = 2 * log_number + log_square
    return (
        math.exp(min(own_square - log_mean, LARGEST)) - math.exp(-log_number) + math.exp(min(alone - log_mean, LARGEST))
    )
