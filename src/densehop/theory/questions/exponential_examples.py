"""The number of examples needed where the student's energy is exponential: M = exp(A N) (docs/theory.md, section 16).

All examples together act on the student as a field that does not grow with their number, so that its temperature and
sharpness set the overlap. What more examples do is to hide each single one of them: first the student is stable beside
its closest examples, then it wins over them (eq. 100 and 101). Unrelated memories have to be outweighed as well
(section 21).
"""

import math
from dataclasses import replace
from typing import NamedTuple

from densehop.errors import InvalidInput, NoSolution
from densehop.exponential_problem import ExponentialTeacherStudent
from densehop.problem import load_of
from densehop.theory.lines.exponential import equal_load, student_limit
from densehop.theory.lines.unrelated import stable_load, winning_load
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import inverse, student_field
from densehop.theory.questions.pattern_basin import pattern_basin
from densehop.theory.saddle_point import find

MOST = 1e15  # examples that are counted one by one
ROOM = 1 + 2e-15  # a load at a transition is raised by this factor, so that rounding cannot put it before it


class Enough(NamedTuple):
    """How many examples keep a student near the pattern, how many make it the thermodynamic state, and its overlaps."""

    n_examples: int
    load: float
    n_examples_global: int
    load_global: float
    overlap: float
    overlap_global: float
    needs_hint: bool


def enough(
    n_spins: int,
    temperature: float,
    overlap: float,
    sharpness: float,
    reliability: float,
    unrelated_load: float | None = None,
) -> Enough:
    """Return the answer for a student of exponential energy, or raise `NoSolution` where it has no such overlap."""
    problem = ExponentialTeacherStudent(0.0, sharpness, temperature, reliability, unrelated_load)
    sharpness, reliability = problem.sharpness, problem.reliability
    if reliability in {0, 1}:
        quality = "are no examples of a pattern" if reliability == 0 else "all equal the pattern, so one is enough"
        raise NoSolution(f"no number of examples: at reliability {reliability:g} they {quality}")
    largest = math.tanh(student_field(min(sharpness, inverse(temperature)), temperature, reliability))
    if largest < overlap:
        raise NoSolution(
            f"no number of examples leads to overlap {overlap:g}: at temperature {temperature:g} it is at most "
            f"{largest:.6g}, as their field does not grow with their number; choose a temperature <= "
            f"{_warmest(overlap, sharpness, reliability):.6g}"
        )
    number, number_global = (_count(load, n_spins) for load in _loads(problem))
    there, there_globally = (replace(problem, load=load_of(each, n_spins, None)) for each in (number, number_global))
    return Enough(
        number,
        there.load,
        number_global,
        there_globally.load,
        find(there, "inference").q_star,
        find(there_globally, "inference").q_star,
        _needs_hint(there_globally),
    )


def _loads(problem: ExponentialTeacherStudent) -> tuple[float, float]:
    """Return the loads from which on the student's state is stable, and the favoured one."""
    if problem.unrelated_load is not None:
        return stable_load(problem), winning_load(problem)
    setting = problem.sharpness, problem.temperature, problem.reliability
    locally = student_limit(*setting)
    return locally, max(locally, equal_load(*setting))


def _needs_hint(problem: ExponentialTeacherStudent) -> bool:
    """Whether a random start goes to the closest examples, or to unrelated memories."""
    if problem.unrelated_load is not None:
        return pattern_basin(problem, None) > 0
    felt = min(problem.sharpness, inverse(problem.temperature))
    return problem.load < sums.information(felt, sums.NO_PATTERN, problem.reliability)


def _warmest(overlap: float, sharpness: float, reliability: float) -> float:
    """Return the largest temperature at which a student has this overlap."""
    if overlap <= reliability * math.tanh(sharpness):  # reached at b <= L, with as few examples as are stable
        return 1 / math.atanh(overlap / reliability)
    return sums.odd(sharpness, reliability) / sharpness / math.atanh(overlap)


def _count(load: float, n_spins: int) -> int:
    """Return the smallest whole number of examples with at least this load; a float's digits beyond 1e15."""
    exponent = load * n_spins * ROOM
    if exponent > 308 * math.log(10):
        raise InvalidInput(f"load {load:g} with {n_spins} spins means more than 1e308 examples")
    number = math.exp(exponent)
    return max(1, math.ceil(number) if number < MOST else int(number))
