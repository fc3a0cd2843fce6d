"""The style that all figures share: fonts, colours, and how a figure becomes files."""

import io
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe & Ito's colours, which colour-blind readers can tell apart, also in print.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7F7F7F"
# Colours of the phases by their names: paramagnet, spin glass, local and global retrieval, example retrieval.
SHADES = {"P": "#F4F4F4", "SG": "#EBD9E6", "lR": "#FCE5CF", "gR": "#CFE3F1", "eR": "#D5ECE3"}
# Settings of matplotlib for all figures.
STYLE: dict[Any, Any] = {
    "font.family": "serif",
    "font.serif": ["STIXGeneral", "DejaVu Serif"],
    "mathtext.fontset": "stix",
    "font.size": 10,
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


def encode(figure: Figure) -> dict[str, bytes]:
    """Return the figure as the contents of a PNG and a PDF file, by suffix."""
    contents = {}
    with mpl.rc_context(STYLE):
        for suffix, metadata in ((".png", None), (".pdf", {"CreationDate": None})):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=suffix[1:], metadata=metadata)
            contents[suffix] = buffer.getvalue()
    return contents


def new_figure(width: float, height: float) -> Figure:
    """Return a figure that needs no screen and no global state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
