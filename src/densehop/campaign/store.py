"""Results on disk: datasets with the parameters that reproduce them, in files that are written atomically."""

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from densehop.base import formats
from densehop.base.files import write_together
from densehop.errors import InvalidInput

COMPRESSED = {"zlib": True, "complevel": 4, "shuffle": True}  # without loss
SMALL = 1000  # numbers: fewer are not worth it


def writable_folder(folder: Path, names: Iterable[str] = ()) -> Path:
    """Create the folder if need be and prove that these files can be written there, before any long work."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InvalidInput(f"cannot write to the folder '{folder}': {error.strerror}") from error
    for name in names:
        if (folder / name).is_dir():
            raise InvalidInput(f"cannot write '{folder / name}': a folder of that name is in the way")
    return folder


def encode(dataset: xr.Dataset, seed: int, parameters: Mapping[str, Any]) -> bytes:
    """Return the dataset as a NetCDF file's content, with parameters, seed and version as attributes.

    Made in memory: the HDF5 library does not survive a full disk, writing plain bytes does.
    """
    origin = {**formats.origin(), "seed": seed, "parameters": json.dumps(parameters)}
    described = dataset.assign_attrs({**dataset.attrs, **origin})
    large = {
        name: COMPRESSED
        for name, variable in described.variables.items()
        if variable.size > SMALL and variable.dtype.kind in "bif"
    }
    return bytes(described.to_netcdf(engine="h5netcdf", encoding=large))


def tables(dataset: xr.Dataset, path: Path) -> dict[Path, bytes]:
    """Return the dataset as CSV files beside `path`: one for the variables of each set of dimensions.

    NAME.csv holds the variables of most dimensions that are no line's and no trace's, NAME-DIMENSIONS.csv the others.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, variable in dataset.data_vars.items():
        groups.setdefault(tuple(str(dim) for dim in variable.dims), []).append(str(name))
    main = max(groups, key=lambda dims: (len(groups[dims]), len(dims)), default=())
    contents = {}
    for dims, names in groups.items():
        words = "-".join(dim.removesuffix("_point") for dim in dims if dim not in main) or "-".join(dims) or "numbers"
        suffix = "" if dims == main else f"-{words.replace('_', '-')}"
        file = path.with_name(f"{path.stem}{suffix}.csv")
        while file in contents:  # two sets of dimensions that differ in those of the main table alone
            file = file.with_name(f"{file.stem}-{len(dims)}.csv")
        table = dataset[names].to_dataframe().reset_index() if dims else dataset[names].to_array().to_dataframe("value")
        contents[file] = table.to_csv(index=not dims).encode()
    return contents


def save(contents: Mapping[Path, bytes]) -> None:
    """Write a set of files, all of them or none."""
    write_together(contents)


def load(path: Path) -> xr.Dataset:
    """Read a dataset that was written from `encode`, whole into memory; refuse one of a format not yet known."""
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        formats.require_readable(dataset.attrs, path)
        return dataset.load()
