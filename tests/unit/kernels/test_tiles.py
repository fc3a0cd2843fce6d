"""Each tile beside its naive twin, at the largest values."""

import numpy as np
import pytest
from numba import njit

from densehop.kernels import tiles
from densehop.simulate.representations.bit_overlaps import PatternWords, words_of
from tests import naive

LEFT = 7  # what must stay as it is


@njit
def count_tile(state_words, state, words, group, n_spins, counts, column):
    tiles.count_tile(state_words, state, words, group, n_spins, counts, column)


@njit
def multiply_tile(values, state, n_pairs, panel, factor, totals, site):
    tiles.multiply_tile(values, state, n_pairs, panel, factor, totals, site)


@njit
def interleave(patterns, left, right, site, panel, pair):
    tiles.interleave(patterns, left, right, site, panel, pair)


def random_signs(*shape):
    return np.random.default_rng(shape).choice(np.array([-1, 1], dtype=np.int8), shape)


@pytest.mark.parametrize("n_spins", [2, 31, 32, 33, 100])
def test_count_tile(n_spins):
    states, patterns = random_signs(14, n_spins), random_signs(70, n_spins)
    words, rows = PatternWords.build(patterns).words, words_of(states, tiles.ROWS)
    assert words.shape == (3, -(-n_spins // 32), 32)
    assert rows.shape == (24, -(-n_spins // 32))
    counts = np.full((24, 96), LEFT, dtype=np.int16)
    count_tile(rows, 6, words, 1, n_spins, counts, 64)
    expected = [[naive.agreements(state, pattern) for pattern in patterns[32:64]] for state in states[6:12]]
    assert (counts[6:12, 64:] == expected).all()
    counts[6:12, 64:] = LEFT
    assert (counts == LEFT).all()


@pytest.mark.parametrize("n_pairs", [1, 2, 7, 512])
@pytest.mark.parametrize("factor", [1, -3, 2**40])
def test_multiply_tile(n_pairs, factor):
    rng = np.random.default_rng(n_pairs)
    values = rng.integers(-(2**15), 2**15, (24, 2 * n_pairs + 32)).astype(np.int16)
    values[12], values[13] = -(2**15), 2**15 - 1
    panel = rng.choice(np.array([-1, 1], dtype=np.int16), (n_pairs, 64))
    panel[:, :2] = -1
    totals = rng.integers(-(2**62), 2**62, (24, 96))
    expected = totals.astype(object)
    signs = panel.reshape(n_pairs, 32, 2).transpose(0, 2, 1).reshape(2 * n_pairs, 32).astype(object)
    expected[12:, 32:64] += factor * (values[12:, : 2 * n_pairs].astype(object) @ signs)
    multiply_tile(values, 12, n_pairs, panel, factor, totals, 32)
    assert (totals == (expected + 2**63) % 2**64 - 2**63).all()


def test_interleave():
    patterns = random_signs(5, 70)
    panel = np.full((3, 64), LEFT, dtype=np.int16)
    interleave(patterns, 4, 1, 38, panel, 1)
    assert (panel[1, ::2] == patterns[4, 38:]).all()
    assert (panel[1, 1::2] == patterns[1, 38:]).all()
    assert (panel[[0, 2]] == LEFT).all()
