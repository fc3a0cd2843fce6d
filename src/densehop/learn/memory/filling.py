"""Large arrays that are filled piece by piece, in memory or in a file that stays mapped: a store beyond memory."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.errors import InvalidInput

Array = npt.NDArray[Any]
Store = str | os.PathLike[str] | None


def new_array(store: Store, shape: tuple[int, ...], dtype: npt.DTypeLike, fill: Callable[[Array], None]) -> Array:
    """Return an array that `fill` has filled: in memory, or where `store` is a path in that .npy file, mapped.

    The file takes its name when it is full, so another memory that maps an earlier one of this name keeps that.
    """
    if store is None:
        array: Array = np.empty(shape, dtype=dtype)
        fill(array)
        return array
    target = _target(store)
    part = None
    try:
        handle, name = mkstemp(dir=target.parent, prefix=f".{target.name}-", suffix=".part")
        part = Path(name)
        os.close(handle)
        mapped: Array = np.lib.format.open_memmap(part, mode="w+", dtype=dtype, shape=shape)
        _reserve(part)
        fill(mapped)
        mapped.flush()  # type: ignore[attr-defined]
        part.replace(target)
    except OSError as error:
        size = np.dtype(dtype).itemsize * np.prod(shape, dtype=np.float64) / 2**30
        raise InvalidInput(
            f"store '{target}' cannot be written ({error.strerror or error}): name a file in a folder with "
            f"{size:.2g} GiB of room"
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return np.asarray(mapped)  # a plain array: kernels are compiled for these


def is_mapped(array: Array) -> bool:
    """Tell whether an array lies in a file."""
    base: Any = array
    while base is not None and not isinstance(base, np.memmap):
        base = getattr(base, "base", None)
    return base is not None


def _target(store: str | os.PathLike[str]) -> Path:
    """Return the path of a store, which ends in .npy."""
    try:
        target = Path(store)
    except TypeError as error:
        raise InvalidInput(f"store must be None or the path of a .npy file, got {store!r}") from error
    if target.suffix != ".npy":
        raise InvalidInput(f"store must be None or the path of a .npy file, got '{target}'")
    return target


def _reserve(part: Path) -> None:
    """Take the room of a file now: a disk that is full while a map is written ends the process."""
    if hasattr(os, "posix_fallocate"):
        with part.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)
