"""Datasets: every name is reached as an attribute of the dataset and of its variables."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from densehop.apps.explorer.compute.cut import empty_theory
from densehop.base.ranges import decimal_range
from densehop.campaign import Plan, complete, store
from densehop.campaign.engines import ThisProcess
from densehop.recipes.quantities import described, meaning

FIGURES = sorted((Path(__file__).parents[2] / "docs" / "figures").glob("*.nc"))
PLANES = {
    "direct": {},
    "nishimori": {},
    "fixed_teacher": {"teacher_temperature": 2.5},
    "fixed_load": {"load": 6.0},
    "finite_noise": {"teacher_temperature": 6.0},
    "large_noise": {},
}


def hidden_names(dataset):
    """Return what a method or property of xarray hides: attribute access finds xarray's own."""
    names = [*dataset.variables, *dataset.dims, *dataset.attrs]
    hidden = [name for name in names if hasattr(xr.Dataset, str(name))]
    return hidden + [name for name in {*dataset.variables, *dataset.dims} if hasattr(xr.DataArray, str(name))]


published = cache(store.load)


@pytest.mark.parametrize("path", FIGURES, ids=[path.stem for path in FIGURES])
def test_names_in_published_files(path):
    assert hidden_names(published(path)) == []


@cache
def phase_diagram(model):
    """Return a diagram of four points with all lines of a model."""
    p = 4 if model in {"finite_noise", "large_noise"} else 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("densehop.theory.diagrams.diagram.LINE_POINTS", 9)
        return dh.phase_diagram(p, model, coordinates(model), [0.5, 3.5], **PLANES[model])


def coordinates(model):
    return [5.0, 8.0] if model == "fixed_load" else [0.5, 1.0]


@pytest.mark.filterwarnings("ignore:replica symmetry is not exact")
@pytest.mark.parametrize("model", PLANES)
def test_names_in_phase_diagrams(model):
    data = phase_diagram(model)
    assert hidden_names(data) == []
    assert data[data["phase"].dims[1]].values.tolist() == coordinates(model)


def test_load_is_reached_as_alpha():
    data = dh.phase_diagram(3, "direct", [0.1, 0.2], [3.0, 3.5], boundaries=False)
    assert data.alpha.values.tolist() == data["m"].alpha.values.tolist() == [0.1, 0.2]
    fixed = dh.phase_diagram(3, "fixed_load", [5.0, 8.0], [3.0, 3.5], load=6.0, boundaries=False)
    assert fixed.alpha == 6.0


def test_names_in_runs():
    run = dh.PBodyHopfield([[1] * 20, [1, -1] * 10], p=3).sample(
        1.0, n_chains=2, n_sweeps=4, snapshot_every=2, references=np.ones((1, 20), dtype=np.int8)
    )
    assert hidden_names(run.to_xarray()) == []
    assert hidden_names(empty_theory()) == []


@pytest.mark.parametrize("amount", [{"load": [1.0, 2.0]}, {"n_examples": [40, 80]}])
def test_names_in_campaigns(amount, tmp_path):
    problem = {"p": 3, "temperature": [2.0, 3.0], "teacher_temperature": "nishimori", **amount}
    grid = {"problem": problem, "n_spins": [12], "disorders": 1, "schedule": {"n_sweeps": 8}}
    data = complete(Plan.model_validate({"name": "names", "grids": [grid]}), tmp_path, ThisProcess)
    assert hidden_names(data) == []
    assert data["q_star"].alpha.size == 2


def undescribed(dataset):
    """Return the names that do not say what they are, in which unit and where they are defined."""
    return [
        name
        for name, variable in dataset.variables.items()
        if not {"long_name", "units", "reference"} <= set(variable.attrs)
    ]


@pytest.mark.parametrize("path", FIGURES, ids=[path.stem for path in FIGURES])
def test_every_name_of_a_recipe_is_known(path):
    """What `reproduce` writes says what it is: all names of the published files are known."""
    assert undescribed(described(published(path))) == []
    assert meaning("nobody_knows") == meaning("nobody_knows_mean") == {}


