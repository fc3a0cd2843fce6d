"""Test accuracy, log loss and processor time of the default classifier, nothing set, beside scikit-learn's.

`python benchmarks/bench_accuracy.py digits` (or mnist5k, or a folder) prints a line for each seed and model, then a
table. Digits are split 70/30, MNIST-5k 80/20, both stratified, as in tests/physics/learn/test_classification.py. A
folder holds the four files of MNIST or Fashion-MNIST in their own format; `--train` takes so many of its training
images at random, and where these are missing, its test images are split 80/20. `--models` chooses among: default,
ensemble (five of the default, their mean probabilities), distorted (the default, of the training images and four
copies, each shifted, turned and stretched a little), svm, knn and mlp.
"""

import argparse
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import affine_transform
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

import densehop as dh
from densehop.learn import load, load_idx

Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

MEMBERS, COPIES = 5, 4
TURN, STRETCH, SHIFT = 8.0, 0.08, 0.03  # standard deviations: degrees, a share, and a share of the width
NAMES = {
    "default": "default, nothing set",
    "ensemble": f"mean of {MEMBERS} of them",
    "distorted": f"default, with {COPIES} distorted copies",
    "svm": "support vectors, RBF, C = 10",
    "knn": "nearest neighbour",
    "mlp": "perceptron, 100 hidden units",
}


def parts_of(name: str, seed: int, n_train: int | None = None) -> Parts:
    """Return training and test images in [0, 1] and their classes."""
    share = 0.3 if name == "digits" else 0.2
    if name in {"digits", "mnist5k"}:
        images = load(name)
    else:
        images = load_idx(name, "test")
        training = next(Path(name).glob("train-images*"), None)
        if training is not None and training.stat().st_size > 0:
            train = load_idx(name, "train")
            rows = np.random.default_rng(seed).permutation(len(train.images))[: n_train or len(train.images)]
            pixels = train.images[rows] / train.largest
            return pixels, images.images / images.largest, train.classes[rows], images.classes
    pixels = images.images / images.largest
    found = train_test_split(pixels, images.classes, test_size=share, stratify=images.classes, random_state=seed)
    return tuple(found)


def distorted(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a copy of images (M, N), each shifted, turned and stretched a little."""
    side = int(np.sqrt(images.shape[1]))
    middle, found = np.full(2, (side - 1) / 2), []
    for image in images.reshape(-1, side, side):
        angle, stretch = np.radians(TURN) * random.normal(), 1 + STRETCH * random.normal(size=2)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / stretch
        offset = middle - turn @ (middle + SHIFT * side * random.normal(size=2))
        found.append(affine_transform(image, turn, offset, order=1).ravel())
    clipped: np.ndarray = np.clip(found, 0, 1)
    return clipped


class Declared:
    """The mean probabilities of several default classifiers, which train on distorted copies as well."""

    def __init__(self, seed: int, members: int, copies: int) -> None:
        self.random, self.copies = np.random.default_rng(seed), copies
        self.members = [dh.DenseAssociativeClassifier(random_state=MEMBERS * seed + one) for one in range(members)]

    def fit(self, images: np.ndarray, classes: np.ndarray) -> "Declared":
        """Train each member."""
        every = np.vstack([images, *(distorted(images, self.random) for _ in range(self.copies))])
        for member in self.members:
            member.fit(every, np.tile(classes, self.copies + 1))
        self.classes_ = self.members[0].classes_
        return self

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return the mean probabilities."""
        mean: np.ndarray = np.mean([member.predict_proba(images) for member in self.members], axis=0)
        return mean


def model_of(name: str, seed: int) -> Any:
    """Return an unfitted model."""
    return {
        "default": dh.DenseAssociativeClassifier(random_state=seed),
        "ensemble": Declared(seed, MEMBERS, 0),
        "distorted": Declared(seed, 1, COPIES),
        "svm": SVC(C=10),
        "knn": KNeighborsClassifier(1),
        "mlp": MLPClassifier(random_state=seed),
    }[name]


def judged(name: str, seed: int, parts: Parts) -> tuple[float, float, float, float]:
    """Return accuracy, log loss (nan without probabilities), and the processor time of a fit and of the answers."""
    train, test, classes, truth = parts
    model, began = model_of(name, seed), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(train, classes)
        fitted = time.process_time()
        tells = name not in {"svm", "knn"}
        found = model.predict_proba(test) if tells else model.predict(test)
        ended = time.process_time()
    decided = model.classes_[found.argmax(axis=1)] if tells else found
    if name == "default":
        print(f"  n = {model.degree_:g}, K = {len(model.memories_)}, {len(train)} training images", flush=True)
    loss = log_loss(truth, np.maximum(found, 1e-15)) if tells else np.nan
    return float((decided == truth).mean()), loss, fitted - began, ended - fitted


def shown(values: Sequence[float]) -> str:
    """Return a mean with its standard error over seeds."""
    error = f"({1e4 * np.std(values, ddof=1) / np.sqrt(len(values)):.0f})" if len(values) > 1 else ""
    return f"{np.mean(values):.4f}{error}"


def main() -> None:
    """Print a line for each seed and model, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--train", type=int, help="of the training images of a folder; default: all")
    parser.add_argument("--models", nargs="+", choices=list(NAMES), default=["default", "svm", "knn", "mlp"])
    given = parser.parse_args()
    found: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in given.models}
    for seed in range(given.seeds):
        parts = parts_of(given.data, seed, given.train)
        for name in given.models:
            found[name].append(judged(name, seed, parts))
            accuracy, loss, fit, answers = found[name][-1]
            print(f"seed {seed}, {name}: {accuracy:.4f}, log loss {loss:.4f}, {fit:.1f} s, {answers:.1f} s", flush=True)
    print(f"| {Path(given.data).name} | accuracy | log loss | fit | answers |\n| --- | --- | --- | --- | --- |")
    for name, rows in found.items():
        accuracies, losses, fits, times = zip(*rows, strict=True)
        print(
            f"| {NAMES[name]} | {shown(accuracies)} | {np.mean(losses):.3f} | {np.mean(fits):.1f} s | "
            f"{np.mean(times):.1f} s |"
        )


if __name__ == "__main__":
    main()
