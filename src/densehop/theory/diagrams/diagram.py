"""`phase_diagram`: phases and order parameters on a grid, with the traced boundaries, as one labelled dataset."""

import math
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.base.quantities import describe
from densehop.base.version import __version__
from densehop.errors import DensehopError, InvalidInput, NoSolution, OutOfRange
from densehop.problem import TeacherStudent
from densehop.teacher import law
from densehop.theory.diagrams import grids
from densehop.theory.diagrams.axes import checked_axis, default_coordinates, default_temperatures
from densehop.theory.diagrams.grids import GridStates
from densehop.theory.diagrams.phases import Phase, candidates, phase_among
from densehop.theory.lines.boundaries import BACKGROUND, INFERENCE, RETRIEVAL, boundary
from densehop.theory.lines.planes import SETTINGS, Plane, plane
from densehop.theory.models.signal import limiting_signal

PHASES = tuple(Phase)
CODES = {member: code for code, member in enumerate(PHASES)}
WINNERS = ("m", "q", "q_star", "free_energy", "energy", "entropy", "replicon", "parisi")  # numbers of the winner
VARIABLES = (*WINNERS, "retrieval_overlap", "inference_overlap")
LARGEST_GRID = 4_000_000  # points


def phase_diagram(
    p: int,
    model: str = "direct",
    coordinates: npt.ArrayLike | None = None,
    temperatures: npt.ArrayLike | None = None,
    *,
    teacher_temperature: float | None = None,
    load: float | None = None,
    scaled_teacher_temperature: float | None = None,
    boundaries: bool = True,
) -> xr.Dataset:
    """Return phases and order parameters over a plane of problems, with its traced boundaries (eq. 37 and 38).

    Parameters
    ----------
    p : int
    model : str
        "direct": load against T. "nishimori": the Bayes-optimal student. "fixed_teacher": load against T at
        `teacher_temperature`. "fixed_load": teacher temperature against T at `load`. "finite_noise": scaled load
        a = M (p/2+1)!/N^(p/2) against T for a two-body teacher at `teacher_temperature`. "large_noise": load against T
        for a two-body teacher at `scaled_teacher_temperature`, by default on the effective Nishimori line.
    coordinates, temperatures : (n,) and (k,) increasing arrays, optional
        The grid; None is a grid that shows all phases.
    boundaries : bool
        Whether to trace the lines as well.

    Returns
    -------
    xarray.Dataset
        `phase` (temperature, coordinate) as codes with `flag_meanings`, order parameters and thermodynamics of the
        winner, `rs_exact` (whether the winner is replica symmetric and stable), and for each line its coordinate,
        temperature and error.

    Warns
    -----
    RuntimeWarning
        If replica symmetry is not exact somewhere on the grid.
    """
    where = plane(model, checks.body_number(p), teacher_temperature, load, scaled_teacher_temperature)
    x = checked_axis("coordinates", coordinates) if coordinates is not None else default_coordinates(where)
    t = checked_axis("temperatures", temperatures) if temperatures is not None else default_temperatures(where)
    if x.size * t.size > LARGEST_GRID:
        raise InvalidInput(f"a grid of {x.size} x {t.size} points is too large: at most {LARGEST_GRID} points")
    values = _by_arrays(where, x, t) if where.universal else _by_points(where, x, t)
    dataset = _as_dataset(where, x, t, values)
    if boundaries:
        for kind in _kinds(where):
            _add_boundary(dataset, where, kind, float(x[-1]), float(t[-1]))
    _warn(dataset)
    return describe(dataset)


Values = dict[str, npt.NDArray[Any]]


def _empty(shape: tuple[int, int]) -> Values:
    """Return arrays for every variable: 0, or nan for the overlaps of branches that may not exist."""
    values: Values = {name: np.zeros(shape) for name in VARIABLES}
    values["retrieval_overlap"] += np.nan
    values["inference_overlap"] += np.nan
    values["phase"] = np.zeros(shape, dtype=np.int8)
    values["rs_exact"] = np.zeros(shape, dtype=bool)
    return values


# --- where all states are the direct model's: whole arrays ------------------------------------------------------------


