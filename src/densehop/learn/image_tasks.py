"""What the commands do: restore images, classify them, attack the classifier. Data in, frozen results out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.base.streams import Seed, seed_sequence
from densehop.errors import InvalidInput
from densehop.learn.attacks.ball import NORMS
from densehop.learn.attacks.robustness import Robustness, robust_accuracy
from densehop.learn.classifier.estimator import DenseAssociativeClassifier
from densehop.learn.data.datasets import ImageSet
from densehop.learn.memory.estimator import DenseAssociativeMemory
from densehop.learn.memory.result import Recall

TEST_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class Restoration:
    """Stored images, what was done to them, and what came back.

    Attributes
    ----------
    original, corrupted : (B, N); nan where hidden
    recall : of the memory
    nearest : (B, N), the stored image nearest to what is known
    error, nearest_error : (B,), share of wrong pixels, or for graded images the root mean square error as a fraction of
        the range; over the hidden pixels if none is flipped, else over all
    shape : (int, int)
    """

    original: Floats
    corrupted: Floats
    recall: Recall
    nearest: Floats
    error: Floats
    nearest_error: Floats
    shape: tuple[int, int]


def restore_images(
    data: ImageSet,
    memory: DenseAssociativeMemory,
    n_memories: int = 200,
    hidden: float = 0.5,
    flipped: float = 0.0,
    *,
    binary: bool = True,
    seed: Seed = 0,
) -> Restoration:
    """Store images, hide and invert pixels at random, restore; the memory is fitted in place.

    `binary` turns pixels into black and white at half the range first. A flipped pixel becomes range - value.
    """
    for name, share in (("hidden", hidden), ("flipped", flipped)):
        if not 0 <= share < 1:
            raise InvalidInput(f"{name} must be a share from 0 to below 1, got {share:g}")
    checks.integer("memories", n_memories, 1, len(data.images))
    random = np.random.default_rng(seed_sequence(seed))
    images = data.images[random.permutation(len(data.images))[:n_memories]]
    if binary:
        images = np.where(images > data.middle, data.largest, data.lowest)
    unseen = random.random(images.shape) < hidden
    wrong = random.random(images.shape) < flipped
    corrupted = np.where(unseen, np.nan, np.where(wrong, data.largest + data.lowest - images, images))
    recall = memory.fit(images).recall(corrupted, ~unseen, clamp=flipped == 0)
    nearest = _nearest(images, corrupted)
    counted = unseen if not flipped else np.ones_like(unseen)
    errors = [
        _error(restored, images, counted, data.largest - data.lowest, binary=binary)
        for restored in (recall.patterns, nearest)
    ]
    return Restoration(images, corrupted, recall, nearest, errors[0], errors[1], data.shape)


def _nearest(images: Floats, corrupted: Floats) -> Floats:
    """Return the image nearest to each corrupted one over its known pixels."""
    known = ~np.isnan(corrupted)
    distances = known @ (images**2).T - 2 * np.where(known, corrupted, 0) @ images.T
    nearest: Floats = images[distances.argmin(axis=1)]
    return nearest


def _error(
    restored: npt.NDArray[np.floating], images: Floats, counted: npt.NDArray[np.bool_], span: float, *, binary: bool
) -> Floats:
    """Return the error of each image over the counted pixels."""
    difference = (restored - images) / span
    weights = counted / np.maximum(counted.sum(axis=1, keepdims=True), 1)
    wrong = (np.abs(difference) > 0.5).astype(np.float64) if binary else difference**2
    total: Floats = (wrong * weights).sum(axis=1)
    return total if binary else np.sqrt(total)


@dataclass(frozen=True, eq=False)
class Classification:
    """A classifier on a held-out share of 30% of the images.

    Attributes
    ----------
    model : fitted
    accuracy, error : float, on the held-out images, and its standard error
    nearest_accuracy : float, of the nearest neighbour
    memories_in_use : float, how many memories share an image's right score: features use many, prototypes one
    test : ImageSet, the held-out images
    train : ImageSet
    """

    model: DenseAssociativeClassifier
    accuracy: float
    error: float
    nearest_accuracy: float
    memories_in_use: float
    test: ImageSet
    train: ImageSet


def classify_images(data: ImageSet, model: DenseAssociativeClassifier, seed: int = 0) -> Classification:
    """Train on 70% of the images and test on the rest, the classes in equal shares."""
    data.require_several_of_each()
    train_images, test_images, train_classes, test_classes = train_test_split(
        data.images, data.classes, test_size=TEST_SHARE, stratify=data.classes, random_state=seed
    )
    model.fit(train_images, train_classes)
    accuracy = float(model.score(test_images, test_classes))
    nearest = KNeighborsClassifier(1).fit(train_images, train_classes)
    parts = [
        ImageSet(data.name, images, classes, data.shape, data.largest, data.lowest)
        for images, classes in ((test_images, test_classes), (train_images, train_classes))
    ]
    return Classification(
        model=model,
        accuracy=accuracy,
        error=float(np.sqrt(accuracy * (1 - accuracy) / len(test_images))),
        nearest_accuracy=float(nearest.score(test_images, test_classes)),
        memories_in_use=memories_in_use(model, test_images[:200], test_classes[:200]),
        test=parts[0],
        train=parts[1],
    )


def memories_in_use(model: DenseAssociativeClassifier, images: Floats, classes: npt.NDArray[Any]) -> float:
    """Return the mean over images of (sum w)^2/sum w^2, w the memories' shares in the score of the right class."""
    memories, class_index = model.network_.astype(np.float64), np.searchsorted(model.classes_, classes)
    shares = memories.shares((images - model.mean_) * model.scale_, class_index)
    return float((shares.sum(axis=1) ** 2 / np.maximum((shares**2).sum(axis=1), 1e-300)).mean())


def attack_images(
    data: ImageSet,
    models: dict[str, Any],
    sizes: Sequence[float],
    norm: str = "linf",
    n_images: int = 200,
    seed: int = 0,
    *,
    steps: int = 40,
    queries: int = 500,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Robustness]:
    """Train models and a logistic regression on 70% of the images and attack them all on held-out ones.

    The logistic regression ("linear") is also the source of the transfer attack.
    """
    checks.integer("images", n_images, 1)
    checks.choice("norm", norm, NORMS)
    data.require_several_of_each()
    train_images, test_images, train_classes, test_classes = train_test_split(
        (data.images - data.lowest) / (data.largest - data.lowest),
        data.classes,
        test_size=TEST_SHARE,
        stratify=data.classes,
        random_state=seed,
    )
    linear = LogisticRegression(max_iter=3000, C=1.0).fit(train_images, train_classes)
    curves = {}
    for name, model in {"linear": linear, **models}.items():
        say(name)
        fitted = model if model is linear else model.fit(train_images, train_classes)
        curves[name] = robust_accuracy(
            fitted,
            test_images[:n_images],
            test_classes[:n_images],
            sizes,
            norm,
            data_range=(0.0, 1.0),
            transfer_from=() if fitted is linear else (linear,),
            steps=steps,
            queries=queries,
            shape=data.shape,
            seed=seed,
        )
    return curves
