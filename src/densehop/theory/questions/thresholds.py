"""Easy, hard or impossible: where theory expects a pattern to win, and to be found (docs/theory.md, eq. 120 to 122)."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from densehop.base import checks
from densehop.errors import NoSolution, NotConverged, OutOfRange
from densehop.problem import TeacherStudent, load_of
from densehop.teacher import law
from densehop.theory.lines.spectral import unfolding_threshold
from densehop.theory.saddle_point import find

COPY = 0.5  # mean overlap of an example with the pattern from which it is a copy: at p >= 3 it jumps across this
LARGEST_FACTOR = 1e6  # times the given number of examples, up to which thresholds are sought


@dataclass(frozen=True)
class InferenceRegime:
    """What theory expects of a student with so many examples of N spins (docs/theory.md, eq. 120 to 122).

    Attributes
    ----------
    regime : str
        "impossible": this student's state near the pattern does not exist or has a smaller free entropy than the
        paramagnet, or than the spin glass where that displaces it. States of single examples do not count. Of a
        two-body teacher an eigenvector may point at the pattern all the same; `explanation` says so.
        "hard": it wins, but no eigenvector sticks out of the noise, and no fast method is known. "easy": one does.
    overlap : float
        q* of that state, 0 where it does not exist.
    n_possible, n_easy : float
        Numbers of examples from which it wins and from which it is found from nothing; inf if there is none.
    explanation : str
        The answer in words.
    """

    n_spins: int
    n_examples: int
    regime: str
    overlap: float
    n_possible: float
    n_easy: float
    explanation: str

    @property
    def possible(self) -> bool:
        """Whether the pattern's state wins."""
        return self.regime != "impossible"


@dataclass(frozen=True)
class _Question:
    """N, the student and its teacher."""

    n_spins: int
    p: int
    temperature: float
    teacher_p: int
    teacher_temperature: float

    @property
    def ordered(self) -> bool:
        """Whether each example is a copy of the pattern; at p* >= 3 small teachers order at a lower T."""
        if self.teacher_temperature >= law.critical_temperature(self.teacher_p).temperature:
            return False
        if self.teacher_p == 2:
            return True
        here = law.teacher_law(self.n_spins, self.teacher_p, self.teacher_temperature)
        return float(here.probability @ np.abs(here.overlaps)) > COPY * self.n_spins

    @property
    def optimal(self) -> bool:
        """Whether the student knows its teacher; its paramagnet never becomes a spin glass."""
        return self.p == self.teacher_p and self.temperature == self.teacher_temperature

    @property
    def silent(self) -> bool:
        """Whether the signal vanishes by symmetry."""
        return self.p % 2 == 1 and self.teacher_p % 2 == 0

    def strength(self, n_examples: float) -> tuple[float, float]:
        """Return (lambda_N, rho_N alpha), both proportional to the number of examples; p >= 3."""
        signal = law.signal_strength(self.n_spins, 1, self.p, self.teacher_temperature, self.teacher_p)
        noise = law.noise_ratio(self.n_spins, self.p, self.teacher_temperature, self.teacher_p)
        return n_examples * signal, n_examples * noise * load_of(1, self.n_spins, self.p)

    def problem(self, n_examples: float) -> TeacherStudent:
        """Return the thermodynamic problem with the signal and the noise of this N."""
        if self.p == 2:
            load = 2 * n_examples / self.n_spins
            return TeacherStudent(2, load, self.temperature, self.teacher_temperature, self.teacher_p)
        signal, load = self.strength(n_examples)
        return TeacherStudent(self.p, load, self.temperature, signal=signal)

    def gain(self, n_examples: float) -> tuple[float, float]:
        """Return by how much the pattern's state wins in free entropy over the one without an overlap, and its q*."""
        problem = self.problem(n_examples)
        try:
            state = find(problem, "inference")
            gain = state.free_entropy - _free_entropy(problem, "paramagnet")
            if gain <= 0 and not self.optimal:
                gain = max(gain, state.free_entropy - _free_entropy(problem, "spin_glass", "1rsb"))
            return gain, state.q_star
        except (NoSolution, NotConverged):
            return -math.inf, 0.0
        except OutOfRange:  # at so strong a signal that the student is certain
            return math.inf, 1.0

    def spectral(self) -> float:
        """Return the number of examples from which an eigenvector sticks out of the noise (docs/theory.md, eq. 120)."""
        if self.teacher_p == 2:
            return self.n_spins * (self.teacher_temperature / 2 - 1) ** 2
        if self.p == 2:
            return math.inf
        signal, load = self.strength(1)
        return unfolding_threshold(self.n_spins, self.p) * load / signal**2 if signal > 0 else math.inf


