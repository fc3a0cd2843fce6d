"""Easy, hard or impossible: against the lines of the theory at infinite N, and in its limits."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.errors import InvalidInput
from densehop.theory import inference_regime, unfolding_threshold
from tests import naive


@pytest.mark.parametrize(("p", "a", "b"), [(3, 1, 2), (4, 2, 2), (5, 2, 3)])
def test_unfolding_threshold_is_where_the_signal_equals_the_noise(p, a, b):
    """J has entries of mean lambda xi^p and variance M, as a matrix between sets of a and of b sites, R x C.

    Its spike has the singular value lambda sqrt(RC), and sticks out where this exceeds sqrt(M) (RC)^(1/4).
    """
    n_spins, temperature = 100, 4.0
    load = unfolding_threshold(n_spins, p) * temperature**2
    n_examples, signal = load * n_spins ** (p - 1) / math.factorial(p), load / temperature
    size = n_spins**p / (math.factorial(a) * math.factorial(b))
    assert signal * math.sqrt(size) == pytest.approx(math.sqrt(n_examples) * size**0.25, rel=1e-12)


@pytest.mark.parametrize("p", [3, 4])
def test_numbers_of_examples_become_those_of_infinite_size(p):
    n_spins, temperature = 3_000, 30.0
    found = inference_regime(n_spins, 10 ** (3 * (p - 1)), p, temperature)
    gamma = dh.nishimori_lines(p).gamma_global
    assert found.n_possible == pytest.approx(dh.n_examples_for(gamma * temperature**2, n_spins, p), rel=0.01)
    unfolded = unfolding_threshold(n_spins, p) * temperature**2
    assert found.n_easy == pytest.approx(dh.n_examples_for(unfolded, n_spins, p), rel=0.01)


@pytest.mark.parametrize(("n_spins", "p"), [(8, 3), (7, 4), (10, 4), (8, 5)])
def test_from_how_many_examples_the_pattern_wins_by_enumeration_at_a_few_spins(n_spins, p):
    """Overlap of a student with the pattern (even p: up to a sign), from all states, mean over draws of examples."""
    temperature, n_possible = 4.0, inference_regime(n_spins, 1_000, p, 4.0).n_possible

    def overlap(n_examples):
        found = []
        for seed in range(20):
            pattern, examples = dh.draw_examples(n_spins, n_examples, p, temperature, seed=seed)
            states = naive.all_states(n_spins).astype(np.int8)
            log_weight = -dh.PBodyHopfield(examples, p).energy(states) / temperature
            weight = np.exp(log_weight - log_weight.max())
            overlaps = states @ pattern / n_spins
            found.append(np.average(np.abs(overlaps) if p % 2 == 0 else overlaps, weights=weight))
        return np.mean(found)

    free = np.abs(naive.all_states(n_spins).sum(axis=1)).mean() / n_spins if p % 2 == 0 else 0.0
    assert overlap(round(n_possible / 2)) < (1 + free) / 2 < overlap(2 * round(n_possible))


@pytest.mark.parametrize(("n_examples", "regime"), [(900, "impossible"), (1_100, "easy")])
def test_two_bodies_have_no_hard_phase(n_examples, regime):
    found = inference_regime(1_000, n_examples, 2, 4.0)  # M/N = (T/2 - 1)^2 = 1
    assert found.regime == regime
    assert found.n_possible == pytest.approx(1_000, rel=0.002)
    assert found.n_easy == found.n_possible


def test_regimes_follow_one_another_and_the_overlap_grows():
    found = [inference_regime(100, count, 3, 4.0) for count in (10_000, 40_000, 70_000)]
    assert [one.regime for one in found] == ["impossible", "hard", "easy"]
    assert 0.8 < found[1].overlap < found[2].overlap
    assert all(f"{one.n_easy:,.0f}" in one.explanation for one in found)


def test_features_of_a_two_body_teacher_become_easy_with_a_component_of_the_covariance():
    found = inference_regime(512, 300_000, 4, 4.0, teacher_p=2)
    assert found.regime == "easy"
    assert found.n_easy == found.n_possible > 512  # the student, not the eigenvector, needs the examples


@pytest.mark.parametrize(("p", "teacher_p"), [(3, 2), (2, 3)])
def test_a_student_that_hears_nothing_finds_nothing(p, teacher_p):
    found = inference_regime(50, 1_000, p, 3.0, teacher_p)
    assert found.regime == "impossible"
    assert found.n_possible == found.n_easy == math.inf


@pytest.mark.parametrize(
    ("n_spins", "load", "p", "temperature", "hot", "regime"),
    [
        (890, 20.0, 2, 3.44, 6.6, "easy"),
        (1_000, 1.0, 2, 1.0, 3.0, "easy"),
        (3_000, 100.0, 4, 5.0, 9.0, "impossible"),
        (3_000, 150.0, 4, 5.0, 9.0, "hard"),
    ],
)
def test_a_student_colder_than_its_teacher_has_a_spin_glass_to_beat(n_spins, load, p, temperature, hot, regime):
    """The paramagnet, which the glass displaces, has more free entropy than either, or at p = 2 and T < 2 is none."""
    n_examples = dh.n_examples_for(load, n_spins, p)
    found = inference_regime(n_spins, n_examples, p, temperature, p, hot)
    assert found.regime == regime
    wins = dh.candidates(dh.TeacherStudent(p, load, temperature, hot))[0].branch == "inference"
    assert wins == found.possible == (found.n_possible <= n_examples)


def test_an_ordered_teacher_is_easy():
    assert inference_regime(50, 3, 3, 1.2).regime == "easy"


def test_wrong_input_is_one_line():
    with pytest.raises(InvalidInput, match="p = 2 there is no hard phase"):
        unfolding_threshold(10, 2)
    with pytest.raises(InvalidInput, match="n_examples must be"):
        inference_regime(10, 0, 3, 4.0)
