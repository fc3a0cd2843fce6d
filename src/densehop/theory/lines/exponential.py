"""Lines of exponential energies in the plane (A, T), loads at a temperature (docs/theory.md, eq. 98 to 101)."""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import expit

from densehop.base.arrays import Floats
from densehop.theory.lines.line_forms import Curve, Line, Settings
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import inverse, next_to_example, retrieval_limit
from densehop.theory.states.estimate import Estimate

CLOSE = 1.0  # of b to L: the free entropies that are compared differ little, so their slopes are averaged
ROUNDING = 1e-15


def equal_load(sharpness: float, temperature: float, reliability: float = 0.0) -> float:
    """Return the load at which all memories or examples together weigh as much as the rest (eq. 99 and 101)."""
    beta = inverse(temperature)
    if beta <= sharpness:
        return sums.information(beta, next_to_example(math.tanh(beta), reliability), reliability)
    if beta - sharpness < CLOSE:
        at = sharpness + (beta - sharpness) * (1 + sums.NODES) / 2
        return max(0.0, float(sums.WEIGHTS @ surplus(sharpness, at, reliability)) / 2)
    start = sums.shortfall(sharpness, sums.State(1.0, 0.0), reliability)
    if beta == math.inf:
        return start
    slope = sums.odd(sharpness, reliability) / sharpness
    along, others = (_far(x * sharpness) - _far(x * beta) for x in (slope, 1.0))
    return max(0.0, start + sharpness * (along - others) / (beta - sharpness))


def surplus(sharpness: float, at: Floats, reliability: float) -> Floats:
    """Return L tanh x - g(q(x)), how much more a vector gives than all others: its mean from L to b is `equal_load`."""
    slope = sums.odd(sharpness, reliability) / sharpness
    if sharpness > sums.SMALL:
        start = sums.shortfall(sharpness, sums.State(1.0, 0.0), reliability)
        return np.asarray(start + 2 * sharpness * (slope * expit(-2 * slope * at) - expit(-2 * at)))
    even = sums.even(sharpness, reliability)
    return np.asarray(sharpness * np.tanh(at) - even - slope * sharpness * np.tanh(slope * at))


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


def _line(load: Callable[[float, float, float], float]) -> Curve:
    """Return the line of a load (L, T, r) that is explicit, exact to rounding; r = 0 for memories."""

    def at(settings: Settings, temperature: float) -> Estimate:
        found = load(settings["sharpness"], temperature, settings.get("reliability", 0.0))
        return Estimate(found, ROUNDING * (found + min(1.0, settings["sharpness"])))

    return Curve(at)


MEMORY_LINES: dict[str, Line] = {"retrieval_spinodal": _line(retrieval_limit), "retrieval_global": _line(equal_load)}
STUDENT_LINES: dict[str, Line] = {
    "retrieval_spinodal": _line(retrieval_limit),
    "inference_spinodal": _line(student_limit),
    "inference_or_retrieval": _line(equal_load),
}
