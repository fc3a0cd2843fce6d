"""Examples of a teacher with several planted patterns: exactly, or from Markov chains with a verdict on them.

The law is that of the direct model which stores the planted patterns, exp(-E/T) (docs/theory.md, eq. 1). Sites on
which the patterns relate in the same way form a group, at most 2^(P - 1) of them, and the energy depends only on how
many sites of each group agree with the first pattern. Where all such counts can be listed, examples are independent and
exact.
"""

import math
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Signs, Words
from densehop.base.streams import Purpose, Seed, seed_sequence
from densehop.base.workers import count_workers, run_all
from densehop.energies import tables
from densehop.errors import InvalidInput
from densehop.kernels import planted as kernel

CHAINS_PER_STREAM = 1024  # a constant of the random streams: changing it changes what a seed gives
UPDATES_PER_CALL = 2**24  # counts weighed between two checks of the stop event
LARGEST_DIFFERENCE = 4.0  # standard errors
FEWEST_EXAMPLES = 40  # for a verdict
LARGEST_LIST = 2**22  # sets of counts that are listed, a few hundred MB while it is made
METHODS = ("auto", "exact", "chains")


@dataclass(frozen=True, eq=False)
class PlantedExamples:
    """Examples of several planted patterns, and a verdict on whether they follow the teacher's law.

    Attributes
    ----------
    examples : (M, N) int8
        If they come from chains, every second chain started at a planted pattern, the others at random.
    exact : bool
        Whether they were drawn independently from the exact law. The three differences are then 0.
    forgot_start : bool
        Whether the chains no longer depend on their starts; True for exact examples.
    reason : str
        The verdict in words, with what to do.
    energy_difference, overlap_difference : float
        Chains that started at patterns minus those that started at random, in standard errors: energy, largest overlap.
    memory : float
        Overlap with the pattern where a chain started minus the average over all patterns, in standard errors.
    """

    examples: Signs
    exact: bool
    forgot_start: bool
    reason: str
    energy_difference: float
    overlap_difference: float
    memory: float


def draw_examples_of_many(
    patterns: ArrayLike,
    n_examples: int,
    p: int,
    temperature: float,
    n_sweeps: int = 50,
    seed: Seed = 0,
    n_workers: int | None = None,
    method: str = "auto",
) -> PlantedExamples:
    """Draw examples of a teacher with several patterns from the law exp(-E/T) (docs/theory.md, eq. 1).

    Parameters
    ----------
    patterns : (P, N) of +-1
        The planted patterns, which a network of energy E stores.
    n_examples : int
        M >= 1.
    p : int
        The teacher's number of bodies, 2 <= p <= N.
    temperature : float
        The teacher's temperature T* > 0.
    n_sweeps : int
        Sweeps of each chain; a sweep redraws every group of sites from its exact law given the other groups.
    seed : int or SeedSequence
        The same seed gives the same examples.
    n_workers : int, optional
        Threads; None is one for each core. The examples do not depend on it.
    method : "auto", "exact" or "chains"
        "exact" lists all sets of counts, at most 4 million (2 patterns of 4,000 spins, 3 of 170, 4 of 45); "chains"
        runs a Markov chain for each example; "auto" is exact where that is possible.

    Raises
    ------
    InvalidInput
        If an argument is out of range or the examples cannot fit into memory.

    Warns
    -----
    UserWarning
        If the examples still depend on where their chains started.
    """
    planted = checks.signs("patterns", patterns, ("P", "N"))
    n_examples = checks.integer("n_examples", n_examples, 1)
    n_sweeps = checks.integer("n_sweeps", n_sweeps, 1)
    temperature = checks.number("temperature", temperature)
    method = checks.choice("method", method, METHODS)
    table = tables.strict_table(p, planted.shape[1])
    table.require_exact(len(planted))
    groups = _Groups.of(planted)
    exact = method == "exact" or (method == "auto" and groups.n_states <= LARGEST_LIST)
    _require_room(groups, n_examples, exact)
    law = _Law(groups, table.energy, table.scale / temperature, n_sweeps, exact)
    counts = np.empty((n_examples, len(groups.sizes)), dtype=np.int64)
    examples = np.empty((n_examples, planted.shape[1]), dtype=np.int8)

    def task_of(block: int) -> Callable[[threading.Event], None]:
        def task(stop: threading.Event) -> None:
            rows = slice(block * CHAINS_PER_STREAM, (block + 1) * CHAINS_PER_STREAM)
            stream = seed_sequence(seed, Purpose.EXAMPLES, len(planted), block)
            state: Words = stream.generate_state(8, np.uint64)[4:].astype(
                np.uint64
            )  # the first four are the generator's
            law.draw(np.random.default_rng(stream), state, rows.start, counts[rows], stop)
            if not stop.is_set():
                kernel.place_sites(
                    state, groups.sites, groups.sizes, counts[rows], planted[0], table.p % 2 == 0, examples[rows]
                )

        return task

    run_all([task_of(block) for block in range(math.ceil(n_examples / CHAINS_PER_STREAM))], count_workers(n_workers))
    if exact:
        return PlantedExamples(examples, True, True, "exact: independent examples, no chains", 0.0, 0.0, 0.0)
    return _compare_starts(examples, groups.agreements(counts), table, n_sweeps)


