"""Mixtures of few memories against brute-force sums over all sign patterns, derivatives and published temperatures."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import erf, gammaln

import densehop as dh
from densehop.theory.questions.low_load import critical_memory_overlap, mixtures
from densehop.theory.questions.mixture_limits import mixture_loads, mixture_temperature


def sign_law(n_memories, overlap):
    """All sign patterns of a site with their probabilities: a common ancestor and independent deviations."""
    patterns, weights = [], []
    for signs in itertools.product((1, -1), repeat=n_memories):
        patterns.append(signs)
        weights.append(
            sum(math.prod((1 + tau * math.sqrt(overlap) * s) / 2 for s in signs) / 2 for tau in (1, -1)),
        )
    return np.array(patterns), np.array(weights)


def free_energy(p, temperature, m, law):
    """The functional, eq. 61, also for complex m (analytic continuation of log 2cosh)."""
    patterns, weights = law
    x = p / temperature * patterns @ m ** (p - 1)
    sign = np.sign(x.real)
    log_2cosh = x * sign + np.log(1 + np.exp(-2 * x * sign))
    return (p - 1) * np.sum(m**p) - temperature * weights @ log_2cosh


def response(p, temperature, m, law):
    patterns, weights = law
    return (weights * np.tanh(p / temperature * patterns @ m ** (p - 1))) @ patterns


found_mixtures = {
    "p": st.integers(2, 6),
    "temperature": st.floats(0.05, 1.5),
    "n_memories": st.integers(1, 5),
    "overlap": st.sampled_from([0.0, 0.1, 0.3, 0.6]),
}


@settings(max_examples=60)
@given(**found_mixtures)
def test_states_are_stationary_points_of_the_functional(p, temperature, n_memories, overlap):
    """Gradient by the complex step to 1e-10; free energy and energy by brute force."""
    law = sign_law(n_memories, overlap)
    energies = []
    for state in mixtures(p, temperature, n_memories, overlap=overlap):
        m = np.array(state.overlaps)
        assert np.abs(response(p, temperature, m, law) - m).max() < 1e-10
        for site in range(n_memories):
            shifted = m.astype(complex)
            shifted[site] += 1e-30j
            # beta p (p-1) m^(p-2) times (m - response): at most 1e-10 of its parts
            scale = p * (p - 1) * abs(m[site]) ** (p - 2) + 1
            assert abs(free_energy(p, temperature, shifted, law).imag / 1e-30) < 1e-10 * scale
        assert state.free_energy == pytest.approx(free_energy(p, temperature, m, law).real, rel=1e-11)
        assert state.energy == pytest.approx(-np.sum(m**p), rel=1e-11)
        slope = [free_energy(p, temperature * (1 + h), m, law) / (temperature * (1 + h)) for h in (1e-4, -1e-4)]
        beta_slope = (slope[0] - slope[1]) / (1 / (1 + 1e-4) - 1 / (1 - 1e-4)) * temperature
        assert state.energy == pytest.approx(beta_slope, abs=2e-6 / temperature**2)  # u = d(beta f)/d beta
        energies.append(state.free_energy)
    assert energies == sorted(energies)


@settings(max_examples=60)
@given(**found_mixtures)
def test_stability_against_the_whole_matrix(p, temperature, n_memories, overlap):
    """Eigenvalues of the full M x M matrix, and the sign from the curvature of energy plus entropy, C^-1 - D."""
    patterns, weights = sign_law(n_memories, overlap)
    for state in mixtures(p, temperature, n_memories, overlap=overlap):
        m = np.array(state.overlaps)
        sech2 = weights / np.cosh(np.clip(p / temperature * patterns @ m ** (p - 1), -300, 300)) ** 2
        c = patterns.T @ (sech2[:, np.newaxis] * patterns)
        d = p * (p - 1) / temperature * m ** (p - 2)
        whole = np.linalg.eigvalsh(np.eye(n_memories) - np.sqrt(d)[:, np.newaxis] * c * np.sqrt(d))
        assert state.stability == pytest.approx(whole[0], rel=1e-8, abs=1e-10)
        if np.linalg.cond(c) < 1e8 and abs(whole[0]) > 1e-6:
            assert state.stable == (np.linalg.eigvalsh(np.linalg.inv(c) - np.diag(d))[0] > 0)


@pytest.mark.parametrize(("p", "stated"), [(2, 0.920), (3, 0.432), (4, 0.246), (5, 0.140)])
def test_three_mixtures_end_at_the_stated_temperature(p, stated):
    """p = 2: T = 0.46 in the units of Amit, Gutfreund & Sompolinsky (1985); p >= 3: docs/theory.md."""
    end = mixture_temperature(p, 3)
    assert end == pytest.approx(stated, abs=5e-4)
    for factor, stable in ((1 - 1e-6, True), (1 + 1e-6, False)):
        (state,) = [state for state in mixtures(p, end * factor) if state.n_mixed == 3]
        assert state.stable is stable


@pytest.mark.parametrize(("p", "n_mixed"), [(2, 3), (3, 3), (3, 5), (4, 3), (5, 5)])
@pytest.mark.parametrize(("factor", "returns"), [(0.98, True), (1.02, False)])
def test_unequal_overlaps_grow_beyond_the_end(p, n_mixed, factor, returns):
    """Iterate the naive equations from a state with unequal overlaps: back to the mixture, or away from it."""
    temperature, law = mixture_temperature(p, n_mixed) * factor, sign_law(n_mixed, 0.0)
    (state,) = [state for state in mixtures(p, temperature, n_mixed) if state.n_mixed == n_mixed]
    m = np.array(state.overlaps)
    m[:2] += np.array([1e-4, -1e-4])
    for _ in range(2_000):
        m = response(p, temperature, m, law)
    assert (np.ptp(m) < 1e-6) == returns


def test_pure_states_end_where_the_ordered_teacher_does():
    """One memory is a p-body ferromagnet, the teacher's own model."""
    for p in (2, 3, 4, 7):
        end = dh.critical_temperature(p).spinodal_temperature
        assert mixture_temperature(p, 1) == pytest.approx(end, rel=1e-9)
        assert len(mixtures(p, end * 0.999, 1)) == 1
        assert mixtures(p, end * 1.001, 1) == ()
    (state,) = mixtures(3, 1.2, 1)
    assert state.overlaps[0] == pytest.approx(dh.teacher.magnetisation(3, 1.2), rel=1e-12)


