"""A line of a table of speeds: what was asked, what some rounds measured, and whether that is enough."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WIDTH = 74


@dataclass(frozen=True)
class Row:
    """A quantity, its target (None: none was set), and its values in rounds that alternate with what it is compared to.

    A ratio is good from the target on; with `at_most` the value is a time or a cost, which is good up to the target.
    """

    name: str
    asked: float | None
    values: Sequence[float] | np.ndarray
    at_most: bool = False

    @property
    def median(self) -> float:
        return float(np.median(self.values))

    @property
    def verdict(self) -> str:
        """Met or missed by the median; `open` where the rounds lie on both sides of the target."""
        if self.asked is None:
            return ""
        sign = -1 if self.at_most else 1
        good = sign * np.asarray(self.values) >= sign * self.asked
        word = "met" if sign * self.median >= sign * self.asked else "MISSED"
        return word if good.all() or not good.any() else f"{word}, open"

    def __str__(self) -> str:
        asked = "" if self.asked is None else f"{'<=' if self.at_most else '>='} {self.asked:g}"
        spread = f"{min(self.values):.3g} to {max(self.values):.3g}"
        return f"  {self.name:{WIDTH}} {asked:>8} {self.median:9.3g}  {spread:18} {self.verdict}"


def heading() -> str:
    """Return the heading of the columns.

    The lowest and the highest of n rounds hold the true median with probability 1 - 2^(1 - n): 94% for five.
    """
    return f"  {'':{WIDTH}} {'target':>8} {'median':>9}  {'lowest to highest':18}"
