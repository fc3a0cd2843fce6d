"""What attacks see of models that decide by examples: for each class, what its own examples add.

A stored memory adds the same to every class but its own, so D_c of score_differences.py is a sum over the examples of
class c alone, a tenth of the work. The nearest neighbour is the limit of sum_{mu of c} exp(-beta |x - x_mu|^2) for
large beta, and is attacked at several beta.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.attacks.score_differences import NOTHING, log_difference
from densehop.learn.classifier.estimator import DenseAssociativeClassifier
from densehop.learn.classifier.exponential import ExponentialMemories

Logs = Callable[[Reals, float], tuple[Reals, Reals]]
Choice = Callable[[Reals], Reals]  # scores (B, C) -> d loss/d scores

NEIGHBOUR = 1e6  # beta of the nearest neighbour itself, in units of 1 / a typical smallest squared distance
SMOOTHER_NEIGHBOUR = (15.0, 60.0)  # beta in the same units
SMOOTHER_STORED = (0.3,)  # sharpness, 1 being that of the model


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples by class: the field of input x on example mu is weights_mu . (x - origin) + offsets_mu.

    Attributes
    ----------
    origin : (N,), near the data, so that fields keep their digits wherever these lie
    weights : (M, N), sorted by class
    offsets : (M,)
    owners : (M,), indices of their classes, ascending
    n_classes : int
    logs : fields (B, M), a sharpness -> log f and its derivative
    smoother : sharpnesses to attack at, too
    sharpness : 1 is the model itself, less is smoother
    """

    origin: Reals
    weights: Reals
    offsets: Reals
    owners: Integers
    n_classes: int
    logs: Logs
    smoother: tuple[float, ...]
    sharpness: float = 1.0

    def at_sharpness(self, sharpness: float) -> "Examples":
        """Return the same with smoother scores."""
        return replace(self, sharpness=sharpness)

    def scores(self, inputs: Reals) -> Reals:
        """Return log D_c of inputs (B, N) for each class, (B, C); the order of the classes is the model's."""
        return self._sums(self.logs(self.fields(inputs), self.sharpness)[0])[0]

    def gradient(self, inputs: Reals, choose: Choice) -> tuple[Reals, Reals]:
        """Return the scores and d loss/d input, (B, N), from a choice of d loss/d score."""
        logs, slopes = self.logs(self.fields(inputs), self.sharpness)
        scores, shares = self._sums(logs)
        return scores, (choose(scores)[:, self.owners] * shares * slopes) @ self.weights

    def fields(self, inputs: Reals) -> Reals:
        """Return the fields, (B, M)."""
        centred = (inputs - self.origin).astype(self.weights.dtype, copy=False)
        fields: Reals = centred @ self.weights.T + self.offsets
        return fields

    def _sums(self, logs: Reals) -> tuple[Reals, Reals]:
        """Return log sums over each class's examples (B, C), and the share of each example in its sum, (B, M)."""
        present, starts = np.unique(self.owners, return_index=True)
        sizes = np.diff([*starts, len(self.owners)])
        # The log-sum-exp within each class, from its largest term.
        top = np.maximum.reduceat(logs, starts, axis=1)
        shares = np.exp(logs - np.repeat(top, sizes, axis=1))
        relative_sums = np.add.reduceat(shares, starts, axis=1)
        shares /= np.repeat(relative_sums, sizes, axis=1)
        scores = np.full((len(logs), self.n_classes), NOTHING, dtype=logs.dtype)
        scores[:, present] = np.log(relative_sums) + top
        return scores, shares


def examples_of(model: object) -> Examples | None:
    """Return the examples that a model decides by; None for other models."""
    if isinstance(model, DenseAssociativeClassifier) and isinstance(model.network_, ExponentialMemories):
        return _exponential(model, model.network_)
    if isinstance(model, DenseAssociativeClassifier) and model.kind == "stored":
        return _stored_examples(model)
    if isinstance(model, KNeighborsClassifier) and model.n_neighbors == 1 and model.effective_metric_ == "euclidean":
        return _neighbours(model)
    return None


def _stored_examples(model: DenseAssociativeClassifier) -> Examples:
    """Return stored memories with f of their class units."""
    memories = model.network_.astype(np.float64)
    owners = memories.labels.argmax(axis=1)
    order = np.argsort(owners, kind="stable")
    by_class = memories.class_fields()  # (C, M), of each memory one value for its class and one for all others
    every = np.arange(len(owners))
    own, other = by_class[owners, every][order], by_class[(owners + 1) % len(by_class), every][order]
    weights = memories.visible[order] * model.scale_
    gap, floor, degree = float((own - other).mean()), memories.floor, memories.degree

    def logs(fields: Reals, sharpness: float) -> tuple[Reals, Reals]:
        return log_difference(fields + gap, fields, float(degree * sharpness), floor)

    return Examples(
        origin=model.mean_,
        weights=weights.astype(np.float32),
        offsets=other.astype(np.float32),
        owners=owners[order],
        n_classes=len(by_class),
        logs=logs,
        smoother=SMOOTHER_STORED,
    )


def _exponential(model: DenseAssociativeClassifier, network: ExponentialMemories) -> Examples:
    """Return exponential memories, each of which adds to its own class alone."""

    def logs(fields: Reals, sharpness: float) -> tuple[Reals, Reals]:
        scale = fields.dtype.type(sharpness)
        return scale * fields, np.full((1, 1), scale, dtype=fields.dtype)

    return Examples(
        origin=model.mean_,
        weights=(network.visible.astype(np.float64) * (network.sharpness * model.scale_)).astype(np.float32),
        offsets=network.offsets.astype(np.float32),
        owners=network.owners,
        n_classes=network.n_classes,
        logs=logs,
        smoother=SMOOTHER_STORED,
    )


def _neighbours(model: KNeighborsClassifier) -> Examples:
    """Return the examples of a nearest neighbour: log f = -beta |x - x_mu|^2, less what does not depend on mu."""
    owners = np.asarray(model._y)
    order = np.argsort(owners, kind="stable")
    data = np.asarray(model._fit_X, dtype=np.float64)[order]
    origin = data.mean(axis=0)
    data -= origin
    beta = NEIGHBOUR / _typical_distance(np.unique(data, axis=0)) ** 2

    def logs(fields: Reals, sharpness: float) -> tuple[Reals, Reals]:
        scale = fields.dtype.type(beta * sharpness)
        return scale * fields, np.full((1, 1), scale, dtype=fields.dtype)

    return Examples(
        origin=origin,
        weights=(2 * data).astype(np.float32),
        offsets=-(data**2).sum(axis=1).astype(np.float32),
        owners=owners[order],
        n_classes=len(model.classes_),
        logs=logs,
        smoother=tuple(smooth / NEIGHBOUR for smooth in SMOOTHER_NEIGHBOUR),
    )


def _typical_distance(data: Floats) -> float:
    """Return the median distance of different rows to their nearest one; of a single row, 1."""
    if len(data) < 2:
        return 1.0
    sample = data[:: -(-len(data) // 200)]
    return float(np.median(NearestNeighbors(n_neighbors=2).fit(data).kneighbors(sample)[0][:, 1]))
