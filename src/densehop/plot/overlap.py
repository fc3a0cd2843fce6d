"""Overlap with the teacher's pattern: against temperature in a panel for each load, and over the (alpha, T) plane."""

from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from densehop.diagnostics.equilibration import Verdict
from densehop.plot.style import BLUE, GREEN, GREY, ORANGE, PURPLE, STYLE, new_figure

DOTS = ((BLUE, "o"), (ORANGE, "^"), (GREEN, "s"), (PURPLE, "D"))  # for sizes and starts
STARTS = {"pattern": r"$\xi^*$", "global": "the global overlap", "local": "the local overlap"}
LOCAL = (2.4, 1.2)  # dashes
AT_SIZE: dict[float, tuple[float, float]] = {0: (0.8, 1.2), 1: (3.5, 1.2)}
PER_ROW = 3
LIGHT = "#c8c8c8"
FACES: dict[Verdict, tuple[Literal["full", "left"], str]] = {
    Verdict.TOO_SHORT: ("full", "white"),
    Verdict.DISAGREE: ("left", "white"),
    Verdict.FROZEN: ("full", LIGHT),
}
EDGES = {Verdict.TOO_SHORT: ORANGE, Verdict.DISAGREE: PURPLE, Verdict.FROZEN: "black"}


def by_temperature(dataset: xr.Dataset) -> Figure:
    """Draw q* against T: theory at infinite and at finite N as lines, simulation as dots, a panel for each load.

    The dataset is one of `recipes.overlap_study` with `curve_temperature`, `curve_q_star_theory`,
    `curve_q_star_finite_size` and `temperature_global` (load,).
    """
    with mpl.rc_context(STYLE):
        loads = dataset["load"].values
        figure = new_figure(2.55 * len(loads) + 0.4, 3.7)
        panels = figure.subplots(1, len(loads), sharey=True, squeeze=False)[0]
        series = _series(dataset)
        for axes, load in zip(panels, loads, strict=True):
            row = dataset.sel(load=load)
            _lines(axes, row)
            for (n_spins, start), (colour, marker) in zip(series, DOTS, strict=False):
                _dots(axes, row.sel(n_spins=n_spins, start=start), colour, marker)
            axes.set_title(rf"$\alpha = {load:g}$", fontsize=10)
            axes.set_xlabel(dataset.attrs.get("temperature_label", "temperature $T = T^*$"))
        curve = dataset["curve_temperature"].values
        panels[0].set_xlim(curve[0], curve[-1])
        lowest = float((dataset["q_star_mean"] - dataset["q_star_error"].fillna(0)).min())
        panels[0].set_ylim(min(-0.1, lowest - 0.04), 1.04)
        for axes in panels[1:]:
            axes.set_xlim(*panels[0].get_xlim())
        panels[0].set_ylabel("overlap with the teacher's pattern, $q^*$")
        _key(figure, dataset, series)
    return figure


def _series(dataset: xr.Dataset) -> list[tuple[int, str]]:
    """Return the (size, start) pairs that were simulated, the largest size first."""
    sizes = sorted(dataset["n_spins"].values.tolist(), reverse=True)
    pairs = [(n_spins, start) for n_spins in sizes for start in dataset["start"].values.tolist()]
    measured = dataset["q_star_mean"].notnull().any(("load", "temperature"))
    return [pair for pair in pairs if bool(measured.sel(n_spins=pair[0], start=pair[1]))]


def _lines(axes: Axes, row: xr.Dataset) -> None:
    """Draw one load's theory: solid where retrieval is global, dashed where local, thin at finite N."""
    t, q_star = row["curve_temperature"], row["curve_q_star_theory"]
    transition = float(row["temperature_global"])
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.plot(t, q_star.where(t <= transition), color="black")
    axes.plot(t, q_star.where(t >= transition), color="black", dashes=LOCAL)
    for which, n_spins in enumerate(sorted(row["n_spins"].values, reverse=True)):
        at_size = row["curve_q_star_finite_size"].sel(n_spins=n_spins)
        axes.plot(t, at_size, color=GREY, linewidth=1.1, dashes=AT_SIZE[which % 2])
    height = float(q_star.sel(curve_temperature=transition))
    axes.plot([transition] * 2, [0, height], color="black", linewidth=0.5, alpha=0.6)


def _dots(axes: Axes, row: xr.Dataset, colour: str, marker: str) -> None:
    """Draw one size and start with error bars: filled with colour where the chains have equilibrated."""
    for number, verdict in enumerate(Verdict):
        dots = row["verdict"] == number
        fill, face = FACES.get(verdict, ("full", colour))
        axes.errorbar(
            row["temperature"],
            row["q_star_mean"].where(dots),
            row["q_star_error"].where(dots),
            color=colour,
            marker=marker,
            markersize=4.0,
            fillstyle=fill,
            markerfacecolor=face if fill == "full" else colour,
            markerfacecoloralt=face,
            markeredgewidth=0.9,
            linestyle="none",
            elinewidth=0.9,
            capsize=1.5,
            zorder=3,
        )