def _require_room(groups: "_Groups", n_examples: int, exact: bool) -> None:
    """Refuse a list of counts that is too long, and arrays that do not fit into memory."""
    if exact and groups.n_states > LARGEST_LIST:
        raise InvalidInput(
            f"method 'exact' would list {groups.n_states:.2g} sets of counts, at most {LARGEST_LIST} are allowed; "
            "use fewer patterns or spins, or method='chains'"
        )
    n_patterns, n_spins, n_groups = len(groups.same), len(groups.sites), len(groups.sizes)
    listed = groups.n_states * (16 * n_patterns + 40) if exact else 0
    checks.memory(
        f"drawing {n_examples} examples of {n_spins} spins",
        n_examples * (n_spins + 8 * n_groups + 32 * n_patterns) + listed,
    )


@dataclass(frozen=True, eq=False)
class _Groups:
    """Sites (N,) in groups of `sizes` (G,) where each pattern is the `same` (P, G) as the first, or its opposite."""

    sites: Integers
    sizes: Integers
    same: npt.NDArray[np.bool_]
    log_choices: Floats

    @classmethod
    def of(cls, patterns: Signs) -> "_Groups":
        """Find the groups of patterns (P, N)."""
        relation = patterns == patterns[0]
        same, group, sizes = np.unique(relation, axis=1, return_inverse=True, return_counts=True)
        sizes = sizes.astype(np.int64)
        n, size = np.arange(sizes.max() + 1), sizes[:, np.newaxis]
        rest = np.maximum(size - n, 0)  # counts beyond a group's size are never looked at
        log_choices = gammaln(size + 1) - gammaln(n + 1) - gammaln(rest + 1)
        return cls(np.argsort(group.ravel(), kind="stable"), sizes, np.ascontiguousarray(same), log_choices)

    @property
    def n_states(self) -> int:
        """In how many ways the counts of all groups can be set."""
        return math.prod(int(size) + 1 for size in self.sizes)

    def agreements(self, counts: Integers) -> Integers:
        """Return the agreeing sites (C, P) with each pattern, from those of each group with the first (C, G)."""
        gained = np.where(self.same, 1, -1)
        agreements: Integers = counts @ gained.T + np.where(self.same, 0, self.sizes).sum(axis=1)
        return agreements


def _starts(first: int, n_chains: int, n_patterns: int) -> Integers:
    """Return the patterns at which every second chain starts, the others starting at random; chains from `first` on."""
    return np.arange(first, first + n_chains) // 2 % n_patterns


