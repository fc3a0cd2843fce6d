"""Default settings beside scikit-learn's default classifiers, and how many strangers a memory calls known.

`python benchmarks/bench_defaults.py` prints accuracy (five folds, standard error) and log loss on eight data sets that
ship with scikit-learn or are generated, features standardised where they are no pixels or words, then the calibration
of `Recall.known`, then documents against the noise that training adds. A quarter of an hour on two cores;
`bench_defaults.py strangers` prints the calibration alone, in less than a minute; with `--fashion FOLDER`, which holds
the files of Fashion-MNIST, their images are strangers as well.
"""

import argparse
import warnings
from typing import Any

import numpy as np
from bench_strangers import fitting
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
from densehop.learn import load_idx

N_STRANGERS, DRAWS = 10_000, 40
RATES = (0.01, 0.05, 0.2)


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
    """Print the accuracy on documents by default (no noise, inputs moved) and with noise, beside a linear SVM."""
    noises = (None, 0.0, 0.03, 0.1, 0.3, 1.0)
    print("| documents | default | " + " | ".join(f"{noise:g}" for noise in noises[1:]) + " | linear SVM |")
    print("| --- |" + " --- |" * (len(noises) + 1))
    for n_words in (1000, 4000):
        rows, classes = documents(600, n_words)
        cells = []
        for noise in noises:
            found = scores(
                DenseAssociativeClassifier(input_noise=noise, random_state=0), rows, classes, standardise=False
            )
            cells.append(f"{found[:, 0].mean():.3f}({1000 * found[:, 0].std(ddof=1) / np.sqrt(len(found)):.0f})")
        linear = scores(LinearSVC(), rows, classes, standardise=False)[:, 0].mean()
        print(f"| {n_words} words | " + " | ".join(cells) + f" | {linear:.3f} |", flush=True)


def other_kinds(digits: np.ndarray, random: np.random.Generator, fashion: str | None) -> dict[str, np.ndarray]:
    """Return images that are no digits, by kind."""
    some = digits[random.integers(len(digits), size=N_STRANGERS)]
    found = {
        "noise": random.uniform(0, 16, some.shape),
        "inverted": 16 - some,
        "upside down": some.reshape(-1, 8, 8)[:, ::-1].reshape(-1, 64),
        "pixels shuffled": random.permuted(some, axis=1),
        "pixels of many digits": random.permuted(some, axis=0),
        "one grey": np.repeat(random.uniform(0, 16, (N_STRANGERS, 1)), 64, axis=1),
    }
    if fashion is not None:
        found["Fashion-MNIST"] = fitting(load_idx(fashion, "test").images[:N_STRANGERS].astype(float), 64, 16)
    return found


def print_strangers(fashion: str | None) -> None:
    """Print which strangers are known, and how many damaged memories: a tenth of the signs, or noise of 5%."""
    random = np.random.default_rng(0)
    digits = random.permutation(datasets.load_digits().data)
    black_white = np.where(digits > 8, 16.0, 0.0)

    def signs(*shape: int) -> np.ndarray:
        return random.choice([-1.0, 1.0], shape)

    shares = ", ".join(map(str, RATES))
    print(f"| stored | strangers | known | at a rate of | share with p of {shares} or less | damaged ones known |")
    print("| --- |" + " --- |" * 5)
    print_known("5,000 codes of 256 bits", "others", [(signs(5000, 256), signs(N_STRANGERS, 256))])
    print_known("50 codes of 64 bits", "others", [(signs(50, 64), signs(N_STRANGERS, 64))])
    print_known("900 digits", "others", [(digits[:900], digits[900:])])
    print_known("900 digits", "others, half of the pixels hidden", [(digits[:900], digits[900:])], hidden=0.5)
    print_known("900 digits, black and white", "others", [(black_white[:900], black_white[900:])])
    for n_stored, rows in ((50, digits), (50, black_white), (20, digits)):
        orders = [random.permutation(len(digits)) for _ in range(DRAWS)]
        pairs = [(rows[order[:n_stored]], rows[order[-250:]]) for order in orders]
        name = f"{n_stored} digits" + (", black and white" if rows is black_white else "")
        print_known(f"{name}, {DRAWS} draws", "others", pairs)
    for kind, rows in other_kinds(digits, random, fashion).items():
        print_known("900 digits", kind, [(digits[:900], rows)])


def print_known(
    stored: str, kind: str, pairs: list[tuple[np.ndarray, np.ndarray]], hidden: float | None = None
) -> None:
    """Print a row of the table, for pairs of rows to store and strangers; a share of the values may be hidden."""
    random = np.random.default_rng(1)
    p_values, known, damaged, rates = [], [], [], []
    for rows, strangers in pairs:
        memory = DenseAssociativeMemory().fit(rows)
        mask = None if hidden is None else random.random(strangers.shape) >= hidden
        found = memory.recall(strangers, mask)
        new = found.distance > 1e-9 if hidden is None else np.ones(len(strangers), dtype=bool)  # no copies
        p_values.append(found.p_value[new])
        known.append(found.known[new])
        rates.append(found.false_alarm_rate)
        wrong = np.where(random.random(rows.shape) < 0.1, rows.min() + rows.max() - rows, rows)
        noisy = rows + random.normal(0, 0.05 * 16, rows.shape)
        asked = wrong if memory.encoding_.kind == "binary" else noisy
        mask = None if hidden is None else random.random(asked.shape) >= hidden
        damaged.append(memory.recall(asked, mask).known.mean())
    every = np.concatenate(p_values)
    shares = ", ".join(f"{(every <= rate).mean():.4f}" for rate in RATES)
    counted = f"{np.concatenate(known).sum()} of {len(every)}"
    print(f"| {stored} | {kind} | {counted} | {np.mean(rates):.4f} | {shares} | {np.mean(damaged):.0%} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("all", "strangers"), default="all")
    parser.add_argument("--fashion", help="folder with the files of Fashion-MNIST")
    given = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if given.part == "all":
            print_noise()
            print_accuracies()
        print_strangers(given.fashion)
