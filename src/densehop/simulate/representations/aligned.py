"""Arrays for the vector kernels, at the start of a cache line: a vector that lies across two lines is two reads."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

CACHE_LINE = 64  # bytes, the length of a vector


def aligned_zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a contiguous array of zeros that starts at a multiple of 64 bytes."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(size + CACHE_LINE, dtype=np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)
