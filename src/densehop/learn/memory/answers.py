"""What a memory answers: its questions, block by block, restored or described."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.utils import check_random_state

from densehop.base.arrays import Integers, Mask, Reals
from densehop.errors import InvalidInput
from densehop.kernels.recall import keep
from densehop.learn.memory.bits import MOST_SITES
from densehop.learn.memory.certificates import one_memory_decides
from densehop.learn.memory.description import describe, judge
from densehop.learn.memory.encoding import misfit
from densehop.learn.memory.packing import pack_bits
from densehop.learn.memory.result import Recall
from densehop.learn.memory.solver import Rule, Solver
from densehop.learn.memory.stored import Stored

OVERLAPS_AT_ONCE, VALUES_AT_ONCE = 2**20, 2**20  # in one block of rows
BITS_AT_ONCE = 2**17  # values in one block for dynamics on bits, which has no use for large ones


@dataclass(frozen=True, eq=False)
class Questions:
    """How questions are answered.

    Attributes
    ----------
    stored : Stored
    rule : Rule, by which states move
    random_state, n_jobs : as of `DenseAssociativeMemory`
    """

    stored: Stored
    rule: Rule
    random_state: Any
    n_jobs: int | None

    def restore(self, data: Reals, known: Mask | None) -> Reals:
        """Return checked data (B, N) restored."""
        result = np.empty_like(data)

        def block(part: slice, solver: Solver, present: Mask | None, random: np.random.Generator) -> None:
            free = None if present is None else ~present
            motion, _ = solver.solve(data[part], present, free, random)
            result[part] = self._decode(motion.states, data[part], free)

        self._in_blocks(block, data, known)
        return result

    def recall(self, data: Reals, known: Mask | None, wanted_rate: float | None, *, clamp: bool) -> Recall:
        """Restore checked data, describe what became of them, and judge the questions."""
        return judge(self.stored, self._describe(data, known, clamp=clamp), known, wanted_rate)

    def certified_flips(self, data: Reals | None) -> Integers:
        """Return how many signs of each row of checked data can be flipped, as `DenseAssociativeMemory` says, (B,)."""
        stored = self.stored
        if stored.counted is None or stored.real or self.rule.temperature > 0:
            raise InvalidInput(
                f"certified_flips is for up to {MOST_SITES} signs at temperature 0: encoding='binary', and not "
                "interaction='attention'"
            )
        states = pack_bits(stored.all_rows < 0 if data is None else ~(data > stored.encoding.middle))
        nearest, flips = one_memory_decides(stored.counted, stored.interaction, states)
        rows, index = np.unique(nearest, return_inverse=True)
        own = stored.encoding.decode(stored.some_rows(rows))
        ended = self._describe(own, None, clamp=True)
        ends = (ended.patterns == own).all(axis=1) & ended.settled
        return np.where(ends[index], np.maximum(flips, 0), 0)

    def _describe(self, data: Reals, known: Mask | None, *, clamp: bool) -> Recall:
        """Restore checked data and describe what became of them."""

        def block(part: slice, solver: Solver, present: Mask | None, random: np.random.Generator) -> Recall:
            free = ~present if clamp and present is not None else None
            motion, means = solver.solve(data[part], present, free, random)
            motion = replace(motion, settled=solver.minima(motion, free))
            restored = self._decode(motion.states, data[part], free)
            return describe(solver, data[part], present, motion, means, restored)

        return Recall.join(self._in_blocks(block, data, known))

    def _in_blocks(self, work: Callable[..., Any], data: Reals, known: Mask | None) -> list[Any]:
        """Return what `work` makes of each block of rows, which bound the memory; each has its random stream."""
        stored = self.stored
        mismatch = misfit(stored.encoding, stored.least_spread * stored.encoding.unit * 2, data, known)
        if mismatch is not None:
            warnings.warn(f"{mismatch}: are they on the same scale?", UserWarning, stacklevel=5)
        solver = Solver(stored, data.dtype, self.rule)
        streams = check_random_state(self.random_state).randint(2**31 - 1, size=4)
        rows = (VALUES_AT_ONCE if stored.bits is None else BITS_AT_ONCE) // data.shape[1]
        if stored.bits is None and not stored.real:
            rows = min(rows, OVERLAPS_AT_ONCE // stored.n_memories)
        rows = max(1, rows)
        parts = [slice(first, first + rows) for first in range(0, len(data), rows)]
        masks = [None if known is None else known[part] for part in parts]
        randoms = [np.random.default_rng([*streams, index]) for index in range(len(parts))]
        if len(parts) == 1:  # joblib would take longer than a small answer
            return [work(parts[0], solver, masks[0], randoms[0])]
        done: list[Any] = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(work)(part, solver, mask, random) for part, mask, random in zip(parts, masks, randoms, strict=True)
        )
        return done

    def _decode(self, states: Reals, data: Reals, free: Mask | None) -> Reals:
        """Return states in the units of the data; sites that are not free are as they came."""
        values = self.stored.encoding.decode(states)
        if free is not None:
            keep(free, np.ascontiguousarray(data), values)
        return values
