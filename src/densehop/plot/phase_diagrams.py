"""Phase diagrams from the datasets of `theory.phase_diagram`: phases shaded and named in place, boundaries as lines.

A boundary is drawn only where it matters in its plane: where it separates two phases, or inside the phase that it is a
property of.
"""

from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from densehop.base.arrays import Floats, Mask
from densehop.errors import InvalidInput
from densehop.plot.phase_labels import place_names
from densehop.plot.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SHADES, STYLE, new_figure

WIDTH, HEIGHT = 6.4, 3.7  # inches, with the legend beside the axes
AXES_SIZE = (4.1, 3.1)  # inches, about
DASHED, DOTTED, SPARSE, DASH_DOT = (4, 1.8), (1, 1.4), (3, 1.5), (6, 1.6, 1, 1.6)  # in units of the line's width
REFINEMENT = 10  # points of a drawn line for each traced one
DISORDERED, ORDERED = {"P", "SG"}, {"lR", "gR"}  # phases without and with a state of finite overlap


class Line(NamedTuple):
    """How a kind of boundary looks, and where it is drawn: `inside` these phases, and next to each set in `near`."""

    label: str
    colour: str
    dashes: tuple[float, ...] | None
    inside: set[str]
    near: tuple[set[str], ...] = ()
    width: float = 1.5


GLASS_LINES = {
    "glass_static": Line("spin glass (static)", PURPLE, None, DISORDERED, ({"P"}, {"SG"})),
    "glass_dynamic": Line("P freezes (dynamic)", PURPLE, DASHED, {"P"}, width=1.0),
    "glass_gardner": Line("SG: Gardner", PURPLE, DOTTED, {"SG"}),
}
ZERO_ENTROPY = Line("P: zero entropy", GREY, SPARSE, {"lR"} | DISORDERED, width=1.0)
DIRECT_LINES = {
    "retrieval_spinodal": Line("lR: spinodal", ORANGE, DASHED, ORDERED | DISORDERED, (ORDERED, DISORDERED)),
    "retrieval_global": Line("gR: transition", BLUE, None, ORDERED | DISORDERED, ({"gR"}, {"lR"} | DISORDERED)),
    "retrieval_stability": Line("retrieval: AT", BLUE, DOTTED, ORDERED),
    **GLASS_LINES,
    "zero_entropy": ZERO_ENTROPY,
}
INFERENCE_LINES = {
    "inference_spinodal": DIRECT_LINES["retrieval_spinodal"],
    "inference_global": DIRECT_LINES["retrieval_global"],
    "inference_stability": Line("inference: AT", BLUE, DOTTED, ORDERED),
}
TEACHER_LINES = {
    **INFERENCE_LINES,
    "retrieval_global": Line("eR: transition", GREEN, None, {"eR", "lR"} | DISORDERED, ({"eR"}, {"lR"} | DISORDERED)),
    "inference_or_retrieval": Line("eR against gR", GREEN, DASH_DOT, {"eR", "gR"}, ({"eR"}, {"gR"})),
    "retrieval_stability": Line("eR: AT", GREEN, DOTTED, {"eR"}),
    **GLASS_LINES,
}
OPTIMAL_LINES = {**INFERENCE_LINES, "zero_entropy": ZERO_ENTROPY._replace(inside=ORDERED | DISORDERED)}


def lines_of(model: str) -> dict[str, Line]:
    """Return the kinds of boundaries that a model has, and how they look."""
    return {"direct": DIRECT_LINES, "nishimori": OPTIMAL_LINES}.get(model, TEACHER_LINES)


def phase_diagram(dataset: xr.Dataset) -> Figure:
    """Draw the plane of a `phase_diagram`; published points, if the dataset holds any, lie over it as crosses."""
    if min(dataset["phase"].shape) < 2:
        raise InvalidInput(f"a figure needs at least 2 x 2 points, got a grid of shape {dataset['phase'].shape}")
    with mpl.rc_context(STYLE):
        figure = new_figure(WIDTH, HEIGHT)
        axes = figure.subplots()
        _shade(axes, dataset)
        drawn = [*_boundaries(axes, dataset), *_teacher_lines(axes, dataset)]
        _mark_published(axes, dataset)
        place_names(axes, dataset["phase"], AXES_SIZE, drawn)
        axis = str(dataset["phase"].dims[1])
        x, t = dataset[axis].values, dataset["temperature"].values
        axes.set(xlim=(x[0], x[-1]), ylim=(t[0], t[-1]), xlabel=_axis_label(axis, dataset.attrs["p"]))
        axes.set_ylabel("temperature $T = T^*$" if dataset.attrs["model"] == "nishimori" else "temperature $T$")
        _legend(figure, axes, dataset)
    return figure


