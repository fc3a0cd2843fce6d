"""Averages over one spin's field against quadrature that knows nothing of them, in both regimes and at their seam."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from densehop.theory.states import site, tilted_site
from tests import naive_replicas

means = st.one_of(st.just(0.0), st.floats(1e-8, 1e-3), st.floats(0.01, 8.0))
deviations = st.one_of(st.floats(1e-6, 0.1), st.floats(0.1, 4.0))
temperatures = st.one_of(st.floats(1e-6, 0.05), st.floats(0.05, 4.0))


def close(here, expected, unit, digits=1e-12):
    """Each average to `digits` of its own size or, where it is tiny, of a thousandth of its unit: 1/T for densities."""
    for name, value in expected.items():
        absolute = 1e-3 * digits * (1 / unit if name in {"susceptibility", "fourth"} else 1)
        assert getattr(here, name) == pytest.approx(value, rel=digits, abs=absolute), name


@given(means, deviations, temperatures)
def test_averages_by_their_definitions(mean, deviation, temperature):
    here, expected = (
        site.average(mean, deviation, temperature),
        naive_replicas.field_averages(mean, deviation, temperature),
    )
    width = max(deviation, temperature)
    slope, skew = expected.pop("slope"), expected.pop("skew")
    close(here, expected, temperature, digits=3e-12)
    rounding = 1e-15 / temperature  # digits of 1 - tanh; skew and slope only steer Newton's steps
    assert here.slope == pytest.approx(slope, rel=1e-10, abs=1e-10 * here.fourth / width**2 + rounding / width**2)
    assert here.skew == pytest.approx(skew, rel=1e-11, abs=1e-11 * here.fourth / width + rounding / temperature)


@given(means, st.floats(1e-3, 3.0))
def test_both_rules_agree_at_their_seam(mean, temperature):
    """Deviation = 2 T: the trapezoid rule and the split into sign and remainder meet."""
    deviation = site.WIDE * temperature
    wide, narrow = (rule(*map(np.float64, (mean, deviation, temperature))) for rule in (site._wide, site._narrow))
    size = max(abs(float(narrow[4])), 1e-300)  # of a density times T: E sech^4/T
    for name, one, other in zip(site.Site._fields, wide, narrow, strict=True):
        unit = {"skew": size / deviation, "slope": size / deviation**2}.get(name, 0.0) + 1e-4 / temperature**2
        assert float(one) == pytest.approx(float(other), rel=2e-11, abs=1e-11 * unit), name


@given(means, st.floats(0.01, 4.0))
def test_zero_temperature_in_closed_form(mean, deviation):
    """sech^2(Xi/T)/T becomes 2 delta(Xi), sech^4/T becomes (4/3) delta, tanh sech^2/T^2 minus the slope of delta."""
    density = math.exp(-((mean / deviation) ** 2) / 2) / (math.sqrt(2 * math.pi) * deviation)
    expected = {
        "overlap": math.erf(mean / (math.sqrt(2) * deviation)),
        "square": 1.0,
        "susceptibility": 2 * density,
        "skew": mean / deviation**2 * density,
        "fourth": 4 / 3 * density,
        "slope": ((mean / deviation) ** 2 - 1) / deviation**2 * density,
        "entropy": 0.0,
    }
    for name, value in site.average(mean, deviation, 0.0)._asdict().items():
        assert value == pytest.approx(expected[name], rel=1e-12, abs=1e-13 * density / deviation**2), name
    cold = 1e-9 * deviation
    for name, value in site.average(mean, deviation, cold)._asdict().items():
        assert value == pytest.approx(expected[name], rel=1e-6, abs=1e-8 * (1 + density / deviation**2)), name


def test_a_spin_without_noise():
    free, held = site.average(0.0, 0.0, 0.0), site.average(0.3, 0.0, 0.0)
    assert (free.overlap, free.square, free.entropy) == (0.0, 0.0, math.log(2))
    assert (held.overlap, held.square, held.entropy) == (1.0, 1.0, 0.0)
    warm = site.average(0.3, 0.0, 0.5)
    assert warm.overlap == pytest.approx(math.tanh(0.6), rel=1e-14)
    assert warm.square == pytest.approx(math.tanh(0.6) ** 2, rel=1e-14)
    assert warm.entropy == pytest.approx(naive_replicas.log_2cosh(0.6) - 0.6 * math.tanh(0.6), rel=1e-14)


def test_arrays_are_scalars_one_by_one():
    """Every regime in one broadcast call, in the shape of the arguments."""
    mean, deviation = np.array([0.0, 0.2, 2.0])[:, None, None], np.array([0.0, 1e-3, 0.5, 3.0])[:, None]
    temperature = np.array([0.0, 1e-4, 0.2, 0.25, 2.0])
    together = site.average(mean, deviation, temperature)
    assert together.overlap.shape == (3, 4, 5)
    for index in np.ndindex(3, 4, 5):
        point = (mean[index[0], 0, 0], deviation[index[1], 0], temperature[index[2]])
        alone = site.average(*map(float, point))
        assert [values[index] for values in together] == pytest.approx(list(alone), rel=1e-13, abs=1e-300)


@given(means, deviations, temperatures)
def test_derivatives_are_derivatives(mean, deviation, temperature):
    """By the mean field and by the variance, from differences of the averages themselves (Gaussian integration)."""
    step = 1e-4 * max(deviation, temperature)
    low, here, high = (site.average(mean + k * step, deviation, temperature) for k in (0, 1, 2))
    rounding = 1e-14 / (temperature * step)
    assert (high.overlap - low.overlap) / (2 * step) == pytest.approx(here.susceptibility, rel=1e-6, abs=1e-9 / step)
    by_mean = (high.susceptibility - low.susceptibility) / (2 * step)
    assert by_mean == pytest.approx(-2 * here.skew, rel=1e-5, abs=rounding + 1e-6 * here.fourth / step)
    wider = [site.average(mean, math.sqrt(deviation**2 + k * step**2), temperature) for k in (0, 1, 2)]
    by_variance = (wider[2].susceptibility - wider[0].susceptibility) / (2 * step**2)
    assert by_variance == pytest.approx(wider[1].slope, rel=1e-5, abs=rounding / step + 1e-6 * here.fourth / step**2)


# --- one step of replica symmetry breaking ----------------------------------------------------------------------------

tilted_points = st.tuples(
    st.one_of(st.just(0.0), st.floats(0.01, 5.0)),
    st.one_of(st.just(0.0), st.floats(0.01, 2.0)),
    st.floats(0.01, 2.5),
    st.floats(0.02, 1.0),
    st.one_of(st.just(0.0), st.floats(0.01, 2.0)),
)  # mean, outer and inner deviation, how strong the tilt is, temperature


@given(tilted_points)
@settings(max_examples=25)
def test_tilted_averages_by_their_definitions(point):
    mean, outer, inner, strength, temperature = point
    tilt = strength / max(temperature, inner / 3)  # x <= 1, y s <= 3
    here = tilted_site.tilted_average(mean, outer, inner, tilt, temperature)
    expected = naive_replicas.tilted_field_averages(mean, outer, inner, tilt, temperature)
    entropy, gap = expected.pop("entropy"), expected.pop("gap")
    close(here, expected, max(temperature, inner), digits=1e-10)
    assert here.entropy == pytest.approx(entropy, rel=1e-9, abs=1e-11)
    assert here.gap == pytest.approx(gap, rel=1e-8, abs=1e-12)


def test_tilted_rules_agree_at_their_seam():
    for temperature in (1e-3, 0.1, 2.0):
        inner, fields = site.WIDE * temperature, np.array([0.0, 1e-3, 0.3, -2.0, 9.0])
        for tilt in (1e-6 / temperature, 0.5 / temperature, 1 / temperature):
            wide = tilted_site._tilted_wide(fields, inner, tilt, temperature)
            narrow = tilted_site._tilted_narrow(fields, inner, tilt, temperature)
            for one, other in zip(wide, narrow, strict=True):
                assert one == pytest.approx(other, rel=1e-11, abs=1e-12)


def test_a_small_gap_keeps_its_digits():
    """q1 - q0 tends to (E(1 - t^2)/T)^2 times the inner variance: no cancellation down to 1e-18."""
    for mean, outer in ((0.7, 0.0), (0.4, 0.8)):
        if outer:
            plain = naive_replicas.gaussian_mean(lambda z: math.cosh((mean + outer * z) / 0.5) ** -4) / 0.5**2  # noqa: B023 (called at once)
        else:
            plain = math.cosh(mean / 0.5) ** -4 / 0.5**2
        for inner in (1e-3, 1e-6, 1e-9):
            gap = tilted_site.tilted_average(mean, outer, inner, 0.6, 0.5).gap
            assert gap == pytest.approx(plain * inner**2, rel=20 * inner**2 + 1e-9)


def test_equal_levels_are_plain_averages():
    """With no variance inside a state the tilt drops out."""
    plain = site.average(0.8, 1.3, 0.4)
    for tilt in (0.1, 2.0):
        here = tilted_site.tilted_average(0.8, 1.3, 1e-9, tilt, 0.4)
        assert here.overlap == pytest.approx(plain.overlap, rel=1e-11)
        assert here.outer_square == pytest.approx(plain.square, rel=1e-11)
        assert here.susceptibility == pytest.approx(plain.susceptibility, rel=1e-11)
        assert here.fourth == pytest.approx(plain.fourth, rel=1e-11)
        assert here.log_partition == pytest.approx(here.mean_log, rel=1e-11)
