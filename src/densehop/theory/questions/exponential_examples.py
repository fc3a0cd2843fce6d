"""The number of examples needed where the student's energy is exponential: M = exp(A N) (docs/theory.md, section 16).

All examples together act on the student as a field that does not grow with their number, so that its temperature and
sharpness set the overlap. What more examples do is to hide each single one of them: first the student is stable beside
its closest examples, then it wins over them (eq. 100 and 101).
"""

import math
from typing import NamedTuple

from densehop.base import checks
from densehop.errors import InvalidInput, NoSolution
from densehop.exponential_problem import ExponentialTeacherStudent
from densehop.problem import load_of
from densehop.theory.lines.exponential import equal_load, student_limit
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import inverse, student_field
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


def enough(n_spins: int, temperature: float, overlap: float, sharpness: float, reliability: float) -> Enough:
    """Return the answer for a student of exponential energy, or raise `NoSolution` where it has no such overlap."""
    sharpness = checks.number("sharpness", sharpness)
    reliability = checks.between("reliability", reliability, 0, 1)
    if reliability in {0, 1}:
        quality = "are no examples of a pattern" if reliability == 0 else "all equal the pattern, so one is enough"
        raise NoSolution(f"no number of examples: at reliability {reliability:g} they {quality}")
    felt = min(sharpness, inverse(temperature))
    largest = math.tanh(student_field(felt, temperature, reliability))
    if largest < overlap:
        raise NoSolution(
            f"no number of examples leads to overlap {overlap:g}: at temperature {temperature:g} it is at most "
            f"{largest:.6g}, as their field does not grow with their number; choose a temperature <= "
            f"{_warmest(overlap, sharpness, reliability):.6g}"
        )
    locally = student_limit(sharpness, temperature, reliability)
    globally = max(locally, equal_load(sharpness, temperature, reliability))
    number, number_global = (_count(load, n_spins) for load in (locally, globally))
    load = load_of(number, n_spins, None)
    load_global = load_of(number_global, n_spins, None)
    overlap_there, overlap_global = (
        find(ExponentialTeacherStudent(each_load, sharpness, temperature, reliability), "inference").q_star
        for each_load in (load, load_global)
    )
    hint = load_global < sums.information(felt, sums.NO_PATTERN, reliability)
    return Enough(number, load, number_global, load_global, overlap_there, overlap_global, hint)


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
