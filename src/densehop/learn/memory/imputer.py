"""`DenseAssociativeImputer`: completes tables in a pipeline, by the posterior mean over stored rows."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Reals
from densehop.base.streams import Seed, seed_sequence
from densehop.errors import InvalidInput
from densehop.learn.validation import validate

WEIGHTS_AT_ONCE = 2**20
ROWS_TRIED, SHARE_HIDDEN = 500, 0.2  # for the choice of beta
BETAS = 2.0 ** np.arange(-6, 8)  # that are tried, times the number of columns over the mean squared distance of rows


class DenseAssociativeImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fill what is missing (nan) in rows of a table with the mean of stored rows, the more alike the heavier.

    One step of the "attention" energy (learn/interactions.py) on standardised columns: a stored row at squared distance
    d^2 weighs exp(-beta d^2/2). Distances count the values that both rows have, times N over their number, so stored
    rows may have gaps as well. Known values stay as they are.

    Parameters
    ----------
    beta : float or None
        Sharpness: 0 gives the means of the columns, a large one the nearest row that has the value. None: that of the
        least squared error on stored rows of which a fifth of the known values is hidden, each from all others.
    random_state : int
        Of that choice.

    Attributes
    ----------
    beta_ : float
    mean_, scale_ : (N,), means and standard deviations of the columns
    n_features_in_ : int
    """

    def __init__(self, beta: float | None = None, *, random_state: Seed = 0) -> None:
        self.beta = beta
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: nan is what this is for."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002, N803 (scikit-learn's signature)
        """Store the rows of X (M, N), which may hold nan."""
        data = self._validated(X, reset=True).astype(np.float64)
        empty = np.isnan(data).all(axis=0)
        if empty.any():
            raise InvalidInput(f"column {int(empty.argmax())} of X holds no value: leave it out, or give it one")
        self.mean_: Floats = np.nanmean(data, axis=0)
        spread = np.nanstd(data, axis=0)
        self.scale_: Floats = np.where(spread > 0, spread, 1)
        self._rows, self._known = self._standardise(data)
        self.beta_: float = self._best() if self.beta is None else checks.number("beta", self.beta, zero_allowed=True)
        return self

    def transform(self, X: ArrayLike) -> Reals:  # noqa: N803 (as above)
        """Return the rows of X (B, N) with every nan filled."""
        check_is_fitted(self)
        data = self._validated(X)
        missing = np.isnan(data)
        rows = np.flatnonzero(missing.any(axis=1))
        filled = data.copy()
        if len(rows):
            values, known = self._standardise(data[rows].astype(np.float64))
            means = self._means(values, known, self.beta_) * self.scale_ + self.mean_
            filled[rows] = np.where(missing[rows], means, data[rows])
        return filled

    def _validated(self, X: ArrayLike, *, reset: bool = False) -> Reals:  # noqa: N803
        """Return checked data, which may hold nan."""
        data: Reals = validate(
            self, X, dtype=[np.float64, np.float32], accept_sparse=False, ensure_all_finite="allow-nan", reset=reset
        )
        return data

    def _standardise(self, data: Floats) -> tuple[Floats, Floats]:
        """Return values in standard deviations from the mean, 0 where not known, and 1 where known, else 0."""
        known = ~np.isnan(data)
        return np.where(known, (data - self.mean_) / self.scale_, 0.0), known.astype(np.float64)

    def _distances(self, values: Floats, known: Floats) -> Floats:
        """Return squared distances (B, M) to stored rows, as if all columns were known; inf where none is shared."""
        shared = known @ self._known.T
        # |x - xi|^2 over the columns that both know, as what is not known is 0.
        squares = values**2 @ self._known.T + known @ (self._rows**2).T - 2 * values @ self._rows.T
        scaled = np.maximum(squares, 0) * values.shape[1] / np.maximum(shared, 1)
        return np.where(shared > 0, scaled, np.inf)

    def _means(self, values: Floats, known: Floats, beta: float) -> Floats:
        """Return the weighted means of stored rows (B, N), 0 where no row with weight has a value."""
        result = np.empty_like(values)
        at_once = max(1, WEIGHTS_AT_ONCE // len(self._rows))
        for first in range(0, len(values), at_once):
            part = slice(first, first + at_once)
            result[part] = self._weighted_means(self._distances(values[part], known[part]), beta)
        return result

    def _weighted_means(self, distances: Floats, beta: float) -> Floats:
        """Return the means of stored rows at these squared distances, (B, N)."""
        least = distances.min(axis=1, keepdims=True)
        least = np.where(np.isfinite(least), least, 0)
        weights = np.exp(-beta / 2 * np.where(np.isfinite(distances), distances - least, np.inf if beta else 0))
        totals = weights @ self._known
        means: Floats = np.divide(weights @ self._rows, totals, out=np.zeros_like(totals), where=totals > 1e-300)
        return means

    def _best(self) -> float:
        """Return the beta with the least squared error on hidden values of stored rows."""
        random = np.random.default_rng(seed_sequence(self.random_state))
        rows = random.permutation(len(self._rows))[:ROWS_TRIED]
        hidden = (random.random(self._rows[rows].shape) < SHARE_HIDDEN) & (self._known[rows] > 0)
        distances = self._distances(np.where(hidden, 0, self._rows[rows]), np.where(hidden, 0, self._known[rows]))
        distances[np.arange(len(rows)), rows] = np.inf  # itself
        finite = distances[np.isfinite(distances)]
        if not len(finite) or not hidden.any() or finite.mean() <= 0:
            return 1.0
        betas = np.append(0.0, BETAS * self._rows.shape[1] / finite.mean())
        errors = [
            float(((self._weighted_means(distances, beta) - self._rows[rows])[hidden] ** 2).mean()) for beta in betas
        ]
        return float(betas[int(np.argmin(errors))])
