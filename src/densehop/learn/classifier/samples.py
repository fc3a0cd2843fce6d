"""Training samples as they were given: rows, dense or sparse, the places of their classes, and their weights."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Reals
from densehop.errors import InvalidInput
from densehop.learn.classifier.inputs import check_size
from densehop.learn.validation import validate


@dataclass(frozen=True, eq=False)
class Samples:
    """Rows (M, N) in the units of the data, the places of their classes (M,), and their weights (M,); None: all 1."""

    data: Any
    classes: Integers
    weights: Floats | None = None

    def __getitem__(self, rows: Integers) -> "Samples":
        return Samples(self.data[rows], self.classes[rows], None if self.weights is None else self.weights[rows])

    def after(self, earlier: "Samples | None") -> "Samples":
        """Return these samples below earlier ones."""
        if earlier is None:
            return self
        parts = [earlier.data, self.data]
        data = sp.vstack(parts).tocsr() if any(map(sp.issparse, parts)) else np.vstack(parts)
        weights = None
        if earlier.weights is not None or self.weights is not None:
            weights = np.concatenate([_ones(samples) for samples in (earlier, self)])
        return Samples(data, np.concatenate([earlier.classes, self.classes]), weights)

    def mean_weight(self) -> float:
        """Return the mean of the weights, by way of their ratios, whose sum does not overflow."""
        if self.weights is None:
            return 1.0
        largest = float(self.weights.max())
        return largest * float((self.weights / largest).mean())

    def in_units_of(self, weight: float) -> "Samples":
        """Return the same samples with their weights over this one, so that no common factor matters."""
        if self.weights is None:
            return self
        ratios = np.maximum(self.weights / weight, np.finfo(np.float64).tiny)
        return replace(self, weights=None if (ratios == 1).all() else ratios)


def log_shares(inputs: Reals, weights: Floats | None) -> Floats:
    """Return log weights (M,) over the total weight for each of the inputs (M, N) that are no copies of each other.

    So neither a common factor of the weights nor copies in the place of weights make a difference.
    """
    distinct = len({hash(row.tobytes()) for row in inputs})
    if weights is None:
        return np.full(len(inputs), np.log(distinct / len(inputs)))
    shares: Floats = np.log(weights) + np.log(distinct / weights.sum())
    return shares


def _ones(samples: Samples) -> Floats:
    """Return the weights, 1 where none are given."""
    return np.ones(len(samples.classes)) if samples.weights is None else samples.weights


def validated(model: Any, data: ArrayLike, target: ArrayLike, *, reset: bool) -> tuple[Any, npt.NDArray[Any]]:
    """Return rows and their classes as arrays that a classifier can train on."""
    rows, classes = validate(model, data, target, dtype=[np.float64, np.float32], reset=reset)
    check_classification_targets(classes)
    check_size(rows)
    return rows, classes


def refuse_one_class(samples: Samples, names: npt.NDArray[Any]) -> None:
    """Refuse samples that all belong to one class."""
    if len(np.unique(samples.classes)) < 2:
        raise InvalidInput(f"y must hold at least 2 classes, got 1 class: {names[samples.classes[0]]}")


def weighted_samples(
    data: Any,
    target: npt.NDArray[Any],
    names: npt.NDArray[Any],
    sample_weight: ArrayLike | None,
    class_weight: str | Mapping[Any, float] | None,
) -> Samples:
    """Return checked rows and their targets as samples, without those of weight 0; `names` are the classes."""
    if len(unknown := np.setdiff1d(target, names)):
        raise InvalidInput(f"y must hold classes of the first call, got {checks.shown(unknown.tolist())}")
    weights: Floats | None = None
    if checks.hides_values(sample_weight):
        raise InvalidInput("sample_weight hides values behind a mask: a weight of 0 leaves a sample out")
    if sample_weight is not None:
        weights = _check_sample_weight(sample_weight, data, dtype=np.float64, ensure_non_negative=True)
    if class_weight is not None:
        by_class = compute_sample_weight(class_weight, target)
        weights = by_class if weights is None else weights * by_class
    samples = Samples(data, np.searchsorted(names, target), weights)
    if weights is None or (weights > 0).all():
        return samples
    if not (weights > 0).any():
        raise InvalidInput("sample_weight and class_weight leave no sample a weight above 0")
    return samples[np.flatnonzero(weights > 0)]


def all_classes(classes: ArrayLike | None, known: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
    """Return the classes that the first part of the data names, `known` later on: they may be left out or repeated."""
    if known is not None:
        if classes is not None and not np.array_equal(np.unique(np.asarray(classes)), known):
            raise InvalidInput(
                f"classes must be those of the first call, {checks.shown(known.tolist())}, or be left out; "
                f"got {checks.shown(np.unique(np.asarray(classes)).tolist())}"
            )
        return known
    if classes is None:
        raise InvalidInput("partial_fit needs classes= in its first call: all classes that there will be")
    known = np.unique(np.asarray(classes))
    if len(known) < 2:
        raise InvalidInput(f"classes must hold at least 2, got {checks.shown(known.tolist())}")
    return known
