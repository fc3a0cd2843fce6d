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
    assert apart.verdict is subtle.verdict is dh.diagnostics.Verdict.DISAGREE
    assert drifting.verdict is dh.diagnostics.Verdict.TOO_SHORT
    assert drifting.more_sweeps == 2_000
    short = dh.diagnostics.equilibration(autoregressive(3, 100, 0.98, 2))
    assert short.verdict is dh.diagnostics.Verdict.TOO_SHORT
    assert not short.equilibrated
    assert f"run at least {short.more_sweeps} more sweeps" in short.reason
    frozen = dh.diagnostics.equilibration([[0.1] * 50, [0.1] * 50])
    assert frozen.verdict is dh.diagnostics.Verdict.FROZEN
    assert not frozen.equilibrated
    assert "nothing ever moved" in frozen.reason
    descended = dh.diagnostics.equilibration([[5.0, 3.0] + [1.0] * 50, [4.0] + [1.0] * 51])
    assert descended.verdict is dh.diagnostics.Verdict.FROZEN
    assert "nothing moves any more" in descended.reason


def test_chains_that_are_frozen_at_different_values_disagree():
    verdict = dh.diagnostics.equilibration([[0.0] * 50, [1.0] * 50])
    assert verdict.verdict is dh.diagnostics.Verdict.DISAGREE
    assert "nothing ever moved, and they are frozen at different values" in verdict.reason
    descended = dh.diagnostics.equilibration([[5.0, 3.0] + [1.0] * 50, [4.0] + [2.0] * 51])
    assert descended.verdict is dh.diagnostics.Verdict.DISAGREE
    disorders = np.full((3, 2, 40), 0.1) + np.array([0.0, 0.3, 0.7])[:, None, None]
    assert dh.diagnostics.joint_equilibration(disorders).verdict is dh.diagnostics.Verdict.FROZEN
    disorders[1, 1] += 0.2
    assert dh.diagnostics.joint_equilibration(disorders).verdict is dh.diagnostics.Verdict.DISAGREE


@pytest.mark.parametrize("dies_at", [0, 1_000])
def test_a_dead_chain_is_seen_wherever_it_stands(dies_at):
    """Also at the mean of the others, where no comparison of means sees it; so is a chain that moves half as far."""
    chains = autoregressive(4, 4_000, 0.5, 5)
    assert dh.diagnostics.equilibration(chains).equilibrated
    dead = chains.copy()
    dead[0, dies_at:] = dead[1:].mean()
    verdict = dh.diagnostics.equilibration(dead)
    assert verdict.verdict is dh.diagnostics.Verdict.DISAGREE
    assert "1 of 4 do not move while the others do" in verdict.reason
    narrow = chains.copy()
    narrow[0] /= 2
    assert "some wander further" in dh.diagnostics.equilibration(narrow).reason


def test_disorders_may_differ_in_mean_and_variance():
    """One disorder at rest, one that moves little, one that moves: each is in agreement with itself."""
    chains = autoregressive(6, 4_000, 0.5, 6).reshape(3, 2, 4_000) * np.array([0.0, 0.2, 1.0])[:, None, None]
    assert dh.diagnostics.joint_equilibration(chains + np.arange(3)[:, None, None] / 7).equilibrated
    chains[2, 0] = chains[2].mean()
    assert dh.diagnostics.joint_equilibration(chains).verdict is dh.diagnostics.Verdict.DISAGREE


def test_a_series_has_the_sign_of_its_first_sweeps():
    series = np.array([[[-1.0, 0.5, 3.0, -3.0], [1.0, -0.5, 3.0, -3.0]]])
    assert dh.diagnostics.fix_signs(series, 2).tolist() == [[[1.0, -0.5, -3.0, 3.0], [1.0, -0.5, 3.0, -3.0]]]
    assert dh.diagnostics.fix_signs(series, 0).tolist() == series.tolist()
    with pytest.raises(dh.InvalidInput, match="n_first must be"):
        dh.diagnostics.fix_signs(series, 5)
    with pytest.raises(dh.InvalidInput, match="overlaps must be real numbers"):
        dh.diagnostics.fix_signs([1j], 1)


