"""Compiled loops: arrays in, arrays changed. A kernel knows an energy table, not p."""

from collections.abc import Callable
from functools import cache, singledispatch
from typing import Any

from numba import njit
from numba.core.cpu import CPUTargetOptions
from numba.extending import overload

from densehop.kernels.disk import DiskCache

# Numba counts references to each array that a function gets or slices, by locked additions that take as long as small
# sums and that threads with the same array wait for. The caller of a kernel holds all arrays while it runs, so there is
# nothing to count where nothing is allocated. The option is private: a numba without it counts, and is slower.
UNCOUNTED: dict[str, Any] = {name: False for name in ("_nrt",) if hasattr(CPUTargetOptions, name)}


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Compile without the interpreter lock, keeping the machine code on disk where there is a place for it."""
    kernel = njit(nogil=True, **options)(function)
    try:
        kernel._cache = on_disk = DiskCache(function)
    except RuntimeError:  # no folder can be written: compile anew in each process
        return kernel
    kernel.compile = on_disk.compile_in_turn(kernel.compile)
    return kernel


def allocation_free(function: Callable[..., Any]) -> Any:
    """Compile a function that allocates nothing and returns numbers; numba refuses to compile one that allocates."""
    return compiled(function, **UNCOUNTED)


def inlined(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a small `allocation_free` function that is put in place of its calls."""
    return compiled(function, forceinline=True, **UNCOUNTED, **options)


def generic(function: Callable[..., Any]) -> Any:
    """Declare a function of which each class of first arguments, a NamedTuple, has code of its own: `implements`.

    Compiled code that calls it is compiled once for each class, with that class's code in place of the call.
    """
    return singledispatch(function)


def implements(function: Any, kind: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make the decorated function the code of a `generic` one for first arguments of the class `kind`."""
    options: Any = {"nogil": True, "forceinline": True, **UNCOUNTED}

    def register(code: Callable[..., Any]) -> Callable[..., Any]:
        @overload(function, jit_options=options, strict=False)  # for calls from compiled code
        def choose(first: Any, *_others: Any) -> Callable[..., Any] | None:
            return code if getattr(first, "instance_class", None) is kind else None

        @cache
        def compile_once() -> Any:  # for calls from Python
            return inlined(code)

        def call(*arguments: Any) -> Any:
            return compile_once()(*arguments)

        function.register(kind, call)
        return code

    return register
