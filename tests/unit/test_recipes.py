import dataclasses
import json

import numpy as np
import pytest

import densehop as dh
from densehop.campaign import store
from densehop.recipes import RECIPES, nishimori_overlap
from densehop.recipes.recipe import reproduce

TINY = nishimori_overlap.Size(
    n_spins=24,
    loads=(8.0, 16.0),
    temperatures=(2.0, 6.0),
    n_disorders=3,
    n_chains=2,
    n_sweeps=12,
    n_burn_in=4,
    n_curve=5,
)


class Counter:
    """A progress that only counts."""

    def __init__(self):
        self.announced, self.done = 0, 0

    def total(self, steps):
        self.announced = steps

    def advance(self, steps=1):
        self.done += steps


def tiny_recipe(name="nishimori-overlap"):
    return dataclasses.replace(RECIPES[name], sizes={"tiny": TINY})


def test_overlap_recipe_writes_everything(tmp_path):
    counter = Counter()
    made = reproduce(tiny_recipe(), "tiny", tmp_path / "new" / "folder", 3, None, counter)
    assert counter.announced == counter.done == 2 * 2 * 3 * 2 * 12
    assert [path.suffix for path in made.files] == [".png", ".pdf", ".nc"]
    assert all(path.stat().st_size > 1000 for path in made.files)
    data = store.load(made.files[-1])
    assert json.loads(data.attrs["parameters"]) == json.loads(json.dumps(dataclasses.asdict(TINY)))
    assert (data.attrs["seed"], data.attrs["size"], data.attrs["recipe"]) == (3, "tiny", "nishimori-overlap")
    assert data["q_star"].dims == ("load", "temperature", "disorder")
    assert float(data["q_star_mean"][0, 0]) == pytest.approx(float(data["q_star"][0, 0].mean()))
    assert data["n_examples"].values.tolist() == [768, 1536]
    lines = made.table.splitlines()
    assert lines[0].split() == [
        "load",
        "T",
        "M",
        "phase",
        "theory",
        "N=24",
        "simulation",
        "deviation",
        "tau",
        "equilibrated",
    ]
    assert len([line for line in lines if "+-" in line and line.endswith((" yes", " no"))]) == 4


def test_overlap_recipe_gives_the_same_bits_with_one_or_two_workers():
    runs = [nishimori_overlap.compute(TINY, 3, workers, Counter()) for workers in (1, 2)]
    assert runs[0].identical(runs[1])
    other = nishimori_overlap.compute(TINY, 4, 2, Counter())
    assert not np.array_equal(other["q_star"], runs[0]["q_star"])


def test_overlap_recipe_places_theory_beside_simulation():
    data = nishimori_overlap.compute(TINY, 0, 2, Counter())
    for load in TINY.loads:
        row = data.sel(load=load)
        problem = dh.TeacherStudent.nishimori(3, load, 2.0)
        assert float(row.sel(temperature=2.0)["q_star_theory"]) == dh.solve(problem).q_star
        assert row.sel(temperature=6.0)["phase"].item() == "P"
        assert np.isnan(row.sel(temperature=6.0)["q_star_theory"])
        n_examples = int(row["n_examples"])
        assert float(row.sel(temperature=2.0)["energy_theory"]) == -dh.signal_strength(24, n_examples, 3, 2.0)


def test_cells_do_not_share_random_numbers():
    """Equal seeds at neighbouring cells would correlate the dots of a figure."""
    flat = nishimori_overlap.compute(
        dataclasses.replace(TINY, loads=(8.0, 8.0), temperatures=(2.0, 2.0)), 0, 2, Counter()
    )["energy"].values.ravel()
    assert len(np.unique(flat)) == flat.size


def test_phase_diagram_recipe(tmp_path):
    made = reproduce(RECIPES["nishimori-phase-diagram"], "quick", tmp_path, 0, None, Counter())
    data = store.load(made.files[-1])
    lines = dh.nishimori_lines(4)
    row = data.sel(p=4, load=8.0)
    assert float(row["temperature_global"]) == pytest.approx((8 / lines.gamma_global) ** 0.5)
    assert float(row["temperature_local"]) == pytest.approx((8 / lines.gamma_local) ** 0.5)
    assert "1.07625043" in made.table


def test_unknown_size_is_refused_before_any_work(tmp_path):
    with pytest.raises(dh.InvalidInput, match="size of nishimori-overlap must be one of quick; got 'huge'"):
        reproduce(RECIPES["nishimori-overlap"], "huge", tmp_path / "never", 0, None, Counter())
    assert not (tmp_path / "never").exists()
