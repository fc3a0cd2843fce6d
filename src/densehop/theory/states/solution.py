"""What the solvers return."""

import math
from dataclasses import dataclass

from densehop.exponential_problem import ExponentiallyMany
from densehop.problem import DirectModel, TeacherStudent

ROUNDING = 1e-12  # relative: below it, a negative replicon or entropy is rounding
CONVERGED = 1e-9  # largest residual of a solution that counts as converged


@dataclass(frozen=True)
class Solution:
    """One branch of order parameters at one point; everything is per spin. What does not apply is 0.

    Attributes
    ----------
    m, q, q_star : float
        Overlap of the student with an example (or memory), with another student, with the teacher's pattern (or an
        archetype).
    q0, q1, parisi : float
        1RSB: overlap between states, overlap inside a state, Parisi parameter x; q = (1 - x) q1 + x q0.
    parisi_over_temperature : float
        1RSB: y = x/T, which is finite at T = 0, where x = 0 (docs/theory.md, eq. 35).
    free_entropy, free_energy, energy, entropy : float
        Phi = log Z/N, f = -T Phi, u and s = Phi + u/T; nan where they diverge with N (example retrieval). At T = 0 the
        free energy is the energy, the free entropy infinite and the entropy its limit.
    replicon : float
        Positive where the ansatz is stable against (further) replica symmetry breaking (docs/theory.md, eq. 30).
    complexity : float
        Log of the number of such states, over N: there may be one around each of exp(A N) memories.
    residual : float
        Largest relative violation of the saddle-point equations.
    advice : str
        What to do about a solution that should not be believed as it is; empty otherwise.
    """

    problem: DirectModel | TeacherStudent | ExponentiallyMany
    branch: str
    ansatz: str
    m: float
    q: float
    q_star: float
    free_entropy: float
    free_energy: float
    energy: float
    entropy: float
    replicon: float
    residual: float
    q0: float = 0.0
    q1: float = 0.0
    parisi: float = 0.0
    parisi_over_temperature: float = 0.0
    complexity: float = 0.0
    advice: str = ""

    @property
    def converged(self) -> bool:
        """Whether the saddle-point equations hold to 1e-9."""
        return self.residual < CONVERGED


def assemble(
    problem: DirectModel | TeacherStudent | ExponentiallyMany,
    branch: str,
    ansatz: str,
    *,
    overlap: float,
    q: float,
    energy: float,
    entropy: float,
    replicon: float,
    residual: float,
    m: float = 0.0,
    q_star: float = 0.0,
    complexity: float = 0.0,
    advice: str = "",
    levels: tuple[float, float, float] = (0.0, 0.0, 0.0),
    parisi_over_temperature: float = 0.0,
) -> Solution:
    """Complete a solution: which overlap it has, the free energies, and what speaks against believing it.

    `overlap` is m in the retrieval branch and q* in the inference branch; levels: (q0, q1, x).
    """
    temperature = problem.temperature
    free_energy = energy - temperature * entropy if temperature > 0 else energy
    if temperature > 0:
        free_entropy = entropy - energy / temperature
    else:
        free_entropy = math.copysign(math.inf, -free_energy) if free_energy != 0 else entropy
    q0, q1, parisi = levels
    return Solution(
        problem,
        branch,
        ansatz,
        m=overlap if branch == "retrieval" else m,
        q=q,
        q_star=overlap if branch == "inference" else q_star,
        free_entropy=free_entropy,
        free_energy=free_energy,
        energy=energy,
        entropy=entropy,
        replicon=replicon,
        residual=residual,
        q0=q0,
        q1=q1,
        parisi=parisi,
        parisi_over_temperature=parisi_over_temperature,
        complexity=complexity,
        advice=advice or _advice(branch, ansatz, replicon, entropy, free_entropy, residual),
    )


def _advice(branch: str, ansatz: str, replicon: float, entropy: float, free_entropy: float, residual: float) -> str:
    """Say why a solution should not be believed, and what to do."""
    further = "ask for ansatz='1rsb'" if ansatz == "rs" else "more steps of breaking would change it further"
    scale = max(1.0, abs(free_entropy)) if math.isfinite(free_entropy) else 1.0
    if not residual < CONVERGED:
        return f"the {branch} did not converge (residual {residual:.1e}); move to a nearby point"
    if replicon < -ROUNDING:
        if branch == "paramagnet":
            return f"the paramagnet is unstable here (replicon = {replicon:.3g}); it is not the state of the system"
        return f"the {branch} is unstable to replica symmetry breaking here (replicon = {replicon:.3g}); {further}"
    if entropy < -ROUNDING * scale:
        return f"the {branch} has negative entropy ({entropy:.3g}); it is not the state of the system"
    return ""
