"""Pictures of practice: restored images in rows, memories as a grid, curves under attack. Nothing is computed here.

Parameters ax and style are those of `plot.phase_diagram`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from densehop.plot.style import BLUE, GREEN, GREY, HOUSE, ORANGE, PURPLE, Style, sheet

Floats = npt.NDArray[np.floating[Any]]

HIDDEN = "#E6A23C"  # the colour of a pixel that was not shown
FRAME = "#B0B0B0"  # without one, white paper ends nowhere


def restored_rows(
    rows: Mapping[str, Floats],
    shape: tuple[int, int],
    largest: float,
    notes: Mapping[str, Sequence[str]] | None = None,
    ax: Axes | None = None,
    style: Style = HOUSE,
) -> Figure:
    """Draw named rows of images, each (B, N), one column an image; nan is drawn as hidden.

    `notes` are written under the images of some rows, one each.
    """
    colours = mpl.colormaps["gray_r"].with_extremes(bad=HIDDEN)
    n_images = min(len(images) for images in rows.values())
    images = np.vstack([images[:n_images] for images in rows.values()])
    painted = colours(np.ma.masked_invalid(images / largest))
    with sheet(ax, (0.75 * n_images + 1.0, (0.98 if notes else 0.78) * len(rows)), style) as page:
        texts = [text for name in rows for text in ((notes or {}).get(name, ()) or [""] * n_images)[:n_images]]
        axes = _mosaic(page.panels[0], painted, shape, n_images, texts if notes else None)
        height = shape[0] + _gap(shape) + (_below(shape) if notes else 0)
        axes.set_yticks([height * row + shape[0] / 2 - 0.5 for row in range(len(rows))], list(rows))
        axes.tick_params(length=0)
        if page.own:
            page.figure.set_layout_engine("compressed")  # images keep their aspect, and labels their room
    return page.figure


def memory_grid(
    memories: Floats,
    shape: tuple[int, int],
    title: str,
    columns: int = 10,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
    style: Style = HOUSE,
) -> Figure:
    """Draw memories (K, N) as a grid of images: blue below zero, red above, each on its own scale; labels below."""
    largest = np.maximum(np.abs(memories).max(axis=1, keepdims=True), 1e-30)
    painted = mpl.colormaps["RdBu_r"](0.5 + memories / largest / 2)
    height = 0.62 if labels is None else 0.8
    with sheet(ax, (0.62 * columns, height * -(-len(memories) // columns) + 0.35), style) as page:
        _mosaic(page.panels[0], painted, shape, columns, labels).set_title(title, fontsize=10)
    return page.figure


def student_rows(
    rows: Sequence[tuple[str, npt.NDArray[np.int8], npt.NDArray[np.float64]]],
    shape: tuple[int, int],
    ax: Axes | None = None,
    style: Style = HOUSE,
) -> Figure:
    """Draw a row of images for each (label, states (S, N) of +-1, overlaps (S,)), the overlap m written under each."""
    n_columns = max(len(states) for _, states, _ in rows)
    height, width = 1.32 * shape[0], shape[1] + 1.5
    with sheet(ax, (0.75 * n_columns + 1.4, 0.9 * len(rows)), style) as page:
        axes = page.panels[0]
        for row, (label, states, overlaps) in enumerate(rows):
            top = row * height
            axes.text(-0.08 * width, top + shape[0] / 2, label, ha="right", va="center", linespacing=1.25)
            for column, (state, overlap) in enumerate(zip(states, overlaps, strict=True)):
                left = column * width
                extent = (left, left + shape[1], top + shape[0], top)
                image = np.where(state.reshape(shape) > 0, 0.0, 0.87)
                axes.imshow(image, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest")
                caption = f"$m = {overlap:.2f}$"
                axes.text(left + shape[1] / 2, top + 1.04 * shape[0], caption, ha="center", va="top", fontsize="small")
        axes.set_xlim(0, n_columns * width)
        axes.set_ylim(len(rows) * height, 0)
        axes.set_axis_off()
    return page.figure


def _mosaic(
    axes: Axes, painted: Floats, shape: tuple[int, int], columns: int, texts: Sequence[str] | None = None
) -> Axes:
    """Draw painted images (B, N, 4) side by side, each framed, texts below; one picture draws faster than many."""
    height, width = (size + _gap(shape) for size in shape)
    height += 0 if texts is None else _below(shape)
    canvas = np.ones((-(-len(painted) // columns) * height - _gap(shape), columns * width - _gap(shape), 4))
    corners = [(index // columns * height, index % columns * width) for index in range(len(painted))]
    for image, (top, left) in zip(painted, corners, strict=True):
        canvas[top : top + shape[0], left : left + shape[1]] = image.reshape(*shape, 4)
    frames = [Rectangle((left - 0.5, top - 0.5), shape[1], shape[0]) for top, left in corners]
    axes.imshow(canvas, interpolation="nearest")
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor=FRAME, linewidth=0.5, clip_on=False))
    for text, (top, left) in zip(texts or (), corners, strict=False):
        axes.text(left + shape[1] / 2 - 0.5, top + shape[0], text, ha="center", va="top", fontsize=7)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return axes


def _below(shape: tuple[int, int]) -> int:
    """Return the room for a line of text below an image, in pixels."""
    return max(2, round(0.28 * shape[0]))


def _gap(shape: tuple[int, int]) -> int:
    """Return the width of the lines between images, in pixels."""
    return max(1, round(shape[1] / 10))


def robustness_curves(
    curves: Sequence[tuple[str, Floats, Floats, Floats]],
    label: str,
    title: str = "worst of all attacks",
    ax: Axes | None = None,
    style: Style = HOUSE,
) -> Figure:
    """Draw share against size for each (name, sizes, shares, standard errors)."""
    with sheet(ax, (5.2, 3.6), style) as page:
        axes = page.panels[0]
        looks = [(colour, line) for line in ("-", "--") for colour in (GREY, BLUE, ORANGE, GREEN, PURPLE)]
        for (name, sizes, shares, errors), (colour, line) in zip(curves, looks, strict=False):
            axes.errorbar(sizes, shares, errors, color=colour, linestyle=line, marker="o", markersize=3, label=name)
        axes.set_xlabel(label)
        axes.set_ylabel("share that holds")
        axes.set_ylim(-0.02, 1.02)
        page.adopt()
        axes.legend(title=title)
    return page.figure


def overwrite_curve(
    fraction: Floats,
    overlap: Floats,
    intruder: Floats,
    retrieved: Floats,
    predicted: Floats,
    title: str = "",
    ax: Axes | None = None,
    style: Style = HOUSE,
) -> Figure:
    """Draw what became of memories of which a fraction was overwritten, and the share predicted to be retrieved."""
    with sheet(ax, (5.2, 3.6), style) as page:
        axes = page.panels[0]
        axes.plot(fraction, overlap, color=BLUE, label="final overlap with the memory")
        axes.plot(fraction, intruder, color=ORANGE, label="final overlap with the intruder")
        axes.plot(fraction, retrieved, "o", color=GREEN, markersize=4, label="share retrieved, measured")
        axes.plot(fraction, predicted, color=GREEN, linestyle="--", label="share retrieved, predicted")
        axes.set_xlabel(r"fraction of the memory overwritten, $\epsilon$")
        axes.set_ylabel("overlap per spin, share of trials")
        axes.set_xlim(0, 1)
        axes.set_title(title, fontsize=9)
        page.adopt()
        axes.legend(fontsize=8)
    return page.figure
