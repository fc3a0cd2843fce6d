"""The page of one session: its tabs, controls, views and messages in the template."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import panel as pn

from densehop.apps.explorer.layout.tabs import Tabs
from densehop.apps.explorer.layout.tour_bar import TourBar
from densehop.apps.explorer.pages.attack import AttackPage
from densehop.apps.explorer.pages.cut import CutPage
from densehop.apps.explorer.pages.live import LivePage
from densehop.apps.explorer.pages.phase_diagram import PhaseDiagramPage
from densehop.apps.explorer.pages.restore import RestorePage
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.workers.worker_pool import WorkerPool
from densehop.base.version import __version__

PAGES = {"phase": PhaseDiagramPage, "cut": CutPage, "live": LivePage, "restore": RestorePage, "attack": AttackPage}


class LazyPage:
    """A page that is built when it is first shown, so that the first page appears at once."""

    def __init__(self, session: Session, page: Callable[[Session], Any]) -> None:
        self._session, self._page = session, page
        self.controls, self.view = pn.Column(visible=False), pn.Column(visible=False)
        for column in (self.controls, self.view):
            column.sizing_mode = "stretch_width"

    def show(self, shown: bool) -> None:
        """Show or hide the page; it is built at the first time."""
        if shown and not len(self.view):
            page = self._page(self._session)
            self.controls.append(page.controls)
            self.view.append(page.panel)
        for column in (self.controls, self.view):
            column.visible = shown


def build_page(pool: WorkerPool) -> pn.Template:
    """Return the page of a new session."""
    session = Session(pool)
    tour_bar = TourBar(session)
    pages = {name: LazyPage(session, page) for name, page in PAGES.items()}
    tabs = Tabs(view=session.state.view, margin=0)

    def show(*_: Any) -> None:
        for name, page in pages.items():
            page.show(name == session.state.view)
        tabs.view = session.state.view

    session.state.param.watch(show, "view")
    tabs.param.watch(lambda event: session.state.param.update(view=event.new), "view")
    folder = files("densehop.apps.explorer.layout")
    template = pn.Template(folder.joinpath("page.html").read_text("utf-8"), location=True)
    template.add_variable("page_style", folder.joinpath("page.css").read_text("utf-8"))
    template.add_variable("version", __version__)
    template.add_variable("page_script", folder.joinpath("page.js").read_text("utf-8"))
    for name, content in {
        "tabs": tabs,
        "messages": pn.Column(tour_bar.panel, session.error_pane, sizing_mode="stretch_width"),
        "controls": pn.Column(*(page.controls for page in pages.values()), sizing_mode="stretch_width"),
        "view": pn.Column(*(page.view for page in pages.values()), sizing_mode="stretch_width"),
    }.items():
        template.add_panel(name, content)
    show()  # after that: for each panel that is added, Panel writes out all that the template holds
    return template
