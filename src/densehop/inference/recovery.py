"""`recover_pattern`: the hidden pattern from its examples alone, with a verdict (docs/theory.md, eq. 118 to 122).

Message passing starts from eigenvectors and, where they lead nowhere, from where cooled chains end. A state counts as
found if its evidence would be a rare accident in random examples: Z/<Z> exceeds 1/delta for at most a fraction delta of
them, at every N, from however many starts, and whatever the student (eq. 121).
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Signs
from densehop.base.streams import Seed, seed_sequence
from densehop.base.workers import count_workers
from densehop.inference.amp import MessagePassing, infer, random_start
from densehop.inference.annealed import annealed_starts
from densehop.inference.byte_codes import ByteCodes
from densehop.inference.examples import Examples
from densehop.inference.instance import Instance
from densehop.inference.iteration import Limits
from densehop.inference.repeats import Repeats, repeats
from densehop.inference.spectral import Start, spectral_starts
from densehop.theory.questions.evidence import log_teacher_norm
from densehop.theory.questions.thresholds import InferenceRegime, inference_regime

RARE = 1e-4  # fraction of random data sets in which a state as good as a found one may exist
LARGE_EXCESS = 6.0  # of the covariance's largest eigenvalue, rarer still (Tracy & Widom)
ALIGNED = 0.5  # overlap of signs with that eigenvector
THRESHOLD = -math.log(RARE)  # of log odds, in nats
RANDOM_STARTS = 3
LIMITS = Limits(max_iterations=200, tolerance=1e-6, patience=50)  # at this residual signs no longer change
DAMPING = 0.5  # where message passing does not come to rest
SAME = 0.01  # of q: less is the paramagnet


@dataclass(frozen=True, eq=False)
class Recovery:
    """What can be said of the pattern behind given examples.

    Attributes
    ----------
    pattern : (N,) int8
        The most probable sign of each spin of the best state, whatever the verdict; for even p up to a common sign.
    magnetisations : (N,) float64
        How sure each sign is: on the Nishimori line it is right with probability (1 + abs(m_i))/2.
    verdict : str
        "found": the state explains the examples better than chance can. "impossible": no state wins over ignorance, and
        at this N and M theory says that no method finds one. "undecided": a state wins, but by less than chance may
        give, or none was found, although it should be possible.
    reason : str
        Why, what theory expects here, and how many examples would do.
    log_odds : float
        Evidence of the best state in nats, log Z - log <Z> against independent random examples; 0 for the paramagnet.
    start : str
        Where message passing found it from: "covariance", "unfolding", "mean", "random" or "annealing".
    result : MessagePassing
        The state itself, with its free entropy and residual.
    expectation : InferenceRegime
        What theory says of a typical data set of this size.
    """

    pattern: Signs
    magnetisations: Floats
    verdict: str
    reason: str
    log_odds: float
    start: str
    result: MessagePassing
    expectation: InferenceRegime


def recover_pattern(
    examples: ArrayLike,
    p: int,
    temperature: float,
    seed: Seed = 0,
    teacher_p: int | None = None,
    teacher_temperature: float | None = None,
    n_workers: int | None = None,
) -> Recovery:
    """Look for the pattern from which a teacher drew these examples (docs/theory.md, eq. 118 to 122).

    Parameters
    ----------
    examples : (M, N) of +-1
    p : int
        Bodies in the student's strict energy, 2 <= p <= N, at most 20.
    temperature : float
        The student's T > 0.
    seed : int or SeedSequence
        Of random starts and of the iterations for eigenvectors.
    teacher_p, teacher_temperature : int and float, optional
        The teacher's p* and T*, if they differ from the student's. They change what theory expects, not the search.
    n_workers : int, optional
        Threads; None is one for each core. The bits do not depend on it.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.

    Notes
    -----
    Rows that repeat others more often than a teacher's independent draws do are taken for copies and count once.
    """
    signs = checks.signs("examples", examples, ("M", "N"))
    threads = count_workers(n_workers)
    instance = Instance.checked(signs, p, temperature, threads)
    expectation = inference_regime(signs.shape[1], len(signs), p, temperature, teacher_p, teacher_temperature)
    law = p if teacher_p is None else teacher_p, temperature if teacher_temperature is None else teacher_temperature
    copies, note = repeats(instance.codes, *law), ""
    if copies.copied:
        note = f" {_copies(copies, len(signs))}"
        signs = signs[copies.first]
        instance = Instance.checked(signs, p, temperature, threads)
        expectation = inference_regime(signs.shape[1], len(signs), p, temperature, teacher_p, teacher_temperature)
    given = Examples(signs, p, threads)
    starts: Iterable[Start] = all_starts(given, instance.codes, seed)
    if expectation.possible:
        starts = chain(starts, annealed_starts(given, temperature, seed))
    return _recovery(search(instance, starts), expectation, note)


def search(instance: Instance, starts: Iterable[Start]) -> "Candidate":
    """Return the first significant state that message passing finds from the starts, else the best one."""
    best: Candidate | None = None
    for start in starts:
        result = infer(instance, start.magnetisations, 0.0, LIMITS)
        if not result.converged and result.q > SAME:  # it is near a state, and may only oscillate around it
            result = infer(instance, result.magnetisations, DAMPING, LIMITS)
        candidate = Candidate(start, result, log_odds(instance, result))
        if best is None or candidate.rank > best.rank:
            best = candidate
        if candidate.significant:
            break
    assert best is not None  # there is always a start
    return best


class Candidate(NamedTuple):
    """A state, where it was found from, and its evidence."""

    start: Start
    result: MessagePassing
    log_odds: float

    @property
    def from_eigenvector(self) -> bool:
        """Whether it is the direction of an eigenvalue that random examples do not have."""
        agreement = abs(float(np.mean(self.result.pattern * np.sign(self.start.magnetisations))))
        return self.start.excess > LARGE_EXCESS and self.result.q > SAME and agreement > ALIGNED

    @property
    def significant(self) -> bool:
        """Whether random examples hardly ever have such a state."""
        return self.result.converged and (self.log_odds > THRESHOLD or self.from_eigenvector)

    @property
    def wins(self) -> bool:
        """Whether it is more probable than the paramagnet."""
        return self.result.converged and self.log_odds > 0

    @property
    def rank(self) -> tuple[bool, float]:
        """The larger, the better."""
        return self.significant, self.log_odds


def log_odds(instance: Instance, result: MessagePassing) -> float:
    """Return log Z - log <Z> of the state that was found, in nats; -inf if it has no free entropy (eq. 121)."""
    n_spins, p = instance.n_spins, instance.p
    if not math.isfinite(result.free_entropy):
        return -math.inf
    if result.q < SAME:
        return 0.0
    both_signs = math.log(2) if p % 2 == 0 else 0.0
    log_mean = n_spins * math.log(2) + instance.codes.n_examples * (
        log_teacher_norm(n_spins, p, 1 / instance.beta) - n_spins * math.log(2)
    )
    return n_spins * result.free_entropy + both_signs - log_mean


def all_starts(examples: Examples, codes: ByteCodes, seed: Seed) -> Iterator[Start]:
    """Yield starts, the best guess first."""
    yield from spectral_starts(examples, seed)
    if examples.p % 2 == 1:
        yield Start("mean", np.sign(codes.project(np.ones(codes.n_examples))))
    for number in range(RANDOM_STARTS):
        yield Start("random", random_start(codes.n_spins, seed_sequence(seed, number)))


def _copies(copies: Repeats, n_examples: int) -> str:
    """Say that copies were left out."""
    return (
        f"Of the {n_examples:,} rows {n_examples - len(copies.first):,} repeat others, where independent draws of this "
        f"teacher have about {copies.expected:.2g} equal pairs: only different rows count, {len(copies.first):,}."
    )


def _recovery(best: Candidate, expectation: InferenceRegime, note: str) -> Recovery:
    """Give the verdict."""
    undecided = expectation.possible or best.wins
    verdict = "found" if best.significant else "undecided" if undecided else "impossible"
    return Recovery(
        pattern=best.result.pattern,
        magnetisations=best.result.magnetisations,
        verdict=verdict,
        reason=f"{_why(best)} {expectation.explanation}{note}",
        log_odds=best.log_odds,
        start=best.start.name,
        result=best.result,
        expectation=expectation,
    )


def _why(best: Candidate) -> str:
    """Say what was found."""
    q, odds, name = best.result.q, best.log_odds, best.start.name
    state = f"a state with q = {q:.4f}"
    if best.significant and odds > THRESHOLD:
        return (
            f"Message passing from the {name} start converged to {state}, whose evidence exceeds that of random "
            f"examples by {odds:.1f} nats."
        )
    if best.significant:
        return (
            f"Message passing converged to {state} along the top eigenvector of the examples' covariance, whose "
            f"eigenvalue lies {best.start.excess:.0f} deviations above that of random examples."
        )
    if not best.result.converged:
        return f"Message passing did not converge; where it ended, q = {q:.4f} and the evidence is {odds:.4g} nats."
    if q < SAME:
        return "Message passing from every start ended in the paramagnet, which knows nothing of a pattern."
    return (
        f"The best state has q = {q:.4f} and evidence of {odds:.1f} nats, where chance alone may give {THRESHOLD:.1f}."
    )
