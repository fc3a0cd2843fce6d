"""`DenseAssociativeMemory`: stored vectors that restore what is hidden or corrupted, as a scikit-learn transformer."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from densehop import checks
from densehop.errors import InvalidInput
from densehop.learn.dynamics import Motion, mean_spins, posterior_mean, relax_site_by_site, relax_together
from densehop.learn.encoding import Encoding, encoding_of
from densehop.learn.interactions import WITH_DEGREE, Interaction, Values
from densehop.network import PBodyHopfield

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FLIP_RATE = 0.1  # that the default beta assumes
NUMBERS_AT_ONCE = 2**22  # overlaps in one block of rows


@dataclass(frozen=True, eq=False)
class Recall:
    """What a memory made of B patterns.

    Attributes
    ----------
    patterns : (B, N), restored, in the units of the data; known values are as they came
    memory : (B,) int, row of `memories_` that the restored pattern is closest to
    overlap : (B,), 1 - |x - xi|^2/(2N) with that memory, in encoded values: the overlap per spin where these are signs
    energy : (B,), of the restored pattern (learn/interactions.py)
    confidence : (B, N), probability that a restored sign is right; nan where there is no such probability, see `recall`
    n_steps : int, steps or sweeps until the last pattern stopped
    settled : (B,) bool, whether it had stopped within `max_steps`
    """

    patterns: Values
    memory: npt.NDArray[np.int64]
    overlap: Floats
    energy: Floats
    confidence: Floats
    n_steps: int
    settled: Mask


class DenseAssociativeMemory(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Store vectors; restore incomplete or corrupted ones by moving down an energy whose minima are the memories.

    `fit` stores the rows of X, `transform` restores corrupted rows, `restore` also rows with hidden values.
    Real images are correlated (overlaps of 0.5): small p sees only what they share, so the default is exponential.

    Parameters
    ----------
    interaction : "strict", "power", "rectified", "exponential" or "attention"
        The energy (learn/interactions.py). The first four are networks of signs; "exponential" on graded data and
        "attention" on any move through real values.
    degree : int
        p of "strict", "power" and "rectified".
    beta : float or None
        Sharpness of "exponential" and "attention": for signs of which a fraction f is flipped, log((1-f)/f)/2 is the
        likelihood; for graded values 1/(their error's variance, in encoded units). None: f = 0.1 for signs; for graded
        values so that the memories' median distance to their nearest neighbour is five standard deviations.
    encoding : "auto", "binary" or "graded"
        Binary: above or below the middle of the range of the stored data. Graded: the range mapped onto [-1, 1].
        "auto": binary if the interaction needs signs or the data have two values only.
    temperature : float
        0: moves down to a minimum. T > 0 (signs only): samples exp(-E/T) and returns the mean's signs.
    max_steps : int
        Steps or sweeps at T = 0, at most. For real values, 1 is the posterior mean over memories, the better answer to
        patterns that are not among them; more steps end in a memory or in the mean of a few.
    n_sweeps : int
        Sweeps at T > 0; the later half counts.
    random_state : int, RandomState or None
        Of the sampling at T > 0.

    Attributes
    ----------
    memories_ : (M, N), encoded
    encoding_ : Encoding
    beta_ : float
    n_features_in_ : int
    """

    def __init__(
        self,
        interaction: str = "exponential",
        *,
        degree: int = 3,
        beta: float | None = None,
        encoding: str = "auto",
        temperature: float = 0.0,
        max_steps: int = 100,
        n_sweeps: int = 200,
        random_state: Any = None,
    ) -> None:
        self.interaction = interaction
        self.degree = degree
        self.beta = beta
        self.encoding = encoding
        self.temperature = temperature
        self.max_steps = max_steps
        self.n_sweeps = n_sweeps
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: ARG002, N803 (scikit-learn's signature)
        """Store the rows of X (M, N), in place of earlier ones."""
        data = validate_data(self, X, dtype=[np.float64, np.float32])
        spins = self.interaction in {"strict", "power", "rectified"}
        self.encoding_: Encoding = encoding_of(data, self.encoding, spins=spins)
        if spins and self.encoding_.kind == "graded":
            raise InvalidInput(f"interaction '{self.interaction}' is one of signs: use encoding='binary' or 'auto'")
        return self._store(self.encoding_.encode(data))

    def partial_fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: N803 (scikit-learn's name)
        """Store the rows of X besides those stored before; the first call sets the encoding."""
        if not hasattr(self, "memories_"):
            return self.fit(X, y)
        data = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self._store(np.vstack([self.memories_, self.encoding_.encode(data)]))

    def transform(self, X: npt.ArrayLike) -> Values:  # noqa: N803 (scikit-learn's name)
        """Return the rows of X (B, N) restored; any of their values may be wrong."""
        check_is_fitted(self)
        data = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self._recall(data, None, describe=False).patterns

    def restore(self, X: npt.ArrayLike, known: npt.ArrayLike | None = None) -> Values:  # noqa: N803 (as above)
        """Return the rows of X (B, N) restored; see `recall`, which says more about the result and takes longer."""
        data, mask = self._partly_known(X, known)
        return self._recall(data, mask, describe=False).patterns

    def recall(
        self,
        X: npt.ArrayLike,  # noqa: N803 (as above)
        known: npt.ArrayLike | None = None,
        *,
        clamp: bool = True,
    ) -> Recall:
        """Restore the rows of X and report energies, retrieved memories and confidence.

        Parameters
        ----------
        X : (B, N); nan marks a hidden value
        known : (N,) or (B, N) bool, which values are right and stay; the others are hidden, whatever they hold. None:
            the values that are not nan, if there is a nan; else no value is known to be right, and all may move.
        clamp : whether known values stay; False: they are what there is to start from, but may be wrong and move.

        Returns
        -------
        Recall
            Its confidence at T > 0 is that of the sample, (1 + |mean spin|)/2. At T = 0 it exists for "exponential" and
            "attention" on signs: the posterior probability if the pattern is one of the memories and each present sign
            was flipped with probability 1/(1 + e^(2 beta)).
        """
        data, mask = self._partly_known(X, known)
        return self._recall(data, mask, clamp=clamp)

    def _partly_known(self, X: npt.ArrayLike, known: npt.ArrayLike | None) -> tuple[Values, Mask | None]:  # noqa: N803
        """Return checked data, which may hold nan, and what is known of it."""
        check_is_fitted(self)
        data = check_array(X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
        if data.shape[1] != self.n_features_in_:
            raise InvalidInput(f"X must have {self.n_features_in_} columns, as when fitted, got {data.shape[1]}")
        return data, _known(data, known)

    def _recall(self, data: Values, known: Mask | None, *, clamp: bool = True, describe: bool = True) -> Recall:
        """Restore checked data in blocks of rows that bound the memory; without `describe`, patterns only."""
        interaction, memories = self._interaction(), self.memories_.astype(data.dtype)
        random = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1, size=4))
        present = np.ones(data.shape, dtype=bool) if known is None else known
        free = np.ones(data.shape, dtype=bool) if known is None or not clamp else ~known
        rows = max(1, NUMBERS_AT_ONCE // len(memories))
        parts = []
        for first in range(0, len(data), rows):
            part = slice(first, first + rows)
            block = data[part], present[part], free[part]
            parts.append(self._recall_block(interaction, memories, *block, random, describe=describe))
        names = ("patterns", "memory", "overlap", "energy", "confidence")
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        n_steps = max(part.n_steps for part in parts)
        return Recall(**columns, n_steps=n_steps, settled=np.concatenate([part.settled for part in parts]))

    def _recall_block(
        self,
        interaction: Interaction,
        memories: Values,
        data: Values,
        present: Mask,
        free: Mask,
        random: np.random.Generator,
        *,
        describe: bool,
    ) -> Recall:
        """Restore one block."""
        start = np.where(present, self.encoding_.encode(data), 0).astype(data.dtype)
        confidence = np.full(data.shape, np.nan)
        if self.temperature > 0:
            means, states = self._sample(interaction, memories, start, free, random)
            states = np.where(free & (means != 0), np.sign(means), states).astype(data.dtype)
            confidence = (1 + np.abs(means)) / 2
            motion = Motion(states, self.n_sweeps, np.ones(len(data), dtype=bool))
        else:
            motion = self._relax(interaction, memories, start, free, present)
            if describe and self.encoding_.kind == "binary" and not interaction.additive:
                means = posterior_mean(self.beta_, memories, start, present)
                confidence = (1 + np.sign(motion.states) * means) / 2
        restored = np.where(free, self.encoding_.decode(motion.states), data)
        if not describe:
            none, nowhere = np.full(len(data), np.nan), np.full(len(data), -1)
            return Recall(restored, nowhere, none, none, confidence, motion.n_steps, motion.settled)
        return self._described(interaction, memories, motion, restored, confidence)

    def _relax(self, interaction: Interaction, memories: Values, start: Values, free: Mask, present: Mask) -> Motion:
        """Move to a minimum of the energy."""
        if interaction.together:
            return relax_together(interaction, memories, start, free, present, self.max_steps, real=self._real)
        if interaction.name == "strict" and free.all() and present.all():  # nothing is clamped: compiled dynamics
            network = PBodyHopfield(self.memories_, self.degree)
            states = network.relax(start).astype(start.dtype)
            return Motion(states, 1, np.ones(len(start), dtype=bool))
        return relax_site_by_site(interaction, memories, start, free, self.max_steps)

    def _sample(
        self, interaction: Interaction, memories: Values, start: Values, free: Mask, random: np.random.Generator
    ) -> tuple[Floats, Values]:
        """Return mean spins and last states of heat-bath dynamics."""
        if interaction.name == "strict" and free.all() and (start != 0).all():
            network = PBodyHopfield(self.memories_, self.degree)
            seed = int(random.integers(2**31))
            run = network.sample(self.temperature, len(start), self.n_sweeps, start=start, seed=seed, snapshot_every=1)
            late = run.snapshots[:, self.n_sweeps // 2 :]
            return late.mean(axis=1), run.spins.astype(start.dtype)
        return mean_spins(interaction, memories, start, free, self.temperature, self.n_sweeps, random)

    def _described(
        self, interaction: Interaction, memories: Values, motion: Motion, restored: Values, confidence: Floats
    ) -> Recall:
        """Return the result with the nearest memories and the energies."""
        states = motion.states.astype(np.float64)
        overlaps = states @ memories.T.astype(np.float64)
        squares = (memories.astype(np.float64) ** 2).sum(axis=1)
        halved = ((states**2).sum(axis=1)[:, None] + squares) / 2 - overlaps  # |x - xi|^2/2
        energy = interaction.energies(-halved if self._real else overlaps)
        memory = halved.argmin(axis=1)
        overlap = 1 - halved[np.arange(len(states)), memory] / self.n_features_in_
        return Recall(restored, memory, overlap, energy, confidence, motion.n_steps, motion.settled)

    def _store(self, memories: Values) -> Self:
        """Keep encoded memories, and check that every parameter works with them."""
        checks.integer("max_steps", self.max_steps, 1)
        checks.integer("n_sweeps", self.n_sweeps, 2)
        checks.number("temperature", self.temperature, zero_allowed=True)
        self.memories_: Values = memories
        self.beta_: float = _default_beta(self.encoding_, memories) if self.beta is None else self.beta
        self._interaction()
        if self.temperature > 0 and self._real:
            raise InvalidInput("temperature must be 0 for real values; T > 0 needs signs: encoding='binary'")
        return self

    @property
    def _real(self) -> bool:
        """Whether states move through real values."""
        return self.interaction == "attention" or self.encoding_.kind == "graded"

    def _interaction(self) -> Interaction:
        """Return the energy."""
        degree = self.degree if self.interaction in WITH_DEGREE else 2
        return Interaction(self.interaction, degree, self.beta_, self.n_features_in_)


def _known(data: Values, known: npt.ArrayLike | None) -> Mask | None:
    """Return which values are known, (B, N); None: no value is."""
    missing = np.isnan(data)
    if known is None:
        return ~missing if missing.any() else None
    mask = checks.as_array("known", known)
    if mask.dtype != bool or mask.shape not in {data.shape, data.shape[1:]}:
        shapes = f"{data.shape[1:]} or {data.shape}"
        raise InvalidInput(f"known must be booleans of shape {shapes}, got {mask.dtype} of shape {mask.shape}")
    if (mask & missing).any():
        raise InvalidInput("known values must be numbers, but X holds nan where known is True")
    return np.broadcast_to(mask, data.shape)


def _default_beta(encoding: Encoding, memories: Values) -> float:
    """Return the sharpness that `DenseAssociativeMemory` describes."""
    if encoding.kind == "binary":
        return float(np.log((1 - FLIP_RATE) / FLIP_RATE) / 2)
    sample = memories[:: -(-len(memories) // 500)].astype(np.float64)  # evenly spread, some hundred are enough
    squares = (sample**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * sample @ sample.T
    np.fill_diagonal(distances, np.inf)
    nearest = distances.min(axis=1)
    nearest = nearest[np.isfinite(nearest) & (nearest > 1e-12 * memories.shape[1])]
    return float(25 / np.median(nearest)) if len(nearest) else 1.0
