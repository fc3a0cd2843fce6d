"""Each vector kernel beside its naive twin, at every length of the unrolled loops and at the largest values."""

import math

import numpy as np
import pytest
from numba import njit

from densehop.kernels import polynomials, scans, signed_sums, weighted_sums
from tests import naive

BLOCKS = [1, 2, 3, 4, 5, 8, 11]


@njit
def signed_sum(bits, row, first, last, values):
    return signed_sums.signed_sum(bits, row, first, last, values)


@njit
def signed_sum_of_squares(bits, row, first, last, values):
    return signed_sums.signed_sum_of_squares(bits, row, first, last, values)


@njit
def signed_sum_of_cubes(bits, row, first, last, values, odd, shift):
    return signed_sums.signed_sum_of_cubes(bits, row, first, last, values, odd, shift)


@njit
def four_signed_sums(bits, row, values, chain, sums):
    signed_sums.four_signed_sums(bits, row, values, chain, sums)


@njit
def four_signed_sums_of_squares(bits, row, values, chain, sums):
    signed_sums.four_signed_sums_of_squares(bits, row, values, chain, sums)


@njit
def clear_end(values, length):
    signed_sums.clear_end(values, length)


@njit
def add_signed(bits, row, first, last, step, values):
    signed_sums.add_signed(bits, row, first, last, step, values)


@njit
def add_signed_and_sum(bits, row, first, last, step, values):
    return signed_sums.add_signed_and_sum(bits, row, first, last, step, values)


@njit
def cube(values, slope, inverse, first, last, amplitudes):
    return signed_sums.cube(values, slope, inverse, first, last, amplitudes)


@njit
def evaluate(overlaps, parity, amplitudes_are_odd, even, odd, first, last, amplitudes):
    return polynomials.evaluate(overlaps, parity, amplitudes_are_odd, even, odd, first, last, amplitudes)


@njit
def selected_sum(bits, row, left, right):
    return weighted_sums.selected_sum(bits, row, left, right)


@njit
def sum_of_both(bits, row, values, zero_factor, one_factor):
    return weighted_sums.sum_of_both(bits, row, values, zero_factor, one_factor)


@njit
def multiply_both(bits, row, values, zero_factor, one_factor):
    return weighted_sums.multiply_both(bits, row, values, zero_factor, one_factor)


@njit
def find_powers(overlaps, top, powers, values):
    weighted_sums.find_powers(overlaps, np.int16(top), powers, values)


@njit
def sites_that_may_flip(states, fields, bounds, chain, first):
    left, found = scans.may_flip(states, fields, bounds, chain, first), []
    while left != 0:
        found.append(first + scans.lowest_bit(left))
        left &= left - 1
    return found


def random_bits(rng, n_rows, n_blocks):
    return rng.integers(0, 2**32, (n_rows, n_blocks), dtype=np.uint64).astype(np.uint32)


@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize(("dtype", "largest"), [(np.int16, 32_767), (np.int32, 10**8), (np.int64, 10**15)])
def test_signed_sum(n_blocks, dtype, largest):
    rng = np.random.default_rng(n_blocks)
    bits = random_bits(rng, 3, n_blocks)
    values = rng.integers(-largest, largest + 1, 32 * n_blocks).astype(dtype)
    for first in range(n_blocks):
        for last in range(first, n_blocks + 1):
            part = slice(32 * first, 32 * last)
            expected = naive.signed_sum(bits[1, first:last], values[part].tolist())
            assert signed_sum(bits, 1, first, last, values) == expected


@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize(
    ("code", "power", "largest"), [(four_signed_sums, 1, 32_767), (four_signed_sums_of_squares, 2, 1_000)]
)
def test_sums_of_four_chains(code, power, largest, n_blocks):
    rng = np.random.default_rng(n_blocks)
    bits = random_bits(rng, 3, n_blocks)
    values = rng.integers(-largest, largest + 1, (6, 32 * n_blocks)).astype(np.int16)
    values[2] = largest * naive.signs_of_bits(bits[1])
    sums = np.full(6, 7)
    code(bits, 1, values, 1, sums)
    found = [naive.signed_sum(bits[1], (values[chain].astype(np.int64) ** power).tolist()) for chain in range(1, 5)]
    assert sums.tolist() == [7, *found, 7]


