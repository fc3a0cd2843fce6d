"""How the parts of a page are put beside and below each other, at any width of the window."""

from typing import Any

import panel as pn

from densehop.apps.explorer.widgets.canvas import Canvas

CARD = {
    "background": "var(--card)",
    "border": "1px solid var(--edge)",
    "border-radius": "8px",
    "padding": "8px 12px",
    "min-width": "0",
    "box-sizing": "border-box",
}


class WrappingRow(pn.Row):  # type: ignore[misc]
    """A row that continues in the next line; Panel's own is at least as wide as all that is in it."""

    def _compute_sizing_mode(self, children: Any, props: Any) -> dict[str, Any]:
        return {**super()._compute_sizing_mode(children, props), "min_width": None}


def wrapping_row(*objects: Any, **settings: Any) -> WrappingRow:
    """Return a row that continues in the next line where the window is narrow."""
    return WrappingRow(*objects, styles={"flex-wrap": "wrap"}, **({"sizing_mode": "stretch_width"} | settings))


def control_column(*objects: Any, **settings: Any) -> pn.Column:
    """Return controls one below the other, as wide as their column."""
    for one in objects:
        if isinstance(one, pn.widgets.Widget | pn.pane.HTML):
            one.sizing_mode = "stretch_width"
    return pn.Column(*objects, sizing_mode="stretch_width", **settings)


def card(title: str, *objects: Any, flexible: int = 0) -> pn.Column:
    """Return a card with a title; `flexible` is the width in pixels from which it shares a row with another one."""
    head = [pn.pane.HTML(f"<h2 style='font: 600 17px Georgia, serif; margin: 2px 0'>{title}</h2>")] if title else []
    flex = {"flex": f"1 1 {flexible}px"} if flexible else {}
    return pn.Column(*head, *objects, sizing_mode="stretch_width", margin=6, styles=CARD | flex)


def stack(*cards: pn.Column, flexible: int = 320) -> pn.Column:
    """Return cards one below the other that share a row with another card; the last one fills it to the bottom."""
    cards[-1].styles = {**cards[-1].styles, "flex": "1 1 auto"}
    styles = {"flex": f"1 1 {flexible}px", "min-width": "0", "align-self": "stretch"}
    return pn.Column(*cards, sizing_mode="stretch_width", margin=0, styles=styles)


def shown(canvas: Canvas, max_width: int = 640) -> pn.pane.Bokeh:
    """Return a chart that is as wide as there is room."""
    return pn.pane.Bokeh(canvas.figure, sizing_mode="stretch_width", max_width=max_width)
