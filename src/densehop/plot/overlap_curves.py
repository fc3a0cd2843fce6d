"""The overlap with the teacher's pattern against temperature, a panel for each load."""

from typing import Literal

import matplotlib as mpl
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from densehop.diagnostics.verdicts import Verdict
from densehop.plot.style import BLUE, GREEN, GREY, ORANGE, PURPLE, STYLE, new_figure

MARKERS = ((BLUE, "o"), (ORANGE, "^"), (GREEN, "s"), (PURPLE, "D"))  # of the pairs (N, start), in order
START_LABELS = {"pattern": r"$\xi^*$", "global": "the global overlap", "local": "the local overlap"}
LOCAL_DASHES = (2.4, 1.2)  # of theory where retrieval is local, in units of the line's width, as all dashes
UNFILLED = "white"
LIGHT = "#c8c8c8"  # of chains that do not move
FACES: dict[Verdict, tuple[Literal["full", "left"], str]] = {  # how a marker is filled, and the colour of the rest
    Verdict.TOO_SHORT: ("full", UNFILLED),
    Verdict.DISAGREE: ("left", UNFILLED),
    Verdict.FROZEN: ("full", LIGHT),
}
FINITE_SIZE_DASHES = ((0.8, 1.2), (3.5, 1.2))  # of theory at the largest N, and at the next one


def by_temperature(dataset: xr.Dataset) -> Figure:
    """Draw q* against T: theory at infinite and at finite N as lines, simulation as dots, a panel for each load.

    The dataset is one of `recipes.overlaps.study` with `curve_temperature`, `curve_q_star_theory`,
    `curve_q_star_finite_size` and `temperature_global` (alpha,).
    """
    with mpl.rc_context(STYLE):
        loads = dataset["alpha"].values
        figure = new_figure(2.55 * len(loads) + 0.4, 3.7)
        panels = figure.subplots(1, len(loads), sharey=True, squeeze=False)[0]
        series = _series(dataset)
        for axes, load in zip(panels, loads, strict=True):
            row = dataset.sel(alpha=load)
            _lines(axes, row)
            for (n_spins, start), (colour, marker) in zip(series, MARKERS, strict=False):
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
    """Return the pairs (N, start) that were simulated, the largest N first."""
    sizes = sorted(dataset["n_spins"].values.tolist(), reverse=True)
    pairs = [(n_spins, start) for n_spins in sizes for start in dataset["start"].values.tolist()]
    measured = dataset["q_star_mean"].notnull().any(("alpha", "temperature"))
    return [pair for pair in pairs if bool(measured.sel(n_spins=pair[0], start=pair[1]))]


def _lines(axes: Axes, row: xr.Dataset) -> None:
    """Draw the theory of one load: solid where retrieval is global, dashed where it is local, grey at finite N."""
    t, q_star = row["curve_temperature"], row["curve_q_star_theory"]
    transition = float(row["temperature_global"])
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.plot(t, q_star.where(t <= transition), color="black")
    axes.plot(t, q_star.where(t >= transition), color="black", dashes=LOCAL_DASHES)
    for which, n_spins in enumerate(sorted(row["n_spins"].values, reverse=True)):
        at_size = row["curve_q_star_finite_size"].sel(n_spins=n_spins)
        axes.plot(t, at_size, color=GREY, linewidth=1.1, dashes=FINITE_SIZE_DASHES[which % 2])
    height = float(q_star.sel(curve_temperature=transition))
    axes.plot([transition] * 2, [0, height], color="black", linewidth=0.5, alpha=0.6)


def _dots(axes: Axes, row: xr.Dataset, colour: str, marker: str) -> None:
    """Draw the simulations of one N and start, with error bars; filled where the chains have equilibrated."""
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
        Line2D(
            [],
            [],
            color=c,
            marker=m,
            markersize=4.0,
            linestyle="none",
            label=f"$N = {n}$, from {START_LABELS.get(s, s)}",
        )
        for (n, s), (c, m) in zip(series, MARKERS, strict=False)
    ]
    handles = [
        Line2D([], [], color="black", label="theory: global retrieval"),
        Line2D([], [], color="black", dashes=LOCAL_DASHES, label="theory: local retrieval"),
        *(
            Line2D([], [], color=GREY, linewidth=1.1, dashes=FINITE_SIZE_DASHES[i % 2], label=f"theory at $N = {n}$")
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
