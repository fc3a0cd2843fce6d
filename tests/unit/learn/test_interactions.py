"""Power, rectified and exponential energies: definitions, fields, T = 0 dynamics, limits."""

import numpy as np
import pytest

import densehop as dh
from tests import naive

CASES = [("power", 2), ("power", 3), ("power", 4), ("power", 7), ("rectified", 2), ("rectified", 5), ("rectified", 30)]


def signs(n_patterns, n_spins, seed=0):
    return np.random.default_rng(seed).choice(np.array([-1, 1], dtype=np.int8), (n_patterns, n_spins))


def networks(n_patterns=6, n_spins=9):
    patterns = signs(n_patterns, n_spins)
    yield from (dh.PBodyHopfield(patterns, p, interaction) for interaction, p in CASES)
    yield from (
        dh.PBodyHopfield(patterns, interaction="exponential", sharpness=sharpness) for sharpness in (0.01, 1.0, 250.0)
    )


def energy(net, state):
    return naive.interaction_energy(state, net.patterns, net.interaction, net.p, net.sharpness or 1.0)


def flipped(state, site):
    result = state.copy()
    result[site] *= -1
    return result


def test_energies_and_fields_are_those_of_the_definition():
    states = np.concatenate([signs(5, 9, seed=1), signs(6, 9)])
    for net in networks():
        energies, fields = net.energy(states), net.local_fields(states)
        for state, found, field in zip(states, energies, fields, strict=True):
            assert found == pytest.approx(energy(net, state), rel=1e-12)
            costs = [energy(net, flipped(state, site)) - found for site in range(9)]
            assert 2 * state * field == pytest.approx(np.array(costs), abs=1e-11 * (1 + abs(found)))


def test_records_hold_the_energy_of_the_state():
    for net in networks(n_patterns=70, n_spins=20):
        run = net.sample(2.0, 3, 15, snapshot_every=1)
        assert run.energy.ravel() == pytest.approx(net.energy(run.snapshots.reshape(-1, 20)), rel=1e-12)


@pytest.mark.parametrize("p", [2, 3])
def test_power_energy_runs_on_couplings_with_the_same_bits(p):
    net = dh.PBodyHopfield(signs(80, 24), p, "power")
    runs = [net.sample(1.5, 3, 60, representation=name, snapshot_every=1) for name in ("patterns", "couplings", "auto")]
    assert all(np.array_equal(run.snapshots, runs[0].snapshots) for run in runs)
    assert all(np.array_equal(run.energy, runs[0].energy) for run in runs)


def test_identities_of_the_power_energy():
    """At p = 2 it is the strict one plus a constant, at p = 3 plus the field (3 N - 2) k/N^2."""
    patterns, states = signs(30, 16), signs(10, 16, seed=1)
    strict, power = (dh.PBodyHopfield(patterns, 2, name).energy(states) for name in ("strict", "power"))
    assert power == pytest.approx(strict - 30, rel=1e-13)
    strict, power = (dh.PBodyHopfield(patterns, 3, name).energy(states) for name in ("strict", "power"))
    field = (3 * 16 - 2) / 16**2 * (states.astype(int) @ patterns.T.astype(int)).sum(axis=1)
    assert power == pytest.approx(strict - field, rel=1e-12)


def test_sharp_exponential_counts_the_nearest_memory():
    net = dh.PBodyHopfield(signs(40, 200), interaction="exponential", sharpness=300.0)
    states = signs(20, 200, seed=3)
    assert net.energy(states) == pytest.approx(-(states.astype(int) @ net.patterns.T.astype(int)).max(axis=1), abs=0.02)


def test_relaxation_ends_where_no_flip_lowers_the_energy():
    states = signs(20, 60, seed=5)
    for net in networks(n_patterns=50, n_spins=60):
        ends = net.relax(states)
        assert (ends * net.local_fields(ends) >= 0).all()
        again = net.retrieve(ends)
        assert (again.states == ends).all()
        assert again.converged.all()
        assert (again.n_steps == 0).all()


