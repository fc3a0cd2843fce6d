"""The fields of a simulation, which several pages have."""

import panel as pn

from densehop.apps.explorer.sessions.state import SessionState

INTEGERS = ("n", "disorders", "sweeps", "seed")


def simulation_controls(state: SessionState, *names: str) -> pn.Card:
    """Return the fields of a simulation, folded away until somebody opens them."""
    kinds = {"start": pn.widgets.Select, "amount": pn.widgets.FloatInput} | dict.fromkeys(INTEGERS, pn.widgets.IntInput)
    fields = [kinds[name].from_param(state.param[name], sizing_mode="stretch_width") for name in names]
    return pn.Card(
        *fields,
        header=pn.pane.HTML("Size, start, sweeps", margin=(0, 5)),
        collapsed=True,
        sizing_mode="stretch_width",
        margin=(8, 5),
        header_background="transparent",
        styles={"background": "transparent", "border": "1px solid var(--edge)", "border-radius": "6px"},
        css_classes=["settings"],
    )
