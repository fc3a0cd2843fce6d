"""The noise of a decision is the quantile of its law, whether a table or a logarithm says so."""

import numpy as np
import pytest
from scipy import stats

from densehop.kernels.noise import EXPONENTIAL, LOGISTIC, REST, flips, make_noise

LAWS = (LOGISTIC, EXPONENTIAL)


def quantile(law, uniform):
    """Return the noise: a Metropolis attempt rests with the first numbers and takes the others for a whole interval."""
    if law == LOGISTIC:
        return stats.logistic.ppf(uniform)
    return stats.expon.isf((1 - uniform) / (1 - REST)) if uniform >= REST else -np.inf


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("unit", [1.0, 0.03, 40.0])
def test_decisions_are_those_of_the_quantile(law, unit):
    noise = make_noise(law)
    edges = np.arange(1, 256) / 256
    near = np.concatenate([edges, np.nextafter(edges, 0), np.nextafter(edges, 1), [1 - 2**-53, 2**-53, 1e-9]])
    rng = np.random.default_rng(law)
    assert not flips(0.0, unit, 0.0, noise)
    for uniform in (*near, *rng.random(2000)):
        threshold = unit * quantile(law, uniform)
        for cost in (*rng.normal(scale=3 * unit, size=4), threshold * (1 + 1e-9), threshold * (1 - 1e-9), 0.0):
            if np.isfinite(cost) and abs(cost - threshold) > 1e-15 * unit:
                assert flips(cost, unit, uniform, noise) == (cost < threshold)


@pytest.mark.parametrize("law", LAWS)
def test_probability_of_a_flip(law):
    """1/(1 + exp x) and 7/8 min(1, exp -x), from evenly spaced numbers."""
    noise, uniforms = make_noise(law), (np.arange(20_000) + 0.5) / 20_000
    for x in (-30.0, -2.0, -0.1, 0.0, 0.5, 3.0, 7.0):
        share = np.mean([flips(2 * x, 2.0, uniform, noise) for uniform in uniforms])
        exact = 1 / (1 + np.exp(x)) if law == LOGISTIC else 0.875 * min(1.0, np.exp(-x))
        assert share == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("uniform", [0.0, 1e-12, 0.3, 0.5, 0.999, 1 - 2**-53])
def test_zero_temperature_follows_the_sign(law, uniform):
    noise = make_noise(law)
    assert [bool(flips(cost, 0.0, uniform, noise)) for cost in (-3, -1e-9, 0, 1e-9, 2)] == [
        True,
        True,
        False,
        False,
        False,
    ]