def test_enough_more_sweeps_are_asked_for():
    """Chains of 3 autocorrelation times (99 sweeps), run on as they are told to: most pass within 4 rounds."""
    rounds, passed = [], 0
    for seed in range(20):
        whole = autoregressive(4, 40_000, 0.98, seed)
        length = 300
        verdict, n_rounds = dh.diagnostics.equilibration(whole[:, :length]), 0
        while verdict.more_sweeps and length < 40_000:
            length, n_rounds = length + verdict.more_sweeps, n_rounds + 1
            verdict = dh.diagnostics.equilibration(whole[:, :length])
        rounds.append(n_rounds)
        passed += verdict.equilibrated
    assert np.median(rounds) <= 4
    assert passed >= 18


def test_alternating_chains_are_not_many_samples():
    """Sweeps that alternate between two values: their mean is known well, their law is not."""
    rng = np.random.default_rng(0)
    alternating = np.where(np.arange(400) % 2, 1.0, -1.0) * np.array([[1.0], [2.0], [3.0], [4.0]])
    verdict = dh.diagnostics.equilibration(alternating + 0.01 * rng.normal(size=(4, 400)))
    assert not verdict.equilibrated
    assert verdict.autocorrelation_time < 1
    assert verdict.effective_samples < 40
    fast = dh.diagnostics.equilibration(autoregressive(4, 2_000, -0.5, 1))
    assert fast.equilibrated
    assert fast.autocorrelation_time == pytest.approx(1 / 3, rel=0.2)
    assert fast.effective_samples < 4_000  # (1 + 0.5)/(1 - 0.5) = 3 sweeps until it is forgotten


@pytest.mark.parametrize("value", [0.1, -13.3, 1 / 3])
@pytest.mark.parametrize("n_sweeps", [50, 1000])
def test_what_never_moves_has_no_memory_whatever_its_value(value, n_sweeps):
    """The computed mean of equal numbers may differ from them in the last digit."""
    frozen = np.full((3, n_sweeps), value)
    assert math.isnan(dh.diagnostics.autocorrelation_time(frozen))
    assert "nothing ever moved" in dh.diagnostics.equilibration(frozen).reason
    assert math.isnan(dh.diagnostics.r_hat(frozen))
    average = dh.diagnostics.time_average(frozen)
    assert (average.mean, average.effective_samples, average.reason) == (pytest.approx(value), 0.0, "nothing moved")
    assert math.isnan(average.error)
    assert np.isnan(average.interval(0.5)).all()


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_time_average_of_a_known_process(memory):
    """Errors and effective numbers of an AR(1) process of variance 1/(1 - memory^2); deviations are standard normal."""
    n_chains, n_sweeps, tau = 3, 2_000, (1 + memory) / (1 - memory)
    series = autoregressive(300 * n_chains, n_sweeps, memory, 3).reshape(300, n_chains, n_sweeps)
    averages = [dh.diagnostics.time_average(chains) for chains in series]
    exact = math.sqrt(tau / (1 - memory**2) / (n_chains * n_sweeps))
    known = [average.error for average in averages if not average.reason]
    assert len(known) > 295
    assert np.mean(known) == pytest.approx(exact, rel=0.05)
    deviations = np.array([average.mean / average.error for average in averages if not average.reason])
    assert 0.85 < deviations.std() < 1.18  # 300 normal numbers: 0.04 either way; finite chains: 0.05 more
    expected = n_chains * n_sweeps / tau
    assert np.median([dh.diagnostics.effective_samples(chains) for chains in series]) == pytest.approx(
        expected, rel=0.07
    )


def test_chains_that_disagree_are_worth_one_sample_each():
    stuck = np.array([[0.0], [0.0], [1.0], [1.0]]) + autoregressive(4, 2_000, 0.0, 4) / 100
    average = dh.diagnostics.time_average(stuck)
    assert average.effective_samples < 5
    assert math.isnan(average.error)
    assert average.reason.startswith("too short: 2000 sweeps of correlation time")
    many = np.arange(16)[:, np.newaxis] % 2 + autoregressive(16, 2_000, 0.0, 4) / 100
    assert dh.diagnostics.time_average(many).error == pytest.approx(0.5 / math.sqrt(15), rel=0.1)


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


@pytest.mark.parametrize("n_chains", [1, 2, 4, 12])
def test_chains_that_never_move_say_so(n_chains):
    """Each at a value of its own: no number of sweeps would tell more."""
    levels = np.random.default_rng(n_chains).normal(size=(n_chains, 1))
    found = dh.diagnostics.time_average(np.repeat(levels, 50, axis=1))
    assert found.reason.startswith("nothing moved")
    assert np.isnan([found.error, found.autocorrelation_time]).all()
    assert found.effective_samples == 0
