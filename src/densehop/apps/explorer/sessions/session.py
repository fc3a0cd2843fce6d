"""One visitor: the hall, the state of the controls, and how threads reach the page."""

import threading
from collections.abc import Callable
from typing import Any

import panel as pn
from panel.io.state import set_curdoc

from densehop.apps.explorer.sessions.state import NAMES, State
from densehop.apps.explorer.workers.pool import Hall

LONGEST_WAIT = 2.0  # seconds


class Visitor:
    """A session.

    Attributes
    ----------
    hall : Hall
    state : State, kept in the address
    closed : set when the tab is closed
    """

    def __init__(self, hall: Hall) -> None:
        self.hall, self.state, self.closed = hall, State(), threading.Event()
        self._document = pn.state.curdoc
        self._when_closed: list[Callable[[], None]] = []
        self.complaint = pn.pane.Alert("", alert_type="warning", visible=False, css_classes=["complaint"])
        self._location = pn.state.location
        if self._location is not None:
            self.complain(self.state.follow(self._location.query_params))
            self.state.param.watch(self._write_link, list(NAMES))
        if self._document is not None:
            pn.state.on_session_destroyed(lambda _: self.close())

    def complain(self, message: str) -> None:
        """Show one line of what is wrong; an empty one takes it away."""
        self.complaint.param.update(object=message, visible=bool(message))

    def when_closed(self, action: Callable[[], None]) -> None:
        """Do something when the tab is closed."""
        self._when_closed.append(action)

    def close(self) -> None:
        """Stop what runs for this visitor."""
        self.closed.set()
        for action in self._when_closed:
            action()

    def now(self, action: Callable[[], None]) -> None:
        """Do something to this visitor's page, in answer to an event of Bokeh's, of which Panel does not know."""
        with set_curdoc(self._document):
            action()

    def later(self, action: Callable[[], None]) -> None:
        """Do something in the page's own thread; from any thread."""
        if not self.closed.is_set() and self._document is not None:
            self._document.add_next_tick_callback(lambda: self.now(action))

    def _write_link(self, *_: Any) -> None:
        """Put the state into the address."""
        link = "&".join(f"{name}={value}" for name, value in self.state.link().items())
        self._location.search = f"?{link}" if link else ""


class Eye:
    """Draws from another thread, and lets it wait until the page has drawn: work is never faster than the eye."""

    def __init__(self, visitor: Visitor, draw: Callable[[], None]) -> None:
        self._visitor, self._draw, self._drawn = visitor, draw, threading.Event()

    def __call__(self) -> None:
        """Ask for a drawing and wait for it; not for ever, since a tab may be closed."""
        self._drawn.clear()
        self._visitor.later(self._now)
        self._drawn.wait(LONGEST_WAIT)

    def _now(self) -> None:
        try:
            self._draw()
        finally:
            self._drawn.set()
