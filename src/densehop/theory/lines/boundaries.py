"""`boundary`: any line of a phase diagram, traced with an error for each point (docs/theory.md, section 9)."""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats
from densehop.base.progress import NoProgress, Progress
from densehop.errors import InvalidInput, NoSolution
from densehop.teacher import law
from densehop.theory.lines import curves, pairwise_boundaries
from densehop.theory.lines.exponential import ExponentialPlane, any_plane, trace
from densehop.theory.lines.planes import Plane
from densehop.theory.lines.points import Boundary, Point, Wanted, at_each, missing, warn
from densehop.theory.lines.retrieval import Line, retrieval_line
from densehop.theory.models import nishimori
from densehop.theory.models.many_body import glass, limits
from densehop.theory.models.many_body.model import ManyBody

RETRIEVAL = ("retrieval_spinodal", "retrieval_global", "retrieval_stability")
INFERENCE = tuple(name.replace("retrieval", "inference") for name in RETRIEVAL)  # the same curves elsewhere
BROKEN = ("spinodal", "global")  # lines of either that one step of symmetry breaking moves
BACKGROUND = ("glass_static", "glass_dynamic", "glass_gardner", "zero_entropy")
KINDS = (*RETRIEVAL, *INFERENCE, "inference_or_retrieval", *BACKGROUND)
RELATIVE_ROUNDING = 4e-15
LOWEST, NEAR_END = 1e-9, 1e-6  # of temperatures over signal, between which the AT line is sought


def boundary(
    kind: str,
    p: float | None,
    temperatures: ArrayLike | None = None,
    *,
    model: str = "direct",
    teacher_temperature: float | None = None,
    load: float | None = None,
    scaled_teacher_temperature: float | None = None,
    sharpness: float | None = None,
    reliability: float | None = None,
    points: int = 101,
    ansatz: str = "rs",
    progress: Progress | None = None,
) -> Boundary:
    """Trace a boundary of a phase diagram (docs/theory.md, eq. 40, 41 and 98 to 101).

    Parameters
    ----------
    kind : str
        "retrieval_spinodal", "retrieval_global", "retrieval_stability" (AT line) of a memory or example;
        "inference_spinodal", "inference_global", "inference_stability" of the teacher's pattern (global: against
        paramagnet or 1RSB spin glass); "inference_or_retrieval", where they have equal free energies;
        "glass_static", "glass_dynamic", "glass_gardner", and the paramagnet's "zero_entropy".
    p : int, or math.inf for the global lines of the limit, the random-energy model; None for exponential energies
    temperatures : (n,) array, optional
        Where to find the line; where it does not exist the coordinate is nan and `reason` says why. None traces all of
        it, explicitly.
    model, teacher_temperature, load, scaled_teacher_temperature, sharpness, reliability :
        The plane; see `phase_diagram`.
    points : int
        How many at most, where temperatures is None.
    ansatz : "rs" or "1rsb"
        Of the state with an overlap; for p = 2 of the retrieval spinodal and of where inference begins at a fixed
        teacher. 1RSB moves spinodal and global lines below the direct model's own Nishimori line, tau < 1/Gamma_lR, and
        takes half a second a point there.
    progress : Progress, optional
        Where to report each point.

    Raises
    ------
    NoSolution
        If the line does not exist at any of the temperatures.

    Warns
    -----
    RuntimeWarning
        If points are missing, with their number and the first reason.
    """
    checks.choice("kind", kind, KINDS)
    settings = (teacher_temperature, load, scaled_teacher_temperature)
    where = any_plane(model, p, settings, sharpness, reliability)
    points = checks.integer("points", points, 2, 100_000)
    if kind not in RETRIEVAL and kind not in BACKGROUND and not where.has_teacher:
        raise InvalidInput("a direct model has no inference boundary: ask for a retrieval one")
    chosen = None if temperatures is None else _checked(temperatures)
    line = traced(where, kind, ansatz, Wanted(chosen, points, progress or NoProgress()))
    if line.n_missing:
        warn(line)
    return line


