"""The lines of p = 2 in every plane, of the direct model and of the planted one (docs/theory.md, eq. 78 to 88)."""

import math
from functools import partial

import numpy as np

from densehop.errors import InvalidInput, NoSolution
from densehop.theory.lines.planes import Plane
from densehop.theory.lines.points import Point, Wanted, at_each
from densehop.theory.lines.retrieval import Line
from densehop.theory.models import nishimori
from densehop.theory.models.pairwise import curves as pairwise_curves
from densehop.theory.models.pairwise import states as pairwise
from densehop.theory.models.pairwise.model import Inference
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import broken_curve
from densehop.theory.states.estimate import Estimate

FEWER_POINTS, HOTTEST_GLASS = 31, 1.9  # of the line against the 1RSB glass, where T is not given
CONTINUOUS = ("inference_spinodal", "inference_global")  # one line: inference begins continuously
INFERENCE = (*CONTINUOUS, "inference_stability")


def trace(where: Plane, kind: str, curve: Line, wanted: Wanted, *, broken: bool) -> list[Point]:
    """Return the points of a line; `curve` is the line itself if it is one of retrieval."""
    line = _line(where, kind, curve, broken)
    points, hottest = wanted.points, 2.0 if kind.startswith("retrieval") else wanted.highest
    if kind == "retrieval_global":  # each point has a 1RSB glass to beat: a third of a second
        points, hottest = min(points, FEWER_POINTS), HOTTEST_GLASS
    rising = (1 - np.cos(np.linspace(0, math.pi, points))) / 2
    temperatures = wanted.at(1e-3 + (hottest * (1 - 1e-9) - 1e-3) * rising)

    def point(temperature: float) -> Point:
        value, error = line(temperature)
        return Point(value, temperature, error)

    return at_each(temperatures, point, wanted)


def _line(where: Plane, kind: str, retrieval: Line, broken: bool) -> Line:
    """Return a line's coordinate as a function of T."""
    if where.axis == "alpha" and kind.startswith("retrieval"):
        return retrieval
    if where.axis == "alpha" and kind == "glass_static":
        return _glass_load
    if where.model == "nishimori" and kind in CONTINUOUS:
        return lambda t: Estimate(2 * nishimori.pairwise_critical_load(t), 0.0)
    if where.model == "fixed_load" and kind in CONTINUOUS and where.value is not None:
        load = where.value
        return lambda t: teacher_temperature_at(load, t)
    if where.model == "fixed_teacher" and kind in INFERENCE and where.value is not None:
        if where.value <= 2:
            raise InvalidInput(f"teacher_temperature must exceed 2, where the teacher orders, got {where.value:g}")
        branch = Inference(WishartNoise(contrast=2 / (where.value - 2)))
        if broken and kind in CONTINUOUS:
            return partial(broken_curve.end_load, branch)
        return branch.symmetric_end if kind in CONTINUOUS else branch.stability_load
    raise InvalidInput(f"p = 2, model '{where.model}' has no line '{kind}'")


def teacher_temperature_at(load: float, temperature: float) -> Estimate:
    """Return the T* below which a student at T infers the pattern, explicitly (docs/theory.md, eq. 86 and 87)."""
    if temperature**2 - 4 * temperature + 4 >= 2 * load and temperature > 2:  # T >= T*, out of the paramagnet
        value = 2 + 2 * load / (temperature - 2)
        return Estimate(value, 4e-16 * value)
    state = pairwise.spin_glass(load, temperature)
    stiff = pairwise_curves.stiffness(state.site, temperature)
    contrast = 2 * state.site.square / (state.variance * stiff * state.site.susceptibility)
    value = 2 + 2 / contrast
    return Estimate(value, 1e-13 * value)


def _glass_load(temperature: float) -> Estimate:
    """Return the load at which T = T_g = 2 (1 + sqrt(load/2)), for T >= 2."""
    if temperature < 2:
        raise NoSolution("the spin glass of p = 2 reaches load 0 at T = 2")
    return Estimate(2 * (temperature / 2 - 1) ** 2, 0.0)
