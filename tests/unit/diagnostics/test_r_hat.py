import math

import numpy as np
import pytest
from scipy.stats import norm, rankdata

import densehop as dh
from densehop.simulate import samples


@pytest.fixture
def arviz():
    try:
        return samples._import_arviz()
    except dh.errors.MissingPackage:
        pytest.skip("ArviZ is not installed")


def independent(n_chains=4, n_sweeps=500, seed=0):
    return np.random.default_rng(seed).normal(size=(n_chains, n_sweeps))


def lattice(n_chains=3, n_sweeps=401):
    return np.round(independent(n_chains, n_sweeps, 1)) / 10  # many equal values, an odd number of sweeps


@pytest.mark.parametrize("series", [independent(), lattice(), np.cumsum(independent(), axis=1), independent(2, 4)])
def test_r_hat_equals_arviz(series, arviz):
    assert dh.diagnostics.r_hat(series) == pytest.approx(float(arviz.rhat(series, method="rank")), rel=1e-12)
    assert dh.diagnostics.r_hat(series, ranked=False) == pytest.approx(
        float(arviz.rhat(series, method="split")), rel=1e-12
    )


def test_effective_samples_are_near_arviz(arviz):
    """Two estimators of one number: Sokal's window here, Geyer's positive sequence there."""
    noise = independent(4, 20_000)
    series = np.empty_like(noise)
    series[:, 0] = noise[:, 0]
    for sweep in range(1, 20_000):
        series[:, sweep] = 0.8 * series[:, sweep - 1] + 0.6 * noise[:, sweep]
    assert dh.diagnostics.effective_samples(series) == pytest.approx(float(arviz.ess(series, method="mean")), rel=0.1)
    assert dh.diagnostics.effective_samples(series) == pytest.approx(80_000 / 9, rel=0.1)


def test_r_hat_by_its_definition():
    """Written out for one chain: two halves, variances by hand, ranks and quantiles from scipy."""
    series = lattice(1, 9)
    first, second = series[0, :4], series[0, -4:]
    within = (first.var(ddof=1) + second.var(ddof=1)) / 2
    between = 4 * (first.mean() - second.mean()) ** 2 / 2
    assert dh.diagnostics.r_hat(series, ranked=False) == pytest.approx(
        math.sqrt((0.75 * within + between / 4) / within)
    )
    both = np.concatenate([first, second])
    results = []
    for values in (both, np.abs(both - np.median(both))):
        scores = norm.ppf((rankdata(values) - 0.375) / 8.25).reshape(1, 8)
        plain = np.concatenate([scores[:, :4], [[9.9]], scores[:, 4:]], axis=1)  # the middle sweep is left out
        results.append(dh.diagnostics.r_hat(plain, ranked=False))
    assert dh.diagnostics.r_hat(series) == pytest.approx(max(results))


def test_what_r_hat_sees():
    series = independent()
    assert dh.diagnostics.r_hat(series) < 1.01
    assert dh.diagnostics.r_hat(series + np.array([[0.0], [0.0], [0.0], [1.0]])) > 1.05  # a chain of its own
    assert dh.diagnostics.r_hat(series + np.linspace(0, 2, 500)) > 1.1  # a drift common to all
    wide = series * np.array([[1.0], [1.0], [1.0], [3.0]])
    assert dh.diagnostics.r_hat(wide, ranked=False) < 1.01  # equal means hide a chain that is wider ...
    assert dh.diagnostics.r_hat(wide) > 1.1  # ... its ranks do not
    assert dh.diagnostics.r_hat([[0.1] * 10, [0.2] * 10]) == math.inf
    assert math.isnan(dh.diagnostics.r_hat([[0.1] * 10] * 2))
    two_values = np.where(series > 0, 1.0, -1.0)
    assert dh.diagnostics.r_hat(two_values) < 1.01  # no spread around the median to compare


def test_wrong_series_are_refused():
    with pytest.raises(dh.InvalidInput, match="at least 4 sweeps"):
        dh.diagnostics.r_hat([[1.0, 2.0, 3.0]])
    with pytest.raises(dh.InvalidInput, match="must be finite"):
        dh.diagnostics.r_hat([[1.0, 2.0, 3.0, np.nan]])
