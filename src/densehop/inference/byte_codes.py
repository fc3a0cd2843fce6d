"""Examples as bytes: sums over sites and over examples with real weights, on threads whose number changes no bit."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Signs
from densehop.base.workers import Stopped, count_workers, run_all
from densehop.kernels import byte_sums as kernel

Result = TypeVar("Result")
BITS = 32  # of a word
PARTS_PER_WORKER = 2  # of the blocks: to hand a part to a thread takes 20 microseconds
EXAMPLES_PER_TASK = 16_384  # a constant of the order of sums: it, not the number of threads, decides the last bits


@dataclass(frozen=True, eq=False)
class ByteCodes:
    """M examples of N spins, 32 sites to a word: codes (W, M) uint32, a bit for each -1 (`kernels/byte_sums.py`)."""

    codes: npt.NDArray[np.uint32]
    n_spins: int
    n_workers: int

    @classmethod
    def of(cls, examples: Signs, n_workers: int | None) -> "ByteCodes":
        """Return examples (M, N) as words."""
        n_examples, n_spins = examples.shape
        rows = np.zeros((n_examples, -(-n_spins // BITS) * BITS // 8), dtype=np.uint8)
        packed = np.packbits(examples < 0, axis=1, bitorder="little")
        rows[:, : packed.shape[1]] = packed
        return cls(np.ascontiguousarray(rows.view("<u4").T, dtype=np.uint32), n_spins, count_workers(n_workers))

    @property
    def n_examples(self) -> int:
        """M."""
        return int(self.codes.shape[1])

    @property
    def n_bytes(self) -> int:
        """B, of an example."""
        return len(self.codes) * BITS // 8

    def tables(self, values: Floats) -> Floats:
        """Return the sums of values (N,) over a byte's sites, (B, 256), for each of its values."""
        padded = np.zeros(8 * self.n_bytes)
        padded[: self.n_spins] = values
        tables = np.empty((self.n_bytes, 256))
        kernel.fill_tables(padded, tables)
        return tables

    def overlaps(self, values: Floats) -> Floats:
        """Return sum_i sigma_ai values_i, (M,), extensive."""
        tables, sums = self.tables(values), np.empty(self.n_examples)

        def task(first: int, last: int) -> None:
            kernel.sum_sites(self.codes, first, last, tables, sums[first:last])

        self._run(task)
        return sums

    def project(self, weights: Floats) -> Floats:
        """Return sum_a sigma_ai weights_a, (N,)."""

        def task(first: int, last: int) -> Floats:
            tables = np.zeros((self.n_bytes, 256))
            kernel.add_examples(self.codes, first, last, weights[first:last], tables)
            return tables

        return self._expand(_add(self._run(task)))

    def field_sums(self, magnetisations: Floats, p: int) -> tuple[Floats, Floats]:
        """Return the sums over examples that make up the field of the strict energy (docs/theory.md, eq. 110).

        vectors (p//2 or more, N): sum_a sigma_ai e_{p-1-r}(a) for r = 0, 2, ...; numbers (p,): sum_a e_{p-1-r}(a) for
        odd r.
        """
        powers = np.stack([self.tables(magnetisations ** (2 * f + 1)) for f in range(p // 2)])
        even = np.array([np.sum(magnetisations**j) for j in range(p)])

        def task(first: int, last: int) -> tuple[Floats, Floats]:
            vectors, numbers = np.zeros((p // 2, self.n_bytes, 256)), np.zeros(p)
            kernel.add_fields(self.codes, first, last, powers, even, vectors, numbers)
            return vectors, numbers

        parts = self._run(task)
        tables = _add([vectors for vectors, _ in parts])
        return np.stack([self._expand(table) for table in tables]), _add([numbers for _, numbers in parts])

    def _expand(self, tables: Floats) -> Floats:
        """Return the sums at each site, (N,), from what belongs to each value of a byte; the tables are lost."""
        values = np.empty(8 * len(tables))
        kernel.expand_tables(tables, values)
        return values[: self.n_spins]

    def _run(self, task: Callable[[int, int], Result]) -> list[Result]:
        """Call task(first, last) on blocks of examples, on threads, and return the results in order."""
        blocks = list(pairwise([*range(0, self.n_examples, EXAMPLES_PER_TASK), self.n_examples]))

        def run_part(part: slice, stop: threading.Event) -> list[Result]:
            results = []
            for block in blocks[part]:
                if stop.is_set():
                    raise Stopped
                results.append(task(*block))
            return results

        n_parts = min(len(blocks), PARTS_PER_WORKER * self.n_workers) if self.n_workers > 1 else 1
        edges = [len(blocks) * n // n_parts for n in range(n_parts + 1)]
        tasks = [partial(run_part, slice(first, last)) for first, last in pairwise(edges)]
        return [result for results in run_all(tasks, self.n_workers) for result in results]


def _add(parts: list[Floats]) -> Floats:
    """Return the sum of arrays, in their order and in the place of the first."""
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total
