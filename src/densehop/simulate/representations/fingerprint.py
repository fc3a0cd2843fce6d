"""Short names of arrays, by which a run recognises what belongs to it."""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt


def digest(*arrays: npt.NDArray[Any]) -> str:
    """Return a short name of the arrays' content."""
    content_hash = hashlib.blake2b(digest_size=16)
    for array in arrays:
        content_hash.update(f"{array.dtype}{array.shape}".encode())
        content_hash.update(np.ascontiguousarray(array).data)
    return content_hash.hexdigest()
