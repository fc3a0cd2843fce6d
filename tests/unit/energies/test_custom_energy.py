"""Energies of one's own: any integer function of the overlaps, through the same kernels."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import densehop as dh
from densehop.simulate.representations.patterns import PatternChains
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


HUGE = [2**20, 2**27, 2**31, 2**40, 2**50]


def random_table(rng, n_spins):
    """Return U for fields of degree 1, 2 or 3 in the overlap, or of none, with coefficients from 1 to huge ones."""
    k = np.arange(-n_spins, n_spins + 1, 2).astype(object)
    leading, lower = (int(rng.choice([1, -1, 3, *HUGE]) * rng.choice([1, -1])) for _ in range(2))
    tables = (
        leading * k**2 + lower * k,
        leading * k**3 + lower * k,
        leading * k**4 + lower * k**2,
        (k**4 - k**2) // 2 + lower * k**2,
        np.array([int(value) for value in rng.integers(-abs(lower), abs(lower) + 1, n_spins + 1)], dtype=object),
    )
    values = tables[rng.integers(len(tables))]
    return values if max(abs(value) for value in values) < 2**56 else random_table(rng, n_spins)


def exact_costs(states, patterns, values):
    """Return E = -sum_a U(k_a) of all states and the cost of each flip, in Python's integers."""
    n_spins = states.shape[1]
    energy = -np.array([values[(row + n_spins) // 2].sum() for row in states.astype(int) @ patterns.astype(int).T])
    codes = naive.codes_of(states)
    place = np.argsort(codes)
    flipped = np.stack([energy[place[codes ^ (1 << site)]] for site in range(n_spins)], axis=1)
    return energy, flipped - energy[:, np.newaxis]


def check_table(rng, n_spins):
    """Compare one random table with enumeration: energies, fields, records of chains, descents, retrieval."""
    values = random_table(rng, n_spins)
    patterns = rng.choice(np.array([-1, 1], dtype=np.int8), (int(rng.integers(1, 40)), n_spins))
    net = dh.PBodyHopfield.from_table(patterns, dh.energies.overlap_table(values.astype(np.int64), 1.0, 2))
    states = naive.all_states(n_spins)
    energy, cost = exact_costs(states, patterns, values)
    exact = dict(zip(naive.codes_of(states).tolist(), energy.tolist(), strict=True))
    store = net._model.pattern_store
    chains = PatternChains.start(store, states.copy())
    assert (chains.energies.astype(object) == -2 * energy).all()  # the table holds 2 U
    doubled = chains.fields()
    assert (doubled.astype(object) * states == 2 * cost).all()
    assert (net._stepper.fields(states) == doubled).all()
    temperature = float(rng.choice([0.0, float(np.abs(cost).max()) * 0.3 + 1e-3]))
    run = net.sample(
        temperature, 2, 30, snapshot_every=1, seed=1, n_workers=1, order=str(rng.choice(["sequential", "random"]))
    )
    recorded = [exact[code] for code in naive.codes_of(run.snapshots.reshape(-1, n_spins)).tolist()]
    assert (run.energy.ravel() == np.array(recorded, dtype=np.float64)).all()
    assert min(exact_costs_at(net.relax(states, n_workers=1), states, cost)) >= 0
    return type(store.fit.form).__name__


def exact_costs_at(found, states, cost):
    """Return the least cost of a flip at each of the states found."""
    place = np.argsort(naive.codes_of(states))
    return cost[place[naive.codes_of(found)]].min(axis=1)


@pytest.mark.parametrize("n_spins", [2, 3, 4, 5, 6, 7])
def test_no_table_runs_on_wrong_fields(n_spins):
    """Random tables with coefficients on both sides of 2^15, 2^31 and 2^53, in whatever form the kernels take them."""
    rng = np.random.default_rng(n_spins)
    found = {check_table(rng, n_spins) for _ in range(60)}
    few = {2: {"Table"}, 3: {"Linear", "Square", "Table"}}
    expected = few.get(n_spins, {"Linear", "Square", "WideCube", "Table"})  # cubes in 16 bits are rare here
    assert expected | ({"Polynomial"} if n_spins >= 6 else set()) <= found


@pytest.mark.parametrize("n_spins", [63, 64, 256, 1290])
@pytest.mark.parametrize("size", [2**10, 2**20, 2**26, 2**27, 2**30, 2**36])
def test_cubes_beyond_32_bits_are_looked_up(n_spins, size):
    """U = (k^4 + ...)/2 + b k^2: the fields are cubic, their coefficients are not bounded by the number of spins."""
    k = np.arange(-n_spins, n_spins + 1, 2)
    table = dh.energies.overlap_table(k**4 // 2 + size * k**2, 1.0 / size, p=2)
    patterns = np.random.default_rng(size).choice(np.array([-1, 1], np.int8), (20, n_spins))
    net = dh.PBodyHopfield.from_table(patterns, table)
    run = net.sample(float(n_spins), 2, 5, snapshot_every=1, n_workers=1)
    assert run.energy.ravel() == pytest.approx(net.energy(run.snapshots.reshape(-1, n_spins)), rel=1e-13)
    found = net.relax(patterns[:2], n_workers=1)
    assert (found * net.local_fields(found) >= 0).all()


def test_a_table_that_contradicts_itself_gives_no_result(net):
    """Fields that are not those of the energy, as after an overflow: no run, and no descent without an end."""
    net.table = dataclasses.replace(net.table, even=-net.table.even)
    with pytest.raises(dh.errors.InternalError, match="the energy of chain 0 of a group is not that of its state"):
        net.sample(1.0, n_sweeps=20)
    net.table = dataclasses.replace(net.table, even=net.table.even * 0, odd=net.table.odd * 0 - 1)
    with pytest.raises(dh.errors.InternalError, match="is not that of its state"):
        dh.PBodyHopfield.from_table(net.patterns, net.table).relax(-np.ones(N_SPINS), n_workers=1)
