"""Lines of a student beside unrelated memories in the plane (A, T) (docs/theory.md, eq. 138 and 139).

More examples never take the student's state away, nor give others an advantage over it; so each line is the load from
which on something holds.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from densehop.errors import NoSolution
from densehop.exponential_problem import ExponentialTeacherStudent
from densehop.theory.lines.exponential import equal_load, student_limit
from densehop.theory.lines.line_forms import INSIDE, Curve, Line, Settings
from densehop.theory.lines.points import Point, Wanted, at_each
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import inverse, retrieval_limit
from densehop.theory.models.exponential.unrelated import MEMORIES, of_examples, unrelated_exponent, without
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.model import Known

ROUNDING = 1e-14
HOTTEST = 1e9  # temperatures beyond it are not searched


def _student(problem: ExponentialTeacherStudent, load: float) -> Known:
    """Return the student of so many examples, whether or not unrelated memories let it be."""
    return MEMORIES.case(without(replace(problem, load=load)), "inference")


def _from(lead: Callable[[float], float], high: float) -> float:
    """Return the load from which on a lead that rises with it is positive, to rounding; it is so at `high`."""
    return float(brentq(lead, 0.0, high, xtol=1e-15, rtol=1e-15)) + ROUNDING if lead(0.0) <= 0 else 0.0


def _many(problem: ExponentialTeacherStudent) -> float:
    """Return a load from which on many examples carry the sum in every state, which then is at least A/L."""
    return sums.information(problem.sharpness, sums.NO_PATTERN, problem.reliability)


def outweighing_load(problem: ExponentialTeacherStudent) -> float:
    """Return the load from which on the student's examples outweigh all unrelated memories (eq. 138)."""
    others = unrelated_exponent(problem)
    return _from(lambda load: -_student(problem, load).energy - others, _many(problem) + problem.sharpness * others + 1)


def favoured_load(problem: ExponentialTeacherStudent) -> float:
    """Return the load from which on the student wins over typical states and unrelated memories (eq. 138 and 139)."""
    if problem.temperature == 0:  # energies are compared, and where its own outweigh them the student's is lower
        return outweighing_load(problem)
    beta, others = inverse(problem.temperature), unrelated_exponent(problem)
    scale = problem.sharpness * problem.temperature

    def from_(rival: float) -> float:
        def lead(load: float) -> float:
            found = _student(problem, load)
            return found.entropy - beta * found.energy - rival

        return _from(lead, _many(problem) + scale * rival + 1)

    limit = from_(math.log(2) + beta * others)
    memory = math.tanh(beta)
    if not memory > others:
        return limit
    assert problem.unrelated_load is not None
    ends = _from(
        lambda load: of_examples(replace(problem, load=load), sums.NO_PATTERN) - memory,
        _many(problem) + problem.sharpness * memory + 1,
    )
    return max(limit, min(ends, from_(problem.unrelated_load + _around_one(beta))))


def _around_one(beta: float) -> float:
    """Return the free entropy log 2cosh b of a state around one stored vector."""
    return sums.log_cosh(beta) + math.log(2)


# --- lines of a plane -------------------------------------------------------------------------------------------------


def problem_at(load: float, temperature: float, settings: Settings) -> ExponentialTeacherStudent:
    """Return the problem at a point of the plane."""
    return ExponentialTeacherStudent(
        load, settings["sharpness"], temperature, settings["reliability"], settings["unrelated_load"]
    )


def _estimate(load: float) -> Estimate:
    return Estimate(load, 2 * ROUNDING * (1 + load))


def _setting(problem: ExponentialTeacherStudent) -> tuple[float, float, float]:
    return problem.sharpness, problem.temperature, problem.reliability


def _vectors_hold_states(problem: ExponentialTeacherStudent) -> bool:
    """Whether a single stored vector outweighs all unrelated memories."""
    return math.tanh(inverse(problem.temperature)) > unrelated_exponent(problem)


