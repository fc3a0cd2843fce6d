"""A digit, damaged, and networks of several p that restore it: T = 0 dynamics, a few sites at a time."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop import checks
from densehop.learn.datasets import load_small_digits
from densehop.network import PBodyHopfield

Signs = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]

N_STORED = 50  # five of each digit
SIDE = 8
NETWORKS: dict[str, dict[str, Any]] = {
    "p = 2": {"p": 2},
    "p = 3": {"p": 3},
    "p = 4": {"p": 4},
    "p = 8": {"p": 8},
    "exponential": {"interaction": "exponential", "sharpness": 70.0},
}
SITES_AT_ONCE, PAUSE, LARGEST_SWEEPS = 8, 0.06, 12


def stored_digits() -> Signs:
    """Return the stored digits (50, 64) in black and white, five of each."""
    data = load_small_digits()
    rows = [np.flatnonzero(data.classes == digit)[:5] for digit in range(10)]
    chosen = np.array(rows).T.ravel()  # 0 1 2 ... 9 0 1 2 ...
    return np.where(data.images[chosen] > data.largest / 2, 1, -1).astype(np.int8)


@dataclass(frozen=True)
class Damage:
    """What is done to a digit.

    Attributes
    ----------
    digit : its number among the stored ones
    hidden, flipped, overwritten : shares of sites; the last by the next digit
    touched : sites flipped by hand
    """

    digit: int
    hidden: float
    flipped: float
    overwritten: float
    touched: tuple[int, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        checks.integer("digit", self.digit, 0, N_STORED - 1)
        for name in ("hidden", "flipped", "overwritten"):
            checks.between(name, getattr(self, name), 0, 1)

    def start(self, stored: Signs) -> tuple[Signs, Mask]:
        """Return the damaged digit (64,), hidden sites at random, and which sites are known; flips are not known."""
        random = np.random.default_rng(self.seed)
        order = random.random((3, stored.shape[1]))
        state = stored[self.digit].copy()
        state = np.where(order[2] < self.overwritten, stored[(self.digit + 1) % N_STORED], state)
        state = np.where(order[1] < self.flipped, -state, state)
        state[list(self.touched)] *= -1
        known = order[0] >= self.hidden
        noise = random.integers(0, 2, len(state)) * 2 - 1
        return np.where(known, state, noise).astype(np.int8), known


class Restoring:
    """All networks at work on one digit; `advance` looks at a few sites of each.

    Where sites are hidden the others stay as they are; else all may move.

    Attributes
    ----------
    states : by network's name, (64,)
    """

    def __init__(self, stored: Signs, damage: Damage) -> None:
        start, known = damage.start(stored)
        self._free = np.flatnonzero(~known) if damage.hidden > 0 else np.arange(stored.shape[1])
        self._networks = {name: PBodyHopfield(stored, **settings) for name, settings in NETWORKS.items()}
        self.states = {name: start.copy() for name in NETWORKS}
        self._place, self._moved, self._sweeps = 0, False, 0

    @property
    def finished(self) -> bool:
        """Whether no network has moved for a sweep."""
        return not len(self._free) or self._sweeps >= LARGEST_SWEEPS

    def advance(self) -> None:
        """Let each network look at the next few sites: a spin follows the sign of its field."""
        sites = self._free[self._place : self._place + SITES_AT_ONCE]
        for name, network in self._networks.items():
            for site in sites:
                field = network.local_fields(self.states[name])[site]
                if field * self.states[name][site] < 0:
                    self.states[name][site] *= -1
                    self._moved = True
        self._place += SITES_AT_ONCE
        if self._place >= len(self._free):
            self._sweeps = self._sweeps + 1 if self._moved else LARGEST_SWEEPS
            self._place, self._moved = 0, False
        time.sleep(PAUSE)  # slow enough for the eye


SCRIPT = """import numpy as np
import densehop as dh
from densehop.explorer.restoring import Damage, stored_digits

stored = stored_digits()  # 50 of scikit-learn's digits in black and white
damage = {damage}
start, known = damage.start(stored)
free = np.flatnonzero(~known) if damage.hidden > 0 else np.arange(64)
for name, settings in {networks}.items():
    network, state = dh.PBodyHopfield(stored, **settings), start.copy()
    for sweep in range({sweeps}):
        for site in free:
            if network.local_fields(state)[site] * state[site] < 0:
                state[site] *= -1
    print(name, (state * stored[damage.digit]).mean())
"""


def script(damage: Damage) -> str:
    """Return the lines of Python that give the same states."""
    return SCRIPT.format(damage=damage, networks=NETWORKS, sweeps=LARGEST_SWEEPS)
