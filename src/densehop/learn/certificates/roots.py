"""Roots of many functions at once: each answer is a point at which the function was seen to be positive."""

from collections.abc import Callable

import numpy as np

from densehop.base.arrays import Floats, Integers

STEPS = 20  # at most, for each function
CLOSE = 1e-4  # to which share of it a root is found

# points (P,) and which functions (P,) -> values (P,)
Gap = Callable[[Floats, Integers], Floats]


def last_positive(gap: Gap, at_zero: Floats, ends: Floats, at_ends: Floats, guesses: Floats) -> Floats:
    """Return points (R,) where functions are positive, close below a root, by regula falsi (Illinois).

    Every third step halves the bracket, in its logarithm where that is finite.

    Parameters
    ----------
    gap : of functions that are positive at 0, `at_zero` (R,), and not at `ends` (R,), where they are `at_ends`
    guesses : (R,), the first places that are tried
    """
    low, high = np.zeros(len(ends)), ends.copy()
    at_low, at_high = at_zero.copy(), at_ends.copy()
    active = np.arange(len(ends))
    for step in range(STEPS):
        a, b, f, g = low[active], high[active], at_low[active], at_high[active]
        with np.errstate(invalid="ignore"):
            tried = guesses[active] if step == 0 else a + (b - a) * f / (f - g)
        inside = (tried > a) & (tried < b) & (step % 3 < 2)
        tried = np.where(inside, tried, np.where(a > 0, np.sqrt(a * b), (a + b) / 2))
        values = gap(tried, active)
        up = values > 0
        low[active], at_low[active] = np.where(up, tried, a), np.where(up, values, f / 2)
        high[active], at_high[active] = np.where(up, b, tried), np.where(up, g / 2, values)
        active = active[high[active] - low[active] > CLOSE * high[active]]
        if not len(active):
            break
    return low
