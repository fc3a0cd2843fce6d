"""Students of real vectors: patterns sampled from exp(-E/T), E the strict p-body energy of stored examples.

The teacher-student view (docs/theory.md, sections 2 to 5) on data that has no known teacher. What the students of
several chains share is what the examples taught. Each group of students is annealed from random states; a second one
starts at examples, so that a memory of the start can be seen.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Signs
from densehop.base.streams import Purpose, Seed, generator, seed_sequence
from densehop.diagnostics.start_comparison import StartIndependence, start_independence
from densehop.errors import InvalidInput
from densehop.learn.data.datasets import ImageSet
from densehop.learn.students.group import StudentGroup, StudentRegime, group_of
from densehop.network import PBodyHopfield
from densehop.simulate.settings import annealing

HOTTEST = 2.5  # depths: above every transition of a p-body ferromagnet, T_crit(2) = 2
SNAPSHOTS = 50  # of each run
STATES_FOR_DEPTH = 16  # examples from which the deepest state is looked for


@dataclass(frozen=True, eq=False)
class Students:
    """Students of examples at one temperature.

    Attributes
    ----------
    p : int
    temperature : float
    depth : float, -E/N of the deepest state that T = 0 dynamics finds from examples: the natural unit of temperature
    chance : float, the largest overlap with an example that half of all random states show, examples independent
    annealed, started : StudentGroup, annealed from random states, and from the given start (else at examples)
    verdict : StartIndependence of the two
    """

    p: int
    temperature: float
    depth: float
    chance: float
    annealed: StudentGroup
    started: StudentGroup
    verdict: StartIndependence

    @property
    def group(self) -> StudentGroup:
        """The group whose state has the lower free energy where that is certain, else the annealed one.

        The entropy per spin lies between 0 and log 2: the started group wins if its energy per spin is lower by more
        than T log 2, however long annealing takes to find its state.
        """
        gap = float(self.annealed.energy.mean() - self.started.energy.mean())
        return self.started if gap > self.temperature * math.log(2) else self.annealed

    @property
    def regime(self) -> StudentRegime:
        """What the students of `group` hold; whether the start still matters is in `verdict`."""
        return self.group.regime

    @property
    def reason(self) -> str:
        """The regime in words, with the numbers behind it."""
        group = self.group
        names = ("annealed", "started") if group is self.annealed else ("started", "annealed")
        other = self.started if group is self.annealed else self.annealed
        same = "" if other.regime == group.regime else f" ({names[1]}: {other.regime})"
        return (
            f"{group.regime}, {names[0]}{same}: q = {group.q_mean:.2f}({group.q_spread:.2f}) between students, "
            f"{group.self_overlap:.2f} with themselves; m = {np.median(group.overlap):.2f} with the closest example "
            f"(chance {self.chance:.2f}), {np.median(group.relaxed_overlap):.2f} relaxed, which gives "
            f"{np.median(group.share):.0%} of the energy; {self.verdict.reason}"
        )


def sample_students(
    examples: ArrayLike,
    p: int,
    temperature: float,
    n_students: int = 8,
    n_sweeps: int = 400,
    *,
    start: ArrayLike | None = None,
    pattern: ArrayLike | None = None,
    seed: Seed = 0,
    n_workers: int | None = None,
) -> Students:
    """Sample students of examples (M, N) of +-1 from exp(-E/T), E the strict p-body energy (docs/theory.md, eq. 1).

    Parameters
    ----------
    examples : (M, N) of +-1, such as binarised images
    p : int
    temperature : float > 0; `Students.depth` is its natural unit: a p-body ferromagnet of depth 1 orders near T = 1.5
    n_students : int >= 2, of each of the two starts
    n_sweeps : int >= 50, of annealing, and again of sampling
    start : (N,) or (n_students, N) of +-1, where the second group begins; None: at examples chosen at random
    pattern : (N,) of +-1, a teacher's pattern to compare with
    seed : int; one seed gives the same bits with any number of workers
    n_workers : int, threads; None: one per core

    Raises
    ------
    InvalidInput
        If an argument is out of range or the run cannot fit into memory.
    """
    network = PBodyHopfield(examples, p=p)
    temperature = checks.number("temperature", temperature)
    n_students = checks.integer("n_students", n_students, 2)
    n_sweeps = checks.integer("n_sweeps", n_sweeps, SNAPSHOTS)
    references = _references(network, pattern)
    depth = _depth(network, seed, n_workers)
    schedule = _cooling(HOTTEST * depth, temperature, n_sweeps)
    if start is None:
        chosen = generator(seed, Purpose.PATTERN).integers(network.n_patterns, size=n_students)
        start = network.patterns[chosen]
    runs, starts = [], (None, start)
    for number, (warm_up, first_states) in enumerate(zip((schedule, temperature), starts, strict=True)):
        streams = seed_sequence(seed, Purpose.START, number), seed_sequence(seed, Purpose.NOISE, number)
        ready = network.sample(warm_up, n_students, n_sweeps, first_states, seed=streams[0], n_workers=n_workers)
        interval = n_sweeps // SNAPSHOTS
        runs.append(
            network.sample(
                temperature, n_students, n_sweeps, ready.spins, references, streams[1],
                snapshot_every=interval, n_workers=n_workers,
            )
        )  # fmt: skip
    annealed, started = (group_of(network, run, n_workers) for run in runs)
    chance = _chance(network.n_spins, network.n_patterns * (2 if network.symmetric else 1))
    verdict = start_independence(runs[1], runs[0], burn_in=0)
    return Students(p, temperature, depth, chance, annealed, started, verdict)


def energy_depth(examples: ArrayLike, p: int, seed: Seed = 0) -> float:
    """Return -E/N of the deepest state that T = 0 dynamics finds from some examples (M, N) and from their majority."""
    return _depth(PBodyHopfield(examples, p=p), seed, None)


def signs_of_images(data: ImageSet, n_images: int, digit: int | None = None, seed: Seed = 0) -> Signs:
    """Return so many images of a set, or of one of its classes, at random and in black and white (+-1), (M, N)."""
    images = data.images if digit is None else data.images[data.classes == digit]
    if not len(images):
        raise InvalidInput(f"{data.name} has no images of class {checks.shown(digit)}")
    n_images = checks.integer("memories", n_images, 1)
    chosen = generator(seed, Purpose.PATTERN, 1).permutation(len(images))[:n_images]
    return np.where(images[chosen] > data.middle, 1, -1).astype(np.int8)


def _majority(network: PBodyHopfield) -> Signs:
    """Return the sign of the mean example, (N,)."""
    return np.where(network.patterns.sum(axis=0, dtype=np.int64) < 0, -1, 1).astype(np.int8)


def _references(network: PBodyHopfield, pattern: ArrayLike | None) -> Signs:
    """Return the sign of the mean example and the pattern if there is one, (R, N)."""
    majority = _majority(network)
    if pattern is None:
        return majority[np.newaxis]
    return np.stack([majority, checks.signs("pattern", pattern, (network.n_spins,))])


def _depth(network: PBodyHopfield, seed: Seed, n_workers: int | None) -> float:
    """Return -E/N of the deepest state below some examples and their majority."""
    n_some = min(STATES_FOR_DEPTH, network.n_patterns)
    chosen = generator(seed, Purpose.EXAMPLES).choice(network.n_patterns, n_some, replace=False)
    relaxed = network.relax(np.vstack([_majority(network), network.patterns[chosen]]), n_workers)
    return float(-network.energy(relaxed).min() / network.n_spins)


def _cooling(hottest: float, temperature: float, n_sweeps: int) -> ArrayLike:
    """Return the schedule down to a temperature; where that is hot already, the temperature."""
    return annealing(hottest, temperature, n_sweeps) if temperature < hottest else temperature


def _chance(n_spins: int, n_examples: int) -> float:
    """Return the median of the largest of so many overlaps of independent random vectors."""
    return float(2 * binom.ppf(0.5 ** (1 / n_examples), n_spins, 0.5) / n_spins - 1)
