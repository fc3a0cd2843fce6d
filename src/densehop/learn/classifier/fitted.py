"""What a fitted classifier answers: scores, probabilities, classes, and what it was fitted to."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Mask, Reals
from densehop.errors import InvalidInput
from densehop.learn.blas_threads import one_blas_thread
from densehop.learn.changed_parameters import refuse_changed_parameters
from densehop.learn.classifier.epochs import Epochs
from densehop.learn.classifier.exponential import ExponentialMemories
from densehop.learn.classifier.inputs import Scaling, row_ends
from densehop.learn.classifier.learner import Learner, Network
from densehop.learn.classifier.losses import softmax
from densehop.learn.classifier.nearness import Nearness
from densehop.learn.classifier.parameters import NORMS
from densehop.learn.classifier.proofs import certified_radii
from densehop.learn.validation import validate

HALF, MOVED = 0.5, 0.01  # how strange a row is, or how far its probabilities move, for a warning
EVEN = 0.99  # how much of the probabilities is the same for all classes where nothing is known of a row
NUMBERS_AT_ONCE = 2**22  # fields in one block of rows
PROVABLE = (1e-20, 1e9)  # factors from scores to logits at which single precision neither overflows nor loses any


class FittedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The questions that a classifier answers once `fit` has set what is named here."""

    classes_: npt.NDArray[Any]
    inverse_temperature: float | None
    n_jobs: int | None
    _learner: Learner
    _scaling: Scaling
    _nearness: Nearness
    _epochs: Epochs
    _weight_unit: float = 1.0
    validation_scores_: list[float]

    def decision_function(self, X: ArrayLike) -> Reals:  # noqa: N803 (scikit-learn's name)
        """Return scores times ``inverse_temperature_`` over ``degree_``, (B, C); for two classes the difference."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: ArrayLike) -> Reals:  # noqa: N803 (as above)
        """Return class probabilities, (B, C): softmax of the logits.

        Training says nothing about rows of one value, out of range by half of it, or further from all training rows
        than these are from each other, if no training row is like them: their probabilities are nearly equal, in the
        same order (8 features or more; by degrees from 1.1 to 1.4 times the largest distance from a training row to the
        next). A warning counts all rows whose probabilities this moves by more than 0.01.
        """
        probabilities, strange = softmax(self._logits(X)), self._strange(self._data(X))
        even = (EVEN * strange[:, None]).astype(probabilities.dtype)
        mixed: Reals = even / len(self.classes_) + (1 - even) * probabilities
        nearly, moved = strange > HALF, np.abs(mixed - probabilities).max(axis=1) > MOVED
        if (unlike := int((nearly | moved).sum())) > 0:
            warnings.warn(
                f"{unlike} of {len(strange)} rows are of nearly one value, far out of the training range or far from "
                "all training rows: the less training says about them, the more equal their probabilities are made, "
                f"those of {nearly.sum()} by more than half",
                UserWarning,
                stacklevel=2,
            )
        return mixed

    def predict(self, X: ArrayLike) -> npt.NDArray[Any]:  # noqa: N803 (as above)
        """Return the class of lowest energy for each row, (B,)."""
        logits = self._logits(X)
        classes: npt.NDArray[Any] = self.classes_[logits.argmax(axis=1)]
        return classes

    @one_blas_thread
    def certified_radius(
        self,
        X: ArrayLike,  # noqa: N803 (as above)
        norm: str = "l2",
        *,
        data_range: tuple[float, float] | None = None,
    ) -> Floats:
        """Return the sizes of perturbations below which the predicted class provably cannot change, (B,).

        For exponential memories by convexity (docs/theory.md, section 18), for rectified ones by a looser bound. The
        proof holds for what `predict` computes in the precision of X, its rounding included, wherever the perturbed
        input lies; 0 where nothing is proved.

        Parameters
        ----------
        X : (B, N)
        norm : "l2", "linf" or "flips"
            The root of the summed squares, or the largest change of a value, in the units of X; or the number of values
            that change from one end of the training range to the other, for inputs of these two values; up to this
            number, itself included.
        data_range : (low, high) or None
            Count only perturbations that leave each value of X within this range, as (0, 1) for pixels. The radii of
            exponential memories are then larger in L2 and L-infinity; other bounds hold as they are.

        Raises
        ------
        InvalidInput
            If the inverse temperature over the degree is so small or large that logits leave single precision, if
            data_range is no range, or if values of X lie out of it.
        """
        check_is_fitted(self)
        checks.choice("norm", norm, NORMS)
        factor = self.inverse_temperature_ / self.network_.divisor
        checks.between("inverse_temperature over degree", factor, *PROVABLE)
        data, logits = self._data(X), self._logits(X)
        data = data.toarray() if sp.issparse(data) else data
        if data_range is not None:
            low, high = data_range = checks.value_range("data_range", data_range)
            if data.min() < low or data.max() > high:
                raise InvalidInput(
                    f"values of X must lie within data_range, {low:g} to {high:g}, got values from {data.min():g} to "
                    f"{data.max():g}"
                )
        return certified_radii(self.network_, self._scaling, data, logits.argmax(axis=1), norm, factor, data_range)

    @property
    def inverse_temperature_(self) -> float:
        """The inverse temperature as given, or as chosen."""
        given = self.inverse_temperature
        return self._learner.inverse_temperature if given is None else given

    @property
    def loss_curve_(self) -> list[float]:
        """The mean loss of each epoch."""
        return self._epochs.losses

    @property
    def sharpness_(self) -> float:
        """The sharpness of exponential memories, in one over the squared units of the data."""
        if not isinstance(self.network_, ExponentialMemories):
            raise AttributeError("sharpness_ is of interaction='exponential' alone; see degree_")
        return self.network_.sharpness * self._scaling.scale**2

    @property
    def network_(self) -> Any:
        """The memories as learn/scores.py takes them."""
        refuse_changed_parameters(self)
        return self._learner.network

    @property
    def memories_(self) -> Reals:
        """Visible values, (K, N)."""
        visible: Reals = self.network_.visible
        return visible

    @property
    def label_memories_(self) -> Reals:
        """Class values, (K, C)."""
        labels: Reals = self.network_.labels
        return labels

    @property
    def mean_(self) -> npt.NDArray[np.float64]:
        """What is subtracted from data, (N,)."""
        return self._scaling.mean

    @property
    def scale_(self) -> float:
        """What differences in the data are multiplied by."""
        return self._scaling.scale

    def _data(self, X: ArrayLike) -> Any:  # noqa: N803 (as above)
        """Return checked rows, dense or sparse, in single or double precision."""
        check_is_fitted(self)
        return validate(self, X, dtype=[np.float64, np.float32])

    def _strange(self, data: Any) -> Floats:
        """Return how little training says about rows (B, N), dense or sparse, from 0 to 1, (B,)."""
        strangeness = self._scaling.unlike(data).astype(np.float64)
        near = np.flatnonzero(strangeness == 0)
        rows = max(1, NUMBERS_AT_ONCE // data.shape[1])
        for first in range(0, len(near), rows):
            block = near[first : first + rows]
            strangeness[block] = self._nearness.strange(self._scaling.apply(data[block], np.float32))
        return strangeness

    def _logits(self, X: ArrayLike) -> Reals:  # noqa: N803 (as above)
        """Return inverse_temperature_/degree_ * scores, (B, C), in the precision of X."""
        data = self._data(X)
        network: Network = self.network_.astype(data.dtype)
        rows = max(1, NUMBERS_AT_ONCE // (network.n_memories * network.n_classes))

        def block(first: int) -> Reals:
            with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
                scores: Reals = network.scores(self._scaling.apply(data[first : first + rows], data.dtype))
            return scores

        parts = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(block)(first) for first in range(0, data.shape[0], rows)
        )
        with np.errstate(over="ignore", invalid="ignore"):
            logits: Reals = np.vstack(parts) * data.dtype.type(self.inverse_temperature_ / network.divisor)
        outside: Mask = np.asarray(~np.isfinite(logits).all(axis=1))
        if outside.any():
            self._refuse_overflow(data, outside)
        return logits

    def _refuse_overflow(self, data: Any, rows: Mask) -> None:
        """Say which rows leave the range of numbers."""
        first, known = int(np.argmax(rows)), self._scaling
        low, high = (float(end[0]) for end in row_ends(data[[first]]))
        raise InvalidInput(
            f"scores of {rows.sum()} of {len(rows)} rows leave the range of {data.dtype}: row {first} holds values "
            f"from {low:g} to {high:g}, training rows from {known.low:g} to {known.high:g}; leave such rows out"
            + ("" if data.dtype == np.float64 else ", or give X as float64")
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
