"""What chains try: keys of random numbers. A number depends on the seed, the chain, the sweep and the attempt alone."""

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Integers
from densehop.base.streams import Purpose, Seed, counter_key
from densehop.kernels.noise import EXPONENTIAL, LOGISTIC, make_noise
from densehop.kernels.record import Attempts
from densehop.kernels.threefry import fill_uniforms
from densehop.kernels.vectors import LANES
from densehop.simulate.representations.aligned import aligned_zeros
from densehop.simulate.settings import Settings

GENERATOR = "Threefry-2x32-20 by chain, sweep and attempt"  # checkpoints name it

Keys = npt.NDArray[np.uint32]


class Streams:
    """The random numbers of C chains, in blocks of any length: the length does not change them."""

    def __init__(self, settings: Settings, chains: range, n_spins: int) -> None:
        self._noise = make_noise(LOGISTIC if settings.dynamics == "heat-bath" else EXPONENTIAL)
        self._keys = _keys(settings.seed, Purpose.NOISE, chains)
        random = settings.order == "random"
        self._site_keys = _keys(settings.seed, Purpose.ORDER, chains if random else range(0))
        self._uniforms, self._bounds = (_buffer(len(chains), n_spins) for _ in range(2))
        self._sites = np.empty((len(chains), n_spins if random else 0), dtype=np.int64)

    def attempts(self, units: Floats, first: int) -> Attempts:
        """Return the sweeps from the `first` on of each chain, as many as `units` (C, n) has."""
        buffers = self._uniforms, self._bounds, self._sites
        return Attempts(self._noise, self._keys, self._site_keys, units, first, *buffers)


class SwapStream:
    """The random numbers of the swaps of one ladder, one for each of its pairs at each turn."""

    def __init__(self, seed: Seed, ladder: int, n_pairs: int) -> None:
        self._keys, self._n_pairs = _keys(seed, Purpose.SWAP, range(ladder, ladder + 1)), n_pairs

    def uniforms(self, turn: int) -> Floats:
        """Return the numbers (pair,) of a turn."""
        numbers = _buffer(1, self._n_pairs)
        fill_uniforms(self._keys, 0, turn, numbers)
        return numbers[0, : self._n_pairs]


def cold_attempts(n_chains: int, n_spins: int, sites: Integers | None = None) -> Attempts:
    """Return one sweep at T = 0, which needs no random numbers, over sites (C, N); None: one site after the other."""
    sites = np.empty((n_chains, 0), dtype=np.int64) if sites is None else sites
    keys, no_keys = (np.zeros((length, 2), dtype=np.uint32) for length in (n_chains, 0))
    uniforms, bounds = (_buffer(n_chains, n_spins) for _ in range(2))
    return Attempts(make_noise(LOGISTIC), keys, no_keys, np.zeros((n_chains, 1)), 0, uniforms, bounds, sites)


def _keys(seed: Seed, purpose: Purpose, chains: range) -> Keys:
    """Return the keys (C, 2) of some chains."""
    return np.array([counter_key(seed, purpose, chain) for chain in chains], dtype=np.uint32).reshape(-1, 2)


def _buffer(n_rows: int, length: int) -> Floats:
    """Return room for a sweep's numbers, in whole vectors."""
    return aligned_zeros((n_rows, -(-length // LANES) * LANES), np.float64)
