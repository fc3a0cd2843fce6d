import errno
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from densehop.base.files import write_together
from densehop.base.formats import FORMAT
from densehop.campaign import store


def test_files_appear_together_or_not_at_all(tmp_path, monkeypatch):
    first, second = tmp_path / "first.nc", tmp_path / "second.png"
    write_together({first: b"one", second: b"two"})
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    flushed = []

    def full(number):
        flushed.append(number)
        if len(flushed) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_together({first: b"new one", second: b"new two"})
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_new_file_has_the_usual_permissions(tmp_path):
    usual, ours = tmp_path / "usual", tmp_path / "ours"
    usual.touch()
    write_together({ours: b""})
    assert ours.stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.ENOTSUP])
def test_a_share_without_chmod_and_fsync_is_written_to(number, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(Path, "chmod", refuse)
    write_together({tmp_path / "a": b"1"})
    assert (tmp_path / "a").read_bytes() == b"1"


def test_link_keeps_pointing(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_together({tmp_path / "link": b"data"})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"data"


def test_folder_in_the_way_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(dh.InvalidInput, match="cannot write to the folder"):
            store.writable_folder(folder)
    (tmp_path / "name.png").mkdir()
    with pytest.raises(dh.InvalidInput, match="a folder of that name is in the way"):
        store.writable_folder(tmp_path, ["name.nc", "name.png"])


def test_dataset_survives_the_disk_with_its_origin(tmp_path):
    dataset = xr.Dataset({"q": ("load", [0.5, 0.6])}, {"load": [1.0, 2.0]}, {"recipe": "test"})
    path = tmp_path / "test.nc"
    store.save({path: store.encode(dataset, seed=2**63 - 1, parameters={"n_spins": 12, "loads": (1.0, 2.0)})})
    read = store.load(path)
    assert read["q"].equals(dataset["q"])
    assert read.attrs == {
        "recipe": "test",
        "seed": 2**63 - 1,
        "densehop_version": dh.__version__,
        "densehop_format": FORMAT,
        "parameters": '{"n_spins": 12, "loads": [1.0, 2.0]}',
    }
    store.save({path: store.encode(read, seed=8, parameters={})})
    assert store.load(path).attrs["seed"] == 8
    assert os.listdir(tmp_path) == ["test.nc"]


def test_tables_of_a_dataset(tmp_path):
    """Each set of dimensions is a CSV file; together they hold every variable with all digits."""
    dataset = xr.Dataset(
        {"q": (("alpha", "temperature"), [[0.1, 0.2], [0.3, np.nan]]), "line_alpha": ("line_point", [1 / 3, 0.5])},
        {"alpha": [1.0, 2.0], "temperature": [0.5, 1.5]},
    )
    tables = store.tables(dataset, tmp_path / "name.nc")
    assert sorted(path.name for path in tables) == ["name-line.csv", "name.csv"]
    assert tables[tmp_path / "name.csv"].decode().splitlines()[:2] == ["alpha,temperature,q", "1.0,0.5,0.1"]
    assert "0.3333333333333333" in tables[tmp_path / "name-line.csv"].decode()
