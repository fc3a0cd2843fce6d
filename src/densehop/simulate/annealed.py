"""What population annealing returns: log Z, energies and overlaps with error bars, families, and a verdict."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base import student
from densehop.base.arrays import Floats, Integers, Signs
from densehop.simulate.settings import Settings

FEWEST_FAMILIES = 100.0  # in a population that has equilibrated (Wang, Machta & Katzgraber 2015)
LARGEST_SCATTER = 1.0  # standard deviation of log Z, beyond which the luckiest population decides the mean

Verdicts = ("equilibrated", "too few families", "populations disagree")


@dataclass(frozen=True, eq=False)
class AnnealedPopulations:
    """Independent populations that were cooled together, and their means at each temperature.

    log Z is the logarithm of the mean of the populations' Z, each unbiased at any number of replicas; energies and
    overlaps are means weighted by Z. Errors are those of the jackknife over populations with Student's factor: mean +-
    error covers with probability 68.3 %; nan for one population.

    Attributes
    ----------
    temperatures : (temperature,) float64, rising
    free_entropy, free_entropy_error : (temperature,) float64, Phi = log Z/N
    energy, energy_error : (temperature,) float64, extensive
    overlap, overlap_error : (temperature, reference) float64, per spin; where `symmetric`, of absolute values
    log_z : (population, temperature) float64
    families : (population, temperature) float64
        Effective number of ancestors at infinite temperature, 1/sum f^2 over their shares f; n_replicas/families is the
        rho_t by which errors of one population exceed those of independent samples.
    culled, acceptance : (population, temperature) float64
        Share of the replicas that were replaced on the way to this temperature, and of attempts that flipped.
    spins : (population, replica, N) int8, at the coldest temperature
    ancestors : (population, replica) int64, the family that each belongs to
    settings : Settings, with the seed; its temperature is the coldest, its sweeps are those at each temperature
    symmetric : bool, whether xi and -xi have the same energy, as for even p
    verdict : str
        "equilibrated": all populations have at least 100 families at the coldest temperature, and agree. "too few
        families": some do not. "populations disagree": log Z scatters by more than 1.
    advice : str, what to do; empty where equilibrated
    """

    temperatures: Floats
    free_entropy: Floats
    free_entropy_error: Floats
    energy: Floats
    energy_error: Floats
    overlap: Floats
    overlap_error: Floats
    log_z: Floats
    families: Floats
    culled: Floats
    acceptance: Floats
    spins: Signs
    ancestors: Integers
    settings: Settings
    symmetric: bool
    verdict: str
    advice: str

    @property
    def degrees_of_freedom(self) -> int:
        """Of Student's t: one less than the number of populations."""
        return len(self.log_z) - 1

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return between which numbers (temperature,) each Phi lies with probability `level`; nan where its error is.

        Raises
        ------
        InvalidInput
            If the level is not between 0 and 1.
        """
        width = student.width(self.free_entropy_error, self.degrees_of_freedom, level)
        return self.free_entropy - width, self.free_entropy + width


def log_mean(log_z: Floats) -> Floats:
    """Return the logarithm of the mean of Z over populations, (temperature,), from log_z (population, temperature)."""
    largest = log_z.max(axis=0)
    return np.asarray(largest + np.log(np.exp(log_z - largest).mean(axis=0)))


def weighted_mean(log_z: Floats, values: Floats) -> Floats:
    """Return means over populations with weights Z, of values (population, temperature, ...)."""
    weights = np.exp(log_z - log_z.max(axis=0))
    weights = (weights / weights.sum(axis=0)).reshape(log_z.shape + (1,) * (values.ndim - 2))
    return np.asarray((weights * values).sum(axis=0))


def jackknife_error(leave_one_out: npt.NDArray[np.float64]) -> Floats:
    """Return errors (...) that cover 68.3 %, from the means (population, ...) without one population each."""
    n_populations = len(leave_one_out)
    spread = np.sqrt((n_populations - 1) * leave_one_out.var(axis=0))
    return np.asarray(student.quantile(student.ONE_SIGMA, n_populations - 1) * spread)


def log_mean_and_error(log_z: Floats) -> tuple[Floats, Floats]:
    """Return the logarithm of the mean of Z and its error, (temperature,) each."""
    if len(log_z) == 1:
        return log_z[0], np.full(log_z.shape[1], np.nan)
    without = np.array([log_mean(np.delete(log_z, left_out, axis=0)) for left_out in range(len(log_z))])
    return log_mean(log_z), jackknife_error(without)


def mean_and_error(log_z: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return weighted means over populations and their errors, (temperature, ...) each."""
    mean = weighted_mean(log_z, values)
    if len(log_z) == 1:
        return mean, np.full(mean.shape, np.nan)
    pairs = [
        (np.delete(log_z, left_out, axis=0), np.delete(values, left_out, axis=0)) for left_out in range(len(log_z))
    ]
    return mean, jackknife_error(np.array([weighted_mean(*pair) for pair in pairs]))


def judge(log_z: Floats, families: Floats, n_replicas: int) -> tuple[str, str]:
    """Return verdict and advice, from the coldest temperature on, which is the first."""
    scatter = float(log_z[:, 0].std(ddof=1)) if len(log_z) > 1 else 0.0
    fewest = float(families[:, 0].min())
    if fewest < FEWEST_FAMILIES:
        times = max(FEWEST_FAMILIES / fewest, 1.1)
        advice = (
            f"the replicas of one population descend from {fewest:.3g} of {n_replicas} at infinite temperature, 100 "
            f"are needed: use {times:.2g} times as many n_replicas or n_sweeps, or end at a higher temperature"
        )
        return Verdicts[1], advice
    if scatter > LARGEST_SCATTER:
        advice = (
            f"log Z scatters by {scatter:.2g} between populations, so that the largest one decides the mean: use "
            f"{scatter**2:.2g} times as many n_replicas or n_sweeps"
        )
        return Verdicts[2], advice
    return Verdicts[0], ""


def families_of(ancestors: Integers) -> Floats:
    """Return the effective number of families (population,) of ancestors (population, replica)."""
    n_replicas = ancestors.shape[1]
    squares = [np.square(np.bincount(own) / n_replicas).sum() for own in ancestors]
    return np.asarray(1 / np.array(squares))
