import os

import pytest
import xarray as xr

import densehop as dh
from densehop.campaign import store
from densehop.files import replaced_whole


def test_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "result.txt"
    with replaced_whole(target) as temporary:
        temporary.write_text("first")
        assert not target.exists()
    assert target.read_text() == "first"

    def fail():
        with replaced_whole(target) as temporary:
            temporary.write_text("half of the sec")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert target.read_text() == "first"
    assert list(tmp_path.iterdir()) == [target]


def test_new_file_has_the_usual_permissions(tmp_path):
    usual, ours = tmp_path / "usual", tmp_path / "ours"
    usual.touch()
    with replaced_whole(ours):
        pass
    assert ours.stat().st_mode == usual.stat().st_mode


def test_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(dh.InvalidInput, match="cannot write to the folder"):
            store.writable_folder(folder)


def test_dataset_survives_the_disk_with_its_origin(tmp_path):
    dataset = xr.Dataset({"q": ("load", [0.5, 0.6])}, {"load": [1.0, 2.0]}, {"recipe": "test"})
    store.save(dataset, tmp_path / "test.nc", seed=7, parameters={"n_spins": 12, "loads": (1.0, 2.0)})
    read = store.load(tmp_path / "test.nc")
    assert read["q"].equals(dataset["q"])
    assert read.attrs["seed"] == 7
    assert read.attrs["densehop_version"] == dh.__version__
    assert read.attrs["parameters"] == '{"n_spins": 12, "loads": [1.0, 2.0]}'
    assert os.listdir(tmp_path) == ["test.nc"]
