"""The points of a traced line: found with an error, or not found with the reason, but never left out silently."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from densehop.base.arrays import Floats
from densehop.base.progress import Progress
from densehop.errors import NoSolution, NotConverged


class Point(NamedTuple):
    """A point of a line: its coordinate, nan where there is none, and then why; `undecided` where a search was lost."""

    coordinate: float
    temperature: float
    error: float
    reason: str = ""
    undecided: bool = False


class Wanted(NamedTuple):
    """Which points of a line are wanted: at these temperatures, else so many along all of it, up to a highest T."""

    temperatures: Floats | None
    points: int
    progress: Progress
    highest: float = 4.0

    def at(self, all_of_it: Floats) -> Floats:
        """Return the temperatures that were asked for, else those along all of the line."""
        return all_of_it if self.temperatures is None else self.temperatures

    def rising(self) -> Floats:
        """Return temperatures from 0 to the highest one."""
        return self.at(np.linspace(0.0, self.highest, self.points))


def at_each(temperatures: Floats, find_one: Callable[[float], Point], wanted: Wanted) -> list[Point]:
    """Return a point at each temperature.

    Where nobody asked for these temperatures, those at which the line provably does not exist are no part of it.
    """
    found, asked = [], wanted.temperatures is not None
    wanted.progress.total(len(temperatures))
    for temperature in temperatures:
        wanted.progress.advance()
        try:
            found.append(find_one(float(temperature)))
        except NotConverged as lost:
            found.append(missing(float(temperature), str(lost), undecided=True))
        except NoSolution as absent:
            if asked:
                found.append(missing(float(temperature), str(absent)))
    return found


def missing(temperature: float, reason: str, *, undecided: bool = False) -> Point:
    """Return a point that was not found."""
    return Point(math.nan, temperature, math.nan, reason, undecided)


@dataclass(frozen=True, eq=False)
class Boundary:
    """A traced line in a plane (axis, temperature).

    Attributes
    ----------
    kind, model, axis : str
        Which line, in which plane, and what its first coordinate is: "alpha" (the load), "teacher_temperature",
        "scaled_load" or "archetype_load".
    p : int or inf
    coordinate, temperature : (n_points,) the line, ordered along it
    error : (n_points,) how far the coordinate may be off
    reason : (n_points,) tuple of str; why a point has no coordinate (nan), empty where it has one
    n_missing, n_undecided : int
        How many points have no coordinate, and how many of them because a search was lost rather than because the line
        does not exist there.
    """

    kind: str
    model: str
    axis: str
    p: float
    coordinate: Floats
    temperature: Floats
    error: Floats
    reason: tuple[str, ...] = ()
    n_undecided: int = 0

    @property
    def n_missing(self) -> int:
        """How many points have no coordinate."""
        return int(np.isnan(self.coordinate).sum())


def warn(line: Boundary) -> None:
    """Say how many points are missing, and why the first one is."""
    first = next(reason for reason in line.reason if reason)
    lost = f", {line.n_undecided} because a search was lost" if line.n_undecided else ""
    warnings.warn(
        f"{line.kind}: {line.n_missing} of {len(line.reason)} points are missing{lost} (nan; see `reason`); the first: "
        f"{first}",
        RuntimeWarning,
        stacklevel=3,
    )
