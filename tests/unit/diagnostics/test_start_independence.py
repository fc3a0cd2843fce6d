import math

import numpy as np
import pytest
from scipy.signal import lfilter

import densehop as dh
from densehop.diagnostics import start_comparison as module
from densehop.simulate.samples import Samples
from densehop.simulate.settings import Settings

MEMORY, TIME = 0.8, 9  # an autoregressive process and its autocorrelation time
N_SPINS = 10


def autoregressive(rng, n_chains, n_sweeps):
    """Return stationary chains of variance 1 and autocorrelation time 9."""
    noise = rng.normal(size=(n_chains, n_sweeps)) * math.sqrt(1 - MEMORY**2)
    noise[:, 0] /= math.sqrt(1 - MEMORY**2)
    return lfilter([1], [1, -MEMORY], noise, axis=1)


def run_of(energy, overlap, seed, p=3):
    """Return Samples whose energy per spin and overlap are given, (chain, sweep) each."""
    n_chains, n_sweeps = energy.shape
    return Samples(
        spins=np.ones((n_chains, N_SPINS), dtype=np.int8),
        energy=N_SPINS * energy,
        overlap=overlap[:, :, np.newaxis],
        acceptance=np.zeros_like(energy),
        snapshots=np.empty((n_chains, 0, N_SPINS), dtype=np.int8),
        by_couplings=np.zeros(energy.shape, dtype=np.bool_),
        settings=Settings(1.0, n_chains, n_sweeps, seed=seed),
        interaction="strict",
        p=p,
        symmetric=p % 2 == 0,
        n_patterns=5,
        version="0",
    )


def synthetic(rng, shift, n_chains=4, length=100):
    """Return the verdict on two runs of one law, or with the overlaps of one shifted, in its standard deviations."""
    runs = [
        run_of(autoregressive(rng, n_chains, length * TIME), autoregressive(rng, n_chains, length * TIME) + by, seed)
        for seed, by in enumerate((shift, 0.0))
    ]
    return dh.diagnostics.start_independence(*runs, burn_in=0)


def rate(shift, repetitions=100):
    """Return how often the starts are said to disagree, and how often to be equilibrated."""
    rng = np.random.default_rng(0)
    verdicts = [synthetic(rng, shift) for _ in range(repetitions)]
    disagree = np.mean(["starts disagree" in verdict.reason for verdict in verdicts])
    return disagree, np.mean([verdict.equilibrated for verdict in verdicts])


def test_false_alarms_and_power_on_a_known_process():
    """Four chains of 100 autocorrelation times; measured rates of 400: 0.25% false alarms, 99% pass, 49% and 100%."""
    disagree, equilibrated = rate(0.0)
    assert disagree <= 0.03  # more than 3 of 100 has a chance below 1e-3 at 0.25%
    assert equilibrated >= 0.94
    assert 0.2 < rate(0.25, 40)[0] < 0.8
    assert rate(0.5, 40)[0] > 0.9


def test_an_error_that_ignores_memory_is_found_out(monkeypatch):
    """Without autocorrelation the standard errors are three times too small, and equal runs disagree."""

    def naive_average(series):
        variance = series.var()
        error = math.sqrt(variance / series.size)
        return dh.diagnostics.TimeAverage(series.mean(), error, "", 9, series.size, variance, 1.0)

    monkeypatch.setattr(module, "time_average", naive_average)
    assert rate(0.0, 40)[0] > 0.2


def real_verdict(net, temperature, pattern, seed, n_sweeps=1000):
    runs = (
        net.sample(temperature, 4, n_sweeps, start=start, references=pattern, seed=seed + number)
        for number, start in enumerate((pattern, None))
    )
    return dh.diagnostics.start_independence(*runs)


@pytest.mark.parametrize(("p", "n_examples", "temperature"), [(2, 20, 3.0), (3, 400, 6.0)])
def test_hot_networks_forget_their_start(p, n_examples, temperature):
    verdicts = []
    for seed in range(6):
        pattern, examples = dh.draw_examples(60, n_examples, p, temperature, seed=seed)
        verdicts.append(real_verdict(dh.PBodyHopfield(examples, p), temperature, pattern, seed=10 + 2 * seed))
    assert sum(verdict.equilibrated for verdict in verdicts) >= 5  # 1 in 40 at most fails
    assert not any("disagree" in verdict.reason for verdict in verdicts)
    names = [each.observable for each in verdicts[0].comparisons]
    assert names == ["energy per spin", "|overlap| with reference 0" if p == 2 else "overlap with reference 0"]
    assert max(abs(each.deviation) for verdict in verdicts for each in verdict.comparisons) < 4


