"""Phase diagrams from the datasets of `theory.phase_diagram`: phases shaded and named in place, boundaries as lines.

A boundary is drawn where the dataset says that it means something (`LINE_shown`). Hatching marks where states with an
overlap break replica symmetry, dots where a pattern is hard to find at a number of spins.
"""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from densehop.base.arrays import Floats, Mask
from densehop.errors import InvalidInput
from densehop.plot.phase_labels import place_names
from densehop.plot.phase_lines import DASH_DOT, SYMMETRIC_WIDTH, lines_of
from densehop.plot.style import COLUMN_WIDTH, GREEN, GREY, HOUSE, SHADES, Sheet, Style, sheet

WIDTH, HEIGHT = 6.4, 3.7  # inches, with the legend beside the axes
AXES_SIZE = (4.1, 3.1)  # inches, about
COLUMN_SHAPE = 1.05  # height over width in a column


def phase_diagram(
    dataset: xr.Dataset,
    ax: Axes | None = None,
    style: Style = HOUSE,
    *,
    width: float = WIDTH,
    height: float | None = None,
) -> Figure:
    """Draw the plane of a `phase_diagram`; published points, if the dataset holds any, lie over it as crosses.

    Parameters
    ----------
    dataset : xarray.Dataset
    ax : Axes, optional
        Axes of your own to draw in, their legend below; None makes a figure.
    style : str, dict, list or None
        "densehop"; any style of Matplotlib, for fonts and sizes; or None, which leaves fonts, sizes and colours to your
        own settings.
    width, height : float, inches
        Of a new figure; 3.375 is a column of a journal, with the legend below.

    Raises
    ------
    InvalidInput
        If the grid has fewer than 2 x 2 points, or `ax` or `style` is none of these.
    """
    if min(dataset["phase"].shape) < 2:
        raise InvalidInput(f"a figure needs at least 2 x 2 points, got a grid of shape {dataset['phase'].shape}")
    if height is None:
        height = HEIGHT if width >= COLUMN_WIDTH else width * COLUMN_SHAPE
    with sheet(ax, (width, height), style) as page:
        axes = page.panels[0]
        _shade(axes, dataset)
        _mark_hard(axes, dataset)
        drawn = [*_boundaries(axes, dataset), *_teacher_lines(axes, dataset)]
        _mark_published(axes, dataset)
        place_names(axes, _phase_map(dataset), _axes_size(page), drawn)
        axis = str(dataset["phase"].dims[1])
        x, t = dataset[axis].values, dataset["temperature"].values
        axes.set(xlim=(x[0], x[-1]), ylim=(t[0], t[-1]), xlabel=_axis_label(axis, dataset.attrs))
        axes.set_ylabel("temperature $T = T^*$" if dataset.attrs["model"] == "nishimori" else "temperature $T$")
        _legend(page, dataset)
    return page.figure


def _axes_size(page: Sheet) -> tuple[float, float]:
    """Return the width and height of the axes in inches, about."""
    if page.own and not page.narrow:
        return AXES_SIZE
    whole = page.figure.get_size_inches()
    part = page.panels[0].get_position()
    return float(whole[0] * part.width), float(whole[1] * part.height)


def _phase_map(dataset: xr.Dataset) -> xr.DataArray:
    """Return the phases: between the lines on a fine grid where the dataset has them, else on its grid."""
    return dataset["map_phase"] if "map_phase" in dataset else dataset["phase"]


def _shade(axes: Axes, dataset: xr.Dataset) -> None:
    """Shade each phase, and hatch where a state with an overlap breaks replica symmetry."""
    phase = _phase_map(dataset)
    names = phase.attrs["flag_meanings"].split()
    up, along = (phase[dim].values for dim in phase.dims)
    axes.pcolormesh(
        along,
        up,
        phase.values,
        cmap=ListedColormap([SHADES[name] for name in names]),
        vmin=-0.5,
        vmax=len(names) - 0.5,
        shading="nearest",
        rasterized=True,
    )
    unstable = dataset.get("map_rs_unstable", dataset.get("rs_unstable"))
    if unstable is None or not unstable.any() or not _has_bodies(dataset.attrs):  # no breaking of symmetry there
        return
    _hatch(axes, unstable, "////", "black", "RS unstable")


def _mark_hard(axes: Axes, dataset: xr.Dataset) -> None:
    """Dot the region where the pattern's state wins, but no eigenvector points at it."""
    if "difficulty" not in dataset:
        return
    difficulty = dataset["difficulty"]
    hard = difficulty == difficulty.attrs["flag_meanings"].split().index("hard")
    if hard.any():
        _hatch(axes, hard, "..", GREY, f"hard at N = {dataset.attrs['n_spins']}")


def _hatch(axes: Axes, region: xr.DataArray, hatch: str, colour: str, label: str) -> None:
    """Hatch where a region (temperature, coordinate) is true."""
    up, along = (region[dim].values for dim in region.dims)
    hatched = axes.contourf(along, up, region.values.astype(float), levels=[0.5, 1.5], colors="none", hatches=[hatch])
    hatched.set(edgecolor=colour, linewidth=0)
    axes.fill_between([], [], facecolor="none", edgecolor=colour, hatch=hatch, linewidth=0, label=label)


