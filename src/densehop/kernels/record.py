"""What a chain leaves behind after each sweep, in any representation."""

from densehop.kernels import lean


@lean
def record(sweep, state, energy, flips, references, trace, snapshots, every):
    """Fill row `sweep` of `trace` (sweep, 2 + R): energy sum, flips, overlap sums with references (R, N).

    `snapshots` (sweep // every, N) gets the state after every `every`-th sweep; every = 0 for none.
    """
    trace[sweep, 0] = energy
    trace[sweep, 1] = flips
    for reference in range(len(references)):
        overlap = 0
        for site in range(len(state)):
            overlap += state[site] * references[reference, site]
        trace[sweep, 2 + reference] = overlap
    if every > 0 and (sweep + 1) % every == 0:
        row = (sweep + 1) // every - 1
        for site in range(len(state)):
            snapshots[row, site] = state[site]
