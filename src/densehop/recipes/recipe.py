"""What every recipe is: a computation at named sizes, a figure and a table, carried out by `reproduce`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import xarray as xr

from densehop.base import checks
from densehop.base.workers import count_workers
from densehop.campaign import store
from densehop.campaign.runner import NoProgress
from densehop.errors import InvalidInput
from densehop.plot.style import encode

SUFFIXES = (".png", ".pdf", ".nc")
LARGEST_SEED = 2**63 - 1  # what a NetCDF attribute holds


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
    compute : (size, seed, n_workers, progress, cells) -> dataset; `cells` is the folder in which a campaign of this
        recipe keeps its cells, made by the campaign: the same call resumes
    draw : dataset -> matplotlib figure
    table : dataset -> text
    """

    name: str
    title: str
    sizes: Mapping[str, Any]
    compute: Callable[[Any, int, int | None, Progress, Path], xr.Dataset]
    draw: Callable[[xr.Dataset], Any]
    table: Callable[[xr.Dataset], str]


@dataclass(frozen=True)
class Reproduction:
    """What `reproduce` made: the files, the table and the data."""

    files: tuple[Path, ...]
    table: str
    dataset: xr.Dataset


def reproduce(
    recipe: Recipe,
    size: str,
    folder: Path,
    seed: int = 0,
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> Reproduction:
    """Compute a recipe and write NAME.png, NAME.pdf and NAME.nc, all of them or none; the folder is checked first.

    If only the drawing or the table fails, NAME.nc is written.

    Campaigns keep their cells in NAME.cells, whatever the size; the same call goes on where an earlier one stopped.
    """
    if size not in recipe.sizes:
        raise InvalidInput(f"size of {recipe.name} must be one of {', '.join(recipe.sizes)}; got '{size}'")
    checks.integer("seed", seed, 0, LARGEST_SEED)
    count_workers(n_workers)
    store.writable_folder(folder, [f"{recipe.name}{suffix}" for suffix in SUFFIXES])
    parameters = recipe.sizes[size]
    dataset = recipe.compute(parameters, seed, n_workers, progress or NoProgress(), cells_of(recipe, folder))
    dataset = dataset.assign_attrs(recipe=recipe.name, size=size)
    data = {folder / f"{recipe.name}.nc": store.encode(dataset, seed, asdict(parameters))}
    try:
        table, pictures = recipe.table(dataset), encode(recipe.draw(dataset))
    except Exception:
        store.save(data)  # what may have taken an hour
        raise
    files = {folder / f"{recipe.name}{suffix}": content for suffix, content in pictures.items()} | data
    store.save(files)
    return Reproduction(tuple(files), table, dataset)


def cells_of(recipe: Recipe, folder: Path) -> Path:
    """Return where a recipe's campaign keeps its cells."""
    return folder / f"{recipe.name}.cells"
