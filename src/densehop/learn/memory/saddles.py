"""Saddles of the energy of real values, where steps come to rest between memories and should not stay.

The energy's second derivative is 1 - beta times the memories' covariance under their weights; a power iteration finds
the direction of the largest variance over the free sites.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask, Reals
from densehop.learn.memory.interactions import Interaction

TOLERANCE = 1e-6  # of real-valued states, whose range is 2
POWER_STEPS = 12  # of the iteration that looks for a direction in which the energy falls
NUDGE = 1e-2  # by how much a real-valued state leaves a saddle
GOLDEN = (np.sqrt(5) - 1) / 2  # multiples of it make weights that no symmetry of the memories has


class Spread(Protocol):
    """How memories lie under their weights for some states (B, N), wherever they are kept."""

    @property
    def mean(self) -> Reals:
        """Their means (B, N)."""

    @property
    def variances(self) -> Reals:
        """The variances of all sites, (B, N)."""

    def along(self, direction: Reals) -> tuple[Floats, Reals]:
        """Return the variances (B,) along directions (B, N), and the covariance's products with these, (B, N)."""


@dataclass(frozen=True, eq=False)
class SpreadOfAll:
    """The same of memories (M, N) at hand, with weights (B, M) that add up to 1."""

    weights: Reals
    memories: Reals

    @property
    def mean(self) -> Reals:
        """Their means (B, N)."""
        return self.weights @ self.memories

    @property
    def variances(self) -> Reals:
        """The variances of all sites, (B, N)."""
        return self.weights @ self.memories**2 - self.mean**2

    def along(self, direction: Reals) -> tuple[Floats, Reals]:
        """Return variances along directions and products with the covariance."""
        along = direction @ self.memories.T
        along -= (self.weights * along).sum(axis=1, keepdims=True)
        return (self.weights * along**2).sum(axis=1), (self.weights * along) @ self.memories


def leave_saddles(
    interaction: Interaction, memories: Reals, norms: Reals, states: Reals, free: Mask | None, rows: Integers
) -> Mask:
    """Move those of some rows of states, stationary ones, that are no minima; return which of the rows these are."""
    moved = np.zeros(len(rows), dtype=bool)
    weights = interaction.weights(states[rows] @ memories.T - norms / 2)
    weights /= weights.sum(axis=1, keepdims=True)
    blends = np.flatnonzero(weights.max(axis=1) < 1 - TOLERANCE)
    if len(blends):
        moved[blends] = leave(interaction.beta, SpreadOfAll(weights[blends], memories), states, free, rows[blends])
    return moved


def leave(beta: float, spread: Spread, states: Reals, free: Mask | None, rows: Integers) -> Mask:
    """Move those of some rows of states between memories that are no minima; return which of the rows these are."""
    mean, variances = spread.mean, spread.variances
    open_ = np.ones_like(mean) if free is None else free[rows].astype(mean.dtype)
    # no site varies more than the largest direction; weights of all sites keep the start from being at right angles
    direction = variances * open_ * (0.5 + np.modf(GOLDEN * np.arange(1, mean.shape[1] + 1))[0]).astype(mean.dtype)
    for _ in range(POWER_STEPS):
        variance, product = spread.along(_unit(direction))
        direction = product * open_
    saddles = np.flatnonzero(beta * variance > 1 + TOLERANCE)
    direction = _unit(direction[saddles])
    drift = (direction * (mean - states[rows])[saddles]).sum(axis=1, keepdims=True)
    rounding = mean.shape[1] * np.finfo(states.dtype).eps  # below which a balanced state drifts nowhere
    states[rows[saddles]] += NUDGE * np.where(drift < -rounding, -1, 1) * direction
    moved = np.zeros(len(rows), dtype=bool)
    moved[saddles] = True
    return moved


def _unit(directions: Reals) -> Reals:
    """Return directions (B, N) with length 1, or 0; copies of one memory leave some whose squares are no numbers."""
    largest = np.abs(directions).max(axis=1, keepdims=True)
    scaled = directions / np.where(largest > 0, largest, 1)
    unit: Reals = scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1)
    return unit
