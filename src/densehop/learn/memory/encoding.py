"""From data to what a network stores: values between -1 and 1, or signs; and back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.arrays import Floats, Mask, Reals
from densehop.errors import InvalidInput

SAMPLE, EM_STEPS = 500, 20
FLIP_RATE = 0.1  # that the default beta assumes
OUTSIDE = 0.5  # of the range: how far questions may lie outside it
NARROW = 0.25  # of the least spread of a stored row: how little the widest question may spread
ENCODINGS = ("auto", "binary", "graded")


@dataclass(frozen=True)
class Encoding:
    """A map of data onto [-1, 1], the same for all features, so that differences between pixels keep their meaning.

    Attributes
    ----------
    kind : "binary" (+1 above the middle of the range, else -1) or "graded" (linear, `low` to -1 and `high` to 1)
    low, high : float
        The range of the data it was made from. Graded values outside are not cut off.
    exact : bool
        Whether `decode` returned those data; not where grey values became black or white.
    """

    kind: str
    low: float
    high: float
    exact: bool = True

    def encode(self, data: Reals) -> Reals:
        """Return data as values of the network; nan is encoded as 0, no opinion."""
        if self.kind == "binary":
            values = np.where(data > self.middle, 1.0, -1.0).astype(data.dtype)
        else:
            values = (data - self.low) * (2 / self.span) - 1
        values[np.isnan(data)] = 0
        return values

    def decode(self, values: Reals) -> Reals:
        """Return values of the network in the units of the data; signs become `low` and `high`."""
        result = values + 1
        result *= self.span / 2
        result += self.low
        return result

    @property
    def middle(self) -> float:
        """The value above which a binary one is +1."""
        return self.low + self.span / 2

    @property
    def span(self) -> float:
        """The range's width; a single value has none, and any will do."""
        return self.high - self.low or 1.0


def encoding_of(data: Reals, kind: str, *, spins: bool) -> Encoding:
    """Return the encoding for data without nan; "auto" is binary where `spins` are needed or only two values occur."""
    checks.choice("encoding", kind, ENCODINGS)
    low, high = float(data.min()), float(data.max())
    two_valued = bool(((data == low) | (data == high)).all())
    if kind == "auto":
        kind = "binary" if spins or two_valued else "graded"
    return Encoding(kind, low, high, exact=kind == "graded" or two_valued)


def joint_encoding(stored: Encoding, data: Reals, kind: str, *, spins: bool) -> Encoding:
    """Return the encoding for data beside stored ones: the one that all of them together would have had."""
    ends = np.array([[stored.low, stored.high]], dtype=data.dtype)
    low, high = min(stored.low, float(data.min())), max(stored.high, float(data.max()))
    if not stored.exact and (low, high) != (stored.low, stored.high):
        raise InvalidInput(
            f"X reaches from {data.min():g} to {data.max():g}, beyond the range {stored.low:g} to {stored.high:g} of "
            "earlier rows, whose grey values were made black or white in its middle: fit all rows in one call"
        )
    if stored.kind == "graded" and kind == "auto":
        kind = "graded"
    found = encoding_of(np.append(ends, data.ravel()), kind, spins=spins)
    return Encoding(found.kind, found.low, found.high, exact=found.exact and stored.exact)


def misfit(encoding: Encoding, least_spread: float, data: Reals, present: Mask | None) -> str | None:
    """Return in words how the range or the spread of questions does not fit what was stored; None: it does."""
    seen = data if present is None else np.where(present, data, np.nan)
    some = seen[~np.isnan(seen).all(axis=1)]
    if not len(some):
        return None
    low, high = float(np.nanmin(some)), float(np.nanmax(some))
    asked, stored = f"reach from {low:g} to {high:g}", f"from {encoding.low:g} to {encoding.high:g}"
    room = encoding.span * OUTSIDE
    if low < encoding.low - room or high > encoding.high + room:
        return f"questions {asked}, what was stored {stored}"
    spread = float((np.nanmax(some, axis=1) - np.nanmin(some, axis=1)).max())
    if spread < NARROW * least_spread:
        return f"no question spreads over more than {spread:g}, everything stored over {least_spread:g} or more"
    return None


def default_beta(encoding: Encoding, memories: Reals) -> float:
    """Return the sharpness that `DenseAssociativeMemory` describes."""
    if encoding.kind == "binary":
        return float(np.log((1 - FLIP_RATE) / FLIP_RATE) / 2)
    rows = np.arange(0, len(memories), -(-len(memories) // SAMPLE))  # evenly spread, some hundred are enough
    wide = memories.astype(np.float64)
    squares = (wide**2).sum(axis=1)
    distances = squares[rows, None] + squares - 2 * wide[rows] @ wide.T
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


def known_values(data: Reals, known: npt.ArrayLike | None) -> Mask | None:
    """Return which values are known, (B, N); None: no value is."""
    missing = np.isnan(data)
    if known is None:
        return ~missing if missing.any() else None
    mask = checks.as_array("known", known)
    if mask.dtype != bool or mask.shape not in {data.shape, data.shape[1:]}:
        shapes = f"{data.shape[1:]} or {data.shape}"
        raise InvalidInput(f"known must be booleans of shape {shapes}, got {mask.dtype} of shape {mask.shape}")
    if (mask & missing).any():
        raise InvalidInput("known values must be numbers, but X holds nan where known is True")
    return np.broadcast_to(mask, data.shape)
