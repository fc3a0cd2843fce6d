"""Phase diagram of a student who does not know the teacher's temperature, p = 3, T* = 1.5.

Reproduces Fig. 5 of Thériault & Tantari, SciPost Phys. 17, 040 (2024): paramagnet, spin glass, local and global
retrieval of the teacher's pattern, example retrieval, and the Nishimori line T = T* across, on which transitions
are those of the Bayes-optimal student.
"""

import xarray as xr

from densehop.recipes.phase_diagrams import plane
from densehop.theory.lines import curves
from densehop.theory.lines.boundaries import boundary
from densehop.theory.models.nishimori import nishimori_lines

TEACHER_TEMPERATURE = 1.5  # T*


def table(dataset: xr.Dataset) -> str:
    """Return the summary, and the lines where they cross T = T* and the exact values there."""
    p, teacher = int(dataset.attrs["p"]), float(dataset.attrs["teacher_temperature"])
    lines = nishimori_lines(p)
    rows = []
    for kind, gamma in (("spinodal", lines.gamma_local), ("global", lines.gamma_global)):
        line = boundary(f"inference_{kind}", p, [teacher], model="fixed_teacher", teacher_temperature=teacher)
        load, exact = float(line.coordinate[0]), f"{gamma * teacher**2:.6f} exact"
        rows.append((f"inference, {kind}: load at T = T*", load, exact))
    rows.append(("example retrieval is global at T = 0 up to load", curves.global_load(p, 0.0).value, ""))
    return f"{plane.summary(dataset)}\n\n{plane.comparison(rows)}"


RECIPE = plane.recipe(
    "fixed-teacher-phase-diagram",
    "phase diagram at a fixed teacher temperature",
    plane.Size(3, "fixed_teacher", (0.0, 4.0), (0.0, 4.0), teacher_temperature=TEACHER_TEMPERATURE),
    table,
)
