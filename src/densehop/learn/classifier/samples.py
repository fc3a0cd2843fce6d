"""Training samples as they were given: rows, dense or sparse, the places of their classes, and their weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers
from densehop.errors import InvalidInput


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

    def relative_weights(self) -> Floats | None:
        """Return the weights over their mean."""
        return None if self.weights is None else self.weights / self.weights.mean()


def _ones(samples: Samples) -> Floats:
    """Return the weights, 1 where none are given."""
    return np.ones(len(samples.classes)) if samples.weights is None else samples.weights


def weighted_samples(
    data: Any,
    target: npt.NDArray[Any],
    names: npt.NDArray[Any],
    sample_weight: ArrayLike | None,
    class_weight: str | Mapping[Any, float] | None,
) -> Samples:
    """Return checked rows and their targets as samples, without those of weight 0; `names` are the classes."""
    weights: Floats | None = None
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


def all_classes(classes: ArrayLike | None) -> npt.NDArray[Any]:
    """Return the classes that the first part of the data names."""
    if classes is None:
        raise InvalidInput("partial_fit needs classes= in its first call: all classes that there will be")
    known = np.unique(np.asarray(classes))
    if len(known) < 2:
        raise InvalidInput(f"classes must hold at least 2, got {checks.shown(known.tolist())}")
    return known
