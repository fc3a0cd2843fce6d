"""A simulation at a point of a phase plane, in blocks of sweeps, each with its own seed.

The length of a block follows from the sizes alone, never from a clock, so that the Python code which the page shows
gives the same bits.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from densehop.apps.explorer.compute.phase_plane import PhasePlane
from densehop.apps.explorer.compute.point import Point
from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.diagnostics.overlaps import fix_signs
from densehop.diagnostics.time_averages import disorder_estimate
from densehop.diagnostics.verdicts import Equilibration, joint_equilibration
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
ADVISED_N = (1000, 512, 256, 192, 128, 96, 64, 48, 40, 32, 24, 16)
N_CHAINS = 2  # for each disorder
MAX_N, MAX_DISORDERS, MAX_SWEEPS = 1024, 8, 2000
MAX_STORED_SPINS = 48_000_000  # spins of all examples of all disorders, a byte each
BLOCK_SECONDS = 0.04  # time that a block should take, about
ATTEMPT_SECONDS, ATTEMPT_SECONDS_PER_PATTERN = 1e-7, 1e-10  # time of one attempted flip of one chain, about
MAX_BLOCK = 20  # sweeps
BURN_IN = 0.25  # fraction of the sweeps that averages leave out


@dataclass(frozen=True)
class SimulationRequest:
    """What to simulate: a point, a size and a start, within the capacity of a page.

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
        checks.integer("N", self.n_spins, max(8, self.point.plane.p or 0), MAX_N)
        checks.integer("disorders", self.n_disorders, 1, MAX_DISORDERS)
        checks.integer("seed", self.seed, 0, 2**32 - 1)
        checks.integer("sweeps", self.n_sweeps, 8, MAX_SWEEPS)
        checks.choice("start", self.start, tuple(STARTS))
        checks.between("amount", self.amount, 0, 1)
        n_stored = self.n_examples * self.n_spins * self.n_disorders
        if n_stored > MAX_STORED_SPINS:
            raise InvalidInput(
                f"{self.n_disorders} disorders of {self.n_examples} examples with N = {self.n_spins} are too much for "
                f"a page ({n_stored / 1e6:.0f} of {MAX_STORED_SPINS / 1e6:.0f} million spins): lower N, load or "
                "disorders, or use `densehop run`"
            )

    @property
    def n_examples(self) -> int:
        """The number M of examples (direct model: memories)."""
        return self.point.n_examples(self.n_spins)

    @property
    def sweeps_per_block(self) -> int:
        """The number of sweeps between two updates of the page, which should come several times a second."""
        attempts = self.n_spins * N_CHAINS * self.n_disorders
        seconds = attempts * (ATTEMPT_SECONDS + ATTEMPT_SECONDS_PER_PATTERN * self.n_examples)
        return max(1, min(MAX_BLOCK, int(BLOCK_SECONDS / seconds)))


def advised_size(point: Point, n_disorders: int) -> int:
    """Return the largest N that a page can bear at a point, of a few sizes; the smallest where none of them fits."""
    return next((n for n in ADVISED_N if _fits(point, n, n_disorders)), ADVISED_N[-1])


def _fits(point: Point, n_spins: int, n_disorders: int) -> bool:
    """Whether a page can bear so many spins."""
    try:
        n_stored = point.n_examples(n_spins) * n_spins * n_disorders
    except InvalidInput:  # more examples than a number can hold
        return False
    return n_stored <= MAX_STORED_SPINS and n_spins >= (point.plane.p or 0)


