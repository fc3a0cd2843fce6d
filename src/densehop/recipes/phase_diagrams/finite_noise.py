"""Phase diagram of a four-body student with few examples of a two-body teacher: no noise, lambda = eta a, alpha = 0.

Reproduces Fig. 6a of Thériault & Tantari, SciPost Phys. 17, 040 (2024), at T* = 2 + sqrt(2), where eta = 1. Lines are
straight: inference is the direct model at load 0 with temperatures in units of lambda.
"""

import math

import xarray as xr

from densehop.recipes.phase_diagrams import plane
from densehop.teacher import law
from densehop.theory.lines.planes import Plane

TEACHER_TEMPERATURE = 2 + math.sqrt(2)  # T* at which eta = 1


def table(dataset: xr.Dataset) -> str:
    """Return the summary and the slopes of the lines."""
    p, value = int(dataset.attrs["p"]), float(dataset.attrs["teacher_temperature"])
    critical = law.critical_temperature(p)
    eta = Plane("finite_noise", p, value).signal_per_load
    rows = [
        ("eta", eta, "1 published"),
        ("local retrieval begins: T/a", eta * critical.spinodal_temperature, ""),
        ("global retrieval begins: T/a", eta * critical.temperature, ""),
        ("example retrieval up to a", 1 / eta, "1 published"),
    ]
    return f"{plane.summary(dataset)}\n\n{plane.comparison(rows)}"


RECIPE = plane.recipe(
    "finite-noise-phase-diagram",
    "phase diagram with few examples of a two-body teacher",
    plane.Size(4, "finite_noise", (0.0, 2.0), (0.0, 4.0), teacher_temperature=TEACHER_TEMPERATURE),
    table,
)
