"""Two bodies: what the saddle point is made of (docs/theory.md, eq. 71 to 88). load = alpha = 2 M/N."""

from dataclasses import dataclass
from typing import ClassVar

from densehop.errors import NoSolution
from densehop.problem import DirectModel, TeacherStudent
from densehop.theory.models import bayes, nishimori
from densehop.theory.models.p_body import PBodyModel
from densehop.theory.models.pairwise import glass, limits, states
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.models.pairwise.states import State
from densehop.theory.models.signal import pairwise_signal
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.model import Branch, Case, Known, OrderedBranch, Problem, SymmetricState, paramagnet
from densehop.theory.states.one_step import BrokenState

DIRECT = WishartNoise()
FURTHEST = 0.2764  # load that retrieval does not exceed: in 1RSB it reaches 0.276397
EARLIEST = 0.7  # of the load at which inference begins in replica symmetry: in 1RSB at 0.705 of it, T = 0, T* -> inf


@dataclass(frozen=True)
class Glass(Branch):
    """The spin glass, which appears continuously at T_g."""

    noise: WishartNoise = DIRECT
    name: str = "spin_glass"

    def symmetric(self, load: float, temperature: float, scale: float = 1.0) -> State:
        """Return the replica-symmetric glass."""
        del scale
        return states.spin_glass(load, temperature)

    def broken(self, load: float, temperature: float, near: SymmetricState, scale: float = 1.0) -> BrokenState:
        """Return the 1RSB glass."""
        del scale
        return glass.broken(load, temperature, near.variance)


@dataclass(frozen=True)
class Retrieval(OrderedBranch):
    """Retrieval of a memory of the direct model."""

    noise: WishartNoise = DIRECT
    name: str = "retrieval"

    def symmetric(self, load: float, temperature: float, scale: float = 1.0) -> State:
        """Return the replica-symmetric state of largest m."""
        del scale
        return states.retrieval(load, temperature)

    def may_outlast_symmetry(self, load: float, temperature: float) -> bool:
        """Whether the replica-symmetric end may come too early here: where it is unstable."""
        return temperature < limits.highest_instability() and load < FURTHEST

    def symmetric_end(self, temperature: float) -> Estimate:
        """Return the spinodal load."""
        return limits.retrieval_spinodal_load(temperature)

    def stability_load(self, temperature: float) -> Estimate:
        """Return the AT line's load."""
        return limits.retrieval_stability_load(temperature)


@dataclass(frozen=True)
class Inference(OrderedBranch):
    """Inference of the pattern of a teacher with contrast c = 2/(T* - 2) > 0, the planted model."""

    noise: WishartNoise  # it depends on the teacher
    name: str = "inference"
    fades: ClassVar[bool] = True

    def may_outlast_symmetry(self, load: float, temperature: float) -> bool:
        """Whether the replica-symmetric onset, unstable below T*, may come too late here."""
        below = temperature < 2 + 2 / self.noise.contrast
        return below and load > EARLIEST * self.symmetric_end(temperature).value

    def symmetric(self, load: float, temperature: float, scale: float = 1.0) -> State:
        """Return the replica-symmetric state of largest q*."""
        del scale
        return states.inference(load, temperature, self.noise.contrast)

    def symmetric_end(self, temperature: float) -> Estimate:
        """Return the load at which q* begins."""
        return limits.inference_load(temperature, self.noise.contrast)

    def stability_load(self, temperature: float) -> Estimate:
        """Return the AT line's load."""
        return limits.inference_stability_load(temperature, self.noise.contrast)


@dataclass(frozen=True)
class Pairwise(PBodyModel):
    """Memories with two bodies."""

    universal: ClassVar[bool] = False

    @property
    def retrieval(self) -> Retrieval:
        """The direct model's retrieval branch."""
        return Retrieval()

    def signal(self, problem: TeacherStudent) -> float:
        """Return the contrast c."""
        return pairwise_signal(problem)

    def paramagnet(self, problem: Problem) -> Known:
        """Return the paramagnet, which exists above T = 2 where there is noise (docs/theory.md, eq. 71)."""
        load, temperature = problem.load, problem.temperature
        if 2 * (1 / temperature) >= 1 and load > 0:
            raise NoSolution(f"no paramagnet at T = {temperature:g}: for p = 2 and load > 0 it exists above T = 2")
        return paramagnet(DIRECT, load, temperature, _stability(problem))

    def spin_glass(self, problem: Problem) -> Case:
        """Return the spin glass."""
        return Case(Glass(), problem.load, problem.temperature)

    def inference(self, problem: TeacherStudent) -> Case:
        """Return inference of the pattern."""
        contrast = pairwise_signal(problem)
        if contrast == 0:
            raise NoSolution(f"no inference at p = 2 with teacher_p = {problem.teacher_p}: its signal vanishes with N")
        return Case(Inference(WishartNoise(contrast)), problem.load, problem.temperature)

    def optimal(self, problem: TeacherStudent) -> Known:
        """Return inference on the Nishimori line."""
        return bayes.pairwise(problem)

    def optimal_standing(self, problem: TeacherStudent) -> tuple[bool, bool]:
        """Return whether M/N exceeds gamma_c: inference begins there and wins at once (docs/theory.md, eq. 25)."""
        inferred = problem.load / 2 > nishimori.pairwise_critical_load(problem.temperature)
        return inferred, inferred


def _stability(problem: Problem) -> float:
    """Return the stability of q = m = q* = 0 against the spin glass and against retrieval or inference."""
    load, temperature = problem.load, problem.temperature
    d = 1 - 2 / temperature
    by_glass = d**2 - 2 * load / temperature**2
    if isinstance(problem, DirectModel):
        return min(by_glass, d)
    if load == 0:
        return d
    return min(by_glass, d - load / temperature * pairwise_signal(problem))
