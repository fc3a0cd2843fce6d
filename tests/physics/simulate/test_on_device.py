"""Chains on a device reproduce the exact Boltzmann distribution, on their own, whatever the kernels do."""

import importlib.util

import numpy as np
import pytest

import densehop as dh
from tests import goodness, naive

FALSE_ALARM = 1e-4
THINNED = 16  # sweeps, several autocorrelation times


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.parametrize(
    ("representation", "dynamics", "order"),
    [("couplings", "heat-bath", "sequential"), ("patterns", "metropolis", "random")],
)
def test_exact_distribution(representation, dynamics, order):
    net = dh.PBodyHopfield(np.random.default_rng(37).choice([-1, 1], (6, 8)), 3)
    run = net.sample(
        2.0, 200, 800, seed=1, snapshot_every=THINNED, device="accelerator",
        representation=representation, dynamics=dynamics, order=order,
    )  # fmt: skip
    time = dh.diagnostics.autocorrelation_time(run.energy)
    assert time < THINNED / 4
    states = run.snapshots[:, 3:].reshape(-1, 8)
    observed = np.bincount(naive.codes_of(states), minlength=2**8)
    p_value = goodness.p_value(observed, naive.boltzmann(net.patterns, 3, 2.0))
    print(f"autocorrelation {time:.2f} sweeps, {len(states)} states, p-value {p_value:.2g}")
    assert p_value > FALSE_ALARM
