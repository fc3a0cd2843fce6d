"""Compiled loops: arrays in, arrays changed. A kernel knows an energy table, not p."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Any:
    """Compile without the interpreter lock, keeping the machine code on disk where there is a place for it."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder can be written: compile anew in each process
        return njit(nogil=True)(function)
