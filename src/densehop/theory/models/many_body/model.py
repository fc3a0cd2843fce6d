"""Three bodies or more: what the saddle point is made of (docs/theory.md, section 8).

Two numbers decide everything: an inference problem of signal lambda is the direct model with load alpha/lambda^2 at
temperature T/lambda. Without overlap one number is left, Gamma = alpha/T^2: the glass is found in units of load 1.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar

from densehop.errors import NoSolution
from densehop.problem import TeacherStudent
from densehop.theory.models import bayes, nishimori
from densehop.theory.models.many_body import glass, limits, states
from densehop.theory.models.many_body.noise import TensorNoise
from densehop.theory.models.p_body import PBodyModel
from densehop.theory.models.signal import limiting_signal
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.model import Branch, Case, Known, OrderedBranch, Problem, State, paramagnet
from densehop.theory.states.one_step import BrokenState, Fields


@dataclass(frozen=True)
class Ordered(OrderedBranch):
    """Retrieval of a memory, or inference: one branch for both, since they differ in their units only."""

    noise: TensorNoise
    name: str = field(default="retrieval", compare=False)

    def symmetric(self, load: float, temperature: float, scale: float = 1.0) -> State:
        """Return the replica-symmetric state of largest overlap."""
        return states.retrieval(self.noise.p, load, temperature, scale)

    def may_outlast_symmetry(self, load: float, temperature: float) -> bool:
        """Whether the replica-symmetric end, unstable below the Nishimori line, may come too early here."""
        return temperature < self.furthest and load < self.furthest

    @property
    def furthest(self) -> float:
        """A load and temperature that no state of finite overlap exceeds where replica symmetry is unstable.

        It is the spinodal of the direct model's own Nishimori line, nu = tau = 1/Gamma_lR, where the boundary turns
        back.
        """
        return 1 / nishimori.nishimori_lines(self.noise.p).gamma_local

    def symmetric_end(self, temperature: float) -> Estimate:
        """Return the spinodal load."""
        return limits.spinodal_load(self.noise.p, temperature)

    def stability_load(self, temperature: float) -> Estimate:
        """Return the AT line's load."""
        return limits.stability_load(self.noise.p, temperature)


@dataclass(frozen=True)
class Glass(Branch):
    """The spin glass, at load 1; its 1RSB state appears with x = 1 and q1 > 0, not out of a symmetric one."""

    noise: TensorNoise
    name: str = "spin_glass"
    continuous: ClassVar[bool] = False

    def symmetric(self, load: float, temperature: float, scale: float = 1.0) -> State:
        """Return the replica-symmetric glass of largest q."""
        del scale
        return glass.symmetric(self.noise.p, load, temperature)

    def alone(self, load: float, temperature: float, scale: float = 1.0) -> BrokenState:
        """Return the 1RSB glass, which is explicit in the Parisi parameter (docs/theory.md, eq. 34 to 36)."""
        del scale
        solution = glass.broken(self.noise.p, temperature**-2 if temperature > 0 else math.inf)
        fields = Fields(0.0, 0.0, solution.variance, solution.tilt)
        return BrokenState(
            load, fields, solution.site, solution.order, glass.residual(self.noise.p, solution, temperature)
        )


@dataclass(frozen=True)
class ManyBody(PBodyModel):
    """Memories with p >= 3 bodies; p may be inf where only lines with a limit are asked for."""

    p: int
    universal: ClassVar[bool] = True
    continuous_glass: ClassVar[bool] = False

    @property
    def retrieval(self) -> Ordered:
        """The direct model's retrieval branch."""
        return Ordered(TensorNoise(self.p))

    def signal(self, problem: TeacherStudent) -> float:
        """Return lambda."""
        return limiting_signal(problem)

    def paramagnet(self, problem: Problem) -> Known:
        """Return the paramagnet, u = -alpha/T; it cannot be left continuously, so that its stability is 1."""
        return paramagnet(TensorNoise(self.p), problem.load, problem.temperature, replicon=1.0)

    def spin_glass(self, problem: Problem) -> Case:
        """Return the spin glass in units of load 1."""
        if problem.load == 0:
            raise NoSolution("no spin glass without load")
        unit = math.sqrt(problem.load)
        return Case(Glass(TensorNoise(self.p)), 1.0, problem.temperature / unit, unit)

    def inference(self, problem: TeacherStudent) -> Case:
        """Return inference of the pattern, in units of the signal."""
        signal = limiting_signal(problem)
        if signal == 0:
            raise NoSolution("no inference without signal, lambda = 0: the examples do not point at the pattern")
        branch = Ordered(TensorNoise(self.p), "inference")
        return Case(branch, problem.load / signal / signal, problem.temperature / signal, signal)

    def optimal(self, problem: TeacherStudent) -> Known:
        """Return inference on the Nishimori line."""
        return bayes.many_body(problem)

    def optimal_standing(self, problem: TeacherStudent) -> tuple[bool, bool]:
        """Return whether Gamma exceeds that of the spinodal and that of the transition (docs/theory.md, eq. 16, 18)."""
        lines = nishimori.nishimori_lines(self.p)
        return problem.gamma > lines.gamma_local, problem.gamma > lines.gamma_global
