"""Reader of IDX files, the format of MNIST and Fashion-MNIST: a header with type and sizes, then the numbers.

Format: yann.lecun.com/exdb/mnist (two zero bytes, a byte for the type, a byte for the number of dimensions, a
big-endian 32-bit length for each, then the data, the last index fastest).
"""

import gzip
import hashlib
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.errors import InvalidInput

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP_MAGIC = b"\x1f\x8b"
LARGEST = 2**31  # bytes after unpacking


def read_idx(path: Path | str, checksum: str | None = None) -> npt.NDArray[Any]:
    """Return the array of an IDX file, plain or gzipped.

    Parameters
    ----------
    path : the file
    checksum : md5 (32 hexadecimal digits) or sha256 (64) of the file as it lies on the disk; None: not checked

    Raises
    ------
    InvalidInput
        If the file is not there, damaged, of another format, or not the one the checksum belongs to.
    """
    path = Path(path)
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}")
    content = path.read_bytes()
    if checksum is not None:
        _check(path, content, checksum.lower())
    if content[:2] == GZIP_MAGIC:
        content = _unzip(path, content)
    return _parse(path, content)


def _check(path: Path, content: bytes, checksum: str) -> None:
    """Compare a checksum, whose length tells its kind."""
    kinds = {32: "md5", 64: "sha256"}
    if len(checksum) not in kinds:
        raise InvalidInput(f"checksum must be 32 (md5) or 64 (sha256) hexadecimal digits, got {len(checksum)}")
    digest = hashlib.new(kinds[len(checksum)], content, usedforsecurity=False).hexdigest()
    if digest != checksum:
        raise InvalidInput(f"{path} is damaged or another file: its {kinds[len(checksum)]} is {digest}, not {checksum}")


def _unzip(path: Path, content: bytes) -> bytes:
    """Unpack gzip, whose own checksum finds damage."""
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path} is a damaged gzip file ({error}): fetch it again") from error


def _parse(path: Path, content: bytes) -> npt.NDArray[Any]:
    """Return the array behind the header."""
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES or content[3] == 0:
        raise InvalidInput(f"{path} is no IDX file: it starts with {content[:4].hex() or 'nothing'}")
    n_dimensions = content[3]
    header = 4 + 4 * n_dimensions
    if len(content) < header:
        raise InvalidInput(f"{path} ends within its header: {len(content)} of {header} bytes")
    shape = tuple(int(length) for length in np.frombuffer(content, ">u4", n_dimensions, 4))
    dtype = np.dtype(TYPES[content[2]])
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > LARGEST or len(content) - header != wanted:
        raise InvalidInput(f"{path} holds {len(content) - header} bytes of data, but its header {shape} says {wanted}")
    return np.frombuffer(content, dtype, offset=header).reshape(shape).astype(dtype.newbyteorder("="))
