"""`solve`: the order parameters and free entropy of one branch at one point (docs/theory.md, section 4).

This version solves the Nishimori line, where replica symmetry is exact; elsewhere it says so and stops.
"""

import math
import warnings

from densehop import checks, teacher
from densehop.errors import InvalidInput, NoSolution, OutOfRange
from densehop.problem import TeacherStudent
from densehop.theory import nishimori
from densehop.theory.solution import Solution

BRANCHES = ("inference", "paramagnet")
ROUNDING = 1e-12  # relative: the entropy is a difference of large numbers at low temperature


def solve(problem: TeacherStudent, branch: str = "inference", ansatz: str = "rs") -> Solution:
    """Return one branch of the saddle-point equations on the Nishimori line, p >= 2 (docs/theory.md, eq. 13 to 24).

    Parameters
    ----------
    problem : TeacherStudent
        On the Nishimori line: teacher_p = p and teacher_temperature = temperature.
    branch : "inference" (q* > 0, the solution of largest overlap) or "paramagnet"
    ansatz : "rs", which is exact here

    Raises
    ------
    NoSolution
        If the branch does not exist at this point.
    OutOfRange
        If the problem is not on the Nishimori line.

    Warns
    -----
    RuntimeWarning
        If the branch exists but is unstable or has negative entropy.
    """
    require_nishimori(problem)
    checks.choice("branch", branch, BRANCHES)
    checks.choice("ansatz", ansatz, ("rs",))
    ordered = problem.temperature < teacher.critical_temperature(problem.p).temperature
    if ordered:
        solution = _example_retrieval(problem, branch)
    elif problem.p == 2:
        solution = _pairwise(problem, branch)
    else:
        solution = _many_body(problem, branch)
    if solution.advice:
        warnings.warn(solution.advice, RuntimeWarning, stacklevel=2)
    return solution


def require_nishimori(problem: TeacherStudent) -> None:
    """Refuse a problem off the Nishimori line, where the theory implemented here does not hold."""
    if not isinstance(problem, TeacherStudent):
        raise InvalidInput(f"problem must be a TeacherStudent, got {checks.shown(problem)}")
    if not problem.on_nishimori_line:
        raise OutOfRange(
            "this version solves the Nishimori line only (teacher_p = p, teacher_temperature = temperature); got "
            f"p = {problem.p}, teacher_p = {problem.teacher_p}, temperature = {problem.temperature:g}, "
            f"teacher_temperature = {problem.teacher_temperature:g}"
        )


def _example_retrieval(problem: TeacherStudent, branch: str) -> Solution:
    """Ordered teacher: with M >> 1 examples the student has the pattern itself (docs/theory.md, eq. 21)."""
    if branch != "inference":
        raise NoSolution(
            f"no paramagnet at T = {problem.temperature:g}: the teacher itself is ordered below "
            f"T_crit = {teacher.critical_temperature(problem.p).temperature:.6f}"
        )
    m = teacher.magnetisation(problem.p, problem.temperature)
    return Solution(
        problem,
        branch,
        m=m,
        q=1.0,
        q_star=1.0,
        free_entropy=math.nan,
        energy=math.nan,
        replicon=1.0,
        residual=0.0,
    )


def _many_body(problem: TeacherStudent, branch: str) -> Solution:
    """P >= 3: everything depends on Gamma = alpha/T^2 (docs/theory.md, eq. 13 to 20)."""
    p, gamma = problem.p, problem.gamma
    paramagnet = math.log(2) + gamma / 2
    energy = -problem.load / problem.temperature
    if branch == "paramagnet":
        return _build(problem, branch, 0.0, paramagnet, energy, replicon=1.0, residual=0.0)
    a = nishimori.field_variance(p, gamma)
    q = nishimori.overlap(a)
    residual = abs(nishimori.overlap(p * gamma * q ** (p - 1)) / q - 1)
    return _build(problem, branch, q, paramagnet + nishimori.gain(p, a), energy, nishimori.stability(p, a), residual)


def _pairwise(problem: TeacherStudent, branch: str) -> Solution:
    """P = 2: Wishart noise, a continuous transition at gamma_c (docs/theory.md, eq. 22 and 23)."""
    if problem.temperature == 2:
        raise OutOfRange("p = 2 at T = 2: the teacher is exactly critical and its signal diverges; choose T != 2")
    beta, gamma = 1 / problem.temperature, problem.load / 2
    c = 2 / (problem.temperature - 2)
    if branch == "paramagnet":
        a = q = 0.0
        slope = 1.0
    else:
        a = nishimori.pairwise_field_variance(problem.temperature, gamma)
        q, slope = nishimori.overlap(a), nishimori.overlap_slope(a)
    d = 1 - 2 * beta * (1 - q)
    free_entropy = (
        math.log(2)
        - gamma / 2 * math.log(d)
        + gamma * beta * q * (1 + c * q) / d
        - a / 2 * (1 + q)
        + nishimori.mean_log_cosh(a)
        - gamma * beta
    )
    variance = 2 * gamma * beta * c * q / d
    residual = abs(nishimori.overlap(variance) / q - 1) if q > 0 else 0.0
    return _build(problem, branch, q, free_entropy, -gamma * c, d**2 - 4 * gamma * beta**2 * slope, residual)


def _build(
    problem: TeacherStudent,
    branch: str,
    q: float,
    free_entropy: float,
    energy: float,
    replicon: float,
    residual: float,
) -> Solution:
    """Assemble a solution with q = q* and m = 0, and say if it should not be believed."""
    entropy = free_entropy + energy / problem.temperature
    advice = ""
    if replicon < -ROUNDING:
        advice = f"the {branch} is unstable here (replicon = {replicon:.3g}); it is not the state of the system"
    elif entropy < -ROUNDING * max(1.0, abs(free_entropy)):
        advice = f"the {branch} has negative entropy ({entropy:.3g}); it is not the state of the system"
    return Solution(problem, branch, 0.0, q, q, free_entropy, energy, replicon, residual, advice)
