"""1RSB states of finite overlap: retrieval for every p, inference for p = 2 (docs/theory.md, eq. 33 to 36, 71 to 77).

At each temperature they lie on one curve, followed once from where it leaves the replica-symmetric states (the AT line)
or from where the two hardly differ (T = 0). Retrieval ends at its largest load; at low T that is much more than replica
symmetry allows: at p = 3, T = 0 it is 0.9224 instead of 0.7566. Inference of p = 2 ends where its mean field vanishes.
"""

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import brentq

from densehop.base.arrays import Floats
from densehop.errors import NoSolution, NotConverged
from densehop.theory.states import one_step, one_step_branch, one_step_onset, one_step_start
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.one_step import BrokenState
from densehop.theory.states.one_step_branch import Lost, Point, System

if TYPE_CHECKING:
    from densehop.theory.states.model import OrderedBranch

COLD = 2e-7  # of 1 - q on the AT line: below, the curve is begun as at T = 0
ALMOST_EQUAL = 1e-5  # of 1 - q0, where the curve begins at T = 0
BEYOND = 0.98  # of the largest load: how far retrieval is followed past it; 0.4 gives the same ends
MERGED, FADING = 1.2e-9, 2e-5  # relative distance in load of the AT line from the end, below which they are one
WITHIN = 1e-11  # relative: loads closer to an end belong to it
ILLEGIBLE = 1e-5  # rounding of the equation for y, beyond which it is not used
SMALLEST_SPLIT = 1e-9  # (q1 - q0) times its share of 1 - q0


class Curve(NamedTuple):
    """The 1RSB states of a kind at a temperature, from the strongest on; the replica-symmetric ones end at `parting`.

    end: the state of largest load, for retrieval; the load at which the mean field vanishes is `onset`, for inference.
    """

    system: System
    parting: float
    start: Floats | None
    points: tuple[Point, ...]
    end: Point
    onset: Estimate


@lru_cache(maxsize=1024)
def curve(branch: "OrderedBranch", temperature: float) -> Curve | None:
    """Return the 1RSB states at a temperature; None where replica symmetry is stable wherever the state exists."""
    system = System(branch.noise, temperature)
    parting = _parting(branch, temperature)
    if parting is None:
        return None
    try:
        return _followed(branch, system, parting)
    except Lost as lost:
        raise NotConverged(
            f"the first 1RSB state of {branch.name} at T = {temperature:.10g} was not found; try a nearby temperature"
        ) from lost


def _parting(branch: "OrderedBranch", temperature: float) -> float | None:
    """Return the load of the AT line, nan at T = 0; None where it does not exist or cannot be told from the end."""
    if temperature == 0:
        return math.nan
    try:
        parting = branch.stability_load(temperature).value
    except NoSolution:
        return None
    return parting if _distance(branch, parting, temperature) > (FADING if branch.fades else MERGED) else None


def _distance(branch: "OrderedBranch", parting: float, temperature: float) -> float:
    """Return the relative distance in load of the AT line from the end of the replica-symmetric states."""
    end = branch.symmetric_end(temperature).value
    return abs(end - parting) / end


def unresolved(branch: "OrderedBranch", temperature: float) -> float:
    """Return how far breaking may move an end that lies too close to the AT line to tell."""
    if curve(branch, temperature) is not None:
        return 0.0
    try:
        return abs(branch.stability_load(temperature).value - branch.symmetric_end(temperature).value)
    except NoSolution:
        return 0.0


def _followed(branch: "OrderedBranch", system: System, parting: float) -> Curve:
    """Follow the curve from its start."""
    t = system.temperature
    state = None if math.isnan(parting) else branch.symmetric(parting, t)
    if state is None or 1 - state.site.square < COLD:
        first, start = _cold_start(branch, system), None
        if state is None:
            parting = math.inf if branch.fades else 0.0
    else:
        first = one_step_start.from_stability_line(system, state.mean, state.variance, state.site.square)
        start = np.log([state.mean, state.variance, first.state.fields.added, first.state.fields.tilt])
    leave = one_step_onset.has_faded if branch.fades else _is_past_its_end
    points = one_step_branch.followed(system, first, one_step_branch.ADDED, lambda point: leave(point, t))
    if branch.fades:
        points, onset = one_step_onset.with_onset(system, points)
        return Curve(system, parting, start, points, points[-1], onset)
    points, end = _with_end(system, points)
    return Curve(system, parting, start, points, end, Estimate(math.nan, math.nan))


