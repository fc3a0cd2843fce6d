"""Figures of attacks: the overlap that is left, as heat maps with the theory's boundary or as curves."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke

from densehop.plot.style import BLUE, GREEN, GREY, HOUSE, ORANGE, PURPLE, Style, sheet

COLOUR_MAP = "cividis"  # of even lightness, and the same to colour-blind readers
BLACK_RIM = [Stroke(linewidth=3.0, foreground="black"), Normal()]
FEATURE_LABEL = "disordered teacher,\n" + r"$\lambda = 1$ (theory)"


def heat_maps(dataset: xr.Dataset, ax: Axes | Sequence[Axes] | None = None, style: Style = HOUSE) -> Figure:
    """Draw the final q* over (a, eps), a panel for each example, with eps* as a line and the measured crossing.

    Parameters ax (one for each example) and style are as in `phase_diagram`.
    """
    with sheet(ax, (7.2, 3.3), style, (1, dataset.sizes["example"]), sharey=True) as page:
        panels = page.panels
        for axes, example in zip(panels, dataset["example"].values, strict=True):
            panel = dataset.sel(example=example)
            image = axes.pcolormesh(
                panel["scaled_load"],
                panel["fraction"],
                panel["q_star_mean"].transpose("fraction", "scaled_load"),
                vmin=0,
                vmax=1,
                cmap=COLOUR_MAP,
                shading="nearest",
                rasterized=True,
            )
            _boundaries(axes, panel)
            axes.set_title(f"{example} example")
            axes.set_xlabel("scaled load $a = 6M/N^2$")
        panels[0].set_ylabel(r"overwritten fraction $\varepsilon$")
        page.figure.colorbar(image, ax=panels, label="final overlap with the pattern, $q^*$", pad=0.015)
        handles = panels[0].get_legend_handles_labels()[0]
        attributes = dataset.attrs
        parameters = (
            f"$p = {attributes['p']}$, $p^* = 2$, $T^* = {attributes['teacher_temperature']:.4g}$, $T = 0$, "
            f"$N = {attributes['n_spins']}$"
        )
        page.legend(
            handles, loc="outside lower center", ncols=len(handles), handlelength=2.2, title=parameters, shaded=True
        )
    return page.figure


def _boundaries(axes: Axes, panel: xr.Dataset) -> None:
    """Draw eps* at infinite N and at the simulated N, and where the measured q* crosses one half."""
    window = axes.get_xlim(), axes.get_ylim()
    n_spins = panel.attrs["n_spins"]
    axes.plot(
        panel["curve_load"],
        panel["curve_boundary"],
        color="white",
        path_effects=BLACK_RIM,
        label=r"$\varepsilon^*$, $N \to \infty$, no overlap",
    )
    axes.plot(
        panel["scaled_load"],
        panel["boundary"],
        color="white",
        dashes=(1.6, 1.2),
        path_effects=BLACK_RIM,
        label=rf"$\varepsilon^*$ at $N = {n_spins}$",
    )
    axes.errorbar(
        panel["scaled_load"],
        panel["crossing"],
        np.nan_to_num(panel["crossing_error"].values),
        color=ORANGE,
        marker="o",
        markersize=4,
        markeredgecolor="white",
        markeredgewidth=0.6,
        linestyle="none",
        elinewidth=1.2,
        label="simulation: half-way to the example",
    )
    axes.set_xlim(*window[0])
    axes.set_ylim(*window[1])


def prototypes(dataset: xr.Dataset, ax: Axes | Sequence[Axes] | None = None, style: Style = HOUSE) -> Figure:
    """Draw q* after the attack against eps, a panel for each p: lines for theory, dots for simulation.

    Parameters ax (one for each p) and style are as in `phase_diagram`.
    """
    with sheet(ax, (7.2, 3.3), style, (1, dataset.sizes["p"]), sharey=True) as page:
        panels = page.panels
        for axes, p in zip(panels, dataset["p"].values, strict=True):
            panel = dataset.sel(p=p)
            axes.plot(
                panel["curve_fraction"], panel["curve_features"], color=GREY, dashes=(2.4, 1.2), label=FEATURE_LABEL
            )
            colours = zip(panel["n_examples"].values, (PURPLE, GREEN, ORANGE, BLUE), "^Dso", strict=False)
            for count, colour, marker in colours:
                _prototype_curve(axes, panel.sel(n_examples=count), colour, marker)
            axes.set_title(f"$p = p^* = {p}$")
            axes.set_xlabel(r"overwritten fraction $\varepsilon$")
            axes.set_ylim(-0.03, 1.03)
        panels[0].set_ylabel("overlap with the pattern, $q^*$")
        title = f"$T = T^* = {dataset.attrs['temperature']:g}$, $N = {dataset.attrs['n_spins']}$"
        handles = panels[0].get_legend_handles_labels()[0]
        page.legend(handles, title=title, alignment="left", loc="outside right upper")
    return page.figure


def _prototype_curve(axes: Axes, row: xr.Dataset, colour: str, marker: str) -> None:
    """Draw theory and simulation for one number of examples."""
    axes.plot(row["curve_fraction"], row["curve_q_star_theory"], color=colour, linewidth=1.1)
    axes.errorbar(
        row["fraction"],
        row["q_star_mean"],
        row["q_star_error"],
        color=colour,
        marker=marker,
        markersize=4,
        linestyle="none",
        elinewidth=0.9,
        label=f"$M = {int(row['n_examples'])}$",
    )
