"""Verdicts: found where it is easy, impossible where theory says so, never found in noise."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.errors import InvalidInput
from densehop.inference.byte_codes import ByteCodes
from densehop.inference.recovery import THRESHOLD
from densehop.inference.repeats import repeats
from densehop.theory import unfolding_threshold


def agreement(found, pattern):
    return abs(int(found.astype(int) @ pattern)) / len(pattern)


def data(ratio, n_spins, p, temperature=4.0, seed=0):
    """Examples at a multiple of the unfolding threshold."""
    load = ratio * unfolding_threshold(n_spins, p) * temperature**2
    return dh.draw_examples(n_spins, dh.n_examples_for(load, n_spins, p), p, temperature, seed=seed)


@pytest.mark.parametrize(("p", "n_spins", "ratio"), [(3, 48, 2.5), (4, 24, 3.0)])
def test_beyond_the_spectral_threshold_the_pattern_is_found(p, n_spins, ratio):
    pattern, examples = data(ratio, n_spins, p)
    found = dh.recover_pattern(examples, p, 4.0)
    assert found.verdict == "found"
    assert found.pattern.dtype == np.int8
    assert agreement(found.pattern, pattern) > 0.95
    assert found.log_odds > THRESHOLD
    assert "found" not in found.reason or "examples" in found.reason


def test_two_bodies_are_found_by_principal_components():
    pattern, examples = dh.draw_examples(300, 1_200, 2, 4.0, seed=0)
    found = dh.recover_pattern(examples, 2, 4.0)
    assert found.verdict == "found"
    assert agreement(found.pattern, pattern) > 0.7


def test_features_of_a_two_body_teacher_are_found_where_random_starts_fail():
    pattern, examples = dh.draw_examples(96, 12_000, 2, 4.0, seed=0)
    found = dh.recover_pattern(examples, 4, 4.0, teacher_p=2)
    assert found.verdict == "found"
    assert found.start == "covariance"
    assert agreement(found.pattern, pattern) > 0.97
    assert dh.message_passing(examples, 4, 4.0).q < 0.01


def test_an_ordered_teacher_is_found_at_odd_p():
    pattern, examples = dh.draw_examples(50, 20, 3, 1.2, seed=0)
    found = dh.recover_pattern(examples, 3, 1.2)
    assert found.verdict == "found"
    assert (found.pattern == pattern).mean() > 0.95  # with its sign


def test_a_pattern_around_which_message_passing_oscillates_is_found_by_damping():
    pattern, examples = dh.draw_examples(64, 26_214, 3, 4.0, seed=36)
    found = dh.recover_pattern(examples, 3, 4.0, seed=36)
    assert found.verdict == "found"
    assert found.result.damping == 0.5
    assert (found.pattern == pattern).mean() > 0.95


def test_too_few_examples_are_impossible_and_the_reason_says_how_many_would_do():
    pattern, examples = dh.draw_examples(60, 2_000, 3, 4.0, seed=0)
    del pattern
    found = dh.recover_pattern(examples, 3, 4.0)
    assert found.verdict == "impossible"
    assert f"{found.expectation.n_possible:,.0f} examples" in found.reason


@pytest.mark.parametrize(("p", "n_examples"), [(2, 60), (3, 500), (4, 2_000)])
def test_noise_is_not_found(p, n_examples):
    rng = np.random.default_rng(p)
    verdicts = []
    for seed in range(8):
        examples = (rng.integers(0, 2, (n_examples, 16)) * 2 - 1).astype(np.int8)
        verdicts.append(dh.recover_pattern(examples, p, 2.2, seed=seed).verdict)
    assert "found" not in verdicts


def test_where_no_eigenvector_points_at_the_pattern_cooled_chains_find_it():
    pattern, examples = data(0.6, 100, 3, temperature=2.0, seed=3)
    found = dh.recover_pattern(examples, 3, 2.0)
    assert found.expectation.regime == "hard"
    assert (found.verdict, found.start) == ("found", "annealing")
    assert agreement(found.pattern, pattern) > 0.9


def test_copies_count_once():
    """A hundred random rows, fifty times each, would be overwhelming evidence if they were independent."""
    rows = np.random.default_rng(0).choice([-1, 1], (100, 30))
    copied, once = (dh.recover_pattern(examples, 3, 4.0) for examples in (np.repeat(rows, 50, axis=0), rows))
    assert copied.verdict == once.verdict == "impossible"
    assert (copied.magnetisations == once.magnetisations).all()
    assert "4,900 repeat others" in copied.reason
    assert "repeat" not in once.reason


def test_repeats_that_a_teacher_makes_are_evidence():
    """An ordered teacher shows its pattern again and again, and ten spins have few states."""
    pattern, examples = dh.draw_examples(30, 200, 3, 0.6, seed=0)
    found = dh.recover_pattern(examples, 3, 0.6)
    assert len(np.unique(examples, axis=0)) < 100
    assert found.verdict == "found"
    assert (found.pattern == pattern).all()
    assert "repeat" not in found.reason
    assert "repeat" not in dh.recover_pattern(dh.draw_examples(10, 3000, 3, 3.0, seed=0)[1], 3, 3.0).reason


@pytest.mark.parametrize(("p", "temperature"), [(3, 1.3), (2, 2.5), (4, 4.0)])
def test_equal_pairs_are_counted_and_expected(p, temperature):
    counts = []
    for seed in range(20):
        examples = dh.draw_examples(9, 400, p, temperature, seed=seed)[1]
        found = repeats(ByteCodes.of(examples, 1), p, temperature)
        same = (examples[:, None] == examples[None]).all(axis=2)
        assert found.pairs == (same.sum() - 400) / 2
        np.testing.assert_array_equal(found.first, np.sort(np.unique(examples, axis=0, return_index=True)[1]))
        assert not found.copied
        counts.append(found.pairs)
    assert np.mean(counts) == pytest.approx(found.expected, abs=3.5 * np.std(counts, ddof=1) / math.sqrt(20))


def test_a_state_that_wins_by_less_than_chance_may_is_not_called_impossible():
    """At small N theory of the typical data set may say impossible where this one has its pattern on top."""
    pattern, examples = dh.draw_examples(33, 142, 3, 1.863, seed=154)
    found = dh.recover_pattern(examples, 3, 1.863, seed=154)
    assert found.expectation.regime == "impossible"
    assert 0 < found.log_odds < THRESHOLD
    assert found.verdict == "undecided"
    assert agreement(found.pattern, pattern) == 1


def test_a_small_teacher_that_is_not_ordered_yet_makes_nothing_easy():
    """p* = 5, T* = 1.4: below the critical temperature of large N, but 64 spins have a mean overlap of 0.1 alone."""
    assert dh.theory.inference_regime(64, 30, 5, 1.4).regime == "impossible"
    assert dh.theory.inference_regime(64, 30, 5, 0.9).regime == "easy"


def test_verdict_is_repeatable_with_any_number_of_threads():
    examples = data(2.5, 40, 3)[1]
    one, two = (dh.recover_pattern(examples, 3, 4.0, seed=5, n_workers=n) for n in (1, 2))
    assert (one.magnetisations == two.magnetisations).all()
    assert one.reason == two.reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"examples": [[1.0, math.nan]]}, "examples must hold only"),
        ({"examples": np.ones((0, 4))}, "examples must have shape"),
        ({"p": 1}, "p must be"),
        ({"temperature": 0.0}, "temperature must be"),
        ({"teacher_p": 1}, "teacher_p must be"),
        ({"teacher_temperature": -1}, "teacher_temperature must be"),
        ({"seed": 1.5}, "seed must be"),
    ],
)
def test_wrong_input_is_one_line(change, message):
    with pytest.raises(InvalidInput, match=message):
        dh.recover_pattern(**{"examples": np.ones((3, 5)), "p": 3, "temperature": 2.0, **change})


@pytest.mark.long
@pytest.mark.parametrize(
    ("p", "n_spins", "n_examples", "temperature"), [(2, 24, 60, 4.0), (3, 20, 3_000, 4.0), (4, 16, 8_000, 4.0)]
)
def test_two_hundred_data_sets_of_noise_are_not_found(p, n_spins, n_examples, temperature):
    found = []
    for seed in range(200):
        examples = np.random.default_rng(1000 * p + seed).integers(0, 2, (n_examples, n_spins)) * 2 - 1
        found.append(dh.recover_pattern(examples, p, temperature, seed=seed))
    converged = [one.log_odds for one in found if one.result.converged]
    print(f"p = {p}, N = {n_spins}, M = {n_examples}, T = {temperature:g}: {len(converged)} of {len(found)} converged")
    print(f"the largest evidence was {max(converged):.1f} nats of the {THRESHOLD:.1f} that it takes")
    assert {one.verdict for one in found} <= {"undecided", "impossible"}
