"""Whether chains have forgotten where they started: two runs from different starts, compared.

A single run cannot see states that none of its chains visited. One run from the hidden pattern and one from random
states bracket what can be seen: where they agree, and each is stationary by itself, the start no longer matters.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.diagnostics.overlaps import require_comparable
from densehop.diagnostics.time_averages import TimeAverage, time_average
from densehop.diagnostics.verdicts import Equilibration, equilibration
from densehop.errors import InvalidInput
from densehop.simulate.samples import Samples

SMALLEST_PROBABILITY = 1e-3  # that two runs of one law differ as much in any of the observables


@dataclass(frozen=True)
class StartComparison:
    """One observable in both runs.

    Attributes
    ----------
    observable : str, such as "energy per spin" or "overlap with reference 0"
    from_pattern, from_random : TimeAverage of each run
    deviation : float, the difference from_pattern - from_random in standard errors
    pattern_verdict, random_verdict : Equilibration of each run by itself
    """

    observable: str
    from_pattern: TimeAverage
    from_random: TimeAverage
    deviation: float
    pattern_verdict: Equilibration
    random_verdict: Equilibration


@dataclass(frozen=True)
class StartIndependence:
    """A verdict on two runs from different starts.

    Attributes
    ----------
    equilibrated : bool
    reason : str, the verdict in words, with what to do
    probability : float, chance that two runs of one law differ as much in any of the observables
    comparisons : one for each observable, energy first
    """

    equilibrated: bool
    reason: str
    probability: float
    comparisons: tuple[StartComparison, ...]


def start_independence(from_pattern: Samples, from_random: Samples, burn_in: int | None = None) -> StartIndependence:
    """Judge whether two runs of one network, from the pattern and from random states, sample the same law.

    Compared are energy and overlap with each reference (its absolute value for even p, where the sign is free).
    Equilibrated means: every observable of each run passes `equilibration`, and the means agree, the smallest p-value
    times the number of observables being above 1e-3. Standard errors contain the autocorrelation of each run.

    Parameters
    ----------
    from_pattern, from_random : Samples with different seeds, the same temperature and the same references
    burn_in : int, sweeps left out at the beginning of both runs; None: a quarter of the shorter run

    Raises
    ------
    InvalidInput
        If the runs are not of one network and temperature, share a seed, or leave fewer than 4 sweeps.

    Notes
    -----
    Measured on stationary series of four chains with 100 autocorrelation times each: 0.25% are said to disagree and 99%
    pass; runs half a standard deviation apart disagree in all cases, a quarter apart in half of them. Agreement is
    evidence, not proof: a state that neither start leads to stays unseen. A state that is metastable for longer than
    the runs shows as disagreement, whichever of the two is the true one.
    """
    require_comparable(from_pattern, from_random)
    if from_pattern.overlap.shape[2] != from_random.overlap.shape[2]:
        raise InvalidInput(
            "both runs must have the same references, "
            f"got {from_pattern.overlap.shape[2]} and {from_random.overlap.shape[2]} of them"
        )
    shorter = min(from_pattern.energy.shape[1], from_random.energy.shape[1])
    burn_in = shorter // 4 if burn_in is None else checks.integer("burn_in", burn_in, 0)
    if shorter - burn_in < 4:
        raise InvalidInput(f"burn_in must leave at least 4 sweeps, got {burn_in} of {shorter}")
    pairs = zip(_observables(from_pattern, burn_in), _observables(from_random, burn_in), strict=True)
    comparisons = tuple(_compare(name, first, second) for (name, first), (_, second) in pairs)
    smallest = min(2 * float(ndtr(-abs(each.deviation))) for each in comparisons)
    probability = min(1.0, len(comparisons) * smallest)
    reason = _reason(comparisons, probability)
    return StartIndependence(reason.startswith("equ"), reason, probability, comparisons)


def _observables(run: Samples, burn_in: int) -> list[tuple[str, Floats]]:
    """Return names and series (chain, sweep) of what is compared."""
    kept = run.overlap[:, burn_in:]
    symmetric = run.symmetric
    name = "|overlap|" if symmetric else "overlap"
    overlaps = np.abs(kept) if symmetric else kept
    series = [(f"{name} with reference {index}", overlaps[:, :, index]) for index in range(overlaps.shape[2])]
    return [("energy per spin", run.energy[:, burn_in:] / run.spins.shape[1]), *series]


def _compare(observable: str, first: Floats, second: Floats) -> StartComparison:
    """Compare one observable of two runs, (chain, sweep) each."""
    averages = time_average(first), time_average(second)
    difference = averages[0].mean - averages[1].mean
    error = math.hypot(*(_standard_error(average) for average in averages))
    if error > 0:
        deviation = difference / error
    else:  # nothing moved in either
        deviation = 0.0 if math.isclose(averages[0].mean, averages[1].mean) else math.copysign(math.inf, difference)
    return StartComparison(observable, *averages, deviation, equilibration(first), equilibration(second))


def _standard_error(average: TimeAverage) -> float:
    """Return the error that the autocorrelation time gives, which runs too short for an error bar have as well."""
    return math.sqrt(average.variance / average.effective_samples) if average.effective_samples > 0 else 0.0


def _reason(comparisons: tuple[StartComparison, ...], probability: float) -> str:
    """Return the verdict in words; equilibrated if and only if it begins with that word."""
    worst = _most_deviating(comparisons)
    means = _shown(worst.from_pattern), _shown(worst.from_random)
    numbers = f"{worst.observable} {means[0]} from the pattern, {means[1]} from random"
    if probability < SMALLEST_PROBABILITY:
        advice = "metastable, or too short; run longer, or use replica exchange"
        return f"not equilibrated: the two starts disagree: {numbers}: {advice}"
    for each in comparisons:
        for start, verdict in (("the pattern", each.pattern_verdict), ("random", each.random_verdict)):
            if not verdict.equilibrated:
                return f"not equilibrated: {each.observable} from {start} alone is {verdict.reason} ({numbers})"
    return f"equilibrated: the two starts agree, among {len(comparisons)} observables {numbers}"


def _most_deviating(comparisons: tuple[StartComparison, ...]) -> StartComparison:
    """Return the observable to show: that which differs most, or an overlap nearly as far, as easier to read."""
    energy, *overlaps = comparisons
    overlap = max(overlaps, key=lambda each: abs(each.deviation), default=energy)
    return overlap if abs(overlap.deviation) >= min(abs(energy.deviation) / 2, 10) else energy


def _shown(average: TimeAverage) -> str:
    """Write a mean with the error of its last digits in brackets, such as 0.93(1)."""
    if not math.isfinite(average.error):
        return f"{average.mean:.4g}"
    digits = max(0, -math.floor(math.log10(average.error)))
    error = round(average.error * 10**digits)
    if error == 10 and digits > 0:
        digits, error = digits - 1, 1
    return f"{average.mean:.{digits}f}({error})"
