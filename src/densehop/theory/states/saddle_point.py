"""`solve`: the order parameters and free entropy of one branch at one point, in either ansatz.

Each branch of each problem is a `Case`: a noise, a load and a temperature in the direct model's units, and the scale
that leads back (docs/theory.md, section 8). `many_body` and `pairwise` find replica-symmetric states of a case,
`glass`, `one_step` and `broken_curve` those with broken symmetry.
"""

import math
import warnings
from dataclasses import dataclass, replace
from typing import Protocol

from densehop.base import checks
from densehop.errors import DensehopError, InvalidInput, NoSolution, OutOfRange
from densehop.problem import DirectModel, TeacherStudent
from densehop.theory.lines import broken_curve
from densehop.theory.states import bayes, glass, many_body, one_step, pairwise, pairwise_glass
from densehop.theory.states.noise import Noise, Order, TensorNoise
from densehop.theory.states.signal import limiting_signal, pairwise_signal
from densehop.theory.states.site import Site, TiltedSite
from densehop.theory.states.solution import ROUNDING, Solution, assemble

BRANCHES = ("inference", "retrieval", "spin_glass", "paramagnet")
ANSATZES = ("rs", "1rsb")
FROZEN = 1e-12  # of 1 - q0 at T = 0
SCARCE = 1e-3  # load of p = 2 below which the glass is reached from this load
FEWER = 4.0  # times fewer memories a step on the way

Problem = DirectModel | TeacherStudent


class State(Protocol):
    """A replica-symmetric state: mean and variance of the field, the averages over it, the order parameters."""

    @property
    def mean(self) -> float: ...  # noqa: D102 (named in the class docstring)
    @property
    def variance(self) -> float: ...  # noqa: D102
    @property
    def site(self) -> Site: ...  # noqa: D102
    @property
    def order(self) -> Order: ...  # noqa: D102


@dataclass(frozen=True)
class Case:
    """One branch of a problem in the direct model's units; energies and fields are in units of `scale`."""

    branch: str
    noise: Noise
    load: float
    temperature: float
    scale: float = 1.0


def solve(problem: Problem, branch: str = "inference", ansatz: str = "rs") -> Solution:
    """Return one branch of the saddle-point equations, p >= 2 (docs/theory.md, sections 4, 6, 8 and 9).

    Parameters
    ----------
    problem : DirectModel or TeacherStudent
    branch : "paramagnet" (all overlaps 0), "spin_glass" (q > 0 alone), "retrieval" (m > 0) or "inference" (q* > 0)
        The solution of largest order parameter, stable or not.
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
    check_problem(problem)
    checks.choice("branch", branch, BRANCHES)
    checks.choice("ansatz", ansatz, ANSATZES)
    solution = find(problem, branch, ansatz)
    if solution.advice:
        warnings.warn(solution.advice, RuntimeWarning, stacklevel=2)
    return solution


def check_problem(problem: object) -> None:
    """Refuse what is no problem."""
    if not isinstance(problem, DirectModel | TeacherStudent):
        raise InvalidInput(f"problem must be a DirectModel or a TeacherStudent, got {checks.shown(problem)}")


def find(problem: Problem, branch: str, ansatz: str = "rs") -> Solution:
    """Return a branch without warnings of its own."""
    try:
        return _find(problem, branch, ansatz)
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        if isinstance(error, DensehopError):
            raise
        raise OutOfRange(f"no {branch} in double precision at so extreme parameters: {problem}") from error


def _find(problem: Problem, branch: str, ansatz: str) -> Solution:
    """Return a branch; the arithmetic may fail at extreme parameters."""
    optimal = isinstance(problem, TeacherStudent) and problem.on_nishimori_line
    if optimal and bayes.teacher_is_ordered(problem):  # type: ignore[arg-type]
        return _as(ansatz, bayes.example_retrieval(problem, branch))  # type: ignore[arg-type]
    if isinstance(problem, TeacherStudent) and not optimal:
        _require_signal(problem)
    if branch == "paramagnet":
        return _as(ansatz, _paramagnet(problem))
    if optimal and branch == "inference":
        rule = bayes.pairwise if problem.p == 2 else bayes.many_body
        return _as(ansatz, rule(problem))  # type: ignore[arg-type]
    case = case_of(problem, branch)
    return _symmetric(problem, case, symmetric_state(case)) if ansatz == "rs" else _broken(problem, case)


def _require_signal(problem: TeacherStudent) -> None:
    """Refuse examples that are correlated more strongly than the theory covers, whatever the branch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a signal of 0 is said where it matters, by the inference branch
        (pairwise_signal if problem.p == 2 else limiting_signal)(problem)


