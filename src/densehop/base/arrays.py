"""Types of arrays by their entries. Shapes are given in the docstrings of the functions that take or return them."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    ArrayLike = npt.ArrayLike
else:

    class ArrayLike:
        """What NumPy makes an array of: numbers, lists of them, arrays. `help` shows this name, not a union of nine."""


Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Reals = npt.NDArray[np.floating]  # of either precision
Integers = npt.NDArray[np.int64]
Signs = npt.NDArray[np.int8]  # +1 and -1
Mask = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]  # bits: 64 signs in each word
