"""The style that all figures share: fonts, colours, and how a figure becomes files, whatever the user's settings.

Every function that draws takes `ax`, axes of the user's own, and `style`: the house style, any style of Matplotlib, or
None, which leaves fonts, sizes and colours to the user's settings.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import matplotlib.style
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import offset_copy

from densehop.errors import InvalidInput

Style = str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | None
HOUSE = "densehop"  # the name of the style below, on top of Matplotlib's defaults

# Okabe & Ito's colours, which colour-blind readers can tell apart, also in print.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7F7F7F"
SKY = "#56B4E9"  # a sixth one, of what belongs to blue
# Colours of the phases by their names: paramagnet, spin glass, local and global retrieval, example retrieval.
SHADES = {"P": "#F4F4F4", "SG": "#EBD9E6", "lR": "#FCE5CF", "gR": "#CFE3F1", "eR": "#D5ECE3"}
# Settings of matplotlib for all figures.
STYLE: dict[Any, Any] = {
    "font.family": "serif",
    "font.serif": ["STIXGeneral", "DejaVu Serif"],
    "mathtext.fontset": "stix",
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.title_fontsize": 9,
    "lines.linewidth": 1.5,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
}
COLUMN_WIDTH = 5.0  # inches: narrower figures have their legend below
SMALL = {"font.size": 8, "axes.titlesize": 8, "legend.fontsize": 7, "legend.title_fontsize": 7.5}  # in a column
POINTS_TO_LABELS = 21.0  # of letters, for each inch from the axes to what is below its labels
USUAL_MARKER = 6.0  # Matplotlib's default size


@contextmanager
def applied(style: Style) -> Iterator[None]:
    """Draw in a style; None changes nothing."""
    if style is None:
        yield
        return
    try:
        context = mpl.style.context(["default", STYLE] if style == HOUSE else style)  # type: ignore[arg-type]
        context.__enter__()
    except OSError as error:
        raise InvalidInput(f"style must be '{HOUSE}', None or a style of Matplotlib, got {style!r}") from error
    try:
        yield
    finally:
        context.__exit__(None, None, None)


class StyledFigure(Figure):
    """A figure that is drawn and saved in its own style, wherever that happens."""

    def __init__(self, *args: Any, style: Style = HOUSE, **options: Any) -> None:
        super().__init__(*args, **options)
        self.style = style

    def draw(self, renderer: Any) -> None:
        """Draw the figure."""
        with applied(self.style):
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save the figure."""
        with applied(self.style):
            super().savefig(fname, **options)


def encode(figure: Figure) -> dict[str, bytes]:
    """Return the figure as the contents of a PNG and a PDF file, by suffix."""
    contents = {}
    with applied(getattr(figure, "style", HOUSE)):
        for suffix, metadata in ((".png", None), (".pdf", {"CreationDate": None})):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=suffix[1:], metadata=metadata)
            contents[suffix] = buffer.getvalue()
    return contents


def new_figure(width: float, height: float, style: Style = HOUSE) -> Figure:
    """Return a figure that needs no screen and no global state."""
    figure = StyledFigure(figsize=(width, height), layout="constrained", style=style)
    FigureCanvasAgg(figure)
    return figure


