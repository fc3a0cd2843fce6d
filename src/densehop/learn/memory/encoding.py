"""From data to what a network stores: values between -1 and 1, or signs; and back."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.arrays import Floats, Mask, Reals, Signs
from densehop.errors import InvalidInput

SAMPLE, EM_STEPS = 500, 20
FLIP_RATE = 0.1  # that the default beta assumes
OUTSIDE = 0.5  # of the range: how far questions may lie outside it
NARROW = 0.25  # of the least spread of a stored row: how little the widest question may spread
ENCODINGS = ("auto", "binary", "graded")
SCALES = ("auto", "shared", "columns")
NARROW_COLUMN = 0.1  # of the range of all columns together: where the median column is narrower, each has its own
ROWS = 8192  # that are looked at together

Data = npt.NDArray[Any]  # numbers as they came: of any precision, or integers


@dataclass(frozen=True, eq=False)
class Encoding:
    """A map of data onto [-1, 1], by one range for all columns, as pixels need it, or a range for each, as tables do.

    Attributes
    ----------
    kind : "binary" (+1 above the middle of the range, else -1) or "graded" (linear, `low` to -1 and `high` to 1)
    low, high : float, or (N,)
        The range of the data it was made from, or of each of their columns. Graded values outside are not cut off.
    exact : bool
        Whether `decode` returned those data; not where grey values became black or white.
    """

    kind: str
    low: float | Floats
    high: float | Floats
    exact: bool = True

    def encode(self, data: Reals) -> Reals:
        """Return data as values of the network; nan is encoded as 0, no opinion."""
        if self.kind == "binary":
            values = np.where(data > self.middle, 1.0, -1.0).astype(data.dtype)
        else:
            low, factor = (np.asarray(one, dtype=data.dtype) for one in (self.low, 2 / self.span))
            values = (data - low) * factor - data.dtype.type(1)
        values[np.isnan(data)] = 0
        return values

    def decode(self, values: Reals | Signs) -> Reals:
        """Return values of the network in the units of the data; signs become `low` and `high`."""
        result: Reals = values + 1.0
        result *= np.asarray(self.span / 2, dtype=result.dtype)
        result += np.asarray(self.low, dtype=result.dtype)
        return result

    @property
    def middle(self) -> float | Floats:
        """The value above which a binary one is +1."""
        return self.low + self.span / 2

    @property
    def span(self) -> float | Floats:
        """The range's width; a single value has none, and any will do."""
        width: Floats = np.asarray(self.high) - np.asarray(self.low)
        spans = np.where(width == 0, 1.0, width)
        return spans if spans.ndim else float(spans)

    @property
    def by_column(self) -> bool:
        """Whether each column has a range of its own."""
        return np.ndim(self.low) == 1

    @property
    def unit(self) -> float:
        """What a distance 1 between encoded values is in the data; 1 where columns have different units."""
        return 1.0 if self.by_column else float(self.span) / 2

    def same_as(self, other: "Encoding") -> bool:
        """Whether both encode alike."""
        ends = ((self.low, other.low), (self.high, other.high))
        return self.kind == other.kind and all(np.array_equal(one, two) for one, two in ends)


def encoding_of(data: Data, kind: str, scale: str = "auto", *, spins: bool) -> Encoding:
    """Return the encoding for data without nan; "auto" is binary where `spins` are needed or only two values occur."""
    checks.choice("encoding", kind, ENCODINGS)
    checks.choice("scale", scale, SCALES)
    lows, highs = data.min(axis=0).astype(np.float64), data.max(axis=0).astype(np.float64)
    low, high = (lows, highs) if _by_column(lows, highs, scale) else (float(lows.min()), float(highs.max()))
    return _chosen([data], low, high, kind, spins=spins)


def _chosen(parts: list[Data], low: float | Floats, high: float | Floats, kind: str, *, spins: bool) -> Encoding:
    """Return the encoding for data (M, N) in parts, of this range."""
    blocks = (data[first : first + ROWS] for data in parts for first in range(0, len(data), ROWS))
    two_valued = all(bool(((some == low) | (some == high)).all()) for some in blocks)
    if kind == "auto":
        kind = "binary" if spins or two_valued else "graded"
    return Encoding(kind, low, high, exact=kind == "graded" or two_valued)


def _by_column(lows: Floats, highs: Floats, scale: str) -> bool:
    """Tell whether each column needs a range of its own: where most are narrow beside the range of all together."""
    if scale != "auto":
        return scale == "columns"
    widths = (highs - lows)[highs > lows]
    return bool(len(widths)) and float(np.median(widths)) < NARROW_COLUMN * float(highs.max() - lows.min())


