"""What the solvers return."""

from dataclasses import dataclass, field

from densehop.problem import TeacherStudent


@dataclass(frozen=True)
class Solution:
    """One branch of order parameters at one point; everything is per spin.

    Attributes
    ----------
    m, q, q_star : float
        Overlap of the student with an example, with another student, with the teacher's pattern.
    free_entropy, free_energy, energy, entropy : float
        Phi = log Z/N, f = -T Phi, u and s = Phi + u/T; nan where they diverge with N (example retrieval).
    replicon : float
        Positive where replica symmetry is stable (docs/theory.md, eq. 20).
    residual : float
        Largest relative violation of the saddle-point equations.
    converged : bool
        Whether the residual is below 1e-9.
    advice : str
        What to do about a solution that should not be believed as it is; empty otherwise.
    """

    problem: TeacherStudent
    branch: str
    m: float
    q: float
    q_star: float
    free_entropy: float
    energy: float
    replicon: float
    residual: float
    advice: str = field(default="")

    @property
    def converged(self) -> bool:
        """Whether the saddle-point equations hold to 1e-9."""
        return self.residual < 1e-9

    @property
    def free_energy(self) -> float:
        """Free energy per spin f = -T Phi."""
        return -self.problem.temperature * self.free_entropy

    @property
    def entropy(self) -> float:
        """Entropy per spin s = Phi + u/T."""
        return self.free_entropy + self.energy / self.problem.temperature
