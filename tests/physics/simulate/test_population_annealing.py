"""Population annealing against enumeration: weighted populations are unbiased samples, and their errors cover.

Of each population, (its Z)/Z times its share of replicas in a group of states has the Boltzmann probability of the
group as its exact mean, at any number of replicas and sweeps. Populations are independent: Hotelling's test judges all
groups at once; a wrong resampling must fail it by far.
"""

import itertools
import warnings

import numpy as np
import pytest
from scipy.stats import f as fisher

import densehop as dh
from densehop.errors import InvalidInput
from densehop.simulate import population, resampling
from densehop.simulate.annealed import judge, log_mean_and_error
from tests import naive

FALSE_ALARM, CAUGHT = 1e-4, 1e-9
N_SPINS, N_GROUPS, N_POPULATIONS = 6, 12, 480
TEMPERATURES = [1.0, 1.5, 2.5, 6.0]


def patterns_of(seed=0, n_patterns=8, n_spins=N_SPINS):
    return np.random.default_rng(seed).choice([-1, 1], (n_patterns, n_spins))


def all_energies(net):
    """Return the energies of all states, in the order of `naive.codes_of`."""
    states = np.array(list(itertools.product([-1, 1], repeat=net.n_spins)))
    energies = np.empty(len(states))
    energies[naive.codes_of(states)] = net.energy(states)
    return energies


def exact_log_z(energies, temperature):
    lowest = energies.min()
    return float(np.log(np.exp(-(energies - lowest) / temperature).sum()) - lowest / temperature)


@pytest.fixture(scope="module")
def net():
    return dh.PBodyHopfield(patterns_of(), 3)


def small_populations(net, **options):
    return net.anneal_population(TEMPERATURES, n_replicas=6, n_populations=N_POPULATIONS, n_sweeps=1, seed=2, **options)


@pytest.fixture(scope="module")
def run(net):
    with pytest.warns(RuntimeWarning, match="descend from"):
        return small_populations(net)


def p_value(net, run):
    """Return the p-value of Hotelling's test of the weighted shares of groups of states."""
    energies, temperature = all_energies(net), TEMPERATURES[0]
    log_z = exact_log_z(energies, temperature)
    probability = np.exp(-energies / temperature - log_z)
    order = np.random.default_rng(0).permutation(len(energies))
    group = np.empty(len(energies), dtype=int)
    group[order] = np.arange(len(energies)) % N_GROUPS
    codes = naive.codes_of(run.spins.reshape(-1, N_SPINS)).reshape(len(run.spins), -1)
    shares = np.array([np.bincount(group[own], minlength=N_GROUPS) for own in codes]) / codes.shape[1]
    excess = np.exp(run.log_z[:, :1] - log_z) * shares - np.bincount(group, probability)
    n = len(excess)
    mean, covariance = excess.mean(axis=0), np.cov(excess.T)
    square = n * mean @ np.linalg.solve(covariance, mean)
    return float(fisher.sf(square * (n - N_GROUPS) / (N_GROUPS * (n - 1)), N_GROUPS, n - N_GROUPS))


def test_weighted_populations_have_the_boltzmann_law(net, run):
    assert p_value(net, run) > FALSE_ALARM


@pytest.mark.parametrize("wrong", ["no weights", "weights of the wrong sign", "the best replica only"])
def test_a_wrong_resampling_is_found_out(net, monkeypatch, wrong):
    def parents(weights, uniform):
        if wrong == "no weights":
            return np.arange(len(weights))
        if wrong == "weights of the wrong sign":
            return resampling.parents(1 / weights / np.mean(1 / weights), uniform)
        return np.full(len(weights), np.argmax(weights))

    monkeypatch.setattr(population, "parents", parents)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert p_value(net, small_populations(net)) < CAUGHT


