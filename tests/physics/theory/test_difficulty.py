"""Hard and easy regions of phase diagrams: against the regime of single data sets, which has the signal of finite N."""

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
