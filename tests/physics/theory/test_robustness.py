"""Attacks at T = 0: the boundary, one parallel step against sampled noise and against the model itself."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import densehop as dh
from densehop.energies import tables
from densehop.theory.models.signal import limiting_signal
from densehop.theory.questions.robustness import (
    adversarial_boundary,
    attacked_overlap,
    effective_temperature,
    scaled_signal,
)
from tests import naive_replicas

bodies = st.integers(3, 12)
signals = st.floats(1e-6, 1e6)


@given(p=bodies, signal=signals)
def test_both_pulls_are_equal_at_the_boundary(p, signal):
    attack = adversarial_boundary(p, signal)
    assert signal * (1 - attack) ** (p - 1) == pytest.approx(attack ** (p - 1), rel=1e-9)


@pytest.mark.parametrize(("signal", "published"), [(0.5, 0.44), (1.0, 0.50)])
def test_published_crossings(signal, published):
    """p = 4, measured at N = 512 with a two-body teacher at T* = 4."""
    assert adversarial_boundary(4, signal) == pytest.approx(published, abs=0.005)


def test_boundary_at_extremes():
    assert adversarial_boundary(3, 0) == 0.0
    assert 0.99 < adversarial_boundary(3, 1e100) <= 1.0
    assert adversarial_boundary(1_000, 7.0) == pytest.approx(0.5, abs=1e-3)


@given(p=bodies, signal=st.floats(0.01, 100), side=st.sampled_from([-1, 1]))
def test_without_interference_the_start_falls_to_the_stronger_side(p, signal, side):
    attack = adversarial_boundary(p, signal) * (1 + 1e-6 * side)
    assert attacked_overlap(p, signal, 0.0, attack) == ((1.0, 0.0) if side < 0 else (0.0, 1.0))


def test_a_site_without_field_stays():
    assert attacked_overlap(3, 1.0, 0.0, 0.5) == (0.5, 0.5)  # exactly on the boundary
    assert attacked_overlap(3, 0.0, 0.0, 0.0) == (1.0, 0.0)  # no field at all
    assert attacked_overlap(3, 2.0, 0.0, 0.0) == (1.0, 0.0)
    assert attacked_overlap(3, 2.0, 0.0, 1.0) == (0.0, 1.0)


@given(p=bodies, signal=st.floats(0.01, 10), load=st.floats(1e-3, 10))
def test_noise_does_not_move_the_crossing(p, signal, load):
    q_star, m = attacked_overlap(p, signal, load, adversarial_boundary(p, signal))
    assert q_star == pytest.approx(m, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "signal", "load", "attack"), [(3, 0.7, 0.5, 0.3), (4, 2.0, 1.0, 0.6), (5, 0.2, 0.05, 0.9)]
)
def test_one_step_against_sampled_fields(p, signal, load, attack):
    """The mean sign of sampled fields; 4 standard errors are 6.3e-3."""
    rng = np.random.default_rng(1)
    s = rng.integers(0, 2, 400_000) * 2 - 1
    field = p * signal * (1 - attack) ** (p - 1) + s * p * attack ** (p - 1)
    field = field + math.sqrt(p * load) * rng.standard_normal(s.size)
    q_star, m = attacked_overlap(p, signal, load, attack)
    assert np.sign(field).mean() == pytest.approx(q_star, abs=6.3e-3)
    assert (s * np.sign(field)).mean() == pytest.approx(m, abs=6.3e-3)


def test_one_step_of_the_model():
    """Exact local fields at p = 3, N = 300, with the signal and noise of that N; band: 4 standard errors + 0.005."""
    p, n, temperature, load, attack = 3, 300, 2.5, 0.6, 0.45
    n_examples = dh.n_examples_for(load, n, p)
    table = tables.strict_table(p, n)
    results = []
    for seed in range(40):
        pattern, examples = dh.draw_examples(n, n_examples, p, temperature, seed=seed)
        example = examples[np.abs(examples @ pattern.astype(int)).argmin()]
        hit = np.random.default_rng(seed).permutation(n)[: round(attack * n)]
        state = pattern.copy()
        state[hit] = example[hit]
        moved = np.sign(table.local_fields(state[np.newaxis], examples)[0])
        results.append((moved @ pattern / n, moved @ example / n))
    mean, error = np.mean(results, axis=0), np.std(results, axis=0) / math.sqrt(len(results) - 1)
    signal = dh.signal_strength(n, n_examples, p, temperature)
    noise = dh.teacher.noise_ratio(n, p, temperature) * dh.load_of(n_examples, n, p)
    alone = math.perm(n - 1, p - 1) / n ** (p - 1)  # the attacker's own field at this N, 1 in (50)
    expected = np.array(attacked_overlap(p, signal / alone, noise / alone**2, attack))
    assert (np.abs(mean - expected) < 4 * error + 0.005).all()


def test_step_from_the_untouched_pattern_and_shapes():
    """At eps = 0 the step is E sign of the noisy signal, by adaptive quadrature of the normal law."""
    attack = np.linspace(0, 1, 12).reshape(3, 4)
    q_star, m = attacked_overlap(3, 0.8, 0.5, attack)
    assert q_star.shape == m.shape == (3, 4)
    for index in np.ndindex(3, 4):
        assert attacked_overlap(3, 0.8, 0.5, float(attack[index])) == (q_star[index], m[index])
    ratio = 3 * 0.8 / math.sqrt(3 * 0.5)
    soft = naive_replicas.gaussian_mean(lambda z: math.tanh((z + ratio) * 200))  # sign, smoothed on 1/200
    assert q_star[0, 0] == pytest.approx(soft, abs=1e-4)
    assert m[0, 0] == 0.0


def test_two_body_teacher_in_its_own_units():
    """p = 4: eta = 2 beta*^2/(1 - 2 beta*)^2, 1 at T* = 2 + sqrt(2); the signal of `finite_noise` is eta a."""
    assert scaled_signal(4, 2 + math.sqrt(2)) == pytest.approx(1.0, rel=1e-14)
    beta = 1 / 3.4
    assert scaled_signal(4, 3.4) == pytest.approx(2 * beta**2 / (1 - 2 * beta) ** 2, rel=1e-13)
    for p in (4, 6, 8):
        problem = dh.TeacherStudent.finite_noise(p, 0.8, 1.0, 3.4)
        assert limiting_signal(problem) == pytest.approx(0.8 * scaled_signal(p, 3.4), rel=1e-13)


def test_effective_temperature():
    problem = dh.TeacherStudent(p=3, load=2.0, temperature=1.0, teacher_temperature=4.0)
    assert effective_temperature(problem.load, limiting_signal(problem)) == pytest.approx(4.0, rel=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: adversarial_boundary(2, 1.0), "p must be an integer >= 3, got 2"),
        (lambda: adversarial_boundary(3, -1.0), "signal must be a finite number >= 0, got -1"),
        (lambda: attacked_overlap(3, 1.0, 0.1, 1.2), "attack must be numbers from 0 to 1, got 1.2"),
        (lambda: attacked_overlap(3, 1.0, 0.1, math.nan), "attack must be numbers from 0 to 1, got nan"),
        (lambda: attacked_overlap(3, 1.0, 0.1, "half"), "attack must be numbers from 0 to 1, got 'half'"),
        (lambda: attacked_overlap(3, 1.0, 0.1, []), "attack must be numbers from 0 to 1"),
        (lambda: attacked_overlap(3, 1.0, -0.1, 0.1), "load must be a finite number >= 0"),
        (lambda: scaled_signal(5, 3.0), "p must be even, got 5"),
        (lambda: scaled_signal(4, 2.0), "teacher_temperature must exceed 2"),
        (lambda: scaled_signal(400, 2 + 1e-9), "eta exceeds 1e308"),
        (lambda: effective_temperature(1.0, 0.0), "signal must be a finite positive number, got 0"),
    ],
)
def test_wrong_values_are_refused(call, message):
    with pytest.raises(dh.InvalidInput, match=message):
        call()


@pytest.mark.parametrize("p", [3, 4, 7])
@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.3])
def test_boundary_of_an_example_that_overlaps_is_where_the_two_fields_are_equal(p, overlap):
    """From the definition: both overlaps of the attacked state, and the two terms of the field."""
    attack = adversarial_boundary(p, 0.8, overlap)
    with_pattern = (1 - attack) + attack * overlap
    with_example = attack + (1 - attack) * overlap
    assert 0.8 * with_pattern ** (p - 1) == pytest.approx(with_example ** (p - 1), rel=1e-12)


def test_boundary_of_an_example_that_wins_unasked_is_zero():
    assert adversarial_boundary(3, 0.01, 0.5) == 0.0
    with pytest.raises(dh.InvalidInput, match="overlap"):
        adversarial_boundary(3, 0.5, 1.0)
