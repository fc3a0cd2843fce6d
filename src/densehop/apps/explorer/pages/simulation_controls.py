"""The fields of a simulation, which several pages have."""

from typing import Any

import panel as pn

from densehop.apps.explorer.sessions.state import SessionState

INTEGERS = ("n", "disorders", "sweeps", "seed")


def simulation_controls(state: SessionState, *names: str) -> list[Any]:
    """Return the fields of a simulation."""
    kinds = {"start": pn.widgets.Select, "amount": pn.widgets.FloatInput} | dict.fromkeys(INTEGERS, pn.widgets.IntInput)
    return [kinds[name].from_param(state.param[name]) for name in names]
