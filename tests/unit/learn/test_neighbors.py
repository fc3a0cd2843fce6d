"""The nearest stored rows beside scikit-learn's."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from densehop import DenseAssociativeMemory, InvalidInput


@pytest.mark.parametrize("graded", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nearest_rows_are_those_of_scikit_learn(graded, dtype):
    images = load_digits().data.astype(dtype)
    images = images if graded else np.where(images > 8, dtype(16), dtype(0))
    stored, asked = images[:500], images[500:560]
    distances, indices = DenseAssociativeMemory().fit(stored).kneighbors(asked, 4)
    expected, _ = NearestNeighbors(n_neighbors=4, algorithm="brute").fit(stored).kneighbors(asked)
    np.testing.assert_allclose(distances, expected, rtol=1e-4)
    found = np.linalg.norm((asked[:, None] - stored[indices]).astype(float), axis=2)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("graded", [True, False])
def test_hidden_values_do_not_count(graded):
    random = np.random.default_rng(0)
    stored = random.random((80, 30)) if graded else random.choice([-1.0, 1.0], (80, 30))
    asked = np.where(random.random((20, 30)) < 0.4, np.nan, stored[:20] + (0.01 if graded else 0))
    distances, indices = DenseAssociativeMemory().fit(stored).kneighbors(asked)
    squares = np.nansum((asked[:, None] - stored) ** 2, axis=2)
    np.testing.assert_allclose(distances[:, 0], np.sqrt(squares.min(axis=1)), atol=1e-9)
    assert (indices[:, 0] == squares.argmin(axis=1)).all()


def test_more_neighbours_than_rows():
    with pytest.raises(InvalidInput, match="n_neighbors must be an integer from 1 to 3, got 4"):
        DenseAssociativeMemory().fit(np.eye(3)).kneighbors(np.eye(3), 4)
