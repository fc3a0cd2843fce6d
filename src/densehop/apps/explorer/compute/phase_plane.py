"""The planes of problems that the explorer shows, each with its window, and their phase diagrams."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from densehop.base import checks
from densehop.errors import InvalidInput
from densehop.teacher.law import critical_temperature
from densehop.theory.diagrams.diagram import phase_diagram
from densehop.theory.lines.exponential_planes import FAMILIES, ExponentialPlane, any_plane
from densehop.theory.lines.planes import Plane

MODELS = {  # names, of which a phone and the controls beside a view show some 25 letters
    "direct": "random memories",
    "nishimori": "Bayes-optimal student",
    "fixed_teacher": "fixed teacher temperature",
    "finite_noise": "few two-body examples",
    "large_noise": "many two-body examples",
    "exponential": "exponential memories",
    "exponential_examples": "exponential examples",
    "exponential_archetypes": "copies of archetypes",
    "rectified": "rectified polynomials",
}
MEMORIES = ("direct", "exponential", "rectified")  # models without a teacher
SETTINGS = tuple(dict.fromkeys(name for family in FAMILIES.values() for name in family.needs))  # of these models
EXPONENTIAL = {name: family.needs for name, family in FAMILIES.items()}  # models without a p, and their settings
TWO_BODY_TEACHER = ("finite_noise", "large_noise")  # models whose teacher has p* = 2
STUDENT_AT_TEACHER_TEMPERATURE = ("nishimori", "large_noise")  # models in which T = 0 would make the teacher cold, too
DEFAULT_TEACHER_TEMPERATURE = {"fixed_teacher": 1.5, "finite_noise": 2 + 2**0.5}  # T* of the models that need one
DEFAULT_TEACHER_TEMPERATURE_P2 = 3.0  # at p = 2, where the teacher's critical temperature is higher
MAX_COORDINATE = {"direct": 2.0, "nishimori": 8.0, "fixed_teacher": 4.0, "finite_noise": 2.0, "large_noise": 2.0}
MAX_TEMPERATURE = 4.0  # of the window
HOTTEST = {"rectified": 3.0, "exponential_archetypes": 2.5}  # of the windows of exponentially many memories
HOTTEST_EXPONENTIAL = 1.5
LARGEST_ARCHETYPES = 0.5  # load of archetypes
WINDOW_OF_DIRECT_P2 = (0.4, 3.0)  # largest load and temperature
MAX_P = 10
GRID_POINTS = 121  # along each side of the grid
GRID_POINTS_ARCHETYPES = 41  # a point takes a millisecond
GRID_POINTS_P2_PREVIEW = 13  # p = 2, without lines: this grid is shown until the finer one is there


@dataclass(frozen=True)
class PhasePlane:
    """A plane of problems: a model, its p and, if the model needs one, the teacher's temperature.

    Exponential energies have no p (None), but a sharpness L, for examples their reliability r, for archetypes the load
    of copies of each as well; rectified polynomials of degree n = c N have a degree c.
    """

    model: str = "direct"
    p: int | None = 2
    teacher_temperature: float | None = None
    sharpness: float | None = None
    reliability: float | None = None
    copies_load: float | None = None
    degree: float | None = None

    def __post_init__(self) -> None:
        checks.choice("model", self.model, tuple(MODELS))
        name = MODELS[self.model]
        if self.exponential:
            _ = self.theory_plane  # checks what it needs
            return
        if self.p is None or self.p not in allowed_p(self.model):
            raise InvalidInput(f"p must be one of {allowed_p(self.model)} in the model '{name}', got {self.p}")
        if (self.model in DEFAULT_TEACHER_TEMPERATURE) != (self.teacher_temperature is not None):
            needs = "needs" if self.model in DEFAULT_TEACHER_TEMPERATURE else "takes no"
            raise InvalidInput(f"the model '{name}' {needs} teacher_temperature")
        if self.teacher_temperature is not None:
            lowest = min_teacher_temperature(self.model, self.p)
            if self.teacher_temperature < lowest:
                raise InvalidInput(
                    f"teacher_temperature must be at least {lowest:g} in the model '{name}' at p = {self.p}, got "
                    f"{self.teacher_temperature:g}: the examples of a colder teacher are ordered"
                )

    @classmethod
    def from_controls(
        cls,
        model: str,
        p: int,
        teacher_temperature: float,
        sharpness: float = 1.0,
        reliability: float = 0.6,
        copies_load: float = 0.16,
        degree: float = 0.3,
    ) -> "PhasePlane":
        """Return the plane of a page's controls; a model ignores those that it does not have."""
        if model in EXPONENTIAL:
            values = {"sharpness": sharpness, "reliability": reliability, "copies_load": copies_load, "degree": degree}
            return cls(model, None, **{name: values[name] for name in EXPONENTIAL[model]})
        return cls(model, p, teacher_temperature if model in DEFAULT_TEACHER_TEMPERATURE else None)

    @property
    def exponential(self) -> bool:
        """Whether the memories are exponentially many."""
        return self.model in EXPONENTIAL

    @property
    def has_teacher(self) -> bool:
        """Whether there is a pattern to infer."""
        return self.model not in MEMORIES

    @property
    def symmetric(self) -> bool:
        """Whether the negative of a state has the same energy."""
        return self.p is not None and self.p % 2 == 0

    @property
    def theory_plane(self) -> Plane:
        """The same plane as the theory defines it."""
        return any_plane(self.model, self.p, self.settings)

    @property
    def settings(self) -> dict[str, Any]:
        """What the model needs besides p, by the names that the theory gives to it."""
        named = {name: getattr(self, name) for name in ("teacher_temperature", *SETTINGS)}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def window(self) -> tuple[float, float]:
        """The largest coordinate and the largest temperature shown; both axes begin at 0."""
        if isinstance(self.theory_plane, ExponentialPlane):
            largest = LARGEST_ARCHETYPES if self.model == "exponential_archetypes" else self.theory_plane.largest
            return largest, HOTTEST.get(self.model, HOTTEST_EXPONENTIAL)
        if self.p == 2 and self.model == "direct":
            return WINDOW_OF_DIRECT_P2
        return MAX_COORDINATE[self.model], MAX_TEMPERATURE

    @property
    def coordinate_symbol(self) -> str:
        """The symbol of the first coordinate."""
        if self.model == "exponential_archetypes":
            return "B"
        return "A" if self.exponential else "a" if self.model == "finite_noise" else "α"

    @property
    def axis_label(self) -> str:
        """What the first coordinate is."""
        if self.model == "exponential_archetypes":
            return "load of archetypes B = log(K)/N"
        if self.exponential:
            return "load A = log(M)/N"
        return "scaled load a = M (p/2+1)!/N^(p/2)" if self.model == "finite_noise" else "load α = M p!/N^(p-1)"


