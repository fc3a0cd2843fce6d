"""From data to what a network stores: values between -1 and 1, or signs; and back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.arrays import Floats, Mask, Reals, Signs
from densehop.errors import InvalidInput
from densehop.kernels.recall import known_ends
from densehop.learn.blas_threads import one_blas_thread

SAMPLE, FEWEST, EM_STEPS = 500, 32, 20
DISTANCES_AT_ONCE = 2**24  # between sampled rows and all others
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
    lows, highs : (N,)
        The range of each column of those data, whether it is used or not.
    exact : bool
        Whether `decode` returned those data; not where grey values became black or white.
    """

    kind: str
    low: float | Floats
    high: float | Floats
    lows: Floats
    highs: Floats
    exact: bool = True

    def encode(self, data: Reals) -> Reals:
        """Return data as values of the network; nan is encoded as 0, no opinion."""
        if self.kind == "binary":
            values = np.where(data > self.middle, 1.0, -1.0).astype(data.dtype)
        else:
            low, factor = (np.asarray(number, dtype=data.dtype) for number in (self.low, 2 / self.span))
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
    def is_identity(self) -> bool:
        """Whether greys are encoded as themselves."""
        return self.kind == "graded" and np.array_equal(self.low, -1.0) and np.array_equal(self.high, 1.0)

    @property
    def unit(self) -> float:
        """What a distance 1 between encoded values is in the data; 1 where columns have different units."""
        return 1.0 if self.by_column else float(self.span) / 2

    def fits(self, scale: str) -> bool:
        """Whether rows with the ranges of columns that are noted here would be encoded so, under this `scale`."""
        by_column = _by_column(self.lows, self.highs, scale)
        low, high = (self.lows, self.highs) if by_column else (self.lows.min(), self.highs.max())
        return by_column == self.by_column and np.array_equal(low, self.low) and np.array_equal(high, self.high)

    def same_as(self, other: "Encoding") -> bool:
        """Whether both encode alike."""
        ends = ((self.low, other.low), (self.high, other.high))
        return self.kind == other.kind and all(np.array_equal(mine, theirs) for mine, theirs in ends)


def encoding_of(data: Data, kind: str, scale: str = "auto", *, spins: bool) -> Encoding:
    """Return the encoding for data without nan; "auto" is binary where `spins` are needed or only two values occur."""
    checks.choice("encoding", kind, ENCODINGS)
    checks.choice("scale", scale, SCALES)
    return encoding_of_pieces([data], [data], kind, scale, spins=spins)


def encoding_of_pieces(once: Iterable[Data], again: Iterable[Data], kind: str, scale: str, *, spins: bool) -> Encoding:
    """Return the encoding for data in pieces, which are looked at twice."""
    ends = [(piece.min(axis=0), piece.max(axis=0)) for piece in once]
    lows = np.min([low for low, _ in ends], axis=0).astype(np.float64)
    highs = np.max([high for _, high in ends], axis=0).astype(np.float64)
    return _choose(again, lows, highs, kind, spins=spins, by_column=_by_column(lows, highs, scale))


def encoding_between(
    lows: Floats, highs: Floats, only: Callable[[tuple[Any, Any]], bool], kind: str, scale: str
) -> Encoding:
    """Return the encoding for data whose columns have these ranges; `only` tells whether they hold two values only."""
    checks.choice("encoding", kind, ENCODINGS)
    checks.choice("scale", scale, SCALES)
    return _decide(lows, highs, only, kind, spins=False, by_column=_by_column(lows, highs, scale))


def _choose(parts: Iterable[Data], lows: Floats, highs: Floats, kind: str, *, spins: bool, by_column: bool) -> Encoding:
    """Return the encoding for data (M, N) in parts, of these ranges of columns."""

    def only(ends: tuple[Any, Any]) -> bool:
        blocks = (data[first : first + ROWS] for data in parts for first in range(0, len(data), ROWS))
        return all(bool(((block == ends[0]) | (block == ends[1])).all()) for block in blocks)

    return _decide(lows, highs, only, kind, spins=spins, by_column=by_column)


def _decide(
    lows: Floats, highs: Floats, only: Callable[[tuple[Any, Any]], bool], kind: str, *, spins: bool, by_column: bool
) -> Encoding:
    """Return the encoding for data of these ranges; `only` tells whether they hold the ends of the range only."""
    low, high = (lows, highs) if by_column else (float(lows.min()), float(highs.max()))
    two_valued = only((low, high))
    if kind == "auto":
        kind = "binary" if spins or two_valued else "graded"
    return Encoding(kind, low, high, lows, highs, exact=kind == "graded" or two_valued)


def _by_column(lows: Floats, highs: Floats, scale: str) -> bool:
    """Tell whether each column needs a range of its own: where most are narrow beside the range of all together."""
    if scale != "auto":
        return scale == "columns"
    widths = (highs - lows)[highs > lows]
    return bool(len(widths)) and float(np.median(widths)) < NARROW_COLUMN * float(highs.max() - lows.min())


def joint_encoding(
    stored: Encoding, earlier: Callable[[], Data], data: Data, kind: str, scale: str, *, spins: bool
) -> Encoding:
    """Return the encoding for data beside stored ones: the one that all of them together would have had.

    `earlier` returns the stored data; they are asked for only where columns get ranges of their own, or lose them.
    """
    lows, highs = np.minimum(stored.lows, data.min(axis=0)), np.maximum(stored.highs, data.max(axis=0))
    by_column = _by_column(lows, highs, scale)
    if not stored.exact:
        _check_range(stored, lows, highs, by_column=by_column)
    if by_column != stored.by_column:
        rows = at_the_ends(earlier(), stored.lows, stored.highs)
        joint = _choose([data, rows], lows, highs, kind, spins=spins, by_column=by_column)
    else:
        ends = np.stack(np.broadcast_arrays(stored.low, stored.high)).reshape(2, -1)
        joint_kind = "graded" if stored.kind == "graded" and kind == "auto" else kind
        joint = _choose([data, ends], lows, highs, joint_kind, spins=spins, by_column=by_column)
    return replace(joint, exact=joint.exact and stored.exact)


