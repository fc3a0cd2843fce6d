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
    p_value : (B,), bound on the probability that a stranger comes as close: a random code, or a vector drawn as the
        stored ones were (learn/memory/familiarity.py)
    known : (B,) bool, whether `p_value` is no larger than `false_alarm_rate`
    false_alarm_rate : float, share of such strangers that is called known, at most; 0: too few vectors that resemble
        each other are stored to know anything
    n_steps : int, steps or sweeps until the last pattern stopped
    settled : (B,) bool, whether it is a minimum: no single flip of a sign that may move lowers the energy by more than
        rounding; of real values, whether their steps came to rest at a minimum, which `max_steps` may be too few for
    """

    patterns: Reals
    memory: npt.NDArray[np.int64]
    overlap: Floats
    energy: Floats
    confidence: Floats
    distance: Floats
    p_value: Floats
    known: Mask
    false_alarm_rate: float
    n_steps: int
    settled: Mask

    def __repr__(self) -> str:
        return (
            f"Recall({len(self.known)} patterns: {self.known.sum()} known at {self.false_alarm_rate:.2g}, "
            f"{self.settled.sum()} settled, "
            f"mean overlap {self.overlap.mean():.3f})"
        )

    @classmethod
    def join(cls, parts: "list[Recall]") -> "Recall":
        """Return the results of blocks of questions as one."""
        names = ("patterns", "memory", "overlap", "energy", "confidence", "distance", "p_value", "known", "settled")
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        rate, n_steps = parts[0].false_alarm_rate, max(part.n_steps for part in parts)
        return cls(**columns, false_alarm_rate=rate, n_steps=n_steps)
