"""Pictures in files (PNG, JPEG, GIF, ...) as rows of grey values, all of one size."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from densehop.base.arrays import Floats
from densehop.errors import InvalidInput
from densehop.learn.data.upload import Upload

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
LARGEST_SIDE, USUAL_SIDE = 64, 28  # pixels: pictures larger than the one, or of different sizes, get the other
WHITE = 255.0
MOST_PIXELS, MOST_UPLOADED_PIXELS = 100_000_000, 16_000_000  # of one picture; a small file can hold very many


def picture_files(folder: Path) -> list[tuple[Path, str]]:
    """Return the pictures of a folder with their classes: the names of the sub-folders they are in, else ""."""
    entries = [(path, "") for path in _pictures_in(folder)]
    for sub_folder in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        entries += [(path, sub_folder.name) for path in _pictures_in(sub_folder)]
    return entries


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )


def chosen_shape(paths: Sequence[Path | Upload], side: int | None) -> tuple[int, int]:
    """Return rows and columns that pictures get: `side` of each, else their own if it is one, and small, else 28."""
    if side is not None:
        return side, side
    sizes = set()
    for path in paths:
        with _open(path) as picture:
            sizes.add(picture.size)
    width, height = sizes.pop()
    return (height, width) if not sizes and max(width, height) <= LARGEST_SIDE else (USUAL_SIDE, USUAL_SIDE)


def read_pictures(paths: Sequence[Path | Upload], shape: tuple[int, int]) -> Floats:
    """Return pictures as grey values, (M, rows * columns), 0 black to 255 white; fully transparent pixels are nan.

    Colours become their luminance (0.299 R + 0.587 G + 0.114 B), in the orientation that a camera noted; of an
    animation the first picture counts. A picture of another size is cut about its centre to the ratio of sides that is
    wanted, then resized, each pixel the mean of those that it covers.
    """
    return np.stack([_grey(path, shape) for path in paths])


def write_picture(row: Floats, shape: tuple[int, int], path: Path) -> None:
    """Write a row of grey values as a picture."""
    Image.fromarray(np.clip(np.rint(row), 0, WHITE).astype(np.uint8).reshape(shape)).save(path)


def _grey(path: Path | Upload, shape: tuple[int, int]) -> Floats:
    """Return the grey values of one picture."""
    with _open(path) as opened:
        try:
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
        except (OSError, SyntaxError, ValueError) as error:
            raise InvalidInput(f"'{path}' is a damaged picture ({error}): save it again or leave it out") from error
    size = (shape[1], shape[0])
    if upright.size != size:
        upright = ImageOps.fit(upright, size, Image.Resampling.BOX)
    values = np.asarray(upright.convert("RGB").convert("L"), dtype=np.float64).ravel()
    return np.where(np.asarray(upright)[..., 3].ravel() == 0, np.nan, values)


def _open(path: Path | Upload) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the line below says it
            picture = Image.open(path)
    except UnidentifiedImageError as error:
        raise InvalidInput(f"'{path}' is no picture that can be read; expected PNG, JPEG or GIF") from error
    except OSError as error:
        raise InvalidInput(f"'{path}' cannot be read: {error.strerror or error}") from error
    except Image.DecompressionBombError as error:
        raise InvalidInput(f"'{path}' has too many pixels: make the picture smaller") from error
    most = MOST_UPLOADED_PIXELS if isinstance(path, Upload) else MOST_PIXELS
    if picture.width * picture.height > most:
        size = f"{picture.width} x {picture.height} pixels"
        raise InvalidInput(f"'{path}' has {size}, at most {most:,} are read: make the picture smaller")
    return picture