def traced(where: Plane, kind: str, ansatz: str, wanted: Wanted) -> Boundary:
    """Trace a line of a plane, or raise `NoSolution` where it does not exist."""
    if isinstance(where, ExponentialPlane):
        return trace(where, kind, ansatz, wanted)
    found = _trace(where, kind, _curve(where, kind, ansatz), wanted, broken=ansatz == "1rsb")
    if where.model == "fixed_load":
        found = _of_disordered_teachers(where, found, asked=wanted.temperatures is not None)
    if all(point.reason and not point.undecided for point in found):
        reason = f": {found[0].reason}" if found else ""
        raise NoSolution(f"no {kind} line for p = {where.p}, model '{where.model}', at these temperatures{reason}")
    coordinate, temperature, error = (np.array(column) for column in list(zip(*found, strict=True))[:3])
    undecided = sum(point.undecided for point in found)
    reasons = tuple(point.reason for point in found)
    return Boundary(kind, where.model, where.axis, where.p, coordinate, temperature, error, reasons, undecided)


def _of_disordered_teachers(where: Plane, found: list[Point], *, asked: bool) -> list[Point]:
    """Return the points at fixed load whose teacher is not ordered."""
    critical = law.critical_temperature(where.p).temperature
    ordered = f"the line lies below T_crit = {critical:.6f} there, where the teacher is ordered"
    kept = [missing(point.temperature, ordered) if point.coordinate < critical else point for point in found]
    return kept if asked else [point for point in kept if point.reason != ordered]


def _curve(where: Plane, kind: str, ansatz: str) -> Line:
    """Return the universal curve behind a line of retrieval or inference; any of them stands for the other lines."""
    checks.choice("ansatz", ansatz, ("rs", "1rsb"))
    name = kind.partition("_")[2] if kind in (*RETRIEVAL, *INFERENCE) else ""
    in_plane = kind == "retrieval_spinodal" or _begins(where, kind)
    possible = name in BROKEN and where.p < math.inf if where.universal else in_plane
    if ansatz == "1rsb" and not possible:
        raise InvalidInput(
            "ansatz '1rsb' is for spinodal and global lines with finite p >= 3, at p = 2 for retrieval_spinodal or, at "
            f"a fixed teacher, where inference begins; got '{kind}', p = {where.p}. Ask for ansatz 'rs'"
            + ("; `retrieval_boundary` has the global line of p = 2" if kind == "retrieval_global" else "")
        )
    return retrieval_line(where.p, name or "spinodal", ansatz)


def _begins(where: Plane, kind: str) -> bool:
    """Whether a line is that where inference of p = 2 begins, at a fixed teacher."""
    return where.model == "fixed_teacher" and kind in pairwise_boundaries.CONTINUOUS


def _checked(temperatures: ArrayLike) -> Floats:
    """Return temperatures as a one-dimensional array of finite numbers >= 0."""
    array = np.atleast_1d(checks.as_array("temperatures", temperatures))
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        raise InvalidInput(f"temperatures must be real numbers of shape (n,), got shape {array.shape}")
    return np.array([checks.number("temperatures", float(value), zero_allowed=True) for value in array])


def _trace(where: Plane, kind: str, curve: Line, wanted: Wanted, *, broken: bool) -> list[Point]:
    """Return the points of a line."""
    if not where.universal:
        return pairwise_boundaries.trace(where, kind, curve, wanted, broken=broken)
    if where.p == math.inf:
        _require_infinite(where, kind)
    if kind in BACKGROUND:
        return _background(where, kind, wanted)
    if kind in RETRIEVAL:
        return _retrieval(where, curve, kind, wanted)
    if kind in INFERENCE:
        return _any_inference(where, kind, curve, wanted)
    return _equal_signal(where, wanted)


def _require_infinite(where: Plane, kind: str) -> None:
    """Refuse what has no limit for p -> infinity: metastable states reach any load there."""
    kinds = ("retrieval_global", "inference_global", "glass_static", "zero_entropy")
    checks.choice("kind for p = inf", kind, kinds)
    checks.choice("model for p = inf", where.model, ("direct", "nishimori", "fixed_teacher"))


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


# --- planes in which inference is the direct model in other units -----------------------------------------------------


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
