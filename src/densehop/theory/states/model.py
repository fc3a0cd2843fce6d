"""What a model supplies, and all that the solvers know of it.

At the door (`saddle_point`) a model turns a problem and the name of a branch into a `Case`: a branch of the
saddle-point equations, and the load and temperature at which it is wanted. A branch knows its noise, its states in
replica symmetry, and where its states with broken symmetry are found. Where the answer is explicit, the model gives it
as `Known`. docs/design.md says how to add a model.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from densehop.exponential_problem import ExponentiallyMany
from densehop.problem import DirectModel, TeacherStudent
from densehop.theory.states import broken_curve, one_step
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.noise import Noise, Order
from densehop.theory.states.one_step import BrokenState
from densehop.theory.states.site import Site

Problem = DirectModel | TeacherStudent  # of p bodies
AnyProblem = Problem | ExponentiallyMany

COMMON_BRANCHES = ("inference", "retrieval", "spin_glass", "paramagnet")
UNRELATED = "unrelated_retrieval"  # of a memory that has nothing to do with the pattern
SINGLE = ("retrieval", UNRELATED)  # states around one stored vector
BRANCHES = (*COMMON_BRANCHES, UNRELATED)


class SymmetricState(Protocol):
    """What the solvers ask of a replica-symmetric state: the field, the averages over it, the order parameters."""

    @property
    def mean(self) -> float: ...  # noqa: D102 (named in the class docstring)
    @property
    def variance(self) -> float: ...  # noqa: D102
    @property
    def site(self) -> Site: ...  # noqa: D102
    @property
    def order(self) -> Order: ...  # noqa: D102


class State(NamedTuple):
    """A replica-symmetric state: the field's mean B and variance a, and the averages over it."""

    mean: float
    variance: float
    site: Site

    @property
    def order(self) -> Order:
        """The order parameters, as a noise takes them."""
        square = self.site.square
        return Order(self.site.overlap, square, square, self.site.susceptibility, 0.0)


@dataclass(frozen=True)
class Branch(ABC):
    """One branch of the saddle-point equations, at every load and temperature, in the direct model's units.

    Attributes
    ----------
    noise : Noise
    name : "spin_glass", "retrieval" or "inference"
    continuous : bool
        Whether the 1RSB state grows out of the replica-symmetric one, as it does at an AT line.
    """

    noise: Noise
    name: str
    continuous: ClassVar[bool] = True

    @abstractmethod
    def symmetric(self, load: float, temperature: float, scale: float = 1.0) -> SymmetricState:
        """Return the replica-symmetric state, or raise `NoSolution`; `scale` is that of the case, for messages."""

    def broken(self, load: float, temperature: float, near: SymmetricState, scale: float = 1.0) -> BrokenState:
        """Return the 1RSB state next to an unstable replica-symmetric one."""
        del scale
        starts = one_step.starts_from(self.noise, load, temperature, near.mean, near.variance)
        return one_step.solve(self.noise, load, temperature, starts)

    def alone(self, load: float, temperature: float, scale: float = 1.0) -> BrokenState | None:
        """Return the 1RSB state where no replica-symmetric one leads to it; None where this branch has none such."""
        del load, temperature, scale
        return None

    def may_outlast_symmetry(self, load: float, temperature: float) -> bool:
        """Whether a 1RSB state may exist here although there is no replica-symmetric one."""
        del load, temperature
        return False


class OrderedBranch(Branch):
    """A branch with an overlap, which ends at a load: retrieval at its largest one, inference of p = 2 at its onset.

    Its 1RSB states lie on a curve that is followed from the AT line on (`broken_curve`).

    Attributes
    ----------
    fades : bool
        Whether it ends where its mean field vanishes, at its smallest load, and not at its largest load.
    """

    fades: ClassVar[bool] = False

    def broken(self, load: float, temperature: float, near: SymmetricState, scale: float = 1.0) -> BrokenState:
        """Return the 1RSB state of largest overlap, where the replica-symmetric one is unstable."""
        del near
        return broken_curve.state(self, load, temperature, scale)

    def alone(self, load: float, temperature: float, scale: float = 1.0) -> BrokenState:
        """Return the 1RSB state of largest overlap beyond the end of the replica-symmetric one."""
        return broken_curve.state(self, load, temperature, scale)

    @abstractmethod
    def symmetric_end(self, temperature: float) -> Estimate:
        """Return the load at which the replica-symmetric states end, or raise `NoSolution`."""

    @abstractmethod
    def stability_load(self, temperature: float) -> Estimate:
        """Return the load at which replica symmetry becomes unstable, the AT line, or raise `NoSolution`."""


class Case(NamedTuple):
    """A branch at a point; energies and fields are in units of `scale`."""

    branch: Branch
    load: float
    temperature: float
    scale: float = 1.0


class Known(NamedTuple):
    """An explicit answer with stable or marginal replica symmetry, in the problem's units.

    overlap: with what the branch is named for, m or q*;  m: with an example, where q* is the overlap above;
    q_star: with the pattern, where m is;  complexity: log of the number of such states over N;  advice: what speaks
    against believing it, beyond replicon and entropy.
    """

    overlap: float
    q: float
    energy: float
    entropy: float
    replicon: float
    residual: float
    m: float = 0.0
    q_star: float = 0.0
    complexity: float = 0.0
    advice: str = ""


class Model(ABC):
    """A model of memories: turns each problem into what its saddle point is made of."""

    continuous_glass: ClassVar[bool] = True  # whether replica symmetry describes the onset of the spin glass
    branches: ClassVar[tuple[str, ...]] = COMMON_BRANCHES  # those that may exist

    @abstractmethod
    def case(self, problem: Any, name: str) -> Case | Known:
        """Return a branch of a problem: "paramagnet", "spin_glass", "retrieval" or "inference".

        Raises
        ------
        NoSolution
            If the model has no such branch.
        OutOfRange
            If the theory does not cover the problem.
        """

    def wanted(self, problem: Any) -> str:
        """Return the branch whose presence makes a phase one of retrieval, local or global."""
        del problem
        return "retrieval"


def paramagnet(noise: Noise, load: float, temperature: float, replicon: float) -> Known:
    """Return the state without overlaps at T > 0, in which the noise is annealed (docs/theory.md, eq. 21 and 72)."""
    order = Order(0.0, 0.0, 0.0, 1 / temperature, 0.0)
    energy = noise.energy(order, load) if load > 0 else 0.0
    entropy = math.log(2) + (noise.entropy(order, load) if load > 0 else 0.0)
    return Known(0.0, 0.0, energy, entropy, replicon, 0.0)
