"""The theory of the recipe `capacity`: limits and lines of retrieval, of mixtures and of correlated memories."""

import math
import warnings
from functools import cache

import numpy as np
import xarray as xr

from densehop.base.arrays import Floats
from densehop.errors import NoSolution
from densehop.problem import DirectModel
from densehop.theory.lines.retrieval import retrieval_boundary
from densehop.theory.questions.low_load import critical_memory_overlap, mixtures
from densehop.theory.questions.mixture_limits import mixture_loads, mixture_temperature
from densehop.theory.saddle_point import solve

BODIES = (2, 3, 4)  # the values of p
ANSATZES = ("rs", "1rsb")


@cache
def capacity(p: int, temperature: float, ansatz: str = "1rsb") -> float:
    """Return the load at which retrieval ends; replica symmetric where that is stable."""
    try:
        return retrieval_boundary(p, temperature, ansatz=ansatz)
    except NoSolution:
        return retrieval_boundary(p, temperature)


@cache
def overlap(p: int, load: float, temperature: float, ansatz: str) -> float:
    """Return the retrieval state's overlap, nan where it does not exist."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # unstable replica-symmetric states are what is compared
        try:
            return solve(DirectModel(p, load, temperature), "retrieval", ansatz=ansatz).m
        except NoSolution:
            return math.nan


@cache
def overlap_at_capacity(p: int, temperature: float) -> float:
    """Return the overlap with which retrieval ends."""
    load = 0.999 * capacity(p, temperature)
    broken = overlap(p, load, temperature, "1rsb")
    return overlap(p, load, temperature, "rs") if math.isnan(broken) else broken


@cache
def max_mixture_temperature(p: int) -> float:
    """Return the temperature up to which 3-mixtures are stable at load 0."""
    return mixture_temperature(p)


@cache
def max_mixture_load(p: int) -> float:
    """Return the load up to which 3-mixtures are stable at T = 0, p >= 3."""
    return mixture_loads(p).stable


def mixture_overlap(p: int, temperature: float) -> float:
    """Return the overlap of the symmetric 3-mixture at load 0."""
    return next(state.overlaps[0] for state in mixtures(p, temperature) if state.n_mixed == 3)


def energy_difference(p: int, memory_overlap: float) -> float:
    """Return the energy per spin of the mixture of three correlated memories less that of a memory (eq. 68)."""
    return 1 + 2 * memory_overlap**p - 3 * ((1 + memory_overlap) / 2) ** p


def _curve(p: int, fraction: Floats, ansatz: str) -> list[float]:
    """Return the T = 0 overlaps at fractions of the capacity; nan for 1RSB at p = 2, where it equals RS in a figure."""
    if p == 2 and ansatz == "1rsb":
        return [math.nan] * len(fraction)
    return [overlap(p, float(x) * capacity(p, 0.0, ansatz), 0.0, ansatz) for x in fraction]


def lines(points: int) -> xr.Dataset:
    """Return the lines of the figure, on some points each, and the limits, for p = 2, 3, 4."""
    dataset = xr.Dataset(coords={"p": list(BODIES)})
    toward_end = 1 - 0.1 * np.linspace(0.9, 0.02, points // 2) ** 2  # the curves end in a square root
    fractions = np.concatenate([np.linspace(0.2, 0.9, points), toward_end])
    for ansatz in ANSATZES:
        ends = [capacity(p, 0.0, ansatz) for p in BODIES]
        dataset[f"capacity_{ansatz}"] = "p", ends
        dataset[f"curve_load_{ansatz}"] = ("p", "curve_point"), np.outer(ends, fractions)
        dataset[f"curve_overlap_{ansatz}"] = ("p", "curve_point"), [_curve(p, fractions, ansatz) for p in BODIES]
    limits = [max_mixture_temperature(p) for p in BODIES]
    dataset["mixture_temperature"] = "p", limits
    relative = np.linspace(0.02, 1.0, len(fractions))
    dataset["mixture_curve_temperature"] = ("p", "curve_point"), np.outer(limits, relative)
    mixed = [[mixture_overlap(p, float(t)) for t in limit * relative] for p, limit in zip(BODIES, limits, strict=True)]
    dataset["mixture_curve_overlap"] = ("p", "curve_point"), mixed
    dataset["mixture_load"] = "p", [np.nan, *(max_mixture_load(p) for p in BODIES[1:])]
    dataset["critical_memory_overlap"] = "p", [critical_memory_overlap(p) for p in BODIES]
    dataset["memory_unstable_overlap"] = "p", [0.5 ** (1 / (p - 1)) for p in BODIES]
    memory_overlaps = np.linspace(0, 1, len(fractions))
    dataset["difference_curve_overlap"] = "curve_point", memory_overlaps
    differences = [[energy_difference(p, float(b)) for b in memory_overlaps] for p in BODIES]
    dataset["difference_curve"] = ("p", "curve_point"), differences
    return dataset
