"""Examples of one pattern and unrelated random memories in one exponential energy (docs/theory.md, section 21).

At exponential accuracy the sum over all stored vectors is the larger of the sums over the two families. That of the
examples grows with the overlap q with the pattern; that of the memories is the same in every typical state.
"""

import math
from dataclasses import replace

from densehop.errors import NoSolution
from densehop.exponential_problem import ExponentialModel, ExponentialTeacherStudent
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import ExponentialMemories, retrieval_limit
from densehop.theory.states.model import COMMON_BRANCHES, UNRELATED, Known, Model

MEMORIES = ExponentialMemories()  # of one family


def of_examples(problem: ExponentialTeacherStudent, state: sums.State) -> float:
    """Return the sum over all examples in a state, as minus an energy per spin (docs/theory.md, eq. 96)."""
    carrying = sums.carrying_sharpness(problem.load, problem.sharpness, problem.reliability, lambda _: state)
    return sums.exponent(problem.load, carrying, state, problem.reliability)


def unrelated_exponent(problem: ExponentialTeacherStudent, times: float = 1.0) -> float:
    """Return the sum over unrelated memories in a typical state, -inf without any.

    `times` multiplies the sharpness: at 2 it is the size of their field, whose sign is random (eq. 103).
    """
    load, sharpness = problem.unrelated_load, times * problem.sharpness
    if load is None:
        return -math.inf
    carrying = sums.carrying_sharpness(load, sharpness, 0.0)
    return sums.exponent(load, carrying, sums.NO_PATTERN, 0.0)


def without(problem: ExponentialTeacherStudent) -> ExponentialTeacherStudent:
    """Return the problem of the examples alone."""
    return replace(problem, unrelated_load=None)


class ExamplesAndMemories(Model):
    """Examples and unrelated memories in -(1/L) log sum_a exp(L k_a)."""

    branches = (*COMMON_BRANCHES, UNRELATED)

    def case(self, problem: ExponentialTeacherStudent, name: str) -> Known:
        """Return a branch of a problem."""
        if name == "paramagnet":
            return _paramagnet(problem)
        if name == UNRELATED:
            return _unrelated_retrieval(problem)
        found = MEMORIES.case(without(problem), name)
        others = unrelated_exponent(problem)
        if not -found.energy > others:
            state = "the pattern" if name == "inference" else "an example"
            raise NoSolution(
                f"no {name}: next to {state} what carries the state gives {-found.energy:.6g} per spin, "
                f"the unrelated memories {others:.6g}"
            )
        return found

    def wanted(self, problem: ExponentialTeacherStudent) -> str:
        """Return "inference": of the hidden pattern."""
        del problem
        return "inference"


def _paramagnet(problem: ExponentialTeacherStudent) -> Known:
    """Return the typical state, in which unrelated memories carry the sum; without reliability examples are such."""
    load = problem.unrelated_load
    assert load is not None
    if problem.reliability == 0:
        load = max(load, problem.load)
    else:
        examples, others = of_examples(problem, sums.NO_PATTERN), unrelated_exponent(problem)
        if examples > others:
            raise NoSolution(
                f"no paramagnet: all examples together give {examples:.6g} per spin without any overlap, the unrelated "
                f"memories {others:.6g}, so that the examples act on every spin as a field; ask for 'inference'"
            )
    found = MEMORIES.case(ExponentialModel(load, problem.sharpness, problem.temperature), "paramagnet")
    return found._replace(advice=found.advice.replace("'retrieval'", f"'{UNRELATED}'"))


def _unrelated_retrieval(problem: ExponentialTeacherStudent) -> Known:
    """Return the state around one unrelated memory, if it outweighs the other memories and all examples."""
    load, temperature = problem.unrelated_load, problem.temperature
    assert load is not None
    found = MEMORIES.case(ExponentialModel(load, problem.sharpness, temperature), "retrieval")
    if problem.reliability == 0:
        limit = retrieval_limit(problem.sharpness, temperature)
        if not problem.load < limit:
            raise NoSolution(f"no {UNRELATED}: examples without reliability end it at their load {limit:.10g}")
    elif not found.overlap > (examples := of_examples(problem, sums.NO_PATTERN)):
        raise NoSolution(
            f"no {UNRELATED}: a memory gives {found.overlap:.6g} per spin, all examples together {examples:.6g}"
        )
    return found._replace(m=found.overlap)
