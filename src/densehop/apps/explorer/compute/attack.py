"""An attack: an example overwrites part of the pattern, and the student at T = 0 goes to one of them, or to neither."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np

from densehop.apps.explorer.compute.stored import SIDE, stored_digits
from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.network import PBodyHopfield
from densehop.problem import n_examples_for
from densehop.simulate.starts import attacked, typical_example
from densehop.teacher.examples import draw_examples
from densehop.teacher.law import signal_strength
from densehop.theory.questions.robustness import adversarial_boundary, scaled_signal

P, TEACHER_P = 4, 2  # bodies in the energies of student and teacher
TEACHER_TEMPERATURE = 2 + 2**0.5  # T* at which the signal is the scaled load a
SCALE = 2  # pixels of the pattern, along each side, for one pixel of the digit
N_SPINS = (SCALE * SIDE) ** 2
MAX_SWEEPS = 16
STEP_SECONDS = 0.15  # pause after each sweep, so that a person can watch
N_DRAWS = 5  # of the examples: at this size the outcome near the boundary depends on the draw
STATE_OVERLAP = 0.5  # a state is at the pattern, or at the example, from this overlap on; a random one is below 0.2

Outcome = Literal["recovered", "captured", "neither"]
OUTCOMES: tuple[Outcome, ...] = ("recovered", "captured", "neither")


def boundary(load: float) -> float:
    """Return eps* for N -> infinity at a scaled load."""
    return adversarial_boundary(P, scaled_signal(P, TEACHER_TEMPERATURE) * load)


@cache  # the same loads are drawn for each visitor
def boundary_at_size(load: float) -> float:
    """Return eps* with the exact signal of `N_SPINS`; nan where there would be no example."""
    n_examples = n_examples_for(load, N_SPINS, P // 2 + 1)
    if n_examples < 1:
        return float("nan")
    return adversarial_boundary(P, signal_strength(N_SPINS, n_examples, P, TEACHER_TEMPERATURE, TEACHER_P))


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


class AttackedStudent:
    """One draw of the examples, and the student at T = 0 that has them, sweep by sweep.

    Attributes
    ----------
    state : (N,), the student now
    overlaps : list of (q*, m) with pattern and example, that of the start first
    finished : whether the last sweep changed nothing, or too many were run
    """

    def __init__(self, attack: Attack) -> None:
        self._pattern = attack.pattern()
        _, examples = draw_examples(
            N_SPINS, attack.n_examples, TEACHER_P, TEACHER_TEMPERATURE, attack.seed, self._pattern, n_workers=1
        )
        self._network = PBodyHopfield(examples, P)
        typical = typical_example(self._pattern, examples)
        sign = 1 if typical.overlap >= 0 else -1  # at even p the negative of an example is the same memory
        self._example = (sign * typical.spins).astype(np.int8)
        self.state = attacked(self._pattern, self._example, attack.eps, 1, attack.seed)[0]
        self.overlaps = [self._overlaps()]
        self.finished = False

    def _overlaps(self) -> tuple[float, float]:
        state = self.state.astype(np.int64)
        return float((state * self._pattern).mean()), float((state * self._example).mean())

    def advance(self) -> None:
        """Run one sweep, unless the student has come to rest."""
        if self.finished:
            return
        before = self.state
        self.state = self._network.sample(0.0, 1, 1, start=before, n_workers=1).spins[0]
        self.overlaps.append(self._overlaps())
        self.finished = bool((self.state == before).all()) or len(self.overlaps) > MAX_SWEEPS

    @property
    def outcome(self) -> Outcome:
        """Where the student is: at the pattern, at the example, or at neither of them."""
        q_star, m = self.overlaps[-1]
        if max(q_star, m) < STATE_OVERLAP:
            return "neither"
        return "recovered" if q_star > m else "captured"


class AttackSimulation:
    """The same attack on several draws of the examples, with the seeds that follow that of the attack."""

    pause = STEP_SECONDS

    def __init__(self, attack: Attack) -> None:
        self.students = [AttackedStudent(replace(attack, seed=attack.seed + draw)) for draw in range(N_DRAWS)]

    def advance(self) -> None:
        """Run one sweep of every student."""
        for student in self.students:
            student.advance()

    @property
    def finished(self) -> bool:
        """Whether every student has come to rest."""
        return all(student.finished for student in self.students)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many draws ended in each outcome."""
        outcomes = [student.outcome for student in self.students]
        return {outcome: outcomes.count(outcome) for outcome in OUTCOMES}

    @property
    def overlaps(self) -> Floats:
        """(q*, m) after each sweep of each draw, (draw, sweep, 2); one that has come to rest stays where it is."""
        longest = max(len(student.overlaps) for student in self.students)
        return np.array(
            [one.overlaps + [one.overlaps[-1]] * (longest - len(one.overlaps)) for one in self.students], np.float64
        )


CODE = """import densehop as dh
from densehop.apps.explorer.compute.attack import Attack

attack = {attack}
pattern = attack.pattern()  # a digit, 16 x 16
for seed in range(attack.seed, attack.seed + {n_draws}):  # several draws of the examples
    _, examples = dh.draw_examples({n_spins}, {n_examples}, {teacher_p}, {teacher_temperature!r}, seed, pattern)
    example = dh.simulate.typical_example(pattern, examples)
    intruder = example.spins if example.overlap >= 0 else -example.spins
    state = dh.simulate.attacked(pattern, intruder, attack.eps, 1, seed)
    end = dh.PBodyHopfield(examples, {p}).relax(state)[0]
    print("q* =", (end * pattern).mean(), " m =", (end * intruder).mean())
print("eps* =", dh.adversarial_boundary({p}, attack.load))
"""


def python_code(attack: Attack) -> str:
    """Return Python code that ends in the same state."""
    return CODE.format(
        attack=attack,
        n_draws=N_DRAWS,
        n_spins=N_SPINS,
        n_examples=attack.n_examples,
        teacher_p=TEACHER_P,
        teacher_temperature=TEACHER_TEMPERATURE,
        p=P,
    )
