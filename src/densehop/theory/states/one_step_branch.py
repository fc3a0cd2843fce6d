"""The curve of 1RSB states at one temperature, followed from where they are known (docs/theory.md, eq. 33 to 36).

Unknown are the logarithms of B, a0, a1 - a0 and y; the load is explicit, alpha = (a1 - a0)/(the spread of q0, q1), so
that three equations leave a curve. It begins on the AT line, where it leaves the replica-symmetric states with equal
levels, or at T = 0 where the levels are almost equal, and is followed by pseudo-arclength continuation: neither the
load nor the mean field needs to be monotone along it. A step is extrapolated from the last states, corrected by
Newton's method at right angles to it, and halved where it lands too far from where it was expected.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from densehop.base.arrays import Floats
from densehop.errors import NotConverged
from densehop.theory.states import one_step
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.noise import Noise
from densehop.theory.states.one_step import BrokenState, Fields

NUDGE = 1e-6  # of a logarithm, in difference quotients
STEPS = 14  # of Newton's method
TELLING = 1e-8  # of a step: a shorter one changes the equations by little more than rounding
TIGHT = 2e-13  # of the equations' violations
UNITS, PROBE = 1e-15, 1e-6  # rounding of an average, which B and a0 amplify where p is large; how that is measured
SUM_ROUNDING = 4e-16  # of a sum of terms of order one
ROUNDING, TILT_ROUNDING = 1e-14, 2e-15  # of the relative violations: of B, a0 and the load; of y
AVERAGES, SECOND_ORDER = 1e-13, 0.05  # error of averages; share of a correction that may be wrong
STALLED = 50.0  # units of rounding of the equation for y that do for a state, where Newton's method comes no closer
FIRST_STEP, LONGEST_STEP, SHORTEST_STEP = 0.3, 1.0, 1e-5  # along the curve
EXTRAPOLATED = 5  # states that a step is extrapolated from
CLOSE, FAR, ASTRAY = 2e-3, 2e-2, 0.5  # of the corrections: lengthen, shorten, refuse the step (of its length)
MOST_POINTS, LONGEST_CORRECTION = 400, 2.0


class Lost(Exception):
    """Newton's method left the domain or did not settle."""


class Point(NamedTuple):
    """A point of the curve: the logarithms of the fields, the state, and the derivatives of `equations` there."""

    logs: Floats
    state: BrokenState
    jacobian: Floats


class System(NamedTuple):
    """The equations at one temperature."""

    noise: Noise
    temperature: float

    def equations(self, logs: Floats) -> tuple[BrokenState, Floats]:
        """Return the state in these fields and, each zero at a solution but the last, (for B, for a0, for y, log load).

        Where the levels q0, q1 are close, the equations for y and for a1 - a0 are one to leading order; since the load
        is eliminated by the latter, what is left of the former is of second order, and divided by it.
        """
        if not np.isfinite(logs).all() or np.abs(logs).max() > 600:
            raise Lost("out of the domain")
        fields = Fields(*(math.exp(value) for value in logs))
        try:
            spin, order = one_step.averages(fields, self.temperature)
            load = fields.added / self.noise.spread(order)[1]
            violated = one_step.violations(self.noise, load, fields, spin, order)
            small = order.gap * share(order.gap, order.susceptibility, self.temperature)
            values = np.array(
                [violated[0], 1 - 1 / math.sqrt(1 + violated[1]), violated[3] / small, math.log(load)]
            )  # where p = 2 is soft, variances are the inverse square of what varies
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise Lost("out of the domain") from error
        if not np.isfinite(values).all() or fields.tilt**2 * fields.added > one_step.LARGEST_REACH:
            raise Lost("out of the domain")
        return BrokenState(load, fields, spin, order, float(np.abs(violated).max())), values

    def derivatives(self, logs: Floats, values: Floats, noise: float = 0.0) -> Floats:
        """Return the derivatives of the equations by the logarithms, by differences, (4, 4).

        `noise` is that of the equation for y, which needs longer differences than the others.
        """
        nudge = math.sqrt(noise)
        derivatives = self._differences(logs, values, NUDGE)
        if nudge > NUDGE:
            derivatives[2] = self._differences(logs, values, nudge)[2]
        return derivatives

    def _differences(self, logs: Floats, values: Floats, nudge: float) -> Floats:
        """Return the difference quotients of the equations by the logarithms, (4, 4)."""
        columns = [(self.equations(logs + step)[1] - values) / nudge for step in nudge * np.eye(4)]
        return np.stack(columns, axis=1)


def rounding(state: BrokenState, temperature: float) -> float:
    """Return the rounding of the equation for y, which grows as the levels approach each other."""
    order = state.order
    return TILT_ROUNDING / (order.gap * share(order.gap, order.susceptibility, temperature))