def _by_arrays(where: Plane, x: Floats, t: Floats) -> Values:
    """Return which of paramagnet or glass, retrieval and inference wins at each point, on whole arrays."""
    coordinate, temperature = np.meshgrid(x, t)
    load, signal = _load_and_signal(where, coordinate, temperature)
    values = _empty(coordinate.shape)
    base = grids.background(where.p, load, temperature)
    best = base.energy - temperature * base.entropy
    values.update(energy=base.energy, entropy=base.entropy, replicon=base.replicon, parisi=base.parisi)
    values["q"] = (1 - base.parisi) * base.inner
    values["phase"] = np.where(base.is_glass, CODES[Phase.SPIN_GLASS], CODES[Phase.PARAMAGNETIC]).astype(np.int8)
    values["rs_exact"] = ~base.is_glass
    retrieval = grids.states(where.p, load, temperature)
    example = Phase.EXAMPLE_RETRIEVAL if where.has_teacher else Phase.GLOBAL_RETRIEVAL
    best = _compete(values, best, retrieval, np.ones_like(load), temperature, "m", example)
    if where.has_teacher:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            nu = np.where(signal > 0, load / signal**2, np.inf)
            tau = np.where(signal > 0, temperature / signal, np.inf)
        inference = grids.states(where.p, nu, tau)
        best = _compete(values, best, inference, signal, temperature, "q_star", Phase.GLOBAL_RETRIEVAL)
        values["inference_overlap"] = inference.overlap
    values["retrieval_overlap"] = retrieval.overlap
    values["free_energy"] = best
    _enter_metastable(where, values)
    if where.model == "nishimori":
        _ordered_teacher(where, values, temperature)
    return values


def _load_and_signal(where: Plane, coordinate: Floats, temperature: Floats) -> tuple[Floats, Floats]:
    """Return alpha and lambda at each point; lambda = 0 for the direct model."""
    if where.model == "direct":
        return coordinate, np.zeros_like(coordinate)
    if where.model == "fixed_load":
        assert where.value is not None
        problem = TeacherStudent(where.p, where.value, 1.0, float(coordinate.max()))
        limiting_signal(problem)  # refuses what the theory does not cover
        critical = law.critical_temperature(where.p).temperature
        if float(coordinate.min()) < critical:
            raise OutOfRange(f"teacher_temperature must be at least T_crit = {critical:.6f}, got {coordinate.min():g}")
        return np.full_like(coordinate, where.value), where.value / coordinate
    if where.model == "finite_noise":
        return np.zeros_like(coordinate), where.signal_per_load * coordinate
    if where.model == "nishimori" or where.value is None:
        cold = np.where(coordinate > 0, np.inf, 0.0)  # the signal at T = 0
        return coordinate, np.where(temperature > 0, coordinate / np.where(temperature > 0, temperature, 1.0), cold)
    return coordinate, where.signal_per_load * coordinate


def _compete(
    values: Values, best: Floats, found: GridStates, signal: Floats, temperature: Floats, name: str, won: Phase
) -> Floats:
    """Enter a branch where it exists and its free energy is lowest; return the lowest free energies."""
    with np.errstate(invalid="ignore", over="ignore"):
        energy = signal * found.energy
        free_energy = energy - temperature * found.entropy
        wins = free_energy < best  # never where the branch does not exist: nan
    new = {
        "m": 0.0,
        "q_star": 0.0,
        name: found.overlap,
        "q": found.square,
        "energy": energy,
        "entropy": found.entropy,
        "replicon": found.replicon,
        "parisi": 0.0,
        "rs_exact": found.replicon >= 0,
        "phase": CODES[won],
    }
    for key, value in new.items():
        old = values[key]
        values[key] = np.where(wins, np.asarray(value, dtype=old.dtype), old)
    return np.where(wins, free_energy, best)


def _enter_metastable(where: Plane, values: Values) -> None:
    """Enter local retrieval, where paramagnet or glass wins but the branch that matters exists."""
    background = np.isin(values["phase"], [CODES[Phase.PARAMAGNETIC], CODES[Phase.SPIN_GLASS]])
    exists = np.isfinite(values["inference_overlap" if where.has_teacher else "retrieval_overlap"])
    values["phase"][background & exists] = CODES[Phase.LOCAL_RETRIEVAL]


def _ordered_teacher(where: Plane, values: Values, temperature: Floats) -> None:
    """Enter example retrieval, on the Nishimori line below T_crit (docs/theory.md, eq. 21)."""
    ordered = temperature < law.critical_temperature(where.p).temperature
    magnetisation = np.array([law.magnetisation(where.p, t) if t > 0 else 1.0 for t in temperature[:, 0]])
    values["phase"] = np.where(ordered, CODES[Phase.EXAMPLE_RETRIEVAL], values["phase"]).astype(np.int8)
    values["m"] = np.where(ordered, magnetisation[:, np.newaxis], values["m"])
    for name, value in (("q", 1.0), ("q_star", 1.0), ("replicon", 1.0), ("parisi", 0.0)):
        values[name] = np.where(ordered, value, values[name])
    for name in ("free_energy", "energy", "entropy"):
        values[name] = np.where(ordered, math.nan, values[name])
    values["rs_exact"] |= ordered
    values["inference_overlap"] = np.where(ordered, 1.0, values["inference_overlap"])
    values["retrieval_overlap"] = np.where(ordered, math.nan, values["retrieval_overlap"])  # no branch beside it


