"""How chains run: everything but the patterns and the starts."""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, TypeVar

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats
from densehop.base.streams import Seed
from densehop.errors import InvalidInput

DYNAMICS = ("heat-bath", "metropolis")
ORDERS = ("sequential", "random")


Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True)
class RunOptions:
    """The options that `PBodyHopfield.sample` and `PBodyHopfield.temper` share; both take them as keywords.

    Attributes
    ----------
    dynamics : "heat-bath" or "metropolis" (docs/theory.md, section 7)
    order : "sequential" or "random" choice of sites
    representation : "patterns" (any energy; time grows with M), "couplings" (strict p <= 4, power p <= 3; time does not
        depend on M, memory N^p) or "auto", the faster of the two for each block of sweeps; the bits are the same
    device : "cpu", "accelerator" (by JAX; stored patterns; `pip install 'densehop[accelerator]'`) or "auto", an
        accelerator where JAX finds one and a sweep is work enough for it; the bits are the same (docs/accelerator.md)
    snapshot_every : int, keep the state after each `snapshot_every`-th sweep (0: never)
    n_workers : int, threads; None: one per core
    progress : called with the number of sweeps just done, from the threads
    checkpoint : file that keeps the run, written every `checkpoint_every` seconds and when Ctrl-C comes. If it is
        there, the run goes on from it and ends with the same bits; it may ask for more sweeps than before, unless it
        has a temperature for each.
    """

    dynamics: str = "heat-bath"
    order: str = "sequential"
    representation: str = "auto"
    device: str = "cpu"
    snapshot_every: int = 0
    n_workers: int | None = None
    progress: Callable[[int], None] | None = None
    checkpoint: str | Path | None = None
    checkpoint_every: float = 60.0


class RunKeywords(TypedDict, total=False):
    """The names and types of `RunOptions`, for type checkers and editors."""

    dynamics: str
    order: str
    representation: str
    device: str
    snapshot_every: int
    n_workers: int | None
    progress: Callable[[int], None] | None
    checkpoint: str | Path | None
    checkpoint_every: float


def shows_options(method: Function) -> Function:
    """Write the names, types and defaults of `RunOptions` into a signature that ends with ``**options``."""
    signature = inspect.signature(method)
    own = [part for part in signature.parameters.values() if part.kind is not inspect.Parameter.VAR_KEYWORD]
    options = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in dataclasses.fields(RunOptions)
    ]
    method.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    return method


@dataclass(frozen=True)
class Settings:
    """How chains run; `temperature` is one number or one for each sweep."""

    temperature: float | tuple[float, ...]
    n_chains: int
    n_sweeps: int
    dynamics: str = "heat-bath"
    order: str = "sequential"
    snapshot_every: int = 0
    seed: Seed = 0

    def __post_init__(self) -> None:
        for name, minimum in (("n_chains", 1), ("n_sweeps", 1), ("snapshot_every", 0)):
            object.__setattr__(self, name, checks.integer(name, getattr(self, name), minimum))
        checks.choice("dynamics", self.dynamics, DYNAMICS)
        checks.choice("order", self.order, ORDERS)
        schedule = self.temperature if isinstance(self.temperature, tuple) else (self.temperature,)
        for value in {min(schedule), max(schedule)}:
            checks.number("temperature", value, zero_allowed=True)
        if isinstance(self.temperature, tuple) and len(schedule) != self.n_sweeps:
            raise InvalidInput(
                f"temperature must be one number or one for each sweep: got {len(schedule)} for {self.n_sweeps} sweeps"
            )

    def temperatures(self, sweeps: slice) -> Floats:
        """Return the temperature of each of these sweeps."""
        if isinstance(self.temperature, tuple):
            return np.array(self.temperature[sweeps])
        return np.full(sweeps.stop - sweeps.start, self.temperature)


def as_schedule(temperature: ArrayLike) -> float | tuple[float, ...]:
    """Return one temperature, or one for each sweep (sweep,), in the types that `Settings` keeps."""
    if checks.as_array("temperature", temperature).ndim == 0:
        value = temperature.item() if isinstance(temperature, np.ndarray) else temperature
        return checks.number("temperature", value, zero_allowed=True)
    return tuple(checks.series("temperature", temperature, "(sweep,)").tolist())


def annealing(hottest: float, coldest: float, n_sweeps: int, law: str = "geometric") -> Floats:
    """Return a cooling schedule, (sweep,), from `hottest` to `coldest`, for `PBodyHopfield.sample(temperature=...)`.

    Temperatures fall by equal factors ("geometric") or by equal steps ("linear", which may end at 0).
    """
    checks.choice("law", law, ("geometric", "linear"))
    hottest = checks.number("hottest", hottest)
    coldest = checks.number("coldest", coldest, zero_allowed=law == "linear")
    n_sweeps = checks.integer("n_sweeps", n_sweeps, 2)
    if coldest >= hottest:
        raise InvalidInput(f"coldest must be below hottest = {hottest:g}, got {coldest:g}")
    space = np.geomspace if law == "geometric" else np.linspace
    temperatures: Floats = space(hottest, coldest, n_sweeps)
    return temperatures
