"""`DenseAssociativeMemory`: stored vectors that restore what is hidden or corrupted, as a scikit-learn transformer."""

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils._set_output import _wrap_data_with_container
from sklearn.utils.validation import check_is_fitted

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Reals, Signs
from densehop.errors import InvalidInput
from densehop.learn.changed_parameters import refuse_changed_parameters, remember_parameters
from densehop.learn.memory.answers import Questions
from densehop.learn.memory.encoding import Encoding, encoding_of, joint_encoding
from densehop.learn.memory.familiarity import checked_rate
from densehop.learn.memory.filling import Store
from densehop.learn.memory.interactions import SITE_BY_SITE, WITH_DEGREE, Interaction
from densehop.learn.memory.neighbors import nearest_rows
from densehop.learn.memory.questions import complete_rows, partly_known
from densehop.learn.memory.removal import checked_places, places_of, without
from densehop.learn.memory.result import Recall
from densehop.learn.memory.solver import Rule
from densehop.learn.memory.stored import Rows, Stored, beta_of, encode_rows, together


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
    scale : "auto", "shared" or "columns"
        Shared: one range for all columns, so that differences between pixels keep their meaning. Columns: a range for
        each, for tables whose columns have units of their own. "auto": columns where the median column is narrower than
        a tenth of the range of all.
    temperature : float
        0: moves down to a minimum. T > 0 (signs only): samples exp(-E/T) and returns the mean's signs.
    max_steps : int
        Steps of all sites and, where these come to rest, as many sweeps, at T = 0, at most. For real values, 1 is the
        posterior mean over memories, the better answer to patterns that are not among them; more steps end in a memory
        or in the mean of a few.
    n_sweeps : int
        Sweeps at T > 0; the later half counts.
    false_alarm_rate : float or None
        Share of strangers that `recall` may call known: random codes, or vectors drawn as the stored ones were. None:
        1%; with fewer than 199 stored rows that resemble each other 2/(their number + 1), the least that these can tell
        (`false_alarm_rate_`). Below 39, where that is more than 5%, nothing is known.
    store : path or None
        A .npy file that takes what is stored, signs in a bit each and greys in single precision, and stays mapped: for
        stores larger than memory. `partial_fit` and `forget` write it anew. Not for "strict" and "power", which move
        site by site. None: memory.
    random_state : int, RandomState or None
        Of the sampling at T > 0.
    n_jobs : int or None
        Threads over blocks of rows, by joblib's rules; the results are the same bits.

    Attributes
    ----------
    memories_ : (M, N), encoded; signs as int8 (they are kept in one bit each)
    encoding_ : Encoding
    beta_ : float
    false_alarm_rate_ : float, 0: nothing is known
    interaction_ : Interaction, the energy with all that was chosen
    n_features_in_ : int
    """

    def __init__(
        self,
        interaction: str = "exponential",
        *,
        degree: int = 3,
        beta: float | None = None,
        encoding: str = "auto",
        scale: str = "auto",
        temperature: float = 0.0,
        max_steps: int = 100,
        n_sweeps: int = 200,
        false_alarm_rate: float | None = None,
        store: Store = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.interaction = interaction
        self.degree = degree
        self.beta = beta
        self.encoding = encoding
        self.scale = scale
        self.temperature = temperature
        self.max_steps = max_steps
        self.n_sweeps = n_sweeps
        self.false_alarm_rate = false_alarm_rate
        self.store = store
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: sparse rows are taken and made dense."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002, N803 (scikit-learn's signature)
        """Store the rows of X (M, N), in place of earlier ones."""
        data = complete_rows(self, X, reset=True)
        spins = self.interaction in WITH_DEGREE
        if self.store is not None and self.interaction in SITE_BY_SITE:
            raise InvalidInput(
                f"interaction '{self.interaction}' moves site by site and needs its rows in memory: store=None"
            )
        self.encoding_: Encoding = encoding_of(data, self.encoding, self.scale, spins=spins)
        if spins and self.encoding_.kind == "graded":
            raise InvalidInput(f"interaction '{self.interaction}' is one of signs: use encoding='binary' or 'auto'")
        if self.encoding == "auto" and not self.encoding_.exact:
            warnings.warn(
                f"interaction '{self.interaction}' is one of signs, and X holds grey values: they become black or "
                "white. Use interaction='exponential' to keep them, or encoding='binary' if that is meant",
                UserWarning,
                stacklevel=2,
            )
        return self._store(encode_rows(self.encoding_, data, self.store))

    def partial_fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: N803 (scikit-learn's name)
        """Store the rows of X besides those stored before: what is chosen for all together is what `fit` chooses.

        Grey values that an interaction of signs made black or white are lost: where further rows would move the middle,
        they are refused.
        """
        if not hasattr(self, "_stored"):
            return self.fit(X, y)
        refuse_changed_parameters(self)
        data = complete_rows(self, X)
        earlier, rows = self.encoding_, self._stored.rows
        spins, stored = self.interaction in WITH_DEGREE, self._stored
        self.encoding_ = joint_encoding(
            earlier, lambda: earlier.decode(stored.all_rows), data, self.encoding, self.scale, spins=spins
        )
        if not self.encoding_.same_as(earlier):
            rows = encode_rows(self.encoding_, earlier.decode(stored.all_rows))
        return self._store(together(rows, encode_rows(self.encoding_, data), self.store))

    def forget(self, X: ArrayLike | None = None, *, indices: ArrayLike | None = None) -> Self:  # noqa: N803 (as above)
        """Forget stored rows: those equal to rows of X (B, N), copies as well, or those at indices (B,) of `memories_`.

        What is left is what `fit` would have made of the other rows alone, range, sharpness and judgement of
        strangers included; later indices move up.

        Raises
        ------
        InvalidInput
            If a row of X is not stored, or nothing would be left, or grey values were made black or white.
        """
        self._check_ready()
        if (X is None) == (indices is None):
            raise InvalidInput("forget needs either X, rows that are stored, or indices=, their places in `memories_`")
        stored = self._stored
        if X is not None:
            forgotten = places_of(stored, complete_rows(self, X))
        elif indices is not None:
            forgotten = checked_places(indices, stored.n_memories)
        spins = self.interaction in WITH_DEGREE
        self.encoding_, rows = without(stored, forgotten, self.encoding, self.scale, self.store, spins=spins)
        return self._store(rows)

    def transform(self, X: ArrayLike) -> Reals:  # noqa: N803 (scikit-learn's name)
        """Return the rows of X (B, N) restored; any of their values may be wrong."""
        self._check_ready()
        return self._questions().restore(complete_rows(self, X), None)

    def restore(self, X: ArrayLike, known: ArrayLike | None = None) -> Any:  # noqa: N803 (as above)
        """Return the rows of X (B, N) restored, an array or what `set_output` asks for; `recall` says more of them."""
        self._check_ready()
        data, mask = partly_known(self, X, known)
        return _wrap_data_with_container("transform", self._questions().restore(data, mask), X, self)

    def recall(
        self,
        X: ArrayLike,  # noqa: N803 (as above)
        known: ArrayLike | None = None,
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
        self._check_ready()
        data, mask = partly_known(self, X, known)
        return self._questions().recall(data, mask, self.false_alarm_rate, clamp=clamp)

    def kneighbors(
        self,
        X: ArrayLike,  # noqa: N803 (as above)
        n_neighbors: int = 1,
        known: ArrayLike | None = None,
    ) -> tuple[Floats, Integers]:
        """Return the distances of the rows of X (B, N) to their nearest stored rows, and these rows' indices, (B, k).

        Nearest first, Euclidean, over the known values alone, and in the units of the data unless each column has a
        range of its own: then ranges count as 2. Nothing is restored. The smaller index comes first where signs are as
        near.
        """
        self._check_ready()
        data, mask = partly_known(self, X, known)
        count = checks.integer("n_neighbors", n_neighbors, 1, self._stored.n_memories)
        squares, indices = nearest_rows(self._stored, self._stored.start(data, mask), mask, count)
        return np.sqrt(squares) * self.encoding_.unit, indices

    def certified_flips(self, X: ArrayLike | None = None) -> Integers:  # noqa: N803 (as above)
        """Return how many signs of each row of X (B, N) can be flipped, any ones, without changing where it ends, (B,).

        Provably, rounding included, for `transform` at T = 0 with the settings of this memory; not the largest such
        number, and 0 where nothing is proved (learn/memory/certificates.py). None: of the stored rows.

        Raises
        ------
        InvalidInput
            If states are real values, or at T > 0, where there is no single end.
        """
        self._check_ready()
        return self._questions().certified_flips(None if X is None else complete_rows(self, X))

    def _store(self, rows: Rows) -> Self:
        """Keep encoded rows, and check that every parameter works with them."""
        self.beta_: float = beta_of(self.encoding_, rows) if self.beta is None else self.beta
        degree = self.degree if self.interaction in WITH_DEGREE else 2
        interaction = Interaction(self.interaction, degree, self.beta_, self.n_features_in_)
        self._stored = Stored(self.encoding_, interaction, rows)
        remember_parameters(self, ("interaction", "degree", "beta", "encoding", "scale"))
        self._check_ready()
        return self

    @property
    def interaction_(self) -> Interaction:
        """The energy, with all that the fit has chosen."""
        check_is_fitted(self)
        return self._stored.interaction

    @property
    def false_alarm_rate_(self) -> float:
        """The share of strangers that `recall` may call known."""
        check_is_fitted(self)
        return self._stored.familiarity.rate(self.false_alarm_rate)

    @property
    def memories_(self) -> Reals | Signs:
        """Encoded rows, (M, N)."""
        check_is_fitted(self)
        return self._stored.all_rows

    def _check_ready(self) -> None:
        """Refuse a memory that is not fitted, or not with these parameters, or cannot move with them."""
        check_is_fitted(self)
        refuse_changed_parameters(self)
        checks.integer("max_steps", self.max_steps, 1)
        checks.integer("n_sweeps", self.n_sweeps, 2)
        checked_rate(self.false_alarm_rate)
        checks.number("temperature", self.temperature, zero_allowed=True)
        if self.temperature > 0 and self._stored.real:
            raise InvalidInput("temperature must be 0 for real values; T > 0 needs signs: encoding='binary'")

    def _questions(self) -> Questions:
        """Return what answers questions, with the settings of now."""
        rule = Rule(self.temperature, self.max_steps, self.n_sweeps)
        return Questions(self._stored, rule, self.random_state, self.n_jobs)