def _as(ansatz: str, stable: Solution) -> Solution:
    """Return a solution with stable replica symmetry in either ansatz."""
    return stable if ansatz == "rs" else replace(stable, ansatz=ansatz, q0=stable.q, q1=stable.q)


def case_of(problem: Problem, branch: str) -> Case:
    """Return a branch in the direct model's units."""
    p, load, temperature = problem.p, problem.load, problem.temperature
    if branch != "inference":
        noise = pairwise.WishartNoise() if p == 2 else TensorNoise(p)
        return Case(branch, noise, load, temperature)
    if isinstance(problem, DirectModel):
        raise NoSolution("no inference branch: a DirectModel has no teacher; ask for 'retrieval'")
    if p == 2:
        contrast = pairwise_signal(problem)
        if contrast == 0:
            raise NoSolution(f"no inference at p = 2 with teacher_p = {problem.teacher_p}: its signal vanishes with N")
        return Case(branch, pairwise.WishartNoise(contrast), load, temperature)
    signal = limiting_signal(problem)
    if signal == 0:
        raise NoSolution("no inference without signal, lambda = 0: the examples do not point at the pattern")
    return Case(branch, TensorNoise(p), load / signal / signal, temperature / signal, signal)


def symmetric_state(case: Case) -> State:
    """Return the replica-symmetric state of a case."""
    noise, load, temperature = case.noise, case.load, case.temperature
    if isinstance(noise, TensorNoise):
        if case.branch == "spin_glass":
            return glass.symmetric(noise.p, load, temperature)
        return many_body.retrieval(noise.p, load, temperature, case.scale)
    if case.branch == "spin_glass":
        return pairwise.spin_glass(load, temperature)
    if case.branch == "retrieval":
        return pairwise.retrieval(load, temperature)
    return pairwise.inference(load, temperature, noise.contrast)  # type: ignore[attr-defined]


def _paramagnet(problem: Problem) -> Solution:
    """All overlaps zero: annealed noise, u = -alpha/T for p >= 3 (docs/theory.md, eq. 24 and 57)."""
    p, load, temperature = problem.p, problem.load, problem.temperature
    if temperature == 0:
        raise NoSolution("no paramagnet at T = 0")
    noise = pairwise.WishartNoise() if p == 2 else TensorNoise(p)
    chi = 1 / temperature
    if p == 2 and 2 * chi >= 1 and load > 0:
        raise NoSolution(f"no paramagnet at T = {temperature:g}: for p = 2 and load > 0 it exists above T = 2")
    order = Order(0.0, 0.0, 0.0, chi, 0.0)
    return assemble(
        problem,
        "paramagnet",
        "rs",
        overlap=0.0,
        q=0.0,
        energy=noise.energy(order, load) if load > 0 else 0.0,
        entropy=math.log(2) + (noise.entropy(order, load) if load > 0 else 0.0),
        replicon=_paramagnet_stability(problem),
        residual=0.0,
    )


def _paramagnet_stability(problem: Problem) -> float:
    """Stability of q = m = q* = 0: p >= 3 cannot leave it continuously; p = 2 can, to a glass or to inference."""
    if problem.p > 2:
        return 1.0
    temperature, load = problem.temperature, problem.load
    d = 1 - 2 / temperature
    by_glass = d**2 - 2 * load / temperature**2
    if isinstance(problem, DirectModel) or problem.load == 0:
        return min(by_glass, d) if isinstance(problem, DirectModel) else d
    signal = pairwise_signal(problem)
    return min(by_glass, d - load / temperature * signal)


def _symmetric(problem: Problem, case: Case, state: State) -> Solution:
    """Complete a replica-symmetric solution."""
    order, here = state.order, state.site
    return assemble(
        problem,
        case.branch,
        "rs",
        overlap=order.overlap,
        q=order.inner,
        energy=case.scale * case.noise.energy(order, case.load),
        entropy=here.entropy + case.noise.entropy(order, case.load),
        replicon=case.noise.replicon(order, case.load, case.temperature, here.fourth),
        residual=_residual(case, state),
    )


