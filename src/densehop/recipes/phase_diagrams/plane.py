"""What recipes of phase diagrams share: how a plane of problems is computed, drawn and summarised."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.base.progress import Progress
from densehop.base.ranges import decimal_range
from densehop.errors import InvalidInput
from densehop.plot import phase_diagrams as phases
from densehop.recipes.recipe import Recipe
from densehop.theory.diagrams.axes import window
from densehop.theory.diagrams.diagram import phase_diagram
from densehop.theory.lines.exponential_planes import any_plane
from densehop.theory.saddle_point import ANSATZES

MAX_POINTS = 2000  # along each axis


@dataclass(frozen=True)
class Size:
    """Which plane, which window of it, and how many points; None stands for the window that shows all phases."""

    p: int | None
    model: str
    coordinates: tuple[float, float] | None = None
    temperatures: tuple[float, float] | None = None
    n_coordinates: int = 161
    n_temperatures: int = 161
    teacher_temperature: float | None = None
    load: float | None = None
    scaled_teacher_temperature: float | None = None
    sharpness: float | None = None
    reliability: float | None = None
    copies_load: float | None = None
    unrelated_load: float | None = None
    degree: float | None = None
    ansatz: str = "rs"
    n_spins: int | None = None

    @classmethod
    def from_options(
        cls,
        p: int | None,
        model: str,
        points: int | None,
        coordinates: tuple[float, float] | None,
        temperatures: tuple[float, float] | None,
        ansatz: str = "rs",
        n_spins: int | None = None,
        **settings: float | None,
    ) -> "Size":
        """Return the checked size of a diagram that a user asks for; None stands for a default that suits the plane."""
        shown = any_plane(model, p, settings)
        points = checks.integer("size", 161 if points is None else points, 2, MAX_POINTS)
        checks.choice("ansatz", ansatz, ANSATZES)
        whole = window(shown)
        fixed: dict[str, Any] = {**settings, "ansatz": ansatz, "n_spins": n_spins}
        return cls(p, model, coordinates or whole[0], temperatures or whole[1], points, points, **fixed)

    @property
    def name(self) -> str:
        """The name of the files."""
        of_bodies = self.teacher_temperature, self.load, self.scaled_teacher_temperature
        of_many = self.sharpness, self.reliability, self.copies_load, self.unrelated_load, self.degree
        values = [f"{v:g}" for v in (*of_bodies, *of_many) if v is not None]
        bodies = "" if self.p is None else f"-p{self.p}"
        parts = [f"phase-diagram{bodies}", self.model.replace("_", "-"), *values]
        parts += [] if self.ansatz == "rs" else [self.ansatz]
        parts += [] if self.n_spins is None else [f"N{self.n_spins}"]
        return "-".join(parts)


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Return the phases on the grid and the traced boundaries; theory only, so nothing random."""
    del seed, n_workers, cells
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # `summary` says where replica symmetry is exact
        return phase_diagram(
            size.p,
            size.model,
            _axis("coordinates", size.coordinates, size.n_coordinates),
            _axis("temperatures", size.temperatures, size.n_temperatures),
            teacher_temperature=size.teacher_temperature,
            load=size.load,
            scaled_teacher_temperature=size.scaled_teacher_temperature,
            sharpness=size.sharpness,
            reliability=size.reliability,
            copies_load=size.copies_load,
            unrelated_load=size.unrelated_load,
            degree=size.degree,
            ansatz=size.ansatz,
            n_spins=size.n_spins,
            progress=progress,
        )


def _axis(name: str, window: tuple[float, float] | None, points: int) -> Floats | None:
    """Return evenly spaced points over a window."""
    if window is None:
        return None
    if not window[0] < window[1]:
        raise InvalidInput(f"{name} must increase, got {window[0]:g} to {window[1]:g}")
    return decimal_range(window[0], window[1], points)


def shares(dataset: xr.Dataset) -> dict[str, float]:
    """Return the fraction of the grid that each phase covers."""
    names = dataset["phase"].attrs["flag_meanings"].split()
    counts = np.bincount(dataset["phase"].values.ravel(), minlength=len(names))
    return {name: float(count / counts.sum()) for name, count in zip(names, counts, strict=True) if count}


def boundaries(dataset: xr.Dataset) -> dict[str, dict[str, Floats]]:
    """Return the traced boundaries: for each kind its coordinate, temperature and, where known, error."""
    axis = str(dataset["phase"].dims[1])
    kinds = [str(dim).removesuffix("_point") for dim in dataset.sizes if str(dim).endswith("_point")]
    names = {kind: [name for name in (axis, "temperature", "error") if f"{kind}_{name}" in dataset] for kind in kinds}
    return {kind: {name: dataset[f"{kind}_{name}"].values for name in names[kind]} for kind in kinds}


def summary(dataset: xr.Dataset) -> str:
    """Return the shares of the phases, the traced lines, and where on the grid replica symmetry is exact."""
    parts = ", ".join(f"{name} {share:.1%}" for name, share in shares(dataset).items())
    rows, columns = dataset["phase"].shape
    return "\n".join(
        [
            f"phases on {columns} x {rows} points: {parts}",
            f"lines traced: {', '.join(boundaries(dataset)) or 'none'}",
            f"replica symmetry is exact on {float(dataset['rs_exact'].mean()):.1%} of the grid; glasses are 1RSB",
        ]
    )


def comparison(rows: list[tuple[str, float, str]]) -> str:
    """Return a table of (name, number of the diagram, published or exact number)."""
    lines = [f"{'number':48} {'here':>12} {'compare with':>20}"]
    return "\n".join([*lines, *(f"{name:48} {_format(here):>12} {there:>20}" for name, here, there in rows)])


def _format(value: float) -> str:
    """Return a number, '-' where there is none."""
    return "-" if math.isnan(value) else f"{value:.6f}"


def recipe(name: str, title: str, size: Size, table: Callable[[xr.Dataset], str] = summary, **change: Any) -> Recipe:
    """Return a recipe with the sizes "quick" and "paper" (400 x 401 points); `change` replaces its parts."""
    paper = Size(**{**vars(size), "n_coordinates": 400, "n_temperatures": 401})
    parts = {"compute": compute, "draw": phases.phase_diagram, "table": table, **change}
    return Recipe(name=name, title=title, sizes={"quick": size, "paper": paper}, **parts)


def single_diagram(size: Size) -> Recipe:
    """Return the recipe of a diagram that a user asks for."""
    return Recipe(size.name, "phase diagram", {"asked": size}, compute, phases.phase_diagram, summary)
