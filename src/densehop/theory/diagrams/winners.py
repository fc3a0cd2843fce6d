"""Who wins at each point of a grid: all candidates as whole arrays, or point by point."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Mask
from densehop.base.progress import Progress
from densehop.errors import OutOfRange
from densehop.problem import TeacherStudent
from densehop.teacher import law
from densehop.theory.diagrams import grids
from densehop.theory.diagrams.broken_lines import BrokenLines
from densehop.theory.diagrams.grids import GridStates
from densehop.theory.diagrams.phases import Phase, breaks_symmetry, candidates, phase_among
from densehop.theory.lines.planes import Plane
from densehop.theory.models.signal import limiting_signal
from densehop.theory.states.model import SINGLE, Problem

PHASES = tuple(Phase)
CODES = {member: code for code, member in enumerate(PHASES)}
WINNERS = ("m", "q", "q_star", "free_energy", "energy", "entropy", "replicon", "parisi")  # numbers of the winner
VARIABLES = (*WINNERS, "retrieval_overlap", "inference_overlap")

Values = dict[str, npt.NDArray[Any]]


def empty(shape: tuple[int, ...]) -> Values:
    """Return arrays for every variable: 0, or nan for the overlaps of branches that may not exist."""
    values: Values = {name: np.zeros(shape) for name in VARIABLES}
    values["retrieval_overlap"] += np.nan
    values["inference_overlap"] += np.nan
    values["phase"] = np.zeros(shape, dtype=np.int8)
    values["rs_exact"] = np.zeros(shape, dtype=bool)
    values["rs_unstable"] = np.zeros(shape, dtype=bool)
    values["inference_wins"] = np.zeros(shape, dtype=bool)  # over paramagnet and glass, whatever examples do
    return values


# --- where all states are the direct model's: whole arrays ------------------------------------------------------------


def by_arrays(where: Plane, x: Floats, t: Floats, broken: BrokenLines | None) -> Values:
    """Return which of paramagnet or glass, retrieval and inference wins at each point, on whole arrays.

    With 1RSB lines the phases are theirs; numbers of a winner that breaks replica symmetry are nan, since only its
    lines are known.
    """
    coordinate, temperature = np.meshgrid(x, t)
    load, signal = _load_and_signal(where, coordinate, temperature)
    values = empty(coordinate.shape)
    base = grids.background(where.p, load, temperature)
    rival = best = base.energy - temperature * base.entropy
    values.update(energy=base.energy, entropy=base.entropy, replicon=base.replicon, parisi=base.parisi)
    values["q"] = (1 - base.parisi) * base.inner
    values["phase"] = np.where(base.is_glass, CODES[Phase.SPIN_GLASS], CODES[Phase.PARAMAGNETIC]).astype(np.int8)
    values["rs_exact"] = ~base.is_glass
    background = values["phase"]
    retrieval = grids.states(where.p, load, temperature)
    branches = [_standing(retrieval, load, temperature, np.ones_like(load), rival)]
    example = Phase.EXAMPLE_RETRIEVAL if where.has_teacher else Phase.GLOBAL_RETRIEVAL
    best = _compete(values, best, retrieval, np.ones_like(load), temperature, "m", example)
    if where.has_teacher:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            nu = np.where(signal > 0, load / signal**2, np.inf)
            tau = np.where(signal > 0, temperature / signal, np.inf)
        inference = grids.states(where.p, nu, tau)
        best = _compete(values, best, inference, signal, temperature, "q_star", Phase.GLOBAL_RETRIEVAL)
        values["inference_overlap"] = inference.overlap
        branches.append(_standing(inference, nu, tau, signal, rival))
    values["retrieval_overlap"] = retrieval.overlap
    values["free_energy"] = best
    _enter_metastable(where, values)
    if broken is not None and where.model not in {"nishimori", "finite_noise"}:  # there symmetry does not break
        branches = [branch.broken(broken) for branch in branches]
        _break_symmetry(where, values, background, signal, branches)
    values["rs_unstable"] = _breaks_symmetry(values["phase"], branches, only_broken=broken is not None)
    if where.has_teacher:
        values["inference_wins"] = branches[-1].exists & branches[-1].wins
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
    """Enter example retrieval, on the Nishimori line below T_crit (docs/theory.md, eq. 23)."""
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


class Standing(NamedTuple):
    """A branch at each point: where it is in the direct model's units, whether it exists and beats the background."""

    load: Floats
    temperature: Floats
    exists: Mask
    wins: Mask
    replicon: Floats  # of the replica-symmetric state, nan where there is none

    def broken(self, lines: BrokenLines) -> "Standing":
        """Return the same in 1RSB, which differs below the temperature at which its lines part."""
        cold = self.temperature < lines["spinodal"].parting
        exists, wins = (self.load <= lines[name].at(self.temperature) for name in ("spinodal", "global"))
        return self._replace(exists=np.where(cold, exists, self.exists), wins=np.where(cold, wins, self.wins))


