"""The card that says where stored rows lie on the phase diagram, and what attack they withstand."""

from concurrent.futures import Future
from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute.location import ENERGIES, Question, located
from densehop.apps.explorer.compute.stored import Stored
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets.canvas import Canvas
from densehop.apps.explorer.widgets.chart import Chart, Dots, Line
from densehop.apps.explorer.widgets.layout import card, shown, wrapping_row
from densehop.plot.style import BLUE


class LocationCard:
    """Locates rows when asked to, in a worker process."""

    def __init__(self, session: Session, stored: Stored) -> None:
        self._session, self._stored = session, stored
        self._asked: Question | None = None
        self._energy = pn.widgets.Select(name="energy that stores them", options=list(ENERGIES), width=200)
        self._energy.param.watch(lambda _: self.forget(self._stored), "value")
        self._button = pn.widgets.Button(name="Locate them", css_classes=["locate"], margin=(22, 5))
        self._button.on_click(self._ask)
        self._says = pn.pane.HTML("", css_classes=["located"], sizing_mode="stretch_width")
        self._canvas = Canvas(_chart(xr.Dataset()), 430, 300)
        self._drawing = shown(self._canvas)
        self.forget(stored)

    @property
    def panel(self) -> pn.Column:
        """Return question, sentences and chart."""
        return card(
            "Where these memories lie on the phase diagram",
            wrapping_row(self._energy, self._button),
            self._says,
            self._drawing,
            flexible=320,
        )

    def forget(self, stored: Stored) -> None:
        """Ask about these rows from now on; what was said about others is taken away."""
        self._stored, self._asked = stored, None
        self._drawing.visible = False
        self._says.object = (
            f"<p>Do the {stored.name} hold, why, and how many more would fit? It takes some seconds.</p>"
        )

    def _ask(self, _: Any) -> None:
        """Have the rows located."""
        rows = self._stored.rows
        question = self._asked = Question(rows.tobytes(), rows.shape[1], self._energy.value)
        self._says.object = "<p>locating ...</p>"
        self._session.pool.practice.submit(located, question).add_done_callback(
            lambda done: self._session.schedule(lambda: self._show(done, question))
        )

    def _show(self, result: "Future[xr.Dataset]", question: Question) -> None:
        """Show what was found, if it is still asked for."""
        if question != self._asked:
            return
        if result.exception() is not None:
            self._says.object = f"<p>these rows cannot be located: {result.exception()}</p>"
            return
        found = result.result()
        said = "".join(f"<li>{one.replace('<', '&lt;')}</li>" for one in found.attrs["says"])
        self._says.object = f"<ul>{said}</ul>"
        self._canvas.show(_chart(found))
        self._drawing.visible = True


def _chart(found: xr.Dataset) -> Chart:
    """Return the share that is retrieved after an attack by another memory."""
    empty = np.empty(0)
    fraction, measured, predicted = (
        found[name].values if name in found else empty for name in ("fraction", "retrieved", "predicted")
    )
    return Chart(
        "fraction overwritten by another memory",
        "share that comes back",
        (Line("predicted from their overlaps", fraction, predicted),),
        (Dots("measured", fraction, measured, None, BLUE),),
        x_range=(0.0, 1.0),
        y_range=(-0.05, 1.05),
    )
