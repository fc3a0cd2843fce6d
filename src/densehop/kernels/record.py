"""What chains try in a block of sweeps and what they leave behind after each, in any representation."""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import allocation_free, inlined
from densehop.kernels.noise import fill_bounds
from densehop.kernels.threefry import fill_uniforms


class Attempts(NamedTuple):
    """What a block of n sweeps of C chains tries.

    noise: the law of the noise (`kernels.noise.Noise`), a function of one uniform number for each attempt; units (C, n)
    float64, the temperatures in units of the fields; `first` counts the sweeps before the block. keys (C, 2) uint32,
    from which each sweep has its numbers (`kernels.threefry`), in uniforms (C, F) float64, F the next multiple of 32,
    and their bounds (C, F) (`kernels.noise.fill_bounds`). sites (C, N) int64 are those of a sweep's attempts, or
    (C, 0): one site after the other. Where there are site_keys (C, 2), and not (0, 2), each sweep draws its sites.
    """

    noise: Any
    keys: Any
    site_keys: Any
    units: Any
    first: int
    uniforms: Any
    bounds: Any
    sites: Any


def attempts_of(attempts: Attempts, rows: slice) -> Attempts:
    """Return what some chains try, sites one after the other."""
    own = {name: getattr(attempts, name)[rows] for name in ("keys", "units", "uniforms", "bounds", "sites")}
    return attempts._replace(**own)


@inlined
def draw(attempts, chain, sweep):
    """Draw the sites and numbers of a sweep of the block, and find its bounds; at T = 0 the numbers do not matter."""
    uniforms, sites, turn = attempts.uniforms, attempts.sites, attempts.first + sweep
    if len(attempts.site_keys) > 0:
        fill_uniforms(attempts.site_keys, chain, turn, uniforms)
        for attempt in range(sites.shape[1]):
            sites[chain, attempt] = np.int64(uniforms[chain, attempt] * sites.shape[1])
    unit = attempts.units[chain, sweep]
    if unit > 0:
        fill_uniforms(attempts.keys, chain, turn, uniforms)
    fill_bounds(attempts.noise, unit, chain, uniforms, attempts.bounds)


class Record(NamedTuple):
    """Where C chains write; the kernel of one chain gets its own part, without the C.

    references (R, N) int8; trace (C, sweep, 2 + R): sum of the energies, number of flips, sums of the overlaps with the
    references; snapshots (C, sweep // every, N) int8, the states after every `every`-th sweep, 0 for none.
    """

    references: Any
    trace: Any
    snapshots: Any
    every: int


@inlined
def record_of(record, chain):
    """Return where one chain writes."""
    return Record(record.references, record.trace[chain], record.snapshots[chain], record.every)


def records_of(record: Record, rows: slice) -> Record:
    """Return where some chains write."""
    return record._replace(trace=record.trace[rows], snapshots=record.snapshots[rows])


@allocation_free
def write(record, sweep, state, energy, flips):
    """Fill row `sweep` of the trace of one chain, and a snapshot if it is time."""
    references, trace = record.references, record.trace
    trace[sweep, 0] = energy
    trace[sweep, 1] = flips
    for reference in range(len(references)):
        overlap = 0
        for site in range(len(state)):
            overlap += state[site] * references[reference, site]
        trace[sweep, 2 + reference] = overlap
    if record.every > 0 and (sweep + 1) % record.every == 0:
        row = (sweep + 1) // record.every - 1
        for site in range(len(state)):
            record.snapshots[row, site] = state[site]
