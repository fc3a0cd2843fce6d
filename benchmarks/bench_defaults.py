"""Default settings beside scikit-learn's default classifiers, and how many strangers a memory calls known.

`python benchmarks/bench_defaults.py` prints accuracy (five folds, standard error) and log loss on eight data sets that
ship with scikit-learn or are generated, features standardised where they are no pixels or words, then the calibration
of `Recall.known`, then documents against the noise that training adds. A quarter of an hour on two cores;
`bench_defaults.py strangers` prints the calibration alone, in a minute.
"""

import sys
import warnings
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC

from densehop import DenseAssociativeClassifier, DenseAssociativeMemory

N_STRANGERS = 10_000


def documents(n_documents: int = 1200, n_words: int = 1000) -> tuple[Any, np.ndarray]:
    """Return TF-IDF vectors of documents that share most of their words, of ten topics."""
    random = np.random.default_rng(0)
    common = random.dirichlet(np.full(n_words, 0.05))
    topics = [0.85 * common + 0.15 * random.dirichlet(np.full(n_words, 0.02)) for _ in range(10)]
    classes = random.integers(10, size=n_documents)
    counts = np.stack([random.multinomial(random.integers(30, 120), topics[one]) for one in classes])
    return TfidfTransformer(sublinear_tf=True).fit_transform(counts), classes


def data_sets() -> dict[str, tuple[Any, np.ndarray]]:
    """Return rows and classes by name."""
    make = datasets.make_classification
    return {
        "digits": datasets.load_digits(return_X_y=True),
        "iris": datasets.load_iris(return_X_y=True),
        "wine": datasets.load_wine(return_X_y=True),
        "breast cancer": datasets.load_breast_cancer(return_X_y=True),
        "moons": datasets.make_moons(600, noise=0.2, random_state=0),
        "20 features, 3 classes": make(800, 20, n_informative=8, n_classes=3, random_state=0),
        "100 features, 2 classes": make(800, 100, n_informative=10, random_state=0),
        "documents": documents(),
    }


MODELS = {
    "learned": DenseAssociativeClassifier(random_state=0),
    "stored": DenseAssociativeClassifier(kind="stored"),
    "SVC": SVC(probability=False),
    "random forest": RandomForestClassifier(random_state=0),
    "logistic": LogisticRegression(max_iter=2000),
    "5-NN": KNeighborsClassifier(),
}


def scores(model: Any, rows: Any, classes: np.ndarray, *, standardise: bool) -> np.ndarray:
    """Return accuracy and log loss (nan without probabilities) of each of five folds, (5, 2)."""
    pipeline = make_pipeline(StandardScaler() if standardise else FunctionTransformer(accept_sparse=True), model)
    found = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(np.zeros(len(classes)), classes):
        fitted = clone(pipeline).fit(rows[train], classes[train])
        loss = log_loss(classes[test], fitted.predict_proba(rows[test])) if hasattr(fitted, "predict_proba") else np.nan
        found.append((fitted.score(rows[test], classes[test]), loss))
    return np.array(found)


def print_accuracies() -> None:
    """Print the table of accuracies and log losses."""
    print("| data | " + " | ".join(MODELS) + " |\n| --- |" + " --- |" * len(MODELS))
    for name, (rows, classes) in data_sets().items():
        cells = []
        for model in MODELS.values():
            found = scores(model, rows, classes, standardise=name not in {"digits", "documents"})
            error = found[:, 0].std(ddof=1) / np.sqrt(len(found))
            loss = "" if np.isnan(found[0, 1]) else f", {found[:, 1].mean():.3f}"
            cells.append(f"{found[:, 0].mean():.3f}({1000 * error:.0f}){loss}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def print_noise() -> None:
    """Print the accuracy on documents against the input noise, with and without a choice, beside a linear SVM."""
    noises = (None, 0.0, 0.03, 0.1, 0.3, 1.0)
    print("| documents | chosen | " + " | ".join(f"{noise:g}" for noise in noises[1:]) + " | linear SVM |")
    print("| --- |" + " --- |" * (len(noises) + 1))
    for n_words in (1000, 4000):
        rows, classes = documents(600, n_words)
        cells = []
        for noise in noises:
            found = scores(
                DenseAssociativeClassifier(input_noise=noise, random_state=0), rows, classes, standardise=False
            )
            cells.append(f"{found[:, 0].mean():.3f}({1000 * found[:, 0].std(ddof=1) / np.sqrt(len(found)):.0f})")
        chosen = DenseAssociativeClassifier(max_iter=1, degree=2.0).fit(rows, classes).input_noise_
        cells[0] += f" at {chosen:.3f}"
        linear = scores(LinearSVC(), rows, classes, standardise=False)[:, 0].mean()
        print(f"| {n_words} words | " + " | ".join(cells) + f" | {linear:.3f} |", flush=True)


def print_strangers() -> None:
    """Print how many of 10,000 strangers pass as known at a rate of 1%, and how many damaged memories do."""
    random = np.random.default_rng(0)
    digits = datasets.load_digits().data
    shuffled = digits[random.permutation(len(digits))]
    print("| stored | strangers known at 1% | damaged ones known: 10% of signs flipped, or noise of 5% |")
    print("| --- | --- | --- |")

    def signs(*shape: int) -> np.ndarray:
        return random.choice([-1.0, 1.0], shape)

    some = shuffled[random.integers(len(digits), size=N_STRANGERS)]
    other_kinds = {
        "inverted": 16 - some,
        "upside down": some.reshape(-1, 8, 8)[:, ::-1].reshape(-1, 64),
        "pixels shuffled": random.permuted(some, axis=1),
        "pixels of many digits": random.permuted(some, axis=0),
        "one grey": np.repeat(random.uniform(0, 16, (N_STRANGERS, 1)), 64, axis=1),
    }
    for name, stored, strangers in (
        ("5,000 codes, 256 bits", signs(5000, 256), signs(N_STRANGERS, 256)),
        ("50 codes, 64 bits", signs(50, 64), signs(N_STRANGERS, 64)),
        ("900 digits, strangers other digits", shuffled[:900], shuffled[900:]),
        ("900 digits, strangers noise", shuffled[:900], random.uniform(0, 16, (N_STRANGERS, 64))),
        ("50 digits, strangers other digits", shuffled[:50], shuffled[900:]),
        *((f"900 digits, strangers {kind}", shuffled[:900], rows) for kind, rows in other_kinds.items()),
    ):
        codes = "codes" in name
        flips = random.random(stored.shape) < 0.1
        damaged = np.where(flips, -stored, stored) if codes else stored + random.normal(0, 0.05 * 16, stored.shape)
        memory = DenseAssociativeMemory().fit(stored)
        known, found = memory.recall(strangers).known, memory.recall(damaged).known
        print(f"| {name} | {known.sum()} of {len(known)} ({known.mean():.2%}) | {found.mean():.1%} |", flush=True)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if sys.argv[1:] != ["strangers"]:
            print_noise()
            print_accuracies()
        print_strangers()
