"""The evidence: the probability of a set of examples under a teacher whose pattern is unknown.

On the Nishimori line (student and teacher share p and T) it is the student's partition function over the average one
(docs/theory.md, eq. 58 to 60): exact at small N by enumeration, for large N through the free entropy.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Signs
from densehop.energies import tables
from densehop.energies.weights import exponential_weights
from densehop.errors import InvalidInput
from densehop.teacher.law import teacher_law

LARGEST_ENUMERATION = 20  # spins: 2^20 states
STATES_AT_ONCE = 2**14


def log_partition_function(
    examples: ArrayLike, p: int | None, temperature: float, sharpness: float | None = None
) -> float:
    """Return log Z of the student's law by enumeration of all 2^N states, N <= 20 (docs/theory.md, eq. 1 and 58).

    That of the exponential energy is explicit at T = 1/sharpness, at every N (docs/theory.md, eq. 102).

    Parameters
    ----------
    examples : (M, N) of +-1
    p : int
        Number of bodies, 2 <= p <= N; None for the exponential energy.
    temperature : float
        The student's T > 0.
    sharpness : float, optional
        L of the exponential energy.

    Raises
    ------
    InvalidInput
        If an argument is out of its range, or there are more than 20 spins.
    """
    patterns = checks.signs("examples", examples, ("M", "N"))
    n_spins = patterns.shape[1]
    temperature = checks.number("temperature", temperature)
    if (p is None) == (sharpness is None):
        raise InvalidInput("give exactly one of p and sharpness: the exponential energy has no number of bodies")
    if sharpness is not None and math.isclose(checks.number("sharpness", sharpness) * temperature, 1, rel_tol=1e-15):
        return math.log(len(patterns)) + int(n_spins) * (sharpness + math.log1p(math.exp(-2 * sharpness)))
    if n_spins > LARGEST_ENUMERATION:
        raise InvalidInput(
            f"log Z is enumerated up to {LARGEST_ENUMERATION} spins, got {n_spins}: "
            "give log_partition=, say N times the free entropy"
        )
    energies = _energies(patterns, p, sharpness)
    blocks = []
    for first in range(0, 2**n_spins, STATES_AT_ONCE):
        codes = np.arange(first, min(first + STATES_AT_ONCE, 2**n_spins))
        states = (2 * ((codes[:, np.newaxis] >> np.arange(n_spins)) & 1) - 1).astype(np.int8)
        blocks.append(logsumexp(-energies(states) / temperature))
    return float(logsumexp(blocks))


def _energies(patterns: Signs, p: int | None, sharpness: float | None) -> Callable[[Signs], Floats]:
    """Return the energy of states (B, N)."""
    if sharpness is not None:
        weights = exponential_weights(sharpness, patterns.shape[1])
        return lambda states: weights.energies(states, patterns)
    table = tables.strict_table(checks.body_number(p), patterns.shape[1])
    table.require_exact(len(patterns))
    return lambda states: table.energies(states, patterns)


def log_evidence(examples: ArrayLike, p: int, temperature: float, log_partition: float | None = None) -> float:
    """Return log P(examples) under a teacher with a random pattern, in nats (docs/theory.md, eq. 58 and 59).

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
    """Return log z, z = sum over examples of exp(-E/T) for one pattern (docs/theory.md, eq. 59).

    <Z> over uniformly random examples is 2^N (z/2^N)^M. z is read off the one example that equals the pattern.
    """
    law = teacher_law(n_spins, p, temperature)
    largest: float = math.factorial(p) * math.comb(n_spins, p) / n_spins ** (p - 1)
    return largest / temperature - float(law.log_probability[-1])
