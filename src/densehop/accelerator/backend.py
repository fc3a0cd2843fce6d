"""JAX as this room uses it: in 64 bits within a call and nowhere else, on a device whose logarithms are sound."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import experimental

from densehop.accelerator import noise
from densehop.errors import InvalidInput

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@contextmanager
def wide_numbers() -> Iterator[None]:
    """Let JAX keep 64 bits within the block; what the caller's own code has chosen is untouched."""
    switch: Any = jax.enable_x64 if hasattr(jax, "enable_x64") else experimental.enable_x64
    with switch(True):
        yield


def in_wide_numbers(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Run a function in 64 bits."""

    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        with wide_numbers():
            return function(*arguments, **options)

    return run


def platform() -> str:
    """Return where JAX computes by default: "cpu", "gpu" or "tpu"."""
    return str(jax.default_backend())


def found() -> bool:
    """Tell whether JAX finds a device that is not the processor."""
    return platform() != "cpu"


def operand_type() -> Any:
    """Return the type of the factors of large products: 16 bits where they are fast, 32 on the processor.

    Either holds the integers of `couplings.LIMB` exactly.
    """
    return jnp.float32 if platform() == "cpu" else jnp.float16


def memory() -> int | None:
    """Return how many bytes of the device's memory are free; None where it does not say."""
    statistics = jax.devices()[0].memory_stats()
    if not statistics or "bytes_limit" not in statistics:
        return None
    return int(statistics["bytes_limit"]) - int(statistics.get("bytes_in_use", 0))


def described() -> str:
    """Return the device in words: what it is, and how much of its memory is free."""
    free = memory()
    return f"{jax.devices()[0].device_kind}" + ("" if free is None else f", {free / 2**30:.1f} GiB free")


@lru_cache(maxsize=1)
def require_sound() -> None:
    """Refuse a device whose logarithms are less exact than the margin of doubt assumes (`noise.thresholds`)."""
    uniforms = np.concatenate([np.arange(1, 2**12) / 2**12, 2.0 ** -np.arange(1, 54), 1 - 2.0 ** -np.arange(1, 54)])
    for law in (noise.LOGISTIC, noise.EXPONENTIAL):
        with wide_numbers():
            found_here, margins = jax.jit(noise.thresholds, static_argnums=2)(uniforms, np.ones(()), law)
        exact, allowed = _exact(uniforms, law), np.asarray(margins) / 4
        tried = np.isfinite(exact)
        if not (np.abs(np.asarray(found_here)[tried] - exact[tried]) <= allowed[tried]).all():
            raise InvalidInput(
                f"the device ({jax.devices()[0].device_kind}) takes logarithms in less than double precision, so its "
                "chains would not be those of the processor: use device='cpu'"
            )


def _exact(uniforms: Any, law: int) -> Any:
    """Return the noise in extended precision, where the machine has it."""
    wide = uniforms.astype(np.longdouble)
    if law == noise.LOGISTIC:
        return np.log(wide) - np.log1p(-wide)
    value = np.log1p(-np.longdouble(noise.REST)) - np.log1p(-wide)
    return np.where(uniforms < noise.REST, -np.inf, value)
