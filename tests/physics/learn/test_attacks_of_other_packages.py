"""This package's PGD beside ART's and Foolbox's on the same gradients: the table of docs/practice.md."""

import importlib
import warnings

import numpy as np
import pytest

from densehop import DenseAssociativeClassifier
from densehop.learn.attacks.attacked_models import attacked_model
from densehop.learn.attacks.ball import Ball
from densehop.learn.attacks.methods import pgd
from densehop.learn.data.datasets import load
from tests.practice import split

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]  # of what the packages import

STEPS, N_IMAGES = 40, 300
PLACES = (("linf", 0.1), ("linf", 0.2), ("l2", 0.5))
MODELS = {
    "learned, n = 2": DenseAssociativeClassifier(degree=2, random_state=0),
    "learned, n = 10": DenseAssociativeClassifier(degree=10, random_state=0),
    "stored, n = 30": DenseAssociativeClassifier(degree=30, kind="stored"),
}


@pytest.fixture
def adapters(monkeypatch, tmp_path):
    """The two adapters; ART writes into the home folder when it is imported, so it gets another one."""
    pytest.importorskip("foolbox")
    monkeypatch.setenv("HOME", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("art")
        return [importlib.import_module(f"densehop.learn.{name}") for name in ("with_art", "with_foolbox")]


def by_art(name, adapter, model, images, truth, norm, size):
    """Return the share that an attack of ART leaves, with one start at the image and one at random, or two."""
    attack = getattr(importlib.import_module("art.attacks.evasion"), name)
    settings = {"norm": np.inf if norm == "linf" else 2, "eps": size, "max_iter": STEPS, "verbose": False}
    if name == "AutoProjectedGradientDescent":
        settings |= {"eps_step": 2 * size, "nb_random_init": 2, "batch_size": len(images)}
    target = adapter.ArtClassifier(model, (0.0, 1.0))
    standing = np.ones(len(images), dtype=bool)
    for start in (0, 1) if name == "ProjectedGradientDescentNumpy" else (None,):
        more = {} if start is None else {"num_random_init": start, "eps_step": 2.5 * size / STEPS}
        found = attack(target, **settings, **more).generate(images, truth)
        assert np.linalg.norm(found - images, settings["norm"], axis=1).max() <= size * (1 + 1e-5)
        standing &= target.predict(found).argmax(axis=1) == truth
    return standing.mean()


def by_foolbox(adapter, model, images, truth, norm, size):
    """Return the share that Foolbox's PGD leaves, started at the image and at random."""
    attack = adapter.LinfPGD if norm == "linf" else adapter.L2PGD
    target, standing = adapter.FoolboxModel(model, (0.0, 1.0)), np.ones(len(images), dtype=bool)
    for random_start in (False, True):
        settings = {"rel_stepsize": 2.5 / STEPS, "steps": STEPS, "random_start": random_start}
        standing &= ~np.asarray(attack(**settings)(target, images, truth, epsilons=size)[2])
    return standing.mean()


def test_the_packages_find_as_much(adapters):
    np.random.seed(0)  # noqa: NPY002 (Foolbox and ART draw from NumPy's global stream)
    art, foolbox = adapters
    data = load("digits")
    images, test, classes, truth = split(data, 0, 0.3)
    images, test, truth = (np.float32(part) for part in (images / data.largest, test[:N_IMAGES] / data.largest, truth))
    truth = truth[:N_IMAGES].astype(np.int64)
    print(f"\ndigits, {N_IMAGES} images: accuracy left by this package's PGD / ART's PGD / its AutoPGD / Foolbox's PGD")
    for name, model in MODELS.items():
        target = attacked_model(model.fit(images, classes))
        for norm, size in PLACES:
            worst = pgd(target, test, truth, Ball(norm, size, 0.0, 1.0), STEPS, 2)
            asked = (art, model, test, truth, norm, size)
            left = [
                (target.margins(worst, truth) <= 0).mean(),
                by_art("ProjectedGradientDescentNumpy", *asked),
                by_art("AutoProjectedGradientDescent", *asked),
                by_foolbox(foolbox, *asked[1:]),
            ]
            print(f"{name:16} {norm} {size}:", " / ".join(f"{share:.3f}" for share in left), flush=True)
            assert abs(left[0] - left[1]) < 0.06  # two standard errors
            assert abs(left[0] - left[3]) < 0.06
            assert left[2] > left[0] - 0.1
