"""The axes of a phase diagram: checks of those that are given, and default ones that show all phases of a plane."""

import math

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats
from densehop.base.ranges import decimal_range
from densehop.errors import InvalidInput
from densehop.teacher import law
from densehop.theory.lines.exponential_planes import ExponentialPlane
from densehop.theory.lines.planes import Plane
from densehop.theory.models import nishimori
from densehop.theory.models.many_body import limits

Window = tuple[float, float]

N_POINTS, N_SOLVED_POINTS = 81, 21  # fewer where each point is solved by itself
LARGEST_COORDINATE = {"direct": 2.0, "nishimori": 8.0, "fixed_teacher": 4.0, "finite_noise": 2.0, "large_noise": 2.0}
LARGEST_PAIRWISE = {"direct": 0.4, "nishimori": 2.0, "fixed_teacher": 2.0}
LARGEST_TEMPERATURE, LARGEST_PAIRWISE_TEMPERATURE = 4.0, 3.0
MARGIN = 1.5  # of the window beyond the first point at which the last phase appears
ORDERS = 2.0  # T* below which a two-body teacher is ordered
STEP = 0.25  # windows end at multiples of it, so that their points are decimals


def window(where: Plane) -> tuple[Window, Window]:
    """Return intervals of the first coordinate and of T in which every phase of a plane appears.

    Inference appears last: at the least load, or the largest T*, on the Nishimori line T = T*, where the transition is
    known in closed form (eq. 18, 41 and 25).
    """
    right, top = _common(where)
    onset = _onset(where)
    if onset is not None:
        at, temperature = onset
        right, top = max(right, _end(MARGIN * at)), max(top, _end(1.3 * temperature))
    if where.model != "fixed_load":
        return (0.0, right), (0.0, top)
    critical = law.critical_temperature(where.p).temperature
    distance = 1e-9 * critical if where.universal else 0.01 + 1e-9 * critical  # p = 2: the signal diverges at T_crit
    return (critical + distance, max(3 * critical, right)), (0.0, top)


def _common(where: Plane) -> tuple[float, float]:
    """Return the ends of the window that shows all but inference."""
    if isinstance(where, ExponentialPlane):
        return where.largest, LARGEST_PAIRWISE_TEMPERATURE
    if not where.universal:
        return LARGEST_PAIRWISE.get(where.model, 0.0), LARGEST_PAIRWISE_TEMPERATURE
    right = LARGEST_COORDINATE.get(where.model, 0.0)
    if where.model == "direct":
        right = max(right, _end(1.2 * limits.spinodal_load(where.p, 0.0).value))
    return right, LARGEST_TEMPERATURE


def _onset(where: Plane) -> tuple[float, float] | None:
    """Return the (coordinate, T) at which inference first wins, None where the usual window shows it."""
    if where.value is None:  # among them exponential energies
        return None
    if where.model == "finite_noise":
        return 1 / where.signal_per_load, 1.0  # from lambda = 1 on inference wins over examples
    if not where.universal:
        if where.model == "fixed_teacher" and where.value <= ORDERS:
            return None  # the teacher is ordered, and its points say so
        contrast = 2 / (where.value - 2) if where.model == "fixed_teacher" else math.sqrt(2 / where.value)
        temperature = 2 + 2 / contrast
        return (2 / contrast**2 if where.model == "fixed_teacher" else temperature), temperature
    gamma = nishimori.nishimori_lines(where.p).gamma_global
    return where.point(1 / gamma, 1 / gamma)


def _end(least: float) -> float:
    """Return an end of a window that is not smaller, a decimal number."""
    step = STEP * 10.0 ** max(0, math.floor(math.log10(least)))
    return math.ceil(least / step) * step


def default_axes(where: Plane) -> tuple[Floats, Floats]:
    """Return values of the first coordinate and of T over the window that shows all phases."""
    points = N_SOLVED_POINTS if isinstance(where, ExponentialPlane) else N_POINTS
    coordinates, temperatures = (decimal_range(*ends, points) for ends in window(where))
    return coordinates, temperatures


def checked_axis(name: str, values: ArrayLike) -> Floats:
    """Return an axis, (n,), of finite increasing numbers >= 0, or raise `InvalidInput`."""
    array = checks.as_array(name, values)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iuf":
        raise InvalidInput(f"{name} must be real numbers of shape (n,), got shape {array.shape}")
    checked = np.array([checks.number(name, float(value), zero_allowed=True) for value in array])
    if (np.diff(checked) <= 0).any():
        raise InvalidInput(f"{name} must increase")
    return checked
