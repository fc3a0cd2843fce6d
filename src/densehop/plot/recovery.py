"""Recovery from corruption: success and speed against the corrupted fraction, and the accuracy of the examples."""

import math
from typing import Any

import matplotlib as mpl
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from densehop.plot.style import BLUE, GREEN, GREY, ORANGE, PURPLE, STYLE, new_figure

SKY = "#56B4E9"  # a sixth one of Okabe & Ito's colours
MARKERS = ((GREEN, "^"), (PURPLE, "s"), (GREY, "v"), (BLUE, "o"), (SKY, "D"), (ORANGE, "p"))
PROTOTYPES = "eR"  # the phase in which a student holds prototypes


def recovery(dataset: xr.Dataset) -> Figure:
    """Draw success, sweeps and the trade-off of the recipe `prototype-or-feature` at its largest N.

    Prototypes have open markers, features filled ones; lines are theory at infinite N.
    """
    with mpl.rc_context(STYLE):
        figure = new_figure(9.0, 3.6)
        success, speed, trade = figure.subplots(1, 3)
        here = dataset.sel(n_spins=dataset["n_spins"].max())
        handles = []
        for regime, (colour, marker) in zip(here["regime"].values, MARKERS, strict=False):
            row = here.sel(regime=regime)
            style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 4.2, "linewidth": 1.0}
            style["markerfacecolor"] = "white" if row["phase"] == PROTOTYPES else colour
            _success(success, row, style)
            _speed(speed, row, style)
            _trade(trade, row, style)
            handles.append(Line2D([], [], label=_label(row), **{**style, "linestyle": "none"}))
        _finish(success, speed, trade)
        title = f"$p = {dataset.attrs['p']}$, $T = T^*$, $N = {int(here['n_spins'])}$; lines: theory"
        figure.legend(handles=handles, title=title, loc="outside lower center", ncols=3)
    return figure


def _label(row: xr.Dataset) -> str:
    """Return the label of a regime."""
    kind = "prototypes" if row["phase"] == PROTOTYPES else "features"
    amount = f"M = {int(row['n_examples'])}" if row["phase"] == PROTOTYPES else rf"\alpha = {float(row['alpha']):g}"
    return f"{kind} ({row['phase'].item()}), $T = {float(row['temperature']):g}$, ${amount}$"


def _success(axes: Axes, row: xr.Dataset, style: dict[str, Any]) -> None:
    """Draw the share of chains that come back; a tick at the bottom marks where theory expects one half."""
    errors = row["success_error"]
    axes.errorbar(row["corruption"], row["success_mean"], errors, elinewidth=0.8, **{**style, "linewidth": 0.7})
    axes.axvline(float(row["tolerance_theory"]), ymax=0.07, color=style["color"], linewidth=1.6)


def _speed(axes: Axes, row: xr.Dataset, style: dict[str, Any]) -> None:
    """Draw sweeps until the pattern is back; prototypes have a theory of that."""
    measured = {**style, "linestyle": "none"} if row["phase"] == PROTOTYPES else style
    axes.plot(row["corruption"], row["sweeps_median"], **measured)
    axes.step(row["curve_corruption"], row["curve_sweeps"], color=style["color"], linewidth=1.0, where="mid")


def _trade(axes: Axes, row: xr.Dataset, style: dict[str, Any]) -> None:
    """Draw the tolerated corruption against the examples' accuracy; an arrow: more than was tried."""
    place, tolerated = float(row["example_overlap"]), float(row["tolerance"])
    bounded = math.isfinite(tolerated)
    height = tolerated if bounded else float(row["corruption"].max())
    error = float(row["tolerance_error"]) if bounded else 0.02
    axes.errorbar(place, height, error, lolims=not bounded, **{**style, "linestyle": "none"})
    left = place < 0.5
    axes.annotate(
        f"$M = {int(row['n_examples']):,}$".replace(",", r"\,"),
        (place, height),
        (6 if left else -6, 0),
        textcoords="offset points",
        ha="left" if left else "right",
        va="center",
        fontsize=8,
    )


def _finish(success: Axes, speed: Axes, trade: Axes) -> None:
    """Label the axes."""
    for axes in (success, speed):
        axes.set_xlabel("fraction of the pattern's sites flipped")
        axes.set_xlim(*success.get_xlim())
    success.set_ylabel("share of chains that come back")
    speed.set_ylabel("sweeps until 95% of the overlap is back")
    success.set_ylim(-0.03, 1.05)
    speed.set_yscale("symlog", linthresh=1)
    speed.set_ylim(-0.15, None)
    speed.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    trade.set_xlabel("overlap of one example with the pattern")
    trade.set_ylabel("flipped fraction that half survive")
    trade.set_xlim(-0.05, 1.05)
    trade.set_ylim(0, 0.68)
