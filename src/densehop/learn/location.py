"""Where stored or learned memories sit on the phase diagram of the strict p-body model.

The theory (docs/theory.md, sections 8, 9 and 14) is for random memories. Real ones overlap: what they do to a memory's
field is measured, its spread as an effective load, its mean as a bias; and what the theory predicts stands beside what
the memories do.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from densehop.base import checks
from densehop.base.arrays import Signs
from densehop.base.streams import Seed
from densehop.energies.tables import strict_table
from densehop.errors import InvalidInput, NoSolution
from densehop.learn.attacks.overwrite import OverwriteCurve, overwrite_attack
from densehop.learn.classifier.estimator import DenseAssociativeClassifier
from densehop.learn.memory.estimator import DenseAssociativeMemory
from densehop.learn.room import Room, measured_room
from densehop.problem import DirectModel, load_of
from densehop.theory.diagrams.phases import Phase, phase
from densehop.theory.lines.retrieval import retrieval_boundary
from densehop.theory.questions.robustness import adversarial_boundary

FRACTIONS = tuple(np.linspace(0, 1, 21).tolist())
MEMORIES_AT_MOST = 300  # whose fields are measured


@dataclass(frozen=True, eq=False)
class Location:
    """Memories on the phase diagram.

    Attributes
    ----------
    n_sites, n_memories, p : int
    temperature : float
    load : float, alpha = M p!/N^(p-1)
    mean_overlap, overlap_spread : float, of pairs of memories per spin
    random_spread : float, 1/sqrt(N), what independent memories would show
    effective_load : float, the load at which random memories would give a site's field this variance: var(h xi)/p
    bias : float, mean of (h xi)/p less 1: 0 for random memories; large where memories point the same way
    phase, effective_phase : Phase, predicted at the load and at the effective load
    largest_load : float, theory: up to here random memories without damage are metastable for N -> infinity, with one
        step of replica symmetry breaking (`retrieval_boundary(p, T, "spinodal", "1rsb")`); 0: none is
    capacity_left : int, random memories up to that load (negative: too many), an upper limit to `room`
    room : Room, measured at T = 0: what survives damage now, and how many further codes may come besides
    fixed_points : float, share of memories that stay where they are at T = 0
    predicted_eps : float, eps* of the overwrite attack for load -> 0; nan for p = 2
    attack : OverwriteCurve, measured; its `fails_at` stands beside `predicted_eps`
    """

    n_sites: int
    n_memories: int
    p: int
    temperature: float
    load: float
    mean_overlap: float
    overlap_spread: float
    random_spread: float
    effective_load: float
    bias: float
    phase: Phase
    effective_phase: Phase
    largest_load: float
    capacity_left: int
    room: Room
    fixed_points: float
    predicted_eps: float
    attack: OverwriteCurve

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
    """Return where memories sit on the phase diagram of the direct model.

    Parameters
    ----------
    memories : fitted DenseAssociativeMemory or DenseAssociativeClassifier, or an array (M, N) of +-1
        Real values are replaced by their signs.
    p : int; None: the degree of the estimator, where it has a meaning
    temperature : float >= 0
    n_trials : of the overwrite attack, on the strict network of these memories
    seed : int
    damage, survive : how many further codes can be stored, so that this share survives that share of flipped signs?

    Raises
    ------
    InvalidInput
        If there are fewer than two memories or p is missing or out of range.
    """
    damage, survive = checks.between("damage", damage, 0, 0.5), checks.between("survive", survive, 0, 1)
    signs = _signs(memories)
    p = _degree(memories) if p is None else p
    n_memories, n_sites = signs.shape
    table = strict_table(p, n_sites)
    table.require_exact(n_memories)
    load = load_of(n_memories, n_sites, p)
    overlaps = _pair_overlaps(signs)
    some = signs[:: -(-n_memories // MEMORIES_AT_MOST)]
    drive = some * table.local_fields(some, signs) / p
    effective = p * float(drive.var())
    largest = _largest_load(p, temperature)
    network = DenseAssociativeMemory("strict", degree=p).fit(signs)
    return Location(
        n_sites=n_sites,
        n_memories=n_memories,
        p=p,
        temperature=float(temperature),
        load=load,
        mean_overlap=float(overlaps.mean()),
        overlap_spread=float(np.sqrt((overlaps**2).mean())),
        random_spread=float(n_sites**-0.5),
        effective_load=effective,
        bias=float(drive.mean()) - 1,
        phase=_phase(p, load, temperature),
        effective_phase=_phase(p, effective, temperature),
        largest_load=largest,
        capacity_left=int(np.floor((largest - load) / load * n_memories)),
        room=measured_room(signs, p, damage, survive, seed),
        fixed_points=float((drive >= 0).all(axis=1).mean()),
        predicted_eps=adversarial_boundary(p, 1.0) if p >= 3 else float("nan"),
        attack=overwrite_attack(network, FRACTIONS, n_trials, seed),
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


def _degree(memories: Any) -> int:
    """Return the p of an estimator that has one."""
    degree = getattr(memories, "degree_", getattr(memories, "degree", None))
    exponential = getattr(memories, "interaction", "") in {"exponential", "attention"}
    if degree is None or exponential or degree != int(degree):
        raise InvalidInput(
            "these memories have no p of their own: give p, the bodies of the strict model to compare to"
        )
    return int(degree)


def _pair_overlaps(signs: Signs) -> npt.NDArray[np.float64]:
    """Return the overlaps per spin of all pairs of (at most 2,000) memories."""
    some = signs[:: -(-len(signs) // 2000)].astype(np.float32)
    product = some @ some.T / signs.shape[1]
    pairs: npt.NDArray[np.float64] = product[np.triu_indices(len(some), 1)].astype(np.float64)
    return pairs


def _largest_load(p: int, temperature: float) -> float:
    """Return the load of the spinodal with one step of symmetry breaking, or 0."""
    try:
        return retrieval_boundary(p, temperature, "spinodal", "1rsb")
    except NoSolution:
        return 0.0


def _phase(p: int, load: float, temperature: float) -> Phase:
    """Return the predicted phase; one step of symmetry breaking decides where replica symmetry has no retrieval."""
    problem = DirectModel(p, load, temperature)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it is the reason to ask for the other ansatz
        symmetric = phase(problem, "rs")
        retrieves = symmetric in {Phase.GLOBAL_RETRIEVAL, Phase.LOCAL_RETRIEVAL}
        return symmetric if retrieves else phase(problem, "1rsb")
