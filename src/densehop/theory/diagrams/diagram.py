"""`phase_diagram`: phases and order parameters on a grid, with the traced boundaries, as one labelled dataset."""

import warnings

import numpy as np
import xarray as xr

from densehop.base import checks, formats
from densehop.base.arrays import ArrayLike, Floats, Mask
from densehop.base.progress import NoProgress, Progress
from densehop.base.quantities import describe
from densehop.base.ranges import decimal_range
from densehop.errors import InvalidInput, NoSolution
from densehop.teacher import law
from densehop.theory.diagrams import difficulty, line_marks, regions
from densehop.theory.diagrams.axes import checked_axis, default_axes
from densehop.theory.diagrams.broken_lines import NAMES, POINTS, BrokenLines, broken_lines, count_points
from densehop.theory.diagrams.pairwise_winners import by_table
from densehop.theory.diagrams.phases import Phase, breaks_symmetry, candidates, phase_among
from densehop.theory.diagrams.winners import CODES, PHASES, VARIABLES, Values, by_arrays, by_points, problem_at
from densehop.theory.lines.boundaries import traced
from densehop.theory.lines.exponential_planes import any_plane
from densehop.theory.lines.planes import Plane
from densehop.theory.lines.points import Boundary, Wanted, warn
from densehop.theory.lines.universal_boundaries import INFERENCE, RETRIEVAL
from densehop.theory.saddle_point import ANSATZES

LARGEST_GRID = 4_000_000  # points
LINE_POINTS, PAIRWISE_LINE_POINTS = 201, 101
ORDERED = (*RETRIEVAL, *INFERENCE, "inference_or_retrieval")  # lines of states with an overlap
FINE = 241  # points along each axis of the map between lines
FLAGS = {"flag_values": list(range(len(PHASES))), "flag_meanings": " ".join(member.value for member in PHASES)}


