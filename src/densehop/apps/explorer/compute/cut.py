"""A line through a point of a phase diagram, along T or load, and what the theory says on it."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from densehop.apps.explorer.compute.phase_plane import Point, View
from densehop.base.arrays import Floats
from densehop.theory.diagrams.diagram import phase_diagram

FINE, FINE_OF_PAIRS, EACH = 161, 41, 4  # points of the lines; every fourth of the finer ones has theory at N
COLD = 0.05  # of the window: where the line begins


@dataclass(frozen=True)
class Along:
    """The line through (coordinate, temperature) on which one of the two varies; N is for the theory at that size."""

    view: View
    coordinate: float
    temperature: float
    by_temperature: bool
    n_spins: int

    def axis(self, points: int) -> Floats:
        """Return places along the line, through the view's window."""
        right, top = self.view.window
        end = top if self.by_temperature else right
        return np.linspace(COLD * end, end, points)

    def point(self, place: float) -> Point:
        """Return the point at a place."""
        if self.by_temperature:
            return Point(self.view, self.coordinate, float(place))
        return Point(self.view, float(place), self.temperature)

    @property
    def fine(self) -> int:
        """How many points the theory's lines have."""
        return FINE if self.view.p > 2 else FINE_OF_PAIRS

    @property
    def ordered(self) -> str:
        """The overlap that tells order: with a memory, or with the teacher's pattern."""
        return "m" if self.view.model == "direct" else "q_star"


def theory(along: Along) -> xr.Dataset:
    """Return the overlap along a line: of the winner, of the ordered state where there is one, and of that at N."""
    axis = along.axis(along.fine)
    fixed = np.array([along.coordinate if along.by_temperature else along.temperature])
    x, t = (fixed, axis) if along.by_temperature else (axis, fixed)
    hot: dict[str, Any] = {"teacher_temperature": along.view.teacher_temperature}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = phase_diagram(along.view.p, along.view.model, x, t, boundaries=False, **hot)
    other = "retrieval_overlap" if along.view.model == "direct" else "inference_overlap"
    coarse = along.axis(FINE)[::EACH]
    at_size = [along.point(place).expected_at(along.n_spins) for place in coarse]
    return xr.Dataset(
        {
            "winner": ("place", found[along.ordered].values.ravel()),
            "state": ("place", found[other].values.ravel()),
            "at_size": ("coarse", at_size),
        },
        {"place": axis, "coarse": coarse},
    )


def nothing() -> xr.Dataset:
    """Return lines without points: what is shown until the theory is there."""
    empty = np.empty(0)
    return xr.Dataset(
        {"winner": ("place", empty), "state": ("place", empty), "at_size": ("coarse", empty)},
        {"place": empty, "coarse": empty},
    )
