"""Chains on a device reproduce the exact Boltzmann distribution, on their own, and wrong kernels are found out."""

import importlib.util

import numpy as np
import pytest

import densehop as dh
from densehop.simulate.representations.device_chains import DeviceChains
from tests import goodness, naive

if importlib.util.find_spec("jax") is None:
    pytest.skip("JAX is not installed", allow_module_level=True)

from densehop.accelerator import build, placed

FALSE_ALARM, CAUGHT = 1e-4, 1e-9
THINNED = 16  # sweeps, several autocorrelation times
PATTERNS = np.random.default_rng(37).choice([-1, 1], (6, 8))
COUPLINGS = dh.PBodyHopfield(PATTERNS, 3), 2.0, {"representation": "couplings"}
INTEGERS = dh.PBodyHopfield(PATTERNS, 3), 2.0, {"dynamics": "metropolis", "order": "random"}
RECTIFIED = dh.PBodyHopfield(PATTERNS, 3, "rectified"), 3.0, {"dynamics": "metropolis"}
EXPONENTIAL = dh.PBodyHopfield(PATTERNS, interaction="exponential", sharpness=0.4), 3.0, {"order": "random"}


def sampled(network, temperature, options):
    """Return many short chains."""
    options = {"representation": "patterns", **options}
    return network.sample(temperature, 100, 1_600, seed=1, snapshot_every=THINNED, device="accelerator", **options)


def p_value(run, network, temperature):
    """Return the p-value of their states against enumeration."""
    states = run.snapshots[:, 3:].reshape(-1, 8)
    observed = np.bincount(naive.codes_of(states), minlength=2**8)
    exact = naive.boltzmann(PATTERNS, network.p, temperature, network.interaction, network.sharpness or 1.0)
    result = goodness.p_value(observed, exact)
    print(f"{network}: {len(states)} states, p-value {result:.2g}")
    return result


@pytest.mark.parametrize("case", [COUPLINGS, INTEGERS, RECTIFIED, EXPONENTIAL], ids=["J", "table", "rect", "exp"])
def test_exact_distribution(case):
    run = sampled(*case)
    assert dh.diagnostics.autocorrelation_time(run.energy) < THINNED / 4
    assert p_value(run, *case[:2]) > FALSE_ALARM


def test_flips_that_the_rest_of_a_block_does_not_see_are_found_out(monkeypatch):
    """Nothing else would tell: the check of energies, which does, is left out."""
    right = build._within_blocks
    monkeypatch.setattr(build, "_within_blocks", lambda *arguments: 0 * right(*arguments))
    monkeypatch.setattr(DeviceChains, "check", lambda _self: None)
    network, temperature, options = dh.PBodyHopfield(PATTERNS, 3), *COUPLINGS[1:]
    assert p_value(sampled(network, temperature, options), network, temperature) < CAUGHT


def test_weights_of_the_wrong_neighbour_are_found_out(monkeypatch):
    """A flip away from a pattern costs what two would."""
    right = placed.on_weights

    def wrong(bits, n_patterns, law):
        further = np.append(law.after[1, 1:], 0.0)
        return right(bits, n_patterns, law._replace(after=np.stack((law.after[0], further))))

    monkeypatch.setattr(placed, "on_weights", wrong)
    network, temperature, options = dh.PBodyHopfield(PATTERNS, 3, "rectified"), *RECTIFIED[1:]
    assert p_value(sampled(network, temperature, options), network, temperature) < CAUGHT
