"""An attack on a student with exponential energy: how much of the pattern an example overwrites before it takes over.

A fraction e of the sites of the hidden pattern is replaced by those of a typical example. The student follows that
example once its term outweighs the sum over all others (docs/theory.md, eq. 106).
"""

import math

from scipy.optimize import brentq

from densehop.base import checks
from densehop.errors import InvalidInput, NoSolution
from densehop.exponential_problem import ExponentialArchetypes, ExponentialTeacherStudent
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.archetypes import background
from densehop.theory.models.exponential.model import retrieval_limit
from densehop.theory.models.exponential.unrelated import unrelated_exponent, without


def attack_boundary(problem: ExponentialTeacherStudent | ExponentialArchetypes, n_spins: int | None = None) -> float:
    """Return e*, the fraction of overwritten sites above which the example wins (docs/theory.md, eq. 106).

    Parameters
    ----------
    problem : ExponentialTeacherStudent or ExponentialArchetypes
        The boundary is the same at every temperature at which the state around an example exists. An archetype is the
        pattern of its own copies, one of which attacks it; neither other archetypes nor unrelated memories move the
        boundary.
    n_spins : int, optional
        N: compares the fields of example and pattern at a spin, not their energies, which adds log(r)/N. None is the
        limit.

    Returns
    -------
    float
        1 where the whole example is not enough. Where only the closest examples carry the sum, a student that the
        attacker does not win goes to these, not to the pattern: below the line "inference_spinodal" of `boundary`.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    NoSolution
        If the reliability is 0 or 1: there is no pattern to follow, or no example that differs from it; or if the
        copies of other archetypes, or unrelated memories, outweigh both the pattern and the attacker.
    """
    if isinstance(problem, ExponentialArchetypes):
        own = ExponentialTeacherStudent(
            problem.copies_load, problem.sharpness, problem.temperature, problem.reliability
        )
        return _beside(attack_boundary(own, n_spins), problem, background(problem).exponent)
    if not isinstance(problem, ExponentialTeacherStudent):
        raise InvalidInput(
            "problem must be an ExponentialTeacherStudent or ExponentialArchetypes, whose examples can attack what "
            f"they have in common; got {checks.shown(problem)}"
        )
    if problem.unrelated_load is not None:
        return _beside(attack_boundary(without(problem), n_spins), problem, unrelated_exponent(problem))
    load, sharpness, reliability = problem.load, problem.sharpness, problem.reliability
    if reliability in {0, 1}:
        raise NoSolution(
            f"no attack at reliability {reliability:g}: the examples and the pattern must differ, not wholly"
        )
    shift = 0.0 if n_spins is None else math.log(reliability) / checks.integer("n_spins", n_spins, 2)
    start, end = (sums.information(sharpness, sums.State(1 - 2 * o, o), reliability) for o in (0.0, 1.0))
    if problem.temperature > 0 and not load < retrieval_limit(sharpness, problem.temperature, reliability):
        return 1.0
    slope = (1 - reliability) * (sharpness + sums.odd(sharpness, reliability))
    taken = (load + sums.excess(sharpness, reliability) + shift) / slope
    room = (end - start) * (1 - reliability) / 2
    many = (load - start) / room if room > 0 else math.copysign(math.inf, load - start)
    if taken <= many:  # many examples carry the sum up to this fraction
        return min(max(taken, 0.0), 1.0)
    return _condensed(problem, shift, min(max(many, 0.0), 1.0))


def _beside(found: float, problem: ExponentialTeacherStudent | ExponentialArchetypes, others: float) -> float:
    """Return the boundary if what is stored beside pattern and attacker does not outweigh both."""
    taken = found + (1 - found) * problem.reliability
    few = isinstance(problem, ExponentialArchetypes) and problem.archetype_load == 0
    if not few and not taken > others:
        raise NoSolution(
            f"no attack: where the pattern and the attacker are equal they give {taken:.6g} per spin, all other stored "
            f"vectors {others:.6g}"
        )
    return found


def _condensed(problem: ExponentialTeacherStudent, shift: float, low: float) -> float:
    """Return where the example outweighs the closest of the others, which carry the sum from the fraction `low` on."""
    load, sharpness, reliability = problem.load, problem.sharpness, problem.reliability

    def lead(fraction: float) -> float:
        opposed = fraction * (1 - reliability) / 2
        state = sums.State(1 - 2 * opposed, opposed)
        carrying = sums.carrying_sharpness(load, sharpness, reliability, lambda _: state)
        others = sums.exponent(load, carrying, state, reliability)
        return fraction + (1 - fraction) * reliability - others - (shift / carrying if carrying > 0 else 0.0)

    if lead(low) >= 0:
        return low
    return float(brentq(lead, low, 1.0, xtol=1e-14)) if lead(1.0) > 0 else 1.0
