"""A small network at work: its state, its overlaps with all memories, and the energy between two of them.

Sites are visited one after the other, so what a sweep has done after a part of it is known: the sites before that are
new, the others old. So a sweep is shown in several frames, which are exact.
"""

import itertools
from dataclasses import dataclass, field

import numpy as np

from densehop.apps.explorer.compute.stored import SIDE, stored_digits
from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.network import PBodyHopfield
from densehop.problem import DirectModel, load_of
from densehop.simulate.starts import random_states, states_at_overlap
from densehop.theory.diagrams.phases import candidates, phase_among

STORED = {"random": "random patterns", "digits": "digits"}
RANDOM_SIDE = 16  # of the image of a random pattern
MOST_MEMORIES, MOST_BODIES, HOTTEST = 200, 5, 3.0
START_OVERLAP = 0.6  # of a damaged memory with itself: a fifth of its spins are flipped
MOST_SWEEPS = 1000
STEP_SECONDS = 0.1  # pause after each frame, so that a person can watch
FRAMES = 4  # of a sweep
BINS = 41  # of the histogram of overlaps
LINE_POINTS = 65  # of the line between two memories


@dataclass(frozen=True)
class LiveNetwork:
    """What is stored, and with how many bodies.

    Attributes
    ----------
    stored : "random" or "digits"
    p : int
    n_memories : int
    seed : of random patterns and of all starts
    """

    stored: str = "digits"
    p: int = 4
    n_memories: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        checks.choice("stored", self.stored, tuple(STORED))
        checks.integer("p", self.p, 2, MOST_BODIES)
        checks.integer("memories", self.n_memories, 2, MOST_MEMORIES)
        checks.integer("seed", self.seed, 0, 2**32 - 1)

    @property
    def side(self) -> int:
        """The pixels along each side of an image."""
        return SIDE if self.stored == "digits" else RANDOM_SIDE

    @property
    def load(self) -> float:
        """The load alpha = M p!/N^(p-1)."""
        return load_of(len(self.memories()), self.side**2, self.p)

    def memories(self) -> Signs:
        """Return the memories (M, N); of digits there are 50."""
        if self.stored == "digits":
            return stored_digits()[: self.n_memories]
        return random_states(self.side**2, self.n_memories, np.random.SeedSequence(self.seed))

    def phase(self, temperature: float) -> str:
        """Return the phase of random patterns at this load."""
        problem = DirectModel(self.p, self.load, temperature)
        return phase_among(problem, candidates(problem)).name.lower().replace("_", " ")

    def energy_between(self, first: int, second: int) -> tuple[Floats, Floats]:
        """Return fractions of the way from one memory to another, and the energy per spin there.

        Sites in which the two differ are flipped one after the other, in a random order.
        """
        memories = self.memories()
        differ = np.flatnonzero(memories[first] != memories[second])
        order = np.random.default_rng((self.seed, first, second)).permutation(differ)
        steps = np.unique(np.linspace(0, len(order), LINE_POINTS).astype(int))
        states = np.repeat(memories[first][None], len(steps), axis=0)
        for state, step in zip(states, steps, strict=True):
            state[order[:step]] *= -1
        energies = PBodyHopfield(memories, self.p).energy(states) / memories.shape[1]
        return steps / max(1, len(order)), energies


