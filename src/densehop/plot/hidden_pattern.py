"""The figure of the recipe `hidden-pattern`: how often each search finds the pattern, against examples."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from densehop.plot.style import BLUE, GREEN, GREY, HOUSE, ORANGE, PURPLE, sheet

LOOKS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "v"))
COLUMNS = 3


def hidden_pattern(dataset: xr.Dataset) -> Figure:
    """Draw a panel for each p, p* and N: shares with binomial errors, and the eigenvector's overlap (dashed)."""
    keys = list(zip(*(dataset[name].values for name in ("p", "teacher_p", "n_spins")), strict=True))
    cases = list(dict.fromkeys(keys))
    rows = -(-len(cases) // COLUMNS)
    shape = (rows, min(COLUMNS, len(cases)))
    with sheet(None, (3.4 * shape[1], 2.7 * rows + 0.3), HOUSE, shape, sharey=True) as page:
        for axes, case in zip(page.panels, cases, strict=False):
            _panel(axes, dataset.isel(point=[index for index, key in enumerate(keys) if key == case]))
        for axes in page.panels[: len(cases) : shape[1]]:
            axes.set_ylabel("share found")
        left = page.panels[len(cases) :]
        for axes in left:
            axes.set_axis_off()
        if left:
            left[-1].legend(handles=_handles(dataset), loc="center", frameon=False)
        else:
            page.legend(_handles(dataset), loc="outside lower center", ncols=3)
    return page.figure


def _panel(axes: Axes, rows: xr.Dataset) -> None:
    """Draw one p, p* and N."""
    ratio = rows["threshold_ratio"].values
    for (colour, marker), name in zip(LOOKS, rows["search"].values, strict=True):
        search = rows.sel(search=name)
        share = search["found_share"].values
        errors = np.clip([share - search["found_low"].values, search["found_high"].values - share], 0, None)
        axes.errorbar(ratio, share, errors, color=colour, marker=marker, markersize=4, linewidth=1.0, elinewidth=0.8)
    axes.plot(ratio, rows["eigenvector_overlap"].mean("disorder"), color=GREY, linestyle="dashed", linewidth=1.0)
    for position, style in ((1.0, "solid"), (float(rows["possible_ratio"][0]), "dotted")):
        axes.axvline(position, color="black", linestyle=style, linewidth=0.8, zorder=0)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylim(-0.04, 1.04)
    axes.set_xlabel(r"examples: $\Gamma/\Gamma_\mathrm{unf}$")
    p, teacher_p, n_spins = (int(rows[name][0]) for name in ("p", "teacher_p", "n_spins"))
    title = f"$p = {p}$" if p == teacher_p else f"$p = {p}$, $p^* = {teacher_p}$"
    axes.set_title(f"{title}, $N = {n_spins}$", fontsize=9.5)


def _handles(dataset: xr.Dataset) -> list[Line2D]:
    """Explain colours and lines."""
    searches = [
        Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1.0, label=str(name))
        for (colour, marker), name in zip(LOOKS, dataset["search"].values, strict=True)
    ]
    lines: tuple[tuple[str, dict[str, Any]], ...] = (
        ("overlap of the eigenvector", {"color": GREY, "linestyle": "dashed"}),
        ("the eigenvector points at the pattern", {"color": "black"}),
        ("the pattern's state wins", {"color": "black", "linestyle": "dotted"}),
    )
    return [*searches, *(Line2D([], [], linewidth=1.0, label=label, **look) for label, look in lines)]
