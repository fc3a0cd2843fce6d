"""One step of replica symmetry breaking for any noise, with or without a mean field (docs/theory.md, eq. 33 to 36).

Unknown are the mean field B, the variance a0 that states share, what a1 adds to it inside a state, and y = x/T.
A start comes from the replica-symmetric state, which is unstable where this one differs from it, or from a neighbour.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import root

from densehop.base.arrays import Floats
from densehop.errors import NotConverged
from densehop.theory.states import site
from densehop.theory.states.noise import Noise, Order
from densehop.theory.states.site import Site
from densehop.theory.states.tilted_site import TiltedSite, tilted_average

TOLERANCE = 1e-9  # largest relative violation of the equations by a state that is returned
STARTS = (  # inner deviation in units of its estimate, and y times it
    (1.0, 0.9),
    (1.0, 0.3),
    (0.5, 0.9),
    (0.5, 0.1),
    (1.4, 1.0),
    (0.2, 0.1),
    (0.2, 0.5),
)
SHARES = (0.3, 0.1)  # of the variance inside a state
PROBE = 1e-6  # relative split of q by which the response to a gap is measured
SOLVED = 1e-14  # of the equations' violations: rounding
LARGEST_REACH = 400.0  # of y^2 (a1 - a0): beyond, the tilt freezes the spin and any y solves the equations


class Fields(NamedTuple):
    """The field mean + sqrt(outer) z0 + sqrt(added) z1 of a spin, and the tilt y = x/T."""

    mean: float
    outer: float
    added: float
    tilt: float


class BrokenState(NamedTuple):
    """A 1RSB state: load, fields, averages, order parameters, and the largest relative violation of its equations."""

    load: float
    fields: Fields
    site: TiltedSite
    order: Order
    residual: float


def averages(fields: Fields, temperature: float) -> tuple[TiltedSite, Order]:
    """Return the averages in the fields, and as order parameters."""
    spin = tilted_average(fields.mean, math.sqrt(fields.outer), math.sqrt(fields.added), fields.tilt, temperature)
    return spin, Order(spin.overlap, spin.outer_square, spin.inner_square, spin.susceptibility, fields.tilt, spin.gap)


def violations(noise: Noise, load: float, fields: Fields, spin: TiltedSite, order: Order) -> Floats:
    """Return the relative violations of the equations for B, a0, a1 - a0 and y, in this order."""
    outer, added = noise.spread(order)
    slope = noise.tilt_slope(order, load)
    return np.array(
        [
            noise.mean(order, load) / fields.mean - 1 if fields.mean > 0 else 0.0,
            load * outer / fields.outer - 1,
            load * added / fields.added - 1,
            (slope + spin.partition_slope) / abs(slope),
        ]
    )


def _independent(values: Floats, gap: float) -> Floats:
    """Return the violations as equations that stay independent where the gap q1 - q0 is small.

    To leading order in the gap, the equation for y says the inverse of the one for the added variance.
    """
    together = (values[2] + values[3] + values[2] * values[3]) / gap
    with np.errstate(invalid="ignore"):
        linear = 1 - 1 / np.sqrt(
            1 + values[1:3]
        )  # where p = 2 is soft, variances are the inverse square of what varies
    return np.array([values[0], *linear, together])


def solve(noise: Noise, load: float, temperature: float, starts: Iterable[Fields]) -> BrokenState:
    """Return the first proper 1RSB state that Newton's method (Powell's hybrid) reaches from the starts."""
    best = math.inf
    for start in starts:
        state = _polish(noise, load, temperature, start)
        if state is None:
            continue
        if state.residual < TOLERANCE:
            return state
        best = min(best, state.residual)
    raise NotConverged(
        f"the search for a 1RSB state at load = {load:.10g}, T = {temperature:.10g} was lost"
        + (f" (closest residual {best:.1e})" if best < math.inf else "")
        + "; it may be too close to the replica-symmetric one: move to a nearby point"
    )


def starts_from(noise: Noise, load: float, temperature: float, mean: float, variance: float) -> Iterator[Fields]:
    """Yield starts around a replica-symmetric state of this mean field and variance.

    At low T only spins in fields near 0 differ between states: their density chi/2 times the inner deviation, times
    4/sqrt(pi), is 1 - q0, and the noise's response to that is the inner variance. Near the AT line all is small.
    Where these fail, y is sought at which T Phi is stationary for a fixed split of the variance.
    """
    spin = site.average(mean, math.sqrt(variance), temperature)
    deviation = min(
        response(noise, load, spin) * spin.susceptibility * 2 / math.sqrt(math.pi), 0.7 * math.sqrt(variance)
    )
    for width, reach in STARTS:
        added = (width * deviation) ** 2
        y = reach / (width * deviation)
        y = y if temperature == 0 else y / (1 + 2 * y * temperature)
        yield Fields(mean, max(variance - added / 2, 0.1 * variance), added, y)
    for share in SHARES:
        yield from _stationary(noise, load, temperature, Fields(mean, (1 - share) * variance, share * variance, 1.0))


def response(noise: Noise, load: float, spin: Site) -> float:
    """Return (a1 - a0)/(q1 - q0) for a small gap, at a replica-symmetric state."""
    q = spin.square
    split = Order(spin.overlap, q * (1 - PROBE), q, spin.susceptibility, 0.0, q * PROBE)
    return load * noise.spread(split)[1] / split.gap


def _stationary(noise: Noise, load: float, temperature: float, fields: Fields) -> Iterator[Fields]:
    """Yield the fields with each y at which the equation for y changes its sign."""
    largest = 10 / math.sqrt(fields.outer + fields.added)
    largest = largest if temperature == 0 else min(largest, 1 / temperature)
    previous, last = math.nan, math.nan
    for y in largest * np.geomspace(1e-7, 1.0, 43):
        trial = fields._replace(tilt=float(y))
        try:
            spin, order = averages(trial, temperature)
            violation = float(violations(noise, load, trial, spin, order)[3])
        except (ZeroDivisionError, OverflowError, ValueError):
            violation = math.nan
        if previous * violation < 0:
            yield trial._replace(tilt=math.sqrt(last * y))
        previous, last = violation, float(y)


def _polish(noise: Noise, load: float, temperature: float, start: Fields) -> BrokenState | None:
    """Solve the equations in logarithms of the unknowns; None where the solver leaves the domain."""
    unknown = slice(0, None) if start.mean > 0 else slice(1, None)

    def fields_of(logs: Floats) -> Fields:
        values = np.array(start)
        values[unknown] = np.exp(np.clip(logs, -700, 700))
        return Fields(*(float(value) for value in values))

    def complete(fields: Fields) -> tuple[BrokenState, Floats]:
        spin, order = averages(fields, temperature)
        values = violations(noise, load, fields, spin, order)
        return BrokenState(load, fields, spin, order, float(np.abs(values).max())), values

    def equations(logs: Floats) -> Floats:
        if np.abs(logs - start_logs).max() > 20:
            return np.full(logs.size, 1e3)
        try:
            with np.errstate(all="ignore"):
                trial, values = complete(fields_of(logs))
                values = _independent(values, trial.order.gap)[unknown]
        except (ZeroDivisionError, OverflowError, ValueError):  # a trial step out of the domain
            return np.full(logs.size, 1e3)
        return np.nan_to_num(values, nan=1e3, posinf=1e3, neginf=-1e3)

    start_logs = np.log(np.array(start)[unknown])
    logs = _root(equations, start_logs)
    fields = fields_of(logs)
    frozen = fields.tilt**2 * fields.added > LARGEST_REACH or fields.tilt * temperature > 1 + 1e-12
    if frozen or fields.added < 1e-12 * fields.outer or not np.isfinite(logs).all():
        return None
    try:
        return complete(fields)[0]
    except (ZeroDivisionError, OverflowError, ValueError):
        return None


class _Solved(Exception):
    """Thrown out of the solver, which would go on until its trust region has shrunk: half of all evaluations."""


def _root(equations: Callable[[Floats], Floats], start: Floats) -> Floats:
    """Return where Powell's hybrid method ends, or the first point at which the equations hold to rounding."""

    def checked(logs: Floats) -> Floats:
        values = equations(logs)
        if np.abs(values).max() < SOLVED:
            reached[:] = logs
            raise _Solved
        return values

    reached = np.copy(start)
    try:
        result: Floats = root(checked, start, method="hybr", options={"xtol": 1e-14, "maxfev": 80}).x
    except _Solved:
        return reached
    return result
