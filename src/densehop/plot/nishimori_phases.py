"""The phase diagram of the Bayes-optimal student (T = T*, the Nishimori line), a panel for each p."""

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from densehop.plot.style import BLUE, GREEN, GREY, ORANGE, SHADES, STYLE, new_figure


def nishimori_phase_diagram(dataset: xr.Dataset) -> Figure:
    """Draw a panel for each p: the phases in the (alpha, T) plane, named in place."""
    with mpl.rc_context(STYLE):
        bodies = dataset["p"].values
        figure = new_figure(2.75 * len(bodies) + 0.3, 3.0)
        panels = figure.subplots(1, len(bodies), sharey=True, squeeze=False)[0]
        for axes, p in zip(panels, bodies, strict=True):
            _phase_panel(axes, dataset.sel(p=p))
            axes.set_title(f"$p = {p}$", fontsize=10)
            axes.set_xlabel(r"load $\alpha = M p!/N^{p-1}$")
        panels[0].set_ylabel("temperature $T = T^*$")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), handlelength=2.2)
    return figure


def _phase_panel(axes: Axes, row: xr.Dataset) -> None:
    """Shade and name the phases of one p."""
    load, top = row["alpha"].values, row.attrs["largest_temperature"]
    local, transition = row["temperature_local"].values, row["temperature_global"].values
    teacher = float(row["teacher_critical_temperature"])
    above = np.maximum(transition, teacher), np.maximum(local, teacher)
    axes.fill_between(load, above[1], top, color=SHADES["P"], linewidth=0)
    axes.fill_between(load, above[0], above[1], color=SHADES["lR"], linewidth=0)
    axes.fill_between(load, teacher, above[0], color=SHADES["gR"], linewidth=0)
    axes.fill_between(load, 0, teacher, color=SHADES["eR"], linewidth=0)
    axes.plot(load, np.where(local > teacher, local, np.nan), color=ORANGE, dashes=(4, 1.8), label="lR: spinodal")
    axes.plot(load, np.where(transition > teacher, transition, np.nan), color=BLUE, label="gR: transition")
    axes.axhline(teacher, color=GREEN, label="teacher orders")
    axes.plot(
        load, row["temperature_zero_entropy"], color=GREY, linewidth=1.0, dashes=(3, 1.5), label="P: zero entropy"
    )
    axes.plot(
        row["direct_coordinate"],
        row["direct_temperature"],
        color="black",
        linewidth=0.9,
        label="direct model: gR ends",
    )
    if int(row["p"]) == 3:
        for factor, label in ((0.682, "3-spin glass, published"), (0.652, None)):
            published = factor * np.sqrt(2 * load[::40])
            axes.plot(
                load[::40],
                np.where(published > teacher, published, np.nan),
                color="black",
                marker="x",
                markersize=3.5,
                linestyle="none",
                label=label,
            )
    _name_phases(axes, row, load[-1], top)
    axes.set_xlim(0, load[-1])
    axes.set_ylim(0, top)


def _name_phases(axes: Axes, row: xr.Dataset, right: float, top: float) -> None:
    """Write the name of each phase where there is room for it."""
    teacher = float(row["teacher_critical_temperature"])
    local, transition = float(row["temperature_local"][-1]), float(row["temperature_global"][-1])
    x = 0.86 * right
    axes.text(0.25 * right, 0.5 * (top + teacher) + 0.35, "P", ha="center", va="center")
    axes.text(x, 0.5 * (transition * np.sqrt(0.86) + teacher), "gR", ha="center", va="center")
    axes.text(0.5 * right, 0.5 * teacher, "eR", ha="center", va="center")
    middle = 0.5 * (local + transition) * np.sqrt(0.86)
    if local - transition > 0.12 * top:
        axes.text(x, middle, "lR", ha="center", va="center")
    else:  # too narrow for its name
        leader = {"arrowstyle": "-", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 0}
        axes.annotate("lR", (x, middle), (x - 0.1 * right, middle + 0.18 * top), ha="center", arrowprops=leader)
