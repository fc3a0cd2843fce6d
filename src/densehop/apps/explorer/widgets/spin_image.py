"""Square images of spins on the screen, which can be clicked."""

from collections.abc import Callable

import numpy as np
from bokeh.events import DoubleTap, Tap
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.plotting import figure

from densehop.apps.explorer.widgets.canvas import dress
from densehop.base.arrays import Floats, Reals, Signs

GREYS = [f"#{level:02x}{level:02x}{level:02x}" for level in range(255, -1, -1)]  # white to black


class SpinImage:
    """A square image with a title and a remark above it; values go from -1, white, to 1, black.

    Attributes
    ----------
    title, remark : str
    values : (side^2,), row by row from the top
    figure : of Bokeh
    """

    def __init__(self, side: int, title: str, on_click: Callable[[int], None] | None = None, width: int = 148) -> None:
        self._side = side
        self.title, self.remark = title, ""
        self.values: Floats = np.zeros(side * side)
        self.figure = figure(
            width=width,
            height=width + 22,
            x_range=(0, side),
            y_range=(0, side),
            tools="",
            toolbar_location=None,
            title=title,
        )
        self.figure.axis.visible = False
        self.figure.grid.visible = False
        self.figure.title.text_font_size = "11px"
        self._source = ColumnDataSource({"image": [self._rows_from_bottom()]})
        mapper = LinearColorMapper(palette=GREYS, low=-1, high=1)
        self.figure.image("image", x=0, y=0, dw=side, dh=side, source=self._source, color_mapper=mapper)
        dress(self.figure)
        if on_click is not None:
            for kind in (Tap, DoubleTap):  # two quick clicks arrive as one tap and one double tap
                self.figure.on_event(kind, lambda event: on_click(self._site(event.x, event.y)))

    def _rows_from_bottom(self) -> Floats:
        """Return the rows from the lowest one up, the order in which Bokeh draws them."""
        return self.values.reshape(self._side, self._side)[::-1].astype(np.float64)

    def _site(self, x: float, y: float) -> int:
        """Return the site at the coordinates of a click."""
        column, row = (min(max(int(place), 0), self._side - 1) for place in (x, self._side - y))
        return row * self._side + column

    def show(self, values: Reals | Signs, remark: str = "") -> None:
        """Show other values (side^2,) and another remark."""
        self.values, self.remark = np.asarray(values, dtype=np.float64), remark
        self._source.data = {"image": [self._rows_from_bottom()]}
        self.figure.title.text = f"{self.title}{': ' if remark else ''}{remark}"
