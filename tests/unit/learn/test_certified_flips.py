"""Certified numbers of flips beside all flips there are."""

from itertools import product

import numpy as np
import pytest

from densehop import DenseAssociativeMemory, InvalidInput

CASES = [
    ("exponential", 2, 0.15),
    ("exponential", 2, 0.5),
    ("exponential", 2, 1.1),
    ("exponential", 2, 20.0),
    ("rectified", 3, 1.0),
    ("rectified", 8, 1.0),
    ("rectified", 30, 1.0),
    ("strict", 2, 1.0),
    ("strict", 3, 1.0),
    ("strict", 4, 1.0),
    ("power", 2, 1.0),
    ("power", 3, 1.0),
    ("power", 5, 1.0),
]


def true_radii(memory, states):
    """Return how many flips of any signs leave the ends of states, (B,), by trying all states there are."""
    every = np.array(list(product([-1.0, 1.0], repeat=states.shape[1])))
    ends, wanted = memory.transform(every), memory.transform(states)
    distances = (states[:, None] != every).sum(axis=2)
    other = (wanted[:, None] != ends).any(axis=2)
    return np.where(other, distances, states.shape[1] + 1).min(axis=1) - 1


@pytest.mark.parametrize(("name", "degree", "beta"), CASES)
def test_no_flips_within_the_certificate_change_the_end(name, degree, beta):
    n_sites, shares, largest = 10, [], 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        memories = random.choice([-1.0, 1.0], (int(random.integers(2, 6)), n_sites))
        memories[-1, :2] = 1, -1  # two values
        if seed % 3 == 0:
            memories = np.vstack([memories, memories[:1]])  # stored twice
        if seed % 2:
            memories = np.vstack([memories, -memories[:1]])
        memory = DenseAssociativeMemory(name, degree=degree, beta=beta).fit(memories)
        states = np.vstack([memories, random.choice([-1.0, 1.0], (10, n_sites))])
        found, true = memory.certified_flips(states), true_radii(memory, states)
        assert (memory.certified_flips() == found[: len(memories)]).all()
        assert (found <= true).all(), seed
        shares += (found[true > 0] / true[true > 0]).tolist()
        largest = max(largest, int(found.max()))
    print(f"{name} {degree} {beta}: largest {largest}, {np.mean(shares):.2f} of the true numbers")
    assert largest >= 1
    if beta > 10 or degree == 30:
        assert np.mean(shares) > 0.6


def test_large_sharpness_gives_half_the_distance():
    memories = np.random.default_rng(0).choice([-1.0, 1.0], (40, 200))
    distances = (memories[:, None] != memories).sum(axis=2)
    np.fill_diagonal(distances, 1000)
    found = DenseAssociativeMemory(beta=50.0).fit(memories).certified_flips()
    assert (found == (distances.min(axis=1) - 1) // 2).all()


def test_random_flips_of_many_codes():
    random = np.random.default_rng(1)
    codes = random.integers(0, 2, (1000, 120), dtype=np.uint8)
    memory = DenseAssociativeMemory().fit(codes)
    found = memory.certified_flips()
    assert found.min() > 5
    for _ in range(2):
        ranks = random.random(codes.shape).argsort(axis=1)
        damaged = np.where(ranks < found[:, None], 1 - codes, codes)
        assert (memory.transform(damaged) == codes).all()


def test_what_has_no_certificate():
    values = np.random.default_rng(2).random((5, 8))
    for memory in (
        DenseAssociativeMemory().fit(values),
        DenseAssociativeMemory("attention").fit(np.where(values > 0.5, 1, 0)),
        DenseAssociativeMemory("strict", temperature=0.5).fit(np.where(values > 0.5, 1, 0)),
    ):
        with pytest.raises(InvalidInput, match="signs at temperature 0"):
            memory.certified_flips()
