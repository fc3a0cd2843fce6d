"""Energies of weights in floating point on a device: the bits of the kernels, though sums are made in another order.

Shapes as in `test_same_bits.py`, and one layout for all numbers of patterns from 33 to 64: JAX compiles anew for each.
"""

import importlib.util

import numpy as np
import pytest

import densehop as dh
from densehop.errors import InvalidInput
from densehop.kernels import sweeps
from densehop.simulate.representations.device import weight_law
from densehop.simulate.representations.device_chains import DeviceChains
from tests.unit.accelerator.test_same_bits import N_SPINS, require_same

if importlib.util.find_spec("jax") is None:
    pytest.skip("JAX is not installed", allow_module_level=True)

import jax
import jax.numpy as jnp

from densehop.accelerator import backend, ordered, placed, weights
from densehop.accelerator.patterns import signs_differ

ENERGIES = {
    "rectified": {"p": 3},
    "steep": {"p": 30},
    "exponential": {"sharpness": 0.3},
    "found anew at each flip": {"sharpness": 60.0},
    "looked up": {"sharpness": 150.0},
}


def network(energy, n_patterns=43, seed=1):
    rng = np.random.default_rng(seed)
    interaction = "exponential" if "sharpness" in ENERGIES[energy] else "rectified"
    patterns = rng.choice([-1, 1], (n_patterns, N_SPINS))
    return dh.PBodyHopfield(patterns, interaction=interaction, **ENERGIES[energy])


@pytest.mark.parametrize("energy", ENERGIES)
def test_spins_and_energies_are_those_of_the_kernels(energy):
    net = network(energy)
    for temperature in (0.0, 1.5, np.linspace(9.0, 0.0, 9)):
        require_same(net, temperature)
    require_same(network(energy, 64), 0.7)


@pytest.fixture
def run_again(monkeypatch):
    """Count the chains that the kernels run again."""
    numbers, right = [], DeviceChains._run_again

    def counted(self, chains, *others):
        numbers.append(len(chains))
        right(self, chains, *others)

    monkeypatch.setattr(DeviceChains, "_run_again", counted)
    return numbers


@pytest.mark.parametrize("energy", ["rectified", "exponential"])
def test_decisions_within_the_bound_are_left_to_the_kernels(energy, monkeypatch, run_again):
    """As if sums were 10^12 times less exact."""
    right = weights.Errors.of

    def large(*arguments):
        errors = right(*arguments)
        return errors._replace(apart=tuple(1e12 * value for value in errors.apart))

    monkeypatch.setattr(weights.Errors, "of", large)
    require_same(network(energy), 1.5)
    assert run_again


def test_ordinary_decisions_are_made_on_the_device(run_again):
    for energy in ("rectified", "exponential"):
        require_same(network(energy), 1.5)
    assert not run_again


@pytest.mark.parametrize("energy", ["rectified", "steep", "exponential"])
@pytest.mark.parametrize("n_patterns", [43, 2_000])
def test_costs_of_the_kernels_lie_within_the_bound(energy, n_patterns):
    """At states that were reached flip by flip, so that multiplied weights have been rounded often."""
    net, rng = network(energy, n_patterns), np.random.default_rng(5)
    host, states = net._model, rng.choice(np.array([-1, 1], np.int8), (1, N_SPINS))
    chains = host.start(states, False, 1)
    chain = type(chains.arrays)(*(part[0] for part in chains.arrays))
    law = placed.WeightLaw(*weight_law(host))
    shared = placed.on_weights(host.bits.view(np.uint8), n_patterns, law).shared
    furthest = 0.0
    for _ in range(10):
        expected = [sweeps.flip_cost(chains.energy, chain, site) for site in range(N_SPINS)]
        turned = int(chain.totals[2]) if law.multiplied else 0
        costs, errors = costs_of_all_sites(shared, chain.states, turned)
        apart = np.abs(costs - expected)
        furthest = max(furthest, apart.max())
        assert (apart <= errors).all()
        assert errors.max() < 4e-16 * (n_patterns + 500) * max(10.0, abs(net.energy(chain.states)))
        site = int(rng.integers(N_SPINS))
        sweeps.flip(chains.energy, chain, site, expected[site])
    assert furthest > 0  # else nothing was compared


@backend.in_wide_numbers
def costs_of_all_sites(shared, state, turned):
    """Return costs and their errors (N,), as `weights.sweep` finds them."""
    return tuple(np.asarray(part) for part in _costs(shared, state, turned))


@jax.jit
def _costs(shared, state, turned):
    counts = jnp.tile(weights.begin(shared, state[:, jnp.newaxis]).kept, (N_SPINS, 1))
    exists = jnp.arange(counts.shape[1]) < shared.n_patterns
    return weights._cost(shared, turned, *weights._sums(shared, counts, exists, signs_differ(shared.bits, state)))


def test_another_order_of_the_sums_would_show(monkeypatch):
    """What is recorded is not the sum in any order."""
    right = ordered.sums_in_turn
    net = network("rectified")
    require_same(net, 1.5)

    def backwards(shared, states):
        later = jnp.flip(shared.bits[:, :8], axis=1)
        return right(shared._replace(bits=later, n_patterns=jnp.asarray(64)), states)

    monkeypatch.setattr(ordered, "sums_in_turn", backwards)
    with pytest.raises(AssertionError, match="energy"):
        require_same(network("rectified", 64), 1.5)


def test_weights_that_devices_round_to_nothing_are_refused():
    net = dh.PBodyHopfield(np.ones((2, N_SPINS)), 1_000, "rectified")
    with pytest.raises(InvalidInput, match=r"p = 1000 at 20 spins has smaller ones.*use device='cpu'"):
        net.sample(1.0, n_sweeps=2, device="accelerator")
    assert dh.PBodyHopfield(np.ones((2, N_SPINS)), 200, "rectified").sample(1.0, n_sweeps=2, device="cpu").p == 200
