"""Energies that are no integers: the rectified polynomial and the exponential, as arrays, no compiled code.

Both are functions of S = sum_a w(k_a), with w >= 0 of the integer overlap k_a = xi . sigma^a (docs/theory.md, section
15; Krotov & Hopfield 2016, Demircigil et al. 2017, Ramsauer et al. 2021):

- rectified: E = -N sum_a max(k_a/N, 0)^p, so E = -S;
- exponential: E = -(1/b) log sum_a exp(b k_a), b the sharpness, so E = -(log S)/b - K with w = exp(b (k_a - K)).

Weights are tabulated against d = (K - k)/2 with K the largest overlap of the state (exponential) or N (rectified):
sums of exponentials keep all their digits at any b and N, and their differences those that b leaves them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.energies.tables import agreements
from densehop.errors import InvalidInput

SMALLEST_SHARPNESS = 1e-6  # differences of sums of exp(b k) lose the digits of b
LARGEST_SHARPNESS = 300.0  # exp(2 b) must be a number
LARGEST_DEGREE = 10**6  # far beyond where anything but the patterns themselves has a weight
ROUNDING = 2.0**-52  # of a sum, for each term: a difference below it is none
PATTERNS_AT_ONCE, STATES_AT_ONCE = 8_192, 256  # rows per block: they bound the memory of one product


@dataclass(frozen=True, eq=False)
class WeightTable:
    """An energy that is a function of S = sum_a weights[d_a + 1].

    Attributes
    ----------
    n_spins : int
    weights : (N + 3,) float64, for d = -1, ..., N + 1
    p : int, degree of the rectified polynomial, None for the exponential
    sharpness : float, b of the exponential, 0 for the rectified polynomial
    """

    n_spins: int
    weights: Floats
    p: int | None
    sharpness: float = 0.0

    symmetric = False  # xi and -xi differ in energy

    @property
    def interaction(self) -> str:
        """The energy's name."""
        return "exponential" if self.sharpness else "rectified"

    def energies(self, states: Signs, patterns: Signs) -> Floats:
        """Return the extensive energy, (B,), of states (B, N) under patterns (M, N)."""
        return self._over_states(states, lambda batch: self._energy(*self._sums(batch, patterns)[:2]))

    def local_fields(self, states: Signs, patterns: Signs) -> Floats:
        """Return the local fields h_i, (B, N): flipping site i costs exactly 2 xi_i h_i."""
        return self._over_states(states, lambda batch: self._fields(batch, patterns))

    def _fields(self, states: Signs, patterns: Signs) -> Floats:
        """Return h_i = xi_i [E(with site i flipped) - E]/2; a change below the rounding of the sums is 0."""
        sums, top, agreeing = self._sums(states, patterns)
        flipped = np.zeros(states.shape)
        for first in range(0, len(patterns), PATTERNS_AT_ONCE):
            block = patterns[first : first + PATTERNS_AT_ONCE]
            d = top[:, np.newaxis] - agreeing[:, first : first + PATTERNS_AT_ONCE]
            plus = (block > 0).astype(np.float64)
            # weights[d + 1] is the weight at this overlap; a flip takes the state further from a pattern, or nearer.
            further, nearer = self.weights[d + 2], self.weights[d]
            if_plus = further @ plus + nearer @ (1 - plus)
            if_minus = nearer @ plus + further @ (1 - plus)
            flipped += np.where(states > 0, if_plus, if_minus)
        change = self._energy(flipped, top[:, np.newaxis]) - self._energy(sums, top)[:, np.newaxis]
        unchanged = np.abs(flipped - sums[:, np.newaxis]) <= len(patterns) * ROUNDING * sums[:, np.newaxis]
        change[unchanged] = 0.0
        fields: Floats = 0.5 * states * change
        return fields

    def _sums(self, states: Signs, patterns: Signs) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int16]]:
        """Return S and (K + N)/2, both (B,), and the number of agreeing sites, (B, M)."""
        blocks = [slice(first, first + PATTERNS_AT_ONCE) for first in range(0, len(patterns), PATTERNS_AT_ONCE)]
        agreeing = np.empty((len(states), len(patterns)), dtype=np.int16)
        for block in blocks:
            agreeing[:, block] = agreements(states, patterns[block])
        top = agreeing.max(axis=1).astype(np.int64) if self.sharpness else np.full(len(states), self.n_spins)
        sums = np.zeros(len(states))
        for block in blocks:
            sums += self.weights[top[:, np.newaxis] - agreeing[:, block] + 1].sum(axis=1)
        return sums, top, agreeing

    def _energy(self, sums: Floats, top: npt.NDArray[np.int64]) -> Floats:
        """Return the energy that S and (K + N)/2 stand for."""
        if not self.sharpness:
            return -sums
        return -np.log(sums) / self.sharpness - (2.0 * top - self.n_spins)

    @staticmethod
    def _over_states(states: Signs, function: Callable[[Signs], Floats]) -> Floats:
        parts = [function(states[first : first + STATES_AT_ONCE]) for first in range(0, len(states), STATES_AT_ONCE)]
        return np.concatenate(parts)


def rectified_weights(p: int, n_spins: int) -> WeightTable:
    """Return the table of E = -N sum_a max(k_a/N, 0)^p, 2 <= p <= 10^6 (Krotov & Hopfield 2016)."""
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    p = checks.integer("p", p, 2, LARGEST_DEGREE)
    overlaps = 1 - 2 * np.arange(-1, n_spins + 2) / n_spins
    return WeightTable(n_spins, n_spins * np.maximum(overlaps.clip(max=1), 0) ** p, p)


def exponential_weights(sharpness: float, n_spins: int) -> WeightTable:
    """Return the table of E = -(1/b) log sum_a exp(b k_a) (Demircigil et al. 2017, Ramsauer et al. 2021)."""
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    sharpness = checks.number("sharpness", sharpness)
    if not SMALLEST_SHARPNESS <= sharpness <= LARGEST_SHARPNESS:
        raise InvalidInput(f"sharpness must be from {SMALLEST_SHARPNESS:g} to {LARGEST_SHARPNESS:g}, got {sharpness:g}")
    return WeightTable(n_spins, np.exp(-2 * sharpness * np.arange(-1, n_spins + 2)), None, sharpness)
