"""What models of p-body energies share: which problems have which branches, and the Bayes-optimal student."""

import warnings
from abc import abstractmethod
from typing import ClassVar

from densehop.errors import NoSolution
from densehop.problem import DirectModel, TeacherStudent
from densehop.theory.models import bayes
from densehop.theory.states.model import Case, Known, Model, OrderedBranch, Problem


class PBodyModel(Model):
    """Memories whose energy has p bodies: `many_body` (p >= 3) and `pairwise` (p = 2).

    Attributes
    ----------
    universal : bool
        Whether inference is the direct model in other units, so that one curve for each p serves all problems.
    """

    universal: ClassVar[bool]

    @property
    @abstractmethod
    def retrieval(self) -> OrderedBranch:
        """The direct model's retrieval branch."""

    def case(self, problem: Problem, name: str) -> Case | Known:
        """Return a branch of a problem; the Bayes-optimal student's inference is explicit."""
        if isinstance(problem, DirectModel):
            if name == "inference":
                raise NoSolution("no inference branch: a DirectModel has no teacher; ask for 'retrieval'")
        elif problem.on_nishimori_line:
            if bayes.teacher_is_ordered(problem):
                return bayes.example_retrieval(problem, name)
            if name == "inference":
                return self.optimal(problem)
        elif name == "inference":
            return self.inference(problem)
        else:
            self._require_signal(problem)
        if name == "paramagnet":
            if problem.temperature == 0:
                raise NoSolution("no paramagnet at T = 0")
            return self.paramagnet(problem)
        if name == "spin_glass":
            return self.spin_glass(problem)
        return Case(self.retrieval, problem.load, problem.temperature)

    def _require_signal(self, problem: TeacherStudent) -> None:
        """Refuse examples that are correlated more strongly than the theory covers, whatever the branch."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a signal of 0 is said where it matters, by the inference branch
            self.signal(problem)

    @abstractmethod
    def signal(self, problem: TeacherStudent) -> float:
        """Return what the examples say of the pattern for large N, or raise `OutOfRange`."""

    @abstractmethod
    def paramagnet(self, problem: Problem) -> Known:
        """Return the state without overlaps, T > 0."""

    @abstractmethod
    def spin_glass(self, problem: Problem) -> Case:
        """Return the state in which only students overlap."""

    @abstractmethod
    def inference(self, problem: TeacherStudent) -> Case:
        """Return the state that overlaps with the teacher's pattern."""

    @abstractmethod
    def optimal(self, problem: TeacherStudent) -> Known:
        """Return inference on the Nishimori line, where replica symmetry is exact."""

    @abstractmethod
    def optimal_standing(self, problem: TeacherStudent) -> tuple[bool, bool]:
        """Return whether inference on the Nishimori line exists and whether it wins, above T_crit."""
