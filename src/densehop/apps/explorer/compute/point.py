"""A point of a phase plane: its problem, what the theory says there, and what to simulate at a size N."""

import math
import warnings
from dataclasses import dataclass

from densehop.apps.explorer.compute.phase_plane import (
    MODELS,
    STUDENT_AT_TEACHER_TEMPERATURE,
    TWO_BODY_TEACHER,
    PhasePlane,
)
from densehop.base import checks
from densehop.errors import DensehopError, InvalidInput
from densehop.problem import n_examples_for
from densehop.teacher.law import noise_ratio, signal_strength
from densehop.theory.diagrams.phases import Phase, candidates, phase_among
from densehop.theory.questions.finite_size import finite_size_overlap
from densehop.theory.states.model import AnyProblem
from densehop.theory.states.solution import Solution


@dataclass(frozen=True)
class Levels:
    """What the theory expects: the overlap and the energy per spin of the ordered state, for N -> infinity and at N.

    Each is nan where there is no such state, or no such theory.
    """

    overlap: float = math.nan
    energy: float = math.nan
    overlap_at_size: float = math.nan
    energy_at_size: float = math.nan


@dataclass(frozen=True)
class Point:
    """A point of a phase plane: the load (or scaled load) and the temperature T."""

    plane: PhasePlane
    coordinate: float
    temperature: float

    def __post_init__(self) -> None:
        checks.number("coordinate", self.coordinate, zero_allowed=True)
        temperature = checks.number("temperature", self.temperature, zero_allowed=True)
        if temperature == 0 and self.plane.model in STUDENT_AT_TEACHER_TEMPERATURE:
            raise InvalidInput(
                f"temperature must be positive in the model '{MODELS[self.plane.model]}', got 0: its teacher is as "
                "cold as the student"
            )

    @property
    def problem(self) -> AnyProblem:
        """The problem at this point."""
        return self.plane.theory_plane.problem(self.coordinate, self.temperature)

    def phase_and_branches(self) -> tuple[Phase, tuple[Solution, ...]]:
        """Return the phase, and every branch that exists, the most probable one first."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # `advice` of the solutions says the same
            ranked = candidates(self.problem)
            return phase_among(self.problem, ranked), ranked

    def n_examples(self, n_spins: int) -> int:
        """Return the number M of examples (direct model: memories) at a size N; at least 1."""
        p = self.plane.p
        if self.plane.model == "exponential_archetypes":
            return self.n_archetypes(n_spins) * self.n_copies(n_spins)
        if p is not None and self.plane.model == "finite_noise":  # a = M (p/2+1)!/N^(p/2) is the load of p/2+1 bodies
            return max(1, n_examples_for(self.coordinate, n_spins, p // 2 + 1))
        return max(1, n_examples_for(self.coordinate, n_spins, p))

    def n_archetypes(self, n_spins: int) -> int:
        """Return the number K of archetypes at a size N."""
        return max(1, n_examples_for(self.coordinate, n_spins, None))

    def n_copies(self, n_spins: int) -> int:
        """Return the number of copies of each archetype at a size N."""
        assert self.plane.copies_load is not None
        return max(1, n_examples_for(self.plane.copies_load, n_spins, None))

    def teacher_temperature(self, n_spins: int) -> float | None:
        """Return the teacher's temperature T* at a size N; None where there is no teacher, or none with one."""
        p = self.plane.p
        if p is None or not self.plane.has_teacher:
            return None
        if self.plane.model == "nishimori":
            return self.temperature
        if self.plane.model == "large_noise":  # the effective Nishimori line: T* = (T/(p/2)!)^(2/p) N^(1-2/p)
            return float((self.temperature / math.factorial(p // 2)) ** (2 / p) * n_spins ** (1 - 2 / p))
        return self.plane.teacher_temperature

    @property
    def teacher_p(self) -> int:
        """The number of bodies in the teacher's energy; 0 where it has none."""
        return 2 if self.plane.model in TWO_BODY_TEACHER else self.plane.p or 0

    def ordered_state(self) -> tuple[float, float]:
        """Return the overlap (q*; direct model: m) and the energy per spin of the ordered branch; nan without one."""
        wanted = "inference" if self.plane.has_teacher else "retrieval"
        for solution in self.phase_and_branches()[1]:
            if solution.branch == wanted:
                return (solution.q_star if wanted == "inference" else solution.m), solution.energy
        return float("nan"), float("nan")

    def overlap_at_size(self, n_spins: int) -> float:
        """Return q* with the exact signal and noise of N; nan where no such state, or no such theory, exists."""
        teacher_temperature, p = self.teacher_temperature(n_spins), self.plane.p
        if teacher_temperature is None or p is None or p == 2:
            return float("nan")
        n_examples = self.n_examples(n_spins)
        try:
            return finite_size_overlap(n_spins, n_examples, p, self.temperature, teacher_temperature, self.teacher_p)[1]
        except DensehopError:
            return float("nan")

    def energy_at_size(self, n_spins: int) -> float:
        """Return the energy per spin at N, averaged over examples; nan where no exact law is known.

        A student at the temperature of a teacher with the same p has the mean energy of the pattern itself, -lambda_N,
        at every N (docs/theory.md, eq. 10 and 11).
        """
        p = self.plane.p
        if p is None or self.plane.model != "nishimori":
            return float("nan")
        return -signal_strength(n_spins, self.n_examples(n_spins), p, self.temperature)

    def levels(self, n_spins: int) -> Levels:
        """Return what the theory expects of a simulation that stays at the pattern."""
        return Levels(*self.ordered_state(), self.overlap_at_size(n_spins), self.energy_at_size(n_spins))

    def noise_ratio(self, n_spins: int) -> float:
        """Return rho_N, the noise at N over the noise of the theory (docs/theory.md, eq. 12).

        It is 1 for the direct model, which has no teacher; for few examples, which make no noise; and at p = 2, where
        the theory itself takes the correlation of the examples into account.
        """
        teacher_temperature, p = self.teacher_temperature(n_spins), self.plane.p
        if teacher_temperature is None or p is None or p == 2 or self.plane.model == "finite_noise":
            return 1.0
        return noise_ratio(n_spins, p, teacher_temperature, self.teacher_p)
