"""Drawing signs with a given number of -1, uniformly among all such vectors."""

import numpy as np

from densehop.kernels import compiled


@compiled
def fill_with_minus(signs, n_minus, generator):
    """Turn each row of `signs` (M, N) into a uniformly random vector with n_minus[a] entries -1.

    A row may come in as any exchangeable random vector of +-1, for example fair coins or all +1: flipping uniformly
    chosen sites of the sign in excess keeps all vectors with the same count equally likely. Few flips are then needed.
    """
    n_spins = signs.shape[1]
    for a in range(len(signs)):
        row = signs[a]
        count = 0
        for site in range(n_spins):
            count += row[site] < 0
        excess = 1 if n_minus[a] > count else -1
        missing = abs(n_minus[a] - count)
        while missing > 0:
            chosen = np.int64(generator.random() * n_spins)
            if row[chosen] == excess:
                row[chosen] = -excess
                missing -= 1
