"""The overlap with the teacher's pattern against temperature, a panel for each load."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from densehop.diagnostics.verdicts import Verdict
from densehop.plot.style import BLUE, COLUMN_WIDTH, GREY, HOUSE, ORANGE, SHADES, SKY, Sheet, Style, sheet

PANEL = (2.55, 3.3)  # inches, width and height of a panel beside others
COLUMN_PANEL = 1.55  # inches, height of a panel in a column
LOCAL_DASHES = (2.4, 1.2)  # of theory where retrieval is local, in units of the line's width
MARKER_SIZE = 4.0
UNFILLED = "white"
SETTLED = (Verdict.EQUILIBRATED, Verdict.FROZEN)  # filled markers
LOOKS = ((BLUE, "o"), (SKY, "^"))  # of chains that start with an overlap, the largest N first
SHAPES = {"o": "circles", "^": "triangles"}  # what these markers are called
FROM_ZERO = (ORANGE, "s")  # of chains that start without overlap
NOTE_HEIGHT = 0.22  # the overlap at which a note stands
NARROWEST_NAMED = 0.045  # of a panel's width: phases in a narrower strip are not named in it


class Series(NamedTuple):
    """The points of one N, of chains that start with an overlap with the pattern, or without."""

    n_spins: int
    without_overlap: bool
    colour: str
    marker: str

    @property
    def label(self) -> str:
        """Return how the legend calls it."""
        return f"$N = {self.n_spins}$, started " + ("at $q^* = 0$" if self.without_overlap else "near the pattern")


def by_temperature(
    dataset: xr.Dataset,
    ax: Axes | Sequence[Axes] | None = None,
    style: Style = HOUSE,
    width: float | None = None,
) -> Figure:
    """Draw q* against T: theory as lines, simulation as dots, a panel for each load.

    Parameters
    ----------
    dataset : xarray.Dataset
        One of `recipes.overlaps.study` with `curve_temperature`, `curve_q_star_theory`, `curve_q_star_finite_size` and
        `temperature_global` (alpha,); with `temperature_local` and `begins` phases are shaded, and chains that start
        without overlap are drawn in a colour of their own.
    width : float, optional
        Inches. In a figure as narrow as a column panels stand below each other.

    Parameters ax (one for each load) and style are as in `phase_diagram`.
    """
    loads = dataset["alpha"].values
    n_loads = len(loads)
    stacked = width is not None and width < COLUMN_WIDTH
    size = (width or PANEL[0] * n_loads + 0.4, COLUMN_PANEL * n_loads + 1.3 if stacked else PANEL[1] + 0.3)
    with sheet(ax, size, style, (n_loads, 1) if stacked else (1, n_loads), sharex=True, sharey=True) as page:
        series = _series(dataset)
        curve = dataset["curve_temperature"].values
        lowest = float((dataset["q_star_mean"] - dataset["q_star_error"].fillna(0)).min())
        for axes, load in zip(page.panels, loads, strict=True):
            row = dataset.sel(alpha=load)
            axes.set_xlim(curve[0], curve[-1])
            axes.set_ylim(min(-0.1, lowest - 0.04), 1.12)
            axes.set_yticks([0, 0.5, 1])
            _phases(axes, row)
            _lines(axes, row, series)
            for group in series:
                _dots(axes, row, group)
                if group.without_overlap and "curve_phase" in row:
                    _say_what_is_not_found(axes, row, group)
            axes.set_title(rf"$p = {dataset.attrs['p']}$, load $\alpha = {load:g}$")
        for axes in page.panels[-1:] if stacked else page.panels:
            axes.set_xlabel(dataset.attrs.get("temperature_label", "temperature $T = T^*$"))
        for axes in page.panels if stacked else page.panels[:1]:
            axes.set_ylabel("overlap $q^*$" if stacked else "overlap with the teacher's pattern, $q^*$")
        _key(page, series)
    return page.figure


def _series(dataset: xr.Dataset) -> list[Series]:
    """Return what was simulated: at each N, the largest first, chains that start with and without overlap."""
    sizes = sorted(dataset["n_spins"].values.tolist(), reverse=True)
    candidates = [Series(n_spins, False, *look) for n_spins, look in zip(sizes, LOOKS, strict=False)]
    candidates += [Series(n_spins, True, *FROM_ZERO) for n_spins in sizes]
    return [candidate for candidate in candidates if bool(_points(dataset, candidate)["q_star_mean"].notnull().any())]


def _points(dataset: xr.Dataset, series: Series) -> xr.Dataset:
    """Return mean, error and verdict of a series, nan at the other points."""
    points = dataset[["q_star_mean", "q_star_error", "verdict"]].sel(n_spins=series.n_spins)
    if "begins" not in dataset:
        return points.where(not series.without_overlap)
    return points.where((dataset["begins"] == 0) == series.without_overlap)


def _phases(axes: Axes, row: xr.Dataset) -> None:
    """Shade the phases along the axis of temperatures, and name them at the top."""
    if "curve_phase" not in row:
        return
    left, right = axes.get_xlim()
    edges = [left, *_changes(row), right]
    top = blended_transform_factory(axes.transData, axes.transAxes)
    for start, end in pairwise(edges):
        middle = (start + end) / 2
        name = str(row["curve_phase"].sel(curve_temperature=middle, method="nearest").item())
        axes.axvspan(start, end, color=SHADES[name], linewidth=0, zorder=0)
        if end - start > NARROWEST_NAMED * (right - left):
            axes.text(middle, 0.985, name, transform=top, ha="center", va="top", fontsize="small")


def _changes(row: xr.Dataset) -> list[float]:
    """Return the temperatures between neighbouring points of the curve at which the phase changes."""
    curve, names = row["curve_temperature"].values, row["curve_phase"].values
    return [float(curve[i] + curve[i + 1]) / 2 for i in range(len(curve) - 1) if names[i] != names[i + 1]]


def _lines(axes: Axes, row: xr.Dataset, series: list[Series]) -> None:
    """Draw the theory of one load: solid where retrieval is global, dashed where it is local, thin at finite N."""
    t, q_star = row["curve_temperature"], row["curve_q_star_theory"]
    transition = float(row["temperature_global"])
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.plot(t, q_star.where(t <= transition), color="black")
    axes.plot(t, q_star.where(t >= transition), color="black", dashes=LOCAL_DASHES)
    for group in series:
        if not group.without_overlap:
            axes.plot(t, row["curve_q_star_finite_size"].sel(n_spins=group.n_spins), color=group.colour, linewidth=0.9)
    if "curve_phase" not in row:
        height = float(q_star.sel(curve_temperature=transition))
        axes.plot([transition] * 2, [0, height], color="black", linewidth=0.5, alpha=0.6)


def _dots(axes: Axes, row: xr.Dataset, series: Series) -> None:
    """Draw the simulations of a series with error bars, filled where the chains have settled.

    Chains that start without overlap are there to show what they have not found, whether they have settled or not.
    """
    points = _points(row, series)
    settled = points["verdict"].isin([list(Verdict).index(verdict) for verdict in SETTLED]) | series.without_overlap
    for dots, face in ((~settled, UNFILLED), (settled, series.colour)):
        for name in row["start"].values:
            subset = points.where(dots).sel(start=name)
            axes.errorbar(
                row["temperature"],
                subset["q_star_mean"],
                subset["q_star_error"],
                elinewidth=0.9,
                zorder=3,
                **_look(series, face),
            )


def _say_what_is_not_found(axes: Axes, row: xr.Dataset, series: Series) -> None:
    """Write above the chains that start without overlap that they miss the pattern where it is the equilibrium."""
    points = _points(row, series)["q_star_mean"].max("start")
    missed = points["temperature"].values[((row["phase"] == "gR") & points.notnull()).values]
    if len(missed) > 2:
        where = (float(missed.mean()), NOTE_HEIGHT)
        axes.text(*where, "not found from $q^* = 0$", color=series.colour, ha="center", fontsize="small")


def _look(series: Series, face: str) -> dict[str, Any]:
    """Return how the markers of a series look."""
    colours = {"color": series.colour, "markerfacecolor": face, "markeredgewidth": 0.9}
    return {**colours, "marker": series.marker, "markersize": MARKER_SIZE, "linestyle": "none"}


def _key(page: Sheet, series: list[Series]) -> None:
    """Explain lines and markers below the panels."""
    handles = [
        Line2D([], [], color="black", label=r"theory, $N \to \infty$: equilibrium"),
        Line2D([], [], color="black", dashes=LOCAL_DASHES, label=r"theory, $N \to \infty$: metastable"),
        Line2D([], [], color=BLUE, linewidth=0.9, label="theory at each $N$ (thin)"),
        *(Line2D([], [], label=group.label, **_look(group, group.colour)) for group in series),
    ]
    shapes = [SHAPES[group.marker] for group in series if not group.without_overlap]
    title = f"open {' and '.join(shapes)}: chains that had not settled"
    page.legend(handles, loc="outside lower center", ncols=2, title=title)
