"""Lines of p >= 3 in every plane: the direct model's universal curves in other coordinates (docs/theory.md, eq. 41)."""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from densehop.base.arrays import Floats
from densehop.errors import InvalidInput, NoSolution
from densehop.teacher import law
from densehop.theory.lines import curves
from densehop.theory.lines.planes import Plane
from densehop.theory.lines.points import Point, Wanted, at_each
from densehop.theory.lines.retrieval import Line
from densehop.theory.models import nishimori
from densehop.theory.models.many_body import glass, limits
from densehop.theory.models.many_body.model import ManyBody

RETRIEVAL = ("retrieval_spinodal", "retrieval_global", "retrieval_stability")
INFERENCE = tuple(name.replace("retrieval", "inference") for name in RETRIEVAL)  # the same curves elsewhere
BACKGROUND = ("glass_static", "glass_dynamic", "glass_gardner", "zero_entropy")
RELATIVE_ROUNDING = 4e-15
LOWEST, NEAR_END = 1e-9, 1e-6  # of temperatures over signal, between which the AT line is sought


def trace(where: Plane, kind: str, curve: Line, wanted: Wanted) -> list[Point]:
    """Return the points of a line; `curve` is the universal curve of its kind."""
    if kind in BACKGROUND:
        return _background(where, kind, wanted)
    if kind in RETRIEVAL:
        return _retrieval(where, curve, kind, wanted)
    if kind in INFERENCE:
        return _any_inference(where, kind, curve, wanted)
    return _equal_signal(where, wanted)


def _any_inference(where: Plane, kind: str, curve: Line, wanted: Wanted) -> list[Point]:
    """Return a line of inference in whatever plane."""
    if where.model == "finite_noise":
        return _straight(where, kind, wanted)
    if where.model == "nishimori" or (where.model == "large_noise" and where.value is None):
        return _parabola(where, _nishimori_gamma(where.p, kind), wanted)
    return _inference(where, curve, kind, wanted)


def _grid(low: float, high: float, points: int) -> Floats:
    """Return points that crowd towards both ends, where lines bend most."""
    return low + (high - low) * (1 - np.cos(np.linspace(0, math.pi, points))) / 2


def _shared_grid(p: int, kind: str, points: int) -> Floats:
    """Return the temperatures that all curves share, up to the end of this one."""
    end = highest(p, kind) * (1 - 1e-6)
    if p == math.inf:
        return _grid(0.0, end, points)
    shared = curves.temperatures_for(p, points)
    return np.append(shared[shared < end], end)


def highest(p: int, kind: str) -> float:
    """Return the temperature over signal above which a universal curve does not exist."""
    if p == math.inf:
        return 1 / math.log(2)
    critical = law.critical_temperature(p)
    return critical.temperature if kind.endswith("global") else critical.spinodal_temperature


def _retrieval(where: Plane, curve: Line, kind: str, wanted: Wanted) -> list[Point]:
    """Return a line of retrieval of a memory or example: the universal curve itself."""
    if where.model == "finite_noise" and not kind.endswith("stability"):  # no noise, and no matter how many examples
        return _horizontal(highest(where.p, kind), 0.0, wanted.highest, wanted)
    if where.axis != "alpha":
        raise InvalidInput(f"retrieval does not depend on the {where.axis}: ask for it in a plane with a load axis")
    temperatures = wanted.at(_shared_grid(where.p, kind, wanted.points))

    def point(temperature: float) -> Point:
        load = curve(temperature)
        return Point(load.value, temperature, load.error)

    return at_each(temperatures, point, wanted)


def _inference(where: Plane, curve: Line, kind: str, wanted: Wanted) -> list[Point]:
    """Inference off the Nishimori line: the universal curve in other coordinates, explicitly (eq. 41)."""
    end = highest(where.p, kind) * (1 - 1e-3)  # beyond, loads exceed a thousand

    def at(tau: float, temperature: float | None = None) -> Point:
        load = curve(tau)
        coordinate, there = where.point(load.value, tau)
        error = coordinate * (load.error / load.value + RELATIVE_ROUNDING)
        return Point(coordinate, there if temperature is None else temperature, error)

    def crossing_at(temperature: float) -> Point:
        aim = where.ratio_at(temperature)
        if aim == 0:
            return at(0.0, temperature)
        return at(_crossing(lambda tau: where.ratio(curve(tau).value, tau) / aim - 1, where.p, kind), temperature)

    if wanted.temperatures is not None:
        return at_each(wanted.temperatures, crossing_at, wanted)
    return at_each(_grid(0.0, end, wanted.points), at, wanted)


