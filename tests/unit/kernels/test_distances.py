"""City-block distances and their slopes against plain NumPy."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from densehop.kernels.distances import add_city_block_slopes, city_block


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_city_block_distances_and_their_slopes(dtype):
    random = np.random.default_rng(12)
    points, others = random.normal(size=(5, 33)).astype(dtype), random.normal(size=(70, 33)).astype(dtype)
    others[3, :4] = points[2, :4]  # no slope there
    found = np.empty((5, 70), dtype=dtype)
    city_block(points, others, found)
    np.testing.assert_allclose(found, cdist(points, others, "cityblock"), rtol=1e-5)
    chosen = np.array([[0, 3], [3, 69], [3, 1], [2, 5], [7, 8]])
    amounts, to_points, to_others = random.random((5, 2)).astype(dtype), np.zeros_like(points), np.zeros_like(others)
    add_city_block_slopes(points, others, chosen, amounts, to_points, to_others)
    expected_points, expected_others = np.zeros(points.shape), np.zeros(others.shape)
    for point in range(5):
        for other, amount in zip(chosen[point], amounts[point], strict=True):
            slope = amount * np.sign(others[other] - points[point])
            expected_others[other] += slope
            expected_points[point] -= slope
    np.testing.assert_allclose(to_points, expected_points, atol=1e-6)
    np.testing.assert_allclose(to_others, expected_others, atol=1e-6)
