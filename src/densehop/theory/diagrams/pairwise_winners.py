"""Who wins at each point of a plane of two-body memories: whole arrays, and point by point near every border.

Where the arrays cannot be sure to say what `phases.candidates` says, it is asked: close to T_g, to the end of a branch,
to a transition or to where a state becomes unstable, and for 1RSB states with an overlap.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Mask
from densehop.base.progress import Progress
from densehop.theory.diagrams.phases import Phase
from densehop.theory.diagrams.winners import CODES, Values, empty, enter_point
from densehop.theory.lines.planes import Plane
from densehop.theory.models.pairwise import arrays, glass_table, interpolant, limits
from densehop.theory.models.pairwise.arrays import ArrayStates
from densehop.theory.models.pairwise.model import FURTHEST

Indices = npt.NDArray[np.intp]
FEW = 300  # points with a glass up to which an interpolant would cost more than they do
DOUBT = 1e-8  # of free energies and replicons: what is closer is left to `candidates`; arrays err by less than 1e-10
NEAR_ONSET = 1e-6  # of the load or contrast at which inference begins: what is closer is left to `candidates`, too
ORDERED_TEACHER = 2.0  # T* from which on there is a pattern to infer


class Points(NamedTuple):
    """Load, T and, where there is a teacher, T* of points (n,); it is infinite where there is none."""

    load: Floats
    temperature: Floats
    teacher: Floats

    @property
    def contrast(self) -> Floats:
        """2/(T* - 2), 0 without a teacher."""
        return 2 / (self.teacher - ORDERED_TEACHER)

    @property
    def glass_onset(self) -> Floats:
        """T_g."""
        result: Floats = 2 * (1 + np.sqrt(self.load / 2))
        return result

    def some(self, chosen: Indices) -> "Points":
        """Return some of the points."""
        return Points(*(column[chosen] for column in tuple(self)))


def by_table(where: Plane, x: Floats, t: Floats, ansatz: str, progress: Progress) -> Values:
    """Return the winner at each coordinate x and temperature t with p = 2."""
    points = _points(where, *(grid.ravel() for grid in np.meshgrid(x, t)))
    values = empty((x.size * t.size,))
    alone = np.ones(x.size * t.size, dtype=bool)
    regular = (points.load > 0) & (points.teacher > ORDERED_TEACHER)
    above = np.flatnonzero(regular & (points.temperature > points.glass_onset * (1 + DOUBT)))
    glassy = np.flatnonzero(regular & _in_table(points))
    if above.size:
        hot = points.some(above)
        alone[above] = ~_enter_winners(where, values, above, hot, _paramagnet(hot), ansatz)
    if glassy.size > FEW:
        cold = points.some(glassy)
        background = _glass(cold)
        if background is not None:
            alone[glassy] = ~_enter_winners(where, values, glassy, cold, background, ansatz)
    for name, unknown in empty((x.size * t.size,)).items():  # nothing is left of what was not sure
        values[name][alone] = unknown[alone]
    result = {name: array.reshape(t.size, x.size) for name, array in values.items()}
    for row, columns in enumerate(alone.reshape(t.size, x.size)):
        for column in np.flatnonzero(columns):
            enter_point(where, result, (row, int(column)), (float(x[column]), float(t[row])), ansatz)
        progress.advance()
    return result


def _points(where: Plane, coordinate: Floats, temperature: Floats) -> Points:
    """Return the problems of a plane's points."""
    if where.model == "fixed_load":
        assert where.value is not None
        return Points(np.full_like(coordinate, where.value), temperature, coordinate)
    if where.model == "nishimori":
        return Points(coordinate, temperature, temperature)
    teacher = np.inf if where.value is None else where.value
    return Points(coordinate, temperature, np.full_like(coordinate, teacher))


def _in_table(points: Points) -> Mask:
    """Whether the glass at each point is one that is interpolated."""
    covered = (points.load >= interpolant.LEAST_LOAD) & (points.load <= interpolant.LARGEST_LOAD)
    result: Mask = covered & (points.temperature <= interpolant.HIGHEST * points.glass_onset)
    return result


class Background(NamedTuple):
    """The state without overlaps, its Parisi parameter, and the contrast from which on inference exists beside it."""

    phase: Phase
    state: ArrayStates
    parisi: Floats
    onset: Floats


def _paramagnet(points: Points) -> Background:
    """Return the paramagnet, T > T_g; inference grows out of it at load (T - 2)/c where T > T*, else not at all."""
    load, temperature, teacher = points
    onset = np.where(temperature > teacher, (temperature - 2) / load, np.inf)
    state = arrays.paramagnet(load, temperature, points.contrast)
    return Background(Phase.PARAMAGNETIC, state, np.zeros_like(load), onset)


def _glass(points: Points) -> Background | None:
    """Return the 1RSB glass, None where it is not to be had for all points at once."""
    load, temperature, teacher = points
    ends = float(load.min()), float(load.max())
    table, onsets = glass_table.glass_table(*ends), glass_table.onset_table(*ends)
    if table is None or onsets is None:
        return None
    q, parisi, *thermal = glass_table.glass_at(table, load, temperature)
    onset = glass_table.onset_contrast(onsets, load, temperature)
    with np.errstate(invalid="ignore"):
        onset = np.where(temperature >= teacher, (temperature - 2) / load, onset)
    return Background(Phase.SPIN_GLASS, ArrayStates(np.zeros_like(q), q, *thermal), parisi, onset)


