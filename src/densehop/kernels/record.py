"""What chains try in a block of sweeps and what they leave behind after each, in any representation."""

from typing import Any, NamedTuple

from densehop.kernels import inlined, lean


class Attempts(NamedTuple):
    """What a block of n sweeps of C chains tries.

    sites (C, n, N) int64, the order of the attempts, or (C, n, 0): one site after the other; uniforms (C, n, N)
    float64, from which `noise` (`kernels.noise.Noise`) makes the noise; units (C, n) float64, the temperatures in units
    of the fields; `first` counts the sweeps before the block.
    """

    noise: Any
    sites: Any
    uniforms: Any
    units: Any
    first: int


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


@lean
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
