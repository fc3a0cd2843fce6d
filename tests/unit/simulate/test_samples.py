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


def test_sign_of_even_p_is_chosen_by_the_first_quarter():
    """By nothing that is averaged after it; under a schedule, whose chains choose late, by the last overlap."""
    net = dh.PBodyHopfield(np.random.default_rng(0).choice([-1, 1], (20, 12)), p=4)
    options = {"n_chains": 6, "references": net.patterns[0], "snapshot_every": 1}
    run = net.sample(3.0, n_sweeps=21, **options)
    raw = run.snapshots.astype(int) @ net.patterns[0] / 12
    first = raw[:, :5].sum(axis=1, keepdims=True)
    assert (run.overlap[:, :, 0] == np.where(first < 0, -raw, raw)).all()
    assert (run.overlap[:, 5:].mean(axis=1) < 0).any()
    cooled = net.sample(np.linspace(5.0, 0.1, 21), **options)
    raw = cooled.snapshots.astype(int) @ net.patterns[0] / 12
    assert (cooled.overlap[:, :, 0] == np.where(raw[:, -1:] < 0, -raw, raw)).all()
    assert (cooled.overlap[:, -1] >= 0).all()


def test_overlap_without_order_covers_zero():
    """p = 2 far above its transition: xi and -xi have one energy, so the truth is 0 in each of 30 networks."""
    deviations = []
    for seed in range(30):
        pattern, examples = dh.draw_examples(32, 20, 2, 20.0, seed=seed)
        run = dh.PBodyHopfield(examples, 2).sample(20.0, 16, 400, references=pattern, seed=seed)
        average = dh.diagnostics.time_average(run.overlap[:, 100:, 0])
        deviations.append(average.mean / average.error)
    assert abs(np.mean(deviations)) < 4 / np.sqrt(30)
    assert 0.6 < np.std(deviations) < 1.5
