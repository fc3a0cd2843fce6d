"""Compiled loops: arrays in, arrays changed. A kernel knows an energy table, not p."""

from collections.abc import Callable
from functools import cache, cached_property, singledispatch
from typing import Any

from numba.core.cpu import CPUTargetOptions
from numba.core.registry import CPUDispatcher
from numba.extending import overload

from densehop.kernels.disk import DiskCache

# Numba counts references to each array that a function gets or slices, by locked additions that take as long as small
# sums and that threads with the same array wait for. The caller of a kernel holds all arrays while it runs, so there is
# nothing to count where nothing is allocated. The option is private: a numba without it counts, and is slower.
UNCOUNTED: dict[str, Any] = {name: False for name in ("_nrt",) if hasattr(CPUTargetOptions, name)}
NO_ENTRY = {"no_cpython_wrapper": True}


class Kernel(CPUDispatcher):
    """A function compiled for other kernels, and for Python when Python first calls it.

    Code that unpacks the arguments of a call from Python takes the compiler as long as a small kernel does, and most
    kernels are only called by kernels.
    """

    @cached_property
    def entry(self) -> CPUDispatcher:
        """The same function, compiled for calls from Python."""
        options = {name: value for name, value in self.targetoptions.items() if name not in NO_ENTRY}
        return kept_on_disk(CPUDispatcher(self.py_func, targetoptions=options), "entry")

    def __call__(self, *arguments: Any) -> Any:
        """Call the entry from Python."""
        return self.entry(*arguments)


def kept_on_disk(kernel: CPUDispatcher, kind: str) -> CPUDispatcher:
    """Keep the machine code of a kernel on disk where there is a place for it, under its name and this kind."""
    try:
        kernel._cache = on_disk = DiskCache(kernel.py_func, kind)
    except RuntimeError:  # no folder can be written: compile anew in each process
        return kernel
    kernel.compile = on_disk.compile_in_turn(kernel.compile)
    return kernel


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Compile without the interpreter lock, keeping the machine code on disk where there is a place for it."""
    always = {"nopython": True, "nogil": True, "no_cfunc_wrapper": True}
    return kept_on_disk(Kernel(function, targetoptions={**always, **NO_ENTRY, **options}), "part")


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
    options: Any = {"nogil": True, "forceinline": True, "no_cfunc_wrapper": True, **NO_ENTRY, **UNCOUNTED}

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
