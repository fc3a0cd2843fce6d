"""The recipe of the hot two-body teacher: theory beside simulation at every size."""

import dataclasses
import math

import pytest

import densehop as dh
from densehop.base.progress import NoProgress
from densehop.recipes import RECIPES
from densehop.recipes.overlaps import large_noise as large_noise_overlap
from densehop.recipes.recipe import reproduce
from densehop.theory.questions.finite_size import finite_size_overlap

TINY = large_noise_overlap.Size((24, 16), (1.0, 2.0), (0.5, 4.0), n_disorders=2, n_chains=2, n_sweeps=16, n_curve=9)


def test_recipe(tmp_path):
    tiny = dataclasses.replace(RECIPES["large-noise-overlap"], sizes={"tiny": TINY})
    made = reproduce(tiny, "tiny", tmp_path, 2, 1, NoProgress())
    data = made.dataset.sel(start="pattern")
    assert data["q_star_mean"].sizes == {"n_spins": 2, "alpha": 2, "temperature": 2}
    point = data.sel(alpha=1.0, temperature=0.5)
    nishimori = dh.solve(dh.TeacherStudent.nishimori(4, 1.0 / 0.5**2 * 4.0, 2.0)).q_star  # the same Gamma = alpha/T^2
    assert float(point["q_star_theory"]) == pytest.approx(nishimori, rel=1e-9)
    hot = math.sqrt(24 * 0.5 / 2)
    signal = dh.signal_strength(24, dh.n_examples_for(1.0, 24, 4), 4, hot, teacher_p=2)
    assert float(point["signal_ratio"].sel(n_spins=24)) == pytest.approx(signal * 0.5)
    assert (data["q_star_mean"].sel(temperature=0.5) > data["q_star_mean"].sel(temperature=4.0)).all()
    assert "falls to 1/2" in made.table


def test_another_teacher_of_the_same_kind_is_the_nishimori_line():
    assert finite_size_overlap(256, 200_000, 3, 2.0) == finite_size_overlap(256, 200_000, 3, 2.0, 2.0, 3)


def test_finite_size_line_reaches_the_limit_slowly():
    """Case 1 of docs/theory.md: corrections fall as N^(-1/2)."""
    limit = dh.solve(dh.TeacherStudent(p=4, load=1.0, temperature=0.7, signal=1 / 0.7)).q_star
    gaps = []
    for n_spins in (1_000, 4_000, 16_000):
        n_examples, hot = dh.n_examples_for(1.0, n_spins, 4), math.sqrt(n_spins * 0.7 / 2)
        gaps.append(abs(finite_size_overlap(n_spins, n_examples, 4, 0.7, hot, 2)[1] - limit))
    assert gaps[0] > gaps[1] > gaps[2]
    assert 1.4 < gaps[1] / gaps[2] < 2.8
