"""What an attack sees of a classifier: class scores of inputs, and their gradient where it is known.

Scores are taken before any squashing and without what all classes share (learn/evidence.py), since attacks through a
saturated output fail for want of a gradient, not of a weakness.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from densehop.base.arrays import Floats, Reals
from densehop.errors import InvalidInput
from densehop.learn.attacks.evidence import class_evidence
from densehop.learn.attacks.example_victims import Choice, Examples, examples_of
from densehop.learn.classifier.estimator import DenseAssociativeClassifier
from densehop.learn.classifier.scores import input_gradient

Gradient = Callable[[Reals, Choice], tuple[Reals, Reals]]


@dataclass(frozen=True)
class Victim:
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
    smoothed: tuple["Victim", ...] = ()

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


def victim_of(model: Any) -> Victim:
    """Return a fitted classifier of more than two classes as a victim.

    The gradient is known for this package's classifier, logistic regression, scikit-learn's MLP with rectified units
    and its nearest neighbour (one, Euclidean); of any other model with `predict_proba` only the scores.
    """
    if len(model.classes_) < 3:
        raise InvalidInput(f"attacks need at least 3 classes, got {len(model.classes_)}")
    examples = examples_of(model)
    if examples is not None:
        return _by_examples(model, examples)
    if isinstance(model, DenseAssociativeClassifier):
        gradient = _dense_gradient(model)
        return Victim(model.classes_, lambda inputs: gradient(inputs, np.zeros_like)[0], gradient)
    if isinstance(model, LogisticRegression):
        return Victim(model.classes_, model.decision_function, _linear_gradient(model))
    if isinstance(model, MLPClassifier) and model.activation == "relu":
        return Victim(model.classes_, lambda inputs: _layers(model, inputs)[-1], _network_gradient(model))
    return Victim(model.classes_, model.predict_proba, None)


def victim_with_gradient(model: Any) -> Victim:
    """Return a model as a victim whose gradient is known, for attacks that can do nothing without."""
    victim = victim_of(model)
    if victim.gradient is None:
        name = type(model).__name__
        raise InvalidInput(f"{name} has no known gradient; this package's classifier and logistic regression have one")
    return victim


def _by_examples(model: Any, examples: Examples) -> Victim:
    """Return a model that decides by examples, with smoother versions of it."""
    smoothed = tuple(
        Victim(model.classes_, one.scores, one.gradient) for one in map(examples.at_sharpness, examples.smoother)
    )
    return Victim(model.classes_, examples.scores, examples.gradient, smoothed)


def _dense_gradient(model: DenseAssociativeClassifier) -> Gradient:
    """Return the exact gradient of what the class units add."""
    network = model.network_

    def gradient(inputs: Reals, choose: Choice) -> tuple[Reals, Reals]:
        memories, scale = network.astype(inputs.dtype), inputs.dtype.type(model.scale_)
        found = class_evidence(memories, (inputs - model.mean_.astype(inputs.dtype)) * scale)
        return found.scores, input_gradient(memories, found, choose(found.scores) * scale)

    return gradient


def _linear_gradient(model: LogisticRegression) -> Gradient:
    """Return the gradient of scores that are linear in the inputs."""

    def gradient(inputs: Reals, choose: Choice) -> tuple[Reals, Reals]:
        scores = model.decision_function(inputs)
        return scores, choose(scores) @ model.coef_

    return gradient


def _layers(model: MLPClassifier, inputs: Reals) -> list[Reals]:
    """Return the activations of all layers, the last before its softmax."""
    layers = [inputs]
    for place, (weights, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        value = layers[-1] @ weights + bias
        layers.append(value if place == len(model.coefs_) - 1 else np.maximum(value, 0))
    return layers


def _network_gradient(model: MLPClassifier) -> Gradient:
    """Return back-propagation through rectified layers."""

    def gradient(inputs: Reals, choose: Choice) -> tuple[Reals, Reals]:
        layers = _layers(model, inputs)
        upstream = choose(layers[-1])
        for place in range(len(model.coefs_) - 1, -1, -1):
            upstream = upstream @ model.coefs_[place].T
            if place > 0:
                upstream = upstream * (layers[place] > 0)
        return layers[-1], upstream

    return gradient
