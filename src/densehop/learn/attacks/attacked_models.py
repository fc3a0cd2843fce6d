"""What an attack sees of a classifier: class scores of inputs, and their gradient where it is known.

Scores are taken before any squashing and without what all classes share (score_differences.py), since attacks through
a saturated output fail for want of a gradient, not of a weakness.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from densehop.base.arrays import Floats, Reals
from densehop.errors import InvalidInput
from densehop.learn.attacks.nearest_examples import Choice, Examples, examples_of
from densehop.learn.attacks.score_differences import class_differences
from densehop.learn.classifier.estimator import DenseAssociativeClassifier
from densehop.learn.classifier.linear_scores import LinearMemories
from densehop.learn.classifier.scores import input_gradient

Gradient = Callable[[Reals, Choice], tuple[Reals, Reals]]


@dataclass(frozen=True)
class AttackedModel:
    """A classifier under attack.

    Attributes
    ----------
    classes : (C,)
    scores : inputs (B, N) in the units of the data -> (B, C)
    gradient : inputs (B, N), a choice of d loss/d scores -> scores (B, C), d loss/d inputs (B, N); None: not known
    smoothed : smoother versions, whose gradients may lead further
    """

    classes: npt.NDArray[Any]
    scores: Callable[[Reals], Reals]
    gradient: Gradient | None
    smoothed: tuple["AttackedModel", ...] = ()

    def margins(self, inputs: Reals, truth: npt.NDArray[np.int64]) -> Floats:
        """Return by how much the best wrong class beats the right one, (B,); positive: misclassified."""
        return _margins(self.scores(inputs), truth)[0]

    def ascent(self, inputs: Reals, truth: npt.NDArray[np.int64]) -> tuple[Floats, Reals]:
        """Return the margins, (B,), and their gradient, (B, N)."""
        if self.gradient is None:
            raise InvalidInput("this classifier has no known gradient: use transfer and random_search")

        def choose(scores: Reals) -> Reals:
            rows = np.arange(len(scores))
            upstream = np.zeros_like(scores)
            upstream[rows, _margins(scores, truth)[1]] = 1
            upstream[rows, truth] = -1
            return upstream

        scores, uphill = self.gradient(inputs, choose)
        return _margins(scores, truth)[0], uphill


def _margins(scores: Reals, truth: npt.NDArray[np.int64]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the margins and the best wrong classes, (B,) each."""
    others = np.array(scores, dtype=np.float64)
    rows = np.arange(len(others))
    right = others[rows, truth]
    others[rows, truth] = -np.inf
    rival = others.argmax(axis=1)
    return others[rows, rival] - right, rival


def attacked_model(model: Any) -> AttackedModel:
    """Return a fitted classifier as attacks see it.

    The gradient is known for this package's classifier, logistic regression, scikit-learn's MLP with rectified units
    and its nearest neighbour (one, Euclidean), also behind scalers in a pipeline; of any other model with
    `predict_proba` or `decision_function` only the scores.
    """
    check_is_fitted(model)
    if isinstance(model, Pipeline):
        factors = _factors(model)
        return AttackedModel(model.classes_, _scores_of(model), None) if factors is None else _pipeline(model, factors)
    if len(model.classes_) < 2:
        raise InvalidInput(f"attacks need at least 2 classes, got {len(model.classes_)}")
    examples = examples_of(model)
    if examples is not None:
        return _by_examples(model, examples)
    if isinstance(model, DenseAssociativeClassifier):
        gradient = _dense_gradient(model)
        return AttackedModel(model.classes_, lambda inputs: gradient(inputs, np.zeros_like)[0], gradient)
    if isinstance(model, LogisticRegression):
        return AttackedModel(model.classes_, lambda x: _by_class(model.decision_function(x)), _linear_gradient(model))
    if isinstance(model, MLPClassifier) and model.activation == "relu":
        return AttackedModel(model.classes_, lambda x: _by_class(_layers(model, x)[-1]), _network_gradient(model))
    return AttackedModel(model.classes_, _scores_of(model), None)


def _factors(pipeline: Pipeline) -> Floats | float | None:
    """Return by what scalers multiply each column, (N,); None where a step is something else."""
    factors: Floats | float = 1.0
    for _, step in pipeline.steps[:-1]:
        if step is None or step == "passthrough":
            continue
        if isinstance(step, MinMaxScaler) and not step.clip:
            factors = factors * step.scale_
        elif isinstance(step, StandardScaler | RobustScaler | MaxAbsScaler):
            factors = factors / (1.0 if step.scale_ is None else step.scale_)
        else:
            return None
    return factors


