"""Energies of one's own: any integer function of the overlaps, through the same kernels."""

import copy
import pickle

import numpy as np
import pytest

import densehop as dh
from tests import goodness, naive

N_SPINS = 6
PATTERNS = np.random.default_rng(1).choice([-1, 1], (5, N_SPINS)).astype(np.int8)
OVERLAPS = np.arange(-N_SPINS, N_SPINS + 1, 2)
WELL = 3 * (N_SPINS - np.abs(OVERLAPS - 2)) ** 2 + OVERLAPS  # no polynomial of a few bodies, no symmetry
SCALE = 0.05


def by_hand(states, values=WELL, scale=SCALE):
    """Return E = -scale sum_a U(k_a), a pattern at a time."""
    lookup = dict(zip(OVERLAPS.tolist(), values.tolist(), strict=True))
    return np.array([-scale * sum(lookup[int(k)] for k in PATTERNS.astype(int) @ state) for state in states])


@pytest.fixture
def net():
    return dh.PBodyHopfield.from_table(PATTERNS, dh.energies.overlap_table(WELL, SCALE, p=3))


def test_energy_and_cost_of_every_flip(net):
    states = naive.all_states(N_SPINS)
    assert np.allclose(net.energy(states), by_hand(states), rtol=1e-13)
    fields = net.local_fields(states)
    for site in range(N_SPINS):
        flipped = states.copy()
        flipped[:, site] *= -1
        assert np.allclose(2 * states[:, site] * fields[:, site], by_hand(flipped) - by_hand(states), atol=1e-12)


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
def test_exact_distribution(net, dynamics):
    run = net.sample(1.5, n_chains=4, n_sweeps=20_000, dynamics=dynamics, order="random", snapshot_every=10)
    observed = np.bincount(naive.codes_of(run.snapshots[:, 20:].reshape(-1, N_SPINS)), minlength=2**N_SPINS)
    weights = np.exp(-by_hand(naive.all_states(N_SPINS)) / 1.5)
    assert goodness.p_value(observed, weights / weights.sum()) > 1e-4
    colder = np.exp(-by_hand(naive.all_states(N_SPINS)) / 1.2)
    assert goodness.p_value(observed, colder / colder.sum()) < 1e-9


def test_relaxing_ends_in_minima_and_so_does_retrieving(net):
    found = net.relax(naive.all_states(N_SPINS))
    assert (found * net.local_fields(found) >= 0).all()
    step = net.retrieve(naive.all_states(N_SPINS), max_steps=1).states
    assert np.array_equal(step, np.where(net.local_fields(naive.all_states(N_SPINS)) > 0, 1, -1))


@pytest.mark.parametrize("p", [2, 3, 4])
def test_known_energies_are_the_same_trajectories(p):
    known = dh.PBodyHopfield(PATTERNS, p)
    table = dh.energies.overlap_table(known.table.energy, known.table.scale, p)
    own = dh.PBodyHopfield.from_table(PATTERNS, table)
    first, second = (each.sample(1.0, 2, 50, references=PATTERNS[0], seed=3) for each in (known, own))
    assert np.array_equal(first.spins, second.spins)
    assert np.allclose(first.energy, second.energy, rtol=1e-14)
    assert own.symmetric == known.symmetric == (p % 2 == 0)


def test_it_can_be_pickled_and_copied(net):
    for twin in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        assert repr(twin) == repr(net)
        assert np.array_equal(twin.sample(1.0, n_sweeps=5).energy, net.sample(1.0, n_sweeps=5).energy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((WELL / 2, 1.0, 3), "energy must be N \\+ 1 >= 3 integers, got float64"),
        ((WELL[:2], 1.0, 3), "energy must be N \\+ 1 >= 3 integers"),
        ((WELL * 2**56, 1.0, 3), "energy must lie within 2\\^60"),
        ((WELL, 0.0, 3), "scale must be a finite positive number, got 0"),
        ((WELL, 1.0, 7), "p must be"),
    ],
)
def test_wrong_tables_are_refused(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.energies.overlap_table(*arguments)


def test_tables_that_do_not_fit_are_refused(net):
    with pytest.raises(dh.InvalidInput, match="the table is for 7 spins, the patterns have 6"):
        dh.PBodyHopfield.from_table(PATTERNS, dh.energies.strict_table(3, 7))
    with pytest.raises(dh.InvalidInput, match="table must be an EnergyTable"):
        dh.PBodyHopfield.from_table(PATTERNS, WELL)
    with pytest.raises(dh.InvalidInput, match="'couplings' has no custom energy"):
        net.sample(1.0, n_sweeps=1, representation="couplings")
