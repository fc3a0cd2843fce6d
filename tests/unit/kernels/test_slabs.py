"""Each kernel of slabs of couplings beside its product in plain integers, at every length and at the largest values."""

import numpy as np
import pytest
from numba import njit

from densehop.kernels import slabs, tabled_slabs

BLOCKS = [1, 2, 3, 4, 5, 8, 11]


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
