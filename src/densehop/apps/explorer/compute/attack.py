"""An attack on a pattern: an example overwrites part of it, and the student at T = 0 goes back to one of the two."""

import time
from dataclasses import dataclass

import numpy as np

from densehop.apps.explorer.compute.restoration import SIDE, stored_digits
from densehop.base import checks
from densehop.base.arrays import Signs
from densehop.network import PBodyHopfield
from densehop.problem import n_examples_for
from densehop.simulate.starts import attacked, typical_example
from densehop.teacher.examples import draw_examples

P, TEACHER_P = 4, 2  # bodies in the energies of student and teacher
TEACHER_TEMPERATURE = 2 + 2**0.5  # T* at which the signal is the scaled load a
SCALE = 2  # pixels of the pattern, along each side, for one pixel of the digit
N_SPINS = (SCALE * SIDE) ** 2
MAX_SWEEPS = 16
STEP_SECONDS = 0.15  # pause after each sweep, so that a person can watch


@dataclass(frozen=True)
class Attack:
    """An attack.

    Attributes
    ----------
    load : the scaled load a = 6M/N^2
    eps : the fraction of sites that an example overwrites
    digit : the number of the digit that is the pattern, among the stored ones
    seed : of the examples and of the overwritten sites
    """

    load: float
    eps: float
    digit: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        checks.between("a", self.load, 0.05, 2)
        checks.between("eps", self.eps, 0, 1)
        checks.integer("digit", self.digit, 0, len(stored_digits()) - 1)

    @property
    def n_examples(self) -> int:
        """The number M of examples."""
        return n_examples_for(self.load, N_SPINS, P // 2 + 1)

    def pattern(self) -> Signs:
        """Return the digit, enlarged, as the teacher's pattern (N,)."""
        digit = stored_digits()[self.digit].reshape(SIDE, SIDE)
        return np.kron(digit, np.ones((SCALE, SCALE), dtype=np.int8)).ravel().astype(np.int8)


class AttackSimulation:
    """The student at T = 0, sweep by sweep.

    Attributes
    ----------
    state : (N,), the student now
    pattern, example : (N,), the two states that attract it
    overlaps : list of (q*, m) with the two, that of the start first
    finished : whether the last sweep changed nothing, or too many were run
    """

    def __init__(self, attack: Attack) -> None:
        self.pattern = attack.pattern()
        _, examples = draw_examples(
            N_SPINS, attack.n_examples, TEACHER_P, TEACHER_TEMPERATURE, attack.seed, self.pattern, n_workers=1
        )
        self._network = PBodyHopfield(examples, P)
        found = typical_example(self.pattern, examples)
        sign = 1 if found.overlap >= 0 else -1  # at even p the negative of an example is the same memory
        self.example = (sign * found.spins).astype(np.int8)
        self.state = attacked(self.pattern, self.example, attack.eps, 1, attack.seed)[0]
        self.overlaps = [self._overlaps()]
        self.finished = False

    def _overlaps(self) -> tuple[float, float]:
        state = self.state.astype(np.int64)
        return float((state * self.pattern).mean()), float((state * self.example).mean())

    def advance(self) -> None:
        """Run one sweep."""
        before = self.state
        run = self._network.sample(0.0, 1, 1, start=before, n_workers=1)
        self.state = run.spins[0]
        self.overlaps.append(self._overlaps())
        self.finished = bool((self.state == before).all()) or len(self.overlaps) > MAX_SWEEPS
        time.sleep(STEP_SECONDS)

    @property
    def recovered(self) -> bool:
        """Whether the student is closer to the pattern than to the example."""
        return self.overlaps[-1][0] > self.overlaps[-1][1]


CODE = """import densehop as dh
from densehop.apps.explorer.compute.attack import Attack

attack = {attack}
pattern = attack.pattern()  # a digit, 16 x 16
_, examples = dh.draw_examples({n_spins}, {n_examples}, {teacher_p}, {teacher_temperature!r}, attack.seed, pattern)
example = dh.simulate.typical_example(pattern, examples)
intruder = example.spins if example.overlap >= 0 else -example.spins
state = dh.simulate.attacked(pattern, intruder, attack.eps, 1, attack.seed)
end = dh.PBodyHopfield(examples, {p}).relax(state)[0]
print("q* =", (end * pattern).mean(), " m =", (end * intruder).mean())
print("eps* =", dh.adversarial_boundary({p}, attack.load))
"""


def python_code(attack: Attack) -> str:
    """Return Python code that ends in the same state."""
    return CODE.format(
        attack=attack,
        n_spins=N_SPINS,
        n_examples=attack.n_examples,
        teacher_p=TEACHER_P,
        teacher_temperature=TEACHER_TEMPERATURE,
        p=P,
    )
