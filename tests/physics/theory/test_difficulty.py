"""Hard and easy regions of phase diagrams: against the regime of single data sets, which has the signal of finite N."""

import math
import warnings

import numpy as np
import pytest

import densehop as dh
from densehop.errors import InvalidInput

N, HOT = 4_000, 40.0


def diagram(p, model, x, t, **settings):
    """Return a diagram without its warning about replica symmetry."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return dh.phase_diagram(p, model, x, t, **settings)


def named(dataset):
    """Return the difficulties as words."""
    return np.array(dataset["difficulty"].attrs["flag_meanings"].split())[dataset["difficulty"].values]


@pytest.mark.parametrize(("p", "factors"), [(3, (0.5, 0.9, 1.1)), (4, (0.01, 0.9, 1.1))])
def test_optimal_students_find_it_where_single_data_sets_say_so(p, factors):
    lines, spectral = dh.nishimori_lines(p), dh.theory.unfolding_threshold(N, p)
    loads = np.array([0.8 * lines.gamma_global, 1.2 * lines.gamma_global, *(f * spectral for f in factors)]) * HOT**2
    found = named(diagram(p, "nishimori", np.sort(loads), [HOT, 1.001 * HOT], n_spins=N, boundaries=False))[0]
    for load, word in zip(np.sort(loads), found, strict=True):
        assert dh.theory.inference_regime(N, dh.n_examples_for(load, N, p), p, HOT).regime == word
    assert set(found) == {"impossible", "hard", "easy"}


def test_students_at_another_temperature_than_their_teachers():
    spectral = dh.theory.unfolding_threshold(N, 3) * HOT**2
    loads, temperatures = spectral * np.array([0.02, 0.9, 1.1]), np.array([0.8 * HOT, 1.1 * HOT])
    found = named(
        diagram(3, "fixed_teacher", loads, temperatures, teacher_temperature=HOT, n_spins=N, boundaries=False)
    )
    for row, temperature in zip(found, temperatures, strict=True):
        expected = [
            dh.theory.inference_regime(N, dh.n_examples_for(load, N, 3), 3, temperature, 3, HOT).regime
            for load in loads
        ]
        assert list(row) == expected
    assert list(found[0]) == ["impossible", "hard", "easy"]


def test_along_teacher_temperatures_the_colder_ones_are_easy():
    load = 1_000.0
    threshold = np.sqrt(load / dh.theory.unfolding_threshold(100, 3))
    teachers, temperatures = threshold * np.array([0.9, 1.1]), np.array([10.0, 12.0])
    found = diagram(3, "fixed_load", teachers, temperatures, load=load, n_spins=100)
    assert [list(row) for row in named(found)] == [["easy", "hard"]] * 2
    assert found["spectral_teacher_temperature"].values == pytest.approx(threshold, rel=1e-12)


def test_two_bodies_have_no_hard_region():
    found = diagram(2, "nishimori", np.linspace(0.5, 6, 8), [3.0, 4.0], n_spins=200, boundaries=False)
    retrieval = found["phase"].values == list(found["phase"].attrs["flag_meanings"].split()).index("gR")
    assert (named(found) == np.where(retrieval, "easy", "impossible")).all()
    assert retrieval.any()
    assert not retrieval.all()


@pytest.mark.parametrize("settings", [{}, {"scaled_teacher_temperature": 0.5}])
def test_features_of_a_hot_two_body_teacher_are_easy_wherever_they_win(settings):
    found = diagram(4, "large_noise", [1.0, 2.0], [0.4, 0.8], n_spins=512, boundaries=False, **settings)
    codes = list(found["phase"].attrs["flag_meanings"].split())
    wins = found["phase"].values == codes.index("gR")
    assert (named(found)[wins] == "easy").all()
    assert wins.any()


def test_where_a_single_example_wins_the_pattern_may_still_be_found():
    """In eR the state of one example wins, but the pattern's may exist beside it, and an eigenvector points at it."""
    n_spins, x, t = 30_000, [0.3, 1.0, 3.0], [0.35, 0.6]
    found = diagram(4, "finite_noise", x, t, teacher_temperature=4.0, n_spins=n_spins, boundaries=False)
    phases = np.array(found["phase"].attrs["flag_meanings"].split())[found["phase"].values]
    assert [list(row) for row in phases] == [["eR", "eR", "gR"]] * 2
    assert [list(row) for row in named(found)] == [["impossible", "easy", "easy"]] * 2
    point = dh.TeacherStudent.finite_noise(4, 1.0, 0.35, 4.0)
    energy = {state.branch: state.free_energy for state in dh.candidates(point)}
    assert energy["retrieval"] < energy["inference"] < energy["paramagnet"]


@pytest.mark.long
def test_few_examples_of_many_spins_are_easy_for_single_data_sets_too():
    n_spins = 30_000
    regime = dh.theory.inference_regime(n_spins, round(n_spins**2 / math.factorial(3)), 4, 0.35, 2, 4.0)
    assert regime.regime == "easy"
    assert regime.overlap > 0.99


def test_too_few_examples_for_a_student_may_show_the_pattern_to_others():
    regime = dh.theory.inference_regime(64, 1_365, 4, 0.35, 2, 4.0)
    assert regime.regime == "impossible"
    assert "the examples' covariance points at the pattern from 64 examples on" in regime.explanation
    pattern, examples = dh.draw_examples(64, 1_365, 2, 4.0, seed=0)
    found = dh.recover_pattern(examples, 2, 4.0)
    assert found.verdict == "found"
    assert abs(int(found.pattern.astype(int) @ pattern)) / 64 > 0.9


def test_message_passing_finds_the_pattern_where_an_example_wins():
    """p = 4 and a two-body teacher in eR: examples have energy -1, the pattern -0.44, and message passing finds it."""
    n_spins, n_examples, temperature = 256, 10_923, 0.35
    problem = dh.TeacherStudent.finite_noise(4, 1.0, temperature, 4.0)
    assert dh.phase(problem) is dh.Phase.EXAMPLE_RETRIEVAL
    pattern, examples = dh.draw_examples(n_spins, n_examples, 2, 4.0, seed=0)
    energies = dh.PBodyHopfield(examples, 4).energy(np.vstack([pattern, examples[:1]])) / n_spins
    assert energies[1] < -0.95 < energies[0] < -0.3
    found = dh.recover_pattern(examples, 4, temperature, teacher_p=2, teacher_temperature=4.0)
    assert found.verdict == "found"
    assert abs(int(found.pattern.astype(int) @ pattern)) / n_spins > 0.9


def test_the_line_is_shown_inside_retrieval_alone():
    found = diagram(3, "nishimori", np.linspace(0.5, 30, 60), np.linspace(1.0, 4.0, 40), n_spins=100)
    expected = dh.theory.unfolding_threshold(100, 3) * found["spectral_temperature"].values ** 2
    assert found["spectral_alpha"].values == pytest.approx(expected, rel=1e-12)
    shown = found["spectral_shown"].values
    assert (found["spectral_temperature"].values[shown] > dh.critical_temperature(3).temperature - 0.05).all()
    assert shown.any()


@pytest.mark.parametrize("arguments", [(3, "direct"), (None, "exponential_examples")])
def test_planes_without_a_pattern_refuse_a_size(arguments):
    settings = {"sharpness": 1.0, "reliability": 0.5} if arguments[0] is None else {}
    with pytest.raises(InvalidInput, match="n_spins is for thresholds"):
        dh.phase_diagram(*arguments, n_spins=100, **settings)
