"""Training samples as they were given: rows, dense or sparse, and the places of their classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from densehop.base.arrays import Integers


@dataclass(frozen=True, eq=False)
class Samples:
    """Rows (M, N) in the units of the data, and the places of their classes (M,)."""

    data: Any
    classes: Integers

    def __getitem__(self, rows: Integers) -> "Samples":
        return Samples(self.data[rows], self.classes[rows])

    def after(self, earlier: "Samples | None") -> "Samples":
        """Return these samples below earlier ones."""
        if earlier is None:
            return self
        parts = [earlier.data, self.data]
        data = sp.vstack(parts).tocsr() if any(map(sp.issparse, parts)) else np.vstack(parts)
        return Samples(data, np.concatenate([earlier.classes, self.classes]))
