"""Where finding the pattern is easy, hard or impossible, in a phase diagram at a number N of spins (eq. 118 to 122).

Theory at infinite N decides whether the pattern's state beats paramagnet and glass (gR, and the part of eR where
it exists beside the states of single examples); the spectral threshold of N decides whether message passing finds it
from an eigenvector. For p >= 3 state evolution leaves the paramagnet at no finite load, so that
without that start the whole of gR is hard.
"""

import math

import numpy as np
import xarray as xr

from densehop.base import checks
from densehop.base.arrays import Floats, Mask
from densehop.errors import InvalidInput
from densehop.problem import load_of
from densehop.theory.lines.exponential_planes import ExponentialPlane
from densehop.theory.lines.planes import Plane
from densehop.theory.lines.points import Boundary
from densehop.theory.lines.spectral import unfolding_threshold

DIFFICULTIES = ("impossible", "hard", "easy")
IMPOSSIBLE, HARD, EASY = range(3)
LINE = "spectral"
FLAGS = {"flag_values": [IMPOSSIBLE, HARD, EASY], "flag_meanings": " ".join(DIFFICULTIES)}


def checked_size(where: Plane, n_spins: int | None) -> int | None:
    """Return the number of spins for which thresholds are wanted, if any; refuse planes without a hidden pattern."""
    if n_spins is None:
        return None
    if isinstance(where, ExponentialPlane) or not where.has_teacher:
        raise InvalidInput(
            f"n_spins is for thresholds of finding a pattern, which model '{where.model}' does not have; leave it out"
        )
    return checks.integer("n_spins", n_spins, max(3, where.p), checks.LARGEST_SIZE)


def spectral_coordinates(where: Plane, n_spins: int, temperatures: Floats) -> Floats:
    """Return the coordinate at which an eigenvector sticks out of the noise, at each T (docs/theory.md, eq. 118, 120).

    Above it is easier, but along the axis of teacher temperatures below it.
    """
    teacher = _teacher_temperatures(where, n_spins, temperatures)
    if where.p == 2 or where.model in {"large_noise", "finite_noise"}:  # a two-body teacher, seen in the covariance
        n_examples = n_spins * np.maximum(teacher / 2 - 1, 0.0) ** 2
        if where.model == "fixed_load":
            assert where.value is not None
            return np.full_like(temperatures, 2 + 2 * math.sqrt(where.value / 2))
        unit = n_spins ** (where.p / 2) / math.factorial(where.p // 2 + 1)
        return n_examples * (1 / unit if where.model == "finite_noise" else load_of(1, n_spins, where.p))
    threshold = unfolding_threshold(n_spins, where.p)
    if where.model == "fixed_load":
        assert where.value is not None
        return np.full_like(temperatures, math.sqrt(where.value / threshold))
    return np.asarray(threshold * teacher**2)


def add_difficulty(dataset: xr.Dataset, where: Plane, n_spins: int, wins: Mask) -> None:
    """Add `difficulty` beside `phase`: impossible where the pattern's state does not win, else hard or easy.

    `wins` (temperature, coordinate) tells where it beats paramagnet and glass; a single example may beat it.
    """
    phase = dataset["phase"]
    names = np.array(phase.attrs["flag_meanings"].split())[phase.values]
    x, t = dataset[where.axis].values, dataset["temperature"].values
    threshold = spectral_coordinates(where, n_spins, t)[:, np.newaxis]
    sticks_out = x <= threshold if where.model == "fixed_load" else x >= threshold
    codes = np.where(wins, np.where(sticks_out, EASY, HARD), IMPOSSIBLE)
    if where.model == "nishimori":  # of an ordered teacher each example is a noisy copy of the pattern
        codes = np.where(names == "eR", EASY, codes)
    dataset["difficulty"] = (phase.dims, codes.astype(np.int8), FLAGS)
    dataset.attrs["n_spins"] = n_spins


def spectral_line(where: Plane, n_spins: int, temperatures: Floats) -> Boundary:
    """Return the spectral threshold as a line of the plane; its error is that of rounding."""
    x = spectral_coordinates(where, n_spins, temperatures)
    reasons = ("",) * x.size
    return Boundary(LINE, where.model, where.axis, where.p, x, temperatures, np.zeros(x.size), reasons, 0)


def _teacher_temperatures(where: Plane, n_spins: int, temperatures: Floats) -> Floats:
    """Return the teacher's temperature at each T; of large noise it grows with N (docs/theory.md, eq. 47)."""
    if where.model == "nishimori":
        return temperatures
    if where.model != "large_noise":
        return np.full_like(temperatures, math.nan if where.value is None else where.value)
    scaled = (temperatures / math.factorial(where.p // 2)) ** (2 / where.p)
    if where.value is not None:
        scaled = np.full_like(temperatures, where.value)
    return np.asarray(scaled * n_spins ** (1 - 2 / where.p))
