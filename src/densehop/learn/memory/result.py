"""`Recall`: what a memory made of its questions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Mask, Reals


@dataclass(frozen=True, eq=False)
class Recall:
    """What a memory made of B patterns.

    Attributes
    ----------
    patterns : (B, N), restored, in the units of the data; known values are as they came
    memory : (B,) int, row of `memories_` that the restored pattern is closest to
    overlap : (B,), 1 - |x - xi|^2/(2N) with that memory, in encoded values: the overlap per spin where these are signs
    energy : (B,), of the restored pattern (learn/interactions.py)
    confidence : (B, N), probability that a restored sign is right; nan where there is no such probability, see
        `DenseAssociativeMemory.recall`
    distance : (B,), mean squared distance of the question to that memory over its present values, in encoded values:
        four times the share of signs that differ
    p_value : (B,), probability that a stranger, which has nothing to do with what is stored, comes as close
    known : (B,) bool, whether `p_value` is below `false_alarm_rate`
    n_steps : int, steps or sweeps until the last pattern stopped
    settled : (B,) bool, whether it is a minimum: no single change of a value that may move lowers the energy
    """

    patterns: Reals
    memory: npt.NDArray[np.int64]
    overlap: Floats
    energy: Floats
    confidence: Floats
    distance: Floats
    p_value: Floats
    known: Mask
    n_steps: int
    settled: Mask

    def __repr__(self) -> str:
        return (
            f"Recall({len(self.known)} patterns: {self.known.sum()} known, {self.settled.sum()} settled, "
            f"mean overlap {self.overlap.mean():.3f})"
        )

    @classmethod
    def joined(cls, parts: "list[Recall]") -> "Recall":
        """Return the results of blocks of questions as one."""
        names = ("patterns", "memory", "overlap", "energy", "confidence", "distance", "p_value", "known", "settled")
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return cls(**columns, n_steps=max(part.n_steps for part in parts))
