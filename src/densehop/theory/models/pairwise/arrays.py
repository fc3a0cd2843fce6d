"""Two bodies on whole arrays of points: retrieval, inference and paramagnet by the equations of `states`, `noise`."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial import Chebyshev

from densehop.base.arrays import Floats, Mask
from densehop.theory.models.pairwise import limits
from densehop.theory.models.pairwise.noise import SMALL
from densehop.theory.states import site

SPINODAL_NODES = 24  # temperatures at which the largest load is known; enough for NEAR by far
NEAR, HOTTEST = 1e-4, 2 * (1 - 1e-6)  # closer to the largest load, relatively, or to T = 2: not for arrays
STEPS = 30  # of Newton's method
SETTLED = 1e-9  # relative step after which Newton's method is at its end
LONGEST = 0.7  # of its steps in log B and log a
BLOCK = 20_000  # points at a time


class ArrayStates(NamedTuple):
    """States on an array of points: overlap, q, energy, entropy and replicon; nan where there is none."""

    overlap: Floats
    square: Floats
    energy: Floats
    entropy: Floats
    replicon: Floats


def paramagnet(load: Floats, temperature: Floats, contrast: Floats) -> ArrayStates:
    """Return the paramagnet at points (n,) above T = 2, stable above T_g and before inference (eq. 71 and 72)."""
    zero, susceptibility = np.zeros_like(load), 1 / temperature
    stiff = 1 - 2 * susceptibility
    energy = _energy(load, zero, zero, susceptibility)
    entropy = math.log(2) + _entropy(load, susceptibility)
    replicon = np.minimum(stiff**2 - 2 * load / temperature**2, stiff - load / temperature * contrast)
    return ArrayStates(zero, zero, energy, entropy, replicon)


def retrieval(load: Floats, temperature: Floats) -> tuple[ArrayStates, Mask]:
    """Return the replica-symmetric states of largest m at points (n,) with load > 0, and where they are sure.

    Points that are not sure lie too close to the spinodal, or Newton's method did not settle there.
    """
    result = ArrayStates(*(np.full(load.shape, np.nan) for _ in ArrayStates._fields))
    limit = _largest_load(temperature)
    sure = np.abs(load - limit) > NEAR * limit
    sure &= (temperature < HOTTEST) | (temperature >= 2)
    inside = np.flatnonzero(sure & (load < limit))
    for start in range(0, inside.size, BLOCK):
        part = inside[start : start + BLOCK]
        found, settled = _newton(load[part], temperature[part])
        sure[part] = settled
        for field, values in zip(result, found, strict=True):
            field[part[settled]] = values[settled]
    return result, sure


@lru_cache(maxsize=1)
def _spinodal() -> Chebyshev:
    """Return the root of the largest load over 2 - T, against T."""

    def reduced(temperatures: Floats) -> Floats:
        loads = [limits.retrieval_spinodal_load(float(t)).value for t in temperatures]
        return np.sqrt(loads) / (2 - temperatures)

    return Chebyshev.interpolate(reduced, SPINODAL_NODES - 1, domain=[0, 2])


def _largest_load(temperature: Floats) -> Floats:
    """Return the largest load with retrieval, to within NEAR; 0 from T = 2 on."""
    result: Floats = (_spinodal()(np.minimum(temperature, 2.0)) * np.maximum(2 - temperature, 0)) ** 2
    return result


def _noiseless(temperature: Floats) -> Floats:
    """Return m = tanh(2m/T) > 0, T < 2, by Newton's method from above."""
    m = np.ones_like(temperature)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(60):
            tanh = np.tanh(2 * m / temperature)
            slope = 1 - 2 * np.where(tanh < 1, (1 - tanh**2) / temperature, 0.0)
            step = np.where(slope > 0, (m - tanh) / np.where(slope > 0, slope, 1.0), 0.0)
            m -= step
            if (step <= 1e-12 * m).all():
                break
    return m


def _newton(load: Floats, temperature: Floats) -> tuple[ArrayStates, Mask]:
    """Solve B = 2m and alpha = a D^2/(2q) in B and log a from the noiseless end (docs/theory.md, eq. 80 and 81).

    Also say where Newton's method settled on a state that is stable within replica symmetry.
    """
    mean = 2 * _noiseless(temperature)
    start = site.average(mean, np.zeros_like(mean), temperature)
    variance = 2 * load * np.asarray(start.square) / (1 - 2 * np.asarray(start.susceptibility)) ** 2
    active, settled = np.arange(load.size), np.zeros(load.size, dtype=bool)
    for _ in range(STEPS):
        b, a, t = mean[active], variance[active], temperature[active]
        here = site.average(b, np.sqrt(a), t)
        m, q, chi = np.asarray(here.overlap), np.asarray(here.square), np.asarray(here.susceptibility)
        stiff = 1 - 2 * chi
        with np.errstate(all="ignore"):
            r1, r2 = b - 2 * m, np.log(a * stiff**2 / (2 * load[active] * q))
            j11, j12 = stiff, 2 * a * here.skew
            j21 = 8 * np.asarray(here.skew) / stiff - 2 * t * here.skew / q
            j22 = 1 - a * here.slope * (4 / stiff - t / q)
            determinant = j11 * j22 - j12 * j21
            to_mean, to_log = (j22 * r1 - j12 * r2) / determinant, (j11 * r2 - j21 * r1) / determinant
        moved = np.abs(to_mean) / b + np.abs(to_log)
        good = np.isfinite(moved) & (stiff > 0) & (determinant > 0) & (b > to_mean) & (np.abs(to_log) < 5)
        mean[active[good]] -= to_mean[good]
        variance[active[good]] *= np.exp(-to_log[good])
        done = good & (moved < SETTLED)
        settled[active[done]] = True
        active = active[good & ~done]
        if active.size == 0:
            break
    return _complete(load, temperature, mean, variance), settled