def _residual(case: Case, state: State) -> float:
    """Return the largest relative violation of the equations for the field's mean and variance."""
    mean, variance = case.noise.mean(state.order, case.load), case.load * case.noise.spread(state.order)[0]
    by_mean = abs(mean / state.mean - 1) if state.mean > 0 else 0.0
    by_variance = abs(variance / state.variance - 1) if state.variance > 0 else 0.0
    return max(by_mean, by_variance)


# --- one step of replica symmetry breaking ----------------------------------------------------------------------------


def _broken(problem: Problem, case: Case) -> Solution:
    """Complete a 1RSB solution; where replica symmetry is stable, it is that solution."""
    if case.branch == "spin_glass" and isinstance(case.noise, TensorNoise):
        return _broken_glass(problem, case)
    try:
        state = symmetric_state(case)
    except NoSolution:
        if case.branch == "spin_glass":
            raise
        found = broken_curve.state(_kind(problem, case), case.load, case.temperature, case.scale)
    else:
        plain = _symmetric(problem, case, state)
        if plain.replicon >= -ROUNDING:
            return _as("1rsb", plain)
        if one_step.response(case.noise, case.load, state.site) * state.site.susceptibility**2 < FROZEN:
            frozen = _as("1rsb", plain)  # its correction is of this size, and lost in rounding
            return replace(frozen, advice="") if frozen.converged else frozen
        found = (
            _broken_pairwise_glass(case, state)
            if case.branch == "spin_glass"
            else broken_curve.state(_kind(problem, case), case.load, case.temperature, case.scale)
        )
    return _levels(problem, case, found.order, found.site, found.residual)


def _kind(problem: Problem, case: Case) -> broken_curve.Kind:
    """Return what is retrieved or inferred, in the direct model's units."""
    return broken_curve.Kind(problem.p, getattr(case.noise, "contrast", 0.0))


def _broken_pairwise_glass(case: Case, plain: State) -> one_step.BrokenState:
    """Return the p = 2 spin glass."""
    if case.load < SCARCE:
        return _scarce_glass(case)
    starts = pairwise_glass.nearby(case.noise, case.load, case.temperature, plain.mean, plain.variance)
    return one_step.solve(case.noise, case.load, case.temperature, starts)


def _scarce_glass(case: Case) -> one_step.BrokenState:
    """Return the p = 2 spin glass at small load, where y falls as the root of the load and the fields hardly change."""
    state = pairwise.spin_glass(SCARCE, case.temperature)
    starts = pairwise_glass.nearby(case.noise, SCARCE, case.temperature, 0.0, state.variance)
    found = one_step.solve(case.noise, SCARCE, case.temperature, starts)
    while found.load > case.load:
        load = max(found.load / FEWER, case.load)
        tilt = found.fields.tilt * math.sqrt(load / found.load)
        found = one_step.solve(case.noise, load, case.temperature, [found.fields._replace(tilt=tilt)])
    return found


def _levels(problem: Problem, case: Case, order: Order, here: TiltedSite, residual: float) -> Solution:
    """Assemble a 1RSB solution."""
    parisi = order.tilt * case.temperature
    return assemble(
        problem,
        case.branch,
        "1rsb",
        overlap=order.overlap,
        q=(1 - parisi) * order.inner + parisi * order.outer,
        energy=case.scale * case.noise.energy(order, case.load),
        entropy=here.entropy + case.noise.entropy(order, case.load),
        replicon=case.noise.replicon(order, case.load, case.temperature, here.fourth),
        residual=residual,
        levels=(order.outer, order.inner, parisi),
    )


def _broken_glass(problem: Problem, case: Case) -> Solution:
    """P >= 3 without overlap: explicit in the Parisi parameter (docs/theory.md, eq. 32 to 34), in units of load 1."""
    if case.load == 0:
        raise NoSolution("no spin glass without load")
    unit = math.sqrt(case.load)
    t = case.temperature / unit
    state = glass.broken(problem.p, t**-2 if t > 0 else math.inf)
    scaled = Case(case.branch, case.noise, 1.0, t, unit)
    return _levels(problem, scaled, state.order, state.site, glass.residual(problem.p, state, t))
