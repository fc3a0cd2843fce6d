"""The overlap over the (alpha, T) plane, theory as colour and simulation as dots, beside the entropy of a large p."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from densehop.diagnostics.verdicts import Verdict
from densehop.plot.style import BLUE, GREY, HOUSE, ORANGE, PURPLE, Style, sheet

LIMIT_DASHES = (2.4, 1.2)  # of the line for p -> infinity, in units of its width
EDGES = {Verdict.TOO_SHORT: ORANGE, Verdict.DISAGREE: PURPLE, Verdict.FROZEN: "black"}  # else white
NAME_LOAD = 6.1  # where the names of the phases stand, between the dots


def landscape(dataset: xr.Dataset, ax: Axes | Sequence[Axes] | None = None, style: Style = HOUSE) -> Figure:
    """Draw q* over (alpha, T), theory and simulation on one colour scale, and beside it the entropy of a large p.

    Heat maps are `map_q_star` and `large_p_entropy` (map_temperature, map_alpha), lines `temperature_*` (map_alpha,).
    Parameters ax (two) and style are as in `phase_diagram`.
    """
    with sheet(ax, (8.2, 3.7), style, (1, 2), sharey=True) as page:
        figure, (left, right) = page.figure, page.panels
        _overlap_map(figure, left, dataset)
        _entropy_map(figure, right, dataset)
        handles = [handle for axes in page.panels for handle in axes.get_legend_handles_labels()[0]]
        page.legend(handles, loc="outside lower center", ncols=5, shaded=True)
        left.set_ylabel("temperature $T = T^*$")
        left.set_ylim(*dataset["map_temperature"].values[[0, -1]])
    return figure


def _overlap_map(figure: Figure, axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the overlap of theory as a heat map, the transitions as lines, and simulations as dots."""
    scale: dict[str, Any] = {"cmap": "cividis", "vmin": 0.0, "vmax": 1.0}
    mesh = _heat_map(axes, dataset["map_q_star"], **scale)
    critical = dataset.attrs["teacher_critical_temperature"]
    for name, style in (("temperature_global", "solid"), ("temperature_local", "dashed")):
        line = dataset[name].where(dataset[name] > critical)
        axes.plot(dataset["map_alpha"], line, color="white", linewidth=1.0, linestyle=style)
    points = dataset.isel(n_spins=0, start=0)
    load, temperature = np.meshgrid(dataset["alpha"], dataset["temperature"], indexing="ij")
    for number, verdict in enumerate(Verdict):
        chosen, edge = (points["verdict"] == number).values, EDGES.get(verdict, "white")
        q_star = points["q_star_mean"].values[chosen]
        axes.scatter(load[chosen], temperature[chosen], c=q_star, s=34, edgecolors=edge, linewidths=0.9, **scale)
        if verdict in EDGES and chosen.any():
            axes.scatter([], [], s=34, facecolors=GREY, edgecolors=edge, linewidths=0.9, label=verdict.value)
    _phase_name(axes, "P", 3.47, "white")
    _phase_name(axes, "gR", 1.97, "black")
    _phase_name(axes, "eR", 1.08, "black")
    axes.set_title(f"$p = {dataset.attrs['p']}$: theory, and dots at $N = {dataset.attrs['n_spins']}$")
    figure.colorbar(mesh, ax=axes, label="overlap $q^*$")


def _entropy_map(figure: Figure, axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the entropy of a large p, the line where global retrieval begins, and that line's limit."""
    mesh = _heat_map(axes, dataset["large_p_entropy"], cmap="Greys", vmin=0.0, vmax=1.0)
    p = dataset.attrs["large_p"]
    load = dataset["map_alpha"]
    styles: dict[str, dict[str, Any]] = {
        "large_p": {"color": BLUE, "label": f"gR begins, $p = {p}$"},
        "limit": {"color": ORANGE, "dashes": LIMIT_DASHES, "label": r"gR begins, $p \to \infty$"},
    }
    for name, style in styles.items():
        line = dataset[f"{name}_temperature_global"]
        axes.plot(load, line.where(line > dataset.attrs["large_p_critical_temperature"]), **style)
    _phase_name(axes, "P", 3.47, "black")
    _phase_name(axes, "gR", 1.75, "black")
    _phase_name(axes, "eR", 1.22, "black")
    axes.axhline(dataset.attrs["large_p_critical_temperature"], color=GREY, linewidth=0.6)
    axes.set_title(f"$p = {p}$: the entropy is positive")
    bar = figure.colorbar(mesh, ax=axes, label="entropy per spin")
    bar.ax.set_ylim(0, float(np.log(2)))


def _heat_map(axes: Axes, values: xr.DataArray, **scale: Any) -> Any:
    """Draw values (map_temperature, map_alpha)."""
    axes.set_xlabel(r"load $\alpha = M p!/N^{p-1}$")
    return axes.pcolormesh(
        values["map_alpha"], values["map_temperature"], values, shading="nearest", rasterized=True, **scale
    )


def _phase_name(axes: Axes, phase: str, temperature: float, colour: str) -> None:
    """Write the name of a phase at a temperature."""
    axes.text(NAME_LOAD, temperature, phase, color=colour, ha="center", va="center")
