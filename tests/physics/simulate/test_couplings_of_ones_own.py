"""Networks of given couplings: the exact Boltzmann law of every dynamics, and agreement with the networks of patterns.

The chi-square tests are those of `test_boltzmann.py`: a right kernel fails one in 1e4, a wrong one by far.
"""

import copy
import itertools
import math
import pickle

import numpy as np
import pytest

import densehop as dh
from densehop.energies import couplings
from densehop.errors import InternalError
from densehop.kernels import record, sweeps
from densehop.kernels import terms as terms_kernel
from densehop.simulate.representations.terms import CouplingChains
from tests import goodness, naive

FALSE_ALARM, CAUGHT = 1e-4, 1e-9
N_SPINS = 6


def naive_energy(state, given, field):
    """Loop over the couplings as they were given."""
    total = sum(
        each.unit * value * math.prod(int(state[site]) for site in row)
        for each in given
        for row, value in zip(each.sites.tolist(), each.values.tolist(), strict=True)
    )
    return -total - float(np.dot(field, state))


def models():
    """Return name: (couplings, field)."""
    none, rng = np.zeros(N_SPINS), np.random.default_rng(3)
    patterns = rng.choice([-1, 0, 1], (5, N_SPINS))
    mixed = [dh.energies.gaussian_couplings(N_SPINS, 2, 4), dh.energies.gaussian_couplings(N_SPINS, 3, 5)]
    return {
        "SK": ([dh.energies.gaussian_couplings(N_SPINS, 2, 1)], none),
        "3-spin": ([dh.energies.gaussian_couplings(N_SPINS, 3, 2)], none),
        "4-spin in a field": ([dh.energies.gaussian_couplings(N_SPINS, 4, 2)], rng.normal(size=N_SPINS)),
        "diluted": ([dh.energies.diluted_couplings(N_SPINS, 3, 3.0, 1)], none),
        "mixed": (mixed, 0.3 * rng.choice([-1, 1], N_SPINS)),
        "diluted patterns": ([dh.energies.pattern_couplings(patterns, 3)], 0.5 * patterns[0]),
    }


def exact(given, field, temperature):
    energies = np.array([naive_energy(state, given, field) for state in naive.all_states(N_SPINS)])
    weights = np.exp(-(energies - energies.min()) / temperature)
    return energies, weights / weights.sum()


def p_value(run, law, thin=16):
    states = run.snapshots[:, 100::thin].reshape(-1, N_SPINS)
    return goodness.p_value(np.bincount(naive.codes_of(states), minlength=2**N_SPINS), law)


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("name", models())
def test_exact_distribution(name, dynamics, order):
    given, field = models()[name]
    energies, law = exact(given, field, 1.2)
    net = dh.CouplingNetwork(N_SPINS, given, field)
    assert net.energy(naive.all_states(N_SPINS)) == pytest.approx(energies, abs=1e-12)
    run = net.sample(1.2, 4, 10_000, snapshot_every=1, dynamics=dynamics, order=order)
    assert run.energy[:, -1] == pytest.approx(net.energy(run.spins), abs=1e-12)
    tau = max(
        dh.diagnostics.autocorrelation_time(series)
        for series in (run.energy, *run.snapshots.T.astype(float).transpose(0, 2, 1))
    )
    assert p_value(run, law, math.ceil(2 * tau)) > FALSE_ALARM


def test_exact_distribution_of_replica_exchange():
    given, field = models()["mixed"]
    run = dh.CouplingNetwork(N_SPINS, given, field).temper([0.8, 1.2, 2.0], 4, 5_000, snapshot_every=1)
    for level, temperature in enumerate(run.temperatures):
        assert p_value(run.at(level), exact(given, field, temperature)[1]) > FALSE_ALARM


