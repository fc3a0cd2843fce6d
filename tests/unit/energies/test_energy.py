import numpy as np
import pytest

import densehop as dh
from densehop.energies.tables import elementary_symmetric
from tests import naive


@pytest.mark.parametrize(("p", "n"), [(1, 1), (2, 5), (3, 7), (4, 8), (5, 9), (7, 7)])
def test_polynomial_is_the_sum_over_tuples(p, n):
    for c, value in enumerate(elementary_symmetric(p, n)):
        assert value == naive.elementary_symmetric(p, [1] * c + [-1] * (n - c))


@pytest.mark.parametrize("p", [2, 3, 4, 5, 6])
def test_energy_and_fields_match_loops(p):
    rng = np.random.default_rng(p)
    patterns = rng.choice([-1, 1], (4, 7))
    states = rng.choice([-1, 1], (5, 7)).astype(np.int8)
    net = dh.PBodyHopfield(patterns, p=p)
    assert net.energy(states) == pytest.approx([naive.energy(s, net.patterns, p) for s in states], abs=1e-12)
    costs = [[naive.flip_cost(s, i, net.patterns, p) for i in range(7)] for s in states]
    assert 2 * states * net.local_fields(states) == pytest.approx(np.array(costs), abs=1e-12)


@pytest.mark.parametrize(("p", "n_spins"), [(2, 1000), (3, 512), (4, 100), (6, 40)])
def test_perfect_pattern_has_the_published_energy(p, n_spins):
    """A stored pattern alone has E/N = -(N-1)...(N-p+1)/N^(p-1), -1 + p(p-1)/(2N) to first order."""
    pattern = np.ones((1, n_spins), dtype=np.int8)
    exact = -np.prod([1 - i / n_spins for i in range(1, p)])
    assert dh.PBodyHopfield(pattern, p=p).energy(pattern)[0] / n_spins == pytest.approx(exact, rel=1e-14)


def test_fields_are_exact_where_float_products_would_not_be():
    """With p = 6, N = 400 the field integers exceed 2^53; the energy difference of a flip is still exact."""
    rng = np.random.default_rng(0)
    patterns = rng.choice([-1, 1], (3000, 400)).astype(np.int8)
    net = dh.PBodyHopfield(patterns, p=6)
    state = patterns[0].copy()
    flipped = state.copy()
    flipped[17] *= -1
    cost = net.energy(flipped) - net.energy(state)
    assert 2 * state[17] * net.local_fields(state)[17] == pytest.approx(float(cost), rel=1e-12)


def test_overflow_is_refused():
    with pytest.raises(dh.InvalidInput, match="overflows exact 64-bit fields"):
        dh.PBodyHopfield(np.ones((2, 500), dtype=np.int8), p=20)
    table = dh.energies.strict_table(6, 1000)
    limit = 2**63 // (2 * int(np.abs(table.energy).max()))  # patterns whose doubled sum still fits
    table.require_exact(limit)
    with pytest.raises(dh.InvalidInput, match="overflows exact 64-bit fields"):
        table.require_exact(limit + 1)
