"""Two bodies: the lines of the phase diagram against published numbers, their own inverses and the states at them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from densehop.errors import NoSolution
from densehop.theory.lines import pairwise_lines as lines
from densehop.theory.models.pairwise import limits
from densehop.theory.models.pairwise import states as pairwise
from densehop.theory.models.pairwise.noise import WishartNoise


def test_published_retrieval_lines():
    """Amit, Gutfreund & Sompolinsky 1985, 1987, whose temperatures are half of ours: 0.138 and 0.051 at T = 0,
    T_M = 1 - 1.95 sqrt(gamma) and T_c = 1 - 2.6 sqrt(gamma) near T = 1, T_R = sqrt(8 gamma/9 pi) exp(-1/2 gamma).
    RS at T = 0: 0.137905 in Steffan & Kühn, Z. Phys. B 95, 249 (1994)."""
    assert limits.retrieval_spinodal_load(0.0).value / 2 == pytest.approx(0.13790557, abs=5e-9)
    assert limits.retrieval_spinodal_load(0.05).value / 2 == pytest.approx(0.138186, abs=5e-7)
    assert limits.retrieval_spinodal_load(0.1).value / 2 == pytest.approx(0.137794, abs=5e-7)
    assert lines.retrieval_global_load(0.0).value / 2 == pytest.approx(0.051, abs=1e-3)
    gamma = 1e-8
    assert lines.retrieval_spinodal_temperature(2 * gamma).value / 2 == pytest.approx(1 - 1.95e-4, abs=1e-6)
    assert lines.retrieval_global_temperature(2 * gamma).value / 2 == pytest.approx(1 - 2.6e-4, abs=1e-6)
    for gamma in (0.01, 0.02, 0.05):
        expected = math.sqrt(8 * gamma / (9 * math.pi)) * math.exp(-1 / (2 * gamma))
        assert lines.retrieval_stability_temperature(2 * gamma).value / 2 == pytest.approx(expected, rel=0.01)


def test_retrieval_spinodal_at_zero_temperature_by_error_functions():
    """m = erf(x), sqrt(2a) = 2 m/x, 2 chi = (2/m) x exp(-x^2)/sqrt(pi): gamma(x) needs no solver."""

    def gamma(x):
        m = math.erf(x)
        d = 1 - 2 * x * math.exp(-(x**2)) / (m * math.sqrt(math.pi))
        return 2 * (m / x) ** 2 * d**2 / 4

    top = minimize_scalar(lambda x: -gamma(x), bounds=(1.0, 2.5), method="bounded", options={"xatol": 1e-10})
    assert limits.retrieval_spinodal_load(0.0).value / 2 == pytest.approx(-top.fun, rel=1e-14)
    x = 2.2
    found = pairwise.retrieval(2 * gamma(x), 0.0)
    assert found.order.overlap == pytest.approx(math.erf(x), rel=1e-13)
    assert gamma(1.2) < -top.fun  # the other branch, of smaller m
    assert pairwise.retrieval(2 * gamma(1.2), 0.0).order.overlap > math.erf(top.x)


def test_inference_begins_where_linear_response_says():
    """(T-2)(T*-2)/4 from the paramagnet; pi/(2 c^2) from the spin glass at T = 0; both meet on the Nishimori line."""
    assert limits.inference_load(5.0, 1.0).value / 2 == pytest.approx(3.0 * 2.0 / 4)
    assert lines.inference_temperature(3.0, 1.0).value == pytest.approx(5.0)
    for contrast in (0.1, 1.0, 7.0):
        assert limits.inference_load(0.0, contrast).value / 2 == pytest.approx(math.pi / (2 * contrast**2), rel=1e-13)
        critical, nishimori_temperature = 2 / contrast**2, 2 + 2 / contrast
        assert limits.inference_load(nishimori_temperature, contrast).value == pytest.approx(critical)
        below = limits.inference_load(nishimori_temperature * (1 - 1e-6), contrast).value
        assert below == pytest.approx(critical, rel=1e-6)


@given(st.floats(0.0, 0.98), st.floats(2.1, 12.0))
@settings(max_examples=30)
def test_inference_leaves_the_spin_glass_where_its_response_diverges(fraction, teacher_temperature):
    """2 gamma c chi/D = 1 in the spin glass of that load, found without knowledge of c."""
    contrast, temperature = 2 / (teacher_temperature - 2), fraction * teacher_temperature
    load = limits.inference_load(temperature, contrast).value
    chi = pairwise.spin_glass(load, temperature).order.susceptibility
    assert load * contrast * chi / (1 - 2 * chi) == pytest.approx(1, rel=1e-10)
    with pytest.raises(NoSolution, match="begins continuously at load"):
        pairwise.inference(load * (1 - 1e-9), temperature, contrast)
    small = pairwise.inference(load * (1 + 1e-6), temperature, contrast).order.overlap
    assert 0 < small < 0.1


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5, 3.9])
def test_stability_lines_are_zeros_of_the_replicon(temperature):
    load = limits.inference_stability_load(temperature, 1.0).value
    noise, signs = WishartNoise(1.0), []
    for factor in (1 - 1e-5, 1 + 1e-5):
        state = pairwise.inference(load * factor, temperature, 1.0)
        signs.append(noise.replicon(state.order, load * factor, temperature, state.site.fourth))
    assert signs[0] < 0 < signs[1]
    assert lines.inference_stability_temperature(load, 1.0).value == pytest.approx(temperature, rel=1e-8)


@pytest.mark.parametrize("load", [0.05, 0.2, 0.276, 0.27635])
def test_retrieval_stability_line(load):
    temperature = lines.retrieval_stability_temperature(load).value
    signs = []
    for factor in (1 - 1e-6, 1 + 1e-6):
        state = pairwise.retrieval(load, temperature * factor)
        signs.append(WishartNoise().replicon(state.order, load, temperature * factor, state.site.fourth))
    assert signs[0] < 0 < signs[1]
    assert limits.retrieval_stability_load(temperature).value == pytest.approx(load, rel=1e-9)


def test_lines_and_their_inverses():
    for temperature in (0.3, 1.0, 1.9):
        for load_of, temperature_of in (
            (limits.retrieval_spinodal_load, lines.retrieval_spinodal_temperature),
            (lines.retrieval_global_load, lines.retrieval_global_temperature),
        ):
            load = load_of(temperature)
            back = temperature_of(load.value)
            assert back.value == pytest.approx(temperature, rel=1e-9)
            assert load.error < 1e-9 * load.value
            assert back.error < 1e-9
    for load in (2.1, 2.6, 3.1):
        temperature = lines.inference_lower_temperature(load, 1.0).value
        assert limits.inference_load(temperature, 1.0).value == pytest.approx(load, rel=1e-11)


def test_global_line_is_where_free_energies_cross():
    load = lines.retrieval_global_load(0.6).value
    for factor, winner in ((1 - 1e-8, -1), (1 + 1e-8, 1)):
        values = [
            pairwise.free_energy(branch(load * factor, 0.6), load * factor, 0.6)
            for branch in (pairwise.retrieval, pairwise.spin_glass)
        ]
        assert (values[0] - values[1]) * winner > 0


def test_spinodal_is_the_end_of_retrieval():
    for temperature in (0.0, 0.04, 0.7, 1.9):
        load = limits.retrieval_spinodal_load(temperature).value
        for distance in (1e-2, 1e-3, 1e-4, 1e-6, 1e-9):
            assert pairwise.retrieval(load * (1 - distance), temperature).residual < 1e-13
        with pytest.raises(NoSolution, match="it exists up to load"):
            pairwise.retrieval(load * (1 + 1e-9), temperature)
    peak, largest = lines.reentrance()
    assert peak == pytest.approx(0.045747, abs=1e-6)
    assert largest > limits.retrieval_spinodal_load(0.0).value


def test_where_there_is_nothing():
    for call in (
        lambda: pairwise.retrieval(1e-9, 2.0),
        lambda: pairwise.spin_glass(0.0, 1.0),
        lambda: pairwise.spin_glass(0.5, 3.0),
        lambda: limits.retrieval_spinodal_load(2.0),
        lambda: lines.retrieval_spinodal_temperature(0.28),
        lambda: lines.retrieval_global_load(2.5),
        lambda: lines.retrieval_global_temperature(0.2),
        lambda: limits.retrieval_stability_load(0.2),
        lambda: limits.retrieval_stability_load(0.0),
        lambda: lines.retrieval_stability_temperature(0.3),
        lambda: lines.retrieval_stability_temperature(1e-5),
        lambda: lines.inference_temperature(1.9, 1.0),
        lambda: lines.inference_lower_temperature(3.2, 1.0),
        lambda: limits.inference_stability_load(4.5, 1.0),
        lambda: lines.inference_stability_temperature(1.9, 1.0),
    ):
        with pytest.raises(NoSolution) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_one_memory_is_a_ferromagnet():
    state = pairwise.retrieval(0.0, 1.0)
    assert state.order.overlap == pytest.approx(math.tanh(2 * state.order.overlap), rel=1e-14)
    assert pairwise.retrieval(0.0, 0.0).order.overlap == 1.0
    assert pairwise.retrieval(1e-90, 0.0).variance == pytest.approx(2e-90)


def test_lines_at_small_temperature_are_those_at_zero():
    for line in (limits.retrieval_spinodal_load, lines.retrieval_global_load, lambda t: limits.inference_load(t, 1.0)):
        assert line(1e-7).value == pytest.approx(line(0.0).value, rel=1e-6)
