"""Data that people bring: .npy, .npz, .csv, .tsv, pictures, IDX files. Each is read, and written in the same format."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.archives import WRONG, packed
from densehop.base.arrays import Floats
from densehop.base.texts import text_of
from densehop.errors import InvalidInput
from densehop.learn.data import pictures, tables
from densehop.learn.data.idx import read_idx
from densehop.learn.data.upload import Upload

# names of rows and of their classes in .npz, in any case
ROWS = ("images", "data", "x", "x_train", "memories", "patterns", "examples", "arr_0")
CLASSES = ("classes", "labels", "target", "y", "y_train", "label", "class")
UPLOADED_FORMATS = "pictures (PNG, JPEG or GIF), or one array or table (.npy, .csv or .tsv)"
FORMATS = ".npy, .npz, .csv, .tsv, a picture (PNG, JPEG, GIF), a folder or .txt list of pictures, or an IDX file"


@dataclass(frozen=True, eq=False)
class OwnData:
    """Rows from a file or folder, nan where a value is hidden.

    Attributes
    ----------
    path : the file or folder they are from
    rows : (M, N)
    classes : (M,), or None
    shape : (int, int), rows and columns of an image; (1, N) where rows are no images
    origin : what is needed to write rows in the same format: a table, the files of pictures, or an array's form
    """

    path: Path
    rows: Floats
    classes: npt.NDArray[Any] | None
    shape: tuple[int, int]
    origin: Any = field(default=None)

    def complete(self) -> "OwnData":
        """Return the data if no value is hidden; rows to store and to classify need all."""
        if np.isnan(self.rows).any():
            row, column = (int(index) for index in np.argwhere(np.isnan(self.rows))[0])
            raise InvalidInput(
                f"'{self.path}', vector {row + 1}, value {column + 1}: no number stands there; rows to store need all "
                "values (`densehop restore` takes rows that lack some as --query)"
            )
        return self


def read_own(
    path: Path, label: str | None = None, shape: tuple[int, int] | None = None, side: int | None = None
) -> OwnData:
    """Read data; `shape` is that of images they have to match, `side` the one that pictures get.

    Raises
    ------
    InvalidInput
        In one line that names the file, the place in it and what was expected.
    """
    suffix = path.suffix.lower()
    if label is not None and suffix not in {".csv", ".tsv"}:
        raise InvalidInput(f"a column of classes is for .csv and .tsv files; got '{path}'")
    try:
        if path.is_dir() or suffix in {*pictures.SUFFIXES, ".txt"}:
            return _of_pictures(path, shape, side)
        if suffix in {".csv", ".tsv", ".npy"}:
            return _of_file(path, label)
        if suffix == ".npz":
            return _of_archive(path)
        if "idx" in path.name.lower() or "ubyte" in path.name.lower():
            return _of_array(path, read_idx(path), None, "idx")
    except OSError as error:
        raise InvalidInput(f"'{path}' cannot be read: {error.strerror or error}") from error
    raise InvalidInput(f"'{path}' is in no format that is read; allowed are {FORMATS}")


def read_uploads(uploads: Sequence[Upload], side: int | None = None) -> OwnData:
    """Read files that are in memory: pictures, in the order of their names, or one .npy, .csv or .tsv.

    `side` is what rows and columns of pictures get; None: as `read_own` does.

    Raises
    ------
    InvalidInput
        In one line, as for `read_own`.
    """
    suffixes = [upload.suffix.lower() for upload in uploads]
    if uploads and all(suffix in pictures.SUFFIXES for suffix in suffixes):
        ordered = sorted(uploads, key=str)
        shape = pictures.chosen_shape(ordered, side)
        return OwnData(Path(str(ordered[0])), pictures.read_pictures(ordered, shape), None, shape, ordered)
    if len(uploads) == 1 and suffixes[0] in {".npy", ".csv", ".tsv"}:
        return _of_file(uploads[0], None)
    names = ", ".join(f"'{upload}'" for upload in uploads[:3]) + (
        f" and {len(uploads) - 3} more" if len(uploads) > 3 else ""
    )
    raise InvalidInput(f"expected {UPLOADED_FORMATS} at a time, got {names or 'nothing'}")


def _of_file(path: Path | Upload, label: str | None) -> OwnData:
    """Read a table or an array."""
    if path.suffix.lower() == ".npy":
        return _of_array(path, _load_npy(path), None, "")
    table = tables.read_table(path, label)
    return OwnData(Path(str(path)), table.values, table.classes, _shape_of(table.values.shape[1]), table)


def written_like(data: OwnData, rows: Floats, folder: Path, shape: tuple[int, int]) -> dict[Path, bytes]:
    """Return files with other rows in the format of the data; pictures are drawn into `folder`/restored."""
    stem = folder / "restored"
    if isinstance(data.origin, tables.Table):
        return {stem.with_suffix(data.path.suffix.lower()): tables.file_content(data.origin, rows)}
    if isinstance(data.origin, list):
        stem.mkdir(parents=True, exist_ok=True)
        for number, (path, row) in enumerate(zip(data.origin, rows, strict=True)):
            pictures.write_picture(row, shape, stem / f"{number:04}-{path.stem}.png")
        return {}
    form, name = data.origin
    values = rows.reshape(form)
    if name in {"", "idx"}:
        return {stem.with_suffix(".npy"): _as_npy(values)}
    return {stem.with_suffix(".npz"): packed({name: values}, compress=True)}


def _of_pictures(path: Path, shape: tuple[int, int] | None, side: int | None) -> OwnData:
    """Read a picture, a folder of them or a list."""
    if path.is_dir():
        entries = pictures.picture_files(path)
    elif path.suffix.lower() == ".txt":
        lines = enumerate(text_of(path.read_bytes(), f"'{path}'").splitlines(), 1)
        by_line = {number: path.parent / line.strip() for number, line in lines if line.strip()}
        for number, file in by_line.items():
            if not file.is_file():
                raise InvalidInput(f"'{path}', line {number}: expected the path of a picture, there is no '{file}'")
        entries = [(file, "") for file in by_line.values()]
    else:
        entries = [(path, "")]
    if not entries:
        raise InvalidInput(f"'{path}' holds no pictures; expected {', '.join(pictures.SUFFIXES)}, also in sub-folders")
    files, classes = [file for file, _ in entries], np.array([name for _, name in entries])
    chosen = shape if shape is not None and shape[0] > 1 else pictures.chosen_shape(files, side)
    rows = pictures.read_pictures(files, chosen)
    return OwnData(path, rows, classes if all(classes) else None, chosen, files)


def _of_array(path: Path | Upload, array: npt.NDArray[Any], classes: npt.NDArray[Any] | None, name: str) -> OwnData:
    """Read rows (M, N), images (M, h, w) or coloured ones (M, h, w, 3 or 4), or one row (N,)."""
    where = f"'{path}'" + (f", array '{name}'" if name not in {"", "idx"} else "")
    if array.dtype.kind not in "iufb":
        raise InvalidInput(f"{where}: expected real numbers, got {array.dtype}")
    if array.ndim == 4 and array.shape[3] in {3, 4}:
        array = array[..., :3] @ np.array([0.299, 0.587, 0.114])
    if array.ndim not in {1, 2, 3} or not array.size:
        raise InvalidInput(f"{where}: expected rows (M, N) or images (M, rows, columns), got shape {array.shape}")
    if array.ndim == 1:
        array = array[None]
    rows = array.reshape(len(array), -1).astype(np.float64)
    if np.isinf(rows).any():
        row = int(np.flatnonzero(np.isinf(rows).any(axis=1))[0])
        raise InvalidInput(f"{where}, vector {row + 1}: expected finite numbers, got an infinite one")
    if classes is not None and classes.shape != (len(rows),):
        raise InvalidInput(f"'{path}': expected {len(rows)} classes, one for each row, got shape {classes.shape}")
    shape = (array.shape[1], array.shape[2]) if array.ndim == 3 else _shape_of(rows.shape[1])
    return OwnData(Path(str(path)), rows, classes, shape, (array.shape, name))


def _of_archive(path: Path) -> OwnData:
    """Read rows, and classes if there are any, from a .npz file."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            names = {name.lower(): name for name in file.files}
            rows = next(
                (names[name] for name in ROWS if name in names), file.files[0] if len(file.files) == 1 else None
            )
            classes = next((names[name] for name in CLASSES if name in names), None)
            if rows is None:
                known = ", ".join(file.files) or "none"
                raise InvalidInput(f"'{path}': expected an array called {', '.join(ROWS)}; its arrays are {known}")
            return _of_array(path, file[rows], None if classes is None else file[classes], rows)
    except WRONG as error:
        if isinstance(error, InvalidInput | FileNotFoundError | PermissionError):
            raise
        raise InvalidInput(f"'{path}' is no .npz file of numbers, or a damaged one: numpy.savez writes them") from error


def _load_npy(path: Path | Upload) -> npt.NDArray[Any]:
    """Read a .npy file; one with Python objects is refused, since reading it could run code."""
    try:
        array = np.load(path, allow_pickle=False)
        if not isinstance(array, np.ndarray):  # a .npz file under another name
            raise TypeError(type(array).__name__)
    except WRONG as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise InvalidInput(f"'{path}' is no .npy file of numbers, or a damaged one: numpy.save writes them") from error
    return array


def _as_npy(array: Floats) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _shape_of(n_values: int) -> tuple[int, int]:
    """Return how rows are drawn: as squares where they have the length of one of at least 5 x 5, else as a line."""
    side = round(n_values**0.5)
    return (side, side) if side * side == n_values and side >= 5 else (1, n_values)
