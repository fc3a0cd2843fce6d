"""Checks of arguments. Each returns the value in the type that the code works with, or raises `InvalidInput`."""

import math
import reprlib
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import ArrayLike, Floats, Signs
from densehop.base.memory_limits import usable_memory
from densehop.errors import InvalidInput

SMALLEST, LARGEST = 1e-100, 1e100  # of parameters, so that products of several do not leave double precision
LARGEST_SIZE = 32_767  # spins, since numbers of agreeing spins are kept in 16 bits


def integer(name: str, value: object, minimum: int, maximum: int | None = None) -> int:
    """Return `value` as an int within [minimum, maximum]."""
    allowed = f"an integer >= {minimum}" if maximum is None else f"an integer from {minimum} to {maximum}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InvalidInput(f"{name} must be {allowed}, got {shown(value)}")
    result = int(value)
    if result < minimum or (maximum is not None and result > maximum):
        raise InvalidInput(f"{name} must be {allowed}, got {result}")
    return result


def number(name: str, value: object, *, zero_allowed: bool = False) -> float:
    """Return `value` as a positive float between SMALLEST and LARGEST, or zero where that is allowed."""
    allowed = "a finite number >= 0" if zero_allowed else "a finite positive number"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InvalidInput(f"{name} must be {allowed}, got {shown(value)}")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result) or result < 0 or (result == 0 and not zero_allowed):
        raise InvalidInput(f"{name} must be {allowed}, got {result:g}")
    if result != 0 and not SMALLEST <= result <= LARGEST:
        raise InvalidInput(f"{name} must lie between {SMALLEST:g} and {LARGEST:g}, got {result:g}")
    return result


def between(name: str, value: object, low: float, high: float) -> float:
    """Return `value` as a float within [low, high]."""
    try:
        result = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        result = math.inf
    if not low <= result <= high:
        raise InvalidInput(f"{name} must be a number from {low:g} to {high:g}, got {shown(value)}")
    return result


def value_range(name: str, value: object) -> tuple[float, float]:
    """Return `value` as two finite numbers, the lower one first."""
    try:
        low, high = (float(end) for end in value)  # type: ignore[attr-defined]  # what is no pair is refused below
    except (TypeError, ValueError):
        low = high = math.nan
    if not -math.inf < low < high < math.inf:
        raise InvalidInput(f"{name} must be (low, high), finite numbers with low < high, got {shown(value)}")
    return low, high


def choice(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of the allowed words."""
    if not isinstance(value, str) or value not in allowed:
        words = ", ".join(f"'{word}'" for word in allowed)
        raise InvalidInput(f"{name} must be one of {words}; got {shown(value)}")
    return value


def callback(name: str, value: object) -> None:
    """Refuse a value that is neither None nor a function."""
    if value is not None and not callable(value):
        raise InvalidInput(f"{name} must be a function or None, got {shown(value)}")


def body_number(p: object, n_spins: int | None = None, name: str = "p") -> int:
    """Return the number p of bodies: an integer from 2 to the number of spins."""
    return integer(name, p, 2, n_spins)


def signs(name: str, values: ArrayLike, shape: tuple[int | str, ...]) -> Signs:
    """Return a contiguous int8 copy of an array of +-1.

    A letter in `shape` stands for any positive length: ("M", "N") allows any matrix, (3, "N") one of 3 rows.
    """
    array = as_array(name, values)
    if not _has_shape(array, shape):
        allowed = f"({', '.join(str(length) for length in shape)}{',' if len(shape) == 1 else ''})"
        raise InvalidInput(f"{name} must have shape {allowed}, got {array.shape}")
    if array.dtype.kind not in "iuf":
        raise InvalidInput(f"{name} must hold numbers +1 and -1, got dtype {array.dtype}")
    wrong = np.abs(array) != 1
    if wrong.any():
        first = tuple(int(index) for index in np.argwhere(wrong)[0])
        raise InvalidInput(f"{name} must hold only +1 and -1, got {array[first]} at index {first}")
    return np.array(array, dtype=np.int8, order="C")


def _has_shape(array: npt.NDArray[Any], shape: tuple[int | str, ...]) -> bool:
    """Tell whether an array has a shape, in which a letter stands for any positive length."""
    return array.ndim == len(shape) and all(
        length > 0 if isinstance(allowed, str) else length == allowed
        for length, allowed in zip(array.shape, shape, strict=True)
    )


def series(name: str, values: ArrayLike, shape: str) -> Floats:
    """Return finite real numbers as (chain, sweep), or as (disorder,) where `shape` says so."""
    array = as_array(name, values)
    n_dimensions = shape.count(",") + (not shape.endswith(",)"))
    if array.ndim == 1 and n_dimensions == 2:
        array = array[np.newaxis]
    if array.ndim != n_dimensions or array.size == 0 or array.dtype.kind not in "iufb":
        raise InvalidInput(f"{name} must be real numbers of shape {shape}, got {array.dtype} of shape {array.shape}")
    result = array.astype(np.float64)
    if not (np.abs(result) < LARGEST).all():
        raise InvalidInput(f"{name} must be finite numbers below {LARGEST:g}")
    return result


def as_array(name: str, values: ArrayLike) -> npt.NDArray[Any]:
    """Return values as an array; rows of different length, masked values and sparse matrices are refused."""
    if hides_values(values):
        raise InvalidInput(f"{name} must be complete, got masked values: fill them, or leave their rows out")
    if hasattr(values, "toarray"):
        raise InvalidInput(f"{name} must be a dense array, got a sparse one: give its .toarray()")
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InvalidInput(f"{name} must have rows of equal length, got {shown(values)}") from error


def hides_values(values: object) -> bool:
    """Tell whether values are masked, in an array or in one of several rows."""
    rows = values if isinstance(values, list | tuple) else (values,)
    return any(isinstance(row, np.ma.MaskedArray) and np.ma.is_masked(row) for row in rows)


def shown(value: object) -> str:
    """Return a value as one short line."""
    return " ".join(reprlib.repr(value).split())


def memory(what: str, n_bytes: int) -> None:
    """Refuse a computation whose arrays do not fit into the memory that is free now."""
    free = free_memory()
    if n_bytes > free:
        raise InvalidInput(
            f"{what} needs {n_bytes / 2**30:.1f} GiB, but {free / 2**30:.1f} GiB are free; "
            "use fewer spins, patterns, chains or sweeps"
        )


def free_memory() -> int:
    """Return how many bytes this process may still use."""
    return usable_memory()