def test_near_and_at_the_continuous_transition():
    (state,) = mixtures(2, 2 - 1e-8, 1)
    assert state.overlaps[0] == pytest.approx(math.sqrt(1.5e-8), rel=1e-4)  # m^2 = 3 (1 - T/2)
    assert mixtures(2, 2.0, 1) == ()
    assert mixtures(2, 5.0, 4) == ()


@settings(max_examples=30)
@given(p=st.integers(2, 6), temperature=st.floats(0.02, 1.9), n_memories=st.integers(2, 7))
def test_even_mixtures_are_never_stable(p, temperature, n_memories):
    for state in mixtures(p, temperature, n_memories):
        assert state.n_mixed % 2 == 1 or not state.stable
    with pytest.raises(dh.NoSolution, match="even mixtures are never stable, got n_mixed = 2"):
        mixture_temperature(p, 2)


def test_zero_temperature_is_the_limit():
    for p, overlap in ((2, 0.0), (3, 0.0), (3, 0.4), (4, 0.2)):
        cold = {state.n_mixed: state for state in mixtures(p, 1e-3, 4, overlap=overlap)}
        frozen = {state.n_mixed: state for state in mixtures(p, 0.0, 4, overlap=overlap)}
        for n_mixed, state in frozen.items():
            assert cold[n_mixed].overlaps == pytest.approx(state.overlaps, abs=1e-9)
            assert cold[n_mixed].free_energy == pytest.approx(state.free_energy, abs=1e-3)  # T times entropy
            assert state.free_energy == state.energy
            assert state.stable is (n_mixed % 2 == 1) is cold[n_mixed].stable


def test_frozen_mixtures_by_hand():
    """m = 1, 1/2, 1/2, 3/8 for one to four memories."""
    states = {state.n_mixed: state for state in mixtures(3, 0, 4)}
    assert [states[n].overlaps[0] for n in (1, 2, 3, 4)] == pytest.approx([1, 0.5, 0.5, 0.375], rel=1e-14)
    assert [states[n].energy for n in (1, 2, 3, 4)] == pytest.approx([-1, -2 / 8, -3 / 8, -4 * 0.375**3], rel=1e-14)
    assert [states[n].stability for n in (1, 2, 3, 4)] == [1.0, -math.inf, 1.0, -math.inf]


@pytest.mark.parametrize(("p", "stated"), [(2, 0.2), (3, 0.485), (4, 0.623)])
def test_correlated_memories_have_the_mixture_as_ground_state(p, stated):
    critical = critical_memory_overlap(p)
    assert critical == pytest.approx(stated, abs=5e-4)
    for factor, ground in ((0.999, 1), (1.001, 3)):
        states = mixtures(p, 0, 3, overlap=critical * factor)
        assert states[0].n_mixed == ground
        assert {state.n_mixed for state in states} >= {1, 3}
        for state in states:  # energies of the two, by the majority of the three memories
            m = (1 + critical * factor) / 2
            expected = -3 * m**p if state.n_mixed == 3 else -1 - 2 * (critical * factor) ** p
            assert state.n_mixed == 2 or state.energy == pytest.approx(expected, rel=1e-12)


def test_critical_memory_overlap_exactly_and_at_large_p():
    assert critical_memory_overlap(2) == pytest.approx(0.2, rel=1e-14)
    assert critical_memory_overlap(3) == pytest.approx(0.4851249125321595, rel=1e-12)
    assert 2_000 * (1 - critical_memory_overlap(2_000)) == pytest.approx(2 * math.log(2), rel=1e-3)


def frozen_step(p, load, m, patterns, weights):
    """E s_a erf(field/sqrt(2 p alpha)) at T = 0 with the other memories as noise."""
    field = p * patterns @ m ** (p - 1) / math.sqrt(2 * p * load)
    return (weights * np.array([math.erf(x) for x in field])) @ patterns


