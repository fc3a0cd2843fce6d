"""Where the curve of 1RSB states of two-body inference ends: its mean field vanishes (docs/theory.md, eq. 87)."""

import math

import numpy as np

from densehop.errors import NotConverged
from densehop.theory.states import one_step_branch
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.one_step_branch import Lost, Point, System

FADED, NEARER = 1e-3, 3.0  # mean field over the field's deviation, to which the curve is followed; and a state beyond
STEPS = 8  # to the state of a load, from that of a mean field
WITHIN = 1e-11  # relative, of a load


def has_faded(points: list[Point], temperature: float) -> bool:
    """Whether the mean field of inference has vanished to leading order, or x passed 1."""
    fields = points[-1].state.fields
    return fields.mean < FADED * math.sqrt(fields.outer) or fields.tilt * temperature > 1


def with_onset(system: System, points: tuple[Point, ...]) -> tuple[tuple[Point, ...], Estimate]:
    """Return the states and one more, and the load at which the mean field vanishes.

    Close to it the load grows as the field's square. A parabola in the square passes through the last three states;
    its distance from a line through two is the error.
    """
    last = points[-1]
    if last.state.fields.tilt * system.temperature > 1:
        raise NotConverged("the 1RSB states of inference reach x = 1 before their onset")
    points = (*points, one_step_branch.moved(system, last, 0, last.logs[0] - math.log(NEARER)))
    squares = np.array([point.state.fields.mean for point in points[-3:]]) ** 2
    loads = [one_step_branch.load_of(system, point) for point in points[-3:]]
    third, second, first = (load.value for load in loads)
    # Neville's scheme at mean field 0: a line through each of two pairs, and the parabola through all three.
    line = first - (second - first) / (squares[1] - squares[2]) * squares[2]
    further = first - (third - first) / (squares[0] - squares[2]) * squares[2]
    parabola = line - (further - line) / (squares[0] - squares[1]) * squares[1]
    error = float(abs(parabola - line)) + 2 * max(load.error for load in loads)
    return points, Estimate(float(parabola), error)


def near(system: System, points: tuple[Point, ...], onset: float, load: float) -> Point:
    """Return an inference state whose mean field almost vanishes: load, variances and y are linear in its square."""
    before, last = points[-2:]
    weight = (last.state.fields.mean / before.state.fields.mean) ** 2
    bare = (last.logs - weight * before.logs) / (1 - weight)
    rise = last.state.load - onset
    part = (load - onset) / rise
    for _ in range(STEPS):
        logs = bare + part * (last.logs - bare)
        logs[0] = last.logs[0] + math.log(part) / 2
        try:
            point = one_step_branch.corrected(system, logs, one_step_branch.MEAN, last.jacobian)
        except Lost:  # an overlap that is nearly rounding
            return Point(logs, system.equations(logs)[0], last.jacobian)
        missing = load - point.state.load
        if abs(missing) < WITHIN * load:
            break
        part = max(part + missing / rise, part / 2)
    return point
