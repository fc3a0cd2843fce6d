"""The memories of the recipe `capacity-limit`: how each restores states, and how many patterns theory gives it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from densehop.base.arrays import Floats, Signs
from densehop.network import PBodyHopfield
from densehop.problem import n_examples_for
from densehop.recipes.capacity.theory import capacity
from densehop.theory.questions.first_step import largest_number

DEGREE, SHARPNESS = 8, 1.0
MAX_STEPS = 50


@dataclass(frozen=True)
class Memory:
    """A way to store patterns.

    Attributes
    ----------
    name : str
    restore : function of (patterns, states) that returns where T = 0 dynamics ends
    predicted : function of (N, n_wrong) that returns the number of patterns up to which n_wrong spins are corrected
    bits_per_parameter : function of (N, M), the bits of all patterns over the number of stored parameters
    """

    name: str
    restore: Callable[[Signs, Signs], Signs]
    predicted: Callable[[int, int], float]
    bits_per_parameter: Callable[[int, float], float]


def strict(p: int) -> Memory:
    """Return the strict p-body energy, which is stored as C(N, p) couplings."""

    def predicted(n_spins: int, n_wrong: int) -> float:
        step = largest_number(strict_fields(n_spins, p), n_wrong)
        return min(step, float(n_examples_for(capacity(p, 0.0), n_spins, p)))

    return Memory(
        f"p = {p}",
        lambda patterns, states: PBodyHopfield(patterns, p).relax(states, n_workers=1),
        predicted,
        lambda n_spins, number: number * n_spins / math.comb(n_spins, p),
    )


def strict_fields(n_spins: int, p: int) -> Floats:
    """Return e_(p-1)(k; N-1), (N,), by how many of the other spins agree (docs/theory.md, eq. 2 and 5)."""
    k = 2.0 * np.arange(n_spins) - n_spins + 1
    previous, current = np.zeros(n_spins), np.ones(n_spins)
    for q in range(p - 1):
        previous, current = current, (k * current - (n_spins - 1 - q + 1) * previous) / (q + 1)
    return current


def _rectified(patterns: Signs, states: Signs) -> Signs:
    return PBodyHopfield(patterns, DEGREE, "rectified").relax(states, n_workers=1)


def _rectified_number(n_spins: int, n_wrong: int) -> float:
    k = 2.0 * np.arange(n_spins) - n_spins + 1
    return largest_number(np.maximum(k + 1, 0) ** DEGREE - np.maximum(k - 1, 0) ** DEGREE, n_wrong)


def _exponential(patterns: Signs, states: Signs) -> Signs:
    return PBodyHopfield(patterns, interaction="exponential", sharpness=SHARPNESS).relax(states, n_workers=1)


def _exponential_number(n_spins: int, n_wrong: int) -> float:
    return largest_number(np.exp(2 * SHARPNESS * (np.arange(n_spins) - n_spins + n_wrong)), n_wrong)


def _pseudo_inverse(patterns: Signs, states: Signs) -> Signs:
    """Run steps of all spins with the projection onto the patterns, without its diagonal."""
    couplings = np.linalg.pinv(patterns.astype(np.float64)) @ patterns
    np.fill_diagonal(couplings, 0.0)
    for _ in range(MAX_STEPS):
        fields = states @ couplings
        moved = np.where(np.abs(fields) < 1e-9, states, np.sign(fields)).astype(np.int8)
        if (moved == states).all():
            break
        states = moved
    return states


def _pseudo_inverse_number(n_spins: int, n_wrong: int) -> float:
    """Return the number at which a step leaves the overlap as it is (docs/theory.md, eq. 109)."""
    m = 1 - 2 * n_wrong / n_spins
    ratio = m**2 / ((1 - m**2) * float(ndtri((1 + m) / 2)) ** 2)
    return n_spins * ratio / (1 + ratio)


MEMORIES = (
    strict(2),
    Memory(
        "pseudo-inverse",
        _pseudo_inverse,
        _pseudo_inverse_number,
        lambda n_spins, number: 2 * number / (n_spins - 1),
    ),
    strict(3),
    strict(4),
    Memory(f"rectified, n = {DEGREE}", _rectified, _rectified_number, lambda _, number: 1.0 if number else 0.0),
    Memory("exponential", _exponential, _exponential_number, lambda _, number: 1.0 if number else 0.0),
)
