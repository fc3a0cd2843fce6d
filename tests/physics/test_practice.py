"""Restoration of real images, measured: each test prints the table that its assertion reads (`make check-long`)."""

import numpy as np
import pytest
from sklearn.impute import KNNImputer

from densehop import DenseAssociativeMemory
from densehop.learn.datasets import load
from tests.practice import row

pytestmark = pytest.mark.long


def wrong(found, images, counted=None):
    miss = np.sign(found) != images
    return miss.mean() if counted is None else miss[counted].mean()


@pytest.mark.parametrize("n_memories", [50, 200, 800])
def test_digits_are_restored(n_memories):
    images = np.where(load("digits").images > 8, 1.0, -1.0)
    flips = {"max_steps": 1, "beta": np.log(0.7 / 0.3) / 2}
    methods = {
        "strict, p = 2": DenseAssociativeMemory("strict", degree=2),
        "strict, p = 3": DenseAssociativeMemory("strict", degree=3),
        "rectified, n = 30": DenseAssociativeMemory("rectified", degree=30),
        "exponential": DenseAssociativeMemory(),
        "attention": DenseAssociativeMemory("attention"),
        "attention, posterior mean at f = 0.3": DenseAssociativeMemory("attention", **flips),
    }
    errors = {name: [] for name in ["nearest neighbour", "KNN imputation", *methods]}
    for seed in range(3):
        random = np.random.default_rng(seed)
        stored = images[random.permutation(len(images))[:n_memories]]
        hidden = random.random(stored.shape) < 0.5
        flipped = np.where(random.random(stored.shape) < 0.3, -stored, stored)
        masked = np.where(hidden, np.nan, stored)
        nearest = stored[(np.where(hidden, 0, stored) @ stored.T).argmax(1)], stored[(flipped @ stored.T).argmax(1)]
        errors["nearest neighbour"].append((wrong(nearest[0], stored, hidden), wrong(nearest[1], stored)))
        imputed = KNNImputer(n_neighbors=1).fit(stored).transform(masked)
        errors["KNN imputation"].append((wrong(imputed, stored, hidden), np.nan))
        for name, memory in methods.items():
            memory.fit(stored)
            errors[name].append(
                (wrong(memory.restore(masked), stored, hidden), wrong(memory.transform(flipped), stored))
            )
    print(f"\ndigits, {n_memories} stored, 3 seeds: error on hidden half, on all pixels with 30% flipped")
    means = {name: row(name, values) for name, values in errors.items()}
    assert means["exponential"][0] <= means["nearest neighbour"][0] + 1e-3
    assert means["attention, posterior mean at f = 0.3"][1] < means["nearest neighbour"][1]
    assert means["strict, p = 2"][0] > 5 * means["exponential"][0]
