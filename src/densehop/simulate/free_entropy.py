"""log Z from replica exchange: temperature integration from uniformly random states, where it is N log 2.

Between neighbouring temperatures log Z'/Z is estimated from the energies of both, by the acceptance ratio of least
variance (Bennett, J. Comput. Phys. 22, 245, 1976), which is thermodynamic integration without an error of the grid
(docs/theory.md, eq. 123). Independent ladders give the error bar.
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from densehop.base import checks, student
from densehop.base.arrays import ArrayLike, Floats
from densehop.errors import InvalidInput
from densehop.simulate.tempering import TemperedSamples


@dataclass(frozen=True, eq=False)
class FreeEntropy:
    """Free entropies along a ladder of temperatures.

    Attributes
    ----------
    temperatures : (temperature,) rising
    free_entropy : (temperature,) float64, Phi = log Z/N, the mean over ladders
    error : (temperature,) float64
        From the scatter of independent ladders, with Student's factor: free_entropy +- error covers with probability
        68.3 %; nan for a single ladder.
    by_ladder : (ladder, temperature) float64
    advice : str, what speaks against believing it; empty otherwise
    """

    temperatures: Floats
    free_entropy: Floats
    error: Floats
    by_ladder: Floats
    advice: str

    @property
    def degrees_of_freedom(self) -> int:
        """Of Student's t: one less than the number of ladders."""
        return len(self.by_ladder) - 1

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return between which numbers (temperature,) each Phi lies with probability `level`; nan where its error is.

        Raises
        ------
        InvalidInput
            If the level is not between 0 and 1.
        """
        width = student.width(self.error, self.degrees_of_freedom, level)
        return self.free_entropy - width, self.free_entropy + width


def integrate_temperature(samples: TemperedSamples, random_energies: ArrayLike, warm_up: float = 0.25) -> FreeEntropy:
    """Return log Z/N at each temperature of a replica-exchange run (docs/theory.md, eq. 123).

    Parameters
    ----------
    samples : TemperedSamples
        From `PBodyHopfield.temper`, with several ladders for an error bar. The hottest temperature must be so hot that
        its energies overlap with those of random states.
    random_energies : (n,) numbers
        Energies of uniformly random states, at least one for each ladder: `network.energy(random_states(N, n, seed))`.
    warm_up : float
        Part of the sweeps that is left out, below 1.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.

    Warns
    -----
    RuntimeWarning
        If no chain travelled from the hottest to the coldest temperature and back: the ladders may have stayed where
        they started, and agree for that reason.
    """
    if not isinstance(samples, TemperedSamples):
        raise InvalidInput(f"samples must come from `PBodyHopfield.temper`, got {checks.shown(samples)}")
    n_ladders, n_levels, n_sweeps = samples.energy.shape
    random = checks.series("random_energies", random_energies, "(n,)")
    if len(random) < n_ladders:
        raise InvalidInput(f"random_energies must be at least one for each of {n_ladders} ladders, got {len(random)}")
    first = int(checks.between("warm_up", warm_up, 0, 0.99) * n_sweeps)
    n_spins, beta = samples.spins.shape[-1], np.append(1 / samples.temperatures, 0.0)
    logs = np.full((n_ladders, n_levels), n_spins * math.log(2))
    for ladder, hot in enumerate(np.array_split(random, n_ladders)):
        total = n_spins * math.log(2)
        for level in range(n_levels - 1, -1, -1):
            cold = samples.energy[ladder, level, first:]
            total += log_ratio(hot, cold, float(beta[level] - beta[level + 1]))
            logs[ladder, level], hot = total, cold  # noqa: PLW2901 (the next link begins where this one ends)
    per_spin = logs / n_spins
    error = np.full(n_levels, math.nan)
    if n_ladders > 1:
        factor = student.quantile(student.ONE_SIGMA, n_ladders - 1)
        error = factor * per_spin.std(axis=0, ddof=1) / math.sqrt(n_ladders)
    advice = _advice(samples)
    if advice:
        warnings.warn(advice, RuntimeWarning, stacklevel=2)
    return FreeEntropy(samples.temperatures, per_spin.mean(axis=0), error, per_spin, advice)


def log_ratio(hot: Floats, cold: Floats, step: float) -> float:
    """Return log Z_cold/Z_hot from energies (n,) and (m,) at both, `step` = beta_cold - beta_hot (eq. 123).

    It is the root of sum_hot f(step E + c) = sum_cold f(-step E - c), f the Fermi function and c the unknown plus
    log(n/m).
    """
    weight = math.log(len(hot) / len(cold))

    def excess(value: float) -> float:
        shift = value + weight
        return float(expit(-(step * hot + shift)).sum() - expit(step * cold + shift).sum())

    reach = abs(weight) + 50.0
    low = -float(max(step * hot.max(), step * cold.max())) - reach
    high = -float(min(step * hot.min(), step * cold.min())) + reach
    return float(brentq(excess, low, high, xtol=1e-10))


def _advice(samples: TemperedSamples) -> str:
    """Say why the error bar may be too small."""
    still = int((samples.round_trips == 0).sum())
    if still == 0:
        return ""
    return (
        f"in {still} of {len(samples.round_trips)} ladders no chain went from the hottest temperature to the "
        "coldest and back, so that log Z may belong to the start: run more sweeps, or put temperatures closer "
        "(`tune_ladder`)"
    )