def test_the_mean_of_z_is_exact_with_few_replicas_and_its_logarithm_is_not(net, run):
    """Each Z is unbiased at 6 replicas and one sweep; log Z of one population lies about half its variance lower."""
    exact = np.array([exact_log_z(all_energies(net), t) for t in TEMPERATURES])
    ratio = np.exp(run.log_z - exact)
    error = ratio.std(axis=0, ddof=1) / np.sqrt(N_POPULATIONS)
    assert (np.abs(ratio.mean(axis=0) - 1) < 4 * error).all()
    assert (error < 0.03).all()
    logs = run.log_z[:, 0] - exact[0]
    bias, spread = logs.mean(), logs.std(ddof=1)
    assert bias < -3 * spread / np.sqrt(N_POPULATIONS)
    assert bias == pytest.approx(-(spread**2) / 2, abs=3 * spread / np.sqrt(N_POPULATIONS))


def test_errors_cover(net, run):
    """Groups of eight populations: the interval of one error holds log Z at its nominal rate, within 3 deviations."""
    exact = np.array([exact_log_z(all_energies(net), t) for t in TEMPERATURES])
    groups = [log_mean_and_error(run.log_z[first : first + 8]) for first in range(0, N_POPULATIONS, 8)]
    held = np.array([np.abs(mean - exact) < error for mean, error in groups])
    assert abs(held.mean() - 0.683) < 3 * np.sqrt(0.683 * 0.317 / len(groups))


def networks():
    patterns = patterns_of(3, 12, 8)
    table = dh.energies.overlap_table(np.arange(-8, 9, 2) ** 2, 0.1, 2)
    yield dh.PBodyHopfield(patterns, 2)
    yield dh.PBodyHopfield(patterns, 4)
    yield dh.PBodyHopfield(patterns, 3, "power")
    yield dh.PBodyHopfield(patterns, 3, "rectified")
    yield dh.PBodyHopfield(patterns, interaction="exponential", sharpness=0.7)
    yield dh.PBodyHopfield.from_table(patterns, table)
    yield dh.CouplingNetwork(8, dh.energies.gaussian_couplings(8, 3, seed=0), field=np.linspace(-1, 1, 8))


@pytest.mark.parametrize("net", list(networks()), ids=lambda net: net.interaction + str(net.p))
def test_every_energy(net):
    """Free entropies, energies and overlaps are those of enumeration within their errors, at all temperatures."""
    energies, states = all_energies(net), naive.all_states(8)
    scale = float(energies.std())
    temperatures = scale * np.array([0.8, 1.1, 1.6, 3.0])
    reference = np.where(np.arange(8) < 5, 1, -1)
    run = net.anneal_population(temperatures, 400, 12, 8, references=reference, seed=2)
    overlap = states @ reference / 8
    overlap = np.abs(overlap) if net.symmetric else overlap
    for index, temperature in enumerate(temperatures):
        weights = np.exp(-net.energy(states) / temperature - exact_log_z(energies, temperature))
        phi = exact_log_z(energies, temperature) / 8
        for mean, error, exact in (
            (run.free_entropy, run.free_entropy_error, phi),
            (run.energy, run.energy_error, weights @ net.energy(states)),
            (run.overlap[:, 0], run.overlap_error[:, 0], weights @ overlap),
        ):
            assert abs(mean[index] - exact) < 5 * error[index]
    assert run.verdict == "equilibrated"


def test_bits_depend_neither_on_threads_nor_on_the_representation():
    net = dh.PBodyHopfield(patterns_of(1, 40, 12), 3)
    for order in ("sequential", "random"):
        options = {"n_replicas": 300, "n_populations": 2, "n_sweeps": 2, "references": net.patterns[:1], "order": order}
        first = net.anneal_population(3.0, **options, n_workers=1, representation="patterns")
        for n_workers, representation in ((3, "patterns"), (2, "couplings"), (1, "auto")):
            other = net.anneal_population(3.0, **options, n_workers=n_workers, representation=representation)
            for name in ("temperatures", "log_z", "spins", "ancestors", "energy", "overlap", "families", "acceptance"):
                assert np.array_equal(getattr(first, name), getattr(other, name)), (name, representation)
    assert not np.array_equal(first.spins, net.anneal_population(3.0, **options, seed=1).spins)