def inference(load: Floats, temperature: Floats, contrast: Floats) -> tuple[ArrayStates, Mask]:
    """Return the replica-symmetric states with q* > 0 at points (n,) where they exist, and where they are sure.

    Newton's method in log B and log a starts from frozen spins; a state that it reaches is the only one
    (docs/theory.md, eq. 84 and 85).
    """
    parts = [slice(start, start + BLOCK) for start in range(0, load.size, BLOCK)]
    blocks = [_inferred(load[part], temperature[part], contrast[part]) for part in parts]
    if not blocks:
        return ArrayStates(*(np.zeros(0) for _ in ArrayStates._fields)), np.zeros(0, dtype=bool)
    found = ArrayStates(*(np.concatenate(columns) for columns in zip(*(block for block, _ in blocks), strict=True)))
    return found, np.concatenate([settled for _, settled in blocks])


def _inferred(load: Floats, temperature: Floats, contrast: Floats) -> tuple[ArrayStates, Mask]:
    """Return the states of one block, and where Newton's method settled."""
    mean, variance = load * contrast, 2 * load * (1 + contrast)
    active, settled = np.arange(load.size), np.zeros(load.size, dtype=bool)
    for _ in range(STEPS):
        to_mean, to_variance, stiff = _inference_step(
            mean[active], variance[active], load[active], temperature[active], contrast[active]
        )
        size = np.maximum(np.abs(to_mean), np.abs(to_variance))
        good = np.isfinite(size)
        shorter = np.minimum(1.0, LONGEST / np.maximum(size, LONGEST))
        mean[active[good]] *= np.exp(-(shorter * to_mean)[good])
        variance[active[good]] *= np.exp(-(shorter * to_variance)[good])
        done = good & (size < SETTLED) & (stiff > 0)
        settled[active[done]] = True
        active = active[good & ~done]
        if active.size == 0:
            break
    return _complete(load, temperature, mean, variance, contrast), settled


def _inference_step(
    mean: Floats, variance: Floats, load: Floats, temperature: Floats, contrast: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the Newton step in log B and log a, and D, for B D = alpha c q* and a D^2 = 2 alpha (q + c q*^2)."""
    here = site.average(mean, np.sqrt(variance), temperature)
    overlap, q, chi = np.asarray(here.overlap), np.asarray(here.square), np.asarray(here.susceptibility)
    skew, slope, t = np.asarray(here.skew), np.asarray(here.slope), temperature
    with np.errstate(all="ignore"):
        stiff = np.where(t >= 1, (t - 2 + 2 * q) / t, 1 - 2 * chi)  # as `curves.stiffness`
        signal = q + contrast * overlap**2
        r1 = np.log(mean * np.abs(stiff) / (load * contrast * overlap))
        r2 = np.log(variance * stiff**2 / (2 * load * signal))
        by_mean, by_variance = 4 * skew / stiff, -2 * slope / stiff  # of log D
        j11, j12 = 1 + mean * (by_mean - chi / overlap), variance * (by_variance + skew / overlap)
        j21 = mean * (2 * by_mean - (2 * t * skew + 2 * contrast * overlap * chi) / signal)
        j22 = 1 + variance * (2 * by_variance + (t * slope + 2 * contrast * overlap * skew) / signal)
        determinant = j11 * j22 - j12 * j21
        return (j22 * r1 - j12 * r2) / determinant, (j11 * r2 - j21 * r1) / determinant, stiff


def _complete(
    load: Floats, temperature: Floats, mean: Floats, variance: Floats, contrast: Floats | None = None
) -> ArrayStates:
    """Return order parameters, energy, entropy and replicon in the given fields (docs/theory.md, eq. 73 to 77).

    The overlap is q* where there is a contrast, and otherwise m.
    """
    here = site.average(mean, np.sqrt(variance), temperature)
    m, q, chi = np.asarray(here.overlap), np.asarray(here.square), np.asarray(here.susceptibility)
    signal = q if contrast is None else q + contrast * m**2
    with np.errstate(all="ignore"):  # T = 0, and fields in which Newton's method did not settle
        softness = np.where(np.equal(here.fourth, 0), 0.0, 2 * load * here.fourth / temperature)
        energy = _energy(load, signal, q, chi) - (m**2 if contrast is None else 0.0)
        entropy = here.entropy + _entropy(load, chi)
    return ArrayStates(m, q, energy, entropy, (1 - 2 * chi) ** 2 - softness)


def _energy(load: Floats, signal: Floats, square: Floats, susceptibility: Floats) -> Floats:
    """Return `WishartNoise.energy` in replica symmetry, without that of a retrieved memory; signal = q + c q*^2."""
    stiff = 1 - 2 * susceptibility
    return -load / 2 * ((2 * susceptibility - square) / stiff + signal / stiff**2)


def _entropy(load: Floats, susceptibility: Floats) -> Floats:
    """Return `WishartNoise.entropy`, by its series where the susceptibility is small."""
    own = 2 * susceptibility
    series = sum(own**k * (k - 1) / k for k in range(2, 12))
    return -load / 4 * np.where(np.abs(own) < SMALL, series, np.log1p(-own) + own / (1 - own))
