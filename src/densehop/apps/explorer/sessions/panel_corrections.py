"""What the explorer corrects in Panel and Bokeh: events that were lost, a clock without end, a second goodbye."""

from functools import cache
from typing import Any

import panel as pn
from bokeh.server.views.ws import WSHandler
from panel.io import document, with_lock
from panel.reactive import Syncable


@cache
def correct_panel() -> None:
    """Correct Panel in this process, once."""
    _lock_late_events()
    _send_all_messages()
    _stop_busy_cleanup()
    _close_once()


def _lock_late_events() -> None:
    """Have Panel answer each event with the document's lock.

    It answers an event that overtakes another, such as a click soon after a change of a slider, without it. Then charts
    cannot be changed, and the click is lost.
    """
    for name in ("_event_coroutine", "_change_coroutine"):
        setattr(Syncable, name, with_lock(getattr(Syncable, name)))


def _send_all_messages() -> None:
    """Have Panel send each message that had to wait for another one.

    It starts a task for such a message. One that ends declares the socket free, and the next task then takes this for a
    sign that nothing is left: its message stays until the page has something else to say. The last numbers of a
    simulation were lost so, once in some fifty runs.
    """
    dispatch = getattr(document, "_dispatch_msgs", None)
    if dispatch is None:
        return

    async def dispatch_all(doc: Any) -> None:
        if doc in document._WRITE_MSGS:
            document._WRITE_BLOCK[doc] = True
        await dispatch(doc)

    document._dispatch_msgs = dispatch_all


def _stop_busy_cleanup() -> None:
    """Have Panel clean its counter of busy events with each event alone.

    Panel 1.10 does so with a periodic callback, too. Where a session's thread is the first to start it, it schedules
    its own start without end: a core is lost, and that session never expires. The explorer shows no indicator of busy
    events.
    """
    if hasattr(type(pn.state), "_schedule_busy_cleanup"):
        type(pn.state)._schedule_busy_cleanup = lambda _: None


def _close_once() -> None:
    """Have Bokeh close no connection that it has given up.

    A ping that finds a connection closed takes its session away. The end of the socket, which comes later, then failed
    for want of a session, with a traceback on the console.
    """
    close = WSHandler.on_close

    def close_with_session(handler: Any) -> None:
        if handler.connection is None or handler.connection._session is not None:
            close(handler)

    WSHandler.on_close = close_with_session
