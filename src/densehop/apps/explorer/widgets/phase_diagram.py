"""The phase diagram on the screen: phases shaded and named in place, their boundaries, and a cross at the point."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import xarray as xr
from bokeh.events import DoubleTap, Tap
from bokeh.models import ColumnDataSource, Legend
from bokeh.plotting import figure
from scipy.ndimage import distance_transform_edt

from densehop.apps.explorer.compute.description import SYMBOLS
from densehop.apps.explorer.compute.phase_plane import PhasePlane
from densehop.apps.explorer.widgets.canvas import dress
from densehop.plot.phase_lines import lines_of
from densehop.plot.style import SHADES

HEIGHT = 460  # pixels
MIN_LABEL_DISTANCE = 3.0  # grid points between the border of a phase and its name; a smaller phase is not named


class PhaseDiagramFigure:
    """A Bokeh figure of one plane at a time; a click calls `on_click(coordinate, temperature)`."""

    def __init__(self, on_click: Callable[[float, float], None]) -> None:
        self.figure = figure(
            height=HEIGHT,
            sizing_mode="stretch_width",
            x_range=(0, 1),
            y_range=(0, 1),
            tools="",
            toolbar_location=None,
            y_axis_label="temperature T",
        )
        self.figure.grid.visible = False
        self._shades = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self.figure.image_rgba("image", "x", "y", "dw", "dh", source=self._shades)
        self._lines = ColumnDataSource({"xs": [], "ys": [], "colour": [], "dash": [], "width": [], "label": []})
        self.figure.add_layout(
            Legend(ncols=3, border_line_alpha=0, padding=0, spacing=9, label_text_font_size="11px"), "below"
        )
        self.figure.multi_line(
            "xs",
            "ys",
            source=self._lines,
            line_color="colour",
            line_dash="dash",
            line_width="width",
            legend_field="label",
        )
        self.figure.legend.visible = False
        self._names = ColumnDataSource({"x": [], "y": [], "text": []})
        self.figure.text("x", "y", "text", source=self._names, text_align="center", text_baseline="middle")
        self._cross = ColumnDataSource({"x": [], "y": []})
        self.figure.scatter("x", "y", source=self._cross, marker="cross", size=16, color="black", line_width=2)
        dress(self.figure)
        self.figure.background_fill_color = "white"  # the phases are light, on a dark page as well
        for kind in (Tap, DoubleTap):  # two quick clicks arrive as one tap and one double tap
            self.figure.on_event(kind, lambda event: on_click(event.x, event.y))

    def show(self, plane: PhasePlane, dataset: xr.Dataset | None) -> None:
        """Show a plane: its phases, and its boundaries if the dataset holds them; None stands for "computing"."""
        x, t = plane.window
        self.figure.x_range.update(start=0, end=x)
        self.figure.y_range.update(start=0, end=t)
        self.figure.xaxis.axis_label = plane.axis_label
        if dataset is None:
            self._shades.data = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
            self._names.data = {"x": [x / 2], "y": [t / 2], "text": ["computing ..."]}
            self._lines.data = {name: [] for name in self._lines.data}
            self.figure.legend.visible = False
            return
        phases = dataset["phase"].attrs["flag_meanings"].split()
        codes = dataset["phase"].values
        cell = x / (codes.shape[1] - 1), t / (codes.shape[0] - 1)  # a grid point is the middle of its cell
        shaded = {"x": [-cell[0] / 2], "y": [-cell[1] / 2], "dw": [x + cell[0]], "dh": [t + cell[1]]}
        self._shades.data = {"image": [_colours(codes, phases)], **shaded}
        self._names.data = _phase_labels(codes, phases, cell)
        self._lines.data = _boundaries(dataset, plane)
        self.figure.legend.visible = bool(self._lines.data["label"])

    def mark(self, x: float, t: float) -> None:
        """Put the cross at a point."""
        self._cross.data = {"x": [x], "y": [t]}


def colour_key(dataset: xr.Dataset) -> str:
    """Return, as HTML, the colour of each phase that a diagram has, and what the phase means."""
    phases = dataset["phase"].attrs["flag_meanings"].split()
    present = [phases[code] for code in np.unique(dataset["phase"].values)]
    rows = "".join(
        f"<dt><span style='background: {SHADES[name]}'>{name}</span></dt><dd>{SYMBOLS[name]}</dd>" for name in present
    )
    return f"<dl class='colours'>{rows}</dl>"


def _colours(codes: npt.NDArray[np.int8], phases: list[str]) -> npt.NDArray[np.uint32]:
    """Return the phases' colours as Bokeh wants them: 8 bits each of red, green, blue and opacity."""
    colours = np.array(
        [[int(SHADES[name][i : i + 2], 16) for i in (1, 3, 5)] + [255] for name in phases], dtype=np.uint8
    )
    return colours[codes].view(np.uint32)[:, :, 0]


def _phase_labels(codes: npt.NDArray[np.int8], phases: list[str], cell: tuple[float, float]) -> dict[str, list[object]]:
    """Return where each phase's name stands: at the point of the phase that is farthest from its border."""
    x, y, text = [], [], []
    for code, name in enumerate(phases):
        depth = distance_transform_edt(np.pad(codes == code, 1))[1:-1, 1:-1]
        if depth.max() >= MIN_LABEL_DISTANCE:
            row, column = np.unravel_index(depth.argmax(), depth.shape)
            x.append(column * cell[0])
            y.append(row * cell[1])
            text.append(name)
    return {"x": x, "y": y, "text": text}


def _boundaries(dataset: xr.Dataset, plane: PhasePlane) -> dict[str, list[object]]:
    """Return the traced boundaries, in the colours and dashes of the printed figure."""
    axis = str(dataset["phase"].dims[1])
    data: dict[str, list[object]] = {name: [] for name in ("xs", "ys", "colour", "dash", "width", "label")}
    for kind, line in lines_of(plane.model).items():
        if f"{kind}_{axis}" not in dataset:
            continue
        shown = dataset.get(f"{kind}_shown", True)  # elsewhere the line means nothing
        data["xs"].append(dataset[f"{kind}_{axis}"].values)
        data["ys"].append(np.where(shown, dataset[f"{kind}_temperature"].values, np.nan))
        data["colour"].append(line.colour)
        data["dash"].append([] if line.dashes is None else [2 * length for length in line.dashes])
        data["width"].append(1.4 * line.width)
        data["label"].append(line.label)
    return data