def allowed_p(model: str) -> tuple[int, ...]:
    """Return the values of p that a model can have: even ones from 4 on for a two-body teacher."""
    return tuple(range(4, MAX_P + 1, 2)) if model in TWO_BODY_TEACHER else tuple(range(2, MAX_P + 1))


def min_teacher_temperature(model: str, p: int) -> float:
    """Return the teacher's critical temperature, rounded up to hundredths; below it examples are ordered."""
    critical = critical_temperature(2 if model in TWO_BODY_TEACHER else p).temperature
    return math.ceil(100 * critical + 1e-6) / 100


def default_teacher_temperature(model: str, p: int) -> float:
    """Return the teacher's temperature that is shown first."""
    return max(DEFAULT_TEACHER_TEMPERATURE[model], DEFAULT_TEACHER_TEMPERATURE_P2 if p == 2 else 0.0)


def phase_grid(shown: PhasePlane) -> xr.Dataset:
    """Return the phase diagram of a plane without boundaries, which takes a few seconds at most."""
    return diagram(shown, boundaries=False)


def _grid_points(shown: PhasePlane, boundaries: bool) -> int:
    """Return how many points a grid for the screen has along each side."""
    if shown.model == "exponential_archetypes":
        return GRID_POINTS_ARCHETYPES
    return GRID_POINTS_P2_PREVIEW if shown.p == 2 and not boundaries else GRID_POINTS


def diagram(shown: PhasePlane, boundaries: bool = True) -> xr.Dataset:
    """Return the phase diagram of a plane on a grid for the screen."""
    max_coordinate, max_temperature = shown.window
    points = _grid_points(shown, boundaries)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the page itself says where replica symmetry is broken
        return phase_diagram(
            shown.p,
            shown.model,
            np.linspace(0.0, max_coordinate, points),
            np.linspace(0.0, max_temperature, points),
            boundaries=boundaries,
            **shown.settings,
        )
