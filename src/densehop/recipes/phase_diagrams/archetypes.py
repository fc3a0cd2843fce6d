"""Phase diagram of noisy copies of many archetypes in an exponential energy: who wins, archetypes or single copies.

The project's own figure (docs/theory.md, section 19). The number of copies is such that archetypes win both in the cold
and in the heat, and single copies in between.
"""

import math
from typing import Any

import numpy as np
import xarray as xr

from densehop.plot import phase_diagrams as phases
from densehop.recipes.phase_diagrams import plane
from densehop.recipes.recipe import Recipe
from densehop.theory.lines.boundaries import boundary

SETTING: dict[str, Any] = {"sharpness": 0.9, "reliability": 0.7, "copies_load": 0.16}
SIZE = plane.Size(None, "exponential_archetypes", (0.0, 0.5), (0.0, 2.0), 41, 41, **SETTING)


def table(dataset: xr.Dataset) -> str:
    """Return the summary, the loads at T = 0, and what exact sums say at T = 1/(2L) (eq. 132)."""
    sharpness, reliability, copies = (float(dataset.attrs[name]) for name in SETTING)
    two, temperature = math.cosh(2 * sharpness), 1 / (2 * sharpness)
    siblings = math.log((1 + two + reliability**2 * (two - 1)) / (1 + two))
    names = "retrieval_spinodal", "inference_spinodal", "retrieval_global", "inference_global"
    at = {
        name: boundary(name, None, [0.0, temperature], model="exponential_archetypes", **SETTING).coordinate
        for name in names
    }
    ties = np.unique(dataset["inference_or_retrieval_temperature"].values)
    rows = [
        ("T = 0: copies up to B", float(at[names[0]][0]), ""),
        ("T = 0: archetypes up to B", float(at[names[1]][0]), ""),
        *((f"archetype and copy tie, T ({k} of {len(ties)})", float(t), "") for k, t in enumerate(ties, 1)),
        ("T = 1/(2L): copies win up to B", float(at[names[2]][1]), f"{math.log(2 * two / (1 + two)) - copies:.6f}"),
        ("T = 1/(2L): archetypes win up to B", float(at[names[3]][1]), f"{siblings:.6f}"),
    ]
    return f"{plane.summary(dataset)}\n\n{plane.comparison(rows)}"


RECIPE = Recipe(
    name="archetype-phase-diagram",
    title="phase diagram of noisy copies of many archetypes, exponential energy",
    sizes={"quick": SIZE, "paper": plane.Size(**{**vars(SIZE), "n_coordinates": 121, "n_temperatures": 121})},
    compute=plane.compute,
    draw=phases.phase_diagram,
    table=table,
)
