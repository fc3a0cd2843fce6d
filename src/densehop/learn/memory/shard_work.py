"""What a worker does for a `ShardedMemory`: makes a shard of a piece of the data, and answers for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask, Reals
from densehop.errors import InvalidInput
from densehop.learn.blas_threads import one_blas_thread
from densehop.learn.memory import familiarity
from densehop.learn.memory.bits import posterior_means
from densehop.learn.memory.encoding import Encoding
from densehop.learn.memory.interactions import Interaction, log_sum_exp
from densehop.learn.memory.neighbors import nearest_rows
from densehop.learn.memory.packing import pack_bits, sums_of
from densehop.learn.memory.solver import OVERLAPS_AT_ONCE
from densehop.learn.memory.stored import Stored, encode_rows

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
