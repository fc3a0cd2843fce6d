"""The energy and degree of a classifier where none is given: those that tell held-out or left-out samples best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.classifier.losses import likeliest_inverse_temperature, log_loss
from densehop.learn.classifier.parameters import class_energies, epochs_of
from densehop.learn.classifier.samples import Samples
from densehop.learn.classifier.scores import Memories
from densehop.learn.classifier.stopping import held_out
from densehop.learn.classifier.temperature import LeftOut

EXACT, LINEAR, STORED = (10.0, 2.0), (2.0, 3.0), (30.0, 10.0, 100.0, 300.0)  # that are tried
SHARE, SHORTER = 0.2, 2  # held out; by how much training is shorter while degrees of the exact energy are compared
FEWEST, MOST = 100, 5000  # samples, below which a fifth of them says nothing, and of which it says enough


@dataclass(frozen=True)
class Choice:
    """How class values count, the degree, and the inverse temperature of the probabilities (None: the usual one)."""

    class_energy: str
    degree: float
    inverse_temperature: float | None = None


def candidates(model: Any) -> list[Choice]:
    """Return what may be tried, the first of it where nothing can be."""
    choices = []
    for energy, degrees in (("exact", EXACT), ("linear", LINEAR)):
        if energy in class_energies(model):
            choices += [
                Choice(energy, degree) for degree in (degrees if model.degree is None else (float(model.degree),))
            ]
    return choices


def learned_choice(model: Any, samples: Samples, random: np.random.Generator) -> Choice:
    """Return the choice with which a copy of a model gives held-out classes most likely.

    Where both energies may be had, the exact one only wherever samples are too few to hold any out.
    """
    classes = samples.classes
    tried = candidates(model)
    counts = np.bincount(classes)
    if len(classes) < FEWEST or counts[counts > 0].min() < 2 or tried == [replace(tried[0], class_energy="exact")]:
        return tried[0]
    if len(class_energies(model)) > 1:
        tried = [choice for choice in tried if choice.class_energy == "linear"]
    if len(classes) > MOST:
        samples = samples[held_out(classes, MOST / len(classes), random)[1]]
    training, held = held_out(samples.classes, SHARE, random)
    seed = int(random.integers(2**31))
    losses, fitted = [], []
    for choice in tried:
        temperature, loss = _try_choice(model, choice, samples, (training, held), seed)
        fitted.append(replace(choice, inverse_temperature=temperature))
        losses.append(loss)
    return fitted[int(np.argmin(losses))]


def _try_choice(
    model: Any, choice: Choice, samples: Samples, parts: tuple[Integers, Integers], seed: int
) -> tuple[float | None, float]:
    """Return the likeliest inverse temperature of a copy trained on the first part, and its loss on the second."""
    linear = choice.class_energy == "linear"
    training, held = parts
    data, classes, weights = samples.data, samples.classes, samples.weights
    settings = {
        "class_energy": choice.class_energy,
        "degree": choice.degree,
        "early_stopping": False,
        "verbose": False,
        "class_weight": None,  # the samples' weights hold it
        "random_state": seed,
    }
    if linear:
        settings["inverse_temperature"] = 1.0
    else:
        settings["max_iter"] = -(-epochs_of(model, len(training), linear=False) // SHORTER)
    fitted = clone(model).set_params(**settings)
    fitted.classes_ = np.unique(classes[training])
    fitted._learn(replace(samples[training], classes=np.searchsorted(fitted.classes_, classes[training])))
    rows = held[np.isin(classes[held], fitted.classes_)]
    truth, shares = np.searchsorted(fitted.classes_, classes[rows]), None if weights is None else weights[rows]
    logits = fitted.decision_function(data[rows]).astype(np.float64)
    if logits.ndim == 1:  # of two classes, their difference
        logits = np.stack([np.zeros_like(logits), logits], axis=1)
    if not linear:
        return None, log_loss(logits, truth, shares)
    inverse_temperature = likeliest_inverse_temperature(logits, truth, shares)
    return (inverse_temperature if model.inverse_temperature is None else model.inverse_temperature), log_loss(
        inverse_temperature * logits, truth, shares
    )


def stored_degree(
    memories: Memories,
    inputs: Reals,
    classes: Integers,
    weights: Floats | None = None,
    degrees: Sequence[float] = STORED,
) -> float:
    """Return the degree at which the classes of stored inputs, each left out in turn, are most likely."""
    raised = [replace(memories, degree=degree).weighted(weights) for degree in degrees]
    losses = [LeftOut(of_degree, inputs, classes, weights).loss for of_degree in raised]
    return degrees[int(np.argmin(losses))]
