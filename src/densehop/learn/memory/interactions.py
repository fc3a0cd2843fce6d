"""How a memory's overlap k = x . xi enters the energy of a state x.

strict       E = -sum_mu (p!/N^(p-1)) e_p(k_mu; N)       spins; the strict p-body energy (docs/theory.md, eq. 1)
power        E = -N sum_mu (k_mu/N)^p                    spins; with self-interactions
rectified    E = -N sum_mu max(k_mu/N, 0)^p              spins; Krotov & Hopfield 2016
exponential  E = -(1/beta) log sum_mu exp(beta k_mu)     spins; the logarithm of Demircigil et al. 2017
attention    E = -(1/beta) log sum_mu exp(-beta |x - xi_mu|^2/2)   real values; Ramsauer et al. 2021 for equal norms
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.arrays import Floats, Mask, Reals
from densehop.energies.tables import elementary_symmetric

INTERACTIONS = ("strict", "power", "rectified", "exponential", "attention")
WITH_DEGREE = ("strict", "power", "rectified")
SITE_BY_SITE = ("strict", "power")


@dataclass(frozen=True)
class Interaction:
    """One of the energies above, for memories of `n_sites` values.

    Attributes
    ----------
    name : str
    degree : int
        p; of no meaning to "exponential" and "attention".
    beta : float
        Of "exponential" and "attention".
    n_sites : int
    """

    name: str
    degree: int
    beta: float
    n_sites: int

    def __post_init__(self) -> None:
        checks.choice("interaction", self.name, INTERACTIONS)
        if self.name in WITH_DEGREE:
            checks.body_number(self.degree, self.n_sites if self.name == "strict" else None, "degree")
        checks.number("beta", self.beta)

    @property
    def additive(self) -> bool:
        """Whether the energy is a sum over memories of a function of the overlap, which a table can hold."""
        return self.name in WITH_DEGREE

    @property
    def together(self) -> bool:
        """Whether all sites may move at once: E is concave in x, so that a step to its tangent's minimum lowers it."""
        return self.name not in SITE_BY_SITE

    @cached_property
    def unit(self) -> float:
        """The energy that 1 in `table` stands for."""
        return math.factorial(self.degree) / self.n_sites ** (self.degree - 1) if self.name == "strict" else 1.0

    @cached_property
    def table(self) -> Floats:
        """Minus a memory's energy, (N + 1,), for c = 0..N agreeing sites, k = 2c - N; "strict": in whole numbers."""
        if self.name == "strict":
            return np.array([float(value) for value in elementary_symmetric(self.degree, self.n_sites)])
        overlap = np.linspace(-1, 1, self.n_sites + 1)
        if self.name == "rectified":
            overlap = np.maximum(overlap, 0)
        return self.n_sites * overlap**self.degree

    @cached_property
    def steps(self) -> Floats:
        """What a memory gains, (N,), from one more agreement among c = 0..N-1 of the other sites."""
        return np.diff(self.table)

    def energies(self, overlaps: Reals) -> Floats:
        """Return the energies, (B,), of states of spins with overlaps k (B, M)."""
        if self.additive:
            agreements = np.rint((overlaps + self.n_sites) / 2).astype(np.int64)
            total: Floats = self.table[agreements].sum(axis=1)
            return -self.unit * total
        largest, total = self._top_and_sum(overlaps)
        return -(largest + np.log(total) / self.beta)

    def log_weights(self, overlaps: npt.NDArray[Any]) -> Reals:
        """Return the logarithm of dF/dk at overlaps k, up to a constant; -inf where it is 0. Not for signed weights."""
        if self.name == "rectified":
            with np.errstate(divide="ignore"):
                powers: Reals = (self.degree - 1) * np.log(np.maximum(overlaps, 0))
            return powers
        return self.beta * overlaps

    def log_gains(self, overlaps: npt.NDArray[Any]) -> Floats:
        """Return log of what the energy falls by when one more site agrees, up to a constant, for "rectified" and on.

        By overlaps k of any shape; -inf where it does not fall. The `log_losses` have the same constant.
        """
        k = np.asarray(overlaps, dtype=np.float64)
        if self.name == "rectified":
            with np.errstate(divide="ignore"):
                after = np.maximum(k + 2, 0)
                shares = np.divide(np.maximum(k, 0), after, out=np.zeros_like(k), where=after > 0)
                powers: Floats = self.degree * np.log(after) + np.log1p(-(shares**self.degree))
            return powers
        return self.beta * (k + 2)

    def log_losses(self, overlaps: npt.NDArray[Any]) -> Floats:
        """Return log of what the energy rises by when one site less agrees, as `log_gains`."""
        k = np.asarray(overlaps, dtype=np.float64)
        return self.log_gains(k - 2) if self.name == "rectified" else self.beta * k

    def surely_lowest(self, overlaps: Reals) -> Mask:
        """Return which states (B,), where simultaneous steps do not move them, no single flip lowers for sure.

        There, leaving the nearest memory at one site costs more than all others (overlaps (B, M)) could gain.
        """
        rows, nearest = np.arange(len(overlaps)), overlaps.argmax(axis=1)
        losses = self.log_losses(overlaps[rows, nearest])
        with np.errstate(invalid="ignore", over="ignore"):
            gains = np.exp(self.log_gains(overlaps) - losses[:, None])
        gains[rows, nearest] = 0  # exp(2 beta) for the exponential, which leaves the others no digits
        lowest: Mask = np.isfinite(losses) & (gains.sum(axis=1) <= 1 - 1e-9)
        return lowest

    def weights(self, overlaps: Reals) -> Reals:
        """Return dF/dk of each memory, (B, M), up to a factor for each state; the largest is 1, or all are 0."""
        if self.name != "rectified":  # the maximum taken out first: beta may be beyond single precision
            below = overlaps - overlaps.max(axis=1, keepdims=True)
            with np.errstate(over="ignore"):
                below *= below.dtype.type(min(self.beta, float(np.finfo(below.dtype).max) / 2))
            scaled: Reals = np.exp(below, out=below)
            return scaled
        logarithms = self.log_weights(overlaps)
        largest = logarithms.max(axis=1, keepdims=True)
        logarithms = np.subtract(logarithms, np.where(np.isinf(largest), 0, largest), out=logarithms)
        return np.exp(logarithms, out=logarithms)

    def fields(self, overlaps: Reals, memory: Reals) -> Floats:
        """Return (E with the site down - E with it up)/2, (B,).

        `overlaps` (B, M) are those of the other sites; `memory` (M,) holds the signs of this site in all memories.
        """
        if self.additive:
            agreements = np.rint((overlaps + self.n_sites - 1) / 2).astype(np.int64)
            halves: Floats = self.unit / 2 * (self.steps[agreements] @ memory.astype(np.float64))
            return halves
        (highest_up, up), (highest_down, down) = (self._top_and_sum(overlaps + one) for one in (memory, -memory))
        ratio = np.where(np.abs(up - down) <= len(memory) * np.finfo(np.float64).eps * down, 1, up / down)
        return ((highest_up - highest_down) + np.log(ratio) / self.beta) / 2

    def _top_and_sum(self, overlaps: Reals) -> tuple[Floats, Floats]:
        """Return the largest overlap K (B,) and sum_a exp(beta (k_a - K)), of the exponential, in double precision."""
        wide = overlaps.astype(np.float64)
        largest = wide.max(axis=1)
        return largest, np.exp(self.beta * (wide - largest[:, None])).sum(axis=1)


def log_sum_exp(values: Reals) -> Reals:
    """Return log sum exp along the last axis, the maximum taken out."""
    largest = values.max(axis=-1, keepdims=True)
    total: Reals = np.log(np.exp(values - largest).sum(axis=-1)) + largest[..., 0]
    return total


def partial_fields(degree: int, overlaps: Reals, n_known: npt.NDArray[np.int64]) -> Floats:
    """Return e_{p-1}(k; n), (B, M), of overlaps k (B, M) over n (B,) known sites: the strict field of absent spins.

    The recursion of docs/theory.md, eq. 2, in floating point.
    """
    sites = n_known[:, None].astype(np.float64)
    previous, current = np.zeros_like(overlaps, dtype=np.float64), np.ones_like(overlaps, dtype=np.float64)
    for q in range(degree - 1):
        previous, current = current, (overlaps * current - (sites - q + 1) * previous) / (q + 1)
    return current
