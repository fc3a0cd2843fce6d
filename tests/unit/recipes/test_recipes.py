import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from densehop.campaign import store
from densehop.diagnostics.verdicts import Verdict
from densehop.recipes import RECIPES
from densehop.recipes.overlaps import landscape, study
from densehop.recipes.overlaps import nishimori as nishimori_overlap
from densehop.recipes.overlaps.nishimori_theory import branches
from densehop.recipes.recipe import redraw, reproduce
from tests.progress import CountingProgress

TINY = nishimori_overlap.Size(
    n_spins=24,
    loads=(8.0, 16.0),
    temperatures=(2.0, 6.0),
    n_disorders=3,
    n_chains=2,
    n_sweeps=12,
    burn_in=0.34,
    n_curve=5,
)


def tiny_recipe(name="nishimori-overlap"):
    return dataclasses.replace(RECIPES[name], sizes={"tiny": TINY})


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """What the tiny recipe makes in a folder that is not there yet, and the progress that it reports."""
    counter = CountingProgress()
    return reproduce(tiny_recipe(), "tiny", tmp_path_factory.mktemp("new") / "folder", 3, 1, counter), counter


def test_overlap_recipe_writes_everything(reproduced):
    made, counter = reproduced
    assert counter.announced == counter.done > 0
    assert [path.suffix for path in made.files] == [".png", ".pdf", ".nc"]
    assert all(path.stat().st_size > 1000 for path in made.files)
    data = store.load(made.files[-1])
    assert json.loads(data.attrs["parameters"]) == json.loads(json.dumps(dataclasses.asdict(TINY)))
    assert (data.attrs["seed"], data.attrs["size"], data.attrs["recipe"]) == (3, "tiny", "nishimori-overlap")
    assert data["q_star"].dims == ("n_spins", "alpha", "temperature", "start", "disorder")
    point = data.isel(n_spins=0, alpha=0, temperature=1, start=0)
    estimate = dh.diagnostics.disorder_estimate(point["q_star"].values)
    assert float(point["q_star_mean"]) == pytest.approx(estimate.mean)
    assert float(point["q_star_error"]) == pytest.approx(estimate.error)
    assert data["n_examples"].values.tolist() == [768, 1536]
    assert data.attrs["wall_seconds"] > 0
    assert not any("seconds" in name for name in data.variables)
    lines = made.table.splitlines()
    assert lines[0].split()[:7] == ["start", "N", "load", "T", "M", "phase", "theory"]
    assert len([line for line in lines if "+-" in line and line.endswith(tuple(Verdict))]) == 4


def test_a_figure_is_drawn_again_from_its_data(reproduced, tmp_path):
    made, _ = reproduced
    again = redraw(tiny_recipe(), made.files[-1], tmp_path / "again", csv=True)
    assert again.table == made.table
    assert [path.name for path in again.files[:2]] == ["nishimori-overlap.png", "nishimori-overlap.pdf"]
    assert again.files[2].suffix == ".csv"
    assert again.files[0].read_bytes() == made.files[0].read_bytes()
    with pytest.raises(dh.InvalidInput, match=r"has to hold the data of landscape; its attribute 'recipe' is 'nishim"):
        redraw(RECIPES["landscape"], made.files[-1], tmp_path)
    slim = Path(__file__).parents[3] / "docs" / "figures" / "landscape.nc"
    with pytest.raises(dh.InvalidInput, match=r"landscape.nc' lacks a part .* 'map_entropy'; reproduce it anew"):
        redraw(RECIPES["landscape"], slim, tmp_path)


def computed(size, folder, seed=0, n_workers=1, counter=None):
    return nishimori_overlap.compute(size, seed, n_workers, counter or CountingProgress(), Path(folder))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return computed(TINY, tmp_path_factory.mktemp("tiny"))


def test_overlap_recipe_gives_the_same_bits_with_one_or_two_workers(tiny, tmp_path):
    assert computed(TINY, tmp_path / "two", n_workers=2).equals(tiny)
    other = computed(dataclasses.replace(TINY, loads=(8.0,), temperatures=(6.0,)), tmp_path / "other", seed=4)
    assert not np.array_equal(other["q_star"], tiny["q_star"].sel(alpha=[8.0], temperature=[6.0]))


