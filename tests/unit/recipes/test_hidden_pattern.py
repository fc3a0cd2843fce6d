"""The recipe of the hidden pattern: its searches at a tiny size, its numbers of examples, its figure and table."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.recipes import RECIPES
from densehop.recipes.recovery import recipe, searches
from densehop.recipes.recovery.recipe import Case, Size
from densehop.recipes.recovery.searches import SEARCHES, Effort, Task
from tests.progress import CountingProgress

SHORT = Effort(2, 400, 400)
TINY = Size(
    (
        Case(Task(3, 3, 2.0, 20), ((17, SHORT), (340, SHORT)), 3),
        Case(Task(4, 2, 4.0, 12, "patterns"), ((180, SHORT),), 2),
    )
)


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    return tmp_path_factory.mktemp("hidden-pattern") / "cells"


@pytest.fixture(scope="module")
def made(cells):
    counter = CountingProgress()
    dataset = recipe.compute(TINY, 5, None, counter, cells)
    assert counter.announced == counter.done == 3 * 2 + 2
    return dataset


def test_one_seed_gives_the_same_bits_but_for_processor_time(made, tmp_path):
    again = recipe.compute(TINY, 5, 2, CountingProgress(), tmp_path)
    assert again.drop_vars("search_cost").identical(made.drop_vars("search_cost"))


def test_an_interrupted_run_goes_on_where_it_was(made, cells, monkeypatch):
    """The last data set is lost in the middle of its line: it alone is searched again, with the same result."""
    file = cells / "searches.jsonl"
    file.write_text(file.read_text()[:-40])
    searched = []

    def counted(*arguments):
        searched.append(arguments)
        return searches.measure(*arguments)

    monkeypatch.setattr(recipe, "measure", counted)
    again = recipe.compute(TINY, 5, None, CountingProgress(), cells)
    assert len(searched) == 1
    assert again.drop_vars("search_cost").identical(made.drop_vars("search_cost"))
    assert (again["search_cost"].isel(point=0) == made["search_cost"].isel(point=0)).all()
    other = recipe.compute(Size(TINY.cases[1:]), 6, None, CountingProgress(), cells)
    assert len(searched) == 1 + 2  # of another seed
    assert other.sizes["point"] == 1


def test_what_is_found_is_counted_with_its_error(made):
    easy = made.isel(point=1)
    assert float(easy["found_share"].sel(search="eigenvectors")) == 1
    assert (made["found_low"] <= made["found_share"]).all()
    assert (made["found_high"] >= made["found_share"]).all()
    assert np.isnan(made["search_overlap"].isel(point=2, disorder=2)).all()
    overlaps = made["search_overlap"].isel(point=0)
    np.testing.assert_array_equal((overlaps >= recipe.FOUND).mean("disorder"), made["found_share"].isel(point=0))
    assert (made["search_cost"] > 0).all()


def test_multiples_of_the_threshold_are_those_of_theory(made):
    task = Task(3, 3, 2.0, 64)
    regime = dh.theory.inference_regime(64, 3_000, 3, 2.0)
    assert math.ceil(task.threshold) == regime.n_easy
    assert made["threshold_ratio"].values[1] == pytest.approx(20 * made["threshold_ratio"].values[0])
    assert made["possible_ratio"].dims == ("point",)
    assert (made["possible_ratio"] > 0).all()


def test_neighbours_of_the_ladder_swap_as_often_as_it_says():
    """In the paramagnet, whose energy is Gaussian: 29 %."""
    task = Task(3, 3, 4.0, 60)
    examples = np.random.default_rng(0).choice([-1, 1], (6000, 60))
    temperatures = searches.ladder(task, dh.load_of(6000, 60, 3))
    assert temperatures[[0, -1]] == pytest.approx([4, 8])
    run = dh.PBodyHopfield(examples, 3).temper(temperatures, 2, 400, n_workers=1)
    spacing = (1 / 4 - 1 / 8) * math.sqrt(60 * dh.load_of(6000, 60, 3)) / (len(temperatures) - 1)
    assert run.swap_rate == pytest.approx(math.erfc(spacing / 2), abs=0.08)


def test_the_figure_and_the_table_are_made_of_it(made):
    shown = RECIPES["hidden-pattern"]
    panels = shown.draw(made).axes
    assert [axes.get_title() for axes in panels] == ["$p = 3$, $N = 20$", "$p = 4$, $p^* = 2$, $N = 12$"]
    lines = shown.table(made).splitlines()
    assert all(name in lines[0] for name in SEARCHES)
    ratio = 340 / TINY.cases[0].task.threshold
    assert lines[2].split()[:5] == ["3", "3", "20", f"{ratio:.2f}", "340"]