# --- any other model: point by point ----------------------------------------------------------------------------------


def _by_points(where: Plane, x: Floats, t: Floats) -> Values:
    """Return the winner among all candidates, point by point."""
    values = _empty((t.size, x.size))
    for row, temperature in enumerate(t):
        for column, coordinate in enumerate(x):
            _enter_point(where, values, (row, column), float(coordinate), float(temperature))
    return values


def _enter_point(where: Plane, values: Values, at: tuple[int, int], coordinate: float, temperature: float) -> None:
    """Enter the winner at one point; nan and the phase alone where the teacher is critical."""
    if where.model == "nishimori" and temperature == 0:
        temperature = 1e-9
    problem = where.problem(coordinate, temperature)
    try:
        ranked = candidates(problem)
    except OutOfRange:
        for name in VARIABLES:
            values[name][at] = math.nan
        values["phase"][at] = CODES[phase_among(problem, ())]
        return
    if not ranked:
        return
    values["phase"][at] = CODES[phase_among(problem, ranked)]
    winner = ranked[0]
    for name in WINNERS:
        values[name][at] = getattr(winner, name)
    values["rs_exact"][at] = winner.ansatz == "rs" and winner.replicon >= 0
    for solution in ranked:
        if solution.branch == "retrieval":
            values["retrieval_overlap"][at] = solution.m
        if solution.branch == "inference":
            values["inference_overlap"][at] = solution.q_star


# --- the dataset ------------------------------------------------------------------------------------------------------


def _as_dataset(where: Plane, x: Floats, t: Floats, values: Values) -> xr.Dataset:
    """Put names, meanings and parameters to the arrays."""
    dims = ("temperature", where.axis)
    dataset = xr.Dataset(coords={"temperature": t, where.axis: x})
    meanings = {"flag_values": list(range(len(PHASES))), "flag_meanings": " ".join(member.value for member in PHASES)}
    dataset["phase"] = (dims, values["phase"], meanings)
    for name in (*VARIABLES, "rs_exact"):
        dataset[name] = (dims, values[name])
    dataset.attrs = {"p": where.p, "model": where.model, "densehop_version": __version__}
    if where.model == "nishimori":
        dataset.attrs["teacher_critical_temperature"] = law.critical_temperature(where.p).temperature
    dataset.attrs.update(where.setting)
    return dataset


def _kinds(where: Plane) -> tuple[str, ...]:
    """Return the lines that are drawn in a plane."""
    kinds: list[str] = []
    if where.axis != "teacher_temperature":
        kinds += RETRIEVAL
    if where.has_teacher:
        kinds += INFERENCE
        kinds += ["inference_or_retrieval"]
    return (*kinds, *BACKGROUND)


def _add_boundary(dataset: xr.Dataset, where: Plane, kind: str, right: float, top: float) -> None:
    """Add a line, as far as it lies in the plane's window; lines that do not exist are left out."""
    setting: dict[str, Any] = {SETTINGS[where.model]: where.value} if where.model in SETTINGS else {}
    try:
        line = boundary(kind, where.p, model=where.model, points=201, **setting)
    except DensehopError as missing:
        if not isinstance(missing, NoSolution | InvalidInput):
            raise
        return
    inside = (line.coordinate <= 1.2 * right) & (line.temperature <= 1.2 * top)
    if not inside.any():
        return
    dim = f"{kind}_point"
    words, about = kind.replace("_", " "), {"units": "1", "reference": "docs/theory.md, section 9"}
    columns = {where.axis: line.coordinate, "temperature": line.temperature, "error": line.error}
    for name, values in columns.items():
        meaning = f"{name} of the line {words}" if name != "error" else f"error of {where.axis} on the line {words}"
        dataset[f"{kind}_{name}"] = (dim, values[inside], {"long_name": meaning, **about})


def _warn(dataset: xr.Dataset) -> None:
    """Say where replica symmetry is not exact."""
    share = 1 - float(dataset["rs_exact"].mean())
    if share > 0:
        warnings.warn(
            f"replica symmetry is not exact on {share:.0%} of this grid (see `rs_exact`): glasses are 1RSB, unstable "
            "retrieval is replica symmetric",
            RuntimeWarning,
            stacklevel=3,
        )