def _shade(axes: Axes, dataset: xr.Dataset) -> None:
    """Shade each phase."""
    phase = dataset["phase"]
    names = phase.attrs["flag_meanings"].split()
    axes.pcolormesh(
        dataset[phase.dims[1]].values,
        dataset["temperature"].values,
        phase.values,
        cmap=ListedColormap([SHADES[name] for name in names]),
        vmin=-0.5,
        vmax=len(names) - 0.5,
        shading="nearest",
        rasterized=True,
    )


def _boundaries(axes: Axes, dataset: xr.Dataset) -> list[tuple[Floats, Floats]]:
    """Draw the traced boundaries where they matter, and return them."""
    axis, drawn = str(dataset["phase"].dims[1]), []
    for kind, line in _lines_of_dataset(dataset).items():
        if f"{kind}_temperature" not in dataset:
            continue
        x, t = _refine(dataset[f"{kind}_{axis}"].values), _refine(dataset[f"{kind}_temperature"].values)
        shown = np.where(_is_drawn(dataset["phase"], x, t, line), t, np.nan)
        if np.isfinite(shown).sum() > 1:
            dashes: dict[str, Any] = {} if line.dashes is None else {"dashes": line.dashes}
            axes.plot(x, shown, color=line.colour, linewidth=line.width, label=line.label, **dashes)
            drawn.append((x, shown))
    return drawn


def _refine(values: Floats) -> Floats:
    """Return the coordinates of a line with points in between, so that its drawn part ends at the right place."""
    fine: Floats = np.interp(np.linspace(0, values.size - 1, REFINEMENT * values.size), np.arange(values.size), values)
    return fine


def _lines_of_dataset(dataset: xr.Dataset) -> dict[str, Line]:
    """Return the kinds of boundaries that belong to a dataset's plane."""
    model = dataset.attrs["model"]
    effective = model == "large_noise" and "scaled_teacher_temperature" not in dataset.attrs
    hidden = GLASS_LINES if effective else {}  # on the effective Nishimori line they coincide with those of inference
    return {kind: line for kind, line in lines_of(model).items() if kind not in hidden}


def _is_drawn(phase: xr.DataArray, x: Floats, t: Floats, line: Line) -> Mask:
    """Return at which points of a line it is drawn."""
    names = np.array(phase.attrs["flag_meanings"].split())[phase.values]
    row, column = _cell(phase["temperature"].values, t), _cell(phase[phase.dims[1]].values, x)
    result = np.isin(names[row, column], list(line.inside))
    padded = np.pad(names, 1, mode="edge")
    around = [padded[row + up, column + right] for up in range(3) for right in range(3)]
    for wanted in line.near:
        result &= np.isin(around, list(wanted)).any(axis=0)
    return result


def _cell(axis: Floats, values: Floats) -> npt.NDArray[np.intp]:
    """Return the index of the grid point nearest to each value."""
    result: npt.NDArray[np.intp] = np.searchsorted((axis[1:] + axis[:-1]) / 2, values)
    return result


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


def _axis_label(axis: str, p: int) -> str:
    """Return what the first coordinate is, with its symbol."""
    return {
        "alpha": r"load $\alpha = M p!/N^{p-1}$" if p > 2 else r"load $\alpha = 2M/N$",
        "teacher_temperature": "teacher temperature $T^*$",
        "scaled_load": r"scaled load $a = M (p/2+1)!/N^{p/2}$",
    }[axis]


def _legend(figure: Figure, axes: Axes, dataset: xr.Dataset) -> None:
    """Write beside the axes which plane this is and what the lines are."""
    given = dataset.attrs
    teacher = f"$T^* = {given.get('teacher_temperature', 0):.4g}$"
    scaled = given.get("scaled_teacher_temperature")
    signal = r"$\lambda = \alpha/T$" if scaled is None else rf"$\tilde T^* = {scaled:.4g}$"
    where = {
        "direct": ["direct model"],
        "nishimori": ["Bayes-optimal student"],
        "fixed_teacher": [teacher],
        "fixed_load": [rf"$\alpha = {given.get('alpha', 0):.4g}$"],
        "finite_noise": ["two-body teacher", teacher],
        "large_noise": ["two-body teacher", signal],
    }[given["model"]]
    title = "\n".join([f"$p = {given['p']}$, {where[0]}", *where[1:]])
    figure.legend(*axes.get_legend_handles_labels(), title=title, alignment="left", loc="outside right upper")