@pytest.mark.parametrize("wrong", ["stale costs", "half a cost"])
def test_wrong_kernels_are_caught(wrong, monkeypatch):
    """A flip after which other spins keep their costs, and costs without their factor 2; the control passes."""
    given, field = models()["mixed"]
    law = exact(given, field, 1.2)[1]
    net = dh.CouplingNetwork(N_SPINS, given, field)
    whole_flip, whole_cost = sweeps.flip, sweeps.flip_cost

    def stale(energy, chain, site, cost):
        before = chain.costs.copy()
        whole_flip(energy, chain, site, cost)
        own = chain.costs[site]
        chain.costs[:] = before
        chain.costs[site] = own

    options = {"n_chains": 4, "n_sweeps": 3_000, "snapshot_every": 1, "n_workers": 1}
    monkeypatch.setattr(sweeps, "chain_of", terms_kernel._chain_of)
    monkeypatch.setattr(sweeps, "record_of", record.record_of.py_func)
    monkeypatch.setattr("densehop.simulate.representations.terms.run_sweeps", sweeps.run_sweeps.py_func)
    assert p_value(net.sample(1.2, **options), law) > FALSE_ALARM
    if wrong == "stale costs":
        monkeypatch.setattr(sweeps, "flip", stale)
        with pytest.raises(InternalError, match="is not that of its state"):
            net.sample(1.2, **options)
        monkeypatch.setattr(CouplingChains, "check", lambda _self: None)
    else:
        monkeypatch.setattr(sweeps, "flip_cost", lambda *arguments: whole_cost(*arguments) // 2)
        monkeypatch.setattr(sweeps, "flip", lambda energy, chain, site, cost: whole_flip(energy, chain, site, 2 * cost))
    assert p_value(net.sample(1.2, **options), law) < CAUGHT


@pytest.mark.parametrize("p", [2, 3, 4])
def test_couplings_of_patterns_are_the_network_of_patterns(p):
    """The same energies, fields, fixed points, and the same chains bit for bit."""
    rng = np.random.default_rng(p)
    patterns, states = rng.choice([-1, 1], (20, 24)), rng.choice([-1, 1], (9, 24))
    stored, given = dh.PBodyHopfield(patterns, p), dh.CouplingNetwork.from_patterns(patterns, p)
    assert given.energy(states) == pytest.approx(stored.energy(states), abs=1e-9)
    assert given.local_fields(states) == pytest.approx(stored.local_fields(states), abs=1e-9)
    assert (given.relax(states) == stored.relax(states)).all()
    assert (given.retrieve(states).states == stored.retrieve(states).states).all()
    one, other = (net.sample(1.0, 3, 100, references=patterns[0], seed=2) for net in (stored, given))
    assert (one.spins == other.spins).all()
    assert one.energy == pytest.approx(other.energy, abs=1e-9)
    assert (one.overlap == other.overlap).all()
    ladders = [net.temper([0.8, 1.0, 1.3], 2, 50, seed=2) for net in (stored, given)]
    assert (ladders[0].spins == ladders[1].spins).all()


def test_a_field_aligns_free_spins():
    """Without couplings <xi_i> = tanh(h_i/T), whatever the sign of the field."""
    field = np.array([0.0, 0.5, -1.0, 2.0])
    run = dh.CouplingNetwork(4, field=field).sample(1.5, 8, 8_000, snapshot_every=1)
    magnetisation = run.snapshots.mean(axis=(0, 1))
    assert magnetisation == pytest.approx(np.tanh(field / 1.5), abs=0.015)  # 64,000 nearly independent: 0.004


def test_paramagnet_of_sherrington_and_kirkpatrick():
    """At T = 2 the energy per spin is -1/(2 T) up to 1/N; 4 disorders of 128 spins: 0.003 each."""
    energies = [
        dh.CouplingNetwork(128, dh.energies.gaussian_couplings(128, 2, seed)).sample(2.0, 4, 400).energy[:, 100:].mean()
        for seed in range(4)
    ]
    assert np.mean(energies) / 128 == pytest.approx(-0.25, abs=0.01)


def test_tensors_patterns_and_lists_say_the_same():
    rng = np.random.default_rng(0)
    tensor = np.zeros((5, 5, 5))
    for row in itertools.combinations(range(5), 3):
        value = rng.normal()
        for order in itertools.permutations(row):
            tensor[order] = value
    listed = couplings.tensor_couplings(tensor)
    again = dh.energies.Couplings(listed.sites[:, ::-1], listed.values / 2)
    states = naive.all_states(5)
    one, two = dh.CouplingNetwork(5, listed), dh.CouplingNetwork(5, [again, again])
    assert one.energy(states) == pytest.approx(two.energy(states), abs=1e-12)
    brute = [
        -sum(tensor[i, j, k] * s[i] * s[j] * s[k] for i, j, k in itertools.combinations(range(5), 3))
        for s in states.astype(float)
    ]
    assert one.energy(states) == pytest.approx(brute, abs=1e-12)
    assert not one.symmetric
    assert dh.CouplingNetwork(5, dh.energies.gaussian_couplings(5, 2)).symmetric


def test_integer_couplings_cancel_exactly_in_any_unit():
    """+-J on a ring of four: fields are 0 or 2 J, and spins without a field rest at T = 0."""
    ring = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
    for unit in (1.0, 0.1, 1 / 3):
        net = dh.CouplingNetwork(4, dh.energies.Couplings(ring, np.array([1.0, 1.0, 1.0, -1.0]), unit))
        fields = net.local_fields(naive.all_states(4))
        assert set(np.round(fields / unit).ravel()) == {-2.0, 0.0, 2.0}
        assert set(np.abs(fields[np.abs(fields) < unit])) == {0.0}


def test_copies_runs_and_checkpoints(tmp_path):
    net = dh.CouplingNetwork(20, dh.energies.diluted_couplings(20, 3, 4.0, 2, "gaussian"), np.full(20, 0.1))
    whole = net.sample(0.7, 2, 60, seed=5)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert (other.sample(0.7, 2, 60, seed=5).spins == whole.spins).all()
    net.sample(0.7, 2, 25, seed=5, checkpoint=tmp_path / "run")
    resumed = net.sample(0.7, 2, 60, seed=5, checkpoint=tmp_path / "run")
    assert (resumed.energy == whole.energy).all()
    assert whole.interaction == "couplings"
    assert whole.n_patterns == 0
    assert "n_couplings=47" in repr(net)


def test_standard_models_have_the_variance_they_say():
    for p, n_spins in ((2, 100), (3, 40)):
        given = dh.energies.gaussian_couplings(n_spins, p, 1)
        assert len(given.values) == math.comb(n_spins, p)
        expected = math.factorial(p) / (2 * n_spins ** (p - 1))
        assert given.values.var() == pytest.approx(expected, rel=0.08)
    diluted = dh.energies.diluted_couplings(1000, 3, 4.5, 1)
    assert diluted.sites.shape == (1500, 3)
    assert len(np.unique(diluted.sites, axis=0)) == 1500
    assert set(diluted.values) == {-1.0, 1.0}


PAIR = np.array([[0, 1]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dh.CouplingNetwork(4), "must not be empty"),
        (lambda: dh.CouplingNetwork(4, field=np.zeros(4)), "must not be empty, nor all 0"),
        (lambda: dh.CouplingNetwork(4, field=np.zeros(3)), r"field must have shape \(4,\)"),
        (lambda: dh.CouplingNetwork(4, field=[[1.0], [1.0, 2.0]]), "field must have rows of equal length"),
        (lambda: dh.CouplingNetwork.from_patterns(1.0, 2), "patterns must be real numbers"),
        (lambda: dh.CouplingNetwork.from_patterns([[1.0], [1.0, 2.0]], 2), "patterns must have rows of equal length"),
        (lambda: dh.CouplingNetwork(4, np.ones((4, 4))), "must be energies.Couplings"),
        (
            lambda: dh.CouplingNetwork(4, dh.energies.Couplings(PAIR + 3, np.ones(1))),
            "sites must be from 0 to",
        ),
        (lambda: dh.CouplingNetwork(4, dh.energies.Couplings(PAIR * 0, np.ones(1))), "must be different"),
        (lambda: dh.CouplingNetwork(4, dh.energies.Couplings(PAIR, np.ones(2))), "one row for each value"),
        (lambda: dh.CouplingNetwork(4, dh.energies.Couplings(PAIR, np.array([np.nan]))), "must be finite"),
        (lambda: dh.energies.tensor_couplings(np.triu(np.ones((3, 3)), 1)), "must be symmetric"),
        (lambda: dh.energies.tensor_couplings(np.ones((3, 3))), "must be 0 where two indices are equal"),
        (lambda: dh.energies.diluted_couplings(10, 3, 0.1), "connectivity must give"),
        (lambda: dh.energies.gaussian_couplings(5_000, 4), "GiB"),
        (lambda: dh.CouplingNetwork(4, field=np.ones(4)).overlaps(np.ones(4)), "stores no vectors"),
        (lambda: dh.CouplingNetwork(4, field=np.ones(4)).sample(1.0, representation="patterns"), "use 'auto'"),
    ],
)
def test_wrong_input_is_refused(make, message):
    with pytest.raises(dh.InvalidInput, match=message):
        make()
