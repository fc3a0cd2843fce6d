import json
import sys
import types

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from densehop.simulate import samples


def sampled(**options):
    net = dh.PBodyHopfield(np.random.default_rng(0).choice([-1, 1], (20, 12)), p=3)
    return net, net.sample(2.0, 3, 10, **{"references": net.patterns[:2], "snapshot_every": 4, **options})


def test_dataset_holds_the_run():
    _, run = sampled()
    dataset = run.to_xarray()
    assert dict(dataset.sizes) == {"chain": 3, "sweep": 10, "reference": 2, "site": 12, "snapshot": 2}
    for name in ("energy", "overlap", "acceptance", "by_couplings", "spins", "snapshots"):
        assert (dataset[name].values == getattr(run, name)).all(), name
    assert dataset["sweep"].values.tolist() == list(range(1, 11))
    assert dataset["snapshot"].values.tolist() == [4, 8]
    assert (dataset["snapshots"].sel(snapshot=8, chain=1).values == run.snapshots[1, 1]).all()


@pytest.mark.parametrize("seed", [5, 2**90, np.random.SeedSequence(2**70, spawn_key=(3, 1))])
def test_file_says_how_to_make_the_run_again(seed, tmp_path):
    net, run = sampled(seed=seed, dynamics="metropolis", order="random")
    run.to_xarray().to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as dataset:
        stored = dataset.load()
    assert stored.identical(run.to_xarray())
    assert stored["energy"].values.tobytes() == run.energy.tobytes()
    assert stored.attrs["densehop_version"] == dh.__version__
    parameters, parts = json.loads(stored.attrs["parameters"]), json.loads(stored.attrs["seed"])
    again = np.random.SeedSequence(**parts) if isinstance(parts, dict) else parts
    names = ("interaction", "p", "sharpness", "n_patterns", "n_spins")
    assert [parameters.pop(name) for name in names] == ["strict", 3, None, 20, 12]
    repeated = net.sample(**parameters, references=net.patterns[:2], seed=again)
    assert (repeated.energy == stored["energy"].values).all()


def test_run_without_references_and_snapshots(tmp_path):
    _, run = sampled(references=None, snapshot_every=0)
    dataset = run.to_xarray()
    assert "snapshots" not in dataset
    assert dataset["overlap"].shape == (3, 10, 0)
    dataset.to_netcdf(tmp_path / "run.nc", engine="h5netcdf")


def check_groups(data, run):
    assert (data["posterior"]["energy"].values == run.energy).all()
    assert data["posterior"]["energy"].dims == ("chain", "draw")
    assert data["posterior"]["overlap"].dims == ("chain", "draw", "reference")
    assert (data["sample_stats"]["acceptance"].values == run.acceptance).all()
    assert data["posterior"].attrs["seed"] == "0"


def test_arviz_reads_the_run():
    try:
        arviz = samples._import_arviz()
    except dh.errors.MissingPackage:
        pytest.skip("ArviZ is not installed")
    _, run = sampled()
    data = run.to_arviz()
    check_groups(data, run)
    assert float(arviz.rhat(data)["energy"]) == pytest.approx(dh.diagnostics.r_hat(run.energy))
    assert "overlap" not in sampled(references=None)[1].to_arviz()["posterior"]


def test_version_one_of_arviz_gets_a_tree(monkeypatch):
    monkeypatch.setitem(sys.modules, "arviz", types.ModuleType("arviz"))  # no InferenceData in it
    _, run = sampled()
    data = run.to_arviz()
    assert isinstance(data, xr.DataTree)
    check_groups(data, run)


def test_missing_arviz_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "arviz", None)
    with pytest.raises(dh.errors.MissingPackage, match=r"pip install 'densehop\[arviz\]'"):
        sampled()[1].to_arviz()
