"""A recipe is a computation at named sizes, a figure and a table; `reproduce` carries it out and writes the files."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from densehop.base import checks
from densehop.base.progress import NoProgress, Progress
from densehop.base.workers import count_workers
from densehop.campaign import store
from densehop.campaign.device import on_device
from densehop.campaign.plan import Plan
from densehop.campaign.runner import local, run
from densehop.errors import InvalidInput
from densehop.plot.style import encode
from densehop.recipes.quantities import described
from densehop.simulate.representations.device import DEVICES

SUFFIXES = (".png", ".pdf", ".nc")
MAX_SEED = 2**63 - 1  # the largest integer that an attribute of a NetCDF file holds


@dataclass(frozen=True)
class Recipe:
    """A published figure.

    Attributes
    ----------
    name, title : str
    sizes : the parameters of each named size, a frozen dataclass
    compute : function of (size, seed, n_workers, progress, cells) that returns a dataset. A recipe that simulates keeps
        the cells of its campaign in the folder `cells`; the same call resumes it
    draw : function of the dataset that returns a matplotlib figure
    table : function of the dataset that returns text
    plan : function of (size, seed) that returns the campaign of a recipe that simulates by one, else None
    """

    name: str
    title: str
    sizes: Mapping[str, Any]
    compute: Callable[[Any, int, int | None, Progress, Path], xr.Dataset]
    draw: Callable[[xr.Dataset], Any]
    table: Callable[[xr.Dataset], str]
    plan: Callable[[Any, int], Plan] | None = None


@dataclass(frozen=True)
class Reproduction:
    """The files that `reproduce` wrote, the table and the data."""

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
    *,
    csv: bool = False,
    device: str = "cpu",
) -> Reproduction:
    """Compute a recipe and write NAME.png, NAME.pdf and NAME.nc, with `csv` also NAME.csv, all of them or none.

    The folder is checked before anything is computed. If only the drawing or the table fails, NAME.nc is written.
    Recipes that simulate keep their cells in NAME.cells, whatever the size; the same call goes on where an earlier one
    stopped. `device` is where their chains run, "cpu", "accelerator" or "auto", as in `sample`.
    """
    if size not in recipe.sizes:
        raise InvalidInput(f"size of {recipe.name} must be one of {', '.join(recipe.sizes)}; got '{size}'")
    checks.integer("seed", seed, 0, MAX_SEED)
    count_workers(n_workers)
    store.writable_folder(folder, [f"{recipe.name}{suffix}" for suffix in SUFFIXES])
    parameters = recipe.sizes[size]
    if device != "cpu":
        _run_on(device, recipe, parameters, seed, n_workers, progress or NoProgress(), cells_folder(recipe, folder))
    dataset = recipe.compute(parameters, seed, n_workers, progress or NoProgress(), cells_folder(recipe, folder))
    dataset = described(dataset.assign_attrs(recipe=recipe.name, size=size))
    file = folder / f"{recipe.name}.nc"
    return _write(recipe, folder, dataset, {file: store.encode(dataset, seed, asdict(parameters))}, csv=csv)


def redraw(recipe: Recipe, file: Path, folder: Path, *, csv: bool = False) -> Reproduction:
    """Write NAME.png and NAME.pdf, with `csv` also NAME.csv, from the NAME.nc of an earlier `reproduce`.

    Nothing is computed. The data must be those of this recipe, and whole: some files in docs/figures leave out the maps
    of the theory, to be small.
    """
    try:
        dataset = store.load(file)
    except OSError as error:
        expected = f"the {recipe.name}.nc that 'densehop reproduce {recipe.name}' wrote"
        raise InvalidInput(f"cannot read '{file}': it has to be {expected}") from error
    if (name := dataset.attrs.get("recipe")) != recipe.name:
        raise InvalidInput(f"'{file}' has to hold the data of {recipe.name}; its attribute 'recipe' is {name!r}")
    store.writable_folder(folder, [f"{recipe.name}{suffix}" for suffix in SUFFIXES])
    try:
        return _write(recipe, folder, dataset, {}, csv=csv)
    except KeyError as error:
        missing = str(error.args[0]).partition(".")[0]
        raise InvalidInput(
            f"'{file}' lacks a part of what {recipe.name} shows: {missing}; reproduce it anew"
        ) from error


def _write(recipe: Recipe, folder: Path, dataset: xr.Dataset, data: dict[Path, bytes], *, csv: bool) -> Reproduction:
    """Draw the figure and write all files, or only the data if it cannot be drawn."""
    if csv:
        data = data | store.tables(dataset, folder / f"{recipe.name}.nc")
    try:
        table, pictures = recipe.table(dataset), encode(recipe.draw(dataset))
    except Exception:
        store.save(data)  # they may have taken an hour to compute
        raise
    files = {folder / f"{recipe.name}{suffix}": content for suffix, content in pictures.items()} | data
    store.save(files)
    return Reproduction(tuple(files), table, dataset)


def _run_on(
    device: str, recipe: Recipe, parameters: Any, seed: int, n_workers: int | None, progress: Progress, cells: Path
) -> None:
    """Run the campaign of a recipe on a device; what it leaves in `cells` need not be computed again."""
    checks.choice("device", device, DEVICES)
    if recipe.plan is None and device == "auto":
        return
    if recipe.plan is None:
        raise InvalidInput(f"{recipe.name} has no campaign of chains that a device could run: use device='cpu'")
    plan = recipe.plan(parameters, seed)
    engine, task = on_device(plan, device, local(n_workers))
    run(plan, cells, engine, progress, task=task)


def cells_folder(recipe: Recipe, folder: Path) -> Path:
    """Return the folder in which a recipe's campaign keeps its cells."""
    return folder / f"{recipe.name}.cells"


def evenly_spaced(first: float, last: float, points: int, digits: int = 6) -> tuple[float, ...]:
    """Return evenly spaced numbers, rounded: they name the cells of a campaign, so their last digits must not vary."""
    return tuple(round(float(value), digits) for value in np.linspace(first, last, points))
