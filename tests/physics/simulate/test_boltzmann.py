"""Each dynamics reproduces the exact Boltzmann distribution; wrong kernels are found out.

Chains are thinned by the measured autocorrelation time, so counts are independent and the chi-square test has its
nominal false-alarm rate: 1e-4 for each right kernel. A wrong kernel must fail by far: p < 1e-9.
"""

import dataclasses
import math

import numpy as np
import pytest

import densehop as dh
from densehop.errors import InternalError
from densehop.kernels import couplings as couplings_kernel
from densehop.kernels import in_step, sweeps
from densehop.kernels import patterns as patterns_kernel
from densehop.simulate.representations.couplings import CoupledChains
from densehop.simulate.representations.patterns import PatternChains
from tests import goodness, naive

FALSE_ALARM, CAUGHT = 1e-4, 1e-9


def sampled(net, temperature, n_sweeps, **options):
    """Return four chains with all their states."""
    return net.sample(temperature, n_chains=4, n_sweeps=n_sweeps, snapshot_every=1, **options)


def thinning(run):
    """Return two autocorrelation times of the slowest of energy and spins, in sweeps."""
    spins = run.snapshots.astype(float)
    series = [run.energy, *(spins[:, :, site] for site in range(spins.shape[2]))]
    return math.ceil(2 * max(dh.diagnostics.autocorrelation_time(values) for values in series))


def p_value(net, temperature, run, thin):
    """Return the p-value of thinned states against enumeration."""
    states = run.snapshots[:, 10 * thin :: thin].reshape(-1, net.n_spins)
    assert len(states) > 4 * 190
    observed = np.bincount(naive.codes_of(states), minlength=2**net.n_spins)
    exact = naive.boltzmann(net.patterns, net.p, temperature, net.interaction, net.sharpness or 1.0)
    result = goodness.p_value(observed, exact)
    print(f"{net}: thinned by {thin} sweeps, {len(states)} states, p-value {result:.2g}")
    return result


def chi_square(net, temperature, n_sweeps, thin, **options):
    """Return the p-value of a run, thinned by a number of sweeps."""
    return p_value(net, temperature, sampled(net, temperature, n_sweeps, **options), thin)


def passes(net, temperature, n_sweeps, **options):
    run = sampled(net, temperature, n_sweeps, **options)
    return p_value(net, temperature, run, thinning(run)) > FALSE_ALARM


def network(p, n_spins=7, n_patterns=6, interaction="strict"):
    patterns = np.random.default_rng(10 * p + n_spins).choice([-1, 1], (n_patterns, n_spins))
    return dh.PBodyHopfield(patterns, p=p, interaction=interaction)


TEMPERATURE = {2: 2.5, 3: 2.0, 4: 1.2}


@pytest.mark.parametrize("p", [2, 3, 4])
@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("representation", ["patterns", "couplings"])
def test_exact_distribution(p, dynamics, order, representation):
    options = {"dynamics": dynamics, "order": order, "representation": representation}
    assert passes(network(p), TEMPERATURE[p], 40_000, **options)


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize(
    ("interaction", "p", "representation"),
    [
        ("power", 2, "patterns"),
        ("power", 2, "couplings"),
        ("power", 3, "patterns"),
        ("power", 3, "couplings"),
        ("power", 4, "auto"),
        ("power", 5, "auto"),
        ("power", 6, "auto"),
        ("strict", 5, "auto"),
        ("rectified", 3, "auto"),
        ("rectified", 6, "auto"),
    ],
)
def test_exact_distribution_of_other_energies(interaction, p, representation, dynamics, order):
    net = network(p, n_spins=6, interaction=interaction)
    assert passes(net, 2.5, 20_000, dynamics=dynamics, order=order, representation=representation)


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("sharpness", [0.3, 2.0])
def test_exact_distribution_of_the_exponential(sharpness, dynamics, order):
    patterns = network(3, n_spins=6).patterns
    net = dh.PBodyHopfield(patterns, interaction="exponential", sharpness=sharpness)
    assert passes(net, 2.0, 20_000, dynamics=dynamics, order=order)


def test_weights_of_the_wrong_side_are_caught():
    """A flip away from a pattern that is counted as one towards it."""
    net = dh.PBodyHopfield(network(3, n_spins=6).patterns, interaction="exponential")
    net.table = dataclasses.replace(net.table, weights=1 / net.table.weights)
    assert chi_square(net, 2.0, 20_000, 4) < CAUGHT


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
def test_exact_distribution_of_twelve_spins(dynamics):
    assert passes(network(3, n_spins=12, n_patterns=20), 2.5, 40_000, dynamics=dynamics, seed=1)


