"""Phases: which branch wins at a point, and which compete with it (docs/theory.md, section 5 and eq. 40)."""

import warnings
from enum import Enum

from densehop.base import checks
from densehop.errors import NoSolution, NotConverged
from densehop.problem import TeacherStudent
from densehop.theory.models import bayes
from densehop.theory.models.choice import model_of, p_body
from densehop.theory.saddle_point import ANSATZES, find
from densehop.theory.states.model import SINGLE, AnyProblem, Case, Model
from densehop.theory.states.solution import ROUNDING, Solution


class Phase(Enum):
    """The phases, each with the short label used in figures."""

    PARAMAGNETIC = "P"
    SPIN_GLASS = "SG"
    LOCAL_RETRIEVAL = "lR"
    GLOBAL_RETRIEVAL = "gR"
    EXAMPLE_RETRIEVAL = "eR"


def candidates(problem: AnyProblem, ansatz: str = "rs") -> tuple[Solution, ...]:
    """Return every branch that exists at this point, the winner first.

    The spin glass is the 1RSB one and displaces the paramagnet wherever it exists, since in the replica limit the glass
    is the right continuation although its free entropy is smaller. Retrieval and inference have the ansatz asked for
    and compete by free energy. `advice` tells which are unstable.
    """
    model = model_of(problem)
    checks.choice("ansatz", ansatz, ANSATZES)
    found = {}
    for branch in model.branches:
        for choice in _ansatzes(model, branch, ansatz):
            try:
                found[branch] = find(problem, branch, choice)
            except NoSolution:
                continue
            except NotConverged:
                if branch != "spin_glass":
                    raise
                continue
            break
    displaced = found.pop("paramagnet", None) if "spin_glass" in found else None
    ranked = sorted(found.values(), key=_rank)
    return tuple(ranked + ([displaced] if displaced is not None else []))


def _ansatzes(model: Model, branch: str, ansatz: str) -> tuple[str, ...]:
    """Return the ansatzes to try for a branch; near T_g of p = 2, where 1RSB is lost in rounding, symmetry will do."""
    if branch == "spin_glass":
        return ("1rsb", "rs") if model.continuous_glass else ("1rsb",)
    return (ansatz,)


def _rank(solution: Solution) -> float:
    """Order by the free energy of all states of a branch together.

    An ordered branch that only just exists is the continuation of what it came from.
    """
    ordered = solution.branch == "inference" or solution.branch in SINGLE
    tie = ROUNDING * abs(solution.free_energy) * (ordered + (solution.complexity > 0))
    return solution.free_energy - solution.problem.temperature * solution.complexity - tie


def phase(problem: AnyProblem, ansatz: str = "rs") -> Phase:
    """Return the phase of a problem: who has the lowest free energy, and whether retrieval is at least metastable.

    Direct model: lR and gR say that retrieval of a memory is metastable or global. Teacher-student: lR and gR speak of
    inference of the teacher's pattern, eR of retrieval of an example, or of an unrelated memory, where that wins.
    `ansatz` is that of the states with finite overlap.

    Warns
    -----
    RuntimeWarning
        If the winner is not stable in its ansatz, so that the phase boundary nearby is an approximation; with "rs", the
        retrieval state ends too early at low T (p = 3, T = 0: at 0.757 instead of 0.922).
    """
    model = model_of(problem)
    if isinstance(problem, TeacherStudent) and problem.on_nishimori_line:
        return _bayes_optimal(problem)
    ranked = candidates(problem, ansatz)
    branch = model.wanted(problem)
    doubt = ranked[0].advice
    if ansatz == "rs" and all(solution.branch != branch for solution in ranked) and _ends_too_early(problem, branch):
        doubt = f"1RSB may have a state of {branch} where replica symmetry has none; ask for ansatz='1rsb'"
    if doubt:
        warnings.warn(f"replica symmetry is not exact here: {doubt}", RuntimeWarning, stacklevel=2)
    return phase_among(problem, ranked)


def phase_among(problem: AnyProblem, ranked: tuple[Solution, ...]) -> Phase:
    """Return the phase that the candidates, the winner first, make."""
    if isinstance(problem, TeacherStudent) and problem.on_nishimori_line:
        return _bayes_optimal(problem)
    branch, winner = model_of(problem).wanted(problem), ranked[0].branch
    if winner == branch:
        return Phase.GLOBAL_RETRIEVAL
    if winner in SINGLE:
        return Phase.EXAMPLE_RETRIEVAL
    if any(solution.branch == branch for solution in ranked):
        return Phase.LOCAL_RETRIEVAL
    return Phase.SPIN_GLASS if winner == "spin_glass" else Phase.PARAMAGNETIC


def breaks_symmetry(problem: AnyProblem, ranked: tuple[Solution, ...]) -> bool:
    """Return whether the state with an overlap that makes the phase breaks replica symmetry; False where there is none.

    It is the example's where that wins, and otherwise the wanted one, whether it wins or not.
    """
    here = phase_among(problem, ranked)
    if here in {Phase.PARAMAGNETIC, Phase.SPIN_GLASS}:
        return False
    branch = "retrieval" if here is Phase.EXAMPLE_RETRIEVAL else model_of(problem).wanted(problem)
    return any(one.branch == branch and (one.q0 != one.q1 or one.replicon < -ROUNDING) for one in ranked)


def _ends_too_early(problem: AnyProblem, branch: str) -> bool:
    """Whether a branch that replica symmetry does not have may exist in 1RSB."""
    try:
        case = model_of(problem).case(problem, branch)
    except NoSolution:
        return False
    return isinstance(case, Case) and case.branch.may_outlast_symmetry(case.load, case.temperature)


def _bayes_optimal(problem: TeacherStudent) -> Phase:
    """On the Nishimori line the transitions are known in closed form or to all digits (eq. 16, 18, 23 and 25)."""
    if bayes.teacher_is_ordered(problem):
        return Phase.EXAMPLE_RETRIEVAL
    exists, wins = p_body(problem.p).optimal_standing(problem)
    if wins:
        return Phase.GLOBAL_RETRIEVAL
    return Phase.LOCAL_RETRIEVAL if exists else Phase.PARAMAGNETIC
