"""The forms of an explicit line in a plane (coordinate, T): a coordinate at each T, or constant temperatures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from densehop.errors import NoSolution
from densehop.theory.lines.points import Point, Wanted, at_each, missing
from densehop.theory.states.estimate import Estimate

Settings = Mapping[str, float]  # what holds everywhere in a plane, by name
INSIDE = 1e-9  # of a span of temperatures: how far from its ends a line is traced, where it still exists


class Line(Protocol):
    """What traces one kind of line."""

    def points(self, settings: Settings, wanted: Wanted) -> list[Point]:
        """Return the wanted points of the line."""


@dataclass(frozen=True)
class Curve:
    """A coordinate at each temperature.

    at: (settings, T) -> the coordinate, or `NoSolution`;  span: settings -> the temperatures between which there is a
    line;  closed: whether the line runs on from its hottest point to coordinate 0 at that temperature.
    """

    at: Callable[[Settings, float], Estimate]
    span: Callable[[Settings], tuple[float, float]] = lambda _: (0.0, np.inf)
    closed: bool = False

    def points(self, settings: Settings, wanted: Wanted) -> list[Point]:
        """Return the coordinate at the temperatures that are asked for, else along the whole span."""

        def point(temperature: float) -> Point:
            found = self.at(settings, temperature)
            return Point(found.value, temperature, found.error)

        if wanted.temperatures is not None:
            return at_each(wanted.temperatures, point, wanted)
        low, high = self.span(settings)
        if not low < min(high, wanted.highest):
            return []
        first = low * (1 + INSIDE)
        last = high * (1 - INSIDE) if high <= wanted.highest else wanted.highest
        found = at_each(np.linspace(first, last, wanted.points), point, wanted)
        if not found:
            self.at(settings, float(first))  # raises what is in the way
        ends_here = self.closed and high <= wanted.highest
        return [*found, Point(0.0, high, 0.0)] if ends_here else found


@dataclass(frozen=True)
class Level:
    """Constant temperatures, hottest first, each from coordinate 0 to an end: settings -> (T, end) of each."""

    heights: Callable[[Settings], list[tuple[float, float]]]

    def points(self, settings: Settings, wanted: Wanted) -> list[Point]:
        """Return points along the line; it has no coordinate of its own at a temperature."""
        heights = self.heights(settings)
        if not heights:
            raise NoSolution("the two states have equal free energies at no temperature")
        if wanted.temperatures is not None:
            where = " and ".join(f"{temperature:.10g}" for temperature, _ in heights)
            reason = f"the line runs at constant temperature, T = {where}: ask for temperatures=None"
            return [missing(float(temperature), reason) for temperature in wanted.temperatures]
        found = []
        for number, (temperature, end) in enumerate(heights):
            along = np.linspace(0.0, end, max(2, wanted.points // len(heights)))
            along = along if number else along[::-1]  # one path, through coordinate 0
            found += [Point(float(x), temperature, 0.0) for x in along if temperature <= wanted.highest]
        return found
