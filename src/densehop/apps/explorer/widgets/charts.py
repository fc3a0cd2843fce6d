"""What is drawn: charts as plain data, on the screen by Bokeh, and on paper by matplotlib in the house style."""

import io
from dataclasses import dataclass, field

import matplotlib as mpl
import numpy as np
from bokeh.models import ColumnDataSource, Whisker
from bokeh.plotting import figure
from matplotlib.figure import Figure

from densehop.base.arrays import Floats
from densehop.plot.style import BLUE, GREEN, GREY, ORANGE, PURPLE, STYLE, new_figure

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, GREY)
DASHES = {"solid": "solid", "dashed": [8, 4], "dotted": [2, 3]}
PAPER_DASHES = {"solid": None, "dashed": (4, 1.8), "dotted": (1, 1.4)}
TOOLS = "pan,wheel_zoom,box_zoom,reset"


@dataclass(frozen=True)
class Line:
    """A line; nan breaks it."""

    label: str
    x: Floats
    y: Floats
    colour: str = "black"
    dash: str = "solid"
    width: float = 1.6


@dataclass(frozen=True)
class Dots:
    """Dots, with error bars or without."""

    label: str
    x: Floats
    y: Floats
    error: Floats | None = None
    colour: str = BLUE


@dataclass(frozen=True)
class Chart:
    """Lines and dots over common axes."""

    x_label: str
    y_label: str
    lines: tuple[Line, ...] = ()
    dots: tuple[Dots, ...] = ()
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    legend: str = "bottom_left"

    @property
    def shape(self) -> tuple[object, ...]:
        """What has to be the same for a canvas to show this chart: all but the numbers."""
        lines = tuple((line.label, line.colour, line.dash, line.width) for line in self.lines)
        return lines, tuple((dots.label, dots.colour, dots.error is None) for dots in self.dots)


@dataclass
class Canvas:
    """A Bokeh figure whose numbers can be exchanged while it is shown."""

    chart: Chart
    width: int = 430
    height: int = 260
    figure: figure = field(init=False)
    _lines: list[ColumnDataSource] = field(init=False, default_factory=list)
    _dots: list[ColumnDataSource] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        chart = self.chart
        self.figure = figure(
            width=self.width,
            height=self.height,
            x_axis_label=chart.x_label,
            y_axis_label=chart.y_label,
            tools=TOOLS,
            output_backend="canvas",
            **{name: limits for name in ("x_range", "y_range") if (limits := getattr(chart, name)) is not None},
        )
        self.figure.toolbar.logo = None
        for line in chart.lines:
            self._lines.append(ColumnDataSource(_line_data(line)))
            label = {"legend_label": line.label} if line.label else {}
            self.figure.line(
                "x",
                "y",
                source=self._lines[-1],
                color=line.colour,
                line_dash=DASHES[line.dash],
                line_width=line.width,
                **label,
            )
        for dots in chart.dots:
            self._dots.append(ColumnDataSource(_dots_data(dots)))
            self.figure.scatter("x", "y", source=self._dots[-1], color=dots.colour, size=7, legend_label=dots.label)
            if dots.error is not None:
                bars = Whisker(base="x", upper="upper", lower="lower", source=self._dots[-1], line_color=dots.colour)
                self.figure.add_layout(bars)
        if self.figure.legend:
            self.figure.legend.label_text_font_size = "11px"
            self.figure.legend.background_fill_alpha = 0.7
            self.figure.legend.location = chart.legend

    def show(self, chart: Chart) -> bool:
        """Exchange the numbers; tell whether the chart is of the shape that the canvas has."""
        if chart.shape != self.chart.shape:
            return False
        self.chart = chart
        for source, line in zip(self._lines, chart.lines, strict=True):
            source.data = _line_data(line)
        for source, dots in zip(self._dots, chart.dots, strict=True):
            source.data = _dots_data(dots)
        for name in ("x_range", "y_range"):
            if (limits := getattr(chart, name)) is not None:
                getattr(self.figure, name).update(start=limits[0], end=limits[1])
        return True


def around(*series: Floats, default: tuple[float, float] = (-1.0, 0.0)) -> tuple[float, float]:
    """Return limits with some air around all finite values of some series; the default where there are none."""
    known = np.concatenate([one[np.isfinite(one)].ravel() for one in map(np.asarray, series)])
    if not known.size:
        return default
    air = 0.08 * max(float(np.ptp(known)), 0.02)
    return float(known.min()) - air, float(known.max()) + air


def _line_data(line: Line) -> dict[str, Floats]:
    return {"x": np.asarray(line.x), "y": np.asarray(line.y)}


def _dots_data(dots: Dots) -> dict[str, Floats]:
    y, error = np.asarray(dots.y), np.asarray(0.0 if dots.error is None else dots.error)
    return {"x": np.asarray(dots.x), "y": y, "upper": y + error, "lower": y - error}


def on_paper(chart: Chart, suffix: str) -> bytes:
    """Return a chart as the content of a file, "png" or "svg"."""
    with mpl.rc_context(STYLE):
        sheet = new_figure(5.0, 3.4)
        axes = sheet.subplots()
        for line in chart.lines:
            dashes = PAPER_DASHES[line.dash]
            (drawn,) = axes.plot(
                line.x, line.y, color=line.colour, linewidth=0.8 * line.width, label=line.label or None
            )
            if dashes is not None:
                drawn.set_dashes(dashes)
        for dots in chart.dots:
            axes.errorbar(
                dots.x,
                dots.y,
                dots.error,
                color=dots.colour,
                marker="o",
                markersize=4,
                linestyle="none",
                label=dots.label,
            )
        axes.set(xlabel=chart.x_label, ylabel=chart.y_label)
        if chart.x_range is not None:
            axes.set_xlim(*chart.x_range)
        if chart.y_range is not None:
            axes.set_ylim(*chart.y_range)
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
        return encoded(sheet, suffix)


def encoded(sheet: Figure, suffix: str) -> bytes:
    """Return a matplotlib figure as the content of a file."""
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        sheet.savefig(buffer, format=suffix)
    return buffer.getvalue()