def test_an_overlap_that_a_random_start_does_not_find():
    """p = 3 at load 9, T = 2.3: the hidden pattern's state is the true one, and random starts do not reach it.

    At N = 100 and T = 2.5 one chain in four finds it within 400 sweeps; at N = 200 none did.
    """
    for seed in range(2):
        pattern, examples = dh.draw_examples(200, dh.n_examples_for(9, 200, 3), 3, 2.3, seed=seed)
        verdict = real_verdict(dh.PBodyHopfield(examples, 3), 2.3, pattern, 1000 + 2 * seed, n_sweeps=400)
        assert not verdict.equilibrated
        assert verdict.probability < 1e-6
        assert verdict.reason.startswith("not equilibrated: the two starts disagree: ")
        assert verdict.comparisons[1].from_pattern.mean > 0.85
        assert abs(verdict.comparisons[1].from_random.mean) < 0.2
        assert verdict.reason.endswith("from random: metastable, or too short; run longer, or use replica exchange")
        assert verdict.comparisons[1].pattern_verdict.equilibrated  # by itself this run would pass


@pytest.mark.parametrize("seed", range(3))
def test_cold_memories_keep_their_start(seed):
    memories = np.random.default_rng(seed).choice([-1, 1], (60, 80)).astype(np.int8)
    verdict = real_verdict(dh.PBodyHopfield(memories, 3), 0.6, memories[0], seed=2 * seed)
    assert not verdict.equilibrated
    assert verdict.comparisons[1].from_pattern.mean > 0.99


def test_frozen_runs_and_single_chains():
    still, other = np.full((2, 40), 0.1), np.full((2, 40), 0.3)
    same = dh.diagnostics.start_independence(run_of(still, still, 0), run_of(still, still, 1))
    assert not same.equilibrated
    assert "nothing ever moved" in same.reason
    assert same.probability == 1.0
    apart = dh.diagnostics.start_independence(run_of(still, other, 0), run_of(still, still, 1))
    assert "the two starts disagree: overlap with reference 0 0.3 from the pattern, 0.1 from random" in apart.reason
    assert apart.comparisons[1].deviation == math.inf
    rng = np.random.default_rng(3)
    single = synthetic(rng, 0.0, n_chains=1, length=400)
    assert single.equilibrated, single.reason


def test_the_sign_of_even_p_is_free():
    rng = np.random.default_rng(4)
    (energy, overlap), (other_energy, other) = ([autoregressive(rng, 4, 2_000) for _ in range(2)] for _ in range(2))
    flipped = dh.diagnostics.start_independence(
        run_of(energy, overlap + 9, 0, p=4), run_of(other_energy, other - 9, 1, p=4)
    )
    assert flipped.equilibrated, flipped.reason
    assert not dh.diagnostics.start_independence(
        run_of(energy, overlap + 9, 0), run_of(other_energy, other - 9, 1)
    ).equilibrated


def test_energy_alone_is_enough_to_disagree():
    rng = np.random.default_rng(5)
    low, high = (
        run_of(autoregressive(rng, 4, 900) + by, np.empty((4, 900)), seed) for seed, by in ((0, 0.0), (1, 2.0))
    )
    low, high = (run_without_references(run) for run in (low, high))
    verdict = dh.diagnostics.start_independence(low, high)
    assert "the two starts disagree: energy per spin" in verdict.reason
    assert len(verdict.comparisons) == 1


def run_without_references(run):
    return run_of(run.energy / N_SPINS, np.empty((4, 900)), run.settings.seed).__class__(
        **{**vars(run), "overlap": np.empty((4, 900, 0))}
    )


@pytest.mark.parametrize(
    ("mean", "error", "shown"),
    [
        (0.9312, 0.0123, "0.93(1)"),
        (0.9312, 0.0096, "0.93(1)"),
        (0.9312, 0.00949, "0.931(9)"),
        (-12.34, 1.6, "-12(2)"),
        (-1234.0, 96.0, "-1234(96)"),
        (0.25, math.nan, "0.25"),
    ],
)
def test_errors_in_brackets(mean, error, shown):
    assert module._shown(dh.diagnostics.TimeAverage(mean, error, "", 9, 1.0, 1.0, 1.0)) == shown


def test_runs_that_cannot_be_compared_are_refused():
    def run(seed, sweeps=40, p=3, n_references=1):
        made = run_of(autoregressive(np.random.default_rng(seed), 2, sweeps), np.zeros((2, sweeps)), seed, p)
        return Samples(**{**vars(made), "overlap": np.zeros((2, sweeps, n_references))})

    wrong = [
        ((run(0), run(0)), "same seed"),
        ((run(0), run(1, p=4)), "of one network"),
        ((run(0), run(1, n_references=2)), "same references, got 1 and 2"),
        ((run(0), run(1), 37), "burn_in must leave at least 4 sweeps, got 37 of 40"),
        ((run(0), run(1, sweeps=3)), "burn_in must leave at least 4 sweeps, got 0 of 3"),
        ((run(0), run(1), -1), "burn_in must be an integer >= 0"),
        ((run(0), run(1), 1.5), "burn_in must be an integer >= 0"),
    ]
    for arguments, message in wrong:
        with pytest.raises(dh.InvalidInput, match=message):
            dh.diagnostics.start_independence(*arguments)
