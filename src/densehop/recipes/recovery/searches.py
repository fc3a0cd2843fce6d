"""Searches for the pattern behind given examples, each of which knows nothing but them, and what each costs."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats, Signs
from densehop.base.streams import Purpose, Seed, seed_sequence
from densehop.inference.amp import random_start
from densehop.inference.instance import Instance
from densehop.inference.recovery import all_starts, search
from densehop.inference.spectral import Start, spectral_starts
from densehop.network import PBodyHopfield
from densehop.problem import load_of
from densehop.simulate.settings import annealing
from densehop.teacher import law
from densehop.teacher.examples import draw_examples
from densehop.theory.lines.spectral import unfolding_threshold

SEARCHES = ("eigenvectors", "random starts", "annealing", "replica exchange")
N_MEASURED = 2 * len(SEARCHES) + 1  # numbers that `measure` returns
N_ANNEALED = 4  # chains, of which the one of lowest energy counts
HOTTEST = 2.0  # times T, from where chains are cooled, and the hot end of the ladder
COLDEST = 0.5  # times T, where cooling ends
EXCHANGE_EVERY = 5  # sweeps
SPACING = 1.5  # of neighbours in 1/T, in deviations of the paramagnet's energy: 29 % of their swaps are accepted


@dataclass(frozen=True)
class Task:
    """What is searched for, and how long.

    n_random: random starts of message passing;  n_sweeps: sweeps of all chains together, in annealing and in exchange;
    representation: of the chains, as in `sample`.
    """

    p: int
    teacher_p: int
    temperature: float
    n_spins: int
    n_random: int
    n_sweeps: int
    representation: str = "couplings"

    @property
    def threshold(self) -> float:
        """The number of examples from which the unfolding's eigenvector shows the pattern, by signal and noise of N."""
        n_spins, p, teacher_p = self.n_spins, self.p, self.teacher_p
        signal = law.signal_strength(n_spins, 1, p, self.temperature, teacher_p)
        noise = law.noise_ratio(n_spins, p, self.temperature, teacher_p) * load_of(1, n_spins, p)
        return unfolding_threshold(n_spins, p) * noise / signal**2


def measure(task: Task, n_examples: int, seed: Seed) -> Floats:
    """Return overlaps (4,) and seconds of processor time (4,) of the searches, and the overlap of the eigenvector."""
    p, t = task.p, task.temperature
    pattern, examples = draw_examples(task.n_spins, n_examples, task.teacher_p, t, seed=seed)
    network = PBodyHopfield(examples, p)
    network.sample(
        t, n_sweeps=1, representation=task.representation, n_workers=1
    )  # builds couplings, which is for free
    searches: tuple[Callable[[], Signs], ...] = (
        lambda: _eigenvectors(examples, task, seed),
        lambda: _random_starts(examples, task, seed),
        lambda: _annealed(network, task, seed),
        lambda: _exchanged(network, task, len(examples), seed),
    )
    overlaps, seconds = [], []
    for run in searches:
        started = time.process_time()
        state = run()
        seconds.append(time.process_time() - started)
        overlaps.append(overlap(state, pattern))
    return np.array([*overlaps, *seconds, _of_eigenvector(examples, pattern, task, seed)])


def overlap(vector: Signs | Floats, pattern: Signs) -> float:
    """Return the cosine between two vectors (N,), up to a common sign."""
    return abs(float(vector @ pattern.astype(np.float64))) / float(np.linalg.norm(vector) * np.linalg.norm(pattern))


def ladder(task: Task, load: float) -> Floats:
    """Return temperatures (R,) from T up, evenly spaced in 1/T; the paramagnet's energy has the variance N alpha."""
    coldest, hottest = 1 / task.temperature, 1 / (HOTTEST * task.temperature)
    steps = math.ceil((coldest - hottest) * math.sqrt(task.n_spins * load) / SPACING)
    temperatures: Floats = 1 / np.linspace(coldest, hottest, steps + 1)
    return temperatures


def _eigenvectors(examples: Signs, task: Task, seed: Seed) -> Signs:
    """Return the best state of message passing from eigenvectors, the mean and three random states."""
    instance = Instance.checked(examples, task.p, task.temperature, 1)
    return search(instance, all_starts(examples, instance.codes, task.p, seed, 1)).result.pattern


def _random_starts(examples: Signs, task: Task, seed: Seed) -> Signs:
    """Return the best state of message passing from random signs."""
    instance = Instance.checked(examples, task.p, task.temperature, 1)
    starts = (
        Start("random", random_start(task.n_spins, seed_sequence(seed, Purpose.START, number)))
        for number in range(task.n_random)
    )
    return search(instance, starts).result.pattern


def _annealed(network: PBodyHopfield, task: Task, seed: Seed) -> Signs:
    """Return the end of lowest energy of chains that are cooled."""
    cooling = annealing(HOTTEST * task.temperature, COLDEST * task.temperature, task.n_sweeps // N_ANNEALED)
    run = network.sample(cooling, N_ANNEALED, seed=seed, representation=task.representation, n_workers=1)
    best: Signs = run.spins[run.energy[:, -1].argmin()]
    return best


def _exchanged(network: PBodyHopfield, task: Task, n_examples: int, seed: Seed) -> Signs:
    """Return the last state at T of replica exchange."""
    temperatures = ladder(task, load_of(n_examples, task.n_spins, task.p))
    n_sweeps = task.n_sweeps // len(temperatures)
    run = network.temper(
        temperatures, 1, n_sweeps, EXCHANGE_EVERY, seed=seed, representation=task.representation, n_workers=1
    )
    coldest: Signs = run.spins[0, 0]
    return coldest


def _of_eigenvector(examples: Signs, pattern: Signs, task: Task, seed: Seed) -> float:
    """Return the overlap of the eigenvector that is to find it: the covariance's of a two-body teacher."""
    wanted = "covariance" if task.teacher_p == 2 else "unfolding"
    starts = spectral_starts(examples, task.p, seed, 1)
    return overlap(next(start.magnetisations for start in starts if start.name == wanted), pattern)
