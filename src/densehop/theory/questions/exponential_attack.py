"""An attack on a student with exponential energy: how much of the pattern an example overwrites before it takes over.

A fraction e of the sites of the hidden pattern is replaced by those of a typical example. The student follows that
example once its term outweighs the sum over all others (docs/theory.md, eq. 106).
"""

import math

from densehop.base import checks
from densehop.errors import InvalidInput, NoSolution
from densehop.exponential_problem import ExponentialTeacherStudent
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import retrieval_limit


def attack_boundary(problem: ExponentialTeacherStudent, n_spins: int | None = None) -> float:
    """Return e*, the fraction of overwritten sites above which the example wins (docs/theory.md, eq. 106).

    Parameters
    ----------
    problem : ExponentialTeacherStudent
        The boundary is the same at every temperature at which the state around an example exists.
    n_spins : int, optional
        N: compares the fields of example and pattern at a spin, not their energies, which adds log(r)/N. None is the
        limit.

    Returns
    -------
    float
        0 where even the pattern itself is drawn to its closest examples, 1 where the whole example is not enough.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    NoSolution
        If the reliability is 0 or 1: there is no pattern to follow, or no example that differs from it.
    """
    if not isinstance(problem, ExponentialTeacherStudent):
        raise InvalidInput(f"problem must be an ExponentialTeacherStudent, got {checks.shown(problem)}")
    load, sharpness, reliability = problem.load, problem.sharpness, problem.reliability
    if reliability in {0, 1}:
        raise NoSolution(
            f"no attack at reliability {reliability:g}: the examples and the pattern must differ, not wholly"
        )
    shift = 0.0 if n_spins is None else math.log(reliability) / checks.integer("n_spins", n_spins, 2)
    start, end = (sums.information(sharpness, sums.State(1 - 2 * o, o), reliability) for o in (0.0, 1.0))
    if load < start:
        return 0.0
    if problem.temperature > 0 and not load < retrieval_limit(sharpness, problem.temperature, reliability):
        return 1.0
    slope = (1 - reliability) * (sharpness + sums.odd(sharpness, reliability))
    taken = (load + sums.excess(sharpness, reliability) + shift) / slope
    room = (end - start) * (1 - reliability) / 2
    drawn = (load - start) / room if room > 0 else math.inf  # where the closest examples begin to carry the sum
    return min(max(taken, 0.0), drawn, 1.0)
