import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from densehop.recipes import RECIPES
from densehop.recipes.capacity import limit
from densehop.recipes.capacity.limit_energies import MEMORIES, strict_fields
from densehop.recipes.capacity.limit_energies import strict as strict_memory
from tests.progress import CountingProgress

NO_CELLS = Path("unused")  # this recipe keeps none
TINY = dataclasses.replace(
    limit.QUICK, n_spins=20, n_wrong=(3, 5), n_disorders=2, n_probes=6, n_bisections=4, most_patterns=500,
    basin_spins=(16, 20), basin_sharpness=(0.35, 1.0), n_curve=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    counter = CountingProgress()
    dataset = limit.compute(TINY, 5, 2, counter, NO_CELLS)
    assert counter.announced == counter.done == 2 * (6 * 2 + 2 * 2)
    return dataset


def test_one_seed_gives_the_same_bits_with_one_worker_or_two(made):
    assert limit.compute(TINY, 5, 1, CountingProgress(), NO_CELLS).identical(made)


def test_no_memory_holds_more_than_the_limit_at_its_size(made):
    measured = made["log_number"].mean("disorder")
    assert (measured < made["log_number_limit"] + 0.7).all()  # each is found to a factor of 1.3
    assert (measured.sel(memory="exponential") > measured.sel(memory="p = 2")).all()


def test_the_figure_and_the_table_are_made_of_it(made):
    recipe = RECIPES["capacity-limit"]
    panels = recipe.draw(made).axes
    assert len(panels) == 3
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in panels)
    table = recipe.table(made)
    assert all(memory.name in table for memory in MEMORIES)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_fields_of_the_strict_energy_are_elementary_symmetric_polynomials(p):
    """Coefficients of (1 + x)^agreeing (1 - x)^opposed, by multiplication."""
    for agreeing, field in enumerate(strict_fields(8, p)):
        polynomial = np.polynomial.polynomial.polyfromroots([-1.0] * agreeing + [1.0] * (7 - agreeing))
        sign = polynomial[0]  # of the product of the roots, so that the constant is 1
        assert field == pytest.approx(polynomial[p - 1] / sign if p <= 8 else math.nan, abs=1e-9)


def test_every_memory_restores_a_single_pattern():
    pattern = np.where(np.random.default_rng(0).random((1, 24)) < 0.5, 1, -1).astype(np.int8)
    start = pattern.copy()
    start[0, :4] *= -1
    for memory in MEMORIES:
        assert (memory.restore(pattern, start) == pattern).all(), memory.name
    assert strict_memory(3).bits_per_parameter(20, 57.0) == pytest.approx(1.0)
