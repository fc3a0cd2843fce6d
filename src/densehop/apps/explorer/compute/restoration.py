"""A damaged digit, or another row, and memories of several interactions that restore it, step by step at T = 0."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from densehop.apps.explorer.compute.stored import MOST_ROWS, Stored, loading_code
from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.errors import InvalidInput
from densehop.learn.memory.estimator import DenseAssociativeMemory

MEMORIES: dict[str, dict[str, Any]] = {
    "p = 2": {"interaction": "strict", "degree": 2},
    "p = 3": {"interaction": "strict", "degree": 3},
    "p = 4": {"interaction": "strict", "degree": 4},
    "rectified n = 10": {"interaction": "rectified", "degree": 10},
    "exponential": {"interaction": "exponential"},
}
OF_SIGNS: dict[str, Any] = {"encoding": "binary", "scale": "shared"}  # also where a column has one sign only
STEP_SECONDS = 0.4  # pause after each step, so that a person can watch
MAX_STEPS = 20


@dataclass(frozen=True)
class Damage:
    """What is done to a stored row.

    Attributes
    ----------
    digit : its number among the stored ones
    hidden, flipped : fractions of sites whose value is not known, or has the wrong sign
    overwritten : fraction of sites that take the value of the next stored digit
    clicked : sites whose sign the user flipped
    seed : of the sites that are hidden, flipped and overwritten
    """

    digit: int
    hidden: float
    flipped: float
    overwritten: float
    clicked: tuple[int, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        checks.integer("digit", self.digit, 0, MOST_ROWS - 1)
        for name in ("hidden", "flipped", "overwritten"):
            checks.between(name, getattr(self, name), 0, 1)

    @property
    def only_hidden(self) -> bool:
        """Whether every value that is not hidden is right."""
        return not (self.flipped or self.overwritten or self.clicked)

    def apply_to(self, stored: Signs) -> Floats:
        """Return the damaged row (N,) of those that are stored (M, N); nan where it is hidden."""
        checks.integer("digit", self.digit, 0, len(stored) - 1)
        if self.clicked and max(self.clicked) >= stored.shape[1]:
            raise InvalidInput(f"a clicked site must be below N = {stored.shape[1]}, got {max(self.clicked)}")
        order = np.random.default_rng(self.seed).random((3, stored.shape[1]))
        state = stored[self.digit].astype(np.float64)
        state = np.where(order[2] < self.overwritten, stored[(self.digit + 1) % len(stored)], state)
        state = np.where(order[1] < self.flipped, -state, state)
        state[list(self.clicked)] *= -1
        return np.where(order[0] < self.hidden, np.nan, state)


class Restoration:
    """All memories at work on one digit. If sites are only hidden, known ones are held fixed; else all sites may move.

    Attributes
    ----------
    states : the state (N,) of each memory by its name; nan where nothing is known yet
    finished : whether the last step changed nothing, or too many were done
    """

    pause = STEP_SECONDS

    def __init__(self, stored: Signs, damage: Damage) -> None:
        self._damaged, self._clamp = damage.apply_to(stored)[None], damage.only_hidden
        self._memories = {
            name: DenseAssociativeMemory(**settings, **OF_SIGNS).fit(stored) for name, settings in MEMORIES.items()
        }
        self.states = dict.fromkeys(MEMORIES, self._damaged[0])
        self._steps, self.finished = 0, False

    def advance(self) -> None:
        """Let each memory take one more step (or sweep)."""
        self._steps += 1
        before, self.states = self.states, {name: self._after(one) for name, one in self._memories.items()}
        unchanged = all(np.array_equal(before[name], state, equal_nan=True) for name, state in self.states.items())
        self.finished = unchanged or self._steps >= MAX_STEPS

    def _after(self, memory: DenseAssociativeMemory) -> Floats:
        patterns = memory.set_params(max_steps=self._steps).recall(self._damaged, clamp=self._clamp).patterns
        state: Floats = patterns[0]
        return state


CODE = """{imports}

{load}
damage = {damage}
damaged = damage.apply_to(stored)[None]  # nan: hidden
for name, settings in {memories}.items():
    memory = dh.DenseAssociativeMemory(**settings, **{of_signs}, max_steps={steps}).fit(stored)
    restored = memory.recall(damaged, clamp={clamp}).patterns[0]
    print(name, f"{{(restored == stored[damage.digit]).mean():.0%}}")
"""


def python_code(damage: Damage, stored: Stored) -> str:
    """Return Python code that ends in the same states."""
    lines = ["import densehop as dh", "from densehop.apps.explorer.compute.restoration import Damage"]
    if stored.source:
        lines.insert(0, "import numpy as np")
    else:
        lines.append("from densehop.apps.explorer.compute.stored import stored_digits")
    return CODE.format(
        imports="\n".join(lines),
        load=loading_code(stored),
        damage=damage,
        memories=MEMORIES,
        of_signs=OF_SIGNS,
        steps=MAX_STEPS,
        clamp=damage.only_hidden,
    )