@pytest.mark.parametrize(("p", "stated"), [(3, 0.118), (4, 0.022), (5, 0.005)])
def test_three_mixtures_exist_up_to_the_stated_loads(p, stated):
    loads = mixture_loads(p, 3)
    assert loads.exists == pytest.approx(stated, abs=5e-4)
    assert loads.stable < loads.exists
    law = sign_law(3, 0.0)
    for factor, exists in ((0.995, True), (1.005, False)):
        m = np.full(3, 0.5)
        for _ in range(5_000):
            m = frozen_step(p, loads.exists * factor, m, *law)
            m[:] = m.mean()  # within the symmetric states
        assert (m[0] > 0.1) == exists


@pytest.mark.parametrize(("p", "n_mixed"), [(3, 3), (4, 3), (5, 3), (3, 5)])
@pytest.mark.parametrize(("factor", "returns"), [(0.97, True), (1.03, False)])
def test_mixtures_fall_into_a_memory_beyond_their_stable_load(p, n_mixed, factor, returns):
    law, load = sign_law(n_mixed, 0.0), mixture_loads(p, n_mixed).stable * factor
    m = np.full(n_mixed, next(state.overlaps[0] for state in mixtures(p, 0, n_mixed) if state.n_mixed == n_mixed))
    for step in range(1_500):
        m = frozen_step(p, load, m, *law)
        if step == 400:
            m += 1e-4 * np.eye(n_mixed)[0] - 1e-4 * np.eye(n_mixed)[1]
        elif step < 400:
            m[:] = m.mean()
    assert (np.ptp(m) < 1e-6) == returns
    assert m.max() > (0.2 if returns else 0.9)


def test_single_memories_survive_up_to_the_capacity():
    """alpha_c(T = 0) = max_x p erf(x)^(2p-2)/(2x^2); 0.756571 at p = 3."""
    for p in (3, 4, 10):
        top = minimize_scalar(lambda x, p=p: -p * math.erf(x) ** (2 * p - 2) / (2 * x * x), bracket=(0.5, 1.2, 3))
        loads = mixture_loads(p, 1)
        assert loads.exists == loads.stable == pytest.approx(-top.fun, rel=1e-12)
    assert mixture_loads(3, 1).exists == pytest.approx(0.756571, abs=5e-7)


@settings(max_examples=30)
@given(h=st.floats(0.05, 3.0), n_mixed=st.integers(2, 6))
def test_unequal_overlaps_are_the_dangerous_direction(h, n_mixed):
    """E s1 s2 sech^2(h S) <= 0, so neither the common direction nor, at p = 2, other memories are worse."""
    patterns, weights = sign_law(n_mixed, 0.0)
    sech2 = np.cosh(h * patterns.sum(axis=1)) ** -2.0
    assert weights @ (patterns[:, 0] * patterns[:, 1] * sech2) <= 1e-15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mixtures(1, 0.5), "p must be an integer >= 2, got 1"),
        (lambda: mixtures(3, -0.5), "temperature must be a finite number >= 0"),
        (lambda: mixtures(3, 0.5, 0), "n_memories must be an integer from 1 to 100, got 0"),
        (lambda: mixtures(3, 0.5, overlap=1.0), "overlap must lie from 0 to 1, 1 excluded, got 1"),
        (lambda: mixtures(3, 0.5, overlap=-0.1), "overlap must be a finite number >= 0"),
        (lambda: mixture_loads(2), "p must be an integer >= 3, got 2"),
        (lambda: mixture_temperature(3, 0), "n_mixed must be an integer from 1 to 1001, got 0"),
        (lambda: critical_memory_overlap(1), "p must be an integer >= 2"),
    ],
)
def test_wrong_values_are_refused(call, message):
    with pytest.raises(dh.InvalidInput, match=message):
        call()


def test_extremes():
    assert mixtures(2_000, 0)[0].overlaps == (1.0, 0.0, 0.0)
    assert {state.n_mixed for state in mixtures(2_000, 0) if state.stable} == {1, 3}
    assert len(mixtures(3, 1e-90, 3)) == 3
    assert mixtures(3, 1e90, 3) == ()
    assert mixture_temperature(3, 1_001) > 0


@pytest.mark.parametrize(("p", "n_mixed"), [(3, 31), (3, 101), (4, 301), (8, 1001)])
def test_load_of_many_mixed_memories(p, n_mixed):
    """The largest load of eq. 66 on a dense scan of y, which for many memories lies at small y."""
    k = np.arange(n_mixed + 1)
    sums = 2.0 * k - n_mixed
    weights = np.exp(gammaln(n_mixed + 1) - gammaln(k + 1) - gammaln(n_mixed - k + 1) - n_mixed * np.log(2))
    y = np.geomspace(1e-3, 10, 2001)
    m = np.array([erf(one * sums) @ (weights * sums / n_mixed) for one in y])
    expected = float((p * m ** (2 * p - 2) / (2 * y**2)).max())
    assert mixture_loads(p, n_mixed).exists == pytest.approx(expected, rel=1e-4)