def _enter_winners(
    where: Plane, values: Values, chosen: Indices, points: Points, background: Background, ansatz: str
) -> Mask:
    """Enter the winners at the chosen points, and say at which of them that is sure."""
    retrieval, sure = arrays.retrieval(points.load, points.temperature)
    bayes_optimal = where.model == "nishimori"
    inference, settled = _inference(points, background.onset, on_line=bayes_optimal)
    branches = (background.state, retrieval, inference)
    free = np.array([state.energy - points.temperature * state.entropy for state in branches])
    sure &= settled & ~_are_close(free)
    sure &= ~_may_be_broken(points, retrieval, inference, "rs" if bayes_optimal else ansatz)
    winner = np.nanargmin(free, axis=0)
    if bayes_optimal:  # where inference exists, it wins
        sure &= (winner == 2) | np.isnan(inference.overlap)
    wanted = inference if where.has_teacher else retrieval
    exists = np.isfinite(wanted.overlap)
    values["phase"][chosen] = np.where(exists, CODES[Phase.LOCAL_RETRIEVAL], CODES[background.phase])
    example = Phase.EXAMPLE_RETRIEVAL if where.has_teacher else Phase.GLOBAL_RETRIEVAL
    for number, phase in ((1, example), (2, Phase.GLOBAL_RETRIEVAL)):
        values["phase"][chosen[winner == number]] = CODES[phase]
    for name, columns in _numbers(branches, free).items():
        values[name][chosen] = np.choose(winner, columns)
    values["parisi"][chosen] = np.where(winner == 0, background.parisi, 0.0)
    symmetric = (winner > 0) | (background.phase is Phase.PARAMAGNETIC)
    values["rs_exact"][chosen] = symmetric & (values["replicon"][chosen] >= 0)
    values["rs_unstable"][chosen] = np.where(winner == 1, retrieval.replicon < 0, wanted.replicon < 0)
    values["inference_wins"][chosen] = free[2] < free[0]
    values["retrieval_overlap"][chosen], values["inference_overlap"][chosen] = retrieval.overlap, inference.overlap
    return sure


def _numbers(branches: tuple[ArrayStates, ...], free: Floats) -> dict[str, list[Floats]]:
    """Return the numbers of background, retrieval and inference at each point."""
    zero = np.zeros_like(free[0])
    return {
        "m": [zero, branches[1].overlap, zero],
        "q_star": [zero, zero, branches[2].overlap],
        "q": [state.square for state in branches],
        "free_energy": list(free),
        "energy": [state.energy for state in branches],
        "entropy": [state.entropy for state in branches],
        "replicon": [state.replicon for state in branches],
    }


def _inference(points: Points, onset: Floats, *, on_line: bool) -> tuple[ArrayStates, Mask]:
    """Return inference at each point, and whether that is sure; `onset` is the contrast from which on it exists.

    `on_line`: whether the plane is that of the Nishimori line; on that of another one its points are left to `solve`.
    """
    found = ArrayStates(*(np.full(onset.shape, np.nan) for _ in ArrayStates._fields))
    contrast = points.contrast
    crossing = ~np.bool_(on_line) & (np.abs(points.temperature - points.teacher) <= DOUBT * points.temperature)
    sure = ~crossing & (np.abs(contrast - onset) > NEAR_ONSET * contrast) | (contrast == 0)
    there = np.flatnonzero(sure & (contrast > onset))
    some = points.some(there)
    states, sure[there] = arrays.inference(some.load, some.temperature, some.contrast)
    for field, values in zip(found, states, strict=True):
        field[there] = values
    return found, sure


def _are_close(free: Floats) -> Mask:
    """Whether two of the free energies or more, (3, n), are too close to say which is lower."""
    with np.errstate(invalid="ignore"):
        ordered = np.sort(free, axis=0)  # nan, where there is no state, comes last
        result: Mask = (np.diff(ordered, axis=0) < DOUBT * np.abs(ordered[0])).any(axis=0)
    return result


def _may_be_broken(points: Points, retrieval: ArrayStates, inference: ArrayStates, ansatz: str) -> Mask:
    """Whether a state is unstable or lacks in replica symmetry alone, or may be either, and that is asked."""
    load, temperature, teacher = points
    doubt = (np.abs(retrieval.replicon) < DOUBT) | (np.abs(inference.replicon) < DOUBT)
    if ansatz == "rs":
        return doubt
    may_exist = (temperature < limits.highest_instability() * (1 + DOUBT)) & (load < FURTHEST)
    remembered = (np.isnan(retrieval.overlap) & may_exist) | (retrieval.replicon < 0)
    below = np.isfinite(teacher) & (temperature < teacher * (1 + DOUBT))
    inferred = (np.isnan(inference.overlap) & below) | (inference.replicon < 0)
    result: Mask = doubt | remembered | inferred
    return result
