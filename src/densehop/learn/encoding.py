"""From data to what a network stores: values between -1 and 1, or signs; and back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop import checks

Values = npt.NDArray[np.floating]

ENCODINGS = ("auto", "binary", "graded")


@dataclass(frozen=True)
class Encoding:
    """A map of data onto [-1, 1], the same for all features, so that differences between pixels keep their meaning.

    Attributes
    ----------
    kind : "binary" (+1 above the middle of the range, else -1) or "graded" (linear, `low` to -1 and `high` to 1)
    low, high : float
        The range of the data it was made from. Graded values outside are not cut off.
    """

    kind: str
    low: float
    high: float

    def encode(self, data: Values) -> Values:
        """Return data as values of the network; nan is encoded as 0, no opinion."""
        values = (data - self.low) * (2 / self.span) - 1
        if self.kind == "binary":
            values = np.where(values > 0, 1.0, -1.0).astype(values.dtype)
        values[np.isnan(data)] = 0
        return values

    def decode(self, values: Values) -> Values:
        """Return values of the network in the units of the data; signs become `low` and `high`."""
        return (values + 1) * (self.span / 2) + self.low

    @property
    def span(self) -> float:
        """The range's width; a single value has none, and any will do."""
        return self.high - self.low or 1.0


def encoding_of(data: Values, kind: str, *, spins: bool) -> Encoding:
    """Return the encoding for data without nan; "auto" is binary where `spins` are needed or only two values occur."""
    checks.choice("encoding", kind, ENCODINGS)
    low, high = float(data.min()), float(data.max())
    if kind == "auto":
        kind = "binary" if spins or bool(((data == low) | (data == high)).all()) else "graded"
    return Encoding(kind, low, high)
