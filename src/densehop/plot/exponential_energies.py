"""The figure of the recipe `exponential-energies`: phases, basins, features against prototypes, attacks."""

from typing import Any

import matplotlib as mpl
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from densehop.plot.style import BLUE, GREEN, ORANGE, STYLE, new_figure

COLOURS, MARKERS = (BLUE, ORANGE, GREEN), "os^"
DOTS: dict[str, Any] = {"markersize": 4.0, "elinewidth": 0.8, "capsize": 1.5, "linestyle": "none"}
SHARPNESS, LOAD = "sharpness $L$", r"load $A = \log(M)/N$"


def exponential_energies(dataset: xr.Dataset) -> Figure:
    """Draw lines of theory for large N (full) and at N (dashed), and simulation with error bars over disorders."""
    with mpl.rc_context({**STYLE, "legend.fontsize": 8}):
        figure = new_figure(9.0, 7.2)
        panels = figure.subplots(2, 2).ravel()
        for draw, axes in zip((_phases, _basins, _students, _attacks), panels, strict=True):
            draw(axes, dataset)
            axes.legend()
        for letter, axes in zip("abcd", panels, strict=True):
            axes.set_title(f"({letter}) {axes.get_title(loc='left')}", loc="left", fontsize=9.5)
    return figure


def _phases(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the plane (A, T) of memories."""
    t = dataset["temperature"]
    for sharpness, colour in zip(dataset["diagram_sharpness"].values, COLOURS, strict=False):
        row = dataset.sel(diagram_sharpness=sharpness)
        axes.plot(row["retrieval_global"], t, color=colour, label=f"$L = {sharpness:g}$")
        axes.plot(row["retrieval_spinodal"], t, color=colour, linestyle="dotted")
    axes.set_xlabel(LOAD)
    axes.set_ylabel("temperature $T$")
    axes.set_title("retrieval wins (full) and exists (dotted) on the left", loc="left")


def _basins(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the edges of basins against the load."""
    for index, sharpness in enumerate(dataset["basin_sharpness"].values):
        row, colour = dataset.sel(basin_sharpness=sharpness), COLOURS[index % len(COLOURS)]
        axes.plot(row["basin_curve_load"], row["basin_limit"], color=colour, label=f"$L = {sharpness:g}$")
        for n, marker in zip(row["basin_spins"].values, MARKERS, strict=False):
            points = row.sel(basin_spins=n)
            axes.plot(points["basin_load"], points["basin_step"], color=colour, linewidth=0.8, linestyle="dashed")
            label = f"$N = {n}$" if index == 0 else None
            _dots(axes, points["basin_load"], points, "basin", colour, marker, label)
    axes.set_xlabel(LOAD)
    axes.set_ylabel("overlap $m_0$ at the edge of the basin")
    axes.set_title("$T = 0$: half of the memories come back", loc="left")


def _students(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the overlap of students with the pattern."""
    axes.plot(dataset["student_curve_load"], dataset["student_limit"], color="black", label=r"$N \to \infty$")
    for n, colour, marker in zip(dataset["student_spins"].values, COLOURS, MARKERS, strict=False):
        row = dataset.sel(student_spins=n)
        axes.plot(row["student_curve_load"], row["student_curve"], color=colour, linewidth=0.8, linestyle="dashed")
        _dots(axes, row["student_load"], row, "student", colour, marker, f"$N = {n}$")
    axes.set_xlabel(LOAD)
    axes.set_ylabel("overlap $q^*$ with the pattern")
    setting = f"$L = {dataset.attrs['sharpness']:g}$, $r = {dataset.attrs['reliability']:g}$, $T = 1/(2L)$"
    axes.set_title(f"prototypes, then the feature: {setting}", loc="left")


def _attacks(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the fraction of the pattern that an example must overwrite to win."""
    axes.plot(dataset["attack_curve_sharpness"], dataset["attack_limit"], color="black", label=r"$N \to \infty$")
    for n, colour, marker in zip(dataset["attack_spins"].values, COLOURS, MARKERS, strict=False):
        row = dataset.sel(attack_spins=n)
        axes.plot(row["attack_curve_sharpness"], row["attack_curve"], color=colour, linewidth=0.8, linestyle="dashed")
        _dots(axes, row["attack_sharpness"], row, "attack", colour, marker, f"$N = {n}$")
    axes.set_xlabel(SHARPNESS)
    axes.set_ylabel(r"fraction $\epsilon^*$ of overwritten sites")
    load, reliability = dataset.attrs["attack_load"], dataset.attrs["attack_reliability"]
    axes.set_title(f"$T = 0$, $A = {load:g}$, $r = {reliability:g}$: an example wins above", loc="left")


def _dots(axes: Axes, x: Any, row: xr.Dataset, name: str, colour: str, marker: str, label: str | None) -> None:
    """Draw measured points with their errors."""
    axes.errorbar(x, row[name], row[f"{name}_error"], color=colour, marker=marker, label=label, **DOTS)
