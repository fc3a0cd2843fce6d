"""Replica-symmetric states on whole grids at once, p >= 3: the same equations as `many_body`, array by array."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from densehop.base.arrays import Floats
from densehop.errors import NoSolution
from densehop.teacher import law
from densehop.theory.lines import curves
from densehop.theory.models import nishimori
from densehop.theory.models.many_body import glass, limits
from densehop.theory.models.many_body import states as many_body
from densehop.theory.models.many_body.noise import TensorNoise
from densehop.theory.states import site

SPINODAL_POINTS = 201
NEAR = 1e-5  # relative distance to the spinodal within which a point is solved by itself
STEPS = 25  # of Newton's method; what has not settled then is solved point by point
BLOCK = 20_000  # points at a time


class GridStates(NamedTuple):
    """States of finite overlap on a grid, nan where there is none; energies in the direct model's units."""

    overlap: Floats
    square: Floats
    energy: Floats
    entropy: Floats
    replicon: Floats


@lru_cache(maxsize=32)
def spinodal_table(p: int) -> CubicSpline:
    """Return the largest load against temperature, up to the last temperature of any state."""
    temperatures = curves.temperatures_for(p, SPINODAL_POINTS)
    loads = [limits.spinodal_load(p, float(t)).value for t in temperatures]
    return CubicSpline([*temperatures, law.critical_temperature(p).spinodal_temperature], [*loads, 0.0])


def states(p: int, load: Floats, temperature: Floats) -> GridStates:
    """Return the states of largest overlap at each (load, temperature) of the direct model, arrays of one shape."""
    result = GridStates(*(np.full(load.shape, np.nan) for _ in GridStates._fields))
    end = law.critical_temperature(p).spinodal_temperature
    limit = np.where(temperature < end, spinodal_table(p)(np.minimum(temperature, end)), 0.0)
    sure, doubtful = load < limit * (1 - NEAR), np.abs(load - limit) <= NEAR * limit
    chosen = np.flatnonzero(sure & (temperature < end))
    alone = list(np.flatnonzero(doubtful & (temperature < end)))
    for start in range(0, chosen.size, BLOCK):
        part = chosen[start : start + BLOCK]
        values, settled = _newton(p, load.flat[part], temperature.flat[part])
        for field, value in zip(result, values, strict=True):
            field.flat[part[settled]] = value[settled]
        alone.extend(part[~settled])
    for index in alone:
        _alone(p, load, temperature, int(index), result)
    return result


def _newton(p: int, load: Floats, temperature: Floats) -> tuple[GridStates, npt.NDArray[np.bool_]]:
    """Solve both saddle-point equations at each point; also say where Newton's method settled on the stable state."""
    mean, variance = np.full(load.shape, float(p)), p * load
    active = np.arange(load.size)
    settled = np.zeros(load.size, dtype=bool)
    for _ in range(STEPS):
        b, a, nu, t = mean[active], variance[active], load[active], temperature[active]
        here = site.average(b, np.sqrt(a), t)
        m, q = np.asarray(here.overlap), np.asarray(here.square)
        pull, noise = p * (p - 1) * m ** (p - 2), p * (p - 1) * nu * q ** (p - 2)
        j11, j12 = 1 - pull * here.susceptibility, pull * here.skew
        j21, j22 = -noise * 2 * t * here.skew, 1 + noise * t * here.slope
        determinant = j11 * j22 - j12 * j21
        r1, r2 = b - p * m ** (p - 1), a - p * nu * q ** (p - 1)
        with np.errstate(all="ignore"):
            to_mean, to_variance = (j22 * r1 - j12 * r2) / determinant, (j11 * r2 - j21 * r1) / determinant
        moved = np.abs(to_mean) / b + np.abs(to_variance) / np.maximum(p * nu, 1e-300)
        done = (moved < 1e-10) & (determinant > 0)
        bad = ~np.isfinite(moved) | (b - to_mean <= 0) | (a - to_variance < 0)
        keep = ~bad
        mean[active[keep]] = (b - to_mean)[keep]
        variance[active[keep]] = (a - to_variance)[keep]
        settled[active[done & keep]] = True
        active = active[~done & keep]
        if active.size == 0:
            break
    return _complete(p, load, temperature, mean, variance), settled


