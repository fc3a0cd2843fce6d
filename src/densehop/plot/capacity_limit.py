"""The figure of the recipe `capacity-limit`: patterns against flips, bits per parameter, and basins."""

import math
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from densehop.plot.style import BLUE, GREEN, GREY, ORANGE, PURPLE, STYLE, new_figure

COLOURS = (BLUE, GREY, ORANGE, GREEN, PURPLE, "black")  # of the memories
MARKERS = "oDs^vP"
DOTS: dict[str, Any] = {"markersize": 4.0, "elinewidth": 0.8, "capsize": 1.5, "linestyle": "none"}


def capacity_limit(dataset: xr.Dataset) -> Figure:
    """Draw how many patterns come back against the rate of flips, their bits per parameter, and basins against L."""
    with mpl.rc_context({**STYLE, "legend.fontsize": 8}):
        figure = new_figure(10.5, 3.7)
        panels = figure.subplots(1, 3)
        _numbers(panels[0], dataset)
        _parameters(panels[1], dataset)
        _basins(panels[2], dataset)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        for letter, axes in zip("abc", panels, strict=True):
            axes.set_title(f"({letter}) {axes.get_title(loc='left')}", loc="left", fontsize=9.5)
    return figure


def _numbers(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw log2(M)/N: predicted lines, measured dots, and the limits of any memory."""
    bit = math.log(2)
    n = dataset.attrs["n_spins"]
    rate = dataset["n_wrong"].values / n
    axes.plot(dataset["curve_rate"], dataset["curve_capacity"] / bit, color="red", label=r"any memory, $N \to \infty$")
    axes.plot(rate, dataset["log_number_limit"] / (n * bit), color="red", linestyle="dashed", label=f"any, $N = {n}$")
    for memory, colour, marker in zip(dataset["memory"].values, COLOURS, MARKERS, strict=True):
        row = dataset.sel(memory=memory)
        bits = row["log_number"] / (n * bit)
        axes.plot(rate, row["log_number_predicted"] / (n * bit), color=colour, linewidth=0.9)
        error = bits.std("disorder", ddof=1) / np.sqrt(bits.sizes["disorder"])
        axes.errorbar(rate, bits.mean("disorder"), error, color=colour, marker=marker, label=memory, **DOTS)
    axes.set_xlim(0.7 * rate[0], 1.15 * rate[-1])
    axes.set_ylim(0, 1.25 * float((dataset["log_number_limit"] / (n * bit)).max()))
    axes.set_xlabel("share of wrong spins $f$")
    axes.set_ylabel(r"$\log_2(M)/N$, bits per spin")
    axes.set_title("half of $M$ patterns come back", loc="left")


def _parameters(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the bits of all patterns over the number of stored parameters."""
    rate = dataset["n_wrong"].values / dataset.attrs["n_spins"]
    for memory, colour, marker in zip(dataset["memory"].values, COLOURS, MARKERS, strict=True):
        bits = dataset["bits_per_parameter"].sel(memory=memory)
        error = bits.std("disorder", ddof=1) / np.sqrt(bits.sizes["disorder"])
        axes.errorbar(rate, bits.mean("disorder"), error, color=colour, marker=marker, **DOTS)
    axes.set_yscale("log")
    axes.set_xlabel("share of wrong spins $f$")
    axes.set_ylabel("bits per stored parameter")
    axes.set_title("couplings, or the patterns themselves", loc="left")


def _basins(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the overlap from which on memories are found: the limit, the first step at N, and simulation."""
    axes.plot(dataset["curve_sharpness"], dataset["basin_curve"], color="black", label=r"theory, $N \to \infty$")
    for n, colour, marker in zip(dataset["basin_spins"].values, (ORANGE, BLUE, GREEN), "so^", strict=False):
        row = dataset.sel(basin_spins=n)
        axes.plot(row["sharpness"], row["basin_finite"], color=colour, linewidth=0.9, linestyle="dashed")
        axes.errorbar(
            row["sharpness"],
            row["basin_edge"],
            row["basin_error"],
            color=colour,
            marker=marker,
            label=f"$N = {n}$",
            **DOTS,
        )
    axes.set_xlabel("sharpness $L$")
    axes.set_ylabel("overlap at the edge of the basin")
    axes.set_title(f"exponential, $A = {dataset.attrs['basin_load']:g}$", loc="left")
    axes.legend()
