"""The server: one hall for all, a page for each visitor, on this machine only unless asked otherwise."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import panel as pn
from bokeh.client import pull_session
from panel.io import with_lock
from panel.reactive import Syncable

from densehop.apps.explorer.compute.phase_plane import Point, View, diagram, phases
from densehop.apps.explorer.compute.simulation import Request, Simulation
from densehop.apps.explorer.pages.attack import AttackPage
from densehop.apps.explorer.pages.cut import CutPage
from densehop.apps.explorer.pages.phase_diagram import PhasePage
from densehop.apps.explorer.pages.restore import RestorePage
from densehop.apps.explorer.sessions.session import Visitor
from densehop.apps.explorer.sessions.state import TABS
from densehop.apps.explorer.workers.pool import Hall

LOOPBACK = "127.0.0.1"
PATIENCE = 100  # fifths of a second until the server answers
FORGOTTEN = 15_000  # milliseconds after which a closed tab's session ends; a slow browser needs some to open one
# Panel answers an event that overtakes another, such as a click soon after a slider, without the document's lock; then
# charts cannot be changed and the click is lost. Its own decorator tells it to hold the lock.
for _name in ("_event_coroutine", "_change_coroutine"):
    setattr(Syncable, _name, with_lock(getattr(Syncable, _name)))
TITLES = ("Phase diagram", "Cut", "Restore", "Attack")
STYLE = """
h1 { font: 600 22px Georgia, serif; margin: 4px 0 2px 0; }
body { font-family: "Source Sans", "Segoe UI", Helvetica, sans-serif; max-width: 1240px; margin: 8px auto; }
"""


class Lazily:
    """A view that is made when it is first looked at, so that the page opens at once."""

    def __init__(self, visitor: Visitor, maker: Callable[[Visitor], Any]) -> None:
        self._visitor, self._maker, self.panel = visitor, maker, pn.Column()

    def fill(self) -> None:
        """Make the view."""
        if not len(self.panel):
            self.panel.append(self._maker(self._visitor).panel)


def page(hall: Hall) -> pn.Column:
    """Return a visitor's page."""
    visitor = Visitor(hall)
    makers = (PhasePage, CutPage, RestorePage, AttackPage)
    panels = [Lazily(visitor, maker) for maker in makers]
    shown = TABS.index(visitor.state.view)
    tabs = pn.Tabs(*zip(TITLES, (one.panel for one in panels), strict=True), active=shown)
    panels[shown].fill()

    def turned(event: Any) -> None:
        visitor.state.view = TABS[event.new]
        panels[event.new].fill()

    tabs.param.watch(turned, "active")
    title = "<h1>densehop: dense Hopfield networks, theory beside simulation</h1>"
    return pn.Column(pn.pane.HTML(title), visitor.complaint, tabs)


def _first_visit(url: str) -> None:
    """Open the page once and simulate a little: what is slow the first time is not left to the first visitor."""
    Simulation(Request(Point(View(), 8.0, 2.0), 16, 1, n_sweeps=8)).advance()
    for _ in range(PATIENCE):
        with suppress(OSError):  # the server is not there yet
            pull_session(url=url).close()
            return
        time.sleep(0.2)


def serve(
    port: int = 5006,
    address: str = LOOPBACK,
    show: bool = True,
    hall: Hall | None = None,
    block: bool = True,
    forgotten: int = FORGOTTEN,
) -> object:
    """Serve the explorer until Ctrl-C; return the server if `block` is false."""
    pn.extension(raw_css=[STYLE])
    shared = hall or Hall()
    shared.quick.ask(phases, View())
    shared.slow.ask(diagram, View())
    threading.Thread(target=_first_visit, args=(f"http://{address}:{port}/",), daemon=True).start()

    def make() -> pn.Column:
        return page(shared)

    try:
        return pn.serve(
            {"/": make},
            port=port,
            address=address,
            show=show,
            title="densehop explorer",
            websocket_origin=[f"{address}:{port}", f"localhost:{port}"],
            threaded=not block,
            check_unused_sessions_milliseconds=1000,
            unused_session_lifetime_milliseconds=forgotten,
        )
    finally:
        if block:
            shared.close()
