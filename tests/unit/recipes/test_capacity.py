import dataclasses
from pathlib import Path

import numpy as np
import pytest

import densehop as dh
from densehop.recipes import RECIPES
from densehop.recipes.capacity import recipe as capacity
from densehop.recipes.capacity import table as capacity_table
from densehop.recipes.capacity.measurements import correlated_memories, uncorrelated_memories
from densehop.recipes.capacity.recipe import Series, Size
from tests.progress import CountingProgress

NO_CELLS = Path("unused")  # this recipe keeps none
TINY = Size(
    retrieval=tuple(
        Series(p, 32, (0.6, 3.0), temperature) for p, temperature in ((2, 0.0), (2, 0.1), (3, 0.0), (4, 0.0))
    ),
    warm_mixtures=tuple(Series(p, 64, (0.2, 1.5)) for p in (2, 3, 4)),
    loaded_mixtures=tuple(Series(p, 32, (0.2, 1.5)) for p in (3, 4)),
    memory_overlaps=(0.1, 0.9),
    n_spins_correlated=64,
    n_disorders=3,
    n_memories=2,
    n_sweeps=3,
    n_curve=2,
)


@pytest.fixture(scope="module")
def made():
    counter = CountingProgress()
    dataset = capacity.compute(TINY, 5, 2, counter, NO_CELLS)
    assert counter.announced == counter.done == 3 * (8 + 6 + 4 + 6)
    return dataset


def test_one_seed_gives_the_same_bits_with_one_worker_or_two(made):
    assert capacity.compute(TINY, 5, 1, CountingProgress(), NO_CELLS).identical(made)
    other = capacity.compute(TINY, 6, 2, CountingProgress(), NO_CELLS)
    assert not np.array_equal(other["correlated_energy"], made["correlated_energy"])


def test_the_dataset_holds_every_chain_and_the_theory(made):
    assert made["retrieval_overlap"].shape == (4, 2, 3, 2)
    assert made["warm_overlap"].shape == (3, 2, 3, 3)
    assert made["correlated_overlap"].shape == (3, 2, 3, 2, 3)
    assert made["capacity_rs"].values.tolist() == [dh.retrieval_boundary(p, 0.0) for p in (2, 3, 4)]
    assert made["retrieval_load"].values[0, 1] == 3.0 * dh.retrieval_boundary(2, 0.0, ansatz="1rsb")
    assert made["critical_memory_overlap"].values[0] == pytest.approx(0.2)
    assert made["warm_theory"].isnull().values.tolist() == [[False, True]] * 3


def test_the_figure_and_the_table_are_made_of_it(made):
    panels = RECIPES["capacity"].draw(made).axes
    assert len(panels) == 9
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in panels)
    assert panels[0].get_lines()
    table = RECIPES["capacity"].table(made)
    assert "Three correlated memories, T = 0, N = 64" in table
    assert max(len(line) for line in table.splitlines()) <= 140


def test_a_series_that_keeps_no_memory_is_drawn_and_tabled(made):
    lost = made.copy()
    lost["retrieval_overlap"] = 0 * made["retrieval_overlap"]
    RECIPES["capacity"].draw(lost)
    assert " 0.00                 -" in RECIPES["capacity"].table(lost)


def test_sizes_have_equally_many_points_in_all_series():
    for size in RECIPES["capacity"].sizes.values():
        for lines in (size.retrieval, size.warm_mixtures, size.loaded_mixtures):
            assert len({len(line.ratios) for line in lines}) == 1
        assert all(line.n_spins % 8 == 0 for line in (*size.warm_mixtures, *size.loaded_mixtures))
        assert dataclasses.asdict(size)["n_disorders"] >= 8


def test_half_load_finds_the_middle_of_known_shares():
    """Binomial shares of 40 x 50 chains around a logistic curve: the middle, within its own error bar."""
    stream = np.random.default_rng(0)
    loads = np.linspace(0.8, 1.2, 9)
    law = 1 / (1 + np.exp(20 * (loads - 1.03)))
    shares = stream.binomial(50, law[:, np.newaxis], size=(9, 40)) / 50
    found = capacity_table.half_load(loads, shares)
    assert found.error < 0.002
    assert abs(found.mean - 1.03) < 4 * found.error
    assert np.isnan(capacity_table.half_load(loads, np.ones((9, 4))).mean)


def test_extrapolation_of_a_line_is_exact():
    sizes = np.array([100.0, 400.0, 900.0])
    found = capacity_table.extrapolate(sizes, 0.9 + 2 * sizes**-0.5, np.array([0.1, 0.2, 0.3]), 0.5)
    assert found.mean == pytest.approx(0.9)
    assert np.isnan(capacity_table.extrapolate(sizes[:1], sizes[:1], sizes[:1], 0.5).mean)


def test_memories_of_a_mixture_are_uncorrelated_and_related_ones_are_not():
    memories = uncorrelated_memories(64, 3)
    assert np.array_equal(memories.astype(int) @ memories.T, 64 * np.eye(3))
    related = correlated_memories(40_000, 0.4, 3).astype(int)
    overlaps = (related @ related.T)[np.triu_indices(3, 1)] / 40_000
    assert overlaps == pytest.approx(0.4, abs=5 * 40_000**-0.5)