def joint_encoding(stored: Encoding, data: Data, kind: str, *, spins: bool) -> Encoding:
    """Return the encoding for data beside stored ones: the one that all of them together would have had."""
    lowest, highest = (data.min(axis=0), data.max(axis=0)) if stored.by_column else (data.min(), data.max())
    lows, highs = np.minimum(stored.low, lowest), np.maximum(stored.high, highest)
    wider = (lows < stored.low) | (highs > stored.high)
    if not stored.exact and wider.any():
        column = int(wider.argmax())
        low, high = (np.ravel(end)[column] for end in (stored.low, stored.high))
        some = data[:, column] if stored.by_column else data
        raise InvalidInput(
            f"X reaches from {some.min():g} to {some.max():g}, beyond the range {low:g} to {high:g} of "
            "earlier rows, whose grey values were made black or white in its middle: fit all rows in one call"
        )
    if stored.kind == "graded" and kind == "auto":
        kind = "graded"
    low, high = (lows, highs) if stored.by_column else (float(lows), float(highs))
    ends = np.stack(np.broadcast_arrays(stored.low, stored.high)).reshape(2, -1)
    found = _chosen([data, ends], low, high, kind, spins=spins)
    return Encoding(found.kind, low, high, exact=found.exact and stored.exact)


def misfit(encoding: Encoding, least_spread: float, data: Reals, present: Mask | None) -> str | None:
    """Return in words how the range or the spread of questions does not fit what was stored; None: it does."""
    seen = data if present is None else np.where(present, data, np.nan)
    some = seen[~np.isnan(seen).all(axis=1)]
    if not len(some):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column of which nothing is known
        lows, highs = np.nanmin(some, axis=0), np.nanmax(some, axis=0)
    if not encoding.by_column:
        lows, highs = np.nanmin(lows, keepdims=True), np.nanmax(highs, keepdims=True)
    room = np.broadcast_to(np.asarray(encoding.span) * OUTSIDE, lows.shape)
    outside = (lows < encoding.low - room) | (highs > encoding.high + room)
    if outside.any():
        column = int(outside.argmax())
        low, high = (np.broadcast_to(end, lows.shape)[column] for end in (encoding.low, encoding.high))
        where = f" in column {column}" if encoding.by_column else ""
        asked = f"questions reach from {lows[column]:g} to {highs[column]:g}{where}"
        return f"{asked}, what was stored from {low:g} to {high:g}"
    if encoding.by_column:
        return None
    spread = float((np.nanmax(some, axis=1) - np.nanmin(some, axis=1)).max())
    if spread < NARROW * least_spread:
        return f"no question spreads over more than {spread:g}, everything stored over {least_spread:g} or more"
    return None


def default_beta(encoding: Encoding, memories: Reals) -> float:
    """Return the sharpness that `DenseAssociativeMemory` describes."""
    if encoding.kind == "binary":
        return float(np.log((1 - FLIP_RATE) / FLIP_RATE) / 2)
    rows = np.arange(0, len(memories), -(-len(memories) // SAMPLE))  # evenly spread, some hundred are enough
    some, distances = memories[rows].astype(np.float64), np.empty((len(rows), len(memories)))
    for first in range(0, len(memories), ROWS):
        wide = memories[first : first + ROWS].astype(np.float64)
        squares = (some**2).sum(axis=1)[:, None] + (wide**2).sum(axis=1)
        distances[:, first : first + ROWS] = squares - 2 * some @ wide.T
    distances[distances <= 1e-12 * memories.shape[1]] = np.inf  # itself, and copies
    distances = distances[np.isfinite(distances).any(axis=1)]
    if not len(distances):
        return 1.0
    return max(25 / float(np.median(distances.min(axis=1))), _left_out_beta(distances, memories.shape[1]))


def _left_out_beta(distances: Floats, n_values: int) -> float:
    """Return the beta at which stored rows are most likely, each as another one with normal errors of variance 1/beta.

    From squared distances (R, M), inf where two are the same; the fixed point of expectation and maximisation.
    """
    finite, nearest = np.where(np.isfinite(distances), distances, 0), distances.min(axis=1, keepdims=True)
    beta = n_values / float(nearest.mean())
    for _ in range(EM_STEPS):
        weights = np.exp(-beta / 2 * (distances - nearest))
        weights /= weights.sum(axis=1, keepdims=True)
        beta = n_values / float((weights * finite).sum(axis=1).mean())
    return beta
