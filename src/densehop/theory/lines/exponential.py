"""Lines of exponential energies in the plane (A, T), loads at a temperature (docs/theory.md, eq. 115 to 118)."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from densehop.base import checks
from densehop.errors import InvalidInput
from densehop.exponential_problem import ExponentialModel, ExponentialTeacherStudent
from densehop.theory.lines.points import Boundary, Point
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import inverse, next_to_example, retrieval_limit

MODELS = ("exponential", "exponential_examples")
CLOSE = 1.0  # of b to L: the free entropies that are compared differ little, so their slopes are averaged
LARGEST_TEMPERATURE = 4.0
ROUNDING = 1e-15


@dataclass(frozen=True)
class ExponentialPlane:
    """The plane (load A, temperature) of memories, or of examples of a reliability, at one sharpness."""

    model: str
    sharpness: float
    reliability: float = 0.0
    axis: ClassVar[str] = "load"

    @property
    def has_teacher(self) -> bool:
        """Whether there is a pattern to infer."""
        return self.model == "exponential_examples"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The lines that there are."""
        return tuple(STUDENT_LINES if self.has_teacher else MEMORY_LINES)

    def problem(self, load: float, temperature: float) -> ExponentialModel | ExponentialTeacherStudent:
        """Return the problem at a point."""
        if self.has_teacher:
            return ExponentialTeacherStudent(load, self.sharpness, temperature, self.reliability)
        return ExponentialModel(load, self.sharpness, temperature)


def exponential_plane(model: str, sharpness: float | None, reliability: float | None) -> ExponentialPlane:
    """Check what a model needs and return its plane."""
    checks.choice("model", model, MODELS)
    if sharpness is None:
        raise InvalidInput(f"model '{model}' needs sharpness")
    if (reliability is None) == (model == "exponential_examples"):
        takes = "needs" if reliability is None else "does not take"
        raise InvalidInput(f"model '{model}' {takes} reliability")
    sharpness = checks.number("sharpness", sharpness)
    return ExponentialPlane(model, sharpness, checks.between("reliability", reliability or 0.0, 0, 1))


def trace(where: ExponentialPlane, kind: str, temperatures: npt.NDArray[np.float64] | None, points: int) -> Boundary:
    """Return a line: the load at each temperature, exact to rounding."""
    checks.choice(f"kind for model '{where.model}'", kind, where.kinds)
    line = (STUDENT_LINES if where.has_teacher else MEMORY_LINES)[kind]
    chosen = np.linspace(0.0, LARGEST_TEMPERATURE, points) if temperatures is None else temperatures
    found = []
    for temperature in chosen:
        load = line(where.sharpness, float(temperature), where.reliability)
        found.append(Point(load, float(temperature), ROUNDING * (load + min(1.0, where.sharpness))))
    coordinate, at, error = (np.array(column) for column in list(zip(*found, strict=True))[:3])
    return Boundary(kind, where.model, where.axis, math.inf, coordinate, at, error, ("",) * len(found))


def equal_load(sharpness: float, temperature: float, reliability: float = 0.0) -> float:
    """Return the load at which all memories or examples together weigh as much as the rest (eq. 116 and 118)."""
    beta = inverse(temperature)
    if beta <= sharpness:
        return sums.information(beta, next_to_example(math.tanh(beta), reliability), reliability)
    slope = sums.odd(sharpness, reliability) / sharpness
    if beta - sharpness < CLOSE:  # the mean of L tanh x - g(q(x)) over x from L to b
        at = sharpness + (beta - sharpness) * (1 + sums.NODES) / 2
        even = sums.even(sharpness, reliability)
        excess = sharpness * np.tanh(at) - even - slope * sharpness * np.tanh(slope * at)
        if sharpness > sums.SMALL:
            start = sums.shortfall(sharpness, sums.State(1.0, 0.0), reliability)
            excess = start + 2 * sharpness * (slope * expit(-2 * slope * at) - expit(-2 * at))
        return float(sums.WEIGHTS @ excess) / 2
    start = sums.shortfall(sharpness, sums.State(1.0, 0.0), reliability)
    if beta == math.inf:
        return start
    along, others = (_far(x * sharpness) - _far(x * beta) for x in (slope, 1.0))
    return start + sharpness * (along - others) / (beta - sharpness)


def _far(x: float) -> float:
    """Return log 2cosh x - x."""
    return math.log1p(math.exp(-2 * x))


def student_limit(sharpness: float, temperature: float, reliability: float) -> float:
    """Return the load above which the student is stable: below, its closest examples draw it to themselves."""
    beta = inverse(temperature)
    if beta <= sharpness:
        return sums.information(beta, next_to_example(math.tanh(beta), reliability), reliability)
    field = sums.odd(sharpness, reliability) / sharpness * beta if reliability > 0 else 0.0
    return sums.information(sharpness, sums.of_field(field), reliability)


Load = Callable[[float, float, float], float]
MEMORY_LINES: dict[str, Load] = {
    "retrieval_spinodal": retrieval_limit,
    "retrieval_global": equal_load,
}
STUDENT_LINES: dict[str, Load] = {
    "retrieval_spinodal": retrieval_limit,
    "inference_spinodal": student_limit,
    "inference_or_retrieval": equal_load,
}
