"""What the theory says about a student on the Nishimori line at one point: phase, overlap, states, and signal at N."""

import math
from typing import Any

import xarray as xr

from densehop.errors import NoSolution, OutOfRange
from densehop.problem import TeacherStudent, n_examples_for
from densehop.teacher.law import signal_strength
from densehop.theory.diagrams.phases import Phase, phase
from densehop.theory.questions.finite_size import finite_size_overlap
from densehop.theory.saddle_point import solve

MAX_SIGNAL_RATIO = 1.2  # lambda_N/lambda; above it, close to T_crit, a few ordered examples dominate at this N


def infinite_size(p: int, load: float, temperature: float) -> dict[str, Any]:
    """Return phase and q* of the inference branch at infinite N, nan where it does not exist; in eR q* = 1."""
    problem = TeacherStudent.nishimori(p, load, temperature)
    try:
        retrieval = solve(problem, "inference").q_star
    except NoSolution:
        retrieval = math.nan
    return {"phase": phase(problem).value, "q_star_theory": retrieval}


def finite_size(p: int, n_spins: int, load: float, temperature: float) -> dict[str, float]:
    """Return q* at N, the exact energy per spin, and the signal over its limit.

    q* is nan where there is no such state, below T_crit, and close above T_crit, where ordered examples dominate.
    """
    n_examples = n_examples_for(load, n_spins, p)
    try:
        overlap = finite_size_overlap(n_spins, n_examples, p, temperature)[1]
    except (NoSolution, OutOfRange):
        overlap = math.nan
    signal = signal_strength(n_spins, n_examples, p, temperature)
    ratio = signal * temperature / load
    return {"q_star_finite_size": overlap, "energy_theory": -signal, "signal_ratio": ratio}


def theory_applies(dataset: xr.Dataset) -> xr.DataArray:
    """Return where the theory claims q* at N: in global retrieval, unless ordered examples dominate."""
    return (dataset["phase"] == "gR") & (dataset["signal_ratio"] < MAX_SIGNAL_RATIO)


def branches(p: int, load: float, temperature: float) -> dict[str, float]:
    """Return q* of the state that wins ("global") and of the other one, if there is one ("local"), at infinite N."""
    theory = infinite_size(p, load, temperature)
    winner, retrieval = theory["phase"], theory["q_star_theory"]
    if winner == Phase.EXAMPLE_RETRIEVAL.value:
        return {"global": retrieval}
    if winner == Phase.GLOBAL_RETRIEVAL.value:
        return {"global": retrieval, "local": 0.0}
    return {"global": 0.0} if math.isnan(retrieval) else {"global": 0.0, "local": retrieval}
