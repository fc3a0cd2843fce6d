"""The recipe of exponential energies: its numbers beside theory at that size, its bits, its figure and table."""

import math
from pathlib import Path

import numpy as np
import pytest

import densehop as dh
from densehop.recipes import RECIPES
from densehop.recipes.exponential import measurements, recipe, theory
from tests.progress import CountingProgress

NO_CELLS = Path("unused")  # this recipe keeps none
TINY = recipe.Size(
    basin_spins=(20,),
    basin_loads=(0.15, 0.2),
    student_spins=(10,),
    student_loads=(0.25, 0.5),
    attack_spins=(20,),
    attack_sharpness=(0.3, 0.5),
    n_disorders=3,
    n_probes=8,
    n_chains=8,
    n_sweeps=20,
    n_curve=7,
)


@pytest.fixture(scope="module")
def made():
    counter = CountingProgress()
    dataset = recipe.compute(TINY, 5, 2, counter, NO_CELLS)
    assert counter.announced == counter.done == 3 * (2 * 2 + 2 + 2)
    return dataset


def test_one_seed_gives_the_same_bits_with_one_worker_or_two(made):
    assert recipe.compute(TINY, 5, 1, CountingProgress(), NO_CELLS).identical(made)


def test_the_figure_and_the_table_are_made_of_it(made):
    shown = RECIPES["exponential-energies"]
    panels = shown.draw(made).axes
    assert len(panels) == 4
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in panels)
    text = shown.table(made)
    assert len(text.splitlines()) == 3 + 4 + 2 + 2
    assert "20, 0.2, 0.15" in text


def test_the_overlap_at_size_is_that_of_all_pairs_of_examples():
    """T = 1/(2L): Z is a sum over pairs; over many draws of a few examples its parts have these weights."""
    sharpness, reliability, n_spins = 0.6, 0.5, 6
    above, below = 0.0, 0.0
    for draw in range(4000):
        examples = measurements.noisy_examples(n_spins, math.log(5) / n_spins, reliability, draw).astype(float)
        alike = sharpness * (examples[:, None] + examples[None])
        weights = np.exp(np.log(2 * np.cosh(alike)).sum(axis=2))
        below += weights.sum()
        above += (weights * np.tanh(alike).mean(axis=2)).sum()
    expected = theory.overlap_at_size(math.log(5) / n_spins, sharpness, reliability, n_spins)
    assert above / below == pytest.approx(expected, abs=5e-3)


def test_all_is_kept_without_an_attack_and_lost_to_a_whole_example_where_it_wins():
    shares = measurements.kept_shares(24, 0.15, 1.0, 0.3, [0, 24], 8, 3)
    assert shares.tolist() == [1, 0]
    assert dh.theory.attack_boundary(dh.ExponentialTeacherStudent(0.15, 1.0, 0.0, 0.3)) < 1
