"""Student's t: error bars of a mean of few independent values that cover at their nominal rate."""

import math

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.errors import InvalidInput

ONE_SIGMA = math.erf(math.sqrt(0.5))  # the probability that mean +- error covers


def quantile(level: float, freedom: int) -> float:
    """Return how many standard errors on either side hold a share `level` of Student's t; nan without freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 (slow, and every network would wait for it)

    return float(stdtrit(freedom, (1 + level) / 2)) if freedom > 0 else math.nan


def width(error: Floats, freedom: int, level: float) -> Floats:
    """Return the half-width of an interval that covers with probability `level`, from errors that cover 68.3 %.

    Raises
    ------
    InvalidInput
        If the level is not between 0 and 1.
    """
    if not 0 < checks.number("level", level) < 1:
        raise InvalidInput(f"level must be between 0 and 1, got {level:g}")
    return error * (quantile(level, freedom) / quantile(ONE_SIGMA, freedom))
