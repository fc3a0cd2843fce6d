"""One cell of a campaign: a problem point, a disorder, a start and a schedule, with seeds that follow from its content.

A cell knows nothing about the grid it is part of: its random streams and the name of its file are hashes of what it
says. So adding points to a grid, or reordering it, changes no bit of the other cells.
"""

import hashlib
import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from densehop.base import checks
from densehop.base.streams import Purpose, seed_sequence
from densehop.simulate.representations.choice import SHARE_OF_MEMORY
from densehop.simulate.representations.couplings import LARGEST_P, CouplingStore
from densehop.simulate.representations.patterns import PatternStore

FORMAT = 3  # of the content: raise it when the same content begins to mean other numbers
NANOSECONDS_PER_ATTEMPT, NANOSECONDS_PER_PATTERN = 40.0, 0.03  # a guess, good enough to weigh cells
RELAXING = 4  # sweeps to a fixed point, about
LONGEST_SEGMENT, SHORTEST_SEGMENT = 256, 16  # sweeps between two moments at which a cell can be saved
SMALLEST_MEMORY = 2**24  # bytes that even the smallest cell takes
SNAPSHOT_BYTES = 2**26  # of the states that a segment keeps


@dataclass(frozen=True)
class Run:
    """How the chains of a cell run: the schedule, without defaults or ranges.

    Attributes
    ----------
    n_chains, n_sweeps : int
    burn_in : float, share of the sweeps that is left out of the means
    dynamics, order, representation : str, as in `PBodyHopfield.sample`
    observable : "q_star", "m" or "energy", what the verdict and the error bar look at
    precision : float or None, go on until the error bar of the observable is this small
    max_sweeps : int, or for ever as long as that
    exchange_with : temperatures of replica exchange beside the cell's own, those above it; None: chains are alone
    """

    n_chains: int
    n_sweeps: int
    burn_in: float
    dynamics: str
    order: str
    representation: str
    observable: str
    precision: float | None
    max_sweeps: int
    exchange_with: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Overwritten:
    """What a cell attacks the pattern with, where it does.

    Attributes
    ----------
    fractions : of the pattern's sites that an example overwrites
    examples : which example does: "typical", "closest"
    """

    fractions: tuple[float, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """What one result file answers.

    Attributes
    ----------
    seed : int, the campaign's
    p, n_spins, n_examples : int
    temperature : float
    teacher_p, teacher_temperature : None for the direct model
    disorder : int, which draw of the examples
    start : "pattern", "example", "random", "overlap" or "attack"
    start_overlap : float or None, with the pattern (direct model: with the first memory)
    run : how the chains run
    attack : with every fraction and example in turn, where the start is "attack"
    load, start_name : what the plan calls them; no part of the content
    """

    seed: int
    p: int
    n_spins: int
    n_examples: int
    temperature: float
    teacher_p: int | None
    teacher_temperature: float | None
    disorder: int
    start: str
    start_overlap: float | None
    run: Run
    attack: Overwritten | None = None
    load: float = field(default=math.nan, compare=False)
    start_name: str = field(default="", compare=False)

    @property
    def problem(self) -> dict[str, Any]:
        """What decides the examples."""
        names = ("p", "n_spins", "n_examples", "temperature", "teacher_p", "teacher_temperature", "disorder")
        return {name: getattr(self, name) for name in names}

    @property
    def content(self) -> dict[str, Any]:
        """Everything that decides the numbers; two cells with the same content are the same cell."""
        start = {"start": self.start, "start_overlap": self.start_overlap}
        attack = {"attack": None if self.attack is None else vars(self.attack)}
        return {"format": FORMAT, "seed": self.seed, **self.problem, **start, **vars(self.run), **attack}

    @cached_property
    def identity(self) -> str:
        """The name of the cell's file."""
        return _digest(self.content).hex()[:24]

    @property
    def examples_seed(self) -> np.random.SeedSequence:
        """Seed of the examples: shared by the starts, by nothing else."""
        return seed_sequence(self.seed, Purpose.CELL, *_words(self.problem))

    def segment_seed(self, segment: int) -> np.random.SeedSequence:
        """Seed of the chains in one segment; it does not depend on how long they run."""
        key = {**self.problem, "start": self.start, "start_overlap": self.start_overlap}
        key["exchange_with"] = self.run.exchange_with
        return seed_sequence(self.seed, Purpose.CELL, *_words(key), segment)

    @property
    def ladder(self) -> tuple[float, ...]:
        """The temperatures at which chains run: the cell's own, and those above it with which they swap places."""
        return (self.temperature, *(hotter for hotter in self.run.exchange_with or () if hotter > self.temperature))

    @property
    def segment_length(self) -> int:
        """Sweeps between two moments at which the cell can be saved: part of what the random numbers depend on."""
        fitting = SNAPSHOT_BYTES // (self.run.n_chains * len(self.ladder) * self.n_spins)
        return max(SHORTEST_SEGMENT, min(LONGEST_SEGMENT, fitting))

    @property
    def cost(self) -> float:
        """Predicted processor seconds, to weigh cells with; an adaptive cell counts its first round."""
        sweeps = self.run.n_sweeps
        if self.attack is not None:
            n_attacks = len(self.attack.fractions) * len(self.attack.examples)
            sweeps = n_attacks * (sweeps if self.temperature else RELAXING)
        attempts = self.run.n_chains * len(self.ladder) * sweeps * self.n_spins
        return 0.02 + 1e-9 * attempts * (NANOSECONDS_PER_ATTEMPT + NANOSECONDS_PER_PATTERN * self.n_examples)

    @cached_property
    def memory(self) -> int:
        """Predicted peak in bytes: examples while they are checked, or their layouts; and couplings."""
        chains, running = self.run.n_chains, self.run.n_chains * len(self.ladder)
        sizes = (self.n_spins, self.n_examples, running)
        examples = self.n_examples * self.n_spins
        store = max(6 * examples, examples + PatternStore.bytes_needed(*sizes))
        couplings = 0
        if self.p <= LARGEST_P and self.run.representation != "patterns":
            couplings = CouplingStore.bytes_needed(self.p, *sizes, 1)
            if self.run.representation == "auto" and couplings > SHARE_OF_MEMORY * checks.free_memory():
                couplings = 0  # then `auto` stays with patterns
        per_sweep = chains * (8 + 8 + 4) + chains * (chains - 1)  # energies, acceptance, overlaps; pairs
        segment = self.segment_length * running * self.n_spins * 20  # states, thresholds, sites
        return int(SMALLEST_MEMORY + store + couplings + 3 * self.run.max_sweeps * per_sweep + segment)


def overlap_name(overlap: object) -> str:
    """Return the name of a start at an overlap that has no name of its own."""
    return f"overlap {overlap + 0.0:g}" if isinstance(overlap, int | float) else f"overlap {overlap}"


def _digest(content: dict[str, Any]) -> bytes:
    """Return the hash of a content; what was not given leaves no trace, so that new fields may be added later."""
    given = {name: value for name, value in content.items() if value is not None}
    return hashlib.sha256(json.dumps(given, sort_keys=True, allow_nan=False).encode()).digest()


def _words(content: dict[str, Any]) -> list[int]:
    """Return the hash as four words of 32 bits, a place among the streams."""
    return [int(word) for word in np.frombuffer(_digest(content)[:16], dtype="<u4")]