def resolution(system: System, state: BrokenState) -> float:
    """Return how closely the equations can hold: B and a0 amplify the rounding of averages, as powers of these."""
    order, noise, load = state.order, system.noise, state.load
    less = order._replace(overlap=order.overlap * (1 - PROBE), outer=order.outer * (1 - PROBE))
    by_mean = math.log(noise.mean(order, load) / noise.mean(less, load)) if order.overlap > 0 else 0.0
    by_outer = math.log(noise.spread(order)[0] / noise.spread(less)[0])
    small = SUM_ROUNDING / order.overlap if order.overlap > 0 else 0.0  # an overlap is a sum of two signs
    return max(TIGHT, UNITS * max(abs(by_mean), abs(by_outer)) / PROBE, small)


def share(gap: float, susceptibility: float, temperature: float) -> float:
    """Return (q1 - q0)/(1 - q0), the share of the levels' difference."""
    return gap / (temperature * susceptibility + gap)


# --- one state --------------------------------------------------------------------------------------------------------


def corrected(
    system: System, guess: Floats, across: Floats, jacobian: Floats | None = None, log_load: float | None = None
) -> Point:
    """Return the state that Newton's method (with Broyden's updates) reaches from a guess, at right angles to `across`.

    With `log_load`, the state of that load instead.
    """
    logs = guess.copy()
    state, values = system.equations(logs)
    heard = _heard(values, state, system.temperature)
    fresh, tight = jacobian is None, resolution(system, state)
    if jacobian is None:
        jacobian = system.derivatives(logs, values, rounding(state, system.temperature))
    derivatives = jacobian
    for _ in range(STEPS):
        last = derivatives[3] if log_load is not None else across
        missing = float(values[3] - log_load if log_load is not None else across @ (logs - guess))
        try:
            step = -np.linalg.solve(np.vstack([derivatives[:3], last]), np.append(heard[:3], missing))
        except np.linalg.LinAlgError as error:
            raise Lost("singular") from error
        if not np.isfinite(step).all() or np.abs(step).max() > LONGEST_CORRECTION:
            raise Lost("too long a correction")
        before, size = heard, _size(values, missing, state, system.temperature)
        logs = logs + step
        state, values = system.equations(logs)
        heard = _heard(values, state, system.temperature)
        if np.abs(step).max() > TELLING:
            derivatives = derivatives + np.outer(heard - before - derivatives @ step, step) / (step @ step)
        missing = float(values[3]) - log_load if log_load is not None else 0.0
        new_size = _size(values, missing, state, system.temperature)
        if new_size < tight or (fresh and _size(values, missing, state, system.temperature, STALLED) < tight):
            return Point(logs, state, derivatives)
        if new_size > 0.3 * size:
            if fresh and new_size > size:
                raise Lost("Newton's method does not settle")
            derivatives = system.derivatives(logs, values, rounding(state, system.temperature))
            fresh = True
        else:
            fresh = False
    raise Lost("Newton's method does not settle")


def _heard(values: Floats, state: BrokenState, temperature: float) -> Floats:
    """Return the violations with that of the equation for y as far as it exceeds its rounding, which leads nowhere."""
    heard = values.copy()
    heard[2] = math.copysign(max(abs(values[2]) - rounding(state, temperature), 0.0), values[2])
    return heard


def _size(values: Floats, missing: float, state: BrokenState, temperature: float, units: float = 1.0) -> float:
    """Return the largest violation; that of the equation for y counts beyond some units of its rounding alone."""
    by_mean, by_outer, by_tilt = (abs(float(value)) for value in values[:3])
    return max(by_mean, by_outer, by_tilt - units * rounding(state, temperature), abs(missing))


MEAN, OUTER, ADDED, TILT = np.eye(4)  # directions: corrections at right angles to them keep B, a0, a1 - a0 or y


# --- along the curve --------------------------------------------------------------------------------------------------


def followed(system: System, first: Point, toward: Floats, leave: Callable[[list[Point]], bool]) -> tuple[Point, ...]:
    """Return states along the curve from the first one in a direction, until `leave` says so."""
    points, lengths, step, tangent = [first], [0.0], FIRST_STEP, _tangent(system, first, toward)
    while not leave(points):
        if len(points) == MOST_POINTS:
            raise NotConverged(_end_of(points))
        guess = _extrapolated(points, lengths, step) if len(points) > 1 else first.logs + step * tangent
        tangent = (guess - points[-1].logs) / np.linalg.norm(guess - points[-1].logs)
        try:
            point = corrected(system, guess, tangent, points[-1].jacobian)
            missed = float(np.linalg.norm(point.logs - guess))
            if missed > ASTRAY * step:
                raise Lost("another branch")
        except Lost as lost:
            step /= 2
            if step < SHORTEST_STEP:
                raise NotConverged(_end_of(points)) from lost
            continue
        lengths.append(lengths[-1] + float(np.linalg.norm(point.logs - points[-1].logs)))
        points.append(point)
        step = min(1.6 * step, LONGEST_STEP) if missed < CLOSE else 0.7 * step if missed > FAR else step
    return tuple(points)