class _Law:
    """The law of the counts of all groups, exact or through chains; -E/T of a pattern is factor * energies[c]."""

    def __init__(self, groups: _Groups, energies: Integers, factor: float, n_sweeps: int, exact: bool) -> None:
        self.groups, self.energies, self.factor, self.n_sweeps = groups, energies, factor, n_sweeps
        self.cumulative = self._cumulative_law() if exact else None

    def draw(self, rng: np.random.Generator, state: Words, first: int, counts: Integers, stop: threading.Event) -> None:
        """Fill counts (C, G), those of the examples from `first` on."""
        groups = self.groups
        if self.cumulative is not None:
            choice = np.searchsorted(self.cumulative, rng.random(len(counts)), side="right")
            counts[:] = np.stack(np.unravel_index(choice, tuple(groups.sizes + 1)), axis=1)
            return
        counts[:] = rng.binomial(groups.sizes, 0.5, counts.shape)
        counts[::2] = np.where(groups.same, groups.sizes, 0)[_starts(first, len(counts), len(groups.same))[::2]]
        at_once = max(1, UPDATES_PER_CALL // (len(counts) * len(groups.same) * len(self.energies)))
        for done in range(0, self.n_sweeps, at_once):
            if not stop.is_set():
                kernel.run_groups(
                    state, groups.sizes, groups.same, groups.log_choices, self.energies, self.factor, counts,
                    min(at_once, self.n_sweeps - done),
                )  # fmt: skip

    def _cumulative_law(self) -> Floats:
        """Return the cumulative probabilities of all sets of counts, the last group's running fastest."""
        groups, n_patterns = self.groups, len(self.groups.same)
        log_law, agreements = np.zeros(1), np.zeros((n_patterns, 1), dtype=np.int64)
        for size, same, choices in zip(groups.sizes, groups.same.T, groups.log_choices, strict=True):
            n = np.arange(size + 1)
            log_law = np.add.outer(log_law, choices[: size + 1]).ravel()
            gained = np.where(same[:, np.newaxis], n, size - n)
            agreements = (agreements[:, :, np.newaxis] + gained[:, np.newaxis]).reshape(n_patterns, -1)
        totals = self.energies[agreements].sum(axis=0)
        log_law += self.factor * (totals - totals.max())  # in this order nothing is lost at low T
        cumulative: Floats = np.cumsum(np.exp(log_law - log_law.max()))
        cumulative /= cumulative[-1]
        return cumulative


def _compare_starts(examples: Signs, agreements: Integers, table: tables.EnergyTable, n_sweeps: int) -> PlantedExamples:
    """Compare the chains that started at patterns with those that started at random, and with their own pattern."""
    overlaps = 2 * agreements / table.n_spins - 1
    if table.p % 2 == 0:
        overlaps = np.abs(overlaps)
    energies = -table.scale * table.energy[agreements].sum(axis=1).astype(np.float64)
    largest = overlaps.max(axis=1)
    starts = _starts(0, *overlaps.shape)
    own = overlaps[np.arange(0, len(starts), 2), starts[::2]] - overlaps[::2].mean(axis=1)
    differences = {
        "energy": _in_errors(energies[::2], energies[1::2]),
        "largest overlap": _in_errors(largest[::2], largest[1::2]),
        "memory of the pattern at the start": _in_errors(own, np.zeros(0)),
    }
    worst = max(differences, key=lambda name: abs(differences[name]))
    if len(examples) < FEWEST_EXAMPLES:
        reason = f"cannot tell whether the chains forgot their start: draw at least {FEWEST_EXAMPLES} examples"
    elif abs(differences[worst]) > LARGEST_DIFFERENCE:
        reason = (
            f"the chains did not forget their start in {n_sweeps} sweeps ({worst}: {differences[worst]:+.1f} standard "
            "errors): use more sweeps; if they never leave a pattern, raise the temperature"
        )
        warnings.warn(reason, stacklevel=3)
    else:
        reason = f"the chains forgot their start: {worst} differs by {differences[worst]:+.1f} standard errors"
    return PlantedExamples(examples, False, reason.startswith("the chains forgot"), reason, *differences.values())


def _in_errors(values: Floats, others: Floats) -> float:
    """Return the difference of two means (of one from 0) in standard errors."""
    groups = [group for group in (values, others) if len(group) > 1]
    if not groups:
        return 0.0
    difference = float(groups[0].mean() - (groups[1].mean() if len(groups) > 1 else 0.0))
    error = math.sqrt(sum(float(group.var(ddof=1)) / len(group) for group in groups))
    if abs(difference) < 1e-12:  # rounding
        return 0.0
    return difference / error if error > 0 else math.copysign(math.inf, difference)