class Sheet:
    """What a function draws on: a figure, its panels, and whether the figure is its own or the user's."""

    def __init__(self, figure: Figure, panels: list[Axes], style: Style, *, own: bool) -> None:
        self.figure, self.panels, self.style, self.own = figure, panels, style, own

    @property
    def narrow(self) -> bool:
        """Whether the figure is as wide as a column."""
        return float(self.figure.get_size_inches()[0]) < COLUMN_WIDTH

    def adopt(self, *, shaded: bool = False) -> None:
        """Leave colours and sizes to the user's settings, where no style is wanted."""
        if self.style is None:
            adopt([artist for axes in self.panels for artist in axes.get_children()], shaded=shaded)

    def legend(self, handles: Sequence[Artist], *, loc: str, shaded: bool = False, **options: Any) -> None:
        """Explain what is drawn: outside the panels of a figure of one's own, else at the last of the user's."""
        self.adopt(shaded=shaded)
        if self.style is None:
            adopt(handles, shaded=shaded)
        entries = list(handles), [str(handle.get_label()) for handle in handles]
        draw: Any = self.figure.legend
        if not self.own:
            self._legend_below(entries, options, shaded=shaded)
        elif self.narrow:
            draw(*entries, **{**options, "loc": "outside lower center", "ncols": min(2, options.get("ncols", 2))})
        else:
            draw(*entries, loc=loc, **options)

    def _legend_below(self, entries: tuple[list[Artist], list[str]], options: dict[str, Any], *, shaded: bool) -> None:
        """Draw a legend below the last of the user's axes; `shaded` axes are light in any style, and so is it."""
        axes, size = self.panels[-1], mpl.rcParams["font.size"]
        below = offset_copy(axes.transAxes, self.figure, y=-size / POINTS_TO_LABELS)
        position = {"loc": "upper left", "bbox_to_anchor": (0.0, 0.0), "bbox_transform": below, "borderaxespad": 0.0}
        light = {"frameon": True, "facecolor": "white", "framealpha": 1, "labelcolor": "black"}
        look = light if shaded and self.style is None else {"frameon": False}
        draw: Any = axes.legend
        legend = draw(
            *entries, **{**options, **position, **look, "fontsize": "small", "ncols": 1 if self.narrow else 2}
        )
        if shaded:
            legend.get_title().set_color("black")


@contextmanager
def sheet(
    ax: Axes | Sequence[Axes] | None,
    size: tuple[float, float],
    style: Style,
    panels: tuple[int, int] = (1, 1),
    *,
    changes: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[Sheet]:
    """Draw on axes of the user's own, as many as there are panels (rows, columns), or on a new figure of that size."""
    if ax is None:
        with applied(style), mpl.rc_context(_changes(style, size[0], changes)):
            figure = new_figure(*size, style=style)
            grid = figure.subplots(*panels, squeeze=False, **options)
            yield Sheet(figure, list(grid.ravel()), style, own=True)
        return
    axes = list(np.atleast_1d(np.asarray(ax, dtype=object)).ravel())
    n_panels = panels[0] * panels[1]
    if len(axes) != n_panels or not all(isinstance(item, Axes) for item in axes):
        raise InvalidInput(f"ax must be {n_panels} of Matplotlib's axes, one for each panel, got {len(axes)}")
    with applied(style), mpl.rc_context(_changes(style, axes[0].figure.get_size_inches()[0], changes)):
        yield Sheet(axes[0].figure, axes, style, own=False)


def _changes(style: Style, width: float, changes: Mapping[str, Any] | None) -> dict[Any, Any]:
    """Return what a figure changes in the house style: smaller letters in a column, and settings of its own."""
    if style != HOUSE:
        return {}
    return {**(SMALL if width < COLUMN_WIDTH else {}), **(changes or {})}


def adopt(artists: Sequence[Artist], *, shaded: bool) -> None:
    """Give lines the colours, widths and marker sizes of the user's settings; on `shaded` axes black stays black."""
    cycle = mpl.rcParams["axes.prop_cycle"].by_key().get("color", [])
    mapped = dict(zip([to_hex(colour) for colour in (BLUE, ORANGE, GREEN, PURPLE)], cycle, strict=False))
    if not shaded:
        mapped |= {"#000000": mpl.rcParams["text.color"], "#ffffff": mpl.rcParams["axes.facecolor"]}
    for artist in artists:
        if not isinstance(artist, Line2D) or getattr(artist, "_adopted", False):
            continue
        artist._adopted = True  # type: ignore[attr-defined]
        for name in ("color", "markerfacecolor", "markeredgecolor"):
            current = getattr(artist, f"get_{name}")()
            if not isinstance(current, str) or current not in {"none", "auto"}:
                getattr(artist, f"set_{name}")(mapped.get(to_hex(current), current))
        artist.set_linewidth(artist.get_linewidth() * mpl.rcParams["lines.linewidth"] / STYLE["lines.linewidth"])
        artist.set_markersize(artist.get_markersize() * mpl.rcParams["lines.markersize"] / USUAL_MARKER)