def stable_load(problem: ExponentialTeacherStudent) -> float:
    """Return the load from which on the student's state exists and is stable."""
    return max(student_limit(*_setting(problem)), outweighing_load(problem))


def winning_load(problem: ExponentialTeacherStudent) -> float:
    """Return the load from which on the student wins over all other states."""
    examples = equal_load(*_setting(problem)) if _vectors_hold_states(problem) else 0.0
    return max(stable_load(problem), favoured_load(problem), examples)


def _stable(settings: Settings, temperature: float) -> Estimate:
    return _estimate(stable_load(problem_at(0.0, temperature, settings)))


def _wins(settings: Settings, temperature: float) -> Estimate:
    return _estimate(winning_load(problem_at(0.0, temperature, settings)))


def _require_states_of_vectors(problem: ExponentialTeacherStudent) -> None:
    """Refuse temperatures at which no stored vector holds a state."""
    if not _vectors_hold_states(problem):
        others = unrelated_exponent(problem)
        raise NoSolution(f"no stored vector holds a state: the unrelated memories together give {others:.6g} per spin")


def _retrieval_ends(settings: Settings, temperature: float) -> Estimate:
    problem = problem_at(0.0, temperature, settings)
    _require_states_of_vectors(problem)
    return _estimate(retrieval_limit(*_setting(problem)))


def _examples_win(settings: Settings, temperature: float) -> Estimate:
    """Return the load from which on single vectors win over typical states, above the temperature at which all do."""
    problem = problem_at(0.0, temperature, settings)
    _require_states_of_vectors(problem)
    if temperature == 0 or temperature < _memories_win_below(settings):
        raise NoSolution("unrelated memories win over typical states at any number of examples")
    return _estimate(math.log(2) + inverse(temperature) * unrelated_exponent(problem) - _around_one(1 / temperature))


def _memories_win_below(settings: Settings) -> float:
    """Return the temperature below which unrelated memories win over typical states (docs/theory.md, eq. 99)."""
    load, sharpness, high = settings["unrelated_load"], settings["sharpness"], 1.0
    if load >= equal_load(sharpness, 0.0):
        return 0.0
    while equal_load(sharpness, high) > load:
        high *= 2
        if high > HOTTEST:
            return math.inf
    return float(brentq(lambda t: equal_load(sharpness, t) - load, 0.0, high, xtol=1e-15, rtol=1e-15))


@dataclass(frozen=True)
class Frontier:
    """The border between typical states and single stored vectors: level where unrelated memories make it."""

    def points(self, settings: Settings, wanted: Wanted) -> list[Point]:
        """Return the points at temperatures that are asked for, else from no examples to those that infer."""
        curve = Curve(_examples_win)
        if wanted.temperatures is not None:
            return curve.points(settings, wanted)
        others = unrelated_exponent(problem_at(0.0, 0.0, settings))
        low, high = _memories_win_below(settings), 1 / math.atanh(others) if 0 < others < 1 else 0.0
        top = min(high, wanted.highest)
        if not low < top:
            raise NoSolution("no stored vector wins over typical states, or all do at every temperature of the plane")
        found = _level(0.0, settings["unrelated_load"], low, wanted) if low > 0 else []
        if low < top * (1 - INSIDE):
            between = np.linspace(max(low, top * INSIDE), top * (1 - INSIDE), wanted.points)
            found += at_each(between, lambda t: Point(_examples_win(settings, t).value, t, 0.0), wanted)
        if high > top:
            return found
        start = found[-1].coordinate if found else 0.0
        return [*found, *_level(start, winning_load(problem_at(0.0, high, settings)), high, wanted)]


def _level(start: float, end: float, temperature: float, wanted: Wanted) -> list[Point]:
    """Return points along the line at a constant temperature."""
    return [Point(float(x), temperature, 0.0) for x in np.linspace(start, max(start, end), wanted.points)]


LINES: dict[str, Line] = {
    "inference_spinodal": Curve(_stable),
    "inference_global": Curve(_wins),
    "retrieval_spinodal": Curve(_retrieval_ends),
    "retrieval_global": Frontier(),
}
