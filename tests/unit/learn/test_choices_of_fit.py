"""What a memory chooses from the rows that it stores: ranges, signs or grey values, sharpness."""

import warnings

import numpy as np
import pytest

from densehop import DenseAssociativeMemory, InvalidInput


@pytest.mark.parametrize("beta", [1e10, 1e36, 1e38, 1e60])
def test_any_sharpness_in_single_precision(beta):
    memories = np.random.default_rng(10).random((5, 20))
    found = [
        DenseAssociativeMemory("attention", beta=beta).fit(memories.astype(kind)).transform(memories[:2].astype(kind))
        for kind in (np.float64, np.float32)
    ]
    np.testing.assert_allclose(found[1], memories[:2], atol=1e-5)
    np.testing.assert_allclose(found[0], memories[:2], atol=1e-12)


@pytest.mark.parametrize("parts", [(1, 2, 3), (3, 3), (1, 5)])
def test_rows_stored_in_parts_are_rows_stored_at_once(parts):
    """The first part may be black, or of one value only: the range is that of all."""
    rows = np.random.default_rng(11).uniform(5, 250, (6, 8))
    rows[0] = 0
    whole, split = DenseAssociativeMemory().fit(rows), DenseAssociativeMemory()
    for first, length in zip(np.cumsum([0, *parts]), parts, strict=False):
        split.partial_fit(rows[first : first + length])
    np.testing.assert_allclose(split.memories_, whole.memories_, atol=1e-12)
    assert (split.encoding_.kind, split.encoding_.low, split.encoding_.high) == ("graded", 0, rows.max())
    np.testing.assert_allclose(split.transform(rows), whole.transform(rows), atol=1e-6)


def test_grey_values_made_black_or_white_are_named():
    grey = np.random.default_rng(12).uniform(0, 200, (6, 8))
    with pytest.warns(UserWarning, match="interaction='exponential' to keep them, or encoding='binary'"):
        DenseAssociativeMemory("strict").fit(grey)
    memory = DenseAssociativeMemory("strict", encoding="binary").fit(grey)
    with pytest.raises(InvalidInput, match=r"beyond the range .* fit all rows in one call"):
        memory.partial_fit(grey + 100)


def test_similar_photographs_are_not_blended():
    """Forty of them, among which pairs are ten times closer than the rest."""
    random = np.random.default_rng(13)
    scenes = random.uniform(0, 255, (20, 400))
    photographs = np.vstack([scenes, np.clip(scenes + random.normal(0, 20, scenes.shape), 0, 255)])
    memory = DenseAssociativeMemory().fit(photographs)
    hidden = random.random(photographs.shape) < 0.5
    restored = memory.restore(np.where(hidden, np.nan, photographs))
    assert np.sqrt(((restored - photographs) ** 2).mean()) < 0.01


def test_the_default_sharpness_is_the_likeliest():
    """Of rows with normal errors about a few centres, near one over the errors' variance about each other."""
    random = np.random.default_rng(14)
    centres = random.uniform(-1, 1, (5, 200))
    rows = np.repeat(centres, 40, axis=0) + random.normal(0, 0.05, (200, 200))
    memory = DenseAssociativeMemory().fit(rows)
    encoded = memory.memories_
    distances = ((encoded[:, None] - encoded) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)

    def likelihood(beta):
        return np.logaddexp.reduce(-beta / 2 * distances, axis=1).sum() + 200 * 200 / 2 * np.log(beta)

    around = [likelihood(factor * memory.beta_) for factor in (0.97, 1, 1.03)]
    assert np.argmax(around) == 1


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("kind", ["table", "digits first", "two values a column", "two columns"])
def test_choices_follow_all_rows_not_the_first(kind, order):
    """Whatever the parts: ranges of columns, one range, signs or grey values are those of one call."""
    random = np.random.default_rng(order)
    units = np.array([0.01, 1.0, 3.0, 1000.0, 0.1])
    rows = {
        "table": random.normal(size=(12, 5)) * units + 5 * units,
        "digits first": np.vstack([random.random((3, 5)), random.normal(size=(9, 5)) * units]),
        "two values a column": np.vstack([np.zeros(5), np.ones(5), random.integers(0, 2, (10, 5))]) * units + 0.3,
        "two columns": np.vstack([np.eye(5), np.full((7, 5), 0.5)]) * np.array([1.0, 1.0, 1.0, 1.0, 30.0 + order]),
    }[kind]
    whole, split = DenseAssociativeMemory().fit(rows), DenseAssociativeMemory()
    cuts = np.sort(random.choice(np.arange(1, len(rows)), 1 + order % 3, replace=False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in np.split(rows, cuts):
            split.partial_fit(part)
    assert split.encoding_.same_as(whole.encoding_)
    np.testing.assert_allclose(split.memories_, whole.memories_, atol=1e-9)
    np.testing.assert_allclose(split.beta_, whole.beta_, rtol=1e-6)
    np.testing.assert_allclose(split.restore(rows), whole.restore(rows), rtol=1e-6)


def test_signs_of_grey_values_do_not_change_with_the_range_of_columns():
    """Grey values below and above the middle of one range are gone when columns need ranges of their own."""
    memory = DenseAssociativeMemory("strict", encoding="binary").fit([[0.0, 1.0, 0.4], [1.0, 0.0, 0.2]])
    with pytest.raises(InvalidInput, match="columns differ otherwise in range"):
        memory.partial_fit([[0.5, 0.5, 100.0]])
