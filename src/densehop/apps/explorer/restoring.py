"""A digit, damaged, and memories of several interactions that restore it, step by step at T = 0."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.learn.data.datasets import load_small_digits
from densehop.learn.memory.estimator import DenseAssociativeMemory

N_STORED = 50  # five of each digit
SIDE = 8
MEMORIES: dict[str, dict[str, Any]] = {
    "p = 2": {"interaction": "strict", "degree": 2},
    "p = 3": {"interaction": "strict", "degree": 3},
    "p = 4": {"interaction": "strict", "degree": 4},
    "rectified n = 10": {"interaction": "rectified", "degree": 10},
    "exponential": {"interaction": "exponential"},
}
PAUSE, LARGEST_STEPS = 0.4, 20


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

    @property
    def only_hidden(self) -> bool:
        """Whether all that is shown is right."""
        return not (self.flipped or self.overwritten or self.touched)

    def applied(self, stored: Signs) -> Floats:
        """Return the damaged digit (64,); nan where it is hidden."""
        order = np.random.default_rng(self.seed).random((3, stored.shape[1]))
        state = stored[self.digit].astype(np.float64)
        state = np.where(order[2] < self.overwritten, stored[(self.digit + 1) % N_STORED], state)
        state = np.where(order[1] < self.flipped, -state, state)
        state[list(self.touched)] *= -1
        return np.where(order[0] < self.hidden, np.nan, state)


class Restoring:
    """All memories at work on one digit; what is shown stays if all of it is right, else everything may move.

    Attributes
    ----------
    states : by memory's name, (64,), nan where nothing is known yet
    """

    def __init__(self, stored: Signs, damage: Damage, pause: float = PAUSE) -> None:
        self._damaged, self._clamp, self._pause = damage.applied(stored)[None], damage.only_hidden, pause
        self._memories = {name: DenseAssociativeMemory(**settings).fit(stored) for name, settings in MEMORIES.items()}
        self.states = dict.fromkeys(MEMORIES, self._damaged[0])
        self._steps, self.finished = 0, False

    def advance(self) -> None:
        """Let each memory take one step (or sweep) more."""
        self._steps += 1
        before, self.states = self.states, {name: self._after(one) for name, one in self._memories.items()}
        still = all(np.array_equal(before[name], state, equal_nan=True) for name, state in self.states.items())
        self.finished = still or self._steps >= LARGEST_STEPS
        time.sleep(self._pause)  # slow enough for the eye

    def _after(self, memory: DenseAssociativeMemory) -> Floats:
        patterns = memory.set_params(max_steps=self._steps).recall(self._damaged, clamp=self._clamp).patterns
        state: Floats = patterns[0]
        return state


SCRIPT = """import densehop as dh
from densehop.apps.explorer.restoring import Damage, stored_digits

stored = stored_digits()  # 50 of scikit-learn's digits in black and white
damage = {damage}
damaged = damage.applied(stored)[None]  # nan: hidden
for name, settings in {memories}.items():
    memory = dh.DenseAssociativeMemory(**settings, max_steps={steps}).fit(stored)
    restored = memory.recall(damaged, clamp={clamp}).patterns[0]
    print(name, (restored * stored[damage.digit]).mean())
"""


def script(damage: Damage) -> str:
    """Return the lines of Python that give the same states."""
    return SCRIPT.format(damage=damage, memories=MEMORIES, steps=LARGEST_STEPS, clamp=damage.only_hidden)
