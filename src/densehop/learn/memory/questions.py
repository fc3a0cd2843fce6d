"""What people ask a memory, checked: rows as arrays, and which of their values are known."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Mask, Reals
from densehop.errors import InvalidInput
from densehop.learn.validation import validate

KINDS = (np.float64, np.float32)
NARROW_INTEGERS = 16  # bits of integers that single precision holds exactly


def complete_rows(estimator: Any, data: ArrayLike, *, reset: bool = False) -> Reals:
    """Return checked data without hidden values, dense; sets `n_features_in_` of the estimator where `reset`.

    What is stored (`reset`) keeps narrow integers, which may be many.
    """
    if checks.hides_values(data):
        raise InvalidInput("X holds masked values: `restore` and `recall` take them as hidden, others do not")
    kinds = None if reset and _is_narrow(data) else _kinds(data)
    try:
        return _dense(validate(estimator, data, dtype=kinds, reset=reset))
    except ValueError as error:
        if "contains NaN" not in str(error):
            raise
        raise InvalidInput(
            "X contains NaN: `restore` and `recall` complete hidden values; rows to store and to transform need all. "
            "In a Pipeline, DenseAssociativeImputer completes a table"
        ) from error


def partly_known(estimator: Any, data: ArrayLike, known: ArrayLike | None) -> tuple[Reals, Mask | None]:
    """Return checked data, which may hold nan, and which values are known (B, N); None: none is."""
    checked = _dense(validate(estimator, data, dtype=_kinds(data), ensure_all_finite="allow-nan"))
    return checked, known_values(checked, known)


def _kinds(data: ArrayLike) -> list[Any]:
    """Return the precisions to choose from: single for integers that it holds exactly."""
    return list(KINDS[::-1] if _is_narrow(data) else KINDS)


def _is_narrow(data: ArrayLike) -> bool:
    """Tell whether data are integers that single precision holds exactly."""
    kind = getattr(data, "dtype", None)
    return isinstance(kind, np.dtype) and kind.kind in "iub" and 8 * kind.itemsize <= NARROW_INTEGERS


def known_values(data: Reals, known: ArrayLike | None) -> Mask | None:
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


def _dense(data: Any) -> Reals:
    """Return checked data, dense or sparse, as an array."""
    dense: Reals = data.toarray() if sp.issparse(data) else data
    return dense