def _pipeline(pipeline: Pipeline, factors: Floats | float) -> AttackedModel:
    """Return the last step of a pipeline, seen through the scalers before it."""
    scalers, last = pipeline[:-1], pipeline.steps[-1][1]

    def through(inner: AttackedModel) -> AttackedModel:
        inside = inner.gradient
        if inside is None:
            return AttackedModel(inner.classes, lambda x: inner.scores(scalers.transform(x)), None)

        def gradient(inputs: Reals, choose: Choice) -> tuple[Reals, Reals]:
            scores, uphill = inside(scalers.transform(inputs), choose)
            return scores, uphill * np.asarray(factors, dtype=uphill.dtype)

        smoothed = tuple(through(smoother) for smoother in inner.smoothed)
        return AttackedModel(inner.classes, lambda x: inner.scores(scalers.transform(x)), gradient, smoothed)

    return through(attacked_model(last))


def _scores_of(model: Any) -> Callable[[Reals], Reals]:
    """Return the scores of a model of which nothing else is known."""
    function = getattr(model, "predict_proba", None) or getattr(model, "decision_function", None)
    if function is None:
        raise InvalidInput(f"{type(model).__name__} has neither predict_proba nor decision_function to attack")

    def scores(inputs: Reals) -> Reals:
        by_class = _by_class(function(inputs))
        if by_class.shape[1] != len(model.classes_):
            raise InvalidInput(f"{type(model).__name__} must give one score a class, got {by_class.shape[1]} of them")
        return by_class

    return scores


def _by_class(scores: Reals) -> Reals:
    """Return scores as (B, C); of two classes scikit-learn gives one number, the second's less the first's."""
    columns = scores[:, None] if scores.ndim == 1 else scores
    return np.hstack([np.zeros_like(columns), columns]) if columns.shape[1] == 1 else columns


def attacked_model_with_gradient(model: Any) -> AttackedModel:
    """Return a model as a target whose gradient is known, for attacks that can do nothing without."""
    target = attacked_model(model)
    if target.gradient is None:
        name = type(model).__name__
        raise InvalidInput(f"{name} has no known gradient; this package's classifier and logistic regression have one")
    return target


def _by_examples(model: Any, examples: Examples) -> AttackedModel:
    """Return a model that decides by examples, with smoother versions of it."""
    smoothed = tuple(
        AttackedModel(model.classes_, smoother.scores, smoother.gradient)
        for smoother in map(examples.at_sharpness, examples.smoother)
    )
    return AttackedModel(model.classes_, examples.scores, examples.gradient, smoothed)


def _dense_gradient(model: DenseAssociativeClassifier) -> Gradient:
    """Return the exact gradient of what the class units add."""
    network = model.network_

    def gradient(inputs: Reals, choose: Choice) -> tuple[Reals, Reals]:
        memories, scale = network.astype(inputs.dtype), inputs.dtype.type(model.scale_)
        scaled = (inputs - model.mean_.astype(inputs.dtype)) * scale
        if isinstance(memories, LinearMemories):
            scores = memories.scores(scaled)
            return scores, memories.input_gradient(scaled, choose(scores) * scale)
        differences = class_differences(memories, scaled)
        return differences.scores, input_gradient(memories, differences, choose(differences.scores) * scale)

    return gradient


def _linear_gradient(model: LogisticRegression) -> Gradient:
    """Return the gradient of scores that are linear in the inputs."""

    def gradient(inputs: Reals, choose: Choice) -> tuple[Reals, Reals]:
        scores = _by_class(model.decision_function(inputs))
        return scores, choose(scores)[:, -len(model.coef_) :] @ model.coef_

    return gradient


def _layers(model: MLPClassifier, inputs: Reals) -> list[Reals]:
    """Return the activations of all layers, the last before its softmax."""
    layers = [inputs]
    for depth, (weights, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        value = layers[-1] @ weights + bias
        layers.append(value if depth == len(model.coefs_) - 1 else np.maximum(value, 0))
    return layers


def _network_gradient(model: MLPClassifier) -> Gradient:
    """Return back-propagation through rectified layers."""

    def gradient(inputs: Reals, choose: Choice) -> tuple[Reals, Reals]:
        layers = _layers(model, inputs)
        scores = _by_class(layers[-1])
        upstream = choose(scores)[:, -layers[-1].shape[1] :]
        for depth in range(len(model.coefs_) - 1, -1, -1):
            upstream = upstream @ model.coefs_[depth].T
            if depth > 0:
                upstream = upstream * (layers[depth] > 0)
        return scores, upstream

    return gradient
