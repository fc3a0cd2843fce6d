"""The planes (load, T) of problems with exponentially many memories, and their lines, which are explicit.

Each model is one entry of `FAMILIES`: what holds everywhere in its plane, the problem at a point, and its lines.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np

from densehop.base import checks
from densehop.errors import InvalidInput, NoSolution
from densehop.exponential_problem import ExponentialModel, ExponentialTeacherStudent, RectifiedModel
from densehop.theory.lines import archetypes, rectified, unrelated
from densehop.theory.lines.exponential import MEMORY_LINES, STUDENT_LINES
from densehop.theory.lines.line_forms import Line, Settings
from densehop.theory.lines.planes import MODELS as P_BODY_MODELS
from densehop.theory.lines.planes import Plane, plane
from densehop.theory.lines.points import Boundary, Wanted

NAMES = ("sharpness", "reliability", "copies_load", "unrelated_load", "degree")  # of settings that no p-body plane has


LARGEST = 0.75  # coordinate that is worth showing: beyond log 2 there are more memories than states


class Family(NamedTuple):
    """A model: the names of its settings, the problem at (coordinate, T, settings), its lines.

    largest: settings -> the largest coordinate of a diagram
    optional: names of settings that it may have
    """

    needs: tuple[str, ...]
    problem: Callable[[float, float, Settings], Any]
    lines: Mapping[str, Line]
    has_teacher: bool = False
    axis: str = "alpha"
    largest: Callable[[Settings], float] = lambda _: LARGEST
    optional: tuple[str, ...] = ()


FAMILIES = {
    "exponential": Family(("sharpness",), lambda x, t, s: ExponentialModel(x, s["sharpness"], t), MEMORY_LINES),
    "exponential_examples": Family(
        ("sharpness", "reliability"),
        lambda x, t, s: ExponentialTeacherStudent(x, s["sharpness"], t, s["reliability"]),
        STUDENT_LINES,
        has_teacher=True,
        optional=("unrelated_load",),
    ),
    "exponential_archetypes": Family(
        ("sharpness", "reliability", "copies_load"),
        archetypes.problem_at,
        archetypes.LINES,
        has_teacher=True,
        axis="archetype_load",
    ),
    "rectified": Family(
        ("degree",), lambda x, t, s: RectifiedModel(x, s["degree"], t), rectified.LINES, largest=rectified.largest_load
    ),
}


BESIDE_MEMORIES = FAMILIES["exponential_examples"]._replace(problem=unrelated.problem_at, lines=unrelated.LINES)


@dataclass(frozen=True)
class ExponentialPlane(Plane):
    """The plane (load, temperature) of a model with exponentially many memories; `values` are its settings by name."""

    values: tuple[tuple[str, float], ...] = ()

    @property
    def family(self) -> Family:
        """What the model is made of."""
        return BESIDE_MEMORIES if "unrelated_load" in self.setting else FAMILIES[self.model]

    @property
    def axis(self) -> str:
        """What the first coordinate is."""
        return self.family.axis

    @property
    def universal(self) -> bool:
        """Whether its lines are the direct model's in other coordinates: no."""
        return False

    @property
    def has_teacher(self) -> bool:
        """Whether there is a pattern, or there are archetypes, to infer."""
        return self.family.has_teacher

    @property
    def setting(self) -> dict[str, float]:
        """What holds everywhere in the plane."""
        return dict(self.values)

    @property
    def largest(self) -> float:
        """The largest coordinate that is worth showing."""
        return self.family.largest(self.setting)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The lines that there are."""
        return tuple(self.family.lines)

    def problem(self, coordinate: float, temperature: float) -> Any:
        """Return the problem at a point."""
        return self.family.problem(coordinate, temperature, self.setting)


def any_plane(model: str, p: float | None, settings: Mapping[str, float | None]) -> Plane:
    """Check what a model needs and return its plane; `settings` by the names that `phase_diagram` gives to them."""
    checks.choice("model", model, (*P_BODY_MODELS, *FAMILIES))
    given = {name: value for name, value in settings.items() if value is not None}
    needs = FAMILIES[model].needs if model in FAMILIES else ()
    known = (*needs, *FAMILIES[model].optional) if model in FAMILIES else ()
    for name in NAMES:
        if name in needs and name not in given:
            raise InvalidInput(f"model '{model}' needs {name}")
        if name in given and name not in known:
            raise InvalidInput(f"model '{model}' does not take {name}")
    if model in P_BODY_MODELS:
        return plane(model, checks.body_number(p) if p is None else p, **given)
    if p is not None or set(given) - set(known):
        raise InvalidInput(f"model '{model}' takes p = None and no other setting than {' and '.join(known)}")
    infinite = cast(int, math.inf)  # no number of bodies
    values = tuple((name, _checked(name, given[name])) for name in known if name in given)
    return ExponentialPlane(model, infinite, None, values)


def _checked(name: str, value: float) -> float:
    """Return a setting in its range."""
    if name == "reliability":
        return checks.between(name, value, 0, 1)
    return checks.number(name, value, zero_allowed=name in {"copies_load", "unrelated_load"})


def trace(where: ExponentialPlane, kind: str, ansatz: str, wanted: Wanted) -> Boundary:
    """Return a line of a plane, with the error of each point, or raise `NoSolution` where it does not exist."""
    checks.choice(f"kind for model '{where.model}'", kind, where.kinds)
    if checks.choice("ansatz", ansatz, ("rs", "1rsb")) != "rs":
        raise InvalidInput("lines of exponential energies are exact without breaking of symmetry: ask for ansatz 'rs'")
    found = where.family.lines[kind].points(where.setting, wanted)
    if all(point.reason for point in found):
        reason = f": {found[0].reason}" if found else ""
        raise NoSolution(f"no {kind} line for model '{where.model}' at these temperatures{reason}")
    coordinate, at, error = (np.array(column) for column in list(zip(*found, strict=True))[:3])
    reasons = tuple(point.reason for point in found)
    return Boundary(kind, where.model, where.axis, where.p, coordinate, at, error, reasons)
