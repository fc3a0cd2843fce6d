"""Students whose chains began alike, and what they hold: nothing, a pattern each, a feature, or an example."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from densehop.base.arrays import Floats, Integers, Signs
from densehop.diagnostics.overlaps import between_chains
from densehop.network import PBodyHopfield
from densehop.simulate.samples import Samples

KEPT = 0.15  # of a student's overlap with itself at a later time: less is noise
AGREE = 0.5  # q between students over that of a student with itself: less, and each has a pattern of its own
NEAR = 0.95  # overlap of a relaxed student with an example that it may be called
ALONE = 0.5  # share of the energy that a single example must give to hold a student


class StudentRegime(StrEnum):
    """What students hold."""

    PARAMAGNET = "paramagnet"
    SPIN_GLASS = "spin glass"
    FEATURE = "feature"
    PROTOTYPE = "prototype"
    FEATURE_AND_PROTOTYPE = "feature and prototype"


@dataclass(frozen=True, eq=False)
class StudentGroup:
    """Students whose chains began alike.

    Attributes
    ----------
    students : (S, N) int8, last states; for even p, where xi and -xi are one state, turned towards the closest example
    energy : (S,), time averages per spin
    overlap : (S,), m with the closest example, per spin
    example : (S,) int64, the closest example's row
    relaxed : (S, N) int8, where T = 0 dynamics takes the students: themselves without thermal noise
    relaxed_overlap : (S,), of `relaxed` with its closest example
    share : (S,), of the energy of `relaxed` that this one example gives
    q : (S, S), time-averaged overlaps between students, absolute values for even p; the diagonal is the overlap of a
        student with itself, between the two halves of its run
    pattern_overlap : (S,), q*, time-averaged overlaps with the pattern that was given; nan without one
    """

    students: Signs
    energy: Floats
    overlap: Floats
    example: Integers
    relaxed: Signs
    relaxed_overlap: Floats
    share: Floats
    q: Floats
    pattern_overlap: Floats

    @property
    def q_mean(self) -> float:
        """The mean of q over pairs of different students."""
        return float(self._pairs.mean())

    @property
    def q_spread(self) -> float:
        """The standard deviation of q over pairs."""
        return float(self._pairs.std())

    @property
    def self_overlap(self) -> float:
        """The median overlap of a student with itself at a later time."""
        return float(np.median(np.diag(self.q)))

    @property
    def n_examples_found(self) -> int:
        """How many different examples are the closest one of a student."""
        return len(np.unique(self.example))

    @property
    def regime(self) -> StudentRegime:
        """What the typical student holds.

        A paramagnet keeps nothing. A prototype is, without thermal noise, one example, which alone gives most of the
        energy. A feature is shared by the students and held by many examples; where the examples are so alike that the
        feature is close to one of them, as for a teacher below its critical temperature, it is both. In a spin glass
        each student keeps a pattern of its own.
        """
        if self.self_overlap < KEPT:
            return StudentRegime.PARAMAGNET
        if np.median(self.relaxed_overlap) >= NEAR:
            alone = np.median(self.share) >= ALONE
            return StudentRegime.PROTOTYPE if alone else StudentRegime.FEATURE_AND_PROTOTYPE
        agree = self.q_mean >= AGREE * self.self_overlap
        return StudentRegime.FEATURE if agree else StudentRegime.SPIN_GLASS

    @property
    def _pairs(self) -> Floats:
        return self.q[np.triu_indices(len(self.q), 1)]


def group_of(network: PBodyHopfield, run: Samples, n_workers: int | None) -> StudentGroup:
    """Measure the students of a run whose references are the examples' majority and, if there is one, a pattern."""
    students, overlap, example = _closest(network, run.spins, n_workers)
    relaxed, relaxed_overlap, nearest = _closest(network, network.relax(students, n_workers), n_workers)
    pairs = zip(relaxed, network.patterns[nearest], strict=True)
    parts = np.array([network.table.energies(state[None], memory[None])[0] for state, memory in pairs])
    known = run.overlap.shape[2] > 1
    return StudentGroup(
        students=students,
        energy=run.energy.mean(axis=1) / network.n_spins,
        overlap=overlap,
        example=example,
        relaxed=relaxed,
        relaxed_overlap=relaxed_overlap,
        share=parts / network.energy(relaxed),
        q=_mutual(run),
        pattern_overlap=run.overlap[:, :, 1].mean(axis=1) if known else np.full(len(students), np.nan),
    )


def _closest(network: PBodyHopfield, states: Signs, n_workers: int | None) -> tuple[Signs, Floats, Integers]:
    """Return states (S, N), turned for even p, their largest overlap with an example and its row, (S,) each."""
    largest, rows = network.largest_overlaps(states, 1, n_workers)
    overlap, row = largest[:, 0], rows[:, 0]
    if not network.symmetric:
        return states, overlap, row
    opposite, opposite_rows = network.largest_overlaps(-states, 1, n_workers)
    turn = opposite[:, 0] > overlap
    turned = np.where(turn[:, np.newaxis], -states, states)
    return turned, np.where(turn, opposite[:, 0], overlap), np.where(turn, opposite_rows[:, 0], row)


def _mutual(run: Samples) -> Floats:
    """Return time-averaged overlaps between chains, and on the diagonal between the halves of each chain, (S, S)."""
    n_students, n_snapshots, n_spins = run.snapshots.shape
    q = np.zeros((n_students, n_students))
    q[np.triu_indices(n_students, 1)] = between_chains(run).mean(axis=1)
    q += q.T
    halves = np.split(run.snapshots[:, : n_snapshots // 2 * 2], 2, axis=1)
    early, late = (half.mean(axis=1) for half in halves)
    q[np.diag_indices(n_students)] = (early * late).sum(axis=1) / n_spins
    return np.abs(q) if run.symmetric else q