@dataclass
class LiveRun:
    """A chain from a start; the temperature may be changed while it runs.

    Attributes
    ----------
    network : LiveNetwork
    start : int or None, the memory of which a fifth of the spins is flipped, or None for a random state
    temperature : float, of the next sweep
    turn : int, of the starts with this seed
    state : (N,)
    temperatures : list, of each sweep begun
    frames : int, shown so far
    energies : list, per spin, and
    overlaps : list of (M,), of the start and of each frame
    """

    network: LiveNetwork
    start: int | None
    temperature: float
    turn: int = 0
    pause: float = STEP_SECONDS
    frames: int = 0
    temperatures: list[float] = field(default_factory=list)
    energies: list[float] = field(default_factory=list)
    overlaps: list[Floats] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.memories = self.network.memories()
        self._body = PBodyHopfield(self.memories, self.network.p)
        seed = np.random.SeedSequence((self.network.seed, self.turn))
        if self.start is None:
            self.state = random_states(self.memories.shape[1], 1, seed)[0]
        else:
            self.state = states_at_overlap(self.memories[self.start], START_OVERLAP, 1, seed)[0]
        self._end = self.state
        self._record()

    @property
    def finished(self) -> bool:
        """Whether all sweeps that a page allows are done."""
        return self.frames >= FRAMES * MOST_SWEEPS

    @property
    def n_sweeps(self) -> int:
        """The number of whole sweeps so far."""
        return self.frames // FRAMES

    def advance(self) -> None:
        """Show the next part of a sweep; its temperature is that of its beginning."""
        part = self.frames % FRAMES
        if part == 0:
            seed = np.random.SeedSequence((self.network.seed, self.turn, 1 + len(self.temperatures)))
            self.temperatures.append(self.temperature)
            chain = self._body.sample(self.temperature, 1, 1, self.state, seed=seed, order="sequential", n_workers=1)
            self._end = chain.spins[0]
        done = len(self.state) * (part + 1) // FRAMES
        self.state = np.concatenate([self._end[:done], self.state[done:]])
        self.frames += 1
        self._record()

    def _record(self) -> None:
        """Keep overlaps and energy of the state."""
        self.overlaps.append(self.memories.astype(np.float64) @ self.state / len(self.state))
        self.energies.append(float(self._body.energy(self.state)) / len(self.state))

    @property
    def nearest(self) -> int:
        """The memory of largest overlap; at even p the negative of a memory is the same."""
        last = self.overlaps[-1]
        return int((np.abs(last) if self.network.p % 2 == 0 else last).argmax())

    def histogram(self) -> tuple[Floats, Floats]:
        """Return the outline of the histogram of the overlaps with all memories: places and numbers of memories."""
        edges = np.linspace(-1, 1, BINS + 1)
        counts = np.histogram(self.overlaps[-1], edges)[0].astype(np.float64)
        return np.repeat(edges, 2), np.concatenate([[0.0], np.repeat(counts, 2), [0.0]])


CODE = """import numpy as np
import densehop as dh
{more}
memories = {memories}
network = dh.PBodyHopfield(memories, p={p})
seed = np.random.SeedSequence(({seed}, {turn}))
state = {start}
for sweep, temperature in enumerate({temperatures}):
    seed = np.random.SeedSequence(({seed}, {turn}, 1 + sweep))
    state = network.sample(temperature, 1, 1, start=state, seed=seed, order="sequential").spins[0]
print((memories.astype(int) @ state / {n_spins}).tolist())
"""


def python_code(run: LiveRun) -> str:
    """Return Python code that ends in the state after the last sweep that was begun."""
    network, n_spins = run.network, run.memories.shape[1]
    digits = network.stored == "digits"
    drawn = f"dh.simulate.random_states({n_spins}, {network.n_memories}, np.random.SeedSequence({network.seed}))"
    random = f"dh.simulate.random_states({n_spins}, 1, seed)[0]"
    damaged = f"dh.simulate.states_at_overlap(memories[{run.start}], {START_OVERLAP}, 1, seed)[0]"
    parts = [f"[{value!r}] * {len(list(group))}" for value, group in itertools.groupby(run.temperatures)]
    return CODE.format(
        more="from densehop.apps.explorer.compute.stored import stored_digits\n" if digits else "",
        memories=f"stored_digits()[:{network.n_memories}]" if digits else drawn,
        p=network.p,
        seed=network.seed,
        turn=run.turn,
        start=random if run.start is None else damaged,
        temperatures=" + ".join(parts) or "[]",
        n_spins=n_spins,
    )
