"""A session: one open page with the state of its controls, and how background threads reach that page."""

import threading
from collections.abc import Callable
from typing import Any

import panel as pn
from panel.io.state import set_curdoc

from densehop.apps.explorer.sessions.state import PARAMETERS, SessionState
from densehop.apps.explorer.workers.job_runner import JobRunner
from densehop.apps.explorer.workers.worker_pool import WorkerPool

REDRAW_TIMEOUT = 2.0  # seconds that a job waits for the page to redraw


class Session:
    """One open page.

    Attributes
    ----------
    pool : WorkerPool, shared by all sessions
    state : SessionState, which the page's address repeats
    closed : threading.Event, set when the page is closed
    error_pane : the line at the top of the page that says what is wrong
    """

    def __init__(self, pool: WorkerPool) -> None:
        self.pool, self.state, self.closed = pool, SessionState(), threading.Event()
        self._document = pn.state.curdoc
        self._close_actions: list[Callable[[], None]] = []
        self.error_pane = pn.pane.Alert("", alert_type="warning", visible=False, css_classes=["error"])
        self._location = pn.state.location
        if self._location is not None:
            self.show_error(self.state.load_query(self._location.query_params))
            self.state.param.watch(self._update_address, list(PARAMETERS))
        if self._document is not None:
            pn.state.on_session_destroyed(lambda _: self.close())

    def show_error(self, message: str) -> None:
        """Show one line that says what is wrong; an empty message removes the line."""
        self.error_pane.param.update(object=message, visible=bool(message))

    def close(self) -> None:
        """Stop everything that runs for this session."""
        self.closed.set()
        for action in self._close_actions:
            action()

    def with_document(self, action: Callable[[], None]) -> None:
        """Call `action` with this session's document; Panel does not set it for events that come from Bokeh."""
        with set_curdoc(self._document):
            action()

    def schedule(self, action: Callable[[], None]) -> None:
        """Have the server's event loop call `action` for this page; may be called from any thread."""
        if not self.closed.is_set() and self._document is not None:
            self._document.add_next_tick_callback(lambda: self.with_document(action))

    def job_runner(self, draw: Callable[[], None], finish: Callable[[], None]) -> JobRunner:
        """Return a runner of jobs for this page.

        The page calls `draw` after each step and `finish` at the end; an error of the job is shown.
        """

        def on_end(error_message: str) -> None:
            self.schedule(finish)
            if error_message:
                self.schedule(lambda: self.show_error(error_message))

        runner = JobRunner(self.pool.simulation_slots, RateLimitedDraw(self, draw), on_end)
        self._close_actions.append(runner.stop)
        return runner

    def _update_address(self, *_: Any) -> None:
        """Write the state into the page's address."""
        query = "&".join(f"{name}={value}" for name, value in self.state.query().items())
        self._location.search = f"?{query}" if query else ""


class RateLimitedDraw:
    """Has a page drawn from a job's thread, which waits for it, so that a job is never faster than its page."""

    def __init__(self, session: Session, draw: Callable[[], None]) -> None:
        self._session, self._draw, self._done = session, draw, threading.Event()

    def __call__(self) -> None:
        """Schedule a drawing and wait for it, for a limited time since the page may have been closed."""
        self._done.clear()
        self._session.schedule(self._draw_now)
        self._done.wait(REDRAW_TIMEOUT)

    def _draw_now(self) -> None:
        try:
            self._draw()
        finally:
            self._done.set()