def test_overlap_recipe_goes_on_where_it_was(tmp_path):
    """Finished cells are never computed again: of two, the one that is lost is; a larger size adds its own."""
    size = dataclasses.replace(TINY, loads=(8.0,), temperatures=(6.0,), n_disorders=2)
    first, again, more = CountingProgress(), CountingProgress(), CountingProgress()
    before = computed(size, tmp_path, counter=first)
    (tmp_path / "cells" / next(iter(nishimori_overlap.plan(size, 0).cells())).identity).with_suffix(".npz").unlink()
    assert computed(size, tmp_path, counter=again).equals(before)
    assert again.done == first.done // 2
    after = computed(dataclasses.replace(size, n_disorders=3), tmp_path, counter=more)
    assert more.done == first.done // 2
    assert after["q_star"].isel(disorder=slice(2)).equals(before["q_star"])


def test_overlap_recipe_places_theory_beside_simulation(tiny):
    data = tiny.isel(n_spins=0, start=0)
    for load in TINY.loads:
        row = data.sel(alpha=load)
        problem = dh.TeacherStudent.nishimori(3, load, 2.0)
        assert float(row.sel(temperature=2.0)["q_star_theory"]) == dh.solve(problem).q_star
        assert row.sel(temperature=6.0)["phase"].item() == "P"
        assert np.isnan(row.sel(temperature=6.0)["q_star_theory"])
        n_examples = int(row["n_examples"])
        signal = dh.signal_strength(24, n_examples, 3, 2.0)
        assert float(row.sel(temperature=2.0)["energy_theory"]) == -signal
        assert float(row.sel(temperature=2.0)["signal_ratio"]) == pytest.approx(signal / (load / 2.0))


def test_cells_do_not_share_random_numbers(tiny):
    """Equal seeds at neighbouring cells would correlate the dots of a figure."""
    flat = tiny["energy"].values.ravel()
    assert len(np.unique(flat)) == flat.size == 12


def test_three_starts_begin_in_the_states_of_the_theory():
    """p = 3, load 6: eR, gR, lR and P; where only one state is, there is no local start."""
    shown = {t: branches(3, 6.0, t) for t in (1.2, 2.0, 2.3, 2.5)}
    assert shown[1.2] == {"global": 1.0}
    assert shown[2.0] == {"global": pytest.approx(0.9252, abs=1e-4), "local": 0.0}
    assert shown[2.3] == {"global": 0.0, "local": pytest.approx(0.7763, abs=1e-4)}
    assert shown[2.5] == {"global": 0.0}
    size = dataclasses.replace(nishimori_overlap.PAPER, loads=(6.0,), temperatures=(1.2, 2.0, 2.5), n_disorders=1)
    cells = {
        (cell.n_spins, cell.temperature, cell.start_name): cell for cell in nishimori_overlap.plan(size, 0).cells()
    }
    assert [name for n, t, name in cells if (n, t) == (512, 2.0)] == ["pattern"]
    assert [name for n, t, name in cells if (n, t) == (256, 2.0)] == ["pattern", "global", "local"]
    assert [name for n, t, name in cells if (n, t) == (256, 2.5)] == ["pattern", "global"]
    assert cells[256, 2.0, "global"].start_overlap == 0.925
    assert cells[512, 2.0, "pattern"].run.precision == 0.01
    assert cells[512, 1.2, "pattern"].run.precision is None  # nothing moves: no error bar to wait for


def test_two_sizes_and_three_starts_in_one_dataset(tmp_path):
    size = dataclasses.replace(
        TINY, loads=(8.0,), temperatures=(2.2, 4.0), n_spins_all_starts=12, precision=1e-4, max_sweeps=24, n_disorders=2
    )
    data = computed(size, tmp_path)
    assert data["start"].values.tolist() == ["pattern", "global", "local"]
    measured = data["q_star_mean"].notnull().sum("temperature").squeeze("alpha").values
    assert measured.tolist() == [[2, 0, 0], [2, 2, 1]]
    assert float(data["n_sweeps"].max()) == 24
    assert not data["settled"].any()  # less precise than asked
    assert not (data["verdict"] == 0).any()
    assert data["q_star_expected"].sel(start="local", temperature=2.2).values.tolist() == [[0.0], [0.0]]
    assert "extrapolated in 1/N" in RECIPES["nishimori-overlap"].table(data)
    labels = [text.get_text() for text in RECIPES["nishimori-overlap"].draw(data).legends[0].get_texts()]
    assert labels[3:] == [
        "$N = 24$, started near the pattern",
        "$N = 12$, started near the pattern",
        "$N = 12$, started at $q^* = 0$",
    ]


