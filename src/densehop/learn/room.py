"""How many more codes a memory can store: by theory for random codes at this N, and by measurement on these."""

import math
from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.base.streams import Seed, seed_sequence
from densehop.learn.memory.estimator import DenseAssociativeMemory
from densehop.learn.memory.interactions import Interaction
from densehop.learn.survival import RETRIEVED, predicted_room, predicted_survival
from densehop.theory.questions.shannon import channel_capacity

TRIALS = 100
MOST = 2**15  # codes stored besides
CLOSE = 0.03  # relative width at which the search ends


@dataclass(frozen=True)
class Room:
    """What survives damage now, and how many random codes may come besides.

    To survive, or to come back, is to end at an overlap of 0.95 or more, with one sign in forty wrong at most.

    Attributes
    ----------
    damage : float, share of signs flipped, exactly, at random places
    wanted : float, share of memories that is to survive
    survival : float, share of these memories that survive now, measured (at most 100 of them)
    n_more : int, random codes that fit besides until fewer than `wanted` of these memories survive, measured; 0: none
    at_least : bool, whether the search ended at its own limit, so that `n_more` is a lower bound
    predicted_survival, predicted_n_more : the same by theory at this N, if these memories were random codes; negative:
        so many are too many
    bits_per_sign, limit_per_sign : float, log2(M)/N of these memories, and the largest at which any memory of random
        codes brings back half of them from that damage, by Shannon (docs/theory.md, eq. 108)
    restored, restored_with_more : float, share of these memories that end with every sign right, now and with `n_more`
        codes besides, measured
    predicted_restored : float, the same as `restored` by theory, if these memories were random codes
    """

    damage: float
    wanted: float
    survival: float
    n_more: int
    at_least: bool
    predicted_survival: float
    predicted_n_more: int
    bits_per_sign: float
    limit_per_sign: float
    restored: float
    restored_with_more: float
    predicted_restored: float

    def __repr__(self) -> str:
        least = "at least " if self.at_least else ""
        return (
            f"Room(of these memories {self.survival:.0%} survive {self.damage:.0%} flipped signs "
            f"(overlap 0.95; exactly: {self.restored:.0%}), and {least}"
            f"{self.n_more} random codes fit besides so that {self.wanted:.0%} do; for as many random codes theory "
            f"says {self.predicted_survival:.0%} and {self.predicted_n_more}; {self.bits_per_sign:.3g} of at most "
            f"{self.limit_per_sign:.3g} bits per sign)"
        )


def room_of(signs: Signs, interaction: Interaction, damage: float, wanted: float, seed: Seed) -> Room:
    """Return the room that memories (M, N) leave, by doubling the number of further codes and then halving the step."""
    random = np.random.default_rng(seed_sequence(seed, 1))
    rows = random.permutation(len(signs))[:TRIALS]
    ranks = random.random((len(rows), signs.shape[1])).argsort(axis=1)
    damaged = np.where(ranks < round(damage * signs.shape[1]), -signs[rows], signs[rows])
    further = random.choice(np.array([-1, 1], dtype=np.int8), (MOST, signs.shape[1]))

    def overlaps(n_more: int) -> Floats:
        ended = ends(np.vstack([signs, further[:n_more]]), interaction, damaged)
        found: Floats = (ended * signs[rows]).mean(axis=1)
        return found

    def survival(n_more: int) -> float:
        return float((overlaps(n_more) >= RETRIEVED).mean())

    now = overlaps(0)
    survival_now = float((now >= RETRIEVED).mean())
    n_more, at_least = 0, False
    if survival_now >= wanted:
        too_many = max(len(signs) // 8, 4)
        while too_many <= MOST and survival(too_many) >= wanted:
            n_more, too_many = too_many, 2 * too_many
        at_least = too_many > MOST
        while not at_least and too_many - n_more > max(1, CLOSE * (len(signs) + n_more)):
            middle = (n_more + too_many) // 2
            n_more, too_many = (middle, too_many) if survival(middle) >= wanted else (n_more, middle)
    return Room(
        damage=damage,
        wanted=wanted,
        survival=survival_now,
        n_more=n_more,
        at_least=at_least,
        predicted_survival=predicted_survival(interaction, len(signs), damage),
        predicted_n_more=predicted_room(interaction, len(signs), damage, wanted),
        bits_per_sign=math.log2(len(signs)) / signs.shape[1],
        limit_per_sign=channel_capacity(damage, signs.shape[1]) / math.log(2),
        restored=float((now == 1).mean()),
        restored_with_more=float((overlaps(n_more) == 1).mean()),
        predicted_restored=predicted_survival(interaction, len(signs), damage, 1.0),
    )


def ends(signs: Signs, interaction: Interaction, states: Signs) -> Signs:
    """Return where states (B, N) end at T = 0 among memories (M, N)."""
    moved: Signs = network_of(signs, interaction).transform(states.astype(np.float32)).astype(np.int8)
    return moved


def network_of(signs: Signs, interaction: Interaction) -> DenseAssociativeMemory:
    """Return a memory of signs, +1 and -1 whatever they are, with this energy."""
    memory = DenseAssociativeMemory(
        interaction.name, degree=interaction.degree, beta=interaction.beta, encoding="binary", scale="shared"
    )
    return memory.fit(signs.astype(np.int8))


def checked_shares(damage: float, survive: float) -> tuple[float, float]:
    """Return shares from 0 to 1/2 and from 0 to 1."""
    return checks.between("damage", damage, 0, 0.5), checks.between("survive", survive, 0, 1)