def test_values_behind_the_last_pattern_are_cleared():
    for length in range(32, 65):
        values = np.arange(1, 65, dtype=np.int16)
        clear_end(values, length)
        assert values.tolist() == [*range(1, length + 1), *[0] * (64 - length)]


@pytest.mark.parametrize("n_blocks", BLOCKS)
def test_signed_sum_of_squares(n_blocks):
    """Values up to 5,000: sums of 11 blocks fill the lanes, 2 x 11 x 25e6, without overflow; one block takes any."""
    rng = np.random.default_rng(n_blocks)
    bits = random_bits(rng, 2, n_blocks)
    for largest in (5_000,) if n_blocks > 1 else (5_000, 32_767):
        values = rng.integers(-largest, largest + 1, 32 * n_blocks).astype(np.int16)
        expected = naive.signed_sum(bits[1], (values.astype(int) ** 2).tolist())
        assert signed_sum_of_squares(bits, 1, 0, n_blocks, values) == expected
    extreme = np.full(32, -32_767, dtype=np.int16)
    for word in (0, 2**32 - 1):
        row = np.array([[word]], dtype=np.uint32)
        assert signed_sum_of_squares(row, 0, 0, 1, extreme) == (1 if word == 0 else -1) * 32 * 32_767**2


@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize("n_spins", [9, 10, 256, 257])
def test_signed_sum_of_cubes(n_blocks, n_spins):
    """Overlaps of N spins, in a part of the blocks; and the largest of all in every lane."""
    rng, odd, shift = np.random.default_rng(n_blocks), n_spins % 2, (8 - 3 * n_spins + n_spins % 2) // 2
    bits, first = random_bits(rng, 2, n_blocks), n_blocks // 3
    k = 2 * rng.integers(0, n_spins + 1, 32 * n_blocks) - n_spins
    for overlaps in (k, np.full(len(k), n_spins), np.full(len(k), -n_spins)):
        values = overlaps * ((overlaps**2 - odd) // 2 + shift)
        expected = naive.signed_sum(bits[1, first:], values[32 * first :].tolist())
        assert signed_sum_of_cubes(bits, 1, first, n_blocks, overlaps.astype(np.int16), odd, shift) == expected


@pytest.mark.parametrize("n_blocks", BLOCKS)
def test_add_signed(n_blocks):
    rng = np.random.default_rng(n_blocks)
    bits = random_bits(rng, 3, n_blocks)
    values = rng.integers(-100, 100, 32 * n_blocks).astype(np.int16)
    for first, last, step in ((0, n_blocks, 1), (0, n_blocks, -2), (n_blocks // 2, n_blocks, 2), (0, n_blocks // 2, 1)):
        part = slice(32 * first, 32 * last)
        expected, signs = values.copy(), naive.signs_of_bits(bits[2])
        expected[part] += step * signs[part]
        before, also = int((signs * values)[part].sum()), values.copy()
        add_signed(bits, 2, first, last, np.int16(step), values)
        assert (values == expected).all()
        assert add_signed_and_sum(bits, 2, first, last, np.int16(step), also) == before
        assert (also == expected).all()


@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize(("n_spins", "dtype"), [(9, np.int64), (900, np.int32)])
@pytest.mark.parametrize("divisor", [1, 3])
def test_cube(n_blocks, n_spins, dtype, divisor):
    k = 2 * np.random.default_rng(n_blocks).integers(0, n_spins + 1, 32 * n_blocks) - n_spins
    k[0] = n_spins
    amplitudes = np.full(32 * n_blocks, 7, dtype=dtype)
    first, inverse = n_blocks // 2, {1: 1, 3: signed_sums.THIRD}[divisor]
    squares = cube(k.astype(np.int16), 8 - 3 * n_spins, inverse, first, n_blocks, amplitudes)
    assert squares == (k[32 * first :] ** 2).sum()
    assert (amplitudes[: 32 * first] == 7).all()
    assert (divisor * amplitudes[32 * first :].astype(int) == (k**3 + (8 - 3 * n_spins) * k)[32 * first :]).all()


@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize("amplitudes_are_odd", [0, 1])
@pytest.mark.parametrize(("n_spins", "dtype"), [(40, np.int32), (41, np.int32), (300, np.int64), (32_767, np.int64)])
def test_polynomials_of_overlaps(n_blocks, amplitudes_are_odd, n_spins, dtype):
    k = 2 * np.random.default_rng(n_blocks).integers(0, n_spins + 1, 32 * n_blocks) - n_spins
    k[-2:] = n_spins, -n_spins
    q = (k**2 - n_spins % 2) // 4
    left, right = (k, q) if amplitudes_are_odd else (q, k)
    amplitudes, first = np.full(32 * n_blocks, 7, dtype=dtype), n_blocks // 2
    total = evaluate(
        k.astype(np.int16), n_spins % 2, amplitudes_are_odd, (5, -3), (-11, 2), first, n_blocks, amplitudes
    )
    assert total == (right * (2 * q - 11))[32 * first :].sum()
    assert (amplitudes[: 32 * first] == 7).all()
    assert (amplitudes[32 * first :] == (left * (5 - 3 * q))[32 * first :]).all()


@pytest.mark.parametrize("n_blocks", BLOCKS)
def test_selected_sum(n_blocks):
    rng = np.random.default_rng(n_blocks)
    bits, left, right = random_bits(rng, 3, n_blocks), rng.exponential(size=32 * n_blocks), rng.random(32 * n_blocks)
    chosen = np.where(naive.signs_of_bits(bits[1]) < 0, right, left)
    assert selected_sum(bits, 1, left, right) == pytest.approx(math.fsum(chosen), rel=1e-14)
    assert selected_sum(bits, 1, left, left) == selected_sum(bits, 2, left, left)


@pytest.mark.parametrize("n_blocks", BLOCKS)
def test_factors_of_both_sides(n_blocks):
    rng = np.random.default_rng(n_blocks)
    bits, values = random_bits(rng, 3, n_blocks), rng.exponential(size=32 * n_blocks)
    products = np.where(naive.signs_of_bits(bits[1]) < 0, 0.3, 7.0) * values
    assert sum_of_both(bits, 1, values, 7.0, 0.3) == pytest.approx(math.fsum(products), rel=1e-14)
    assert multiply_both(bits, 1, values, 7.0, 0.3) == pytest.approx(math.fsum(products), rel=1e-14)
    np.testing.assert_array_equal(values, products)


@pytest.mark.parametrize("n_blocks", BLOCKS)
def test_powers_of_the_distance_to_the_top(n_blocks):
    distance = np.random.default_rng(n_blocks).integers(0, 128, 32 * n_blocks)
    overlaps, values = (101 - 2 * distance).astype(np.int16), np.full(32 * n_blocks, np.nan)
    find_powers(overlaps, 101, np.exp(-0.1 * 2.0 ** np.arange(7)), values)
    assert values == pytest.approx(np.exp(-0.1 * distance), rel=1e-14)


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize(("n_spins", "first"), [(32, 0), (100, 64), (100, 68), (100, 7)])
def test_sites_that_may_flip(n_spins, first, kind):
    rng = np.random.default_rng(first)
    states = rng.choice(np.array([-1, 1], dtype=np.int8), (3, n_spins))
    fields = rng.integers(-3, 4, (3, 128)).astype(kind)
    bounds = rng.integers(-2, 3, (3, 128)).astype(np.float64)
    bounds[1, first + 5 : first + 8] = -np.inf, np.inf, 0.0
    below = [site for site in range(first, first + 32) if states[1, site] * fields[1, site] < bounds[1, site]]
    assert sites_that_may_flip(states, fields, bounds, 1, first) == below
    assert 4 < len(below) < 28