def _standing(found: GridStates, load: Floats, temperature: Floats, scale: Floats, rival: Floats) -> Standing:
    """Return where replica-symmetric states exist and win; energies are in units of `scale`."""
    with np.errstate(invalid="ignore", over="ignore"):
        wins = scale * (found.energy - temperature * found.entropy) < rival
    return Standing(load, temperature, np.isfinite(found.overlap), wins, found.replicon)


def _breaks_symmetry(phase: npt.NDArray[Any], branches: list[Standing], *, only_broken: bool) -> Mask:
    """Return where the state that makes a phase breaks replica symmetry, as `phases.breaks_symmetry` does at a point.

    `only_broken`: a state that replica symmetry does not have exists in 1RSB.
    """
    example, wanted = (
        (branch.replicon < 0) | (only_broken & np.isnan(branch.replicon)) for branch in (branches[0], branches[-1])
    )
    found = np.isin(phase, [CODES[Phase.LOCAL_RETRIEVAL], CODES[Phase.GLOBAL_RETRIEVAL]])
    result: Mask = (found & wanted) | ((phase == CODES[Phase.EXAMPLE_RETRIEVAL]) & example)
    return result


def _break_symmetry(
    where: Plane, values: Values, background: npt.NDArray[Any], signal: Floats, branches: list[Standing]
) -> None:
    """Enter the phases of 1RSB, whose branches are retrieval and, with a teacher, inference."""
    example = CODES[Phase.EXAMPLE_RETRIEVAL if where.has_teacher else Phase.GLOBAL_RETRIEVAL]
    retrieval, wanted = branches[0], branches[-1]
    old = values["phase"]
    phase = np.where(wanted.exists, CODES[Phase.LOCAL_RETRIEVAL], background)
    phase = np.where(retrieval.wins, example, phase)
    if where.has_teacher:  # two winners are one state at lambda = 1
        phase = np.where(wanted.wins & ~(retrieval.wins & (signal < 1)), CODES[Phase.GLOBAL_RETRIEVAL], phase)
    ordered = np.isin(phase, [CODES[Phase.GLOBAL_RETRIEVAL], example])
    unknown = ordered & ~((phase == old) & values["rs_exact"])
    values["phase"], values["phase_rs"] = phase.astype(np.int8), old
    for name in WINNERS:
        values[name] = np.where(unknown, math.nan, values[name])
    values["rs_exact"] &= ~unknown


# --- any other model: point by point ----------------------------------------------------------------------------------


def by_points(where: Plane, x: Floats, t: Floats, ansatz: str, progress: Progress) -> Values:
    """Return the winner among all candidates, point by point."""
    values = empty((t.size, x.size))
    for row, temperature in enumerate(t):
        for column, coordinate in enumerate(x):
            enter_point(where, values, (row, column), (float(coordinate), float(temperature)), ansatz)
        progress.advance()
    return values


def problem_at(where: Plane, coordinate: float, temperature: float) -> Problem:
    """Return the problem at a point; on the Nishimori line T = 0 is a limit."""
    return where.problem(coordinate, 1e-9 if where.model == "nishimori" and temperature == 0 else temperature)


def enter_point(where: Plane, values: Values, at: tuple[int, int], point: tuple[float, float], ansatz: str) -> None:
    """Enter the winner at one point; nan and the phase alone where the teacher is critical."""
    problem = problem_at(where, *point)
    try:
        ranked = candidates(problem, ansatz)
    except OutOfRange:
        if not (isinstance(problem, TeacherStudent) and problem.on_nishimori_line):
            raise
        for name in VARIABLES:
            values[name][at] = math.nan
        values["phase"][at] = CODES[phase_among(problem, ())]
        return
    if not ranked:
        return
    values["phase"][at] = CODES[phase_among(problem, ranked)]
    values["rs_unstable"][at] = breaks_symmetry(problem, ranked)
    order = [solution.branch for solution in ranked if solution.branch not in SINGLE]
    values["inference_wins"][at] = order[:1] == ["inference"]
    winner = ranked[0]
    for name in WINNERS:
        values[name][at] = getattr(winner, name)
    values["rs_exact"][at] = winner.q0 == winner.q1 and winner.replicon >= 0
    for solution in ranked:
        if solution.branch == "retrieval":
            values["retrieval_overlap"][at] = solution.m
        if solution.branch == "inference":
            values["inference_overlap"][at] = solution.q_star
