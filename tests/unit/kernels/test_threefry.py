"""Random numbers by counting, against the published vectors and a twin in Python's integers."""

import numpy as np
import pytest
from numba import njit
from scipy import stats

from densehop.kernels import threefry as module
from densehop.kernels.threefry import fill_uniforms
from tests import naive

ONES = 2**32 - 1
PUBLISHED = [  # key, counter, words: Random123's known answers for Threefry-2x32 with 20 rounds
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((ONES, ONES), (ONES, ONES), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]


@njit
def threefry(key, other_key, counter, other_counter):
    return module.threefry(key, other_key, counter, other_counter)


def filled(key, turn, length):
    """Return a row of uniform numbers, drawn beside another row that must stay as it is."""
    keys, numbers = np.array([(1, 2), key], dtype=np.uint32), np.full((2, length), -1.0)
    fill_uniforms(keys, 1, turn, numbers)
    assert (numbers[0] == -1).all()
    return numbers[1]


@pytest.mark.parametrize(("key", "counter", "words"), PUBLISHED)
def test_published_answers(key, counter, words):
    assert threefry(*map(np.uint32, (*key, *counter))) == words
    assert naive.threefry(key, counter) == words


@pytest.mark.parametrize("length", [32, 64, 96])
@pytest.mark.parametrize("turn", [0, 1, 2**31, 2**32 - 1, 2**32 + 5])
def test_rows_are_those_of_the_twin(length, turn):
    """Whatever vectors the compiler makes of the loop."""
    key = (0xDEADBEEF, turn % 2**32 ^ 0x85A308D3)
    np.testing.assert_array_equal(filled(key, turn, length), naive.uniforms(key, turn, length))


def test_numbers_are_uniform_and_neighbours_are_independent():
    """Numbers of neighbouring chains, turns and places, the lags at which a kernel uses them."""
    rows = np.array([[filled((chain, 9), turn, 64) for turn in range(60)] for chain in range(6)])
    assert stats.kstest(rows.ravel(), "uniform").pvalue > 1e-3
    centred = rows - 0.5
    for axis in range(3):
        first, second = (np.take(centred, range(part, rows.shape[axis] - 1 + part), axis) for part in (0, 1))
        assert abs((first * second).mean()) < 4.5 / 12 / np.sqrt(first.size)


def test_largest_number_is_still_a_site():
    largest = (2**64 - 1 >> 11) * 2.0**-53
    assert all(int(largest * n_spins) == n_spins - 1 for n_spins in range(1, 20_000))