def _tangent(system: System, point: Point, toward: Floats) -> Floats:
    """Return the curve's unit tangent on the side of a direction."""
    state, values = system.equations(point.logs)
    exact = system.derivatives(point.logs, values, rounding(state, system.temperature))
    tangent = np.linalg.solve(np.vstack([exact[:3], toward]), [0.0, 0.0, 0.0, 1.0])
    result: Floats = tangent / np.linalg.norm(tangent)
    return result


def _end_of(points: list[Point]) -> str:
    """Say how far the curve was followed."""
    last = points[-1].state
    return (
        f"the 1RSB states could not be followed beyond load = {last.load:.6g} (mean field {last.fields.mean:.6g}); "
        "whether there are more is not known"
    )


def _extrapolated(points: list[Point], lengths: list[float], step: float) -> Floats:
    """Return the polynomial through the last points, a step further along the curve."""
    nodes = np.array(lengths[-EXTRAPOLATED:])
    ahead = lengths[-1] + step
    weights = [np.prod((ahead - np.delete(nodes, k)) / (nodes[k] - np.delete(nodes, k))) for k in range(nodes.size)]
    result: Floats = np.array(weights) @ np.array([point.logs for point in points[-EXTRAPOLATED:]])
    return result


def moved(system: System, near: Point, axis: int, value: float, halvings: int = 8) -> Point:
    """Return the state where one logarithm (0: B, 1: a0, 2: a1 - a0, 3: y) has a value, close to a known state."""
    fixed = np.eye(4)[axis]
    along = np.linalg.solve(np.vstack([near.jacobian[:3], fixed]), [0.0, 0.0, 0.0, 1.0])
    guess = near.logs + (value - near.logs[axis]) * along
    for jacobian in (near.jacobian, None):
        try:
            return corrected(system, guess, fixed, jacobian)
        except Lost:
            continue
    if halvings == 0:
        raise NotConverged(f"no 1RSB state found close to load = {near.state.load:.6g}")
    half = moved(system, near, axis, (value + float(near.logs[axis])) / 2, halvings - 1)
    return moved(system, half, axis, value, halvings - 1)


def where(
    system: System, left: Point, right: Point, function: Callable[[Point], float], accuracy: float = 1e-14
) -> Point:
    """Return the point between two points of the curve at which a function of the point vanishes."""
    left_value, right_value = function(left), function(right)
    if left_value == 0 or right_value == 0:
        return left if left_value == 0 else right
    axis = int(np.abs(right.logs - left.logs).argmax())
    known = [left, right]

    def closest(value: float) -> Point:
        return min(known, key=lambda point: abs(point.logs[axis] - value))

    def value_at(value: float) -> float:
        if value in (left.logs[axis], right.logs[axis]):
            return left_value if value == left.logs[axis] else right_value
        known.append(moved(system, closest(value), axis, value))
        return function(known[-1])

    return closest(float(brentq(value_at, float(left.logs[axis]), float(right.logs[axis]), xtol=accuracy, rtol=1e-15)))


def highest(system: System, left: Point, top: Point, right: Point, accuracy: float = 1e-7) -> Point:
    """Return the state of largest load between two points of the curve, with a point between them that lies higher.

    `accuracy` is that of a logarithm, on which the load depends by its square.
    """
    axis = int(np.abs(right.logs - left.logs).argmax())
    known = [left, top, right]

    def depth(value: float) -> float:
        known.append(moved(system, min(known, key=lambda point: abs(point.logs[axis] - value)), axis, value))
        return -known[-1].state.load

    ends = sorted((float(left.logs[axis]), float(right.logs[axis])))
    minimize_scalar(depth, bounds=ends, method="bounded", options={"xatol": accuracy})
    return max(known, key=lambda point: point.state.load)


def load_of(system: System, point: Point) -> Estimate:
    """Return the load at this mean field, with what is left of the violations taken off to first order.

    A largest load is found by comparing loads that are off by what `resolution` leaves, and is itself off by no more.
    """
    state, values = system.equations(point.logs)
    blur = rounding(state, system.temperature)
    exact = system.derivatives(point.logs, values, blur)
    response = np.linalg.solve(np.vstack([exact[:3], MEAN]).T, exact[3])[:3]
    off = 2 * resolution(system, state) + SECOND_ORDER * np.abs(values[:3]) + np.array([AVERAGES, AVERAGES, 2 * blur])
    value = state.load * (1 - float(response @ values[:3]))
    return Estimate(value, state.load * (float(np.abs(response) @ off) + ROUNDING))
