"""The phase diagram: click a point, read its branches, simulate there."""

from concurrent.futures import Future
from typing import Any

import panel as pn
import xarray as xr

from densehop.apps.explorer.compute import description as words
from densehop.apps.explorer.compute import python_code as script
from densehop.apps.explorer.compute.phase_plane import MODELS, Point, View, bodies, diagram, phases
from densehop.apps.explorer.pages.simulation_panel import LivePanel
from densehop.apps.explorer.sessions.session import Visitor
from densehop.apps.explorer.widgets import charts, downloads
from densehop.apps.explorer.widgets.diagram_figure import DiagramFigure
from densehop.errors import DensehopError
from densehop.plot.phase_diagrams import phase_diagram as on_paper


class PhasePage:
    """The view "phase"."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self._state = visitor, visitor.state
        self._plot = DiagramFigure(lambda x, t: visitor.now(lambda: self._click(x, t)))
        self._about = pn.pane.HTML("", css_classes=["about"], stylesheets=[downloads.CONTENT_STYLE], width=500)
        self._script = downloads.Script("phase")
        self._live = LivePanel(visitor, self.point)
        self._dataset = xr.Dataset()
        self._files = downloads.Buttons(
            "phase-diagram",
            png=lambda: charts.encoded(on_paper(self._dataset), "png"),
            svg=lambda: charts.encoded(on_paper(self._dataset), "svg"),
            nc=lambda: downloads.netcdf(self._dataset),
        )
        state = self._state
        self._bodies = pn.widgets.DiscreteSlider(name="p", options=list(bodies(state.model)), value=state.p, width=250)
        self._bodies.param.watch(lambda event: state.param.update(p=event.new), "value")
        self._hot = pn.widgets.FloatInput.from_param(state.param.hot, width=250)
        self._new_model()
        self._new_view()
        state.param.watch(self._new_model, ["model", "p"])
        state.param.watch(self._new_view, ["model", "p", "hot"])
        state.param.watch(self._new_point, ["x", "t"])

    @property
    def view(self) -> View:
        """What is shown."""
        return View.of(self._state.model, self._state.p, self._state.hot)

    def point(self) -> Point:
        """Return the point that was clicked."""
        return Point(self.view, self._state.x, self._state.t)

    @property
    def panel(self) -> pn.Column:
        """Return the whole view."""
        model = pn.widgets.Select(
            name="model", options={label: name for name, label in MODELS.items()}, value=self._state.model, width=250
        )
        model.link(self._state, value="model", bidirectional=True)
        figure = pn.pane.Bokeh(self._plot.figure)
        left = pn.Column(pn.Row(model, self._bodies), self._hot, figure, self._files.panel)
        right = pn.Column(self._about, pn.Row(self._script.button), self._script.panel)
        return pn.Column(pn.Row(left, right), self._live.panel)

    def _click(self, x: float, t: float) -> None:
        """Go to a point, within the window."""
        right, top = self.view.window
        self._state.param.update(
            x=float(f"{min(max(x, 0), right):.5g}"), t=float(f"{min(max(t, 1e-3 * top), top):.5g}")
        )

    def _new_model(self, *_: Any) -> None:
        """Offer the p that the model has, and a teacher that it can have."""
        state = self._state
        state.settle()
        self._bodies.param.update(options=list(bodies(state.model)), value=state.p)
        self._hot.visible = state.model in {"fixed_teacher", "finite_noise"}

    def _new_view(self, *changes: Any) -> None:
        """Show another plane; phases and lines follow when they are known."""
        try:
            view = self.view
        except DensehopError as error:
            self._visitor.complain(str(error))
            return
        self._bodies.value = self._state.p
        if changes:
            self._visitor.complain("")
        self._files.wait("... when its lines are traced")
        self._plot.show(view, None)
        hall = self._visitor.hall
        for answer, whole in ((hall.quick.ask(phases, view), False), (hall.slow.ask(diagram, view), True)):
            self._when_known(answer, view, whole)
        self._new_point()

    def _when_known(self, answer: "Future[xr.Dataset]", view: View, whole: bool) -> None:
        """Show an answer now if it is there, else when it comes."""
        if answer.done():
            self._arrived(answer, view, whole)
            return
        answer.add_done_callback(lambda done: self._visitor.later(lambda: self._arrived(done, view, whole)))

    def _arrived(self, done: "Future[xr.Dataset]", view: View, whole: bool) -> None:
        """Show phases, or the whole diagram with its lines, if the view is still the same."""
        if view != self.view or (self._files.ready and not whole):
            return
        if done.exception() is not None:
            self._visitor.complain(f"this diagram cannot be {'traced' if whole else 'computed'}: {done.exception()}")
            return
        self._dataset = done.result()
        self._plot.show(view, self._dataset)
        if whole:
            self._files.go()

    def _new_point(self, *_: Any) -> None:
        """Say what holds at the point."""
        self._plot.mark(self._state.x, self._state.t)
        try:
            point = self.point()
            phase, ranked = point.branches()
        except DensehopError as error:
            self._about.object = f"<p>{error}</p>"
            return
        rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in words.table(ranked))
        head = "".join(f"<th>{column}</th>" for column in words.COLUMNS)
        self._about.object = (
            f"<h3>{words.heading(point, phase)}</h3><p>{words.sentence(point, phase, ranked)}</p>"
            f"<table class='branches'><tr>{head}</tr>{rows}</table>"
        )
        self._script.text = script.at_point(point) + "\n# the whole diagram\n" + script.of_diagram(point.view)
