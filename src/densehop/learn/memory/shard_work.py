"""What a worker does for a `ShardedMemory`: makes a shard of a piece of the data, and answers for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask, Reals
from densehop.errors import InvalidInput
from densehop.kernels.recall import equal_within
from densehop.learn.blas_threads import one_blas_thread
from densehop.learn.memory import familiarity
from densehop.learn.memory.bits import flip_sums, posterior_means
from densehop.learn.memory.encoding import Encoding
from densehop.learn.memory.interactions import Interaction, log_sum_exp
from densehop.learn.memory.neighbors import nearest_rows
from densehop.learn.memory.packing import pack_bits, sums_of
from densehop.learn.memory.solver import OVERLAPS_AT_ONCE
from densehop.learn.memory.stored import Stored, encode_rows

LARGEST_SHARPNESS = 100.0  # beyond, exp(2 beta) exceeds any number of memories: the same flips lower the energy

Piece = Any  # rows (M, N), or the path of a .npy file that holds them


@dataclass(frozen=True, eq=False)
class Mixture:
    """Of states (B, N): the means of memories under their weights, and the logarithms of the sums of these, (B,)."""

    means: Floats
    logs: Floats

    @classmethod
    def merge(cls, parts: "Sequence[Mixture]") -> "Mixture":
        """Return what all shards together say."""
        logs = np.stack([part.logs for part in parts])
        total = np.logaddexp.reduce(logs)
        weights = np.exp(logs - total)
        return cls(sum(weight[:, None] * part.means for weight, part in zip(weights, parts, strict=True)), total)


@dataclass(frozen=True, eq=False)
class Flips:
    """What memories that agree with spins (B, N) at a site lose by its flip and what the others gain, (B, N) each.

    In units of exp(logs), (B,). Apart, since their difference may be beyond the digits of their sum.
    """

    lost: Floats
    gained: Floats
    logs: Floats

    @classmethod
    def merge(cls, parts: "Sequence[Flips]") -> "Flips":
        """Return what all shards together say."""
        logs = np.max([part.logs for part in parts], axis=0)
        scales = [np.exp(part.logs - logs)[:, None] for part in parts]
        lost, gained = (
            sum(scale * getattr(part, name) for scale, part in zip(scales, parts, strict=True))
            for name in ("lost", "gained")
        )
        return cls(np.asarray(lost), np.asarray(gained), logs)

    def lower(self, beta: float, n_memories: int) -> Mask:
        """Return which flips (B, N) lower the exponential energy by more than rounding."""
        beta = min(beta, LARGEST_SHARPNESS)
        nearer = -np.expm1(-2 * beta)
        sums = self.lost + np.exp(-2 * beta) * self.gained  # of all weights
        lowers: Mask = (self.gained - self.lost) * nearer > equal_within(n_memories) * sums
        return lowers


def load_rows(piece: Piece) -> Any:
    """Return the rows of a piece."""
    rows = np.load(piece, mmap_mode="r") if isinstance(piece, str) or hasattr(piece, "__fspath__") else piece
    rows = np.asarray(rows)
    if rows.ndim != 2 or not rows.size or rows.dtype.kind not in "biuf":
        raise InvalidInput(f"a piece must be numbers of shape (M, N), got {rows.dtype} of shape {rows.shape}")
    return rows


def ranges_of(piece: Piece) -> tuple[int, Floats, Floats]:
    """Return the number of rows of a piece and the ranges of its columns."""
    rows = load_rows(piece)
    low, high = rows.min(axis=0).astype(np.float64), rows.max(axis=0).astype(np.float64)
    if not np.isfinite([low, high]).all():
        raise InvalidInput("a piece holds nan or infinity: rows to store need all values")
    return len(rows), low, high


def only_these(piece: Piece, low: Any, high: Any) -> bool:
    """Tell whether a piece holds two values only."""
    rows = load_rows(piece)
    at_once = familiarity.AT_ONCE
    blocks = (rows[first : first + at_once] for first in range(0, len(rows), at_once))
    return all(bool(((block == low) | (block == high)).all()) for block in blocks)


def shard_of(piece: Piece, encoding: Encoding, interaction: Interaction, store: str | None) -> Stored:
    """Return the rows of a piece as memories."""
    return Stored(encoding, interaction, encode_rows(encoding, load_rows(piece), store))


def mixture_of(shard: Stored, states: Reals, seen: Mask | None, *, real: bool) -> Mixture:
    """Return the mixture of a shard's memories for states (B, N), of which some sites are seen."""
    beta = float(shard.interaction.beta)
    if not real and shard.counted is not None:
        return Mixture(
            *posterior_means(shard.counted, beta, pack_bits(states < 0), None if seen is None else pack_bits(~seen))
        )
    blend = shard.nearby.blend(states, seen, beta)
    if blend is not None:
        return Mixture(blend.targets, blend.logs)
    at_once = max(1, OVERLAPS_AT_ONCE // shard.n_memories)
    parts = [slice(first, first + at_once) for first in range(0, len(states), at_once)]
    mixtures = [_mixed_of_all(shard, states[part], None if seen is None else seen[part]) for part in parts]
    return Mixture(
        np.concatenate([mixture.means for mixture in mixtures]), np.concatenate([mixture.logs for mixture in mixtures])
    )


@one_blas_thread
def flips_of(shard: Stored, states: Reals) -> Flips:
    """Return what a shard's memories lose and gain by flips of spins (B, N); of few states, each at a low energy."""
    energy = replace(shard.interaction, beta=min(shard.interaction.beta, LARGEST_SHARPNESS))
    if shard.counted is not None:
        return Flips(*flip_sums(shard.counted, energy, pack_bits(states < 0)))
    memories = shard.values(np.float64)
    overlaps = states.astype(np.float64) @ memories.T
    logs = energy.log_losses(overlaps.max(axis=1))
    lost, gained = (np.exp(of(overlaps) - logs[:, None]) for of in (energy.log_losses, energy.log_gains))
    plus = (memories > 0).astype(np.float64)
    minus = 1 - plus
    return Flips(
        np.where(states > 0, lost @ plus, lost @ minus), np.where(states > 0, gained @ minus, gained @ plus), logs
    )


@one_blas_thread
def _mixed_of_all(shard: Stored, states: Reals, seen: Mask | None) -> Mixture:
    """Return the mixture of real values by distances to all memories of a shard."""
    memories = shard.values(np.float64)
    visible = np.ones(states.shape) if seen is None else seen.astype(np.float64)
    known = states * visible
    halved = ((known**2).sum(axis=1)[:, None] + visible @ (memories**2).T) / 2 - known @ memories.T
    logs = log_sum_exp(-shard.interaction.beta * halved)
    return Mixture(np.exp(-shard.interaction.beta * halved - logs[:, None]) @ memories, logs.astype(np.float64))


def nearest_in(shard: Stored, states: Reals, seen: Mask | None, count: int, *, real: bool) -> tuple[Floats, Integers]:
    """Return squared distances (B, k) of states to the nearest rows of a shard, and their places in it."""
    if not real:
        return nearest_rows(shard, states, seen, min(count, shard.n_memories))
    return shard.nearby.nearest(states, seen, min(count, shard.n_memories))


def rows_at(shard: Stored, indices: Integers) -> Reals:
    """Return some rows of a shard."""
    return np.asarray(shard.some_rows(indices))


def keys_of(shard: Stored) -> Any:
    """Return what tells the rows of a shard from each other."""
    return familiarity.keys_of(shard.all_rows) if shard.words is None else sums_of(shard.words)


def to_others(shard: Stored, vectors: Reals, own: Any, seen: Mask | None) -> Floats:
    """Return the mean squared distances of rows, with these keys, to the nearest of a shard that is no copy."""
    keys = keys_of(shard)
    if shard.words is not None:
        return familiarity.signs_to_others(shard.words, keys, pack_bits(vectors < 0), own, seen)
    return familiarity.values_to_others(shard.all_rows, keys, vectors, own, seen)


@one_blas_thread
def spread_of(shard: Stored, states: Reals, logs: Floats, direction: Reals | None) -> tuple[Floats, ...]:
    """Return sums over a shard's memories, gaps d = xi - x, weights exp(-beta |d|^2/2 - logs), of states x (B, N).

    Along a direction v: sum w d.v (B,), sum w (d.v)^2 (B,) and sum w d.v d (B, N). None: sum w d and sum w d^2 (B, N).
    """
    states, beta = states.astype(np.float64), float(shard.interaction.beta)
    rows = shard.nearby.memories
    at_once = max(1, OVERLAPS_AT_ONCE // max(len(states), states.shape[1]))
    sums: list[Floats] = []
    for first in range(0, len(rows), at_once):
        block = np.asarray(rows[first : first + at_once], dtype=np.float64)
        halved = ((states**2).sum(axis=1)[:, None] + (block**2).sum(axis=1)) / 2 - states @ block.T
        weights = np.exp(-beta * halved - logs[:, None])
        if direction is None:
            total, means = weights.sum(axis=1)[:, None], weights @ block
            found = [means - total * states, weights @ block**2 - 2 * means * states + total * states**2]
        else:
            along = direction @ block.T - (direction * states).sum(axis=1)[:, None]
            weighted = weights * along
            once = weighted.sum(axis=1)
            found = [once, (weighted * along).sum(axis=1), weighted @ block - once[:, None] * states]
        sums = [one + other for one, other in zip(sums, found, strict=True)] if sums else found
    return tuple(sums)
