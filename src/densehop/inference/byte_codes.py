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
EXAMPLES_PER_TASK = 16_384  # a constant of the order of sums: it, not the number of threads, decides the last bits


@dataclass(frozen=True, eq=False)
class ByteCodes:
    """M examples of N spins, eight sites to a byte: codes (W, M) uint8, a bit for each -1 (`kernels/byte_sums.py`)."""

    codes: npt.NDArray[np.uint8]
    n_spins: int
    n_workers: int

    @classmethod
    def of(cls, examples: Signs, n_workers: int | None) -> "ByteCodes":
        """Return examples (M, N) as bytes."""
        rows = np.packbits(examples < 0, axis=1, bitorder="little")
        return cls(np.ascontiguousarray(rows.T), examples.shape[1], count_workers(n_workers))

    @property
    def n_examples(self) -> int:
        """M."""
        return int(self.codes.shape[1])

    def tables(self, values: Floats) -> Floats:
        """Return the sums of values (N,) over a byte's sites, (W, 256), for each of its values."""
        padded = np.zeros(8 * len(self.codes))
        padded[: self.n_spins] = values
        tables = np.empty((len(self.codes), 256))
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
            tables = np.zeros((len(self.codes), 256))
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
            vectors, numbers = np.zeros((p // 2, len(self.codes), 256)), np.zeros(p)
            kernel.add_fields(self.codes, first, last, powers, even, vectors, numbers)
            return vectors, numbers

        parts = self._run(task)
        tables = _add([vectors for vectors, _ in parts])
        return np.stack([self._expand(table) for table in tables]), _add([numbers for _, numbers in parts])

    def _expand(self, tables: Floats) -> Floats:
        """Return the sums at each site, (N,), from what belongs to each value of a byte."""
        values = np.empty(8 * len(tables))
        kernel.expand_tables(tables, values)
        return values[: self.n_spins]

    def _run(self, task: Callable[[int, int], Result]) -> list[Result]:
        """Call task(first, last) on blocks of examples, on threads, and return the results in order."""

        def stoppable(first: int, last: int, stop: threading.Event) -> Result:
            if stop.is_set():
                raise Stopped
            return task(first, last)

        edges = [*range(0, self.n_examples, EXAMPLES_PER_TASK), self.n_examples]
        tasks = [partial(stoppable, first, last) for first, last in pairwise(edges)]
        return run_all(tasks, self.n_workers)


def _add(parts: list[Floats]) -> Floats:
    """Return the sum of arrays, in their order."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
