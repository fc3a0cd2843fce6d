"""The paramagnet at finite N: what an average over examples before the logarithm gives exactly at every N.

Of M independent random examples the partition function has the mean 2^N (z/2^N)^M (docs/theory.md, eq. 59 and 22). For
p >= 3 the logarithm of that mean and the mean of the logarithm differ, per spin, by terms of order N^(-p/2) for even p
and N^(1-p) for odd p, so that the first correction to infinite N is that of the mean. States close to an example are no
part of the paramagnet and are left out of z: they dominate it at low T, though few networks of the size show them.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import factorial2, gammaln

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.energies.tables import elementary_symmetric
from densehop.errors import OutOfRange
from densehop.problem import load_of

LARGEST_SHARE = 0.01  # of the energy that may come from overlaps at which paramagnet and ordered states part
LARGEST_CORRECTION = 0.35  # to the energy of Gaussian noise, relative: beyond, the next ones count as well
LARGEST_SPREAD = 0.04  # relative variance of Z over examples


@dataclass(frozen=True)
class FiniteParamagnet:
    """The paramagnet of N spins and M examples, per spin.

    Attributes
    ----------
    free_entropy, energy, entropy : float
        Phi, u and s = Phi + u/T.
    """

    free_entropy: float
    energy: float
    entropy: float


def finite_size_paramagnet(n_spins: int, n_examples: int, p: int, temperature: float) -> FiniteParamagnet:
    """Return the paramagnet at finite N, p >= 3 (docs/theory.md, eq. 22).

    Parameters
    ----------
    n_spins, n_examples : int
        N >= p and M >= 0.
    p : int
        Number of bodies, >= 3.
    temperature : float
        T > 0. Whether the paramagnet is the state of the system is another question: see `phase`.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    OutOfRange
        If the correction exceeds a third of the energy, or nothing separates the paramagnet from states close to an
        example.

    Notes
    -----
    Against simulation (p = 3 and 4, N = 40 and 64, loads 1 to 4) what is left is up to a fifth of the correction.
    """
    n_spins = checks.integer("n_spins", n_spins, 3, checks.LARGEST_SIZE)
    p = checks.integer("p", p, 3, n_spins)
    n_examples = checks.integer("n_examples", n_examples, 0)
    temperature = checks.number("temperature", temperature)
    energy, free = _of_overlaps(n_spins, p)
    weight = np.exp(free + energy / temperature)
    inside = slice(*_bulk(weight))
    ends = [end for end in (inside.start, inside.stop - 1) if 0 < end < n_spins]
    lost = 4 * float((weight[ends] * np.abs(energy[ends])).sum())  # near the ends, of whichever side
    change = weight[inside] - np.exp(free[inside])  # the mean of the energy over free spins is 0
    per_example = float(change.sum())
    mean = float((change * energy[inside]).sum()) / (1 + per_example)
    free_entropy = math.log(2) + n_examples / n_spins * math.log1p(per_example)
    energy_per_spin = -n_examples / n_spins * mean
    gaussian = float((np.exp(free) * energy**2).sum()) / temperature  # the mean if the energy were Gaussian
    spread = _spread(p, n_spins, load_of(n_examples, n_spins, p) / temperature**2)
    if mean > (1 + LARGEST_CORRECTION) * gaussian or lost > LARGEST_SHARE * mean or spread > LARGEST_SPREAD:
        raise OutOfRange(
            f"{n_spins} spins at T = {temperature:g} are too far from infinite N; use a larger N or T, or simulate"
        )
    return FiniteParamagnet(free_entropy, energy_per_spin, free_entropy + energy_per_spin / temperature)


def _spread(p: int, n_spins: int, gamma: float) -> float:
    """Return the relative variance of Z over examples to leading order, Gamma = alpha/T^2."""
    if p % 2 == 0:
        return float(gamma * factorial2(p - 1) / n_spins ** (p / 2 - 1))
    return float(gamma**2 * factorial2(2 * p - 1) / (2 * n_spins ** (p - 2)))


def _of_overlaps(n_spins: int, p: int) -> tuple[Floats, Floats]:
    """Return minus the energy of one example at each overlap, and the log probability of free spins, (N + 1,) each."""
    factor, power = math.factorial(p), n_spins ** (p - 1)
    energy = np.array([factor * value / power for value in elementary_symmetric(p, n_spins)])
    agreeing = np.arange(n_spins + 1)
    log_number = gammaln(n_spins + 1) - gammaln(agreeing + 1) - gammaln(n_spins - agreeing + 1)
    return energy, log_number - n_spins * math.log(2)


def _bulk(weight: Floats) -> tuple[int, int]:
    """Return the first overlap of the paramagnet and the first beyond it: weights fall towards both of its ends."""
    middle = len(weight) // 2
    rising = np.diff(weight)
    up = np.flatnonzero(rising[middle + 1 :] > 0)
    down = np.flatnonzero(rising[: middle - 1] < 0)
    last = middle + 1 + int(up[0]) if len(up) else len(weight) - 1
    first = int(down[-1]) + 1 if len(down) else 0
    return first, last + 1
