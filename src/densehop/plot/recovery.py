"""Recovery from corruption: how many chains come back, how fast, and what each kind of student tolerates."""

import math
from collections.abc import Sequence
from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MultipleLocator

from densehop.plot.style import BLUE, COLUMN_WIDTH, HOUSE, ORANGE, SKY, Style, sheet

WIDE, COLUMN_HEIGHT = (9.0, 3.5), 6.0  # inches
# Of one kind of student, from its first regime on: warm colours are prototypes, cold ones features.
PROTOTYPE_LOOKS = (("#E69F00", "^"), (ORANGE, "s"), ("#7A3600", "v"))
FEATURE_LOOKS = (("#003F66", "o"), (BLUE, "D"), (SKY, "p"))
PROTOTYPES = "eR"  # the phase in which a student holds prototypes
TITLES = ("How many come back?", "How fast?", "Flips that half survive")
TICK: dict[str, Any] = {"marker": "|", "markersize": 11, "markeredgewidth": 1.2, "linestyle": "none"}
NO_OVERLAP = 0.001  # smaller overlaps of an example with the pattern are not told apart
BEYOND = 0.02  # length of the arrow that says "more than was tried"


def recovery(
    dataset: xr.Dataset,
    ax: Axes | Sequence[Axes] | None = None,
    style: Style = HOUSE,
    width: float | None = None,
) -> Figure:
    """Draw success, sweeps and tolerance of the recipe `prototype-or-feature` at its largest N.

    Prototypes have warm colours and open markers, features cold colours and filled ones; thin lines and ticks are
    theory at infinite N. Parameters ax (three) and style are as in `phase_diagram`; `width` is in inches, and in a
    figure as narrow as a column the panels stand below each other.
    """
    stacked = width is not None and width < COLUMN_WIDTH
    size = (width or WIDE[0], COLUMN_HEIGHT if stacked else WIDE[1])
    with sheet(ax, size, style, (3, 1) if stacked else (1, 3)) as page:
        success, speed, tolerance = page.panels
        largest = dataset.sel(n_spins=dataset["n_spins"].max())
        rows = [largest.sel(regime=regime) for regime in largest["regime"].values]
        looks = _looks(rows)
        for height, (row, look) in enumerate(zip(rows, looks, strict=True)):
            _success(success, row, look)
            _speed(speed, row, look)
            _tolerance(tolerance, row, look, height)
        _finish(success, speed)
        _name_rows(tolerance, rows)
        for axes, title in zip(page.panels, TITLES, strict=True):
            axes.set_title(title)
        page.legend(
            _key(rows, looks), title=_title(dataset, rows, narrow=page.narrow), loc="outside lower center", ncols=3
        )
    return page.figure


def _looks(rows: Sequence[xr.Dataset]) -> list[dict[str, Any]]:
    """Return colour and marker of each regime."""
    left = {True: iter(PROTOTYPE_LOOKS), False: iter(FEATURE_LOOKS)}
    looks = []
    for row in rows:
        prototypes = row["phase"].item() == PROTOTYPES
        colour, marker = next(left[prototypes])
        face = "white" if prototypes else colour
        looks.append({"color": colour, "marker": marker, "markersize": 4.2, "linewidth": 1.0, "markerfacecolor": face})
    return looks


def _success(axes: Axes, row: xr.Dataset, look: dict[str, Any]) -> None:
    """Draw the share of chains that come back."""
    axes.errorbar(row["corruption"], row["success_mean"], row["success_error"], elinewidth=0.8, **look)


def _speed(axes: Axes, row: xr.Dataset, look: dict[str, Any]) -> None:
    """Draw sweeps until the pattern is back, where most chains come back; prototypes have a theory of that."""
    measured = {**look, "linestyle": "none"} if row["phase"] == PROTOTYPES else look
    axes.plot(row["corruption"], row["sweeps_median"].where(row["success_mean"] > 0.5), **measured)
    lasting = row["curve_corruption"] <= row["tolerance_theory"].fillna(math.inf)
    axes.step(
        row["curve_corruption"], row["curve_sweeps"].where(lasting), color=look["color"], linewidth=1.0, where="mid"
    )