def test_exact_distribution_given_teacher_examples():
    _, examples = dh.draw_examples(10, 60, 3, 3.0, seed=2)
    assert passes(dh.PBodyHopfield(examples, p=3), 3.0, 40_000, seed=2)


@pytest.mark.parametrize("p", [2, 3, 4])
@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
def test_wrong_sign_of_the_correction_is_caught(p, dynamics, monkeypatch):
    """The term xi_i sum_a odd[c_a] takes the site's own spin out of the overlaps; with the wrong sign it stays in."""
    thin = thinning(sampled(network(p), TEMPERATURE[p], 40_000, dynamics=dynamics))
    net = network(p)
    net.table = dataclasses.replace(net.table, odd=-net.table.odd)
    with pytest.raises(InternalError, match="is not that of its state"):
        net.sample(TEMPERATURE[p], 4, 40_000, dynamics=dynamics, representation="patterns")
    monkeypatch.setattr(PatternChains, "check", lambda _self: None)
    assert chi_square(net, TEMPERATURE[p], 40_000, thin, dynamics=dynamics, representation="patterns") < CAUGHT


@pytest.mark.parametrize("p", [2, 3, 4])
def test_wrong_acceptance_is_caught(p):
    """A flip costs 2 xi_i h_i; without the factor 2 the rule is that of twice the temperature."""
    thin = thinning(sampled(network(p), TEMPERATURE[p], 40_000))
    net = network(p)
    net.table = dataclasses.replace(net.table, scale=net.table.scale / 2)
    assert chi_square(net, TEMPERATURE[p], 40_000, thin) < CAUGHT


@pytest.mark.parametrize("p", [2, 3, 4])
def test_stale_overlaps_are_caught(p, monkeypatch):
    """A kernel that forgets to update one pattern's overlap after a flip; uncompiled, its control passes.

    At p = 2 and 3 the four chains go in step, at p = 4 one after the other.
    """
    whole_flip, loops = sweeps.flip, in_step if p < 4 else sweeps

    def forgetful_flip(patterns, chain, site, cost):
        before = chain.overlaps[0], chain.amplitudes[:1].copy()
        whole_flip(patterns, chain, site, cost)
        chain.overlaps[0], chain.amplitudes[:1] = before

    net = network(p, n_spins=5, n_patterns=4)
    thin = thinning(sampled(net, TEMPERATURE[p], 1_500))
    options = {"n_workers": 1, "representation": "patterns"}
    monkeypatch.setattr(loops, "chain_of", patterns_kernel._chain_of)
    for name in ("record_of", "run_sweeps", *(("find_costs",) if loops is in_step else ())):
        monkeypatch.setattr(loops, name, getattr(loops, name).py_func)
    monkeypatch.setattr("densehop.simulate.representations.patterns.run_sweeps", sweeps.run_sweeps)
    assert chi_square(net, TEMPERATURE[p], 1_500, thin, **options) > FALSE_ALARM
    monkeypatch.setattr(loops, "flip", forgetful_flip)
    with pytest.raises(InternalError, match="is not that of its state"):
        net.sample(TEMPERATURE[p], 4, 100, **options)
    monkeypatch.setattr(PatternChains, "check", lambda _self: None)
    assert chi_square(net, TEMPERATURE[p], 1_500, thin, **options) < CAUGHT


@pytest.mark.parametrize("p", [3, 4])
def test_stale_weights_are_caught(p, monkeypatch):
    """Couplings whose weights are not brought up to date after a flip; uncompiled, their control passes."""
    net = network(p, n_spins=5, n_patterns=4)
    thin = thinning(sampled(net, TEMPERATURE[p], 1_500))
    options = {"n_workers": 1, "representation": "couplings"}
    for name in ("run_sweeps", "flip_all", "record_of"):
        monkeypatch.setattr(couplings_kernel, name, getattr(couplings_kernel, name).py_func)
    assert chi_square(net, TEMPERATURE[p], 1_500, thin, **options) > FALSE_ALARM
    monkeypatch.setattr(couplings_kernel, "flip_weights", lambda *_arguments: None)
    with pytest.raises(InternalError, match="is not that of its state"):
        net.sample(TEMPERATURE[p], 4, 100, **options)
    monkeypatch.setattr(CoupledChains, "check", lambda _self: None)
    assert chi_square(net, TEMPERATURE[p], 1_500, thin, **options) < CAUGHT
