"""A simulation in blocks of sweeps, each with a seed of its own, and simulations along a line.

The blocks' lengths follow from the sizes alone, so that the lines of Python that the page shows give the same bits.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from densehop.apps.explorer.places import Point
from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.diagnostics.equilibration import Equilibration, equilibration
from densehop.diagnostics.time_averages import disorder_estimate
from densehop.errors import InvalidInput
from densehop.network import PBodyHopfield
from densehop.simulate.starts import attacked, random_states, states_at_overlap
from densehop.teacher.examples import draw_examples

STARTS = {
    "pattern": "the pattern (or memory)",
    "random": "random",
    "example": "an example",
    "overlap": "an overlap with the pattern",
    "attacked": "the pattern, overwritten by an example",
}
LARGEST_N, LARGEST_DISORDERS, N_CHAINS = 1024, 8, 2
LARGEST_SWEEPS = 2000
LARGEST_STORE = 48_000_000  # signs of examples, all disorders together
BLOCK_SECONDS, PATTERN_SECONDS, ATTEMPT_SECONDS = 0.04, 1e-10, 1e-7  # aimed at; of one chain and site, about
LONGEST_BLOCK = 20
BURN_IN = 0.25


@dataclass(frozen=True)
class Request:
    """What to simulate: a point, a size and a start, within bounds that keep the page alive.

    Attributes
    ----------
    amount : the overlap of the start "overlap", or the overwritten fraction of "attacked"
    """

    point: Point
    n_spins: int = 128
    n_disorders: int = 4
    start: str = "pattern"
    amount: float = 0.5
    seed: int = 0
    n_sweeps: int = 400

    def __post_init__(self) -> None:
        checks.integer("N", self.n_spins, max(8, self.point.view.p), LARGEST_N)
        checks.integer("disorders", self.n_disorders, 1, LARGEST_DISORDERS)
        checks.integer("seed", self.seed, 0, 2**32 - 1)
        checks.integer("sweeps", self.n_sweeps, 8, LARGEST_SWEEPS)
        checks.choice("start", self.start, tuple(STARTS))
        checks.between("amount", self.amount, 0, 1)
        store = self.n_examples * self.n_spins * self.n_disorders
        if store > LARGEST_STORE:
            raise InvalidInput(
                f"{self.n_disorders} disorders of {self.n_examples} examples with N = {self.n_spins} are too much for "
                f"a page ({store / 1e6:.0f} of {LARGEST_STORE / 1e6:.0f} million spins): lower N, load or disorders, "
                "or use `densehop run`"
            )

    @property
    def n_examples(self) -> int:
        """M."""
        return self.point.n_examples(self.n_spins)

    @property
    def block(self) -> int:
        """Sweeps at a time, so that the page moves several times a second."""
        attempts = self.n_spins * N_CHAINS * self.n_disorders
        seconds = attempts * (ATTEMPT_SECONDS + PATTERN_SECONDS * self.n_examples)
        return max(1, min(LONGEST_BLOCK, int(BLOCK_SECONDS / seconds)))


class Simulation:
    """The chains of a request, all disorders in step.

    Attributes
    ----------
    n_sweeps : int, done so far
    overlap, energy : (disorder, chain, sweep), with the pattern (direct model: the memory), and per spin
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.n_sweeps = 0
        self._blocks = 0
        self._overlaps: list[Floats] = []
        self._energies: list[Floats] = []

    @cached_property
    def _networks(self) -> list[tuple[Signs, PBodyHopfield]]:
        """Pattern and network of each disorder."""
        return [self._network(np.random.SeedSequence((self.request.seed, d))) for d in range(self.request.n_disorders)]

    def _network(self, seed: np.random.SeedSequence) -> tuple[Signs, PBodyHopfield]:
        request, point = self.request, self.request.point
        n_spins, count, hot = request.n_spins, request.n_examples, point.teacher_temperature(request.n_spins)
        if hot is None:
            memories = random_states(n_spins, count, seed)
            return memories[0], PBodyHopfield(memories, point.view.p)
        pattern, examples = draw_examples(n_spins, count, point.teacher_p, hot, seed, n_workers=1)
        return pattern, PBodyHopfield(examples, point.view.p)

    @cached_property
    def _states(self) -> list[Signs]:
        """The chains of each disorder (chain, N)."""
        return [self._start(d, pattern, network) for d, (pattern, network) in enumerate(self._networks)]

    def _start(self, disorder: int, pattern: Signs, network: PBodyHopfield) -> Signs:
        request = self.request
        seed = np.random.SeedSequence((request.seed, disorder, 0))
        if request.start == "random":
            return random_states(request.n_spins, N_CHAINS, seed)
        if request.start == "overlap":
            return states_at_overlap(pattern, request.amount, N_CHAINS, seed)
        if request.start == "attacked":
            return attacked(pattern, network.patterns[-1], request.amount, N_CHAINS, seed)
        return np.repeat(network.patterns[-1:] if request.start == "example" else pattern[None], N_CHAINS, axis=0)

    @property
    def finished(self) -> bool:
        """Whether all sweeps are done."""
        return self.n_sweeps >= self.request.n_sweeps

    @property
    def overlap(self) -> Floats:
        """The overlaps so far; for even p, where -xi is xi, of either sign."""
        return (
            np.concatenate(self._overlaps, axis=2)
            if self._overlaps
            else np.empty((self.request.n_disorders, N_CHAINS, 0))
        )

    @property
    def energy(self) -> Floats:
        """The energies per spin so far."""
        return (
            np.concatenate(self._energies, axis=2)
            if self._energies
            else np.empty((self.request.n_disorders, N_CHAINS, 0))
        )

    def advance(self) -> None:
        """Run the next block of every disorder."""
        request = self.request
        length = min(request.block, request.n_sweeps - self.n_sweeps)
        overlaps, energies = [], []
        for disorder, (pattern, network) in enumerate(self._networks):
            run = network.sample(
                request.point.temperature,
                N_CHAINS,
                length,
                start=self._states[disorder],
                references=pattern,
                seed=np.random.SeedSequence((request.seed, disorder, 1 + self._blocks)),
                n_workers=1,
            )
            self._states[disorder] = run.spins
            overlaps.append(run.overlap[:, :, 0])
            energies.append(run.energy / request.n_spins)
        self._overlaps.append(np.array(overlaps))
        self._energies.append(np.array(energies))
        self._blocks += 1
        self.n_sweeps += length

    def mean(self) -> tuple[float, float]:
        """Return overlap and its standard error over disorders, without the burn-in; for even p of absolute values."""
        late = self.overlap[:, :, int(BURN_IN * self.n_sweeps) :].mean(axis=2)
        if self.request.point.view.p % 2 == 0:
            late = np.abs(late)
        estimate = disorder_estimate(late.mean(axis=1))
        return estimate.mean, estimate.error

    def verdict(self) -> Equilibration | None:
        """Judge all chains, each disorder around its own mean; None while there is too little to see."""
        late = self.overlap[:, :, int(BURN_IN * self.n_sweeps) :]
        if late.shape[2] < 4:
            return None
        return equilibration((late - late.mean((1, 2), keepdims=True)).reshape(-1, late.shape[2]))


class Cut:
    """Simulations at points along a line, one after the other: what the dots of a cut are.

    Attributes
    ----------
    results : (place, mean, error) of the points done; nan where a point cannot be simulated
    """

    def __init__(self, requests: list[Request], places: list[float]) -> None:
        self._work = list(zip(places, requests, strict=True))
        self._now: tuple[float, Simulation] | None = None
        self.results: list[tuple[float, float, float]] = []

    @property
    def finished(self) -> bool:
        """Whether all points are done."""
        return self._now is None and not self._work

    def advance(self) -> None:
        """Run the next block of the present point."""
        if self._now is None:
            place, request = self._work.pop(0)
            self._now = place, Simulation(request)
        place, simulation = self._now
        simulation.advance()
        if simulation.finished:
            mean, error = simulation.mean()
            self.results.append((place, mean, 0.0 if math.isnan(error) else error))
            self._now = None
