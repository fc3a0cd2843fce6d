"""Kinds of input that people bring, each judged together with a public function that takes arrays.

A function gets an input of a kind and must do one of two things: return what it returns for the plain array of the same
values, or refuse in one line, as a ValueError or TypeError that says something. Where values are no numbers, it must
refuse; where a value is hidden, it must refuse or take it for hidden, as it takes nan.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

import densehop as dh
from densehop.base.arrays import Floats
from tests.input_functions import Function

SAME, REFUSED, WRONG = "=", "no", "WRONG"
HIDDEN = (1, 2)  # the entry that is masked, missing, nan or infinite


class Foreign:
    """An array of another library, such as a tensor: NumPy can read it, and it has nothing else of an array."""

    def __init__(self, values: Floats) -> None:
        self._values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Floats:
        del copy
        return self._values.astype(dtype or self._values.dtype)


@dataclass(frozen=True)
class Kind:
    """A kind of input: how it is made of a plain array, and which plain array says the same.

    `plain` None: the same values. `good` False: nobody can answer; it has to be refused.
    """

    name: str
    make: Callable[[Floats], Any]
    plain: Callable[[Floats], Floats] | None = None
    good: bool = True
    rows_only: bool = False  # needs a table of rows
    loose: bool = False  # single or half precision: results agree to 1e-4 of the largest


def _with(value: float) -> Callable[[Floats], Floats]:
    def changed(values: Floats) -> Floats:
        found = values.astype(float)
        found[tuple(index % length for index, length in zip(HIDDEN[-found.ndim :], found.shape, strict=True))] = value
        return found

    return changed


def _masked(values: Floats) -> Any:
    """Return a masked array under whose mask stands a number, as it does where the mask was put on."""
    return np.ma.array(values, mask=np.isnan(_with(np.nan)(values)))


def _mapped(values: Floats) -> Floats:
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/values.npy", values)
        mapped: Floats = np.load(f"{folder}/values.npy", mmap_mode="r")
    return mapped


def _read_only(values: Floats) -> Floats:
    found = values.copy()
    found.flags.writeable = False
    return found


def _objects(value: object) -> Callable[[Floats], Any]:
    def changed(values: Floats) -> Any:
        found = values.astype(object)
        found[tuple(index % length for index, length in zip(HIDDEN[-found.ndim :], found.shape, strict=True))] = value
        return found

    return changed


def _frame(values: Floats) -> Any:
    return pd.DataFrame(values) if values.ndim == 2 else pd.Series(values)


def _strided(values: Floats) -> Floats:
    return np.repeat(values, 2, axis=-1)[..., ::2]


def _whole(values: Floats) -> Floats:
    return np.trunc(values).astype(values.dtype)


def _nullable(values: Floats) -> Any:
    return _frame(values).astype("Float64")


def _nullable_hidden(values: Floats) -> Any:
    return _frame(_with(np.nan)(values)).astype("Float64")


KINDS = (
    Kind("list", lambda x: x.tolist()),
    Kind("integers", lambda x: x.astype(np.int64), _whole),
    Kind("int8", lambda x: x.astype(np.int8), _whole, loose=True),
    Kind("float32", lambda x: x.astype(np.float32), loose=True),
    Kind("float16", lambda x: x.astype(np.float16), loose=True),
    Kind("longdouble", lambda x: x.astype(np.longdouble)),
    Kind("big-endian", lambda x: x.astype(">f8")),
    Kind("Fortran order", np.asfortranarray),
    Kind("strided", _strided),
    Kind("read-only", _read_only),
    Kind("memory map", _mapped),
    Kind("np.matrix", np.asmatrix, rows_only=True),
    Kind("other library's", Foreign),
    Kind("masked, nothing masked", np.ma.array),
    Kind("masked", _masked, _with(np.nan)),
    Kind("rows, some masked", lambda x: list(_masked(x)), _with(np.nan), rows_only=True),
    Kind("pandas", _frame),
    Kind("pandas nullable", _nullable),
    Kind("pandas with NA", _nullable_hidden, _with(np.nan)),
    Kind("sparse matrix", sp.csr_matrix, rows_only=True),
    Kind("sparse array", sp.coo_array, rows_only=True),
    Kind("objects", lambda x: x.astype(object)),
    Kind("nan", _with(np.nan), _with(np.nan)),
    Kind("None among objects", _objects(None), _with(np.nan)),
    Kind("infinity", _with(np.inf), good=False),
    Kind("text among objects", _objects("a"), good=False),
    Kind("numbers as text", lambda x: x.astype(str)),
    Kind("complex", lambda x: x + 1j, good=False),
    Kind("bool", lambda x: x > 0, lambda x: (x > 0).astype(float), loose=True),
    Kind("empty", lambda x: x[:0], good=False),
    Kind("one row", lambda x: x[:1].tolist(), lambda x: x[:1], rows_only=True),
    Kind("no columns", lambda x: x[:, :0], good=False, rows_only=True),
    Kind("one more axis", lambda x: x[None]),
    Kind("ragged", lambda x: [list(x[0]), list(x[1])[:-1]], good=False, rows_only=True),
)


def judged(function: Function, kind: Kind) -> tuple[str, str]:
    """Return what became of a combination, and in which words."""
    base = function.base
    plain = base if kind.plain is None else kind.plain(base)
    wanted = _answer(function, plain.tobytes(), plain.dtype.str, plain.shape)
    try:
        found = function.call(kind.make(base))
    except (ValueError, TypeError, dh.DensehopError) as error:
        text = str(error).strip()
        lines = text.splitlines()
        if not text or len(lines) > 1:
            return WRONG, f"an error of {len(lines)} lines: {text}"
        return REFUSED, text
    except Exception as error:
        return WRONG, f"{type(error).__name__}: {error}"
    if not kind.good or (np.isnan(plain).any() and not function.hidden):
        return WRONG, "it was taken"
    if wanted is None:
        return WRONG, "it was taken, the plain array was not"
    return (SAME, "") if _alike(found, wanted, loose=kind.loose) else (WRONG, f"{found} instead of {wanted}")


@lru_cache(maxsize=16)
def _answer(function: Function, values: bytes, kind: str, shape: tuple[int, ...]) -> Any:
    """Return the answer for a plain array, None where it is refused; many kinds say the same values."""
    try:
        return function.call(np.frombuffer(values, kind).reshape(shape).copy())
    except (ValueError, TypeError, dh.DensehopError):
        return None


def _alike(found: Any, wanted: Any, *, loose: bool) -> bool:
    """Tell whether two answers are the same numbers."""
    if isinstance(wanted, tuple):
        return all(_alike(one, other, loose=loose) for one, other in zip(found, wanted, strict=True))
    one, other = np.asarray(found), np.asarray(wanted)
    if one.dtype.kind in "OUS" or other.dtype.kind in "OUS":
        return one.shape == other.shape and bool((one == other).all())
    room = 1e-4 * max(1.0, float(np.nanmax(np.abs(other.astype(float)), initial=0.0))) if loose else 1e-12
    return one.shape == other.shape and np.allclose(one.astype(float), other.astype(float), 0, room, equal_nan=True)
