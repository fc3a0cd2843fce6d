"""Arrays as the bytes of one file, and back. It touches no disk, so that a disk's fault is never taken for damage."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]

# what NumPy and zipfile say to bytes that are no archive, or one with a bit turned over
WRONG = (
    OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, SyntaxError, NotImplementedError,
    OverflowError, RuntimeError, TokenError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class Damaged(Exception):
    """Bytes that were read and do not hold what was written: truncated, changed, or of something else."""


def packed(arrays: Mapping[str, npt.NDArray[Any]], *, compress: bool = False) -> bytes:
    """Return arrays as the content of a .npz file, in which each has a checksum; Python objects are refused."""
    for name, values in arrays.items():
        if values.dtype.hasobject:
            raise ValueError(f"'{name}' holds Python objects, which only Python can read again")
    buffer = io.BytesIO()
    write: Any = np.savez_compressed if compress else np.savez
    write(buffer, **arrays)  # not `allow_pickle`, which NumPy before 2.2 takes for an array of that name
    return buffer.getvalue()


def unpacked(content: bytes) -> Arrays:
    """Return the arrays of a .npz file's content; what is not whole raises `Damaged`."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except WRONG as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error
