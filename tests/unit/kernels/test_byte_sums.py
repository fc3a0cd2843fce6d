"""Sums over signs, eight at a time, against plain matrix products and sums over tuples."""

import numpy as np
import pytest

from densehop.inference.byte_codes import EXAMPLES_PER_TASK, ByteCodes
from densehop.inference.instance import Instance
from densehop.kernels.byte_sums import STRIP
from tests import naive


def signs(rng, *shape):
    return (rng.integers(0, 2, shape) * 2 - 1).astype(np.int8)


@pytest.mark.parametrize("n_spins", [2, 7, 8, 9, 30])
def test_sums_are_matrix_products(n_spins):
    rng = np.random.default_rng(n_spins)
    examples = signs(rng, STRIP + 5, n_spins)
    codes = ByteCodes.of(examples, 1)
    values, weights = rng.normal(size=n_spins), rng.normal(size=len(examples))
    np.testing.assert_allclose(codes.overlaps(values), examples @ values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(codes.project(weights), weights @ examples, rtol=0, atol=1e-10)


@pytest.mark.parametrize("p", range(2, 8))
@pytest.mark.parametrize("n_spins", [8, 11])
def test_fields_are_sums_over_tuples(p, n_spins):
    rng = np.random.default_rng(100 * p + n_spins)
    examples, m = signs(rng, 6, n_spins), rng.uniform(-1, 1, n_spins)
    expected = naive.multilinear_fields(m, examples, p)
    found = Instance.checked(examples, p, 1.0, 1).fields(m)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("p", [3, 4, 10, 20])
def test_fields_of_spins_are_those_of_the_exact_integers(p):
    from densehop.network import PBodyHopfield  # noqa: PLC0415 (only here)

    rng = np.random.default_rng(p)
    examples, state = signs(rng, 50, 24), signs(rng, 24)
    examples[0], examples[1] = state, -state  # where Newton's identities cancel most
    expected = PBodyHopfield(examples, p).local_fields(state)
    found = Instance.checked(examples, p, 1.0, 1).fields(state.astype(float))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


def test_bits_do_not_depend_on_the_number_of_threads():
    rng = np.random.default_rng(0)
    examples, m = signs(rng, 2 * EXAMPLES_PER_TASK + 77, 13), rng.uniform(-1, 1, 13)
    one, three = (Instance.checked(examples, 5, 1.0, n_workers).fields(m) for n_workers in (1, 3))
    assert (one == three).all()
