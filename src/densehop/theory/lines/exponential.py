"""Lines of exponential energies in the plane (A, T), loads at a temperature (docs/theory.md, eq. 98 to 101)."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.special import expit

from densehop.base import checks
from densehop.errors import InvalidInput
from densehop.exponential_problem import ExponentialModel, ExponentialTeacherStudent
from densehop.theory.lines.planes import MODELS as P_BODY_MODELS
from densehop.theory.lines.planes import Plane, plane
from densehop.theory.lines.points import Boundary, Point, Wanted, at_each
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import inverse, next_to_example, retrieval_limit

EXAMPLES = "exponential_examples"
MODELS = ("exponential", EXAMPLES)
CLOSE = 1.0  # of b to L: the free entropies that are compared differ little, so their slopes are averaged
ROUNDING = 1e-15


@dataclass(frozen=True)
class ExponentialPlane(Plane):
    """The plane (load A, temperature) of exponential energies: memories, or examples of a reliability."""

    sharpness: float = 1.0
    reliability: float = 0.0

    @property
    def universal(self) -> bool:
        """Whether its lines are the direct model's in other coordinates: no."""
        return False

    @property
    def has_teacher(self) -> bool:
        """Whether there is a pattern to infer."""
        return self.model == EXAMPLES

    @property
    def setting(self) -> dict[str, float]:
        """What the plane is for."""
        return {"sharpness": self.sharpness} | ({"reliability": self.reliability} if self.has_teacher else {})

    @property
    def kinds(self) -> tuple[str, ...]:
        """The lines that there are."""
        return tuple(STUDENT_LINES if self.has_teacher else MEMORY_LINES)

    def problem(self, coordinate: float, temperature: float) -> Any:
        """Return the problem at a point."""
        if self.has_teacher:
            return ExponentialTeacherStudent(coordinate, self.sharpness, temperature, self.reliability)
        return ExponentialModel(coordinate, self.sharpness, temperature)


def any_plane(
    model: str, p: float | None, settings: tuple[float | None, ...], sharpness: float | None, reliability: float | None
) -> Plane:
    """Check what a model needs and return its plane; `settings` are the last arguments of `plane`."""
    checks.choice("model", model, (*P_BODY_MODELS, *MODELS))
    for name, value, models in (("sharpness", sharpness, MODELS), ("reliability", reliability, (EXAMPLES,))):
        if (value is not None) != (model in models):
            raise InvalidInput(f"model '{model}' {'needs' if model in models else 'does not take'} {name}")
    if model in P_BODY_MODELS:
        return plane(model, checks.body_number(p) if p is None else p, *settings)
    if p is not None or any(value is not None for value in settings):
        raise InvalidInput(f"model '{model}' takes p = None and no other setting than sharpness and reliability")
    reliability = checks.between("reliability", reliability or 0.0, 0, 1)
    infinite = cast(int, math.inf)  # no number of bodies
    return ExponentialPlane(model, infinite, None, checks.number("sharpness", sharpness), reliability)


def trace(where: ExponentialPlane, kind: str, ansatz: str, wanted: Wanted) -> Boundary:
    """Return a line: the load at each temperature, exact to rounding."""
    checks.choice(f"kind for model '{where.model}'", kind, where.kinds)
    if checks.choice("ansatz", ansatz, ("rs", "1rsb")) != "rs":
        raise InvalidInput("lines of exponential energies are exact without breaking of symmetry: ask for ansatz 'rs'")
    line = (STUDENT_LINES if where.has_teacher else MEMORY_LINES)[kind]

    def point(temperature: float) -> Point:
        load = line(where.sharpness, temperature, where.reliability)
        return Point(load, temperature, ROUNDING * (load + min(1.0, where.sharpness)))

    found = at_each(wanted.rising(), point, wanted)
    coordinate, at, error = (np.array(column) for column in list(zip(*found, strict=True))[:3])
    return Boundary(kind, where.model, where.axis, where.p, coordinate, at, error, ("",) * len(found))


def equal_load(sharpness: float, temperature: float, reliability: float = 0.0) -> float:
    """Return the load at which all memories or examples together weigh as much as the rest (eq. 99 and 101)."""
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
        return max(0.0, float(sums.WEIGHTS @ excess) / 2)
    start = sums.shortfall(sharpness, sums.State(1.0, 0.0), reliability)
    if beta == math.inf:
        return start
    along, others = (_far(x * sharpness) - _far(x * beta) for x in (slope, 1.0))
    return max(0.0, start + sharpness * (along - others) / (beta - sharpness))


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
