"""The inverse temperature of trained exponential memories: 1, unless samples held out clearly want another."""

from typing import Any

import numpy as np
from sklearn.base import clone

from densehop.base.arrays import Floats, Integers
from densehop.learn.classifier.losses import likeliest_inverse_temperature, softmax
from densehop.learn.classifier.samples import Samples
from densehop.learn.classifier.stopping import held_out

SHARE, FEWEST = 0.2, 100  # held out, and samples below which a fifth of them says nothing
CLEAR = 2.0  # standard errors by which held-out classes must be likelier


def chosen_inverse_temperature(model: Any, samples: Samples, random: np.random.Generator) -> float | None:
    """Return the inverse temperature of a trained model's probabilities; None: that of its training, or as given."""
    if model.objective == "certified" or model.inverse_temperature is not None:
        return None
    return clear_inverse_temperature(model, samples.in_units_of(samples.mean_weight()), random)


def clear_inverse_temperature(model: Any, samples: Samples, random: np.random.Generator) -> float:
    """Return the likeliest inverse temperature of held-out classes for a copy of a model trained on the others.

    It is 1, that of the training's loss, where the mean logarithm of their probabilities gains less than two standard
    errors: a few held-out samples would make the probabilities too timid.
    """
    counts = np.bincount(samples.classes)
    if len(samples.classes) < FEWEST or counts[counts > 0].min() < 2:
        return 1.0
    training, held = held_out(samples.classes, SHARE, random)
    settings = {"inverse_temperature": 1.0, "class_weight": None, "verbose": False}
    copy = clone(model).set_params(**settings, random_state=int(random.integers(2**31)))
    copy.classes_ = np.unique(samples.classes)
    places = np.searchsorted(copy.classes_, samples.classes)
    weights = samples.weights
    copy._learn(Samples(samples.data[training], places[training], None if weights is None else weights[training]))
    logits, truth = copy._logits(samples.data[held]).astype(np.float64), places[held]
    amounts = np.ones(len(held)) if weights is None else weights[held]
    likeliest = likeliest_inverse_temperature(logits, truth, amounts)
    gains = _log_chances(likeliest * logits, truth) - _log_chances(logits, truth)
    shares = amounts / amounts.sum()
    gain = float(gains @ shares)
    error = float(np.sqrt(((gains - gain) ** 2) @ shares**2))
    return likeliest if gain > CLEAR * error else 1.0


def _log_chances(logits: Floats, classes: Integers) -> Floats:
    """Return the logarithms of the probabilities of the classes, (B,)."""
    chances: Floats = np.log(np.maximum(softmax(logits)[np.arange(len(logits)), classes], 1e-300))
    return chances