def invented(**variables):
    """Points at two sizes with errors of 0.01 and 0.02."""
    dims = ("n_spins", "temperature")
    shown = {"q_star_mean": [[0.93, 0.5], [0.915, 0.5]], "q_star_error": [[0.01, 0.0], [0.02, 0.01]], **variables}
    return xr.Dataset({name: (dims, values) for name, values in shown.items()}, {"n_spins": [100, 200]})


def test_deviations_are_in_standard_errors():
    found = study.deviation(invented(q_star_expected=[[0.9, 0.5], [0.955, 0.52]]))
    np.testing.assert_allclose(found, [[3.0, np.nan], [-2.0, -2.0]])
    words = study.describe_deviations(found, 4)
    assert words.startswith("3 points, root mean square 2.38, within 3 standard errors 67% (by chance 94%)")
    assert study.describe_deviations(found.where(found > 9), 4) == "none to be judged"


def test_extrapolation_removes_what_is_linear_in_one_over_n():
    """0.93 = 0.9 + 3/100 and 0.915 = 0.9 + 3/200; in 1/N^2 the line ends at 0.915 - 0.015/3."""
    data = invented()
    mean, error = study.extrapolate(data["q_star_mean"], data["q_star_error"])
    np.testing.assert_allclose(mean, [0.9, 0.5])
    np.testing.assert_allclose(error, [np.hypot(0.04, 0.01), 0.02])
    mean, error = study.extrapolate(data["q_star_mean"], data["q_star_error"], power=2.0)
    np.testing.assert_allclose(mean, [0.91, 0.5])
    np.testing.assert_allclose(error, [np.hypot(0.02 * 4, 0.01) / 3, 0.04 / 3])


def test_verdict_needs_chains_that_agree():
    """Two disorders of different length and mean are judged on what they share, each around its own mean."""
    noise = np.random.default_rng(0).normal(size=(2, 4, 400))
    noise[1, :, 300:] = np.nan
    begins, ends = np.array([100, 50]), np.array([400, 300])
    assert study.joint_verdict(noise + np.array([0.9, 0.1])[:, None, None], begins, ends).equilibrated
    noise[0, 0] += 1.0
    assert not study.joint_verdict(noise, begins, ends).equilibrated


def test_landscape_meets_the_stated_benchmarks(tmp_path):
    size = dataclasses.replace(
        landscape.QUICK, n_spins=24, loads=(4.0,), temperatures=(1.2, 2.0), n_disorders=2, n_sweeps=16, n_map=17
    )
    recipe = dataclasses.replace(RECIPES["landscape"], sizes={"tiny": size})
    made = reproduce(recipe, "tiny", tmp_path, 0, 1, CountingProgress())
    data = store.load(made.files[-1])
    for prefix in ("map", "large_p"):
        assert 0 < landscape.entropy_bound(data, prefix) < 0.01
    assert landscape.slope(data, "limit") == pytest.approx((2 * np.log(2)) ** -0.5)
    assert landscape.slope(data, "large_p") == pytest.approx(landscape.slope(data, "limit"), rel=3e-4)
    diagram = dh.phase_diagram(3, "nishimori", [4.0], [1.75], boundaries=False)
    mapped = data["map_q_star"].sel(map_alpha=4.0, map_temperature=1.75)
    assert float(mapped) == pytest.approx(float(diagram["q_star"].squeeze()), rel=1e-14)  # in arrays, and by itself
    assert made.table.splitlines()[-4].startswith("2. global retrieval begins at T/sqrt(alpha) = 0.8495")


def test_phase_diagram_recipe(tmp_path):
    made = reproduce(RECIPES["nishimori-phase-diagram"], "quick", tmp_path)  # seed 0, silently
    data = store.load(made.files[-1])
    lines = dh.nishimori_lines(4)
    row = data.sel(p=4, alpha=8.0)
    assert float(row["temperature_global"]) == pytest.approx((8 / lines.gamma_global) ** 0.5)
    assert float(row["temperature_local"]) == pytest.approx((8 / lines.gamma_local) ** 0.5)
    assert "1.07625043" in made.table


def test_unknown_size_is_refused_before_any_work(tmp_path):
    with pytest.raises(dh.InvalidInput, match="size of nishimori-overlap must be one of quick, paper; got 'huge'"):
        reproduce(RECIPES["nishimori-overlap"], "huge", tmp_path / "never", 0, None, CountingProgress())
    assert not (tmp_path / "never").exists()
