"""Each vector kernel beside its naive twin, at every length of the unrolled loops and at the largest values."""

import math

import numpy as np
import pytest
from numba import njit

from densehop.kernels import polynomials, scans, signed_sums, slabs, tabled_slabs, weighted_sums
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


@njit
def add_products(couplings, site, n_rows, weights, factors, chains, begin, end, fields):
    slabs.add_products(couplings, site, n_rows, weights, factors, chains, begin, end, fields)


@njit
def add_rows(couplings, site, n_rows, weights, factors, chains, begin, end, fields):
    slabs.add_rows(couplings, site, n_rows, weights, factors, chains, begin, end, fields)


@njit
def add_shared_rows(couplings, site, n_rows, weights, factors, chains, begin, end, fields):
    slabs.add_shared_rows(couplings, site, n_rows, weights, factors, chains, begin, end, fields)


@njit
def add_rows_by_tables(couplings, site, n_rows, bits, factors, chains, begin, end, fields, tables):
    tabled_slabs.add_rows_by_tables(couplings, site, n_rows, bits, factors, chains, begin, end, fields, tables)


@njit
def add_row(couplings, site, factor, chain, fields):
    slabs.add_row(couplings, site, factor, chain, fields)


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


COUPLINGS = pytest.mark.parametrize(("dtype", "largest"), [(np.int16, 32_767), (np.int32, 2**31 - 1)])
FIELDS = pytest.mark.parametrize("field_type", [np.int32, np.int64])


def in_type(values, dtype):
    """Return integers of any size modulo 2^32 or 2^64: fields on their way to values that fit may overflow."""
    bits = np.iinfo(dtype).bits
    return ((values + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)).astype(dtype)


def slab_product(add, n_spins, n_fields, length, dtype, largest, field_type):
    """Compare factors * slab @ weights, for two of four chains, with integers of any size."""
    rng = np.random.default_rng(length)
    couplings = rng.integers(-largest, largest + 1, (n_spins, n_spins * length)).astype(dtype)
    couplings[2, :length] = largest
    slab = couplings[2].reshape(n_spins, length)
    if add is add_rows:  # symmetric, as that of p = 3, zeros behind
        slab[:, n_spins:] = 0
        slab[:, :n_spins] = np.triu(slab[:, :n_spins]) + np.triu(slab[:, :n_spins], 1).T
    weights = rng.choice([-1, 1], (4, length)).astype(np.int16)
    weights[3] = 1
    fields = rng.integers(-9, 9, (4, n_fields)).astype(field_type)
    chains, factors = np.array([1, 3, 0, 2]), np.array([4, -4, -24, 4])
    expected = fields.astype(object)
    for n in (1, 2):
        expected[chains[n], :n_spins] += factors[n] * (slab.astype(object) @ weights[chains[n]].astype(object))
    add(couplings, 2, n_spins, weights, factors, chains, 1, 3, fields)
    assert (fields == in_type(expected, field_type)).all()


@COUPLINGS
@FIELDS
@pytest.mark.parametrize("n_blocks", BLOCKS)
def test_add_products(n_blocks, dtype, largest, field_type):
    slab_product(add_products, 5, 32, 32 * n_blocks, dtype, largest, field_type)


@COUPLINGS
@FIELDS
@pytest.mark.parametrize("n_spins", [3, 4, 31, 32, 61, 66, 95, 127, 129, 228])
def test_add_rows(n_spins, dtype, largest, field_type):
    """Rows left over by twos and fours, 1 to 8 blocks of columns."""
    length = -(-n_spins // 32) * 32
    slab_product(add_rows, n_spins, length, length, dtype, largest, field_type)


def symmetric_slabs(rng, n_spins, length, largest):
    """Return couplings (N, N F) int16 of symmetric slabs, zeros behind, the slab of site 2 with the largest sums."""
    slabs_of_sites = np.zeros((n_spins, n_spins, length), dtype=np.int16)
    values = rng.integers(-largest, largest + 1, (n_spins, n_spins, n_spins))
    values[2] = largest * rng.choice([-1, 1], (n_spins, 1)) * rng.choice([-1, 1], n_spins)
    slabs_of_sites[:, :, :n_spins] = np.triu(values) + np.triu(values, 1).transpose(0, 2, 1)
    return slabs_of_sites.reshape(n_spins, -1)


@FIELDS
@pytest.mark.parametrize("n_chains", range(1, 10))
@pytest.mark.parametrize("n_spins", [3, 31, 60, 66, 129])
def test_many_chains_share_a_slab(n_spins, n_chains, field_type):
    """By rows, four chains at once, and by tables, where 64 couplings reach 64 x 511 < 2^15 with the right signs."""
    rng, length = np.random.default_rng(n_spins), -(-n_spins // 32) * 32
    couplings = symmetric_slabs(rng, n_spins, length, 511)
    weights = np.zeros((12, length), dtype=np.int16)
    weights[:, :n_spins] = rng.choice([-1, 1], (12, n_spins))
    weights[5, :n_spins] = np.sign(couplings[2, : n_spins * length].reshape(n_spins, length)[:, 0])
    bits = np.packbits(weights < 0, axis=1, bitorder="little").view("<u4").astype(np.uint32)
    fields = rng.integers(-9, 9, (12, length)).astype(field_type)
    chains, factors = rng.permutation(12), rng.choice([-4, 4, 24], 12)
    chains[1], chains[chains == 5] = 5, chains[1]
    for site in (2, n_spins - 1):
        slab = couplings[site].reshape(n_spins, length).astype(np.int64)
        expected = fields.astype(np.int64)
        for n in range(1, 1 + n_chains):
            expected[chains[n]] += factors[n] * (weights[chains[n], :n_spins].astype(np.int64) @ slab)
        by_rows, by_fours, by_tables = fields.copy(), fields.copy(), fields.copy()
        add_rows(couplings, site, n_spins, weights, factors, chains, 1, 1 + n_chains, by_rows)
        add_shared_rows(couplings, site, n_spins, weights, factors, chains, 1, 1 + n_chains, by_fours)
        tables = np.full(tabled_slabs.ROOM, -1, dtype=np.int16)
        add_rows_by_tables(couplings, site, n_spins, bits, factors, chains, 1, 1 + n_chains, by_tables, tables)
        for sums in (by_rows, by_fours, by_tables):
            np.testing.assert_array_equal(sums, expected)


@COUPLINGS
@FIELDS
@pytest.mark.parametrize("n_blocks", BLOCKS)
def test_add_row(n_blocks, dtype, largest, field_type):
    rng = np.random.default_rng(n_blocks)
    couplings = rng.integers(-largest, largest + 1, (4, 32 * n_blocks)).astype(dtype)
    fields = rng.integers(-9, 9, (3, 32 * n_blocks)).astype(field_type)
    for factor in (4, -24):
        expected = fields.astype(object)
        expected[1] += factor * couplings[2].astype(object)
        add_row(couplings, 2, factor, 1, fields)
        assert (fields == in_type(expected, field_type)).all()


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
