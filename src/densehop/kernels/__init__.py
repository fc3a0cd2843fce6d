"""Compiled loops: arrays in, arrays changed. A kernel knows an energy table, not p."""

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.cpu import CPUTargetOptions

# Numba counts references to each array that a function gets or slices, by locked additions that take as long as small
# sums and that threads with the same array wait for. The caller of a kernel holds all arrays while it runs, so there is
# nothing to count where nothing is allocated. The option is private: a numba without it counts, and is slower.
UNCOUNTED: dict[str, Any] = {name: False for name in ("_nrt",) if hasattr(CPUTargetOptions, name)}


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Compile without the interpreter lock, keeping the machine code on disk where there is a place for it."""
    try:
        return njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:  # no folder can be written: compile anew in each process
        return njit(nogil=True, **options)(function)


def lean(function: Callable[..., Any]) -> Any:
    """Compile a function that allocates nothing and returns numbers; numba refuses to compile one that allocates."""
    return compiled(function, **UNCOUNTED)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a small `lean` function that is put in place of its calls."""
    return compiled(function, forceinline=True, **UNCOUNTED)