def phase_diagram(
    p: int | None,
    model: str = "direct",
    coordinates: ArrayLike | None = None,
    temperatures: ArrayLike | None = None,
    *,
    teacher_temperature: float | None = None,
    load: float | None = None,
    scaled_teacher_temperature: float | None = None,
    sharpness: float | None = None,
    reliability: float | None = None,
    copies_load: float | None = None,
    unrelated_load: float | None = None,
    degree: float | None = None,
    boundaries: bool = True,
    ansatz: str = "rs",
    n_spins: int | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Return phases and order parameters over a plane of problems, with its traced boundaries (eq. 40 and 41).

    Parameters
    ----------
    p : int, or None for exponential energies and for rectified polynomials of degree c N
    model : str
        "direct": load against T. "nishimori": the Bayes-optimal student. "fixed_teacher": load against T at
        `teacher_temperature`. "fixed_load": teacher temperature against T at `load`. "finite_noise": scaled load
        a = M (p/2+1)!/N^(p/2) against T for a two-body teacher at `teacher_temperature`. "large_noise": load against T
        for a two-body teacher at `scaled_teacher_temperature`, by default on the effective Nishimori line.
        "exponential": load A = log(M)/N against T for memories with `sharpness`; "exponential_examples": for examples
        of a `reliability`, with p = None, beside exp(N `unrelated_load`) random memories if that is given
        (docs/theory.md, sections 16 and 21). "exponential_archetypes": archetype load
        B = log(K)/N against T for K archetypes with exp(N `copies_load`) noisy copies each, of a `reliability`;
        "rectified": load A against T for polynomials of degree n = c N, `degree` = c (section 19).
    coordinates, temperatures : (n,) and (k,) increasing arrays, optional
        The grid; None is a grid that shows all phases.
    boundaries : bool
        Whether to trace the lines as well.
    ansatz : "rs" or "1rsb"
        Of the states with an overlap. With 1RSB the dataset holds its lines beside those of replica symmetry, and the
        phases are those of 1RSB. For p >= 3 that takes some twenty seconds for each p, and the numbers of winners that
        break replica symmetry are nan (`solve_grid` computes them).
    n_spins : int, optional
        N for which to add where the pattern is found: `difficulty` (temperature, coordinate), impossible where its
        state does not beat paramagnet and glass at infinite N, hard before an eigenvector sticks out of the noise of N
        spins, easy from there on (the line `spectral`). States of single examples do not count: message passing from
        an eigenvector does not end there (part of eR is easy).
    progress : Progress, optional
        Where to report steps.

    Returns
    -------
    xarray.Dataset
        `phase` (temperature, coordinate) as codes with `flag_meanings`, order parameters and thermodynamics of the
        winner, `rs_exact` (whether the winner is replica symmetric and stable), `rs_unstable` (whether the state with
        an overlap that makes the phase breaks replica symmetry). For each line its coordinate, temperature and error,
        and `LINE_shown`: where it parts phases, or lies in the phase that it is a property of. With p = 2 also
        `map_phase`, the phases between the lines on a fine grid.

    Warns
    -----
    RuntimeWarning
        If a replica-symmetric winner is not exact somewhere on the grid, numbers of winners in 1RSB are not known, or
        points of a line were not found.
    """
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
    where = any_plane(model, None if p is None else checks.body_number(p), settings)
    checks.choice("ansatz", ansatz, ANSATZES)
    n_spins = difficulty.checked_size(where, n_spins)
    x, t = _axes(where, coordinates, temperatures)
    kinds = line_marks.kinds_of(where) if boundaries else ()
    report = progress or NoProgress()
    needs_lines = _needs_lines(where, ansatz)
    points = count_points(where.p) if needs_lines else 0
    report.total(len(kinds) + points + (0 if where.universal else t.size))
    broken = broken_lines(where.p, report) if needs_lines else None
    if where.universal:
        values = by_arrays(where, x, t, broken)
    else:
        values = (by_table if where.p == 2 else by_points)(where, x, t, ansatz, report)
    dataset = _as_dataset(where, x, t, values, ansatz)
    lines = _lines(where, kinds, ansatz, broken, float(t[-1]), report)
    if n_spins is not None:
        difficulty.add_difficulty(dataset, where, n_spins, values["inference_wins"])
    if boundaries and not where.universal and min(x.size, t.size) > 1:
        _add_map(dataset, where, ansatz, lines)
    if boundaries and n_spins is not None:  # not before the map, whose phases it does not part
        lines[difficulty.LINE] = difficulty.spectral_line(where, n_spins, np.linspace(t[0], t[-1], LINE_POINTS))
    for name, line in sorted(lines.items(), key=lambda item: not item[0].endswith("_1rsb")):
        _add_line(dataset, name, line, float(x[-1]), float(t[-1]))
    _warn(dataset)
    return describe(dataset)


def _axes(where: Plane, coordinates: ArrayLike | None, temperatures: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return the axes of the grid."""
    x = None if coordinates is None else checked_axis("coordinates", coordinates)
    t = None if temperatures is None else checked_axis("temperatures", temperatures)
    if x is None or t is None:
        default = default_axes(where)
        x, t = default[0] if x is None else x, default[1] if t is None else t
    if x.size * t.size > LARGEST_GRID:
        raise InvalidInput(f"a grid of {x.size} x {t.size} points is too large: at most {LARGEST_GRID} points")
    return x, t


def _needs_lines(where: Plane, ansatz: str) -> bool:
    """Whether 1RSB is known by its lines; on the Nishimori line and without noise replica symmetry is stable."""
    return ansatz == "1rsb" and where.universal and where.model not in {"nishimori", "finite_noise"}


def _as_dataset(where: Plane, x: Floats, t: Floats, values: Values, ansatz: str) -> xr.Dataset:
    """Put names and parameters to the arrays."""
    dims = ("temperature", where.axis)
    dataset = xr.Dataset(coords={"temperature": t, where.axis: x})
    dataset["phase"] = (dims, values["phase"], FLAGS)
    if "phase_rs" in values:
        dataset["phase_rs"] = (dims, values["phase_rs"], FLAGS)
    for name in (*VARIABLES, "rs_exact", "rs_unstable"):
        dataset[name] = (dims, values[name])
    dataset.attrs = {"p": where.p, "model": where.model, "ansatz": ansatz, **formats.origin()}
    if where.model == "nishimori":
        dataset.attrs["teacher_critical_temperature"] = law.critical_temperature(where.p).temperature
    dataset.attrs.update(where.setting)
    return dataset


# --- lines ------------------------------------------------------------------------------------------------------------


def _lines(
    where: Plane, kinds: tuple[str, ...], ansatz: str, broken: BrokenLines | None, top: float, progress: Progress
) -> dict[str, Boundary]:
    """Return the lines that exist, those of 1RSB under names that end in it."""
    found = {}
    points = LINE_POINTS if where.universal else PAIRWISE_LINE_POINTS
    wanted = Wanted(None, points, NoProgress(), max(1.02 * top, 0.1))
    for kind in kinds:
        try:
            found[kind] = traced(where, kind, "rs", wanted)
            if broken is not None and kind.partition("_")[2] in NAMES:
                found[f"{kind}_1rsb"] = _in_plane(where, kind, broken)
            elif ansatz == "1rsb" and not where.universal:
                found[f"{kind}_1rsb"] = traced(where, kind, "1rsb", wanted._replace(points=POINTS))
        except (NoSolution, InvalidInput):
            continue  # no such line in this plane
        finally:
            progress.advance()
    for line in found.values():
        if line.n_missing:
            warn(line)
    return found


def _in_plane(where: Plane, kind: str, broken: BrokenLines) -> Boundary:
    """Return a 1RSB line in the coordinates of a plane."""
    line = broken[kind.partition("_")[2]]
    coordinate, temperature, error = line.loads, line.temperatures, line.errors
    if kind.startswith("inference"):
        relative, places = error / coordinate, zip(coordinate, temperature, strict=True)
        coordinate, temperature = np.array([where.point(load, tau) for load, tau in places]).T
        error = relative * coordinate
    reasons = tuple("" if np.isfinite(one) else "the search for it was lost" for one in coordinate)
    lost = int(np.isnan(coordinate).sum())
    return Boundary(f"{kind}_1rsb", where.model, where.axis, where.p, coordinate, temperature, error, reasons, lost)


def _add_line(dataset: xr.Dataset, name: str, line: Boundary, right: float, top: float) -> None:
    """Add a line, as far as it lies in the plane's window."""
    inside = _with_neighbours(~((line.coordinate > 1.2 * right) | (line.temperature > 1.2 * top)))
    if not np.isfinite(line.coordinate[inside]).any():
        return
    replaced = "phase_rs" in dataset and not name.endswith("_1rsb")  # a line of replica symmetry beside that of 1RSB
    phase = dataset["phase_rs"] if replaced else dataset["map_phase" if "map_phase" in dataset else "phase"]
    effective = line.model == "large_noise" and "scaled_teacher_temperature" not in dataset.attrs
    rule = line_marks.rules(line.model, effective=effective).get(name.removesuffix("_1rsb"))
    words, about = name.replace("_", " "), {"units": "1", "reference": "docs/theory.md, section 9"}
    shown = line_marks.shown(phase, line.coordinate, line.temperature, rule)
    if replaced and f"{name}_1rsb_shown" in dataset:  # drawn where the two differ
        shown &= line_marks.differ(dataset["phase"], dataset["phase_rs"], line.coordinate, line.temperature)
    columns = {
        line.axis: (line.coordinate, f"{line.axis} of the line {words}"),
        "temperature": (line.temperature, f"temperature of the line {words}"),
        "error": (line.error, f"error of {line.axis} on the line {words}"),
        "shown": (shown, f"whether the line {words} means something here: it parts phases or belongs to this one"),
    }
    for column, (values, meaning) in columns.items():
        dataset[f"{name}_{column}"] = (f"{name}_point", values[inside], {"long_name": meaning, **about})


def _with_neighbours(inside: Mask) -> Mask:
    """Return a mask with the points beside it, so that lines reach the window's edge."""
    padded = np.pad(inside, 1)
    result: Mask = inside | padded[2:] | padded[:-2]
    return result


def _add_map(dataset: xr.Dataset, where: Plane, ansatz: str, lines: dict[str, Boundary]) -> None:
    """Add the phases between the lines on a fine grid."""
    x, t = dataset[where.axis].values, dataset["temperature"].values
    fine = decimal_range(x[0], x[-1], FINE), decimal_range(t[0], t[-1], FINE)
    shown = line_marks.rules(where.model)
    drawn = [(line.coordinate, line.temperature) for name, line in lines.items() if name.removesuffix("_1rsb") in shown]
    if where.model == "nishimori":
        drawn.append((fine[0][[0, -1]], np.full(2, float(dataset.attrs["teacher_critical_temperature"]))))

    def at(coordinate: float, temperature: float) -> int:
        problem = problem_at(where, coordinate, temperature)
        return CODES[phase_among(problem, candidates(problem, ansatz))]

    def unstable(coordinate: float, temperature: float) -> int:
        problem = problem_at(where, coordinate, temperature)
        return int(breaks_symmetry(problem, candidates(problem, ansatz)))

    codes = regions.between_lines(x, t, fine, dataset["phase"].values, drawn, at)
    dataset.coords.update({"map_temperature": fine[1], f"map_{where.axis}": fine[0]})
    dims = ("map_temperature", f"map_{where.axis}")
    dataset["map_phase"] = (dims, codes, FLAGS)
    borders = [(line.coordinate, line.temperature) for line in lines.values() if line.kind in ORDERED]
    grid = dataset["rs_unstable"].values.astype(np.int8)
    dataset["map_rs_unstable"] = (dims, regions.between_lines(x, t, fine, grid, borders, unstable) == 1)


def _warn(dataset: xr.Dataset) -> None:
    """Say where states are not those of the ansatz that is exact there, or not known."""
    if dataset.attrs["ansatz"] == "1rsb":
        unknown = np.isnan(dataset["q"].values) & (dataset["phase"].values != CODES[Phase.EXAMPLE_RETRIEVAL])
        share = float(unknown.mean())
        message = (
            f"{share:.0%} of this grid has a winner that breaks replica symmetry: its phase is known from lines, its "
            "numbers are nan (`theory.solve_grid` computes them)"
        )
    else:
        share = 1 - float(dataset["rs_exact"].mean())
        message = (
            f"replica symmetry is not exact on {share:.0%} of this grid (see `rs_exact`): glasses are 1RSB, unstable "
            "retrieval is replica symmetric"
        )
    if share > 0:
        warnings.warn(message, RuntimeWarning, stacklevel=3)
