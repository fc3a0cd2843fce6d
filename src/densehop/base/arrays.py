"""Types of arrays by their entries. Shapes are given in the docstrings of the functions that take or return them.

Type checkers see NumPy's own types; `help` shows the names below, not what stands behind them.
"""

from typing import TYPE_CHECKING, NewType

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    ArrayLike = npt.ArrayLike  # what NumPy makes an array of: numbers, lists of them, arrays
    Floats = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]
    Reals = npt.NDArray[np.floating]  # of either precision
    Integers = npt.NDArray[np.int64]
    Signs = npt.NDArray[np.int8]  # +1 and -1
    Mask = npt.NDArray[np.bool_]
    Words = npt.NDArray[np.uint64]  # bits: 64 signs in each word
else:
    ArrayLike = NewType("ArrayLike", object)
    Floats = NewType("Floats", np.ndarray)
    Singles = NewType("Singles", np.ndarray)
    Reals = NewType("Reals", np.ndarray)
    Integers = NewType("Integers", np.ndarray)
    Signs = NewType("Signs", np.ndarray)
    Mask = NewType("Mask", np.ndarray)
    Words = NewType("Words", np.ndarray)
