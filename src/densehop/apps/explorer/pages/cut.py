"""A cut through the phase diagram: overlap against T or load, dots appear as simulations finish."""

from concurrent.futures import Future
from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute import description as words
from densehop.apps.explorer.compute import python_code as script
from densehop.apps.explorer.compute.cut import Along, nothing, theory
from densehop.apps.explorer.compute.phase_plane import Point, View
from densehop.apps.explorer.compute.simulation import Cut, Request
from densehop.apps.explorer.sessions.session import Eye, Visitor
from densehop.apps.explorer.widgets import charts, downloads
from densehop.apps.explorer.widgets.charts import Canvas, Chart, Dots, Line
from densehop.apps.explorer.widgets.downloads import flowing
from densehop.apps.explorer.workers.job_runner import Runner
from densehop.errors import DensehopError
from densehop.plot.style import BLUE, GREY

COARSE = 12  # points of the simulation


class CutPage:
    """The view "cut", through the point of the phase diagram."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self._state = visitor, visitor.state
        self._runner = Runner(visitor.hall.seats, Eye(visitor, self._draw), self._ended)
        visitor.when_closed(self._runner.stop)
        self._cut: Cut | None = None
        self._lines = nothing()
        self._files = downloads.Buttons(
            "cut",
            png=lambda: charts.on_paper(self._canvas.chart, "png"),
            svg=lambda: charts.on_paper(self._canvas.chart, "svg"),
            nc=lambda: downloads.netcdf(self._data()),
        )
        self._doubt = pn.pane.HTML("", css_classes=["of-size"], width=1040, visible=False)
        self._canvas = Canvas(self._chart(), 760, 400)
        self._said = pn.pane.HTML("", css_classes=["cut-said"], width=700)
        self._script = downloads.Script("cut")
        self._state.param.watch(self._moved, ["model", "p", "hot", "x", "t", "along", "n", "start"])
        self._moved()

    @property
    def panel(self) -> pn.Column:
        """Return the whole view."""
        along = pn.widgets.RadioButtonGroup.from_param(self._state.param.along, width=220)
        run = pn.widgets.Button(name="Simulate along the line", button_type="primary", css_classes=["run-cut"])
        run.on_click(self._run)
        stop = pn.widgets.Button(name="Stop", width=90)
        stop.on_click(lambda _: self._runner.stop())
        controls = [
            pn.widgets.IntInput.from_param(self._state.param.n, width=90),
            pn.widgets.IntInput.from_param(self._state.param.disorders, width=90),
            pn.widgets.Select.from_param(self._state.param.start, width=260),
            pn.widgets.IntInput.from_param(self._state.param.sweeps, width=100),
        ]
        return pn.Column(
            flowing(along, *controls),
            self._doubt,
            pn.Row(run, stop, self._said),
            pn.pane.Bokeh(self._canvas.figure),
            pn.Row(self._files.panel, self._script.button),
            self._script.panel,
        )

    @property
    def _along(self) -> Along:
        """The line through the point of the phase diagram."""
        state = self._state
        view = View.of(state.model, state.p, state.hot)
        return Along(view, state.x, state.t, state.along == "temperature", state.n)

    def _moved(self, *_: Any) -> None:
        """Show another line; what the theory says on it follows."""
        self._runner.stop()
        self._cut, self._lines = None, nothing()
        try:
            along, doubt = (
                self._along,
                words.of_size(Point(self._along.view, self._state.x, self._state.t), self._state.n),
            )
        except DensehopError as error:
            self._visitor.complain(str(error))
            return
        self._doubt.param.update(object=f"<p><b>Small N:</b> {doubt}</p>", visible=bool(doubt))
        self._script.text = script.of_cut(along)
        self._files.wait("... when the theory's lines are there")
        self._draw()
        self._canvas.figure.xaxis.axis_label = self._chart().x_label
        self._canvas.figure.yaxis.axis_label = self._chart().y_label
        self._visitor.hall.quick.ask(theory, along).add_done_callback(
            lambda done: self._visitor.later(lambda: self._arrived(done, along))
        )

    def _arrived(self, done: "Future[xr.Dataset]", along: Along) -> None:
        """Show the theory's lines, if the line is still the same."""
        if along != self._along:
            return
        if done.exception() is not None:
            self._visitor.complain(f"no theory along this line: {done.exception()}")
            return
        self._lines = done.result()
        self._files.go()
        self._draw()

    def _run(self, _: Any) -> None:
        """Simulate point after point."""
        state, requests, places, refused = self._state, [], [], ""
        for place in self._along.axis(COARSE):
            try:
                point = self._along.point(float(f"{place:.5g}"))
                requests.append(
                    Request(point, state.n, state.disorders, state.start, state.amount, state.seed, state.sweeps)
                )
                places.append(float(f"{place:.5g}"))
            except DensehopError as error:
                refused = str(error)
        self._visitor.complain(f"left out: {refused}" if refused else "")
        if requests:
            self._cut = Cut(requests, places)
            self._script.text = f"{script.of_cut(self._along)}\n# the first dot\n{script.of_simulation(requests[0])}"
            self._said.object = "simulating ..."
            self._runner.start(self._cut)

    def _ended(self, problem: str) -> None:
        self._visitor.later(self._draw)
        if problem:
            self._visitor.later(lambda: self._visitor.complain(problem))

    def _draw(self) -> None:
        """Show the lines and the dots there are."""
        self._canvas.show(self._chart())
        if self._cut is not None:
            self._said.object = f"<b>{len(self._cut.results)} points done</b>" + (", all" if self._cut.finished else "")

    def _chart(self) -> Chart:
        state, lines = self._state, self._lines
        place, winner, ordered = (lines[name].values for name in ("place", "winner", "state"))
        results = np.array(self._cut.results if self._cut is not None else []).reshape(-1, 3)
        return Chart(
            "temperature T" if state.along == "temperature" else self._along.view.axis_label,
            f"overlap at {self._fixed()}",
            (
                Line("theory: the likeliest state", place, winner),
                Line("theory: the ordered state, also where metastable", place, ordered, "black", "dashed", 1.0),
                Line("theory at N", lines["coarse"].values, lines["at_size"].values, GREY, "dashed", 1.2),
            ),
            (Dots("simulation", results[:, 0], results[:, 1], results[:, 2], BLUE),),
            x_range=(0.0, float(self._along.axis(2)[-1])),
            y_range=(-0.1, 1.05),
        )

    def _fixed(self) -> str:
        """Return what stays the same along the line."""
        if self._state.along == "temperature":
            return f"{'a' if self._state.model == 'finite_noise' else 'α'} = {self._state.x:.4g}"
        return f"T = {self._state.t:.4g}"

    def _data(self) -> xr.Dataset:
        """Return lines and dots."""
        results = np.array(self._cut.results if self._cut is not None else []).reshape(-1, 3)
        dots = {"simulated": ("dot", results[:, 1]), "simulated_error": ("dot", results[:, 2])}
        facts = {"along": self._state.along, "fixed": self._fixed(), "p": self._state.p, "model": self._state.model}
        return self._lines.assign(dots).assign_coords(dot=results[:, 0]).assign_attrs(facts)
