"""The 1RSB lines of p >= 3 on one set of temperatures: up to which load states exist, and up to which they win.

They are those of retrieval in the direct model; a plane with a teacher has them in its own coordinates (eq. 41).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator

from densehop.base.arrays import Floats
from densehop.base.progress import Progress
from densehop.errors import NoSolution, NotConverged
from densehop.theory.lines import curves
from densehop.theory.lines.retrieval import retrieval_line
from densehop.theory.lines.universal_boundaries import highest
from densehop.theory.models.many_body.model import ManyBody
from densehop.theory.states.estimate import Estimate

POINTS = 41  # along a line; in half of them symmetry is broken, which takes half a second each
NAMES = ("spinodal", "global")


class BrokenLine(NamedTuple):
    """A line: loads (n,) with errors at temperatures (n,), nan where a point was lost; 1RSB differs below `parting`."""

    temperatures: Floats
    loads: Floats
    errors: Floats
    parting: float

    def at(self, temperature: Floats) -> Floats:
        """Return the load at each temperature up to `parting`."""
        known = np.isfinite(self.loads)
        inside = np.minimum(temperature, self.parting)
        result: Floats = PchipInterpolator(self.temperatures[known], self.loads[known])(inside)
        return result


BrokenLines = dict[str, BrokenLine]


def broken_lines(p: int, progress: Progress) -> BrokenLines:
    """Return both lines; progress is reported at each point."""
    parting = ManyBody(p).retrieval.furthest  # where the AT line ends, on the direct model's own Nishimori line
    lines = {}
    for name in NAMES:
        temperatures, found = _temperatures(p, name), []
        for temperature in temperatures:
            found.append(_load(p, name, float(temperature)))
            progress.advance()
        loads, errors = np.array([(np.nan, np.nan) if one is None else tuple(one) for one in found]).T
        lines[name] = BrokenLine(temperatures, loads, errors, min(parting, float(temperatures[-1])))
    return lines


def count_points(p: int) -> int:
    """Return how many points both lines have."""
    return sum(_temperatures(p, name).size for name in NAMES)


def _temperatures(p: int, name: str) -> Floats:
    """Return the temperatures of a line, up to its end."""
    end = highest(p, f"retrieval_{name}") * (1 - 1e-6)
    every = curves.temperatures_for(p, POINTS)
    return np.unique([*every[every < end], min(ManyBody(p).retrieval.furthest, end), end])


@lru_cache(maxsize=1024)
def _load(p: int, name: str, temperature: float) -> Estimate | None:
    """Return the load of a line at a temperature, None where the search for it was lost."""
    try:
        return retrieval_line(p, name, "1rsb")(temperature)
    except (NoSolution, NotConverged):
        return None