@pytest.mark.filterwarnings("ignore:replica symmetry is not exact")
def test_everything_in_a_phase_diagram_says_what_it_is():
    data = phase_diagram("fixed_teacher")
    assert undescribed(data) == []
    assert data.alpha.attrs["reference"] == "docs/theory.md, eq. 4"
    assert "alpha of the line retrieval spinodal" in data["retrieval_spinodal_alpha"].attrs["long_name"]


def test_everything_in_runs_says_what_it_is():
    run = dh.PBodyHopfield([[1] * 20, [1, -1] * 10], p=3).sample(1.0, n_chains=2, n_sweeps=4, snapshot_every=2)
    assert undescribed(run.to_xarray()) == []


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    problem = {"p": 3, "temperature": {"from": 1, "to": 3, "points": 3}, "teacher_temperature": "nishimori", "load": 2}
    grid = {"problem": problem, "n_spins": 12, "disorders": 3, "schedule": {"n_sweeps": 8}, "starts": [0.3, 0.8]}
    plan = Plan.model_validate({"name": "starts", "grids": [grid]})
    return complete(plan, tmp_path_factory.mktemp("starts"), ThisProcess)


def test_everything_in_campaigns_says_what_it_is(campaign):
    assert undescribed(campaign) == []
    assert campaign["equilibrated"].dtype == bool
    assert (campaign["equilibrated"] == (campaign["verdict"] == 0)).all()


def test_starts_at_overlaps_are_numbers(campaign, tmp_path):
    assert campaign["start"].values.tolist() == [0.3, 0.8]
    grid = {
        "problem": {"p": 3, "temperature": 2.0, "teacher_temperature": 2.0, "load": 2},
        "n_spins": 12,
        "disorders": 1,
        "schedule": {"n_sweeps": 8},
        "starts": ["pattern", 0.8],
    }
    mixed = complete(Plan.model_validate({"name": "mixed", "grids": [grid]}), tmp_path, ThisProcess)
    assert mixed["start"].values.tolist() == ["pattern", "overlap 0.8"]
    assert np.array_equal(mixed["start_overlap"], [np.nan, 0.8], equal_nan=True)


def test_estimate_over_disorders_takes_a_variable_of_a_campaign(campaign):
    found = dh.diagnostics.disorder_estimate(campaign["q_star"])
    assert hidden_names(found) == undescribed(found) == []
    assert set(found.dims) == set(campaign["q_star"].dims) - {"disorder"}
    here = {"start": 0.8, "temperature": 3.0, "alpha": 2.0, "n_spins": 12, "p": 3}
    one = dh.diagnostics.disorder_estimate(campaign["q_star"].sel(here).values)
    there = found.sel(here)
    assert (float(there["q_star"]), float(there["q_star_error"])) == pytest.approx((one.mean, one.error), rel=1e-12)
    missing = campaign["q_star"].where(campaign["disorder"] > 0)
    assert (dh.diagnostics.disorder_estimate(missing)["n_disorders"] == 2).all()


@pytest.mark.parametrize("ends", [(0.0, 4.0, 41), (1.0, 3.0, 21), (0.1, 0.7, 7), (0.0, 0.3, 4), (2.2, 2.2, 1)])
def test_ranges_are_decimal(ends):
    first, last, points = ends
    values = decimal_range(*ends)
    step = 0.0 if points == 1 else (last - first) / (points - 1)
    assert values.tolist() == [float(f"{first + k * step:.9g}") for k in range(points)]


def test_points_of_ranges_are_found_by_their_decimals(campaign):
    assert float(campaign["temperature"].sel(temperature=2.0)) == 2.0
    data = dh.phase_diagram(3, "nishimori", boundaries=False)
    assert float(data["temperature"].sel(temperature=1.9)) == 1.9
    assert float(data["alpha"].sel(alpha=0.3)) == 0.3
