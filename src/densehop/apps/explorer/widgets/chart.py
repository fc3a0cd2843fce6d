"""Charts as plain data: lines and dots over two axes. `canvas` shows them on the screen, `export` writes files."""

from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats
from densehop.plot.style import BLUE


@dataclass(frozen=True)
class Line:
    """A line; nan breaks it."""

    label: str
    x: Floats
    y: Floats
    colour: str = "black"
    dash: str = "solid"
    width: float = 1.6


@dataclass(frozen=True)
class Dots:
    """Dots, with error bars or without."""

    label: str
    x: Floats
    y: Floats
    error: Floats | None = None
    colour: str = BLUE


@dataclass(frozen=True)
class Chart:
    """Lines and dots over common axes."""

    x_label: str
    y_label: str
    lines: tuple[Line, ...] = ()
    dots: tuple[Dots, ...] = ()
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None

    @property
    def layout(self) -> tuple[object, ...]:
        """Everything but the numbers; a canvas can show another chart only if this is the same."""
        lines = tuple((line.label, line.colour, line.dash, line.width) for line in self.lines)
        return lines, tuple((dots.label, dots.colour, dots.error is None) for dots in self.dots)


def padded_range(*series: Floats, default: tuple[float, float] = (-1.0, 0.0)) -> tuple[float, float]:
    """Return limits a little wider than all finite values of some series; `default` where there are none."""
    known = np.concatenate([one[np.isfinite(one)].ravel() for one in map(np.asarray, series)])
    if not known.size:
        return default
    padding = 0.08 * max(float(np.ptp(known)), 0.02)
    return float(known.min()) - padding, float(known.max()) + padding