def test_the_schedule_replaces_the_share_that_was_asked_for():
    net = dh.PBodyHopfield(patterns_of(1, 40, 12), 3)
    few = net.anneal_population(3.0, 500, 2, culling=0.2)
    many = net.anneal_population(3.0, 500, 2, culling=0.05)
    assert few.temperatures[0] == many.temperatures[0] == 3.0
    assert 3 < len(many.temperatures) / len(few.temperatures) < 5
    for run, share in ((few, 0.2), (many, 0.05)):
        assert (np.diff(run.temperatures) > 0).all()
        assert np.abs(run.culled[:, 1:] - share).max() < 0.35 * share


def test_families_shrink_and_name_their_ancestors():
    net = dh.PBodyHopfield(patterns_of(1, 40, 12), 3)
    run = net.anneal_population(4.0, 300, 2, 2)
    assert (np.diff(run.families, axis=1) > 0).all()  # temperatures rise
    assert (run.families <= 300).all()
    shares = np.bincount(run.ancestors[0], minlength=300) / 300
    assert run.families[0, 0] == pytest.approx(1 / (shares**2).sum())
    assert (np.diff(run.ancestors, axis=1) >= 0).all()
    assert run.spins.shape == (2, 300, 12)
    assert run.settings.temperature == 4.0


def test_verdicts():
    net = dh.PBodyHopfield(patterns_of(1, 40, 12), 3)
    good = net.anneal_population(4.0, 1000, 4)
    assert good.verdict == "equilibrated"
    assert not good.advice
    assert good.degrees_of_freedom == 3
    low, high = good.interval(0.95)
    assert high - good.free_entropy == pytest.approx(good.free_entropy_error * 2.659, rel=1e-3)  # 3.182/1.197
    assert np.allclose(low + high, 2 * good.free_entropy)
    with pytest.warns(RuntimeWarning, match="descend from .* of 40 at infinite temperature, 100 are needed"):
        assert net.anneal_population(4.0, 40, 2).verdict == "too few families"
    verdict, advice = judge(np.array([[40.0], [42.0], [44.0]]), np.full((3, 1), 200.0), 500)
    assert verdict == "populations disagree"
    assert advice.startswith("log Z scatters by 2 between populations")
    assert "use 4 times as many n_replicas" in advice
    one = net.anneal_population(4.0, 1000, 1)
    assert np.isnan(one.free_entropy_error).all()
    assert np.isnan(one.interval()[0]).all()


def test_resampling_is_unbiased_and_keeps_the_size():
    weights = np.random.default_rng(0).exponential(1.0, 7)
    weights /= weights.mean()
    grid = (np.arange(5000) + 0.5) / 5000
    copies = np.array([np.bincount(resampling.parents(weights, u), minlength=7) for u in grid])
    assert (copies.sum(axis=1) == 7).all()
    assert np.abs(copies - weights).max() < 1
    assert copies.mean(axis=0) == pytest.approx(weights, abs=1e-3)


def test_progress_and_wrong_input():
    net = dh.PBodyHopfield(patterns_of(), 3)
    done = []
    net.anneal_population([4.0, 8.0], 150, 2, 3, progress=done.append)
    assert sum(done) == 2 * 150 * 2 * 3
    for options, message in (
        ({"temperatures": 0.0}, "temperatures must be a finite positive number"),
        ({"temperatures": [3.0, 2.0]}, "temperatures must be at least 2, positive and rising"),
        ({"temperatures": 2.0, "n_replicas": 1}, "n_replicas must be an integer >= 2"),
        ({"temperatures": 2.0, "n_populations": 0}, "n_populations must be an integer >= 1"),
        ({"temperatures": 2.0, "culling": 0.9}, "culling must be a number from 0.001 to 0.5"),
        ({"temperatures": 2.0, "n_sweeps": 0}, "n_sweeps must be an integer >= 1"),
        ({"temperatures": 2.0, "references": np.ones(5)}, "references must"),
        ({"temperatures": 2.0, "dynamics": "wolff"}, "dynamics must"),
    ):
        with pytest.raises(InvalidInput, match=message):
            net.anneal_population(**options)
