"""Where the curve of 1RSB states begins: on the AT line, or at T = 0 where levels hardly differ (eq. 30 and 38)."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq, root

from densehop.base.arrays import Floats
from densehop.theory.states import one_step
from densehop.theory.states.noise import Noise
from densehop.theory.states.one_step import BrokenState, Fields
from densehop.theory.states.one_step_branch import ADDED, TILT_ROUNDING, Lost, Point, System, corrected, share
from densehop.theory.states.site import Site
from densehop.theory.states.tilted_site import flat_average

# Of a state with almost equal levels: its inner deviation gives y, and y the deviation.
MOST_ROUNDS, SETTLED = 5, 1e-11
HOTTEST = 100.0  # T over the inner deviation: beyond, x is 1/2 to 1e-5
NARROW, WIDE = 0.05, 0.6  # inner deviation over T, where the curve begins on the AT line
LEGIBLE = 1e-7  # rounding that may be left in the equation for y there


def from_stability_line(system: System, mean: float, variance: float, square: float) -> Point:
    """Return the first state beyond the AT line, on which the replica-symmetric fields are (mean, variance).

    y is where its equation holds at a small split of the variance, nearly linear in y; q is the replica-symmetric one.
    """
    t = system.temperature
    narrow = math.sqrt(2 * math.sqrt(TILT_ROUNDING / LEGIBLE / max(1 - square, 1e-16)))
    added = min(min(max(narrow, NARROW), WIDE) * t, NARROW * math.sqrt(variance)) ** 2

    def logs_at(y: float) -> Floats:
        return np.log([mean, variance - added / 2, added, y])

    tilts = (0.3 / t, 0.6 / t)
    low, high = (float(system.equations(logs_at(y))[1][2]) for y in tilts)
    y = tilts[0] - low * (tilts[1] - tilts[0]) / (high - low)
    if not 0 < y * t < 2:
        raise Lost("no Parisi parameter on the AT line")
    return corrected(system, logs_at(y), ADDED)


def almost_equal(system: System, load: float, mean: float, variance: float, spin: Site) -> BrokenState:
    """Return a state whose levels are almost equal, next to a replica-symmetric one with fields of this variance.

    Only spins in fields near 0 differ between its states, if T is small. The density of fields there, chi/2, is then
    all that counts: the inner deviation and y follow from it and the noise's response (docs/theory.md, eq. 38).
    """
    amount, t = one_step.response(system.noise, load, spin) * spin.susceptibility / 2, system.temperature
    deviation = _deviation(amount, t)
    logs = np.log([mean, max(variance - deviation**2, variance / 2), deviation**2, 1.0])
    return at_law(system, load, logs, lambda added: _tilt(t / math.sqrt(added)) / math.sqrt(added))


def _deviation(amount: float, temperature: float) -> float:
    """Return the inner deviation s = amount * gap(T/s) of almost equal levels; a small one where they are equal."""
    if temperature == 0:
        return amount * flat_average(_tilt(0.0), 0.0).gap

    def excess(log_hot: float) -> float:
        hot = math.exp(log_hot)  # T over the deviation
        return amount * hot * flat_average(_tilt(hot), hot).gap - temperature

    low, high = math.log(min(HOTTEST, temperature / amount / 2)), math.log(HOTTEST)
    if excess(low) >= 0:  # nothing is left of T
        return temperature / math.exp(low)
    return temperature / math.exp(brentq(excess, low, high, xtol=1e-6) if excess(high) > 0 else high)


@lru_cache(maxsize=4096)
def _tilt(hot: float) -> float:
    """Return y times the inner deviation of almost equal levels, where T is `hot` times it; on the AT line x is 1/2."""
    if hot >= HOTTEST:
        return 1 / (2 * hot)
    low, high = 1 / (2.0 + 3 * hot), 1 / (0.5 + 1.2 * hot)
    return float(brentq(lambda tilt: flat_average(tilt, hot).stationarity, low, high, xtol=1e-14))


def at_law(system: System, load: float, guess: Floats, tilt: Callable[[float], float]) -> BrokenState:
    """Return the state of a load at which y is a function of the inner variance."""
    logs = guess.copy()
    for number in range(MOST_ROUNDS):
        logs[3] = math.log(tilt(math.exp(logs[2])))
        near = at_tilt(system, load, logs)
        if number > 0 and near.residual < SETTLED:
            break
        logs = np.log(near.fields)
    return near


def at_tilt(system: System, load: float, guess: Floats) -> BrokenState:
    """Return the state of a load at the guess's y, for levels so close that the equation for y is lost in rounding."""

    def fields_of(logs: Floats) -> Fields:
        return Fields(math.exp(logs[0]), math.exp(logs[1]), math.exp(logs[2]), math.exp(guess[3]))

    def violated(fields: Fields) -> tuple[BrokenState, Floats]:
        spin, order = one_step.averages(fields, system.temperature)
        values = one_step.violations(system.noise, load, fields, spin, order)
        return BrokenState(load, fields, spin, order, float(np.abs(values).max())), values

    def equations(logs: Floats) -> Floats:
        try:
            state, values = violated(fields_of(logs))
        except (ValueError, ZeroDivisionError, OverflowError):
            return np.full(3, 1e3)
        size = share(state.order.gap, state.order.susceptibility, system.temperature)
        return np.array([values[0], values[1], values[2] / size])

    return violated(fields_of(root(equations, guess[:3], method="hybr", options={"xtol": 1e-13}).x))[0]


def difference(noise: Noise, load: float, spin: Site) -> float:
    """Return about how far the levels of the 1RSB state at T = 0 differ, 1 - q0, where it is little."""
    return one_step.response(noise, load, spin) * spin.susceptibility**2
