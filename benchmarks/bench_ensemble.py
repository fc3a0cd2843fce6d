"""Proofs against an ensemble of another package's attacks, after AutoAttack: none may break, and how tight they are.

`python benchmarks/bench_ensemble.py` (with ART, pip install 'densehop[attacks]') attacks digits with APGD on the
margin, on the cross-entropy and on the difference-of-logits ratio, with DeepFool (towards boundaries, as FAB, which ART
lacks) and in L-infinity with Square, at each of several sizes. It prints for each model and norm the share proved and
the share left at each size, how many attacked inputs were tried, how many proofs broke, and the quartiles over images
of the certified radius over the smallest perturbation that turned it.
"""

import argparse
import importlib
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
from scipy.special import logsumexp, softmax
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from densehop import DenseAssociativeClassifier

SIZES = {"linf": (0.05, 0.1, 0.2), "l2": (0.2, 0.6, 1.0)}
STEPS, QUERIES, HALVINGS = 30, 150, 12
CLOSE = 1e-12


def art_views(model: DenseAssociativeClassifier) -> dict[str, object]:
    """Return a classifier as ART's, by the loss that is climbed; importing ART writes into a home folder."""
    with tempfile.TemporaryDirectory() as home, patch.dict("os.environ", {"HOME": home}):
        base: Any = importlib.import_module("densehop.learn.attacks.art_adapter").ArtClassifier

    class CrossEntropy(base):  # type: ignore[misc] # of an extra without types
        def compute_loss(self, x: Any, y: Any, **_: Any) -> Any:
            scores = self.target.scores(x)
            return logsumexp(scores, axis=1) - (scores * np.asarray(y)).sum(axis=1)

        def loss_gradient(self, x: Any, y: Any, **_: Any) -> Any:
            return self.target.gradient(x, lambda scores: softmax(scores, axis=1) - np.asarray(y))[1]

    class Ratio(base):  # type: ignore[misc] # of an extra without types
        """The margin over the distance of the first to the third score (Croce & Hein 2020)."""

        def compute_loss(self, x: Any, y: Any, **_: Any) -> Any:
            above, below = self._parts(self.target.scores(x), y)[:2]
            return above / below

        def loss_gradient(self, x: Any, y: Any, **_: Any) -> Any:
            def pull(scores: Any) -> Any:
                above, below, up, down = self._parts(scores, y)
                return (up * below[:, None] - down * above[:, None]) / below[:, None] ** 2

            return self.target.gradient(x, pull)[1]

        @staticmethod
        def _parts(scores: Any, y: Any) -> tuple[Any, ...]:
            labels = np.asarray(y)
            truth, rows = (labels.argmax(axis=1) if labels.ndim == 2 else labels), np.arange(len(scores))
            others = scores.astype(np.float64)
            others[rows, truth] = -np.inf
            rival, order = others.argmax(axis=1), np.argsort(-scores, axis=1)
            every = np.eye(scores.shape[1])
            above = scores[rows, rival] - scores[rows, truth]
            below = scores[rows, order[:, 0]] - scores[rows, order[:, 2]] + CLOSE
            return above, below, every[rival] - every[truth], every[order[:, 0]] - every[order[:, 2]]

    class Images(base):  # type: ignore[misc] # of an extra without types
        channels_first, input_shape = True, (1, 8, 8)

        def predict(self, x: Any, **_: Any) -> Any:
            return self.target.scores(x.reshape(len(x), -1))

    views = {"margin": base, "cross-entropy": CrossEntropy, "ratio": Ratio, "images": Images}
    return {name: view(model, (0.0, 1.0)) for name, view in views.items()}


def attacked(
    model: DenseAssociativeClassifier, images: np.ndarray, classes: np.ndarray, norm: str
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield a size and inputs (B, N) within it, one attack after the other."""
    evasion = importlib.import_module("art.attacks.evasion")
    views, order = art_views(model), np.inf if norm == "linf" else 2
    near = evasion.DeepFool(views["margin"], max_iter=30, verbose=False).generate(images) - images
    lengths = np.maximum(np.linalg.norm(near, order, axis=1), 1e-300)
    square = type("Square", (evasion.SquareAttack,), {"_estimator_requirements": ()})  # it needs no network
    for size in SIZES[norm]:
        common = {"norm": order, "eps": size, "verbose": False}
        yield size, images + near * np.minimum(1, size / lengths)[:, None]
        for name in ("margin", "cross-entropy", "ratio"):
            steps = evasion.AutoProjectedGradientDescent(
                views[name], eps_step=size / 2, nb_random_init=1, max_iter=STEPS, **common
            )
            yield size, steps.generate(images, classes)
        if norm == "linf":  # ART's squares in L2 divide by 0 at so few pixels
            queries = square(views["images"], max_iter=QUERIES, **common)
            yield size, queries.generate(images.reshape(-1, 1, 8, 8), classes).reshape(images.shape)


def line(model: DenseAssociativeClassifier, images: np.ndarray, classes: np.ndarray, norm: str) -> str:
    """Return what the attacks left of one model, in one row of a table."""
    radii, order = model.certified_radius(images, norm), np.inf if norm == "linf" else 2
    smallest, trials, broken = np.full(len(images), np.inf), 0, 0
    left: dict[float, Any] = {}
    for size, inputs in attacked(model, images, classes, norm):
        trials += len(images)
        turned = model.predict(inputs) != classes
        lengths = np.linalg.norm(inputs.astype(np.float64) - images, order, axis=1)
        broken += int((turned & (lengths < radii)).sum())
        left[size] = left.get(size, True) & ~turned
        low, high = np.zeros(len(images)), np.ones(len(images))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            back = model.predict(images + middle[:, None] * (inputs - images)) != classes
            low, high = np.where(back, low, middle), np.where(back, middle, high)
        smallest = np.where(turned, np.minimum(smallest, high * lengths), smallest)
    broken += int((radii > smallest).sum())
    ratios = (radii / smallest)[np.isfinite(smallest)]
    shares = " | ".join(f"{(radii > size).mean():.2f} / {stood.mean():.2f}" for size, stood in left.items())
    quarters = "{:.2f}, {:.2f}, {:.2f}".format(*np.quantile(ratios, [0.25, 0.5, 0.75])) if len(ratios) else "none"
    return f"{shares} | {trials} | {broken} | {quarters} ({len(ratios)} images) |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100)
    given = parser.parse_args()
    images, classes = load_digits(return_X_y=True)
    train, test, known, truth = train_test_split(
        (images / 16).astype(np.float32), classes, test_size=0.3, stratify=classes, random_state=0
    )
    models = {
        "default": DenseAssociativeClassifier(random_state=0),
        "stored, exponential": DenseAssociativeClassifier(interaction="exponential", kind="stored"),
        "certified": DenseAssociativeClassifier(objective="certified", radius=0.6, random_state=0),
    }
    print(
        "| model, norm | smallest size: proved / left | middle | largest | inputs tried | broken | ratio: quartiles |"
    )
    print("| --- |" + " --- |" * 6)
    for name, model in models.items():
        right = model.fit(train, known).predict(test) == truth
        for norm in SIZES:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = line(model, test[right][: given.images], truth[right][: given.images], norm)
            print(f"| {name}, {norm} | {row}", flush=True)


if __name__ == "__main__":
    main()