def _cold_start(branch: "OrderedBranch", system: System) -> Point:
    """Return a state whose levels are almost equal, where T is 0 or hardly counts."""
    t, noise = system.temperature, system.noise

    def excess(log_load: float) -> float:
        load = math.exp(log_load)
        spin = branch.symmetric(load, t).site
        return math.log(max(one_step_start.difference(noise, load, spin), 1e-300) / ALMOST_EQUAL)

    end = math.log(branch.symmetric_end(t).value)
    inward = 1e-9 if branch.fades else -1e-9
    away = end + (4 if branch.fades else -4)
    while excess(away) > 0:
        away += away - end
    load = math.exp(brentq(excess, end + inward, away, xtol=1e-3))
    state = branch.symmetric(load, t)
    near = one_step_start.almost_equal(system, load, state.mean, state.variance, state.site)
    return one_step_branch.corrected(system, np.log(near.fields), one_step_branch.ADDED)


def _is_past_its_end(points: list[Point], temperature: float) -> bool:
    """Whether retrieval has been followed past its largest load, or x past 1."""
    last = points[-1].state
    return last.load < BEYOND * max(point.state.load for point in points) or last.fields.tilt * temperature > 1


def _with_end(system: System, points: tuple[Point, ...]) -> tuple[tuple[Point, ...], Point]:
    """Return the states up to the one of largest load, and that one."""
    highest = int(np.argmax([point.state.load for point in points]))
    if highest == 0:  # between the AT line and the first state
        back = one_step_branch.followed(
            system, points[0], -one_step_branch.ADDED, lambda found: _is_down(system, found)
        )
        points = (*back[:0:-1], *points)
        highest = int(np.argmax([point.state.load for point in points]))
    if highest == 0:
        return points[:1], points[0]
    if highest == len(points) - 1:  # x reached 1 before
        raise NotConverged("the 1RSB retrieval states reach x = 1 before their largest load")
    end = one_step_branch.highest(system, points[highest - 1], points[highest], points[highest + 1])
    return (*(point for point in points if point.logs[0] > end.logs[0]), end), end


def _is_down(system: System, points: list[Point]) -> bool:
    """Whether the way back to the AT line leads to smaller loads, or the levels can no longer be told apart."""
    order = points[-1].state.order
    split = order.gap * one_step_branch.share(order.gap, order.susceptibility, system.temperature)
    return split < SMALLEST_SPLIT or (len(points) > 1 and points[-1].state.load < points[-2].state.load)


# --- states -----------------------------------------------------------------------------------------------------------


def state(branch: "OrderedBranch", load: float, temperature: float, signal: float = 1.0) -> BrokenState:
    """Return the 1RSB state of largest overlap at a load where replica symmetry is unstable or has no state.

    `signal` is for messages.
    """
    states = curve(branch, temperature)
    if states is None and unresolved(branch, temperature) > 0 and _exists(branch, load, temperature):
        raise NotConverged(
            f"replica symmetry breaks too little to resolve at load = {signal**2 * load:.10g}, "
            f"T = {signal * temperature:.10g}; move away from where the AT line ends, or ask for ansatz='rs'"
        )
    if states is None or _is_missing(branch, states, load):
        raise _no_solution(branch, states, load, temperature, signal)
    point = _at_load(branch, states, load)
    state = point.state
    violated = states.system.noise.spread(state.order)[1] * load / state.fields.added - 1
    return state._replace(load=load, residual=max(state.residual, abs(violated)))


def _exists(branch: "OrderedBranch", load: float, temperature: float) -> bool:
    """Whether there is a replica-symmetric state."""
    end = branch.symmetric_end(temperature).value
    return load > end if branch.fades else load <= end


def _is_missing(branch: "OrderedBranch", states: Curve, load: float) -> bool:
    """Whether a load lies beyond the curve's end."""
    if branch.fades:
        return load <= states.onset.value * (1 + WITHIN)
    return load > states.end.state.load * (1 + WITHIN)


def _no_solution(
    branch: "OrderedBranch", states: Curve | None, load: float, temperature: float, signal: float
) -> NoSolution:
    """Say where the states end."""
    missing = f"no {branch.name} in 1RSB at load = {signal**2 * load:.10g}, T = {signal * temperature:.10g}"
    if branch.fades:
        onset = states.onset.value if states is not None else branch.symmetric_end(temperature).value
        return NoSolution(f"{missing}: it begins continuously at load = {onset:.10g}")
    largest = states.end.state.load if states is not None else branch.symmetric_end(temperature).value
    return NoSolution(f"{missing}: it exists up to {'load' if signal == 1 else 'load/signal^2'} = {largest:.10g}")


