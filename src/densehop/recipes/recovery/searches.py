"""Searches for the pattern behind given examples, each of which knows nothing but them, and what each costs."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from densehop.base.arrays import Floats, Signs
from densehop.base.streams import Purpose, Seed, seed_sequence
from densehop.inference.amp import random_start
from densehop.inference.examples import Examples
from densehop.inference.instance import Instance
from densehop.inference.recovery import all_starts, search
from densehop.inference.spectral import Start, spectral_starts
from densehop.problem import load_of
from densehop.simulate.settings import annealing
from densehop.teacher import law
from densehop.teacher.examples import draw_examples
from densehop.theory.lines.spectral import unfolding_threshold

Result = TypeVar("Result")
SEARCHES = ("eigenvectors", "random starts", "annealing", "replica exchange")
N_MEASURED = 2 * len(SEARCHES) + 1  # numbers that `measure` returns
N_ANNEALED = 4  # chains, of which the one of lowest energy counts
HOTTEST = 2.0  # times T, from where chains are cooled, and the hot end of the ladder
COLDEST = 0.5  # times T, where cooling ends
EXCHANGE_EVERY = 5  # sweeps
WARM_SPINS, WARM_EXAMPLES = 40, 500
SPACING = 1.5  # of neighbours in 1/T, in deviations of the paramagnet's energy: 29 % of their swaps are accepted


@dataclass(frozen=True)
class Task:
    """What is searched for; representation: of the chains, as in `sample`."""

    p: int
    teacher_p: int
    temperature: float
    n_spins: int
    representation: str = "couplings"

    @property
    def threshold(self) -> float:
        """The number of examples from which the unfolding's eigenvector shows the pattern, by signal and noise of N."""
        n_spins, p, teacher_p = self.n_spins, self.p, self.teacher_p
        signal = law.signal_strength(n_spins, 1, p, self.temperature, teacher_p)
        noise = law.noise_ratio(n_spins, p, self.temperature, teacher_p) * load_of(1, n_spins, p)
        return unfolding_threshold(n_spins, p) * noise / signal**2


@dataclass(frozen=True)
class Effort:
    """How long the searches beside the eigenvectors go on, so that they cost as much.

    n_starts: random starts of message passing;  n_annealed, n_exchanged: sweeps of all chains together.
    """

    n_starts: int
    n_annealed: int
    n_exchanged: int


def measure(task: Task, n_examples: int, effort: Effort, seed: Seed) -> Floats:
    """Return overlaps (4,) and seconds of processor time (4,) of the searches, and the overlap of the eigenvector.

    Couplings are built once; their time counts for each search that needs them.
    """
    pattern, signs = draw_examples(task.n_spins, n_examples, task.teacher_p, task.temperature, seed=seed, n_workers=1)
    examples = Examples(signs, task.p, 1)
    building = _seconds(lambda: examples.tensor)[1] if task.representation == "couplings" else 0.0
    vectors = building if task.p == 3 else 0.0
    searches: tuple[tuple[Callable[[], Signs], float], ...] = (
        (lambda: _eigenvectors(examples, task, seed), vectors),
        (lambda: _random_starts(signs, task, effort, seed), 0.0),
        (lambda: _annealed(examples, task, effort, seed), building),
        (lambda: _exchanged(examples, task, effort, seed), building),
    )
    overlaps, seconds = [], []
    for run, shared in searches:
        state, own = _seconds(run)
        seconds.append(own + shared)
        overlaps.append(overlap(state, pattern))
    return np.array([*overlaps, *seconds, _of_eigenvector(examples, pattern, task, seed)])


def warm_up(task: Task) -> None:
    """Let a tiny search of this kind load the compiled code, which belongs to no search's cost."""
    measure(replace(task, n_spins=WARM_SPINS), WARM_EXAMPLES, Effort(1, 8 * N_ANNEALED, 8), 0)


def _seconds(run: Callable[[], Result]) -> tuple[Result, float]:
    """Return what a function returns, and its processor time."""
    started = time.process_time()
    result = run()
    return result, time.process_time() - started


def overlap(vector: Signs | Floats, pattern: Signs) -> float:
    """Return the cosine between two vectors (N,), up to a common sign."""
    return abs(float(vector @ pattern.astype(np.float64))) / float(np.linalg.norm(vector) * np.linalg.norm(pattern))


def ladder(task: Task, load: float) -> Floats:
    """Return temperatures (R,) from T up, evenly spaced in 1/T; the paramagnet's energy has the variance N alpha."""
    coldest, hottest = 1 / task.temperature, 1 / (HOTTEST * task.temperature)
    steps = math.ceil((coldest - hottest) * math.sqrt(task.n_spins * load) / SPACING)
    temperatures: Floats = 1 / np.linspace(coldest, hottest, steps + 1)
    return temperatures


def _eigenvectors(examples: Examples, task: Task, seed: Seed) -> Signs:
    """Return the best state of message passing from eigenvectors, the mean and three random states."""
    instance = Instance.checked(examples.signs, task.p, task.temperature, 1)
    return search(instance, all_starts(examples, instance.codes, seed)).result.pattern


def _random_starts(signs: Signs, task: Task, effort: Effort, seed: Seed) -> Signs:
    """Return the best state of message passing from random signs."""
    instance = Instance.checked(signs, task.p, task.temperature, 1)
    starts = (
        Start("random", random_start(task.n_spins, seed_sequence(seed, Purpose.START, number)))
        for number in range(effort.n_starts)
    )
    return search(instance, starts).result.pattern


def _annealed(examples: Examples, task: Task, effort: Effort, seed: Seed) -> Signs:
    """Return the end of lowest energy of chains that are cooled."""
    cooling = annealing(HOTTEST * task.temperature, COLDEST * task.temperature, effort.n_annealed // N_ANNEALED)
    run = examples.network.sample(cooling, N_ANNEALED, seed=seed, representation=task.representation, n_workers=1)
    best: Signs = run.spins[run.energy[:, -1].argmin()]
    return best


def _exchanged(examples: Examples, task: Task, effort: Effort, seed: Seed) -> Signs:
    """Return the last state at T of replica exchange."""
    temperatures = ladder(task, load_of(len(examples.signs), task.n_spins, task.p))
    n_sweeps = max(1, effort.n_exchanged // len(temperatures))
    run = examples.network.temper(
        temperatures, 1, n_sweeps, EXCHANGE_EVERY, seed=seed, representation=task.representation, n_workers=1
    )
    coldest: Signs = run.spins[0, 0]
    return coldest


def _of_eigenvector(examples: Examples, pattern: Signs, task: Task, seed: Seed) -> float:
    """Return the overlap of the eigenvector that is to find it: the covariance's of a two-body teacher."""
    wanted = "covariance" if task.teacher_p == 2 else "unfolding"
    starts = spectral_starts(examples, seed)
    return overlap(next(start.magnetisations for start in starts if start.name == wanted), pattern)
