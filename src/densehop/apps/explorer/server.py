"""The server of the explorer: a page for each session, one worker pool for all. It listens on this machine only."""

import gc
import logging
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files

import panel as pn
from bokeh.client import pull_session
from tornado.websocket import WebSocketClosedError

from densehop.apps.explorer.compute.phase_plane import PhasePlane, diagram, phase_grid
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest
from densehop.apps.explorer.layout.page import build_page
from densehop.apps.explorer.sessions.panel_corrections import correct_panel
from densehop.apps.explorer.workers.worker_pool import WorkerPool

LOOPBACK = "127.0.0.1"
WARM_UP_ATTEMPTS, WARM_UP_INTERVAL = 100, 0.2  # how often, and after how many seconds, a server that starts is asked
# Milliseconds without a connection after which a session ends. A slow browser needs some seconds to open one.
UNUSED_SESSION_LIFETIME = 15_000
correct_panel()


def _warm_up(url: str) -> None:
    """Simulate a little and open the page once: what is slow the first time does not delay the first user."""
    Simulation(SimulationRequest(Point(PhasePlane(), 8.0, 2.0), 16, 1, n_sweeps=8)).advance()
    for _ in range(WARM_UP_ATTEMPTS):
        with suppress(OSError):  # the server does not listen yet
            pull_session(url=url).close()
            return
        time.sleep(WARM_UP_INTERVAL)


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether an error in the background is more than a page that was closed while a message was on its way."""
    return not (record.exc_info and isinstance(record.exc_info[1], WebSocketClosedError))


def serve(
    port: int = 5006,
    address: str = LOOPBACK,
    show: bool = True,
    pool: WorkerPool | None = None,
    block: bool = True,
    unused_session_lifetime: int = UNUSED_SESSION_LIFETIME,
    origins: Sequence[str] = (),
    prefix: str = "",
) -> object:
    """Serve the explorer until Ctrl-C; return the server if `block` is false.

    `origins` are further addresses, HOST or HOST:PORT, under which browsers may see the page: those of a proxy or of
    the other end of a tunnel. `prefix` is the path of the page behind a proxy that hands it on, such as "/densehop".
    """
    pn.extension(raw_css=[files("densehop.apps.explorer.layout").joinpath("widgets.css").read_text("utf-8")])
    shared = pool or WorkerPool()
    shared.fast.submit(phase_grid, PhasePlane())
    shared.slow.submit(diagram, PhasePlane())
    threading.Thread(target=_warm_up, args=(f"http://{address}:{port}{prefix}/",), daemon=True).start()

    logging.getLogger("asyncio").addFilter(_is_news)
    # Panel searches for garbage after each session. Modules are none: to go through them holds up all other pages.
    gc.freeze()

    def page() -> pn.Template:
        return build_page(shared)

    try:
        server = pn.serve(
            {"/": page},
            port=port,
            address=address,
            show=show,
            title="densehop explorer",
            websocket_origin=[f"{address}:{port}", f"localhost:{port}", *origins],
            prefix=prefix,
            threaded=not block,
            start=not block,
            check_unused_sessions_milliseconds=1000,
            unused_session_lifetime_milliseconds=unused_session_lifetime,
        )
        if block:
            # As Panel does at Ctrl-C, end the loop: an exception could come in the midst of code that catches it.
            signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
            server.start()
            server.io_loop.start()
        return server
    finally:
        if block:
            shared.close()