def _boundaries(axes: Axes, dataset: xr.Dataset) -> list[tuple[Floats, Floats]]:
    """Draw the traced boundaries where they mean something, and return them."""
    axis, drawn = str(dataset["phase"].dims[1]), []
    for kind, line in lines_of(dataset.attrs["model"]).items():
        has_broken = f"{kind}_1rsb_temperature" in dataset
        looks = {f"{kind}_1rsb": line, kind: line}
        if has_broken:
            looks = {
                f"{kind}_1rsb": line._replace(label=f"{line.label}, 1RSB"),
                kind: line._replace(label="the same, RS", colour="black", width=SYMMETRIC_WIDTH),
            }
        for name, look in looks.items():
            if f"{name}_temperature" not in dataset:
                continue
            x, t = dataset[f"{name}_{axis}"].values, dataset[f"{name}_temperature"].values
            shown = np.where(_up_to_the_edge(axis, dataset, name), t, np.nan)
            if np.isfinite(shown).sum() > 1:
                dashes: dict[str, Any] = {} if look.dashes is None else {"dashes": look.dashes}
                words = look.label.format(**dataset.attrs)
                label = None if words in _labels(axes) else words
                axes.plot(x, shown, color=look.colour, linewidth=look.width, label=label, **dashes)
                drawn.append((x, shown))
    return drawn


def _up_to_the_edge(axis: str, dataset: xr.Dataset, name: str) -> Mask:
    """Return where a line is drawn: where it is shown, and at the first points outside, so that it meets the frame."""
    shown: Mask = dataset[f"{name}_shown"].values
    outside = np.zeros(shown.shape, dtype=bool)
    for quantity in (axis, "temperature"):
        window, values = dataset[quantity].values, dataset[f"{name}_{quantity}"].values
        outside |= (values < window[0]) | (values > window[-1])
    beside = np.zeros(shown.shape, dtype=bool)
    beside[1:] |= shown[:-1]
    beside[:-1] |= shown[1:]
    return shown | (outside & beside)


def _labels(axes: Axes) -> list[str]:
    """Return the labels of what is drawn so far."""
    return [str(label) for label in axes.get_legend_handles_labels()[1]]


def _teacher_lines(axes: Axes, dataset: xr.Dataset) -> list[tuple[Floats, Floats]]:
    """Draw the teacher's critical temperature, or the Nishimori line T = T* across other planes; return the line."""
    model, attributes = dataset.attrs["model"], dataset.attrs
    x = np.asarray(dataset[dataset["phase"].dims[1]].values, dtype=float)
    if model == "nishimori" and "teacher_critical_temperature" in attributes:
        line = x, np.full(x.shape, float(attributes["teacher_critical_temperature"]))
        axes.plot(*line, color=GREEN, label="teacher orders")
    elif model in {"fixed_teacher", "fixed_load"}:
        line = x, x if model == "fixed_load" else np.full(x.shape, float(attributes["teacher_temperature"]))
        axes.plot(*line, color="black", linewidth=0.8, dashes=DASH_DOT, label="Nishimori, $T = T^*$")
    else:
        return []
    return [line]


def _mark_published(axes: Axes, dataset: xr.Dataset) -> None:
    """Mark published points: variables `published_NAME` over the coordinate, nan where there is nothing to mark."""
    label: str | None = "published"
    for name in dataset.data_vars:
        if str(name).startswith("published_"):
            values = dataset[name]
            x = dataset[values.dims[0]].values
            axes.plot(x, values, color="black", marker="x", markersize=3.5, linestyle="none", label=label)
            label = None


def _axis_label(axis: str, given: dict[Any, Any]) -> str:
    """Return what the first coordinate is, with its symbol."""
    if axis == "archetype_load":
        return r"load of archetypes $B = \log(K)/N$"
    if not _has_bodies(given):
        return r"load $A = \log(M)/N$"
    p = given["p"]
    return {
        "alpha": r"load $\alpha = M p!/N^{p-1}$" if p > 2 else r"load $\alpha = 2M/N$",
        "teacher_temperature": "teacher temperature $T^*$",
        "scaled_load": r"scaled load $a = M (p/2+1)!/N^{p/2}$",
    }[axis]


def _has_bodies(given: dict[Any, Any]) -> bool:
    """Whether a plane is that of energies of p bodies."""
    return bool(np.isfinite(given["p"]))


def _legend(page: Sheet, dataset: xr.Dataset) -> None:
    """Write beside the axes which plane this is and what the lines are."""
    given = dataset.attrs
    teacher = f"$T^* = {given.get('teacher_temperature', 0):.4g}$"
    scaled = given.get("scaled_teacher_temperature")
    signal = r"$\lambda = \alpha/T$" if scaled is None else rf"$\tilde T^* = {scaled:.4g}$"
    exponential = f"exponential, $L = {given.get('sharpness', 0):.4g}$"
    where = {
        "exponential": [exponential],
        "exponential_examples": [
            exponential,
            f"reliability $r = {given.get('reliability', 0):.4g}$",
            *([f"unrelated: $\\log(M')/N = {given['unrelated_load']:.4g}$"] if "unrelated_load" in given else []),
        ],
        "exponential_archetypes": [
            exponential,
            f"copies: $r = {given.get('reliability', 0):.4g}$",
            rf"$\log(n)/N = {given.get('copies_load', 0):.4g}$",
        ],
        "rectified": ["rectified polynomial", f"$n/N = {given.get('degree', 0):.4g}$"],
        "direct": ["direct model"],
        "nishimori": ["Bayes-optimal student"],
        "fixed_teacher": [teacher],
        "fixed_load": [rf"$\alpha = {given.get('alpha', 0):.4g}$"],
        "finite_noise": ["two-body teacher", teacher],
        "large_noise": ["two-body teacher", signal],
    }[given["model"]]
    bodies = f"$p = {given['p']}$, " if _has_bodies(given) else ""
    title = "\n".join([f"{bodies}{where[0]}", *where[1:]])
    handles = page.panels[0].get_legend_handles_labels()[0]
    page.legend(handles, title=title, alignment="left", loc="outside right upper", shaded=True)
