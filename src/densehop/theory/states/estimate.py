"""A number with its error."""

from typing import NamedTuple


class Estimate(NamedTuple):
    """A number and how far it may be off: rounding, and residual over slope where it is a root."""

    value: float
    error: float
