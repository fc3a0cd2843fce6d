"""Random streams. Each use of random numbers has its own stream, named by its purpose and index, not by its order.

So no result depends on the number of workers, or on which of them runs first.
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.errors import InvalidInput

Seed = int | np.random.SeedSequence
NAMESPACE = 0x64656E73  # first part of all keys, so that they differ from the keys of `SeedSequence.spawn`


class Purpose(IntEnum):
    """What a stream is used for, so that functions that are given equal seeds do not share random numbers."""

    PATTERN = 1
    EXAMPLES = 2
    START = 3
    NOISE = 4
    ORDER = 5
    CELL = 6
    SWAP = 7
    RESAMPLING = 8
    PILOT = 9


def seed_sequence(seed: Seed, *key: int) -> np.random.SeedSequence:
    """Return the child of `seed` named by `key`; unlike `spawn` this does not change `seed`."""
    if not isinstance(seed, np.random.SeedSequence):
        if seed is None or isinstance(seed, np.random.Generator):
            raise InvalidInput(f"seed must be an integer >= 0 or a numpy SeedSequence, got {checks.shown(seed)}")
        seed = np.random.SeedSequence(checks.integer("seed", seed, 0))
    if seed.entropy is None:
        raise InvalidInput("seed must be an integer >= 0 or a SeedSequence with entropy")
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, NAMESPACE, *key))


def counter_key(seed: Seed, *key: int) -> npt.NDArray[np.uint32]:
    """Return the key (2,) of the stream named by `key` below `seed`, for numbers by counting (`kernels.threefry`)."""
    return seed_sequence(seed, *key).generate_state(2, np.uint32).astype(np.uint32)


def generator(seed: Seed, *key: int) -> np.random.Generator:
    """Return the generator of the stream named by `key` below `seed`."""
    return np.random.Generator(np.random.PCG64DXSM(seed_sequence(seed, *key)))
