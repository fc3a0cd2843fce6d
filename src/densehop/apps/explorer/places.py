"""Where a visitor may look: planes with their windows, points in them, and what the theory says there."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import xarray as xr

from densehop.base import checks
from densehop.errors import DensehopError, InvalidInput
from densehop.problem import TeacherStudent, n_examples_for
from densehop.teacher.law import critical_temperature, noise_ratio
from densehop.theory.diagrams.diagram import phase_diagram
from densehop.theory.diagrams.phases import Phase, candidates, phase_among
from densehop.theory.lines.planes import Plane, plane
from densehop.theory.questions.finite_size import finite_size_overlap
from densehop.theory.states.model import Problem
from densehop.theory.states.solution import Solution

MODELS = {
    "direct": "direct model",
    "nishimori": "Bayes-optimal student (Nishimori)",
    "fixed_teacher": "fixed teacher temperature",
    "finite_noise": "two-body teacher, few examples",
    "large_noise": "two-body teacher, many examples",
}
TWO_BODY = ("finite_noise", "large_noise")  # the teacher
OPTIMAL = ("nishimori", "large_noise")  # the student, as hot as its teacher
TEACHERS = {"fixed_teacher": 1.5, "finite_noise": 2 + 2**0.5}  # the default T* of planes that have one
USUAL_OF_PAIRS = 3.0  # at p = 2
WIDEST = {"direct": 2.0, "nishimori": 8.0, "fixed_teacher": 4.0, "finite_noise": 2.0, "large_noise": 2.0}
HOTTEST = 4.0
LARGEST_P = 10
POINTS = 121  # along each side of a grid
PAIRS, PAIRS_FIRST = 21, 13  # of p = 2, where a point takes a fiftieth of a second; the coarser grid is there first


@dataclass(frozen=True)
class View:
    """A plane of problems: a model, its p and, where it has one, its teacher's temperature."""

    model: str = "nishimori"
    p: int = 3
    teacher_temperature: float | None = None

    def __post_init__(self) -> None:
        checks.choice("model", self.model, tuple(MODELS))
        if self.p not in bodies(self.model):
            raise InvalidInput(f"p must be one of {bodies(self.model)} for the {MODELS[self.model]}, got {self.p}")
        if (self.model in TEACHERS) != (self.teacher_temperature is not None):
            needs = "needs" if self.model in TEACHERS else "takes no"
            raise InvalidInput(f"the {MODELS[self.model]} {needs} teacher_temperature")
        if self.teacher_temperature is not None and self.teacher_temperature < coldest_teacher(self.model, self.p):
            raise InvalidInput(
                f"teacher_temperature must be at least {coldest_teacher(self.model, self.p):g} for the "
                f"{MODELS[self.model]} at p = {self.p}, got {self.teacher_temperature:g}: a colder teacher is ordered"
            )

    @classmethod
    def of(cls, model: str, p: int, teacher_temperature: float) -> "View":
        """Return the view of a page's controls, which show a teacher temperature also where it means nothing."""
        return cls(model, p, teacher_temperature if model in TEACHERS else None)

    @property
    def plane(self) -> Plane:
        """The plane."""
        return plane(self.model, self.p, self.teacher_temperature)

    @property
    def window(self) -> tuple[float, float]:
        """The largest coordinate and temperature shown."""
        if self.p == 2 and self.model == "direct":
            return 0.4, 3.0
        return WIDEST[self.model], HOTTEST

    @property
    def axis_label(self) -> str:
        """What the first coordinate is."""
        return "scaled load a = M (p/2+1)!/N^(p/2)" if self.model == "finite_noise" else "load α = M p!/N^(p-1)"


def bodies(model: str) -> tuple[int, ...]:
    """Return the p a model has."""
    return tuple(range(4, LARGEST_P + 1, 2)) if model in TWO_BODY else tuple(range(2, LARGEST_P + 1))


def coldest_teacher(model: str, p: int) -> float:
    """Return the teacher's temperature, rounded up to hundredths, below which examples are ordered."""
    critical = critical_temperature(2 if model in TWO_BODY else p).temperature
    return math.ceil(100 * critical + 1e-6) / 100


