"""The learner of exponential memories: where they start, and their training for accuracy or for certificates."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.classifier.exponential import ExponentialMemories
from densehop.learn.classifier.inputs import Scaling
from densehop.learn.classifier.margins import margin_gradients
from densehop.learn.classifier.parameters import batch_of
from densehop.learn.classifier.samples import log_shares
from densehop.learn.classifier.sharpness import likeliest_sharpness
from densehop.learn.classifier.training import Trained, Trainer

TEMPERATURE = {"accuracy": 1.0, "certified": 6.0}  # nats of the margin that the loss resolves
RATE = 0.01  # first learning rate
RISE = 0.3  # share of the epochs over which the radius rises to its value
SHARE, FEWEST, MOST = 0.2, 100, 2000  # memories, where no number is given
NOISE = 0.2  # of each training input
AXES, ROWS_AN_AXIS = 100, 10  # principal directions that memories trained in L2 keep to, and samples that each takes


@dataclass
class ExponentialLearner(Trained):
    """Exponential memories, in training or stored.

    Memories within the span of `axes` see inputs and their perturbations only through the products with these, so that
    scores and certificates in L2 are the same in the coordinates of that span, which cost less.

    Attributes
    ----------
    trainer : of their positions (K, N), log weights (K,) and the logarithm of the sharpness (1,)
    owners : (K,), places of their classes
    n_classes : int
    objective, norm : of the estimator
    radius : in the units of the inputs
    learning_rate : float
    axes : (A, N), orthonormal, or None; with them the trainer's positions are coordinates (K, A)
    chosen_inverse_temperature : float or None, of the probabilities; None: that of the training's loss
    """

    owners: Integers
    n_classes: int
    objective: str
    norm: str
    radius: float
    learning_rate: float
    axes: Reals | None = None
    chosen_inverse_temperature: float | None = None
    _network: ExponentialMemories | None = field(default=None, init=False, repr=False)

    @property
    def network(self) -> ExponentialMemories:
        """The memories."""
        trained = self._trained
        if self.axes is None:
            return trained
        if self._network is None:
            self._network = replace(trained, visible=trained.visible @ self.axes)
        return self._network

    @property
    def _trained(self) -> ExponentialMemories:
        """The memories, in the coordinates in which they are trained."""
        visible, log_weights, log_sharpness = self.trainer.arrays
        sharpness = float(np.exp(log_sharpness[0]))
        return ExponentialMemories(visible, log_weights, self.owners, sharpness, self.n_classes)

    def restore(self, kept: list[Reals]) -> None:
        """Go back to what was kept."""
        super().restore(kept)
        self._network = None

    @property
    def inverse_temperature(self) -> float:
        """As chosen, else that of the training's loss; the scores of stored memories are log odds as they are."""
        chosen = self.chosen_inverse_temperature
        return 1 / TEMPERATURE[self.objective] if chosen is None else chosen

    def rate(self, inputs: Reals) -> float:  # noqa: ARG002 (of the protocol)
        """Return the first learning rate."""
        return self.learning_rate

    def epoch(
        self,
        inputs: Reals,
        classes: Integers,
        weights: Reals | None,
        inverse_temperature: float,
        progress: float,
        rates: Iterator[float],
        random: np.random.Generator,
    ) -> float:
        """Train once over the inputs and return the mean loss; the radius rises with the progress."""
        radius = self.radius * min(1.0, progress / RISE) if self.objective == "certified" else 0.0
        self._network = None
        if inverse_temperature == self.chosen_inverse_temperature:
            inverse_temperature = 1 / TEMPERATURE[self.objective]
        if len(self._trained.starts) == 1:
            return 0.0  # of one class there is nothing to tell yet
        if self.axes is not None:
            inputs = inputs @ self.axes.T

        def step(batch: Reals, labels: Integers, amounts: Reals | None) -> tuple[float, list[Reals]]:
            gradients = margin_gradients(
                self._trained, batch, labels, 1 / inverse_temperature, radius, self.norm, amounts
            )
            slope = np.array([gradients.log_sharpness], dtype=inputs.dtype)
            return gradients.loss, [gradients.visible, gradients.log_weights, slope]

        return self.trainer.epoch(inputs, classes, weights, step, rates, random)


def start_exponential(
    model: Any,
    scaling: Scaling,
    inputs: Reals,
    classes: Integers,
    weights: Floats | None,
    n_classes: int,
    random: np.random.Generator,
    n_coming: int = 0,
) -> ExponentialLearner:
    """Return the first memories of an estimator's parameters, from inputs (M, N), their classes and their weights.

    Classes yet to come leave room for memories of theirs, and for directions in which they differ.
    """
    learned = model.kind == "learned"
    axes = _axes(model, inputs) if learned and n_coming == 0 else None
    seen = inputs if axes is None else inputs @ axes.T
    if model.sharpness is None:
        sharpness = likeliest_sharpness(seen, classes, weights)
    else:
        sharpness = model.sharpness / scaling.scale**2
    number = number_of(model, len(inputs), (n_classes - n_coming) / n_classes) if learned else None
    rows = first_rows(classes, weights, number, random)
    visible, log_weights, noise = seen[rows], np.zeros(len(rows)), 0.0
    if learned:
        noise = NOISE if model.input_noise is None else model.input_noise
        visible = jittered(visible, random)
    else:
        log_weights = log_shares(inputs, weights)[rows]
    return ExponentialLearner(
        Trainer(
            [visible, log_weights, np.array([np.log(sharpness)])], batch_of(model, len(inputs), linear=False), noise
        ),
        classes[rows],
        n_classes,
        model.objective,
        "l2" if model.norm == "flips" else model.norm,
        _radius(model, scaling),
        RATE if model.learning_rate is None else model.learning_rate,
        axes,
    )


def _radius(model: Any, scaling: Scaling) -> float:
    """Return the radius of training; k flips move an input by 2 sqrt(k), as pixels reach from -1 to 1."""
    return 2 * float(np.sqrt(model.radius)) if model.norm == "flips" else model.radius * scaling.scale


def _axes(model: Any, inputs: Reals) -> Reals | None:
    """Return the principal directions of inputs (M, N) that certified memories keep to; None: all of space."""
    few = inputs.shape[1] <= AXES or len(inputs) < ROWS_AN_AXIS * AXES
    if few or model.objective != "certified" or model.norm == "linf":
        return None
    axes: Reals = PCA(AXES, random_state=0).fit(inputs).components_
    return axes


def number_of(model: Any, n_samples: int, share: float) -> int:
    """Return the number of learned memories of a share of the classes."""
    number = min(max(FEWEST, round(SHARE * n_samples)), MOST) if model.n_memories is None else int(model.n_memories)
    return max(1, round(share * number))


def jittered(visible: Reals, random: np.random.Generator) -> Reals:
    """Return first memories (K, N) a hundredth of their spread away, so that two copies of a sample come apart."""
    moved: Reals = visible + 0.01 * visible.std() * random.standard_normal(visible.shape, dtype=np.float32)
    return moved


def first_rows(classes: Integers, weights: Floats | None, number: int | None, random: np.random.Generator) -> Integers:
    """Return the rows that become memories, sorted by class: all of any weight, or a number shared among classes."""
    usable = np.arange(len(classes)) if weights is None else np.flatnonzero(weights > 0)
    if number is None:
        return usable[np.argsort(classes[usable], kind="stable")]
    share = min(1.0, number / len(usable))
    parts = []
    for label in np.unique(classes[usable]):
        rows = usable[classes[usable] == label]
        parts.append(random.choice(rows, max(1, round(share * len(rows))), replace=False))
    return np.concatenate(parts)
