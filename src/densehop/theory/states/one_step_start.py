"""Where the curve of 1RSB states begins: on the AT line, or at T = 0 where levels hardly differ (eq. 30 and 38)."""

import math

import numpy as np
from scipy.optimize import root

from densehop.base.arrays import Floats
from densehop.theory.states import one_step
from densehop.theory.states.noise import Noise
from densehop.theory.states.one_step import BrokenState, Fields
from densehop.theory.states.one_step_branch import ADDED, ROUNDING, TILT_ROUNDING, Lost, Point, System, corrected, share
from densehop.theory.states.site import Site

WIDTH, REACH = 0.727038, 1.054330  # of a state with almost equal levels at T = 0, see `almost_equal`
ITERATIONS = 300  # each halves the distance, and less near the AT line
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


def almost_equal(system: System, load: float, mean: float, variance: float, here: Site) -> BrokenState:
    """Return a state at T = 0, or close to it, whose levels are almost equal, next to a replica-symmetric state.

    Only spins in fields near 0 differ between its states, and the density of fields there, chi/2, is all that counts:
    the inner deviation is a number times chi times the noise's response, and y another number over the deviation. At
    T > 0 it is exact where the deviation is much larger than T, and on the AT line x is 1/2.
    """
    deviation = WIDTH * one_step.response(system.noise, load, here) * here.susceptibility
    tilt = 1 / (deviation / REACH + 2 * system.temperature)
    return iterated(system, load, Fields(mean, variance - deviation**2, deviation**2, tilt))


def at_tilt(system: System, load: float, guess: Floats) -> BrokenState:
    """Return the state of a load at the guess's y, for levels so close that the equation for y is lost in rounding."""

    def fields_of(logs: Floats) -> Fields:
        return Fields(math.exp(logs[0]), math.exp(logs[1]), math.exp(logs[2]), math.exp(guess[3]))

    def violated(fields: Fields) -> tuple[BrokenState, Floats]:
        here, order = one_step.averages(fields, system.temperature)
        values = one_step.violations(system.noise, load, fields, here, order)
        return BrokenState(load, fields, here, order, float(np.abs(values).max())), values

    def equations(logs: Floats) -> Floats:
        try:
            state, values = violated(fields_of(logs))
        except (ValueError, ZeroDivisionError, OverflowError):
            return np.full(3, 1e3)
        size = share(state.order.gap, state.order.susceptibility, system.temperature)
        return np.array([values[0], values[1], values[2] / size])

    return violated(fields_of(root(equations, guess[:3], method="hybr", options={"xtol": 1e-13}).x))[0]


def iterated(system: System, load: float, fields: Fields) -> BrokenState:
    """Return the state of a load whose levels hardly differ, by iteration of the equations for B, a0 and a1 - a0.

    There y follows from the inner deviation (see `almost_equal`), and the equation for it is lost in rounding.
    """
    for _ in range(ITERATIONS):
        here, order = one_step.averages(fields, system.temperature)
        outer, added = (load * value for value in system.noise.spread(order))
        moved = abs(added / fields.added - 1)
        tilt = 1 / (math.sqrt(added) / REACH + 2 * system.temperature)
        fields = Fields(system.noise.mean(order, load), outer, added, tilt)
        if moved < ROUNDING:
            break
    here, order = one_step.averages(fields, system.temperature)
    violated = one_step.violations(system.noise, load, fields, here, order)
    return BrokenState(load, fields, here, order, float(np.abs(violated).max()))


def difference(noise: Noise, load: float, here: Site) -> float:
    """Return about how far the levels of the 1RSB state at T = 0 differ, 1 - q0, where it is little."""
    return one_step.response(noise, load, here) * here.susceptibility**2
