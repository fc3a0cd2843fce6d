"""Phase diagram of the direct model, p = 3: paramagnet, spin glass, local and global retrieval of a memory.

Reproduces Fig. 1 of Thériault & Tantari, SciPost Phys. 17, 040 (2024), with a spin glass of one-step broken symmetry in
place of the replica-symmetric one. Crosses are the published 1RSB lines of the 3-spin glass, T = 0.652 sqrt(2 alpha)
(static) and 0.238 sqrt(2 alpha) (Gardner).
"""

import math
from pathlib import Path
from typing import cast

import numpy as np
import xarray as xr
from scipy.optimize import brentq

from densehop.base.progress import Progress
from densehop.recipes.phase_diagrams import plane
from densehop.theory.lines import curves
from densehop.theory.models.many_body import glass, limits
from densehop.theory.models.nishimori import nishimori_lines

PUBLISHED = {"static": 0.652, "gardner": 0.238}  # T/sqrt(2 alpha) of the lines of the 3-spin glass
N_PUBLISHED = 21  # loads at which published lines are marked by crosses


def compute(size: plane.Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Return the diagram and, at loads where retrieval does not exist, published points on the spin glass's lines."""
    dataset = plane.compute(size, seed, n_workers, progress, cells)
    load = dataset["alpha"].values[:: max(1, dataset.sizes["alpha"] // N_PUBLISHED)]
    beyond = load > limits.spinodal_load(cast(int, size.p), 0.9).value
    for name, factor in PUBLISHED.items():
        height = np.where(beyond, factor * np.sqrt(2 * load), np.nan)
        dataset[f"published_{name}"] = "published_alpha", height, {"long_name": f"published T of the {name} line"}
    return dataset.assign_coords(published_alpha=load)


def table(dataset: xr.Dataset) -> str:
    """Return the summary; compare the glass's transitions with published ones, and retrieval's ends with exact ones.

    Where load = T the direct model's retrieval obeys the Bayes-optimal student's equations (lambda = 1 = load/T): its
    largest loads are 1/Gamma of that student's transitions.
    """
    p = int(dataset.attrs["p"])
    lines = nishimori_lines(p)
    exact = [f"{1 / gamma:.6f} exact" for gamma in (lines.gamma_local, lines.gamma_global)]
    meeting = _triple_point(p, lines.gamma_global)
    rows = [
        ("glass, dynamic: T/sqrt(2 alpha)", math.sqrt(0.5 / lines.gamma_local), "0.682 published"),
        ("glass, static: T/sqrt(2 alpha)", math.sqrt(0.5 / lines.gamma_global), "0.652 published"),
        ("glass, Gardner: T/sqrt(2 alpha)", math.sqrt(0.5 / glass.gardner(p).gamma), "0.238 published"),
        ("retrieval exists at T = 0 up to load", limits.spinodal_load(p, 0.0).value, ""),
        ("retrieval is global at T = 0 up to load", curves.global_load(p, 0.0).value, ""),
        ("P, SG and retrieval of equal free energy: T", meeting, exact[1]),
        ("P, SG and retrieval of equal free energy: load", lines.gamma_global * meeting**2, "the same"),
        ("largest load of retrieval", float(dataset["retrieval_spinodal_alpha"].max()), exact[0]),
        ("largest load of global retrieval", float(dataset["retrieval_global_alpha"].max()), exact[1]),
    ]
    return f"{plane.summary(dataset)}\n\n{plane.comparison(rows)}"


def _triple_point(p: int, gamma: float) -> float:
    """Return the temperature at which the line of global retrieval meets the static line of the glass."""
    return float(brentq(lambda t: curves.global_load(p, t).value - gamma * t**2, 0.6, 1.1, xtol=1e-14))


RECIPE = plane.recipe(
    "direct-phase-diagram",
    "phase diagram of the direct model",
    plane.Size(3, "direct", (0.0, 2.0), (0.0, 4.0)),
    table,
    compute=compute,
)