def inference_regime(
    n_spins: int,
    n_examples: int,
    p: int,
    temperature: float,
    teacher_p: int | None = None,
    teacher_temperature: float | None = None,
) -> InferenceRegime:
    """Say whether a student can find the pattern at this N and M: easy, hard or impossible (docs/theory.md, eq. 122).

    Parameters
    ----------
    n_spins, n_examples : int
        N >= 2 and M >= 1.
    p : int
        The student's number of bodies, 2 <= p <= N.
    temperature : float
        The student's T > 0.
    teacher_p, teacher_temperature : int and float, optional
        The teacher's p* and T*; None means the student's.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    n_examples = checks.integer("n_examples", n_examples, 1)
    p = checks.body_number(p, n_spins)
    temperature = checks.number("temperature", temperature)
    bodies = p if teacher_p is None else checks.integer("teacher_p", teacher_p, 2, n_spins)
    hot = temperature if teacher_temperature is None else checks.number("teacher_temperature", teacher_temperature)
    answer = partial(InferenceRegime, n_spins, n_examples)
    question = _Question(n_spins, p, temperature, bodies, hot)
    if question.silent:
        why = f"An odd p = {p} learns nothing from a teacher with an even p = {bodies}: use an even p."
        return answer("impossible", 0.0, math.inf, math.inf, why)
    if question.ordered:
        why = f"At T = {hot:g} the teacher itself is ordered, so that each example is a noisy copy of the pattern."
        return answer("easy", 1.0, 1.0, 1.0, why)
    gain, overlap = question.gain(n_examples)
    possible = _fewest(question, n_examples)
    easy = max(possible, math.ceil(question.spectral())) if question.spectral() < math.inf else math.inf
    regime = "impossible" if gain <= 0 else "hard" if n_examples < easy else "easy"
    words = _explain(regime, n_examples, overlap, possible, easy)
    if regime == "impossible" and n_examples >= question.spectral():
        words = _explain_features(n_examples, math.ceil(question.spectral()), possible, p)
    return answer(regime, overlap, possible, easy, words)


def _free_entropy(problem: TeacherStudent, branch: str, ansatz: str = "rs") -> float:
    """Return the free entropy of a rival without an overlap; inf where it does not exist, so that nothing beats it.

    The spin glass displaces the paramagnet although its free entropy is smaller. At p = 2 it is alone at T < 2.
    """
    try:
        return find(problem, branch, ansatz).free_entropy
    except (NoSolution, NotConverged):
        return math.inf


def _fewest(question: _Question, n_examples: int) -> float:
    """Return the smallest number of examples from which the pattern's state wins, to 0.1 %; inf if there is none."""
    low, high = 1.0, float(n_examples)
    while question.gain(high)[0] <= 0:
        low, high = high, 4 * high
        if high > LARGEST_FACTOR * n_examples:
            return math.inf
    if question.gain(low)[0] > 0:
        return 1.0
    while high > low * 1.001:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if question.gain(middle)[0] > 0 else (middle, high)
    return math.ceil(high)


def _explain_features(n_examples: int, spectral: int, possible: float, p: int) -> str:
    """Say that a two-body teacher shows its pattern to others than this student."""
    when = f"from {possible:,.0f} examples on" if possible < math.inf else "with no number of examples"
    other = "at the teacher's temperature" if p == 2 else "with p = 2"
    return (
        f"Theory expects {n_examples:,} examples to be too few for the state of this student, which wins {when}. But "
        f"the examples' covariance points at the pattern from {spectral:,} examples on: message passing from there may "
        f"find it, and a student {other} does."
    )


def _explain(regime: str, n_examples: int, overlap: float, possible: float, easy: float) -> str:
    """Say in words what theory expects."""
    from_possible = f"{possible:,.0f} examples" if possible < math.inf else "no number of examples"
    from_easy = f"{easy:,.0f} examples" if easy < math.inf else "no number of examples"
    if regime == "easy":
        return (
            f"Theory expects it to be easy with {n_examples:,} examples (from {from_easy} on), with an overlap of "
            f"{overlap:.4f}."
        )
    if regime == "hard":
        return (
            f"Theory expects an overlap of {overlap:.4f} with {n_examples:,} examples, but hard to find: no "
            f"eigenvector points at the pattern before {from_easy}."
        )
    return (
        f"Theory expects {n_examples:,} examples to be too few for this student, by whatever method: the pattern's "
        f"state wins from {from_possible} on, and is found with {from_easy}."
    )
