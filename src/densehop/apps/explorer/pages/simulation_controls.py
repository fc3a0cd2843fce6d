"""The fields of a simulation, which several pages have."""

import panel as pn

from densehop.apps.explorer.sessions.state import SessionState

INTEGERS = ("n", "disorders", "sweeps", "seed")


def simulation_controls(state: SessionState, *names: str) -> pn.Column:
    """Return the fields of a simulation, and a button that shows and hides them."""
    kinds = {"start": pn.widgets.Select, "amount": pn.widgets.FloatInput} | dict.fromkeys(INTEGERS, pn.widgets.IntInput)
    fields = pn.Column(
        *(kinds[name].from_param(state.param[name], sizing_mode="stretch_width") for name in names),
        visible=False,
        sizing_mode="stretch_width",
        margin=0,
    )
    toggle = pn.widgets.Toggle(name="Size, start, sweeps ▾", sizing_mode="stretch_width", css_classes=["settings"])
    toggle.param.watch(lambda event: fields.param.update(visible=event.new), "value")
    return pn.Column(toggle, fields, sizing_mode="stretch_width", margin=0)