def test_high_powers_and_sharp_exponentials_store_more():
    """200 memories of 60 spins, 10% of the spins wrong: beyond p = 2, no matter for the dense energies."""
    patterns = signs(200, 60)
    corrupted = dh.simulate.corrupted(patterns[:40], 0.1, seed=1)
    right = {
        name: (net.retrieve(corrupted).states == patterns[:40]).mean()
        for name, net in {
            "p = 2": dh.PBodyHopfield(patterns, 2),
            "rectified, p = 20": dh.PBodyHopfield(patterns, 20, "rectified"),
            "exponential": dh.PBodyHopfield(patterns, interaction="exponential"),
        }.items()
    }
    print(right)
    assert right["p = 2"] < 0.85
    assert min(right["rectified, p = 20"], right["exponential"]) > 0.99


def test_opposite_states_differ_where_the_energy_is_not_symmetric():
    state = signs(1, 9, seed=2)[0]
    for net in networks():
        assert net.symmetric == (net.interaction == "power" and net.p % 2 == 0)
        assert net.symmetric == (net.energy(state) == pytest.approx(net.energy(-state), rel=1e-12))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": 3, "interaction": "cubic"}, "interaction must be one of 'strict', 'power', 'rectified', 'exponential'"),
        ({"p": 3, "interaction": "exponential"}, "'exponential' has a sharpness, not a p, got p = 3"),
        ({"p": 3, "sharpness": 1.0}, "sharpness is for interaction='exponential'; 'strict' has none"),
        ({"interaction": "power"}, "p must be an integer from 2 to 9, got None"),
        ({"interaction": "rectified", "p": 1}, "p must be an integer >= 2, got 1"),
        ({"interaction": "exponential", "sharpness": 0.0}, "sharpness must be a finite positive number, got 0"),
        ({"interaction": "exponential", "sharpness": 301}, "sharpness must be from 1e-06 to 300, got 301"),
    ],
)
def test_wrong_interactions_are_refused(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.PBodyHopfield(signs(6, 9), **arguments)


def test_power_that_overflows_names_the_way_out():
    with pytest.raises(dh.InvalidInput, match=r"p = 9 with 200 spins overflows .* or interaction='rectified'"):
        dh.PBodyHopfield(signs(6, 200), 9, "power")
    with pytest.raises(dh.InvalidInput, match="has no power energy with p = 4"):
        dh.PBodyHopfield(signs(6, 20), 4, "power").sample(1.0, representation="couplings")
    with pytest.raises(dh.InvalidInput, match="has no rectified or exponential energy"):
        dh.PBodyHopfield(signs(6, 20), 4, "rectified").sample(1.0, representation="couplings")


def test_temperature_may_change_from_sweep_to_sweep():
    net = dh.PBodyHopfield(signs(60, 40), 3)
    schedule = dh.simulate.annealing(4.0, 0.2, 300)
    assert (schedule[0], schedule[-1], len(schedule)) == (4.0, pytest.approx(0.2), 300)
    assert np.allclose(np.diff(np.log(schedule)), np.log(schedule[1] / schedule[0]))
    annealed, quenched = net.sample(schedule, 16, seed=1), net.sample(0.2, 16, 300, seed=1)
    assert annealed.energy.shape == (16, 300)
    assert annealed.energy[:, -1].mean() < quenched.energy[:, -1].mean() - 1
    constant = net.sample(np.full(20, 1.5), 2, seed=3)
    assert np.array_equal(constant.energy, net.sample(1.5, 2, 20, seed=3).energy)
    assert dh.simulate.annealing(2.0, 0.0, 5, law="linear").tolist() == [2.0, 1.5, 1.0, 0.5, 0.0]
    for arguments, message in (
        (([1.0, 2.0], 1, 3), "one for each sweep: got 2 for 3 sweeps"),
        (([1.0, -2.0],), "temperature must be a finite number >= 0, got -2"),
        (([[1.0]],), r"temperature must be real numbers of shape \(sweep,\)"),
    ):
        with pytest.raises(dh.InvalidInput, match=message):
            net.sample(*arguments)
    with pytest.raises(dh.InvalidInput, match="coldest must be below hottest = 1, got 2"):
        dh.simulate.annealing(1.0, 2.0, 10)
