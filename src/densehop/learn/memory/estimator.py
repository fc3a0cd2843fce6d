"""`DenseAssociativeMemory`: stored vectors that restore what is hidden or corrupted, as a scikit-learn transformer."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from densehop.base import checks
from densehop.base.arrays import Floats, Integers, Mask, Reals
from densehop.errors import InvalidInput
from densehop.kernels.recall import keep
from densehop.learn.changed_parameters import refuse_changed_parameters, remember_parameters
from densehop.learn.memory.bits import BitMemory
from densehop.learn.memory.descent import Descent
from densehop.learn.memory.dynamics import Motion, posterior_mean
from densehop.learn.memory.encoding import (
    Encoding,
    default_beta,
    encoding_of,
    joint_encoding,
    known_values,
    misfit,
)
from densehop.learn.memory.familiarity import Familiarity
from densehop.learn.memory.interactions import WITH_DEGREE, Interaction
from densehop.learn.memory.neighbors import nearest_rows
from densehop.learn.memory.solver import Solver

OVERLAPS_AT_ONCE, VALUES_AT_ONCE = 2**20, 2**20  # in one block of rows
BITS_AT_ONCE = 2**17  # values in one block for dynamics on bits, which has no use for large ones


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
    distance : (B,), mean squared distance of the question to that memory over its present values, in encoded values:
        four times the share of signs that differ
    p_value : (B,), probability that a stranger, which has nothing to do with what is stored, comes as close
    known : (B,) bool, whether `p_value` is below `false_alarm_rate`
    n_steps : int, steps or sweeps until the last pattern stopped
    settled : (B,) bool, whether it is a minimum: no single change of a value that may move lowers the energy
    """

    patterns: Reals
    memory: npt.NDArray[np.int64]
    overlap: Floats
    energy: Floats
    confidence: Floats
    distance: Floats
    p_value: Floats
    known: Mask
    n_steps: int
    settled: Mask

    def __repr__(self) -> str:
        return (
            f"Recall({len(self.known)} patterns: {self.known.sum()} known, {self.settled.sum()} settled, "
            f"mean overlap {self.overlap.mean():.3f})"
        )


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
        values that at which each stored row is most likely given the others, or, where larger, that at which the median
        distance to the nearest other one is five standard deviations.
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
    false_alarm_rate : float
        Share of strangers that `recall` may call known, if they are as alike as what is stored; see `Recall.p_value`.
    random_state : int, RandomState or None
        Of the sampling at T > 0.
    n_jobs : int or None
        Threads over blocks of rows, by joblib's rules; the results are the same bits.

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
        false_alarm_rate: float = 0.01,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.interaction = interaction
        self.degree = degree
        self.beta = beta
        self.encoding = encoding
        self.temperature = temperature
        self.max_steps = max_steps
        self.n_sweeps = n_sweeps
        self.false_alarm_rate = false_alarm_rate
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: sparse rows are taken and made dense."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: ARG002, N803 (scikit-learn's signature)
        """Store the rows of X (M, N), in place of earlier ones."""
        data = self._validated(X, reset=True)
        spins = self.interaction in WITH_DEGREE
        self.encoding_: Encoding = encoding_of(data, self.encoding, spins=spins)
        if spins and self.encoding_.kind == "graded":
            raise InvalidInput(f"interaction '{self.interaction}' is one of signs: use encoding='binary' or 'auto'")
        if self.encoding == "auto" and not self.encoding_.exact:
            warnings.warn(
                f"interaction '{self.interaction}' is one of signs, and X holds grey values: they become black or "
                "white. Use interaction='exponential' to keep them, or encoding='binary' if that is meant",
                UserWarning,
                stacklevel=2,
            )
        return self._store(self.encoding_.encode(data))

    def partial_fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: N803 (scikit-learn's name)
        """Store the rows of X besides those stored before; the range is that of all together."""
        if not hasattr(self, "memories_"):
            return self.fit(X, y)
        refuse_changed_parameters(self)
        data = self._validated(X)
        spins = self.interaction in WITH_DEGREE
        earlier, memories = self.encoding_, self.memories_
        self.encoding_ = joint_encoding(earlier, data, self.encoding, spins=spins)
        if self.encoding_ != earlier:
            memories = self.encoding_.encode(earlier.decode(memories))
        return self._store(np.vstack([memories, self.encoding_.encode(data)]))

    def transform(self, X: npt.ArrayLike) -> Reals:  # noqa: N803 (scikit-learn's name)
        """Return the rows of X (B, N) restored; any of their values may be wrong."""
        self._check_ready()
        data = self._validated(X)
        return self._restored(data, None)

    def restore(self, X: npt.ArrayLike, known: npt.ArrayLike | None = None) -> Reals:  # noqa: N803 (as above)
        """Return the rows of X (B, N) restored; see `recall`, which says more about the result and takes longer."""
        data, mask = self._partly_known(X, known)
        return self._restored(data, mask)

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
            Its confidence at T > 0 is that of the sample, ``(1 + |mean spin|)/2``. At T = 0 it exists for "exponential"
            and "attention" on signs: the posterior probability if the pattern is one of the memories and each present
            sign was flipped with probability 1/(1 + e^(2 beta)).
        """
        data, mask = self._partly_known(X, known)
        return self._recall(data, mask, clamp=clamp)

    def kneighbors(
        self,
        X: npt.ArrayLike,  # noqa: N803 (as above)
        n_neighbors: int = 1,
        known: npt.ArrayLike | None = None,
    ) -> tuple[Floats, Integers]:
        """Return the distances of the rows of X (B, N) to their nearest stored rows, and these rows' indices, (B, k).

        Nearest first, Euclidean, in the units of the data and over the known values alone; nothing is restored. The
        smaller index comes first where signs are as near.
        """
        data, mask = self._partly_known(X, known)
        count = checks.integer("n_neighbors", n_neighbors, 1, len(self.memories_))
        questions = self._solver(data.dtype).start(data, mask)
        words = self._bits.words if self._bits is not None and mask is None else None
        squares, indices = nearest_rows(self.memories_, questions, mask, count, words)
        return np.sqrt(squares) * (self.encoding_.span / 2), indices

    def _validated(self, X: npt.ArrayLike, *, reset: bool = False) -> Reals:  # noqa: N803
        """Return checked data, dense."""
        if np.ma.is_masked(X):
            raise InvalidInput("X holds masked values: `restore` and `recall` take them as hidden, others do not")
        try:
            return _dense(validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=reset))
        except ValueError as error:
            if "contains NaN" not in str(error):
                raise
            raise InvalidInput(
                "X contains NaN: `restore` and `recall` complete hidden values; rows to store and to transform need all"
            ) from error

    def _partly_known(self, X: npt.ArrayLike, known: npt.ArrayLike | None) -> tuple[Reals, Mask | None]:  # noqa: N803
        """Return checked data, which may hold nan, and what is known of it."""
        self._check_ready()
        if np.ma.is_masked(X):
            X = np.ma.filled(np.ma.asarray(X, dtype=np.float64), np.nan)  # noqa: N806 (as above)
        kinds = [np.float64, np.float32]
        data = _dense(
            validate_data(self, X, accept_sparse="csr", dtype=kinds, ensure_all_finite="allow-nan", reset=False)
        )
        return data, known_values(data, known)

    def _restored(self, data: Reals, known: Mask | None) -> Reals:
        """Return checked data restored."""
        result = np.empty_like(data)

        def block(part: slice, solver: Solver, present: Mask | None, random: np.random.Generator) -> None:
            free = None if present is None else ~present
            motion, _ = solver.solve(data[part], present, free, random)
            result[part] = self._decoded(motion.states, data[part], free)

        self._in_blocks(block, data, known)
        return result

    def _recall(self, data: Reals, known: Mask | None, *, clamp: bool) -> Recall:
        """Restore checked data and describe what became of them."""

        def block(part: slice, solver: Solver, present: Mask | None, random: np.random.Generator) -> Recall:
            free = ~present if clamp and present is not None else None
            motion, means = solver.solve(data[part], present, free, random)
            if means is not None:
                confidence = (1 + np.abs(means)) / 2
            elif self.encoding_.kind == "binary" and not solver.interaction.additive:
                means = posterior_mean(self.beta_, solver.memories, solver.start(data[part], present))
                confidence = (1 + np.sign(motion.states) * means) / 2
            else:
                confidence = np.full(data[part].shape, np.nan)
            restored = self._decoded(motion.states, data[part], free)
            return self._described(solver, motion, restored, confidence, solver.start(data[part], present), present)

        parts = self._in_blocks(block, data, known)
        names = ("patterns", "memory", "overlap", "energy", "confidence", "distance", "p_value", "known", "settled")
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return Recall(**columns, n_steps=max(part.n_steps for part in parts))

    def _in_blocks(self, work: Callable[..., Any], data: Reals, known: Mask | None) -> list[Any]:
        """Return what `work` makes of each block of rows, which bound the memory; each has its random stream."""
        mismatch = misfit(self.encoding_, self._least_spread, data, known)
        if mismatch is not None:
            warnings.warn(f"{mismatch}: are they on the same scale?", UserWarning, stacklevel=5)
        solver = self._solver(data.dtype)
        streams = check_random_state(self.random_state).randint(2**31 - 1, size=4)
        values = VALUES_AT_ONCE if self._bits is None else BITS_AT_ONCE
        rows = max(1, min(OVERLAPS_AT_ONCE // len(solver.memories), values // data.shape[1]))
        parts = [slice(first, first + rows) for first in range(0, len(data), rows)]
        masks = [None if known is None else known[part] for part in parts]
        randoms = [np.random.default_rng([*streams, index]) for index in range(len(parts))]
        done: list[Any] = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(work)(part, solver, mask, random) for part, mask, random in zip(parts, masks, randoms, strict=True)
        )
        return done

    def _decoded(self, states: Reals, data: Reals, free: Mask | None) -> Reals:
        """Return states in the units of the data; sites that are not free are as they came."""
        values = self.encoding_.decode(states)
        if free is not None:
            keep(free, np.ascontiguousarray(data), values)
        return values

    def _described(
        self,
        solver: Solver,
        motion: Motion,
        restored: Reals,
        confidence: Floats,
        questions: Reals,
        present: Mask | None,
    ) -> Recall:
        """Return the result with the nearest memories, the energies, and how close encoded questions came."""
        states = motion.states.astype(np.float64)
        memories = solver.memories.astype(np.float64, copy=False)
        overlaps = states @ memories.T
        squares = np.einsum("mi,mi->m", memories, memories)
        halved = ((states**2).sum(axis=1)[:, None] + squares) / 2 - overlaps  # |x - xi|^2/2
        energy = solver.interaction.energies(-halved if solver.real else overlaps)
        memory = halved.argmin(axis=1)
        overlap = 1 - halved[np.arange(len(states)), memory] / self.n_features_in_
        distance = self._familiarity.distances(questions, present, memory)
        p_value = self._familiarity.p_values(distance, present)
        return Recall(
            patterns=restored,
            memory=memory,
            overlap=overlap,
            energy=energy,
            confidence=confidence,
            distance=distance,
            p_value=p_value,
            known=p_value < self.false_alarm_rate,
            n_steps=motion.n_steps,
            settled=motion.settled,
        )

    def _store(self, memories: Reals) -> Self:
        """Keep encoded memories, and check that every parameter works with them."""
        self.memories_: Reals = memories
        self.beta_: float = default_beta(self.encoding_, memories) if self.beta is None else self.beta
        interaction = self._interaction()
        self._bits = None if self._real else BitMemory.build(interaction, memories)
        self._familiarity = Familiarity(memories, self.encoding_.kind == "binary")
        self._least_spread = float((memories.max(axis=1) - memories.min(axis=1)).min()) * self.encoding_.span / 2
        self._descent = Descent(interaction, memories)
        remember_parameters(self, ("interaction", "degree", "beta", "encoding"))
        self._check_ready()
        return self

    def _check_ready(self) -> None:
        """Refuse a memory that is not fitted, or not with these parameters, or cannot move with them."""
        check_is_fitted(self)
        refuse_changed_parameters(self)
        checks.integer("max_steps", self.max_steps, 1)
        checks.integer("n_sweeps", self.n_sweeps, 2)
        checks.between("false_alarm_rate", self.false_alarm_rate, 0, 1)
        checks.number("temperature", self.temperature, zero_allowed=True)
        if self.temperature > 0 and self._real:
            raise InvalidInput("temperature must be 0 for real values; T > 0 needs signs: encoding='binary'")

    @property
    def _real(self) -> bool:
        """Whether states move through real values."""
        return self.interaction == "attention" or self.encoding_.kind == "graded"

    def _solver(self, dtype: npt.DTypeLike) -> Solver:
        """Return what moves states, in a precision."""
        return Solver(
            interaction=self._interaction(),
            memories=self.memories_.astype(dtype, copy=False),
            encoding=self.encoding_,
            bits=self._bits,
            descent=self._descent,
            real=self._real,
            temperature=self.temperature,
            max_steps=self.max_steps,
            n_sweeps=self.n_sweeps,
        )

    def _interaction(self) -> Interaction:
        """Return the energy."""
        degree = self.degree if self.interaction in WITH_DEGREE else 2
        return Interaction(self.interaction, degree, self.beta_, self.n_features_in_)


def _dense(data: Any) -> Reals:
    """Return checked data, dense or sparse, as an array."""
    dense: Reals = data.toarray() if sp.issparse(data) else data
    return dense
