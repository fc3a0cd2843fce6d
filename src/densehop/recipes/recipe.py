"""What every recipe is: a computation at named sizes, a figure and a table, carried out by `reproduce`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import xarray as xr

from densehop import checks
from densehop.campaign import store
from densehop.errors import InvalidInput
from densehop.plot import save_figure
from densehop.simulate.workers import count_workers


class Progress(Protocol):
    """Where a recipe reports how far it is."""

    def total(self, steps: int) -> None:
        """Announce how many steps there are."""

    def advance(self, steps: int = 1) -> None:
        """Report steps done; may be called from any thread."""


@dataclass(frozen=True)
class Recipe:
    """A published figure.

    Attributes
    ----------
    name, title : str
    sizes : size name -> frozen dataclass of parameters
    compute : (size, seed, n_workers, progress) -> dataset
    draw : dataset -> matplotlib figure
    table : dataset -> text
    """

    name: str
    title: str
    sizes: Mapping[str, Any]
    compute: Callable[[Any, int, int | None, Progress], xr.Dataset]
    draw: Callable[[xr.Dataset], Any]
    table: Callable[[xr.Dataset], str]


@dataclass(frozen=True)
class Reproduction:
    """What `reproduce` made: the files and the table."""

    files: tuple[Path, ...]
    table: str


def reproduce(
    recipe: Recipe, size: str, folder: Path, seed: int, n_workers: int | None, progress: Progress
) -> Reproduction:
    """Compute a recipe and write NAME.nc, NAME.png and NAME.pdf into the folder, which is checked first."""
    if size not in recipe.sizes:
        raise InvalidInput(f"size of {recipe.name} must be one of {', '.join(recipe.sizes)}; got '{size}'")
    checks.integer("seed", seed, 0)
    count_workers(n_workers)
    store.writable_folder(folder)
    parameters = recipe.sizes[size]
    dataset = recipe.compute(parameters, seed, n_workers, progress).assign_attrs(recipe=recipe.name, size=size)
    data = folder / f"{recipe.name}.nc"
    store.save(dataset, data, seed, asdict(parameters))
    pictures = save_figure(recipe.draw(dataset), folder, recipe.name)
    return Reproduction((*pictures, data), recipe.table(dataset))
