"""Any table: even and odd are looked up for every pattern at each flip."""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import allocation_free, implements
from densehop.kernels.forms.exact import Cost, Fit, Tables, blocks_at_once
from densehop.kernels.patterns import even_sum, move_overlaps, odd_sum, sum_of_amplitudes, update

IN_CACHE = 4096  # patterns whose overlaps and amplitudes stay in the cache

COST = Cost("table pattern", 0.05, 0.8)


class Table(NamedTuple):
    """Tables (N + 1,), `even` in the type of the amplitudes; chunk, how many blocks are summed at once."""

    even: Any
    odd: Any
    chunk: int


def fit(tables: Tables) -> Fit:
    """Return the form, which every table has."""
    chunk, kind = blocks_at_once(max(map(abs, tables.even)))
    return Fit(Table(np.array(tables.even, dtype=kind), np.array(tables.odd, dtype=np.int64), chunk), COST, kind)


@allocation_free
def look_up(form, patterns, chain):
    """Set the amplitudes of the overlaps; return sum_a odd[c_a]."""
    n_spins = np.int16(len(form.even) - 1)
    odd_total = np.int64(0)
    for first in range(0, patterns.n_patterns, IN_CACHE):
        last = min(first + IN_CACHE, patterns.n_patterns)
        part, target = chain.overlaps[first:last], chain.amplitudes[first:last]
        for a in range(len(part)):  # unsigned: no test for an index from the end
            target[a] = form.even[np.uint16(np.int32(part[a]) + n_spins) >> np.uint16(1)]
        for a in range(len(part)):
            odd_total += form.odd[np.uint16(np.int32(part[a]) + n_spins) >> np.uint16(1)]
    return odd_total


@implements(even_sum, Table)
def _even_sum(form, patterns, chain, site):
    return sum_of_amplitudes(form, patterns, chain, site)


@implements(odd_sum, Table)
def _odd_sum(form, patterns, chain):
    return look_up(form, patterns, chain)


@implements(update, Table)
def _update(form, patterns, chain, site, spin):
    move_overlaps(patterns, chain, site, spin)
    return look_up(form, patterns, chain)
