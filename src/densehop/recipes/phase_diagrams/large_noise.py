"""Phase diagram of a four-body student with many examples of a hot two-body teacher, lambda = alpha/T.

Reproduces Fig. 6b of Thériault & Tantari, SciPost Phys. 17, 040 (2024): T* = sqrt(N T/2), the effective Nishimori line,
on which inference obeys the Bayes-optimal student's equations while examples, for p* < p, may win by themselves.
"""

import xarray as xr

from densehop.recipes.phase_diagrams import plane
from densehop.theory.models.nishimori import nishimori_lines


def table(dataset: xr.Dataset) -> str:
    """Return the summary and the constants of the lines."""
    lines = nishimori_lines(int(dataset.attrs["p"]))
    example = dataset["phase"] == dataset["phase"].attrs["flag_meanings"].split().index("eR")
    largest = float(dataset["alpha"].where(example.any("temperature")).max())
    rows = [
        ("local retrieval begins: T/sqrt(alpha)", lines.gamma_local**-0.5, ""),
        ("global retrieval begins: T/sqrt(alpha)", lines.gamma_global**-0.5, ""),
        ("example retrieval against inference: T/alpha", 1.0, ""),
        ("largest load with example retrieval on the grid", largest, ""),
    ]
    return f"{plane.summary(dataset)}\n\n{plane.comparison(rows)}"


RECIPE = plane.recipe(
    "large-noise-phase-diagram",
    "phase diagram with many examples of a hot two-body teacher",
    plane.Size(4, "large_noise", (0.0, 2.0), (0.0, 4.0)),
    table,
)