def at_the_ends(rows: Data, lows: Floats, highs: Floats) -> Data:
    """Return decoded rows whose values next to an end of their column, but for rounding, are that end."""
    close = 4 * np.finfo(rows.dtype).eps * max(abs(lows).max(), abs(highs).max())
    lower_done: Data = np.where(abs(rows - lows) <= close, lows, rows)
    return np.where(abs(rows - highs) <= close, highs, lower_done)


def _check_range(stored: Encoding, lows: Floats, highs: Floats, *, by_column: bool) -> None:
    """Refuse further rows that would have made other grey values of stored ones black and white."""
    if by_column != stored.by_column:
        raise InvalidInput(
            "with these rows columns differ otherwise in range, and grey values of earlier rows were made black or "
            "white in the middle of another one: fit all rows in one call, or set scale"
        )
    joint = (lows, highs) if by_column else (lows.min(keepdims=True), highs.max(keepdims=True))
    wider = (joint[0] < stored.low) | (joint[1] > stored.high)
    if wider.any():
        column = int(wider.argmax())
        low, high = (np.ravel(end)[column] for end in (stored.low, stored.high))
        raise InvalidInput(
            f"X and earlier rows reach from {joint[0][column]:g} to {joint[1][column]:g}, beyond the range {low:g} to "
            f"{high:g} of the earlier ones, whose grey values were made black or white in its middle: "
            "fit all rows in one call"
        )


def misfit(encoding: Encoding, least_spread: float, data: Reals, present: Mask | None) -> str | None:
    """Return in words how the range or the spread of questions does not fit what was stored; None: it does."""
    lows, highs = _ends_of(data, present, by_column=encoding.by_column)
    known = lows <= highs
    if not known.any():
        return None
    spread = 0.0 if encoding.by_column else float((highs - lows).max(where=known, initial=0))
    if not encoding.by_column:
        lows, highs = lows.min(keepdims=True), highs.max(keepdims=True)
    room = np.broadcast_to(np.asarray(encoding.span) * OUTSIDE, lows.shape)
    outside = (lows < encoding.low - room) | (highs > encoding.high + room)
    if outside.any():
        column = int(outside.argmax())
        low, high = (np.broadcast_to(end, lows.shape)[column] for end in (encoding.low, encoding.high))
        where = f" in column {column}" if encoding.by_column else ""
        reach = f"questions reach from {lows[column]:g} to {highs[column]:g}{where}"
        return f"{reach}, what was stored from {low:g} to {high:g}"
    if encoding.by_column:
        return None
    if spread < NARROW * least_spread:
        return f"no question spreads over more than {spread:g}, everything stored over {least_spread:g} or more"
    return None


def _ends_of(data: Reals, present: Mask | None, *, by_column: bool) -> tuple[Reals, Reals]:
    """Return the ends of what is present of each column, or of each row; the low one is above where nothing is."""
    if present is not None and not by_column:
        lows, highs = np.empty((2, len(data)), dtype=data.dtype)
        known_ends(data, present, lows, highs)
        return lows, highs
    axis = 0 if by_column else 1
    if present is None:
        return data.min(axis=axis), data.max(axis=axis)
    return np.where(present, data, np.inf).min(axis=axis), np.where(present, data, -np.inf).max(axis=axis)


@one_blas_thread
def default_beta(encoding: Encoding, memories: Reals) -> float:
    """Return the sharpness that `DenseAssociativeMemory` describes."""
    if encoding.kind == "binary":
        return float(np.log((1 - FLIP_RATE) / FLIP_RATE) / 2)
    number = min(SAMPLE, max(FEWEST, DISTANCES_AT_ONCE // len(memories)))
    rows = np.arange(0, len(memories), -(-len(memories) // number))  # evenly spread, some hundred are enough
    sample, distances = memories[rows].astype(np.float64), np.empty((len(rows), len(memories)))
    for first in range(0, len(memories), ROWS):
        wide = memories[first : first + ROWS].astype(np.float64)
        squares = (sample**2).sum(axis=1)[:, None] + (wide**2).sum(axis=1)
        distances[:, first : first + ROWS] = squares - 2 * sample @ wide.T
    for row in distances:
        row[row <= 1e-12 * memories.shape[1]] = np.inf  # itself, and copies
    nearest = distances.min(axis=1)
    if not np.isfinite(nearest).any():
        return 1.0
    others = np.isfinite(nearest)
    beta = _left_out_beta([row for row, other in zip(distances, others, strict=True) if other], memories.shape[1])
    return max(25 / float(np.median(nearest[others])), beta)


def _left_out_beta(distances: Sequence[Floats], n_values: int) -> float:
    """Return the beta at which stored rows are most likely, each as another one with normal errors of variance 1/beta.

    From squared distances (M,) of some rows, inf where two are the same, in turn, since there are many; the fixed point
    of expectation and maximisation.
    """

    def mean_square(row: Floats, beta: float) -> float:
        weights = np.exp(-beta / 2 * (row - row.min()))
        return float(weights @ np.where(np.isfinite(row), row, 0) / weights.sum())

    beta = n_values / float(np.mean([row.min() for row in distances]))
    for _ in range(EM_STEPS):
        before, beta = beta, n_values / float(np.mean([mean_square(row, beta) for row in distances]))
        if abs(beta - before) <= 1e-12 * beta:
            break
    return beta
