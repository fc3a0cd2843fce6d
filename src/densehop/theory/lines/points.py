"""The points of a traced line: found with an error, or not found with the reason, but never left out silently."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from densehop.errors import NoSolution, NotConverged


class Point(NamedTuple):
    """A point of a line: its coordinate, nan where there is none, and then why; `undecided` where a search was lost."""

    coordinate: float
    temperature: float
    error: float
    reason: str = ""
    undecided: bool = False


def at_each(temperatures: Iterable[float], find_one: Callable[[float], Point], *, asked: bool) -> list[Point]:
    """Return a point at each temperature.

    Where nobody asked for these temperatures, those at which the line provably does not exist are no part of it.
    """
    found = []
    for temperature in temperatures:
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
