"""Compiled loops: arrays in, arrays changed. A kernel knows an energy table, not p."""

import hashlib
import pickle
from collections.abc import Callable
from functools import cache, singledispatch
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache
from numba.core.cpu import CPUTargetOptions
from numba.extending import overload

# Numba counts references to each array that a function gets or slices, by locked additions that take as long as small
# sums and that threads with the same array wait for. The caller of a kernel holds all arrays while it runs, so there is
# nothing to count where nothing is allocated. The option is private: a numba without it counts, and is slower.
UNCOUNTED: dict[str, Any] = {name: False for name in ("_nrt",) if hasattr(CPUTargetOptions, name)}

UNREADABLE = (OSError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, ImportError)


@cache
def source_stamp() -> str:
    """Return a name of the sources of all kernels."""
    found = hashlib.blake2b(digest_size=16)
    folder = Path(__file__).parent
    for file in sorted(folder.rglob("*.py")):
        found.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


class DiskCache(FunctionCache):
    """Numba's cache on disk, which belongs to the sources of all kernels and whose failure is no failure of a kernel.

    Numba looks only at the file of the function that it compiled, which holds code of other files as well. A file of
    the cache that is damaged or cannot be written only means that a kernel is compiled anew.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file._source_stamp = source_stamp()

    def load_overload(self, *arguments: Any) -> Any:
        """Return the machine code of a signature, None if there is none that can be read."""
        try:
            return super().load_overload(*arguments)
        except (*UNREADABLE, pickle.UnpicklingError):
            return None

    def save_overload(self, *arguments: Any) -> None:
        """Keep the machine code of a signature, in place of an index that cannot be read."""
        try:
            super().save_overload(*arguments)
        except OSError:  # a full disk
            return
        except (*UNREADABLE, pickle.UnpicklingError):
            self._replace_index(*arguments)

    def _replace_index(self, *arguments: Any) -> None:
        try:
            self.flush()
            super().save_overload(*arguments)
        except OSError:
            return


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Compile without the interpreter lock, keeping the machine code on disk where there is a place for it."""
    kernel = njit(nogil=True, **options)(function)
    try:
        kernel._cache = DiskCache(function)
    except RuntimeError:  # no folder can be written: compile anew in each process
        return kernel
    return kernel


def lean(function: Callable[..., Any]) -> Any:
    """Compile a function that allocates nothing and returns numbers; numba refuses to compile one that allocates."""
    return compiled(function, **UNCOUNTED)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a small `lean` function that is put in place of its calls."""
    return compiled(function, forceinline=True, **UNCOUNTED)


def generic(function: Callable[..., Any]) -> Any:
    """Declare a function of which each class of first arguments, a NamedTuple, has code of its own: `implements`.

    Compiled code that calls it is compiled once for each class, with that class's code in place of the call.
    """
    return singledispatch(function)


def implements(function: Any, kind: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make the decorated function the code of a `generic` one for first arguments of the class `kind`."""
    options: Any = {"nogil": True, "forceinline": True, **UNCOUNTED}

    def register(code: Callable[..., Any]) -> Callable[..., Any]:
        @overload(function, jit_options=options, strict=False)
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
