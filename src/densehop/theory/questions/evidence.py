"""The evidence: the probability of a set of examples under a teacher whose pattern is unknown.

On the Nishimori line (student and teacher share p and T) it is the student's partition function over the average one
(docs/theory.md, eq. 85 to 87): exact at small N by enumeration, for large N through the free entropy.
"""

import math

import numpy as np
from scipy.special import logsumexp

from densehop.base import checks
from densehop.base.arrays import ArrayLike
from densehop.energies import tables
from densehop.errors import InvalidInput
from densehop.teacher.law import teacher_law

LARGEST_ENUMERATION = 20  # spins: 2^20 states
STATES_AT_ONCE = 2**14


def log_partition_function(examples: ArrayLike, p: int, temperature: float) -> float:
    """Return log Z of the student's law by enumeration of all 2^N states, N <= 20 (docs/theory.md, eq. 1 and 85).

    Parameters
    ----------
    examples : (M, N) of +-1
    p : int
        Number of bodies, 2 <= p <= N.
    temperature : float
        The student's T > 0.

    Raises
    ------
    InvalidInput
        If an argument is out of its range, or there are more than 20 spins.
    """
    patterns = checks.signs("examples", examples, ("M", "N"))
    n_spins = patterns.shape[1]
    temperature = checks.number("temperature", temperature)
    if n_spins > LARGEST_ENUMERATION:
        raise InvalidInput(
            f"log Z is enumerated up to {LARGEST_ENUMERATION} spins, got {n_spins}: "
            "give log_partition=, say N times the free entropy"
        )
    table = tables.strict_table(p, n_spins)
    table.require_exact(len(patterns))
    blocks = []
    for first in range(0, 2**n_spins, STATES_AT_ONCE):
        codes = np.arange(first, min(first + STATES_AT_ONCE, 2**n_spins))
        states = (2 * ((codes[:, np.newaxis] >> np.arange(n_spins)) & 1) - 1).astype(np.int8)
        blocks.append(logsumexp(-table.energies(states, patterns) / temperature))
    return float(logsumexp(blocks))


def log_evidence(examples: ArrayLike, p: int, temperature: float, log_partition: float | None = None) -> float:
    """Return log P(examples) under a teacher with a random pattern, in nats (docs/theory.md, eq. 85 and 86).

    Parameters
    ----------
    examples : (M, N) of +-1
    p : int
        The teacher's number of bodies, 2 <= p <= N.
    temperature : float
        The teacher's T* > 0.
    log_partition : float, optional
        log Z of a student with the same p and temperature; None enumerates all states, for N <= 20.

    Raises
    ------
    InvalidInput
        If an argument is out of its range, or log_partition is missing for more than 20 spins.

    Notes
    -----
    The log odds against independent random examples are log P + M N log 2 = log Z - log <Z>.
    """
    n_examples, n_spins = checks.signs("examples", examples, ("M", "N")).shape
    log_norm = log_teacher_norm(n_spins, p, temperature)
    if log_partition is None:
        log_partition = log_partition_function(examples, p, temperature)
    log_z = checks.number("log_partition", log_partition)
    return float(log_z - n_spins * math.log(2) - n_examples * log_norm)


def log_teacher_norm(n_spins: int, p: int, temperature: float) -> float:
    """Return log z, z = sum over examples of exp(-E/T) for one pattern (docs/theory.md, eq. 86).

    <Z> over uniformly random examples is 2^N (z/2^N)^M. z is read off the one example that equals the pattern.
    """
    law = teacher_law(n_spins, p, temperature)
    largest: float = math.factorial(p) * math.comb(n_spins, p) / n_spins ** (p - 1)
    return largest / temperature - float(law.log_probability[-1])