def _complete(p: int, load: Floats, temperature: Floats, mean: Floats, variance: Floats) -> GridStates:
    """Return order parameters, energy, entropy and replicon in the given fields (docs/theory.md, eq. 28 to 30)."""
    here = site.average(mean, np.sqrt(variance), temperature)
    m, q, chi = np.asarray(here.overlap), np.asarray(here.square), np.asarray(here.susceptibility)
    energy = -(m**p) - load * chi * sum(q**j for j in range(p))
    entropy = here.entropy - load * chi**2 / 2 * sum((j + 1) * q**j for j in range(p - 1))
    with np.errstate(divide="ignore"):
        softness = load * p * (p - 1) * q ** (p - 2) * here.fourth
        over = np.where(softness > 0, softness / np.where(softness > 0, temperature, 1.0), 0.0)
    return GridStates(m, q, energy, entropy, 1 - over)


def _alone(p: int, load: Floats, temperature: Floats, index: int, result: GridStates) -> None:
    """Solve one point as `solve` would."""
    nu, t = float(load.flat[index]), float(temperature.flat[index])
    try:
        found = many_body.retrieval(p, nu, t)
    except NoSolution:
        return
    noise = TensorNoise(p)
    values = (
        found.site.overlap,
        found.site.square,
        noise.energy(found.order, nu),
        found.site.entropy + noise.entropy(found.order, nu),
        noise.replicon(found.order, nu, t, found.site.fourth),
    )
    for field, value in zip(result, values, strict=True):
        field.flat[index] = value


class GridBackground(NamedTuple):
    """Paramagnet or 1RSB glass on a grid: free energy, energy, entropy, overlaps, whether it is the glass."""

    energy: Floats
    entropy: Floats
    inner: Floats
    parisi: Floats
    replicon: Floats
    is_glass: npt.NDArray[np.bool_]


def background(p: int, load: Floats, temperature: Floats) -> GridBackground:
    """Return the state without overlaps at each point (docs/theory.md, eq. 39)."""
    table, lines = glass_splines(p), nishimori.nishimori_lines(p)
    is_glass = (load > 0) & (load > lines.gamma_global * temperature**2)
    unit = np.sqrt(np.where(is_glass, load, 1.0))
    scaled = np.where(is_glass, temperature / unit, 0.0)
    energy, entropy, inner, parisi, replicon = (spline(scaled) for spline in table)
    with np.errstate(all="ignore"):
        beta = np.where(temperature > 0, 1 / temperature, 0.0)
        replicon = np.where(scaled > 0, replicon / scaled, -np.inf)  # the spline holds T times it
    return GridBackground(
        np.where(is_glass, unit * energy, -load * beta),
        np.where(is_glass, entropy, np.log(2) - load * beta**2 / 2),
        np.where(is_glass, inner, 0.0),
        np.where(is_glass, parisi, 0.0),
        np.where(is_glass, replicon, 1.0),
        is_glass,
    )


@lru_cache(maxsize=32)
def glass_splines(p: int) -> tuple[CubicSpline, ...]:
    """Return energy, entropy, q1, x and T times the replicon of the 1RSB glass at load 1 against T."""
    noise = TensorNoise(p)
    rows = []
    for parisi in np.linspace(0, 1, curves.TABLE):
        state = glass.at_parisi(p, float(parisi))
        t = 0.0 if parisi == 0 else state.gamma**-0.5
        rows.append(
            (
                t,
                noise.energy(state.order, 1.0),
                state.site.entropy + noise.entropy(state.order, 1.0),
                state.site.inner_square,
                float(parisi),
                t * noise.replicon(state.order, 1.0, t, state.site.fourth) if t > 0 else -_softness(p, state),
            )
        )
    columns = np.array(rows).T
    energy, entropy, inner, parisi_of, scaled_replicon = (CubicSpline(columns[0], column) for column in columns[1:])
    return energy, entropy, inner, parisi_of, scaled_replicon


def _softness(p: int, state: glass.Broken) -> float:
    """Return -T times the replicon in the limit T = 0."""
    return p * (p - 1) * state.site.fourth