def _crossing(excess: Callable[[float], float], p: int, kind: str) -> float:
    """Return the temperature over signal at which a universal curve crosses a line of constant T."""
    unstable = kind.endswith("stability")  # the AT line has no point at T = 0 and ends on the Nishimori line
    high = ManyBody(p).retrieval.furthest * (1 - NEAR_END) if unstable else highest(p, kind) * (1 - 1e-9)
    low = LOWEST if unstable else 0.0
    if excess(high) < 0:
        raise NoSolution(f"the {kind} line ends below this temperature")
    if excess(low) > 0:
        raise NoSolution(f"the {kind} line does not reach so low a temperature")
    return float(brentq(excess, low, high, xtol=1e-15, rtol=1e-13))


def _straight(where: Plane, kind: str, wanted: Wanted) -> list[Point]:
    """Without noise, alpha = 0: a straight line T = (T/lambda) lambda; always stable."""
    if kind.endswith("stability"):
        return []
    slope = highest(where.p, kind) * where.signal_per_load
    return [Point(float(t / slope), float(t), float(RELATIVE_ROUNDING * t / slope)) for t in wanted.rising()]


def _nishimori_gamma(p: int, kind: str) -> float:
    """Return the Gamma of a transition on the Nishimori line."""
    if kind.endswith("stability"):
        raise NoSolution("no instability on the Nishimori line: replica symmetry is exact there")
    lines = nishimori.nishimori_lines(p)
    return lines.gamma_local if kind.endswith("spinodal") else lines.gamma_global


def _background(where: Plane, kind: str, wanted: Wanted) -> list[Point]:
    """Lines that depend on Gamma = alpha/T^2 alone."""
    lines = nishimori.nishimori_lines(where.p)
    if where.model == "finite_noise":
        return []
    gamma = {
        "glass_static": lines.gamma_global,
        "glass_dynamic": lines.gamma_local,
        "zero_entropy": 2 * math.log(2),
    }.get(kind)
    return _parabola(where, gamma if gamma is not None else glass.gardner(where.p).gamma, wanted)


def _parabola(where: Plane, gamma: float, wanted: Wanted) -> list[Point]:
    """Alpha = Gamma T^2, or T = sqrt(alpha/Gamma) where the load is fixed."""
    if where.model == "fixed_load":
        assert where.value is not None
        start = law.critical_temperature(where.p).temperature
        return _horizontal(math.sqrt(where.value / gamma), start, max(wanted.highest, 4 * start), wanted)
    return [Point(float(gamma * t**2), float(t), float(RELATIVE_ROUNDING * gamma * t**2)) for t in wanted.rising()]


def _horizontal(height: float, left: float, right: float, wanted: Wanted) -> list[Point]:
    """Return a line at one temperature."""
    if wanted.temperatures is not None:
        raise InvalidInput(f"this line lies at the one temperature {height:.10g}: leave `temperatures` out")
    return [Point(float(x), height, 0.0) for x in np.linspace(left, right, wanted.points)]


def _equal_signal(where: Plane, wanted: Wanted) -> list[Point]:
    """Return where inference and retrieval of an example have equal free energies: at lambda = 1 they are one state."""
    on_line = where.model == "large_noise" and where.value is None  # lambda = alpha/T
    if where.model == "nishimori":
        raise InvalidInput("on the Nishimori line example retrieval ends where the teacher orders, at T_crit")
    coordinate = where.value if where.model == "fixed_load" else None  # lambda = alpha/T*
    if coordinate is None and not on_line:
        coordinate = 1 / where.signal_per_load
    end = highest(where.p, "retrieval_spinodal") * (1 - 1e-6)
    temperatures = wanted.at(np.linspace(0.0, end, wanted.points))

    def point(temperature: float) -> Point:
        x = temperature if coordinate is None else coordinate
        load = 0.0 if where.model == "finite_noise" else x
        if load > limits.spinodal_load(where.p, temperature).value:
            raise NoSolution("no retrieval here")
        return Point(x, temperature, RELATIVE_ROUNDING * x)

    return at_each(temperatures, point, wanted)
