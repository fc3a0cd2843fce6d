"""Results on disk: one NetCDF file, written whole or not at all, with everything needed to make it again."""

import json
import tempfile
from pathlib import Path
from typing import Any

import xarray as xr

from densehop.errors import InvalidInput
from densehop.files import replaced_whole
from densehop.version import __version__


def writable_folder(path: Path) -> Path:
    """Create the folder if need be and prove that files can be written there, before any long work."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise InvalidInput(f"cannot write to the folder '{path}': {error.strerror}") from error
    return path


def save(dataset: xr.Dataset, path: Path, seed: int, parameters: dict[str, Any]) -> None:
    """Write the dataset with its parameters, seed and version as attributes."""
    described = dataset.assign_attrs(
        densehop_version=__version__, seed=seed, parameters=json.dumps(parameters), **dataset.attrs
    )
    with replaced_whole(path) as temporary:
        described.to_netcdf(temporary, engine="h5netcdf")


def load(path: Path) -> xr.Dataset:
    """Read a dataset that `save` wrote, whole into memory."""
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        return dataset.load()
