"""`solve`: the order parameters and free entropy of one branch at one point, in either ansatz.

The way down: `models` turn the problem, once, into a case (a branch of the saddle-point equations at a load and a
temperature); the branch's states are found by the functions in `states`; and here they are completed to a `Solution`.
Nothing here or in `states` knows which model it is (docs/theory.md, section 8).
"""

import warnings
from dataclasses import replace

from densehop.base import checks
from densehop.errors import DensehopError, NoSolution, OutOfRange
from densehop.theory.models.choice import model_of
from densehop.theory.states import one_step
from densehop.theory.states.model import BRANCHES, AnyProblem, Case, Known, SymmetricState
from densehop.theory.states.noise import Order
from densehop.theory.states.one_step import BrokenState
from densehop.theory.states.solution import ROUNDING, Solution, assemble

ANSATZES = ("rs", "1rsb")
FROZEN = 1e-12  # of 1 - q0 at T = 0


def solve(problem: AnyProblem, branch: str = "inference", ansatz: str = "rs") -> Solution:
    """Return one branch of the saddle-point equations, p >= 2 or exponential (docs/theory.md, sections 4 to 9 and 16).

    Parameters
    ----------
    problem : DirectModel, TeacherStudent, ExponentialModel, ExponentialTeacherStudent,
        ExponentialArchetypes or RectifiedModel
    branch : "paramagnet" (all overlaps 0), "spin_glass" (q > 0 alone), "retrieval" (m > 0) or "inference" (q* > 0)
        The solution of largest order parameter, stable or not. "unrelated_retrieval": of a memory that is stored beside
        the examples of an ExponentialTeacherStudent.
    ansatz : "rs" (replica symmetry) or "1rsb" (one step of replica symmetry breaking)
        Where replica symmetry is stable, 1RSB reduces to it.

    Raises
    ------
    NoSolution
        If the branch does not exist at this point.
    OutOfRange
        If the theory does not cover the problem (ordered teacher off the Nishimori line, diverging signal).

    Warns
    -----
    RuntimeWarning
        If the branch exists but is unstable, has negative entropy or did not converge; `advice` says what to do.
    """
    checks.choice("branch", branch, BRANCHES)
    checks.choice("ansatz", ansatz, ANSATZES)
    solution = find(problem, branch, ansatz)
    if solution.advice:
        warnings.warn(solution.advice, RuntimeWarning, stacklevel=2)
    return solution


def find(problem: AnyProblem, branch: str, ansatz: str = "rs") -> Solution:
    """Return a branch without warnings of its own."""
    try:
        model = model_of(problem)
        if branch not in model.branches:
            raise NoSolution(f"no {branch}: this problem has no unrelated memories")
        case = model.case(problem, branch)
        if isinstance(case, Known):
            return _as(ansatz, assemble(problem, branch, "rs", **case._asdict()))
        if ansatz == "rs":
            return _symmetric(problem, case, case.branch.symmetric(case.load, case.temperature, case.scale))
        return _broken(problem, case)
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        if isinstance(error, DensehopError):
            raise
        raise OutOfRange(f"no {branch} in double precision at so extreme parameters: {problem}") from error


def _as(ansatz: str, stable: Solution) -> Solution:
    """Return a solution with stable replica symmetry in either ansatz."""
    return stable if ansatz == "rs" else replace(stable, ansatz=ansatz, q0=stable.q, q1=stable.q)


def _symmetric(problem: AnyProblem, case: Case, state: SymmetricState) -> Solution:
    """Complete a replica-symmetric solution."""
    noise, load, order, spin = case.branch.noise, case.load, state.order, state.site
    return assemble(
        problem,
        case.branch.name,
        "rs",
        overlap=order.overlap,
        q=order.inner,
        energy=case.scale * noise.energy(order, load),
        entropy=spin.entropy + noise.entropy(order, load),
        replicon=noise.replicon(order, load, case.temperature, spin.fourth),
        residual=_residual(case, state, order),
    )


def _residual(case: Case, state: SymmetricState, order: Order) -> float:
    """Return the largest relative violation of the equations for the field's mean and variance."""
    noise = case.branch.noise
    mean, variance = noise.mean(order, case.load), case.load * noise.spread(order)[0]
    by_mean = abs(mean / state.mean - 1) if state.mean > 0 else 0.0
    by_variance = abs(variance / state.variance - 1) if state.variance > 0 else 0.0
    return max(by_mean, by_variance)


def _broken(problem: AnyProblem, case: Case) -> Solution:
    """Return the 1RSB solution; where replica symmetry is stable, it is that solution."""
    branch, load, temperature, scale = case
    state_1rsb = None if branch.continuous else branch.alone(load, temperature, scale)
    if state_1rsb is None:
        try:
            state = branch.symmetric(load, temperature, scale)
        except NoSolution:
            state_1rsb = branch.alone(load, temperature, scale)
            if state_1rsb is None:
                raise
        else:
            symmetric = _symmetric(problem, case, state)
            if symmetric.replicon >= -ROUNDING:
                return _as("1rsb", symmetric)
            if one_step.response(branch.noise, load, state.site) * state.site.susceptibility**2 < FROZEN:
                frozen = _as("1rsb", symmetric)  # its correction is of this size, and lost in rounding
                return replace(frozen, advice="") if frozen.converged else frozen
            state_1rsb = branch.broken(load, temperature, state, scale)
    return _with_levels(problem, case, state_1rsb)


def _with_levels(problem: AnyProblem, case: Case, state: BrokenState) -> Solution:
    """Complete a 1RSB solution."""
    noise, load, order, spin = case.branch.noise, case.load, state.order, state.site
    parisi = order.tilt * case.temperature
    return assemble(
        problem,
        case.branch.name,
        "1rsb",
        overlap=order.overlap,
        q=(1 - parisi) * order.inner + parisi * order.outer,
        energy=case.scale * noise.energy(order, load),
        entropy=spin.entropy + noise.entropy(order, load),
        replicon=noise.replicon(order, load, case.temperature, spin.fourth),
        residual=state.residual,
        levels=(order.outer, order.inner, parisi),
        parisi_over_temperature=order.tilt / case.scale,
    )
