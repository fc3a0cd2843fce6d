"""Classifiers for the Adversarial Robustness Toolbox (ART): its attacks on this package's exact gradients.

ART needs no deep-learning framework for this. Importing it is slow, and it keeps a folder `.art` in the user's home.
"""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Reals
from densehop.errors import InvalidInput, MissingPackage
from densehop.learn.attacks.attacked_models import AttackedModel, attacked_model_with_gradient

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says what it would like to have besides
        from art.estimators.classification.classifier import ClassGradientsMixin, ClassifierMixin
        from art.estimators.estimator import BaseEstimator, LossGradientsMixin
except ImportError as error:
    raise MissingPackage.of_extra("art_adapter", "adversarial-robustness-toolbox", "attacks", error) from error


class ArtClassifier(ClassGradientsMixin, ClassifierMixin, LossGradientsMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier as ART's estimator with loss and class gradients, for FGSM, PGD, DeepFool and others.

    Its loss is the margin of the best wrong class, as in `densehop.learn.attacks.robustness`: the gradient of a
    cross-entropy vanishes where the model is sure, and an attack that stalls there says nothing about the model.

    Parameters
    ----------
    model : a fitted classifier with a known gradient; see `attacked_model`
    clip_values : lowest and highest value an input can have

    Raises
    ------
    InvalidInput
        If the model has fewer than three classes or no known gradient.

    Notes
    -----
    Classes are places in `model.classes_`, as everywhere in ART; y is (B,) of them or one-hot (B, C).
    """

    estimator_params = BaseEstimator.estimator_params + ClassifierMixin.estimator_params

    def __init__(self, model: Any, clip_values: tuple[float, float]) -> None:
        self.target: AttackedModel = attacked_model_with_gradient(model)
        super().__init__(model=model, clip_values=clip_values, preprocessing=None)
        self.nb_classes = len(self.target.classes)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input, (N,)."""
        return (int(self.model.n_features_in_),)

    def predict(self, x: Reals, **_: Any) -> Reals:
        """Return the scores, (B, C), of inputs (B, N)."""
        return self.target.scores(x)

    def fit(self, x: Reals, y: npt.NDArray[Any], **_: Any) -> None:
        """Refuse: an attack must not change the model."""
        del x, y
        raise InvalidInput("ArtClassifier does not train: fit the model before")

    def compute_loss(self, x: Reals, y: npt.NDArray[Any], **_: Any) -> npt.NDArray[np.float64]:
        """Return the margin of the best wrong class, (B,); positive: misclassified."""
        return self.target.margins(x, _places(y))

    def loss_gradient(self, x: Reals, y: npt.NDArray[Any], **_: Any) -> Reals:
        """Return the gradient of the loss, (B, N)."""
        return self.target.ascent(x, _places(y))[1]

    def class_gradient(self, x: Reals, label: int | list[int] | npt.NDArray[Any] | None = None, **_: Any) -> Reals:
        """Return the gradients of all scores, (B, C, N), or of one for all or for each input, (B, 1, N)."""
        if label is None:
            columns = [self._score_gradient(x, np.full(len(x), index)) for index in range(self.nb_classes)]
            return np.stack(columns, axis=1)
        return self._score_gradient(x, np.broadcast_to(np.asarray(label), (len(x),)))[:, np.newaxis]

    def _score_gradient(self, x: Reals, columns: npt.NDArray[np.int64]) -> Reals:
        """Return the gradient of the score at one place for each input, (B, N)."""

        def choose(scores: Reals) -> Reals:
            upstream = np.zeros_like(scores)
            upstream[np.arange(len(scores)), columns] = 1
            return upstream

        assert self.target.gradient is not None  # asked for at the start
        return self.target.gradient(x, choose)[1]


def _places(y: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return classes as places, (B,), from themselves or from one-hot rows."""
    labels = np.asarray(y)
    return (labels.argmax(axis=1) if labels.ndim == 2 else labels).astype(np.int64)
