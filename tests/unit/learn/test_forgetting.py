"""Forgetting: what is left answers as a memory of the other rows alone does."""

import numpy as np
import pytest

from densehop import DenseAssociativeMemory, InvalidInput

CASES = {
    "codes": ({}, "signs"),
    "strict": ({"interaction": "strict", "degree": 3}, "signs"),
    "columns": ({"scale": "columns"}, "signs"),
    "greys": ({}, "greys"),
    "single greys": ({}, "single"),
    "table": ({"interaction": "attention"}, "table"),
    "rectified": ({"interaction": "rectified", "degree": 8, "encoding": "binary"}, "signs"),
}


def rows_of(kind, seed):
    random = np.random.default_rng(seed)
    n_rows, n_sites = random.integers(12, 90), random.integers(8, 70)
    if kind == "signs":
        low, high = random.choice([0.1, -1.0, 3.0]), random.choice([0.7, 9.0])
        return np.where(random.random((n_rows, n_sites)) < 0.5, min(low, high), max(low, high))
    values = random.uniform(0, 16, (n_rows, n_sites))
    if kind == "table":
        values *= 10.0 ** random.integers(-2, 3, n_sites)
    return values.astype(np.float32) if kind == "single" else values


def same(one, two, asked):
    """Compare all answers of two memories."""
    first, second = one.recall(asked), two.recall(asked)
    assert one.beta_ == pytest.approx(two.beta_, rel=1e-5)
    np.testing.assert_array_equal(first.memory, second.memory)
    np.testing.assert_array_equal(first.known, second.known)
    for name in ("p_value", "distance", "patterns", "energy"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore:questions reach")
@pytest.mark.parametrize("case", CASES)
def test_what_is_left_is_a_memory_of_the_other_rows(case):
    parameters, kind = CASES[case]
    for seed in range(3):
        data = rows_of(kind, seed)
        random = np.random.default_rng(100 + seed)
        gone = np.sort(random.choice(len(data), size=len(data) // 3, replace=False))
        left = np.delete(data, gone, axis=0)
        asked = data[random.permutation(len(data))[:8]]
        fitted = DenseAssociativeMemory(**parameters).fit(left)
        by_index = DenseAssociativeMemory(**parameters).fit(data).forget(indices=gone[::-1])
        by_row = DenseAssociativeMemory(**parameters).fit(data).forget(data[gone])
        for memory in (by_index, by_row):
            np.testing.assert_allclose(memory.memories_, fitted.memories_, atol=1e-5)
            np.testing.assert_allclose(memory.encoding_.lows, fitted.encoding_.lows, rtol=1e-5)
            same(memory, fitted, asked)
        again = by_index.partial_fit(data[gone])
        whole = DenseAssociativeMemory(**parameters).fit(np.vstack([left, data[gone]]))
        same(again, whole, asked)


def test_copies_are_forgotten_together_and_one_index_is_one_row():
    data = np.random.default_rng(0).integers(0, 2, (40, 30)).astype(float)
    data[20:23] = data[3]
    memory = DenseAssociativeMemory().fit(data)
    assert len(memory.forget(indices=[20]).memories_) == 39
    assert len(memory.forget(data[[3, 3]]).memories_) == 36
    with pytest.raises(InvalidInput, match="row 1 of X is not stored"):
        memory.forget(data[[5, 3]])


def test_what_is_left_may_have_other_values_and_another_encoding():
    """Of rows of 0, 1 and 2 those of 0 and 1 are left: two values, signs."""
    data = np.random.default_rng(1).integers(0, 2, (30, 20)).astype(float)
    mixed = np.vstack([data, 2 - data[:4]])
    memory = DenseAssociativeMemory().fit(mixed).forget(indices=np.arange(30, 34))
    assert memory.encoding_.kind == "binary"
    same(memory, DenseAssociativeMemory().fit(data), data[:5])
    constant = DenseAssociativeMemory().fit(np.vstack([np.ones(6), np.zeros(6)])).forget(indices=[1])
    np.testing.assert_array_equal(constant.transform([[1.0] * 6]), np.ones((1, 6)))


def test_what_cannot_be_forgotten_is_refused():
    data = np.random.default_rng(2).integers(0, 2, (5, 12)).astype(float)
    memory = DenseAssociativeMemory().fit(data)
    for given, message in (
        ({}, "either X"),
        ({"X": data, "indices": [0]}, "either X"),
        ({"indices": [5]}, "indices must be from 0 to 4"),
        ({"indices": [0.5]}, "indices must be whole numbers"),
        ({"indices": range(5)}, "nothing would be left"),
    ):
        with pytest.raises(InvalidInput, match=message):
            memory.forget(**given)
    assert len(memory.memories_) == 5
    greys = np.random.default_rng(3).uniform(0, 1, (5, 12))
    with pytest.raises(InvalidInput, match="made black or white"):
        DenseAssociativeMemory(encoding="binary").fit(greys).forget(indices=[0])
    with pytest.raises(InvalidInput, match="was 'exponential' when fitted"):
        memory.set_params(interaction="strict").forget(indices=[0])
