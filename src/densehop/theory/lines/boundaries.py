"""`boundary`: any line of a phase diagram, traced with an error for each point (docs/theory.md, section 9)."""

import math

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats
from densehop.base.progress import NoProgress, Progress
from densehop.errors import InvalidInput, NoSolution
from densehop.teacher import law
from densehop.theory.lines import pairwise_boundaries, universal_boundaries
from densehop.theory.lines.exponential_planes import ExponentialPlane, any_plane, trace
from densehop.theory.lines.planes import Plane
from densehop.theory.lines.points import Boundary, Point, Wanted, missing, warn
from densehop.theory.lines.retrieval import Line, retrieval_line
from densehop.theory.lines.universal_boundaries import BACKGROUND, INFERENCE, RETRIEVAL

BROKEN = ("spinodal", "global")  # lines of retrieval and inference that one step of symmetry breaking moves
KINDS = (*RETRIEVAL, *INFERENCE, "inference_or_retrieval", *BACKGROUND)


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
    copies_load: float | None = None,
    unrelated_load: float | None = None,
    degree: float | None = None,
    points: int = 101,
    ansatz: str = "rs",
    progress: Progress | None = None,
) -> Boundary:
    """Trace a boundary of a phase diagram (docs/theory.md, eq. 40, 41, 98 to 101, 129 to 134, 138 and 139).

    Parameters
    ----------
    kind : str
        "retrieval_spinodal", "retrieval_global", "retrieval_stability" (AT line) of a memory or example;
        "inference_spinodal", "inference_global", "inference_stability" of the teacher's pattern (global: against
        paramagnet or 1RSB spin glass); "inference_or_retrieval", where they have equal free energies (of
        archetypes at constant temperature, so leave temperatures out);
        "glass_static", "glass_dynamic", "glass_gardner", and the paramagnet's "zero_entropy".
    p : int, or math.inf for the global lines of the limit, the random-energy model; None for exponential energies and
        for rectified polynomials of degree c N
    temperatures : (n,) array, optional
        Where to find the line; where it does not exist the coordinate is nan and `reason` says why. None traces all of
        it, explicitly.
    model, teacher_temperature, load, scaled_teacher_temperature, sharpness, reliability, copies_load, unrelated_load,
    degree :
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
    settings = {
        "teacher_temperature": teacher_temperature,
        "load": load,
        "scaled_teacher_temperature": scaled_teacher_temperature,
        "sharpness": sharpness,
        "reliability": reliability,
        "copies_load": copies_load,
        "unrelated_load": unrelated_load,
        "degree": degree,
    }
    where = any_plane(model, p, settings)
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
    return universal_boundaries.trace(where, kind, curve, wanted)


def _require_infinite(where: Plane, kind: str) -> None:
    """Refuse what has no limit for p -> infinity: metastable states reach any load there."""
    kinds = ("retrieval_global", "inference_global", "glass_static", "zero_entropy")
    checks.choice("kind for p = inf", kind, kinds)
    checks.choice("model for p = inf", where.model, ("direct", "nishimori", "fixed_teacher"))
