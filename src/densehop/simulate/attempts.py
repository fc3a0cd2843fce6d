"""What chains try: keys of random numbers. A number depends on the seed, the chain, the sweep and the attempt alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Integers, Signs
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
        sites = chains if settings.order == "random" else range(0)
        self._keep(
            settings, _keys(settings.seed, Purpose.NOISE, chains), _keys(settings.seed, Purpose.ORDER, sites), n_spins
        )

    def _keep(self, settings: Settings, keys: Keys, site_keys: Keys, n_spins: int) -> None:
        self._n_spins = n_spins
        self._noise = make_noise(LOGISTIC if settings.dynamics == "heat-bath" else EXPONENTIAL)
        self._keys, self._site_keys = keys, site_keys
        self._uniforms, self._bounds = (_buffer(len(keys), n_spins) for _ in range(2))
        self._sites = np.empty((len(keys), n_spins if len(site_keys) else 0), dtype=np.int64)

    def attempts(self, units: Floats, first: int) -> Attempts:
        """Return the sweeps from the `first` on of each chain, as many as `units` (C, n) has."""
        buffers = self._uniforms, self._bounds, self._sites
        return Attempts(self._noise, self._keys, self._site_keys, units, first, *buffers)


@dataclass(frozen=True, eq=False)
class ReplicaKeys:
    """Keys (C, 2) of all replicas of some populations: beside a key of their population they count replicas."""

    start: Keys
    noise: Keys
    order: Keys

    @classmethod
    def of(cls, settings: Settings, n_populations: int) -> "ReplicaKeys":
        """Return the keys of populations of equal sizes."""
        n_replicas = settings.n_chains // n_populations

        def counted(purpose: Purpose) -> Keys:
            keys = np.repeat(_keys(settings.seed, purpose, range(n_populations)), n_replicas, axis=0)
            keys[:, 1] += np.tile(np.arange(n_replicas, dtype=np.uint32), n_populations)
            return keys

        order = counted(Purpose.ORDER) if settings.order == "random" else np.empty((0, 2), dtype=np.uint32)
        return cls(counted(Purpose.START), counted(Purpose.NOISE), order)


class ReplicaStreams(Streams):
    """The same for some replicas, whose sweeps are counted anew at each stage of an annealing."""

    def __init__(self, settings: Settings, keys: ReplicaKeys, rows: slice, n_spins: int) -> None:
        self._start_keys = keys.start[rows]
        self._keep(settings, keys.noise[rows], keys.order[rows], n_spins)

    def start(self) -> Signs:
        """Return independent uniformly random states (C, N)."""
        n_spins = self._n_spins
        for row in range(len(self._start_keys)):
            fill_uniforms(self._start_keys, row, 0, self._uniforms)
        return np.where(self._uniforms[:, :n_spins] < 0.5, 1, -1).astype(np.int8)

    def stage(self, units: Floats, stage: int) -> Attempts:
        """Return the sweeps of a stage, as many as `units` (C, n) has."""
        whole, shift = self.attempts(units, 0), np.array([stage, 0], dtype=np.uint32)
        return whole._replace(keys=whole.keys + shift, site_keys=whole.site_keys + shift)


class SwapStream:
    """The random numbers of the swaps of one ladder, one for each of its pairs at each turn."""

    def __init__(self, seed: Seed, ladder: int, n_pairs: int) -> None:
        self._keys, self._numbers = _keys(seed, Purpose.SWAP, range(ladder, ladder + 1)), _buffer(1, n_pairs)
        self._of_pairs = self._numbers[0, :n_pairs]

    def uniforms(self, turn: int) -> Floats:
        """Return the numbers (pair,) of a turn."""
        fill_uniforms(self._keys, 0, turn, self._numbers)
        return self._of_pairs.copy()


class ResamplingStream:
    """The random numbers by which populations are resampled, one for each of them at each stage."""

    def __init__(self, seed: Seed, n_populations: int) -> None:
        self._keys, self._numbers = _keys(seed, Purpose.RESAMPLING, range(n_populations)), _buffer(n_populations, 1)

    def uniforms(self, stage: int) -> Floats:
        """Return the numbers (population,) of a stage."""
        for population in range(len(self._keys)):
            fill_uniforms(self._keys, population, stage, self._numbers)
        return self._numbers[:, 0].copy()


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
