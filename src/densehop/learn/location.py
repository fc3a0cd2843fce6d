"""Where stored or learned memories sit: what theory says of as many random ones, beside what these ones do.

Loads and phases (docs/theory.md, sections 8, 9 and 14) are those of the strict p-body model of random memories. Real
memories overlap: what they do to a memory's field is measured, its spread as an effective load, its mean as a bias.
What survives damage, and how many more codes fit, is said by theory at this N and measured (`Room`).
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.base.streams import Seed
from densehop.errors import InvalidInput
from densehop.learn.attacks.overwrite import (
    OverwriteCurve,
    crossing,
    overwrite_attack,
    predicted_attack,
    predicted_return,
)
from densehop.learn.classifier.estimator import DenseAssociativeClassifier
from densehop.learn.memory.estimator import DenseAssociativeMemory
from densehop.learn.memory.interactions import Interaction
from densehop.learn.room import Room, checked_shares, ends, network_of, room_of
from densehop.problem import DirectModel, load_of
from densehop.theory.diagrams.phases import Phase, phase

FRACTIONS = tuple(np.linspace(0, 1, 21).tolist())
MEMORIES_AT_MOST = 300  # whose fields are measured
NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Location:
    """Memories beside theory.

    Attributes
    ----------
    n_sites, n_memories : int
    interaction : str, the energy that is asked about: of the estimator, or "strict" where p was given
    p : int or None, its number of bodies, or degree
    temperature : float, of `phase` and `effective_phase`; everything else is at T = 0
    load : float, alpha = M p!/N^(p-1); for the exponential energy (log M)/N
    mean_overlap, overlap_spread : float, of pairs of memories per spin
    random_spread : float, 1/sqrt(N), what independent memories would show
    effective_load : float, the load at which random memories of the strict model would spread the fields of sites as
        much at this N, relative to the field of a memory alone
    bias : float, mean of h xi over the field of a memory alone, less 1: 0 for random memories; large where memories
        point the same way
    phase, effective_phase : Phase, of the strict model at the load and at the effective load, in the limit of large N
        and without damage: with replica symmetry, or where that has no retrieval with one step of its breaking
    room : Room, at T = 0: what survives damage now (overlap >= 0.95; exactly: `room.restored`) and how many further
        codes fit, by theory at this N and measured
    fixed_points : float, share of memories that stay where they are at T = 0
    attack : OverwriteCurve, measured
    predicted_retrieved : (F,), the share retrieved that is predicted at the attack's fractions, from the overlaps of
        these memories with each other: by the fields that the mean overwritten state has, and five steps
    predicted_eps : float, where one half is predicted to be retrieved, beside the attack's `fails_at`
    predicted_survival : float, share of these memories that is predicted to survive the room's damage, likewise from
        their overlaps, beside `room.survival`; `room.predicted_survival` is theory of random codes

    For the exponential energy, effective load and bias are nan and the phases None: they have no meaning there.
    """

    n_sites: int
    n_memories: int
    interaction: str
    p: int | None
    temperature: float
    load: float
    mean_overlap: float
    overlap_spread: float
    random_spread: float
    effective_load: float
    bias: float
    phase: Phase | None
    effective_phase: Phase | None
    room: Room
    fixed_points: float
    attack: OverwriteCurve
    predicted_retrieved: Floats
    predicted_eps: float
    predicted_survival: float

    def __repr__(self) -> str:
        degree = "" if self.p is None else f", p = {self.p}"
        return (
            f"Location({self.n_memories} memories of {self.n_sites} sites, {self.interaction}{degree}: load "
            f"{self.load:.3g}, effective {self.effective_load:.3g}, {self.fixed_points:.0%} fixed points; "
            f"{self.room!r})"
        )

    @property
    def correlated(self) -> bool:
        """Whether the memories overlap more than independent ones do, in spread or in mean."""
        return self.overlap_spread > 1.5 * self.random_spread or abs(self.mean_overlap) > 3 * self.random_spread


def locate(
    memories: Any,
    p: int | None = None,
    temperature: float = 0.0,
    n_trials: int = 100,
    seed: Seed = 0,
    damage: float = 0.1,
    survive: float = 0.95,
) -> Location:
    """Return where memories sit, and how many more could be stored so that enough of them survive damage.

    Parameters
    ----------
    memories : fitted DenseAssociativeMemory or DenseAssociativeClassifier, or an array (M, N) of +-1
        A memory of signs is asked about with its own energy. Real values are replaced by their signs.
    p : int; None: the energy of the memory, or the strict one with the degree of the classifier
        Given: the strict p-body energy.
    temperature : float >= 0
    n_trials : of the overwrite attack
    seed : int
    damage, survive : how many further codes can be stored, so that this share survives that share of flipped signs?
        To survive is to end at an overlap of 0.95 or more; `room.restored` says how many end with every sign right.

    Raises
    ------
    InvalidInput
        If there are fewer than two memories or p is missing or out of range.
    """
    damage, survive = checked_shares(damage, survive)
    signs = _signs(memories)
    interaction = _interaction(memories, p, signs.shape[1])
    n_memories, n_sites = signs.shape
    bodies = interaction.degree if interaction.additive else None
    overlaps = _pair_overlaps(signs)
    sample = signs[:: -(-n_memories // MEMORIES_AT_MOST)]
    phases: tuple[Phase | None, Phase | None]
    if bodies is None:
        load, effective, bias, phases = float(np.log(n_memories) / n_sites), NAN, NAN, (None, None)
        fixed = float((ends(signs, interaction, sample) == sample).all(axis=1).mean())
    else:
        held = drive(signs, sample, interaction)
        load = load_of(n_memories, n_sites, bodies)
        effective = bodies * alone(interaction) * float(held.var())
        bias, fixed = float(held.mean()) - 1, float((held >= 0).all(axis=1).mean())
        phases = (_phase(bodies, load, temperature), _phase(bodies, effective, temperature))
    predicted = predicted_attack(signs, interaction, np.array(FRACTIONS), min(n_trials, 50), seed)
    return Location(
        n_sites=n_sites,
        n_memories=n_memories,
        interaction=interaction.name,
        p=bodies,
        temperature=float(temperature),
        load=load,
        mean_overlap=float(overlaps.mean()),
        overlap_spread=float(np.sqrt((overlaps**2).mean())),
        random_spread=float(n_sites**-0.5),
        effective_load=effective,
        bias=bias,
        phase=phases[0],
        effective_phase=phases[1],
        room=room_of(signs, interaction, damage, survive, seed),
        fixed_points=fixed,
        attack=overwrite_attack(network_of(signs, interaction), FRACTIONS, n_trials, seed),
        predicted_retrieved=predicted,
        predicted_eps=crossing(np.array(FRACTIONS), predicted),
        predicted_survival=predicted_return(signs, interaction, damage, n_trials, seed),
    )


def _signs(memories: Any) -> Signs:
    """Return the memories as signs; 0 becomes +1."""
    if isinstance(memories, DenseAssociativeMemory | DenseAssociativeClassifier):
        check_is_fitted(memories)
        values = memories.memories_
    else:
        values = checks.as_array("memories", memories)
        if values.ndim != 2 or values.dtype.kind not in "iuf" or not (np.abs(values) == 1).all():
            raise InvalidInput("memories must be a fitted estimator or an array (M, N) of +-1")
    if len(values) < 2:
        raise InvalidInput(f"locate needs at least 2 memories, got {len(values)}")
    return np.where(values < 0, -1, 1).astype(np.int8)


def _interaction(memories: Any, p: int | None, n_sites: int) -> Interaction:
    """Return the energy that is asked about."""
    if p is None and isinstance(memories, DenseAssociativeMemory):
        if memories.encoding_.kind == "binary" and memories.interaction != "attention":
            return memories.interaction_
        raise InvalidInput(
            "this memory moves through real values, of which there is no theory here: store signs with "
            "encoding='binary' and another interaction than 'attention', or give p, to ask about the signs"
        )
    degree = getattr(memories, "degree_", getattr(memories, "degree", None)) if p is None else p
    if degree is None or degree != int(degree):
        raise InvalidInput(
            "these memories have no p of their own: give p, the bodies of the strict model to compare to"
        )
    return Interaction("strict", checks.body_number(int(degree), n_sites), 1.0, n_sites)


def drive(signs: Signs, sample: Signs, interaction: Interaction) -> Floats:
    """Return what holds the sites of some memories (R, N) among all (M, N), h xi in units of a memory alone."""
    agree = (sample.astype(np.float32) @ signs.T.astype(np.float32) + interaction.n_sites).astype(np.int64) // 2
    steps = interaction.steps
    gained, lost = steps[np.maximum(agree - 1, 0)], steps[np.minimum(agree, len(steps) - 1)]
    held = (gained + lost) / 2 @ signs.astype(np.float64) * sample + ((gained - lost) / 2).sum(axis=1, keepdims=True)
    drive: Floats = held / steps[-1]
    return drive


def alone(interaction: Interaction) -> float:
    """Return the field h xi/p of a memory alone; strict: (N-1) ... (N-p+1)/N^(p-1), as for var(h)/(p alpha) of many."""
    return float(interaction.unit * interaction.steps[-1] / (2 * interaction.degree))


def _pair_overlaps(signs: Signs) -> npt.NDArray[np.float64]:
    """Return the overlaps per spin of all pairs of (at most 2,000) memories."""
    sample = signs[:: -(-len(signs) // 2000)].astype(np.float32)
    product = sample @ sample.T / signs.shape[1]
    pairs: npt.NDArray[np.float64] = product[np.triu_indices(len(sample), 1)].astype(np.float64)
    return pairs


def _phase(p: int, load: float, temperature: float) -> Phase:
    """Return the predicted phase; one step of symmetry breaking decides where replica symmetry has no retrieval."""
    problem = DirectModel(p, load, temperature)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it is the reason to ask for the other ansatz
        symmetric = phase(problem, "rs")
        retrieves = symmetric in {Phase.GLOBAL_RETRIEVAL, Phase.LOCAL_RETRIEVAL}
        return symmetric if retrieves else phase(problem, "1rsb")
