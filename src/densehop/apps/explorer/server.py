"""The server of the explorer: a page for each session, one worker pool for all. It listens on this machine only."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import panel as pn
from bokeh.client import pull_session
from panel.io import with_lock
from panel.reactive import ReactiveHTML, Syncable

from densehop.apps.explorer.compute.phase_plane import PhasePlane, diagram, phase_grid
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest
from densehop.apps.explorer.pages.attack import AttackPage
from densehop.apps.explorer.pages.cut import CutPage
from densehop.apps.explorer.pages.phase_diagram import PhaseDiagramPage
from densehop.apps.explorer.pages.restore import RestorePage
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.sessions.state import TABS
from densehop.apps.explorer.workers.worker_pool import WorkerPool

LOOPBACK = "127.0.0.1"
WARM_UP_ATTEMPTS, WARM_UP_INTERVAL = 100, 0.2  # how often, and after how many seconds, a server that starts is asked
# Milliseconds without a connection after which a session ends. A slow browser needs some seconds to open one.
UNUSED_SESSION_LIFETIME = 15_000
# Panel answers an event that overtakes another, such as a click soon after a change of a slider, without the document's
# lock. Then charts cannot be changed, and the click is lost. Panel's own decorator makes it hold the lock.
for _name in ("_event_coroutine", "_change_coroutine"):
    setattr(Syncable, _name, with_lock(getattr(Syncable, _name)))
TITLES = ("Phase diagram", "Cut", "Restore", "Attack")
STYLE = """
h1 { font: 600 22px Georgia, serif; margin: 4px 0 2px 0; }
body { font-family: "Source Sans", "Segoe UI", Helvetica, sans-serif; max-width: 1240px; margin: 8px auto; }
"""


class PageScript(ReactiveHTML):  # type: ignore[misc]
    """What the browser does by itself: it loads the page again after "back", and a phone shows it in its own width.

    The address holds the whole state, so that the page comes back as it was.
    """

    _template = "<div id='script'></div>"
    _scripts: ClassVar = {
        "render": """
        addEventListener("popstate", () => location.reload());
        document.head.insertAdjacentHTML(
            "beforeend", "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        );
        """
    }


class LazyTab:
    """A page that is built when its tab is first opened, so that the first page appears at once."""

    def __init__(self, session: Session, page: Callable[[Session], Any]) -> None:
        self._session, self._page, self.panel = session, page, pn.Column()

    def build(self) -> None:
        """Build the page, if that was not done before."""
        if not len(self.panel):
            self.panel.append(self._page(self._session).panel)


def build_page(pool: WorkerPool) -> pn.Column:
    """Return the page of a new session."""
    session = Session(pool)
    tabs = [LazyTab(session, page) for page in (PhaseDiagramPage, CutPage, RestorePage, AttackPage)]
    active = TABS.index(session.state.view)
    tabs[active].build()
    tab_bar = pn.Tabs(*zip(TITLES, (tab.panel for tab in tabs), strict=True), active=active)

    def change_tab(event: Any) -> None:
        session.state.view = TABS[event.new]
        tabs[event.new].build()

    tab_bar.param.watch(change_tab, "active")
    session.state.param.watch(lambda event: tab_bar.param.update(active=TABS.index(event.new)), "view")
    title = "<h1>densehop: dense Hopfield networks, theory beside simulation</h1>"
    return pn.Column(pn.pane.HTML(title), session.error_pane, tab_bar, PageScript(height=0, margin=0))


def _warm_up(url: str) -> None:
    """Simulate a little and open the page once: what is slow the first time does not delay the first user."""
    Simulation(SimulationRequest(Point(PhasePlane(), 8.0, 2.0), 16, 1, n_sweeps=8)).advance()
    for _ in range(WARM_UP_ATTEMPTS):
        with suppress(OSError):  # the server does not listen yet
            pull_session(url=url).close()
            return
        time.sleep(WARM_UP_INTERVAL)


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
    pn.extension(raw_css=[STYLE])
    shared = pool or WorkerPool()
    shared.fast.submit(phase_grid, PhasePlane())
    shared.slow.submit(diagram, PhasePlane())
    threading.Thread(target=_warm_up, args=(f"http://{address}:{port}{prefix}/",), daemon=True).start()

    def page() -> pn.Template:
        return build_page(shared)

    try:
        return pn.serve(
            {"/": page},
            port=port,
            address=address,
            show=show,
            title="densehop explorer",
            websocket_origin=[f"{address}:{port}", f"localhost:{port}", *origins],
            prefix=prefix,
            threaded=not block,
            check_unused_sessions_milliseconds=1000,
            unused_session_lifetime_milliseconds=unused_session_lifetime,
        )
    finally:
        if block:
            shared.close()
