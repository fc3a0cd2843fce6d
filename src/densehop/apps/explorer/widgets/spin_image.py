"""Images of spins on the screen, which can be clicked: of one row of spins, and of many beside each other."""

from collections.abc import Callable

import numpy as np
import panel as pn
from bokeh.events import DoubleTap, Tap
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.plotting import figure

from densehop.apps.explorer.widgets.canvas import dress
from densehop.base.arrays import Floats, Reals, Signs

GREYS = [f"#{level:02x}{level:02x}{level:02x}" for level in range(255, -1, -1)]  # white to black
MOST_TILES, COLUMNS = 60, 10  # of a mosaic
LONGEST = 8  # ratio of the sides up to which pixels are drawn as squares; the row of a table fills its box
BETWEEN = "#8aa0b5"  # colour between the tiles


def grey_figure(width: int, height: int, title: str) -> figure:
    """Return a figure for an image, without axes."""
    sheet = figure(
        width=width, height=height, x_range=(0, 1), y_range=(0, 1), tools="", toolbar_location=None, title=title
    )
    sheet.axis.visible = False
    sheet.grid.visible = False
    sheet.title.update(text_font_size="11px", text_font_style="normal")
    dress(sheet)
    return sheet


class SpinImage:
    """An image with a title and a remark above it; values go from -1, white, to 1, black.

    Attributes
    ----------
    shape : (int, int), rows and columns
    title, remark : str
    values : (rows * columns,), row by row from the top
    figure : of Bokeh
    """

    def __init__(
        self, shape: tuple[int, int], title: str, on_click: Callable[[int], None] | None = None, width: int = 138
    ) -> None:
        self.title, self.remark = title, ""
        self.figure = grey_figure(width, width + 22, title)
        self._source = ColumnDataSource({name: [] for name in ("image", "dw", "dh")})
        mapper = LinearColorMapper(palette=GREYS, low=-1, high=1)
        self.figure.image("image", x=0, y=0, dw="dw", dh="dh", source=self._source, color_mapper=mapper)
        self.reshape(shape)
        if on_click is not None:
            for kind in (Tap, DoubleTap):  # two quick clicks arrive as one tap and one double tap
                self.figure.on_event(kind, lambda event: on_click(self._site(event.x, event.y)))

    def reshape(self, shape: tuple[int, int]) -> None:
        """Be an image of another shape, empty for now."""
        self.shape = rows, columns = shape
        longer = max(shape)
        squares = longer <= LONGEST * min(shape)
        self.figure.x_range.update(start=0, end=longer if squares else columns)
        self.figure.y_range.update(start=0, end=longer if squares else rows)
        self.show(np.zeros(rows * columns))

    def _site(self, x: float, y: float) -> int:
        """Return the site at the coordinates of a click."""
        rows, columns = self.shape
        column, row = min(max(int(x), 0), columns - 1), min(max(int(rows - y), 0), rows - 1)
        return row * columns + column

    def show(self, values: Reals | Signs, remark: str = "") -> None:
        """Show other values (rows * columns,) and another remark."""
        self.values, self.remark = np.asarray(values, dtype=np.float64), remark
        rows, columns = self.shape
        from_bottom = self.values.reshape(self.shape)[::-1].astype(np.float64)  # the order in which Bokeh draws
        self._source.data = {"image": [from_bottom], "dw": [columns], "dh": [rows]}
        self.figure.title.text = f"{self.title}{': ' if remark else ''}{remark}"


class Mosaic:
    """Many rows of spins as small images; a click calls `on_click` with the number of a row."""

    def __init__(self, on_click: Callable[[int], None], width: int = 420) -> None:
        self._width, self._tile, self._count, self._columns = width, (1, 1), 0, COLUMNS
        self.figure = grey_figure(width, width // 2, "")
        beside = {"flex": f"1 1 {width}px", "align-self": "flex-start"}  # others, but only where there is room
        self.figure.update(sizing_mode="scale_width", max_width=width, min_width=0, styles=beside)
        self._source = ColumnDataSource({name: [] for name in ("image", "dw", "dh")})
        mapper = LinearColorMapper(palette=GREYS, low=-1, high=1, nan_color=BETWEEN)
        self.figure.image("image", x=0, y=0, dw="dw", dh="dh", source=self._source, color_mapper=mapper)
        self._chosen = ColumnDataSource({name: [] for name in ("x", "y", "width", "height")})
        self.figure.rect(
            "x", "y", "width", "height", source=self._chosen, fill_alpha=0, line_color="#d55e00", line_width=3
        )
        for kind in (Tap, DoubleTap):
            self.figure.on_event(kind, lambda event: self._click(event.x, event.y, on_click))

    @property
    def pane(self) -> pn.pane.Bokeh:
        """The images, as wide as there is room."""
        return pn.pane.Bokeh(self.figure, sizing_mode="scale_width", max_width=self._width)

    def show(self, rows: Signs, shape: tuple[int, int]) -> None:
        """Show the first rows (M, N) as images of a shape."""
        shown = rows[:MOST_TILES]
        height, width = shape if max(shape) <= LONGEST * min(shape) else (max(1, shape[1] // 6), shape[1])
        self._columns = min(COLUMNS, len(shown))
        n_lines = -(-len(shown) // self._columns)
        self._tile, self._count = (height + 1, width + 1), len(shown)
        sheet: Floats = np.full((n_lines * self._tile[0] + 1, self._columns * self._tile[1] + 1), np.nan)
        for place, row in enumerate(shown):
            top, left = place // self._columns * self._tile[0] + 1, place % self._columns * self._tile[1] + 1
            sheet[top : top + height, left : left + width] = np.broadcast_to(
                row.reshape(shape) if height == shape[0] else row[None], (height, width)
            )
        self._lines = sheet.shape
        self.figure.x_range.update(start=0, end=sheet.shape[1])
        self.figure.y_range.update(start=0, end=sheet.shape[0])
        height = min(self._width, max(40, round(self._width * sheet.shape[0] / sheet.shape[1]))) + 26
        self.figure.update(height=height, aspect_ratio=self._width / height)
        self.figure.title.text = f"{len(rows)} stored" + (f", the first {MOST_TILES}" if len(rows) > MOST_TILES else "")
        self._source.data = {"image": [sheet[::-1].copy()], "dw": [sheet.shape[1]], "dh": [sheet.shape[0]]}

    def mark(self, place: int) -> None:
        """Frame the image of a row."""
        high, wide = self._tile
        if place >= self._count:
            self._chosen.data = {name: [] for name in self._chosen.data}
            return
        x, y = place % self._columns + 0.5, place // self._columns + 0.5
        x, y = x * wide + 0.5, self._lines[0] - y * high - 0.5
        self._chosen.data = {"x": [x], "y": [y], "width": [wide], "height": [high]}

    def _click(self, x: float, y: float, on_click: Callable[[int], None]) -> None:
        """Tell which image was clicked."""
        line, column = int((self._lines[0] - y - 0.5) // self._tile[0]), int((x - 0.5) // self._tile[1])
        place = line * self._columns + column
        if 0 <= place < self._count and 0 <= column < self._columns:
            on_click(place)
