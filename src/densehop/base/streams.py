"""Random streams: every consumer owns one, named by its place, so that no result depends on who ran first."""

from enum import IntEnum

import numpy as np

from densehop.base import checks
from densehop.errors import InvalidInput

Seed = int | np.random.SeedSequence
OURS = 0x64656E73  # sets the keys below apart from those that `SeedSequence.spawn` hands out


class Purpose(IntEnum):
    """What a stream is for: equal seeds given to different functions must not share random numbers."""

    PATTERN = 1
    EXAMPLES = 2
    START = 3
    NOISE = 4
    ORDER = 5
    CELL = 6
    SWAP = 7


def seed_sequence(seed: Seed, *key: int) -> np.random.SeedSequence:
    """Return the seed at the place `key` below `seed`; unlike `spawn` it leaves `seed` as it was."""
    if not isinstance(seed, np.random.SeedSequence):
        if seed is None or isinstance(seed, np.random.Generator):
            raise InvalidInput(f"seed must be an integer >= 0 or a numpy SeedSequence, got {checks.shown(seed)}")
        seed = np.random.SeedSequence(checks.integer("seed", seed, 0))
    if seed.entropy is None:
        raise InvalidInput("seed must be an integer >= 0 or a SeedSequence with entropy")
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, OURS, *key))


def generator(seed: Seed, *key: int) -> np.random.Generator:
    """Return the generator of the stream at the place `key` below `seed`."""
    return np.random.Generator(np.random.PCG64DXSM(seed_sequence(seed, *key)))
