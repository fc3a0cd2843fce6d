"""Images of spins on the screen, that can be clicked, and in rows on paper."""

from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.plotting import figure

from densehop.apps.explorer.widgets.charts import encoded
from densehop.base.arrays import Floats
from densehop.plot.style import STYLE, new_figure

GREYS = [f"#{level:02x}{level:02x}{level:02x}" for level in range(255, -1, -1)]


class Picture:
    """A small square image with a line of text below; values from -1, white, to 1, black."""

    def __init__(self, side: int, title: str, clicked: Callable[[int], None] | None = None, width: int = 148) -> None:
        self._side = side
        self.title, self.text = title, ""
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
        self._source = ColumnDataSource({"image": [self._rows()]})
        mapper = LinearColorMapper(palette=GREYS, low=-1, high=1)
        self.figure.image("image", x=0, y=0, dw=side, dh=side, source=self._source, color_mapper=mapper)
        if clicked is not None:
            self.figure.on_event(Tap, lambda event: clicked(self._site(event.x, event.y)))

    def _rows(self) -> Floats:
        """Return the rows from below, as Bokeh draws them."""
        return self.values.reshape(self._side, self._side)[::-1].astype(np.float64)

    def _site(self, x: float, y: float) -> int:
        column, row = (min(max(int(place), 0), self._side - 1) for place in (x, self._side - y))
        return row * self._side + column

    def show(self, values: npt.NDArray[np.floating] | npt.NDArray[np.int8], text: str = "") -> None:
        """Show other values (side^2,) with a remark in the title."""
        self.values, self.text = np.asarray(values, dtype=np.float64), text
        self._source.data = {"image": [self._rows()]}
        self.figure.title.text = f"{self.title}{': ' if text else ''}{text}"


def on_paper(pictures: list[Picture], side: int, suffix: str) -> bytes:
    """Return pictures in a row as the content of a file."""
    with mpl.rc_context(STYLE):
        sheet = new_figure(1.15 * len(pictures), 1.6)
        for axes, picture in zip(sheet.subplots(1, len(pictures)), pictures, strict=True):
            axes.imshow(picture.values.reshape(side, side), cmap="Greys", vmin=-1, vmax=1)
            axes.set_axis_off()
            axes.set_title(f"{picture.title}\n{picture.text}", fontsize=8)
        return encoded(sheet, suffix)
