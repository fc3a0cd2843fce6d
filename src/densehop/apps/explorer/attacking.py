"""An attacked pattern: an example overwrites part of it, the student recovers it or is captured."""

import time
from dataclasses import dataclass

import numpy as np

from densehop.apps.explorer.restoring import SIDE, stored_digits
from densehop.base import checks
from densehop.base.arrays import Signs
from densehop.network import PBodyHopfield
from densehop.problem import n_examples_for
from densehop.simulate.starts import attacked, typical_example
from densehop.teacher.examples import draw_examples

P, TEACHER_P, TEACHER_TEMPERATURE = 4, 2, 2 + 2**0.5  # there the signal is the scaled load a
SCALE = 2  # pixels of the pattern for a pixel of the digit
N_SPINS = (SCALE * SIDE) ** 2
LARGEST_STEPS, PAUSE = 16, 0.15


@dataclass(frozen=True)
class Attack:
    """A scaled load a = 6M/N^2, a fraction eps of overwritten sites, which digit is the pattern, and a seed."""

    load: float
    eps: float
    digit: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        checks.between("a", self.load, 0.05, 2)
        checks.between("eps", self.eps, 0, 1)
        checks.integer("digit", self.digit, 0, len(stored_digits()) - 1)

    def pattern(self) -> Signs:
        """Return the digit, enlarged, as the teacher's pattern (N,)."""
        digit = stored_digits()[self.digit].reshape(SIDE, SIDE)
        return np.kron(digit, np.ones((SCALE, SCALE), dtype=np.int8)).ravel().astype(np.int8)


class Attacking:
    """The student at T = 0, sweep by sweep.

    Attributes
    ----------
    state : (N,)
    pattern, example : (N,), what attracts it
    overlaps : list of (q*, m) with the two, the start first
    """

    def __init__(self, attack: Attack) -> None:
        self.pattern = attack.pattern()
        count = n_examples_for(attack.load, N_SPINS, P // 2 + 1)
        _, examples = draw_examples(
            N_SPINS, count, TEACHER_P, TEACHER_TEMPERATURE, attack.seed, self.pattern, n_workers=1
        )
        self._network = PBodyHopfield(examples, P)
        found = typical_example(self.pattern, examples)
        self.example = (
            found.spins if found.overlap >= 0 else (-found.spins).astype(np.int8)
        )  # for even p the same memory
        self.state = attacked(self.pattern, self.example, attack.eps, 1, attack.seed)[0]
        self.overlaps = [self._overlaps()]
        self.finished = False  # nothing moved any more

    def _overlaps(self) -> tuple[float, float]:
        wide = self.state.astype(np.int64)
        return float((wide * self.pattern).mean()), float((wide * self.example).mean())

    def advance(self) -> None:
        """Run one sweep."""
        before = self.state
        run = self._network.sample(0.0, 1, 1, start=before, n_workers=1)
        self.state = run.spins[0]
        self.overlaps.append(self._overlaps())
        self.finished = bool((self.state == before).all()) or len(self.overlaps) > LARGEST_STEPS
        time.sleep(PAUSE)  # slow enough for the eye

    @property
    def recovered(self) -> bool:
        """Whether the pattern has won."""
        return self.overlaps[-1][0] > self.overlaps[-1][1]


SCRIPT = """import densehop as dh
from densehop.apps.explorer.attacking import Attack

attack = {attack}
pattern = attack.pattern()  # a digit, 16 x 16
_, examples = dh.draw_examples({n_spins}, {n_examples}, {teacher_p}, {hot!r}, attack.seed, pattern)
example = dh.simulate.typical_example(pattern, examples)
intruder = example.spins if example.overlap >= 0 else -example.spins
state = dh.simulate.attacked(pattern, intruder, attack.eps, 1, attack.seed)
end = dh.PBodyHopfield(examples, {p}).relax(state)[0]
print("q* =", (end * pattern).mean(), " m =", (end * intruder).mean())
print("eps* =", dh.adversarial_boundary({p}, attack.load))
"""


def script(attack: Attack) -> str:
    """Return the lines of Python that give the same end."""
    return SCRIPT.format(
        attack=attack,
        n_spins=N_SPINS,
        n_examples=n_examples_for(attack.load, N_SPINS, P // 2 + 1),
        teacher_p=TEACHER_P,
        hot=TEACHER_TEMPERATURE,
        p=P,
    )
