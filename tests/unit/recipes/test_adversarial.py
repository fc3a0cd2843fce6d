"""The recipe of attacks: crossings, theory beside simulation, files, the same bits with any number of workers."""

import dataclasses

import numpy as np
import pytest

import densehop as dh
from densehop.base.progress import NoProgress
from densehop.campaign import store
from densehop.recipes import RECIPES
from densehop.recipes.crossing import crossing
from densehop.recipes.recipe import reproduce
from densehop.recipes.robustness import adversarial
from densehop.theory.questions.robustness import adversarial_boundary

TINY = adversarial.Size(48, (0.5, 1.5), (0.0, 0.3, 0.6, 0.9), n_disorders=3, n_chains=3)


def test_crossing_of_straight_lines_and_its_error():
    """Lines 1 - eps + shift cross 1/2 at 1/2 + shift, and the jackknife of a mean is its standard error."""
    fraction = np.linspace(0, 1, 11)
    shifts = np.array([0.02, -0.01, 0.05, 0.0])
    found, error = crossing(fraction, 1 - fraction + shifts[:, np.newaxis])
    assert found == pytest.approx(0.5 + shifts.mean())
    assert error == pytest.approx(shifts.std(ddof=1) / 2)


@pytest.mark.parametrize("level", [0.2, 0.8])
def test_a_curve_that_stays_on_one_side_has_no_crossing(level):
    assert np.isnan(crossing(np.array([0.1, 0.2]), np.full((3, 2), level))[0])


def test_recipe_writes_everything(tmp_path):
    tiny = dataclasses.replace(RECIPES["adversarial"], sizes={"tiny": TINY})
    made = reproduce(tiny, "tiny", tmp_path, 3, 1, NoProgress())
    data = store.load(made.files[-1])
    assert data["q_star"].sizes == {"scaled_load": 2, "disorder": 3, "example": 2, "fraction": 4}
    assert data["n_examples"].values.tolist() == [192, 576]
    for a, n_examples in zip(TINY.scaled_loads, (192, 576), strict=True):
        point = data.sel(scaled_load=a, example="closest")
        assert float(point["boundary_infinite"]) == pytest.approx(adversarial_boundary(4, a))
        signal = dh.signal_strength(48, n_examples, 4, 2 + 2**0.5, teacher_p=2)
        overlap = float(point["example_overlap"].mean())
        assert float(point["boundary"]) == pytest.approx(adversarial_boundary(4, signal, overlap))
    assert (data["q_star_mean"].sel(fraction=0.0) > data["q_star_mean"].sel(fraction=0.9)).all()
    assert len(made.table.splitlines()) >= 1 + 4 + 1 + 2
    again = adversarial.compute(TINY, 3, 1, NoProgress(), tmp_path / "adversarial.cells")
    assert np.array_equal(again["q_star"], data["q_star"])