def _tolerance(axes: Axes, row: xr.Dataset, look: dict[str, Any], height: float) -> None:
    """Draw from which corruption half of the chains come back, and a tick for theory; an arrow: more than was tried."""
    tolerated = float(row["tolerance"])
    bounded = math.isfinite(tolerated)
    end = tolerated if bounded else float(row["corruption"].max())
    error = float(row["tolerance_error"]) if bounded else BEYOND
    axes.plot([0, end], [height, height], color=look["color"], linewidth=2.5, alpha=0.35, solid_capstyle="butt")
    axes.errorbar(end, height, xerr=error, xlolims=not bounded, **{**look, "linestyle": "none"})
    theory = float(row["tolerance_theory"])
    if math.isfinite(theory):
        axes.plot([theory], [height], color="black", **TICK)


def _finish(success: Axes, speed: Axes) -> None:
    """Label the axes of the first two panels."""
    for axes in (success, speed):
        axes.set_xlabel("fraction of the pattern's sites flipped")
        axes.set_xlim(*success.get_xlim())
    success.set_ylabel("share of chains that come back")
    speed.set_ylabel("sweeps until 95% of $q^*$ is back")
    success.set_ylim(-0.03, 1.05)
    speed.set_yscale("symlog", linthresh=1)
    speed.set_ylim(-0.15, speed.get_ylim()[1] * 1.3)
    speed.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _name_rows(axes: Axes, rows: Sequence[xr.Dataset]) -> None:
    """Name the rows of the last panel by their numbers of examples; the first regime stands on top."""
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [f"{int(row['n_examples']):,}" for row in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("examples")
    axes.set_xlim(0, 0.68)
    axes.xaxis.set_major_locator(MultipleLocator(0.2))
    axes.set_xlabel("fraction of the pattern's sites flipped")


def _title(dataset: xr.Dataset, rows: Sequence[xr.Dataset], *, narrow: bool) -> str:
    """Return p, N, and how much one example of each kind of student says."""
    overlaps = {kind: _mean_overlap(rows, kind) for kind in ("prototypes", "features")}
    text = ", ".join(f"{kind} {value}" for kind, value in overlaps.items() if value)
    sizes = f"$p = {dataset.attrs['p']}$, $T = T^*$, $N = {int(dataset['n_spins'].max())}$"
    after_sizes, after_colon = ("\n", "\n") if narrow else ("; ", " ")
    return f"{sizes}{after_sizes}overlap of one example with the pattern:{after_colon}{text}"


def _mean_overlap(rows: Sequence[xr.Dataset], kind: str) -> str:
    """Return the mean overlap of an example with the pattern in the regimes of a kind; "" where there are none."""
    values = [float(row["example_overlap"]) for row in rows if _kind(row) == kind]
    if not values:
        return ""
    mean = sum(values) / len(values)
    return f"{mean:.2f}" if mean >= NO_OVERLAP else f"below {NO_OVERLAP}"


def _key(rows: Sequence[xr.Dataset], looks: Sequence[dict[str, Any]]) -> list[Line2D]:
    """Return the entries of the legend: the regimes and what is theory."""
    return [
        *(Line2D([], [], label=_label(row), **look) for row, look in zip(rows, looks, strict=True)),
        Line2D([], [], color=ORANGE, linewidth=1.0, label="steps: theory of prototypes"),
        Line2D([], [], color="black", label="tick: theory", **TICK),
    ]


def _kind(row: xr.Dataset) -> str:
    """Return what the students of a regime hold."""
    return "prototypes" if row["phase"].item() == PROTOTYPES else "features"


def _label(row: xr.Dataset) -> str:
    """Return the label of a regime."""
    amount = f"M = {int(row['n_examples'])}" if row["phase"] == PROTOTYPES else rf"\alpha = {float(row['alpha']):g}"
    return f"{_kind(row)} ({row['phase'].item()}), $T = {float(row['temperature']):g}$, ${amount}$"
