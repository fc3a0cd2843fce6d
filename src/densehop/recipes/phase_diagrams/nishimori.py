"""Phase diagram of the Bayes-optimal student in the (alpha, T) plane.

Reproduces Fig. 2 of Thériault & Tantari, SciPost Phys. 17, 040 (2024), from theory alone: paramagnet, local and global
retrieval, example retrieval. Lines of the direct model lie over it: where retrieval ends to be global, where the
paramagnet's entropy vanishes and, at p = 3, published transitions of the 3-spin glass, 0.682 and 0.652 sqrt(2 alpha).
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from densehop.base.progress import Progress
from densehop.plot import nishimori_phases as draw
from densehop.recipes.recipe import Recipe
from densehop.teacher.law import critical_temperature
from densehop.theory.lines.boundaries import boundary
from densehop.theory.lines.points import Boundary
from densehop.theory.models.nishimori import nishimori_lines


@dataclass(frozen=True)
class Size:
    """How much to compute."""

    bodies: tuple[int, ...] = (3, 4, 10)
    largest_load: float = 8.0
    largest_temperature: float = 4.0
    n_loads: int = 401
    n_direct: int = 41


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Return the boundaries T(load) for each p, and their constants; theory only, so nothing random."""
    del seed, n_workers, cells
    progress.total(len(size.bodies))
    load = np.linspace(0.0, size.largest_load, size.n_loads)
    columns: dict[str, list[float]] = {name: [] for name in CONSTANTS}
    direct: list[Boundary] = []
    for p in size.bodies:
        lines, teacher = nishimori_lines(p), critical_temperature(p)
        columns["gamma_local"].append(lines.gamma_local)
        columns["q_local"].append(lines.q_local)
        columns["gamma_global"].append(lines.gamma_global)
        columns["q_global"].append(lines.q_global)
        columns["teacher_critical_temperature"].append(teacher.temperature)
        columns["teacher_magnetisation"].append(teacher.magnetisation)
        direct.append(boundary("retrieval_global", p, np.linspace(0, 0.999 * teacher.temperature, size.n_direct)))
        progress.advance()
    dataset = xr.Dataset(
        {name: ("p", values) for name, values in columns.items()}, {"p": list(size.bodies), "alpha": load}
    )
    for name in ("coordinate", "temperature"):
        dataset[f"direct_{name}"] = ("p", "direct_point"), [getattr(line, name) for line in direct]
    root = np.sqrt(dataset["alpha"])
    dataset["temperature_local"] = root / np.sqrt(dataset["gamma_local"])
    dataset["temperature_global"] = root / np.sqrt(dataset["gamma_global"])
    dataset["temperature_zero_entropy"] = root / math.sqrt(2 * math.log(2))
    for name, meaning in CONSTANTS.items():
        dataset[name].attrs["meaning"] = meaning
    return dataset.assign_attrs(largest_temperature=size.largest_temperature)


CONSTANTS = {
    "gamma_local": "alpha/T^2 where local retrieval begins",
    "q_local": "overlap q = q* there",
    "gamma_global": "alpha/T^2 where global retrieval begins",
    "q_global": "overlap q = q* there",
    "teacher_critical_temperature": "below it the teacher is ordered: example retrieval",
    "teacher_magnetisation": "the teacher's magnetisation at its critical temperature",
}


def table(dataset: xr.Dataset) -> str:
    """Return the constants of the diagram, one line for each p."""
    lines = [
        f"{'p':>4} {'Gamma_lR':>12} {'q at lR':>12} {'Gamma_gR':>12} {'q at gR':>12} {'T_crit':>12} {'m at T_crit':>12}"
    ]
    for p in dataset["p"].values:
        row = dataset.sel(p=p)
        lines.append(f"{p:>4} " + " ".join(f"{float(row[name]):>12.8f}" for name in CONSTANTS))
    limit = nishimori_lines(math.inf)
    lines.append(
        f"{'inf':>4} {'':>12} {'':>12} {limit.gamma_global:>12.8f} {1:>12.8f} {1 / math.log(2):>12.8f} {1:>12.8f}"
    )
    return "\n".join(lines)


RECIPE = Recipe(
    name="nishimori-phase-diagram",
    title="phase diagram of the Bayes-optimal student",
    sizes={"quick": Size(), "paper": Size()},
    compute=compute,
    draw=draw.nishimori_phase_diagram,
    table=table,
)
