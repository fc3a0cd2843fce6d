"""What a page shows as the content of files: pictures by matplotlib in the style of all figures, data as NetCDF."""

import io
from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from densehop.apps.explorer.widgets.chart import Chart
from densehop.apps.explorer.widgets.spin_image import SpinImage
from densehop.plot.style import HOUSE, applied, new_figure

DASHES = {"solid": None, "dashed": (4, 1.8), "dotted": (1, 1.4)}  # lengths in units of the line's width


def figure_file(sheet: Figure, suffix: str) -> bytes:
    """Return a matplotlib figure as the content of a "png" or "svg" file."""
    buffer = io.BytesIO()
    with applied(HOUSE):
        sheet.savefig(buffer, format=suffix)
    return buffer.getvalue()


def chart_file(chart: Chart, suffix: str) -> bytes:
    """Return a chart as the content of a "png" or "svg" file."""
    with applied(HOUSE):
        sheet = new_figure(5.0, 3.4)
        axes = sheet.subplots()
        _draw_chart(axes, chart)
        return figure_file(sheet, suffix)


def _draw_chart(axes: Axes, chart: Chart) -> None:
    """Draw a chart of the browser with Matplotlib."""
    for line in chart.lines:
        dashes = DASHES[line.dash]
        (drawn,) = axes.plot(line.x, line.y, color=line.colour, linewidth=0.8 * line.width, label=line.label or None)
        if dashes is not None:
            drawn.set_dashes(dashes)
    for dots in chart.dots:
        look: dict[str, Any] = {"color": dots.colour, "marker": "o", "markersize": 4, "linestyle": "none"}
        axes.errorbar(dots.x, dots.y, dots.error, label=dots.label, **look)
    axes.set(xlabel=chart.x_label, ylabel=chart.y_label)
    if chart.x_range is not None:
        axes.set_xlim(*chart.x_range)
    if chart.y_range is not None:
        axes.set_ylim(*chart.y_range)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()


def image_row_file(images: list[SpinImage], suffix: str) -> bytes:
    """Return images in a row as the content of a "png" or "svg" file."""
    with applied(HOUSE):
        sheet = new_figure(1.15 * len(images), 1.6)
        for axes, image in zip(sheet.subplots(1, len(images)), images, strict=True):
            axes.imshow(image.values.reshape(image.shape), cmap="Greys", vmin=-1, vmax=1)
            axes.set_axis_off()
            axes.set_title(f"{image.title}\n{image.remark}", fontsize=8)
        return figure_file(sheet, suffix)


def dataset_file(dataset: xr.Dataset) -> bytes:
    """Return a dataset as the content of a NetCDF file."""
    return bytes(dataset.to_netcdf(engine="h5netcdf"))
