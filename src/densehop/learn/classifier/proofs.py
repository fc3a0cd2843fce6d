"""Certified radii of a fitted classifier: from the units of the data to those of its network and back."""

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Integers, Reals
from densehop.errors import InvalidInput
from densehop.learn.certificates.box import Box
from densehop.learn.certificates.exponential_bound import Decided, exponential_radii
from densehop.learn.certificates.flips import exponential_flips
from densehop.learn.certificates.linear_bound import LinearCase, linear_radii
from densehop.learn.certificates.rectified_bound import RectifiedCase, rectified_lengths
from densehop.learn.certificates.rounding import DOUBLE, Rounding, rounding_of_scores
from densehop.learn.classifier.exponential import NOTHING, ExponentialMemories
from densehop.learn.classifier.inputs import Scaling
from densehop.learn.classifier.linear_scores import LinearMemories, drive, slope
from densehop.learn.classifier.scores import Memories

NUMBERS_AT_ONCE = 2**23  # logarithms of memories, and coordinates of the memories that decide, in one block of inputs
SPARE = 0.01  # of the largest score
DECISIVE = 32  # memories whose coordinates are copied for each input


def certified_radii(
    network: ExponentialMemories | LinearMemories | Memories,
    scaling: Scaling,
    data: Reals,
    decisions: Integers,
    norm: str,
    factor: float,
    data_range: tuple[float, float] | None = None,
) -> Floats:
    """Return certified radii (B,) of data (B, N) in its own units, for decisions (B,) in the precision of the data.

    `factor` leads from scores to logits.
    """
    if norm == "flips":
        _check_two_values(data, scaling)
    rows = max(1, NUMBERS_AT_ONCE // (network.n_memories + DECISIVE * data.shape[1]))
    parts = []
    for first in range(0, len(data), rows):
        block = slice(first, first + rows)
        inputs: Floats = scaling.apply(data[block], np.float64).astype(np.float64, copy=False)
        if isinstance(network, ExponentialMemories):
            part = _exponential_radii(network, scaling, data[block], inputs, decisions[block], norm, data_range)
        elif isinstance(network, LinearMemories):
            part = _linear_radii(network, scaling, data[block], inputs, decisions[block], norm, factor)
        else:
            part = _rectified_radii(network, scaling, data[block], inputs, decisions[block], norm)
        parts.append(part)
    return np.concatenate(parts)


def _exponential_radii(
    network: ExponentialMemories,
    scaling: Scaling,
    data: Reals,
    inputs: Floats,
    decisions: Integers,
    norm: str,
    data_range: tuple[float, float] | None,
) -> Floats:
    """Return the radii of exponential memories."""
    exact = network.astype(np.float64)
    longest = float(np.sqrt((exact.visible**2).sum(axis=1).max()))
    origin = float(np.sqrt((scaling.mean**2).sum())) * scaling.scale
    offset = float(np.abs(exact.offsets).max() + np.abs(exact.log_weights).max())
    errors = [
        rounding_of_scores(dtype, exact.visible.shape, longest, offset, exact.sharpness, origin)
        for dtype in (data.dtype, np.float64)
    ]
    rounding = Rounding(sum(error.fixed for error in errors), sum(error.per_length for error in errors))
    visible, logs = _doubles(exact.visible), _doubles(exact.logs(inputs))
    box = None if data_range is None else _box(data, scaling, data_range)
    decided = Decided(visible, exact.owners, exact.sharpness, inputs, logs, decisions, rounding, box)
    lengths = np.sqrt((inputs**2).sum(axis=1))
    room = (SPARE * min(-NOTHING, float(np.finfo(data.dtype).max)) - offset) / (exact.sharpness * longest + 1e-300)
    room = np.maximum(room - lengths, 0)  # beyond, scores may overflow, or fall below that of a class without memories
    if norm == "flips":
        moves = _moves(data, scaling)
        flips = exponential_flips(decided, moves).astype(np.float64)
        return np.where(np.sqrt((moves**2).sum(axis=1)) < room, flips, 0.0)
    if norm == "linf":
        room /= np.sqrt(inputs.shape[1])
    radii: Floats = np.minimum(exponential_radii(decided, norm), room) / scaling.scale * (1 - 8 * DOUBLE)
    return radii


def _rectified_radii(
    network: Memories, scaling: Scaling, data: Reals, inputs: Floats, decisions: Integers, norm: str
) -> Floats:
    """Return the radii of rectified memories, from L2 lengths no longer than the inputs."""
    exact, unit = network.astype(np.float64), float(np.finfo(data.dtype).eps) + DOUBLE
    lengths = np.sqrt((inputs**2).sum(axis=1))
    fields, width = _doubles(exact.class_fields()), inputs.shape[1]
    longest = float(np.sqrt((exact.visible**2).sum(axis=1).max()))
    origin = float(np.sqrt((scaling.mean**2).sum())) * scaling.scale
    largest = float(np.abs(fields).max())
    field_error = unit * ((width + 12) * 2 * lengths * longest + (exact.n_classes + 4) * largest)
    field_error += 4 * DOUBLE * origin * longest
    widest = max(abs(np.log(exact.floor)), abs(np.log(2 * float(lengths.max(initial=0)) * longest + largest + 1)))
    score_error = unit * (12 * exact.degree * float(widest) + 4 * exact.n_memories + 40)
    case = RectifiedCase(
        _doubles(exact.visible), fields, exact.degree, exact.floor, inputs, decisions, field_error, score_error
    )
    room = SPARE * float(np.finfo(data.dtype).max) - 2 * lengths * longest - largest  # of fields that overflow
    radii: Floats = np.minimum(rectified_lengths(case), lengths) / scaling.scale * (1 - 8 * DOUBLE)
    radii[room < 0] = 0
    if norm == "l2":
        return radii
    if norm == "linf":
        radii *= (1 - 8 * DOUBLE) / np.sqrt(width)
        return radii
    flips: Floats = np.floor((radii / (scaling.high - scaling.low)) ** 2 * (1 - 1e-12))
    return flips


def _linear_radii(
    network: LinearMemories,
    scaling: Scaling,
    data: Reals,
    inputs: Floats,
    decisions: Integers,
    norm: str,
    factor: float,
) -> Floats:
    """Return the radii of memories whose class values count to first order."""
    exact = network.astype(np.float64)
    case = LinearCase(
        visible=_doubles(exact.visible),
        biases=_doubles(exact.biases),
        labels=_doubles(exact.labels),
        thresholds=_doubles(exact.thresholds),
        drive=lambda fields: drive(fields, exact.degree),
        slope=lambda fields: slope(fields, exact.degree),
        degree=exact.degree,
        inputs=inputs,
        decisions=decisions,
        precision=np.finfo(data.dtype),
        factor=factor,
        origin=float(np.sqrt((scaling.mean**2).sum())) * scaling.scale,
        norm="l2" if norm == "flips" else norm,
    )
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is not proved
        radii: Floats = linear_radii(case) / scaling.scale * (1 - 8 * DOUBLE)
    if norm != "flips":
        return radii
    flips: Floats = np.floor((radii / (scaling.high - scaling.low)) ** 2 * (1 - 1e-12))
    return flips


def _box(data: Reals, scaling: Scaling, data_range: tuple[float, float]) -> Box:
    """Return how far the values of data may move within a range, rounded outwards, in the units of the network."""
    ends = [(end - data.astype(np.float64)) * (scaling.scale * (1 + 8 * DOUBLE)) for end in data_range]
    return Box(*ends)


def _doubles(values: Reals) -> Floats:
    """Return an array as one of double precision."""
    return values.astype(np.float64, copy=False)


def _moves(data: Reals, scaling: Scaling) -> Floats:
    """Return how a flip moves each value of the network's inputs, (B, N)."""
    moves: Floats = (scaling.low + scaling.high - 2 * data.astype(np.float64)) * scaling.scale
    return moves


def _check_two_values(data: npt.NDArray[np.floating], scaling: Scaling) -> None:
    """Refuse flips of inputs that have other values than the two ends of the training range."""
    if scaling.low == scaling.high:
        raise InvalidInput(
            f"norm='flips' needs training data of two values, here all are {scaling.low:g}: use norm='l2' or 'linf'"
        )
    if not np.isin(data, [scaling.low, scaling.high]).all():
        raise InvalidInput(
            f"norm='flips' needs inputs of two values, the lowest and the highest of training, {scaling.low:g} and "
            f"{scaling.high:g}: use norm='l2' or 'linf', or train on such inputs"
        )
