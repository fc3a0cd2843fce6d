"""Datasets: every name is reached as an attribute of the dataset and of its variables."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from densehop.apps.explorer.compute.cut import empty_theory
from densehop.campaign import Plan, complete, store
from densehop.campaign.engines import ThisProcess

FIGURES = sorted((Path(__file__).parents[2] / "docs" / "figures").glob("*.nc"))
PLANES = {
    "direct": {},
    "nishimori": {},
    "fixed_teacher": {"teacher_temperature": 3.0},
    "fixed_load": {"load": 6.0},
    "finite_noise": {"teacher_temperature": 6.0},
    "large_noise": {},
}


def hidden_names(dataset):
    """Return what a method or property of xarray hides: attribute access finds xarray's own."""
    names = [*dataset.variables, *dataset.dims, *dataset.attrs]
    hidden = [name for name in names if hasattr(xr.Dataset, str(name))]
    return hidden + [name for name in {*dataset.variables, *dataset.dims} if hasattr(xr.DataArray, str(name))]


@pytest.mark.parametrize("path", FIGURES, ids=[path.stem for path in FIGURES])
def test_names_in_published_files(path):
    assert hidden_names(store.load(path)) == []


@pytest.mark.filterwarnings("ignore:replica symmetry is not exact")
@pytest.mark.parametrize("model", PLANES)
def test_names_in_phase_diagrams(model):
    p = 4 if model in {"finite_noise", "large_noise"} else 3
    coordinates = [5.0, 8.0] if model == "fixed_load" else [0.5, 1.0]
    data = dh.phase_diagram(p, model, coordinates, [0.5, 3.5], **PLANES[model])
    assert hidden_names(data) == []
    assert data[data["phase"].dims[1]].values.tolist() == coordinates


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