def _key(figure: Figure, dataset: xr.Dataset, series: list[tuple[int, str]]) -> None:
    """Explain lines and markers below the panels."""
    sizes = sorted(dataset["n_spins"].values.tolist(), reverse=True)
    starts = [
        Line2D([], [], color=c, marker=m, markersize=4.0, linestyle="none", label=f"$N = {n}$, from {STARTS.get(s, s)}")
        for (n, s), (c, m) in zip(series, DOTS, strict=False)
    ]
    handles = [
        Line2D([], [], color="black", label="theory: global retrieval"),
        Line2D([], [], color="black", dashes=LOCAL, label="theory: local retrieval"),
        *(
            Line2D([], [], color=GREY, linewidth=1.1, dashes=AT_SIZE[i % 2], label=f"theory at $N = {n}$")
            for i, n in enumerate(sizes)
        ),
        *starts,
        *(_face(verdict) for number, verdict in enumerate(Verdict) if (dataset["verdict"] == number).any()),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, title=f"$p = {dataset.attrs['p']}$")


def _face(verdict: Verdict) -> Line2D:
    """Return the marker that stands for a verdict in the key."""
    fill, face = FACES.get(verdict, ("full", "black"))
    return Line2D(
        [],
        [],
        color="black",
        marker="o",
        markersize=4.0,
        fillstyle=fill,
        markerfacecolor=face if fill == "full" else "black",
        markerfacecoloralt=face,
        linestyle="none",
        label=verdict.value,
    )


def landscape(dataset: xr.Dataset) -> Figure:
    """Draw q* over (alpha, T), theory as colour and simulation as dots on one scale; beside it a large p.

    Heat maps are `map_q_star` and `large_p_entropy` (map_temperature, map_load), lines `temperature_*` (map_load,).
    """
    with mpl.rc_context(STYLE):
        figure = new_figure(8.2, 3.7)
        left, right = figure.subplots(1, 2, sharey=True)
        _overlap_map(figure, left, dataset)
        _entropy_map(figure, right, dataset)
        figure.legend(loc="outside lower center", ncols=5)
        left.set_ylabel("temperature $T = T^*$")
        left.set_ylim(*dataset["map_temperature"].values[[0, -1]])
    return figure


def _overlap_map(figure: Figure, axes: Axes, dataset: xr.Dataset) -> None:
    """Draw overlaps: the heat map, the lines and the dots."""
    scale: dict[str, Any] = {"cmap": "cividis", "vmin": 0.0, "vmax": 1.0}
    mesh = _heat_map(axes, dataset["map_q_star"], **scale)
    critical = dataset.attrs["teacher_critical_temperature"]
    for name, style in (("temperature_global", "solid"), ("temperature_local", "dashed")):
        line = dataset[name].where(dataset[name] > critical)
        axes.plot(dataset["map_load"], line, color="white", linewidth=1.0, linestyle=style)
    here = dataset.isel(n_spins=0, start=0)
    load, temperature = np.meshgrid(dataset["load"], dataset["temperature"], indexing="ij")
    for number, verdict in enumerate(Verdict):
        at = (here["verdict"] == number).values
        edge = EDGES.get(verdict, "white")
        q_star = here["q_star_mean"].values[at]
        axes.scatter(load[at], temperature[at], c=q_star, s=34, edgecolors=edge, linewidths=0.9, **scale)
        if verdict in EDGES and at.any():
            axes.scatter([], [], s=34, facecolors=GREY, edgecolors=edge, linewidths=0.9, label=verdict.value)
    _name(axes, "P", 3.47, "white")
    _name(axes, "gR", 1.97, "black")
    _name(axes, "eR", 1.08, "black")
    axes.set_title(f"$p = {dataset.attrs['p']}$: theory, and dots at $N = {dataset.attrs['n_spins']}$", fontsize=10)
    figure.colorbar(mesh, ax=axes, label="overlap $q^*$")


def _entropy_map(figure: Figure, axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the entropy of a large p, the line where global retrieval begins, and that line's limit."""
    mesh = _heat_map(axes, dataset["large_p_entropy"], cmap="Greys", vmin=0.0, vmax=1.0)
    p = dataset.attrs["large_p"]
    load = dataset["map_load"]
    styles: dict[str, dict[str, Any]] = {
        "large_p": {"color": BLUE, "label": f"gR begins, $p = {p}$"},
        "limit": {"color": ORANGE, "dashes": LOCAL, "label": r"gR begins, $p \to \infty$"},
    }
    for name, style in styles.items():
        line = dataset[f"{name}_temperature_global"]
        axes.plot(load, line.where(line > dataset.attrs["large_p_critical_temperature"]), **style)
    _name(axes, "P", 3.47, "black")
    _name(axes, "gR", 1.75, "black")
    _name(axes, "eR", 1.22, "black")
    axes.axhline(dataset.attrs["large_p_critical_temperature"], color=GREY, linewidth=0.6)
    axes.set_title(f"$p = {p}$: the entropy is positive", fontsize=10)
    bar = figure.colorbar(mesh, ax=axes, label="entropy per spin")
    bar.ax.set_ylim(0, float(np.log(2)))


def _heat_map(axes: Axes, values: xr.DataArray, **scale: Any) -> Any:
    """Draw values (map_temperature, map_load)."""
    axes.set_xlabel(r"load $\alpha = M p!/N^{p-1}$")
    return axes.pcolormesh(
        values["map_load"], values["map_temperature"], values, shading="nearest", rasterized=True, **scale
    )


def _name(axes: Axes, phase: str, temperature: float, colour: str) -> None:
    """Name a phase, between the dots."""
    axes.text(6.1, temperature, phase, color=colour, ha="center", va="center")
