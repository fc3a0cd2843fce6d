"""The inputs that an attack of a given size may use, in the L-infinity or the L2 norm."""

from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Reals
from densehop.errors import InvalidInput

NORMS = ("linf", "l2")


@dataclass(frozen=True)
class Ball:
    """The inputs that an attack may use: within `size` of the original in a norm, and within the range [low, high].

    `size` is a fraction of the range; in "l2" it bounds the root of the summed squares of these fractions.
    """

    norm: str
    size: float
    low: float
    high: float

    def __post_init__(self) -> None:
        checks.choice("norm", self.norm, NORMS)
        checks.number("size", self.size, zero_allowed=True)
        if not -np.inf < self.low < self.high < np.inf:
            raise InvalidInput(f"data_range must be finite with low < high, got {self.low:g} and {self.high:g}")

    @property
    def radius(self) -> float:
        """The size in the units of the data."""
        return self.size * (self.high - self.low)

    def project(self, inputs: Reals, original: Reals) -> Reals:
        """Return the inputs brought back into the ball and the range."""
        moved = inputs - original
        if self.norm == "linf":
            moved = np.clip(moved, -self.radius, self.radius)
        else:
            length = np.linalg.norm(moved, axis=1, keepdims=True)
            moved = moved * np.minimum(1, self.radius / np.maximum(length, 1e-30))
        return np.clip(original + moved, self.low, self.high)

    def direction(self, gradient: Reals) -> Reals:
        """Return the step of unit size that a gradient asks for."""
        if self.norm == "linf":
            signs: Reals = np.sign(gradient)
            return signs
        unit: Reals = gradient / np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), 1e-30)
        return unit

    def inside(self, original: Reals, random: np.random.Generator) -> Reals:
        """Return a random input of the ball for each original."""
        if self.norm == "linf":
            moved = random.uniform(-self.radius, self.radius, original.shape).astype(original.dtype)
        else:
            moved = random.standard_normal(original.shape).astype(original.dtype)
            moved = moved * self.radius / np.linalg.norm(moved, axis=1, keepdims=True)
        return self.project(original + moved, original)