def usual_teacher(model: str, p: int) -> float:
    """Return the teacher's temperature that is shown first."""
    return max(TEACHERS[model], USUAL_OF_PAIRS if p == 2 else 0.0)


def phases(view: View) -> xr.Dataset:
    """Return the phase diagram of a view without lines, which takes from a fraction of a second to a few."""
    return diagram(view, boundaries=False)


def diagram(view: View, boundaries: bool = True) -> xr.Dataset:
    """Return the phase diagram of a view on a grid for the screen."""
    x, t = view.window
    points = POINTS if view.p > 2 else PAIRS if boundaries else PAIRS_FIRST
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the page says where replica symmetry is broken
        return phase_diagram(
            view.p,
            view.model,
            np.linspace(0.0, x, points),
            np.linspace(0.0, t, points),
            teacher_temperature=view.teacher_temperature,
            boundaries=boundaries,
        )


@dataclass(frozen=True)
class Point:
    """A point of a view."""

    view: View
    coordinate: float
    temperature: float

    def __post_init__(self) -> None:
        checks.number("coordinate", self.coordinate, zero_allowed=True)
        temperature = checks.number("temperature", self.temperature, zero_allowed=True)
        if temperature == 0 and self.view.model in OPTIMAL:
            raise InvalidInput(
                f"temperature must be positive for the {MODELS[self.view.model]}, got 0: its teacher is as cold as the "
                "student"
            )

    @property
    def problem(self) -> Problem:
        """The problem at this point."""
        return self.view.plane.problem(self.coordinate, self.temperature)

    def branches(self) -> tuple[Phase, tuple[Solution, ...]]:
        """Return the phase, and every branch that exists, the winner first."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # `advice` of the solutions says the same
            ranked = candidates(self.problem)
            return phase_among(self.problem, ranked), ranked

    def n_examples(self, n_spins: int) -> int:
        """Return M at a size N, at least 1."""
        p = self.view.p
        if self.view.model == "finite_noise":  # a = M (p/2+1)!/N^(p/2) is the load of p/2+1 bodies
            return max(1, n_examples_for(self.coordinate, n_spins, p // 2 + 1))
        return max(1, n_examples_for(self.coordinate, n_spins, p))

    def teacher_temperature(self, n_spins: int) -> float | None:
        """Return the teacher's temperature at a size N; None for the direct model, which has no teacher."""
        if self.view.model == "direct":
            return None
        if self.view.model == "nishimori":
            return self.temperature
        if self.view.model == "large_noise":
            p = self.view.p
            scaled = (self.temperature / float(np.prod(np.arange(1, p // 2 + 1)))) ** (2 / p)
            return float(scaled * n_spins ** (1 - 2 / p))
        return self.view.teacher_temperature

    @property
    def teacher_p(self) -> int:
        """The number of bodies in the teacher's energy."""
        return 2 if self.view.model in TWO_BODY else self.view.p

    def expected(self) -> tuple[float, float]:
        """Return q* (direct model: m) and energy per spin of the ordered branch; nan if there is none."""
        wanted = "inference" if isinstance(self.problem, TeacherStudent) else "retrieval"
        for solution in self.branches()[1]:
            if solution.branch == wanted:
                return (solution.q_star if wanted == "inference" else solution.m), solution.energy
        return float("nan"), float("nan")

    def expected_at(self, n_spins: int) -> float:
        """Return q* with the exact signal and noise of N; nan where there is no such state or no such theory."""
        hot = self.teacher_temperature(n_spins)
        if hot is None or self.view.p == 2:
            return float("nan")
        try:
            return finite_size_overlap(
                n_spins, self.n_examples(n_spins), self.view.p, self.temperature, hot, self.teacher_p
            )[1]
        except DensehopError:
            return float("nan")

    def noise_ratio(self, n_spins: int) -> float:
        """Return rho_N, by how much the noise at N exceeds the theory's (docs/theory.md, eq. 12); 1 where it is exact.

        p = 2 has another theory, of correlated examples; the direct model no teacher; few examples make no noise.
        """
        hot = self.teacher_temperature(n_spins)
        if hot is None or self.view.p == 2 or self.view.model == "finite_noise":
            return 1.0
        return noise_ratio(n_spins, self.view.p, hot, self.teacher_p)
