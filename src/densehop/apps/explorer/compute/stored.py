"""What is stored and restored: digits, or rows of signs that a visitor brings. Nothing of theirs is written to disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from densehop.base.arrays import Signs
from densehop.errors import InvalidInput
from densehop.learn.data.datasets import ImageSet, load_small_digits, load_uploads
from densehop.learn.data.upload import Upload

N_STORED = 50  # five of each digit
SIDE = 8  # pixels along each side of a digit
MOST_ROWS, MOST_SITES, MOST_BYTES, MOST_FILES = 300, 1024, 8_000_000, 300  # of what a visitor may bring
USUAL_SIDE = 28  # of pictures that are larger than MOST_SITES
LIMITS = (
    f"At most {MOST_ROWS} pictures or rows, {MOST_SITES} pixels or values each (larger pictures are reduced to "
    f"{USUAL_SIDE} × {USUAL_SIDE}), {MOST_BYTES // 10**6} MB in all."
)


@dataclass(frozen=True, eq=False)
class Stored:
    """Rows of signs that memories store.

    Attributes
    ----------
    rows : (M, N), +1 and -1; +1 is drawn black
    shape : (int, int), rows and columns of the image of one
    name : what they are
    source : the file or folder that `dh.learn.load` reads them from; "" for the digits
    light : whether +1 was light, as in pictures, and the signs are turned over
    """

    rows: Signs
    shape: tuple[int, int]
    name: str
    source: str = ""
    light: bool = False


def stored_digits() -> Signs:
    """Return the stored digits (50, 64) in black and white, five of each."""
    return _read_digits().copy()


@cache  # reading them takes longer than a frame of the network at work
def _read_digits() -> Signs:
    data = load_small_digits()
    rows = [np.flatnonzero(data.classes == digit)[:5] for digit in range(10)]
    chosen = np.array(rows).T.ravel()  # 0 1 2 ... 9 0 1 2 ...
    return np.where(data.images[chosen] > data.largest / 2, 1, -1).astype(np.int8)


def the_digits() -> Stored:
    """Return the digits with which every page begins."""
    return Stored(stored_digits(), (SIDE, SIDE), f"{N_STORED} digits")


def own_rows(files: Sequence[tuple[str, bytes]]) -> Stored:
    """Return what a visitor brings, (name, content) of each file, in black and white at the middle of its range.

    Raises
    ------
    InvalidInput
        In one line, if that is too much, no data, or nothing to store.
    """
    size = sum(len(content) for _, content in files)
    if len(files) > MOST_FILES or size > MOST_BYTES:
        raise InvalidInput(f"{len(files)} files of {size / 1e6:.1f} MB are too much for a page. {LIMITS}")
    data = _loaded([Upload(name, content) for name, content in files])
    n_rows, n_sites = data.images.shape
    if n_rows > MOST_ROWS or n_sites > MOST_SITES:
        raise InvalidInput(f"{n_rows} rows of {n_sites} values are too much for a page. {LIMITS}")
    if n_rows < 2 or n_sites < 4:
        raise InvalidInput(f"expected at least 2 pictures or rows of 4 values to store, got {n_rows} of {n_sites}")
    signs = np.where((data.images > data.middle) != data.light, 1, -1).astype(np.int8)
    if len(np.unique(signs, axis=0)) < 2:
        raise InvalidInput("all rows are the same in black and white, divided at the middle of their range")
    source = files[0][0] if len(files) == 1 else "FOLDER"
    kind = "pictures" if data.light else "rows"
    return Stored(signs, data.shape, f"{n_rows} {kind} of yours", source, data.light)


def _loaded(uploads: list[Upload]) -> ImageSet:
    """Return the set, its pictures no larger than a page can bear."""
    data = load_uploads(uploads)
    if data.light and data.images.shape[1] > MOST_SITES:
        return load_uploads(uploads, USUAL_SIDE)
    return data


def loading_code(stored: Stored) -> str:
    """Return lines of Python that load what is stored."""
    if not stored.source:
        return "stored = stored_digits()  # 50 of scikit-learn's digits in black and white"
    side = f", side={stored.shape[0]}" if stored.light and stored.shape[0] == stored.shape[1] else ""
    above = "<=" if stored.light else ">"
    comment = "  # the folder that holds the pictures" if stored.source == "FOLDER" else ""
    return (
        f"data = dh.learn.load({stored.source!r}{side}){comment}\n"
        f"stored = np.where(data.images {above} data.middle, 1, -1).astype(np.int8)"
    )
