"""Charts on the screen, drawn by Bokeh."""

from dataclasses import dataclass, field

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, Legend, Whisker
from bokeh.plotting import figure

from densehop.apps.explorer.widgets.chart import Chart, Dots, Line
from densehop.base.arrays import Floats

DASHES = {"solid": "solid", "dashed": [8, 4], "dotted": [2, 3]}  # lengths in pixels
DARK, EDGE, LIGHT = "#1e242b", "#56616e", "#f0f0f0"  # of cards on a dark page: ground, edges, ink
TOOLS = "pan,wheel_zoom,box_zoom,reset"


def ink() -> str:
    """Return the colour that is black on a light page."""
    return LIGHT if pn.config.theme == "dark" else "black"


def dress(sheet: figure) -> None:
    """Give a figure the colours of a dark page, if the page is dark."""
    if pn.config.theme != "dark":
        return
    sheet.update(background_fill_color=DARK, border_fill_color=DARK, outline_line_color=EDGE)
    sheet.title.text_color = LIGHT
    sheet.grid.grid_line_color = EDGE
    for axis in sheet.axis:
        axis.update(axis_label_text_color=LIGHT, major_label_text_color=LIGHT, axis_line_color=EDGE)
        axis.update(major_tick_line_color=EDGE, minor_tick_line_color=EDGE)
    for legend in sheet.legend:
        legend.update(label_text_color=LIGHT, background_fill_alpha=0.0)


@dataclass
class Canvas:
    """A Bokeh figure whose numbers can be exchanged while it is shown."""

    chart: Chart
    width: int = 430
    height: int = 300
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
            sizing_mode="stretch_width",
            styles={"flex": "1 1 300px", "min-width": "min(280px, 100%)"},
            **{name: limits for name in ("x_range", "y_range") if (limits := getattr(chart, name)) is not None},
        )
        self.figure.toolbar.logo = None
        self.figure.toolbar.autohide = True
        self.figure.add_layout(
            Legend(ncols=2, border_line_alpha=0, padding=0, spacing=9, label_text_font_size="11px"), "above"
        )
        for line in chart.lines:
            self._add_line(line)
        for dots in chart.dots:
            self._add_dots(dots)
        dress(self.figure)

    def _add_line(self, line: Line) -> None:
        source = ColumnDataSource(_line_data(line))
        self._lines.append(source)
        look = {
            "color": ink() if line.colour == "black" else line.colour,
            "line_dash": DASHES[line.dash],
            "line_width": line.width,
        }
        label = {"legend_label": line.label} if line.label else {}
        self.figure.line("x", "y", source=source, **look, **label)

    def _add_dots(self, dots: Dots) -> None:
        source = ColumnDataSource(_dots_data(dots))
        self._dots.append(source)
        self.figure.scatter("x", "y", source=source, color=dots.colour, size=7, legend_label=dots.label)
        if dots.error is not None:
            bars = Whisker(base="x", upper="upper", lower="lower", source=source, line_color=dots.colour)
            for head in (bars.upper_head, bars.lower_head):
                head.line_color = dots.colour
            self.figure.add_layout(bars)

    def show(self, chart: Chart) -> bool:
        """Exchange the numbers; return whether the chart has the layout of the one shown, else nothing is done."""
        if chart.layout != self.chart.layout:
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


def _line_data(line: Line) -> dict[str, Floats]:
    return {"x": _one_at_least(line.x), "y": _one_at_least(line.y)}


def _dots_data(dots: Dots) -> dict[str, Floats]:
    y, error = _one_at_least(dots.y), np.asarray(0.0 if dots.error is None else _one_at_least(dots.error))
    return {"x": _one_at_least(dots.x), "y": y, "upper": y + error, "lower": y - error}


def _one_at_least(values: Floats) -> Floats:
    """Return the numbers, or one nan where there are none: without any, Bokeh's legend shows no symbol."""
    return np.asarray(values) if len(values) else np.full(1, np.nan)
