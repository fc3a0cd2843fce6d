import math

import numpy as np
import pytest

import densehop as dh
from densehop.diagnostics.overlaps import between_chains


def autoregressive(n_chains, n_sweeps, memory, seed):
    """Return chains x_t = memory x_{t-1} + noise, stationary: autocorrelation time (1 + memory)/(1 - memory)."""
    rng = np.random.default_rng(seed)
    series = np.empty((n_chains, n_sweeps))
    value = rng.normal(size=n_chains) / math.sqrt(1 - memory**2)
    for sweep in range(n_sweeps):
        value = memory * value + rng.normal(size=n_chains)
        series[:, sweep] = value
    return series


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_autocorrelation_time_of_a_known_process(memory):
    exact = (1 + memory) / (1 - memory)
    assert dh.diagnostics.autocorrelation_time(autoregressive(8, 20_000, memory, 0)) == pytest.approx(exact, rel=0.06)


@pytest.mark.parametrize("n_chains", [2, 4])
def test_verdict_of_stationary_chains(n_chains):
    """Its stated rates: of chains of 5 autocorrelation times few pass, of 100 nearly all; tau = 9, 100 repetitions."""
    rates = {}
    for length in (5, 100):
        verdicts = [
            dh.diagnostics.equilibration(autoregressive(n_chains, 9 * length, 0.8, seed)) for seed in range(100)
        ]
        rates[length] = np.mean([verdict.equilibrated for verdict in verdicts])
    assert rates[5] <= 0.08  # 2%: more than 8 of 100 has a chance below 1e-3
    assert rates[100] >= 0.85  # 95%: fewer has a chance below 1e-3
    assert np.std([verdict.drift for verdict in verdicts]) < 1.35


def test_verdict_sees_drift_disagreement_short_and_frozen_chains():
    stationary = autoregressive(3, 2_000, 0.5, 1)
    drifting = dh.diagnostics.equilibration(stationary - 3 * np.exp(-np.arange(2_000) / 300))
    assert not drifting.equilibrated
    assert "drifts by" in drifting.reason
    apart = dh.diagnostics.equilibration(stationary + np.array([[0.0], [1.0], [0.0]]))
    assert not apart.equilibrated
    subtle = dh.diagnostics.equilibration(stationary + np.array([[0.0], [0.25], [0.0]]))
    assert not subtle.equilibrated
    assert "chains disagree" in subtle.reason
    short = dh.diagnostics.equilibration(autoregressive(3, 100, 0.98, 2))
    assert not short.equilibrated
    assert "run at least" in short.reason
    frozen = dh.diagnostics.equilibration([[0.0] * 50, [1.0] * 50])
    assert not frozen.equilibrated
    assert "nothing moved" in frozen.reason


@pytest.mark.parametrize("value", [0.1, -13.3, 1 / 3])
@pytest.mark.parametrize("n_sweeps", [50, 1000])
def test_what_never_moves_has_no_memory_whatever_its_value(value, n_sweeps):
    """The computed mean of equal numbers may differ from them in the last digit."""
    frozen = np.full((3, n_sweeps), value)
    assert math.isnan(dh.diagnostics.autocorrelation_time(frozen))
    assert "nothing moved" in dh.diagnostics.equilibration(frozen).reason
    assert math.isnan(dh.diagnostics.r_hat(frozen))
    average = dh.diagnostics.time_average(frozen)
    assert (average.mean, average.error, average.effective_samples) == (pytest.approx(value), 0.0, 0.0)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_time_average_of_a_known_process(memory):
    """Errors and effective numbers of an AR(1) process of variance 1/(1 - memory^2); deviations are standard normal."""
    n_chains, n_sweeps, tau = 3, 1_000, (1 + memory) / (1 - memory)
    series = autoregressive(300 * n_chains, n_sweeps, memory, 3).reshape(300, n_chains, n_sweeps)
    averages = [dh.diagnostics.time_average(chains) for chains in series]
    exact = math.sqrt(tau / (1 - memory**2) / (n_chains * n_sweeps))
    assert np.mean([average.error for average in averages]) == pytest.approx(exact, rel=0.05)
    deviations = np.array([average.mean / average.error for average in averages])
    assert 0.85 < deviations.std() < 1.18  # 300 normal numbers: 0.04 either way; finite chains: 0.05 more
    expected = n_chains * n_sweeps / tau
    assert np.median([dh.diagnostics.effective_samples(chains) for chains in series]) == pytest.approx(
        expected, rel=0.07
    )


def test_chains_that_disagree_are_worth_one_sample_each():
    stuck = np.array([[0.0], [0.0], [1.0], [1.0]]) + autoregressive(4, 2_000, 0.0, 4) / 100
    average = dh.diagnostics.time_average(stuck)
    assert average.effective_samples < 5
    assert 0.25 < average.error < 0.6  # four values of deviation 0.5, and a margin for a time as long as the chains


def test_disorder_estimate():
    estimate = dh.diagnostics.disorder_estimate([1.0, 2.0, 3.0])
    assert (estimate.mean, estimate.n_disorders) == (2.0, 3)
    assert estimate.error == pytest.approx(1 / math.sqrt(3))
    assert math.isnan(dh.diagnostics.disorder_estimate([1.0]).error)


WRONG = [
    np.ones((2, 2, 5)),
    [1.0, np.nan, 1.0, 1.0, 1.0],
    np.empty((0, 20)),
    [],
    [1j] * 9,
    ["a"] * 9,
    [[1.0], [1.0, 2.0]],
    [1e300] * 9,
]


@pytest.mark.parametrize("series", WRONG)
@pytest.mark.parametrize(
    "question", [dh.diagnostics.equilibration, dh.diagnostics.autocorrelation_time, dh.diagnostics.disorder_estimate]
)
def test_wrong_series_are_refused(question, series):
    with pytest.raises(dh.InvalidInput, match=r"must be real numbers of shape|must be finite|rows of equal length"):
        question(series)


def test_too_short_series_is_refused():
    with pytest.raises(dh.InvalidInput, match="at least 4 sweeps"):
        dh.diagnostics.equilibration([1.0, 2.0])


def test_overlap_between_chains_is_the_mean_product():
    net = dh.PBodyHopfield(np.random.default_rng(0).choice([-1, 1], (20, 12)), p=3)
    run = net.sample(2.0, n_chains=3, n_sweeps=6, snapshot_every=2)
    pairs = between_chains(run)
    assert pairs.shape == (3, 3)
    expected = (run.snapshots[0].astype(int) * run.snapshots[2]).mean(axis=1)
    assert pairs[1] == pytest.approx(expected)
    with pytest.raises(dh.InvalidInput, match=r"no snapshots .* sample with snapshot_every"):
        between_chains(net.sample(2.0, n_chains=3, n_sweeps=6))
    with pytest.raises(dh.InvalidInput, match="need at least 2 chains"):
        between_chains(net.sample(2.0, n_chains=1, n_sweeps=6, snapshot_every=1))
