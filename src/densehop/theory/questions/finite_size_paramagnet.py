"""The paramagnet at finite N: what an average over examples before the logarithm gives exactly at every N.

Of M independent random examples the partition function has the mean 2^N (z/2^N)^M (docs/theory.md, eq. 86). For p >= 3
the logarithm of that mean and the mean of the logarithm differ, per spin, by terms of order N^(-p/2) for even p and
N^(1-p) for odd p, so that the first correction to infinite N is that of the mean.
"""

import math
from dataclasses import dataclass

from densehop.base import checks
from densehop.errors import OutOfRange
from densehop.teacher import law
from densehop.theory.questions.evidence import log_teacher_norm


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
    """Return the paramagnet at finite N, p >= 3, above the temperature at which one example orders (eq. 103).

    Parameters
    ----------
    n_spins, n_examples : int
        N >= p and M >= 0.
    p : int
        Number of bodies, >= 3.
    temperature : float
        T above the critical temperature of a teacher with p (`critical_temperature`): below, rare states close to an
        example, which a system of this size never shows, dominate the average.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    OutOfRange
        If the temperature is too low.
    """
    n_spins = checks.integer("n_spins", n_spins, 3, checks.LARGEST_SIZE)
    p = checks.integer("p", p, 3, n_spins)
    n_examples = checks.integer("n_examples", n_examples, 0)
    temperature = checks.number("temperature", temperature)
    critical = law.critical_temperature(p).temperature
    if temperature <= critical:
        raise OutOfRange(
            f"temperature must be above {critical:.6f}, where a single example of p = {p} orders, got {temperature:g}: "
            "simulate, or use `solve`, which is for infinite N"
        )
    per_example = log_teacher_norm(n_spins, p, temperature) - n_spins * math.log(2)
    free_entropy = math.log(2) + n_examples / n_spins * per_example
    energy = -law.signal_strength(n_spins, n_examples, p, temperature)
    return FiniteParamagnet(free_entropy, energy, free_entropy + energy / temperature)