def _at_load(branch: "OrderedBranch", states: Curve, load: float) -> Point:
    """Return the state at a load on the curve: between the AT line and the first state, between two, or at its end."""
    system, points, log_load = states.system, states.points, math.log(load)
    sign = -1 if branch.fades else 1  # the strongest states have the smallest loads in retrieval, not in inference
    after = next((k for k, point in enumerate(points) if sign * (point.state.load - load) >= 0), len(points))
    if after == len(points):
        return (
            states.end
            if not branch.fades
            else one_step_onset.near(states.system, states.points, states.onset.value, load)
        )
    if after == 0:
        return before_first(branch, states, load)
    low, high = points[after - 1], points[after]
    weight = (log_load - math.log(low.state.load)) / math.log(high.state.load / low.state.load)
    try:
        point = one_step_branch.corrected(
            system, low.logs + weight * (high.logs - low.logs), one_step_branch.MEAN, low.jacobian, log_load
        )
        if high.logs[0] <= point.logs[0] <= low.logs[0]:
            return point
    except Lost:
        pass
    return one_step_branch.where(system, low, high, lambda point: math.log(point.state.load) - log_load)


def separation(branch: "OrderedBranch", states: Curve, load: float) -> float:
    """Return about how far the levels of a T = 0 state before the first one differ; inf at T > 0, where it matters."""
    if states.start is not None:
        return math.inf
    return one_step_start.difference(states.system.noise, load, branch.symmetric(load, states.system.temperature).site)


def before_first(branch: "OrderedBranch", states: Curve, load: float) -> Point:
    """Return a state whose levels hardly differ, from where it leaves the replica-symmetric ones.

    Closer to these than rounding lets the equation for y be read, y is that of the states further on.
    """
    system, first = states.system, states.points[0]
    try:
        near = _almost_symmetric(branch, states, load)
        legible = one_step_branch.rounding(near, system.temperature) < ILLEGIBLE
        if legible or near.residual > one_step.TOLERANCE:
            return one_step_branch.corrected(system, np.log(near.fields), one_step_branch.MEAN, None, math.log(load))
        return Point(np.log(near.fields), near, first.jacobian)
    except (Lost, ValueError, ZeroDivisionError) as lost:
        raise NotConverged(
            f"the 1RSB state of {branch.name} at load = {load:.10g}, T = {system.temperature:.10g} is too close to the "
            "replica-symmetric one, which is unstable; move away from the AT line"
        ) from lost


def _almost_symmetric(branch: "OrderedBranch", states: Curve, load: float) -> BrokenState:
    """Return a state between the AT line and the curve's first, with y from a law of the other fields."""
    system, first = states.system, states.points[0]
    if states.start is None:
        symmetric = branch.symmetric(load, system.temperature)
        return one_step_start.almost_equal(system, load, symmetric.mean, symmetric.variance, symmetric.site)
    part = max((load - states.parting) / (first.state.load - states.parting), 1e-12)
    guess = states.start + part * (first.logs - states.start)
    guess[2] = first.logs[2] + math.log(part)
    return one_step_start.at_law(system, load, guess, lambda added: _tilt_before(states.points, added))


def _tilt_before(points: tuple[Point, ...], added: float) -> float:
    """Return y at an inner variance below that of the first states, in which it is smooth down to the AT line."""
    known = [point.state.fields for point in points[:3]]
    result = 0.0
    for node in known:
        others = [other.added for other in known if other is not node]
        result += node.tilt * math.prod((added - other) / (node.added - other) for other in others)
    return result


# --- ends -------------------------------------------------------------------------------------------------------------


def end_load(branch: "OrderedBranch", temperature: float) -> Estimate:
    """Return the load at which a branch ends, with one step of breaking where it is needed (eq. 31, 34 and 73)."""
    symmetric, states = branch.symmetric_end(temperature), curve(branch, temperature)
    if states is None:
        return Estimate(symmetric.value, symmetric.error + unresolved(branch, temperature))
    if branch.fades:
        return states.onset
    load = one_step_branch.load_of(states.system, states.end)
    if load.value < symmetric.value - symmetric.error - load.error:
        raise NotConverged(
            f"the 1RSB states were followed to load = {load.value:.10g} only, less than replica symmetry allows"
        )
    return load