class Simulation:
    """The chains of a request; every disorder has done the same number of sweeps.

    Attributes
    ----------
    n_sweeps : int, done so far
    overlap : (disorder, chain, sweep), with the pattern (direct model: with the first memory)
    energy : (disorder, chain, sweep), per spin
    """

    pause = 0.0

    def __init__(self, request: SimulationRequest) -> None:
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
        """Draw memories or a teacher's examples; return the pattern to compare with, (N,), and their network."""
        point, n_spins, n_examples = self.request.point, self.request.n_spins, self.request.n_examples
        plane, teacher_temperature = point.plane, point.teacher_temperature(n_spins)
        if plane.reliability is not None:
            n_copies = n_examples if plane.copies_load is None else point.n_copies(n_spins)
            pattern, examples = noisy_copies(n_spins, n_examples // n_copies, n_copies, plane.reliability, seed)
            return pattern, _of_many(examples, plane)
        if teacher_temperature is None:
            memories = random_states(n_spins, n_examples, seed)
            body = _of_many(memories, plane) if plane.exponential else PBodyHopfield(memories, plane.p)
            return memories[0], body
        pattern, examples = draw_examples(n_spins, n_examples, point.teacher_p, teacher_temperature, seed, n_workers=1)
        return pattern, PBodyHopfield(examples, point.plane.p)

    @cached_property
    def _states(self) -> list[Signs]:
        """The chains of each disorder (chain, N)."""
        return [self._start(d, pattern, network) for d, (pattern, network) in enumerate(self._networks)]

    def _start(self, disorder: int, pattern: Signs, network: PBodyHopfield) -> Signs:
        """Return the first states (chain, N) of a disorder's chains."""
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
        """The overlaps so far; for even p each chain has the sign that it had in the burn-in."""
        overlaps = self._concatenate(self._overlaps)
        return fix_signs(overlaps, self.burn_in) if self.request.point.plane.symmetric else overlaps

    @property
    def burn_in(self) -> int:
        """The number of sweeps so far that averages leave out."""
        return int(BURN_IN * self.n_sweeps)

    @property
    def energy(self) -> Floats:
        """The energies per spin so far."""
        return self._concatenate(self._energies)

    def _concatenate(self, blocks: list[Floats]) -> Floats:
        """Return blocks one after the other: (disorder, chain, sweep)."""
        return np.concatenate([np.empty((self.request.n_disorders, N_CHAINS, 0)), *blocks], axis=2)

    def advance(self) -> None:
        """Run the next block of sweeps of every disorder."""
        request = self.request
        length = min(request.sweeps_per_block, request.n_sweeps - self.n_sweeps)
        overlaps, energies = [], []
        for disorder, (pattern, network) in enumerate(self._networks):
            run = network.sample(
                request.point.temperature,
                N_CHAINS,
                length,
                start=self._states[disorder],
                seed=np.random.SeedSequence((request.seed, disorder, 1 + self._blocks)),
                snapshot_every=1,
                n_workers=1,
            )
            self._states[disorder] = run.spins
            overlaps.append(run.snapshots @ pattern.astype(np.int64) / request.n_spins)
            energies.append(run.energy / request.n_spins)
        self._overlaps.append(np.array(overlaps))
        self._energies.append(np.array(energies))
        self._blocks += 1
        self.n_sweeps += length

    def mean_overlap(self) -> tuple[float, float]:
        """Return the mean overlap after the burn-in and its standard error over disorders."""
        return self._mean(self.overlap)

    def mean_energy(self) -> tuple[float, float]:
        """Return the mean energy per spin after the burn-in and its standard error over disorders."""
        return self._mean(self.energy)

    def _mean(self, series: Floats) -> tuple[float, float]:
        estimate = disorder_estimate(series[:, :, self.burn_in :].mean((1, 2)))
        return estimate.mean, estimate.error

    def verdict(self) -> Equilibration | None:
        """Judge equilibration of all disorders together; None while there are fewer than 4 sweeps."""
        late = self.overlap[:, :, self.burn_in :]
        return None if late.shape[2] < 4 else joint_equilibration(late)


def noisy_copies(
    n_spins: int, n_patterns: int, n_copies: int, reliability: float, seed: np.random.SeedSequence
) -> tuple[Signs, Signs]:
    """Return a random pattern (N,), and copies (M, N) of it, which are the last ones, and of others.

    Each site of a copy equals that of its pattern with probability (1 + r)/2.
    """
    patterns = random_states(n_spins, n_patterns, seed).repeat(n_copies, axis=0)
    kept = np.random.default_rng(seed).random(patterns.shape, dtype=np.float32) < (1 + reliability) / 2
    return patterns[-1], np.where(kept, patterns, -patterns).astype(np.int8)


def rectified_degree(degree: float, n_spins: int) -> int:
    """Return the degree n nearest to c N, at least 2."""
    return max(2, round(degree * n_spins))


def _of_many(patterns: Signs, plane: PhasePlane) -> PBodyHopfield:
    """Return the network of a plane of exponentially many memories."""
    if plane.degree is not None:
        return PBodyHopfield(patterns, rectified_degree(plane.degree, patterns.shape[1]), "rectified")
    return PBodyHopfield(patterns, interaction="exponential", sharpness=plane.sharpness)
