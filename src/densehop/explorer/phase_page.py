"""The phase diagram: click a point, read its branches, simulate there."""

import math
from concurrent.futures import Future
from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.errors import DensehopError
from densehop.explorer import charts, downloads, script, words
from densehop.explorer.charts import Canvas, Chart, Line
from densehop.explorer.diagram_figure import DiagramFigure
from densehop.explorer.downloads import flowing
from densehop.explorer.live import Request, Simulation
from densehop.explorer.places import MODELS, TEACHERS, Point, View, bodies
from densehop.explorer.runner import Runner
from densehop.explorer.visitor import Eye, Visitor
from densehop.plot import BLUE, GREY, ORANGE
from densehop.plot_phases import phase_diagram as on_paper

ORDERED = 2.0  # temperature below which a two-body teacher is
MOST_SHOWN = 500  # sweeps in a chart; longer runs are thinned


class PhasePage:
    """The view "phase"."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self._state = visitor, visitor.state
        self._plot = DiagramFigure(lambda x, t: visitor.now(lambda: self._click(x, t)))
        self._about = pn.pane.HTML("", css_classes=["about"], stylesheets=[downloads.CONTENT_STYLE], width=560)
        self._script = downloads.Script("phase")
        self._live = LivePanel(visitor, self.point)
        self._dataset: xr.Dataset | None = None
        state = self._state
        self._bodies = pn.widgets.DiscreteSlider(name="p", options=list(bodies(state.model)), value=state.p, width=250)
        self._bodies.param.watch(lambda event: state.param.update(p=event.new), "value")
        self._hot = pn.widgets.FloatInput.from_param(state.param.hot, width=250)
        self._new_model()
        self._new_view()
        state.param.watch(self._new_model, "model")
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
        files = downloads.buttons(
            "phase-diagram",
            png=lambda: self._on_paper("png"),
            svg=lambda: self._on_paper("svg"),
            nc=lambda: downloads.netcdf(self._whole()),
        )
        left = pn.Column(pn.Row(model, self._bodies), self._hot, pn.pane.Bokeh(self._plot.figure), files)
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
        if state.model == "finite_noise" and state.hot <= ORDERED:
            state.hot = TEACHERS[state.model]
        allowed = list(bodies(state.model))
        if state.p not in allowed:
            state.p = allowed[0]
        self._bodies.param.update(options=allowed, value=state.p)
        self._hot.visible = state.model in {"fixed_teacher", "finite_noise"}

    def _new_view(self, *changes: Any) -> None:
        """Show another plane; its lines follow when they are traced."""
        try:
            view, self._dataset = self.view, self._visitor.hall.diagram(self.view)
        except DensehopError as error:
            self._visitor.complain(str(error))
            return
        self._bodies.value = self._state.p
        if changes:
            self._visitor.complain("")
        self._plot.show(view, self._dataset)
        self._visitor.hall.traced(view).add_done_callback(
            lambda done: self._visitor.later(lambda: self._traced(view, done))
        )
        self._new_point()

    def _traced(self, view: View, done: "Future[xr.Dataset]") -> None:
        """Show the lines, if the view is still the same."""
        if view == self.view and not done.cancelled():
            if done.exception() is not None:
                self._visitor.complain(f"lines cannot be traced here: {done.exception()}")
                return
            self._dataset = done.result()
            self._plot.show(view, self._dataset)

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

    def _whole(self) -> xr.Dataset:
        """Return the diagram with its lines, waiting for them."""
        return self._visitor.hall.traced(self.view).result()

    def _on_paper(self, suffix: str) -> bytes:
        return charts.encoded(on_paper(self._whole()), suffix)


class LivePanel:
    """Simulate at a point: overlap and energy stream in beside the theory's lines."""

    def __init__(self, visitor: Visitor, point: Any) -> None:
        self._visitor, self._state, self._point = visitor, visitor.state, point
        self._runner = Runner(visitor.hall.seats, Eye(visitor, self._draw), self._ended)
        visitor.when_closed(self._runner.stop)
        self._simulation: Simulation | None = None
        self._lines: tuple[float, float, float] = (math.nan, math.nan, math.nan)
        self._said = pn.pane.HTML("", css_classes=["verdict"], width=900)
        self._script = downloads.Script("simulation")
        self._charts = [Canvas(chart) for chart in self._drawn()]
        self._pause = pn.widgets.Button(name="Pause", width=90, css_classes=["pause"])
        self._pause.on_click(self._toggle)

    @property
    def panel(self) -> pn.Column:
        """Return controls and charts."""
        run = pn.widgets.Button(name="Simulate here", button_type="primary", width=130, css_classes=["run"])
        run.on_click(self._run)
        stop = pn.widgets.Button(name="Stop", width=90, css_classes=["stop"])
        stop.on_click(lambda _: self._runner.stop())
        controls = [
            pn.widgets.IntInput.from_param(self._state.param.n, width=90),
            pn.widgets.IntInput.from_param(self._state.param.disorders, width=90),
            pn.widgets.Select.from_param(self._state.param.start, width=260),
            pn.widgets.FloatInput.from_param(self._state.param.amount, width=210),
            pn.widgets.IntInput.from_param(self._state.param.sweeps, width=100),
            pn.widgets.IntInput.from_param(self._state.param.seed, width=100),
        ]
        files = downloads.buttons(
            "simulation",
            png=lambda: charts.on_paper(self._charts[0].chart, "png"),
            svg=lambda: charts.on_paper(self._charts[0].chart, "svg"),
            nc=lambda: downloads.netcdf(self._data()),
        )
        return pn.Column(
            flowing(*controls),
            pn.Row(run, self._pause, stop, self._said),
            flowing(*(pn.pane.Bokeh(canvas.figure) for canvas in self._charts)),
            pn.Row(files, self._script.button),
            self._script.panel,
        )

    def _run(self, _: Any) -> None:
        """Start at the point that was clicked."""
        state = self._state
        try:
            point = self._point()
            request = Request(point, state.n, state.disorders, state.start, state.amount, state.seed, state.sweeps)
        except DensehopError as error:
            self._visitor.complain(str(error))
            return
        self._visitor.complain("")
        self._simulation = Simulation(request)
        self._lines = (*point.expected(), point.expected_at(state.n))
        self._script.text = script.of_simulation(request)
        self._said.object = f"drawing {request.n_examples:,} examples for each of {state.disorders} disorders ..."
        self._pause.name = "Pause"
        self._draw()
        self._runner.start(self._simulation)

    def _toggle(self, _: Any) -> None:
        """Pause or go on."""
        if self._runner.running:
            paused = self._pause.name == "Pause"
            (self._runner.pause if paused else self._runner.resume)()
            self._pause.name = "Go on" if paused else "Pause"

    def _ended(self, problem: str) -> None:
        """Draw the end, and say what went wrong."""
        self._visitor.later(self._finish)
        if problem:
            self._visitor.later(lambda: self._visitor.complain(problem))

    def _finish(self) -> None:
        """Show all, with lines of Python that go as far."""
        self._draw()
        simulation = self._simulation
        if simulation is not None and simulation.n_sweeps and not self._runner.running:
            self._script.text = script.of_simulation(simulation.request, simulation.n_sweeps)

    def _draw(self) -> None:
        """Show what there is."""
        for canvas, chart in zip(self._charts, self._drawn(), strict=True):
            canvas.show(chart)
        simulation = self._simulation
        if simulation is None or not simulation.n_sweeps:
            return
        mean, error = simulation.mean()
        verdict = simulation.verdict()
        judged = verdict.reason if verdict is not None else "too short to judge"
        self._said.object = (
            f"<b>{simulation.n_sweeps} sweeps</b>: overlap {mean:.4f} ± {error:.4f} (theory "
            f"{words.number(self._lines[0])}, at this N {words.number(self._lines[2])}); {judged}"
        )

    def _drawn(self) -> tuple[Chart, Chart]:
        """Return both charts, with the same lines whether there is anything to show or not."""
        simulation = self._simulation
        overlap, energy = (np.empty((0, 1, 0)),) * 2 if simulation is None else (simulation.overlap, simulation.energy)
        if simulation is not None and simulation.request.point.view.p % 2 == 0:
            overlap = np.abs(overlap)
        length = simulation.request.n_sweeps if simulation is not None else self._state.sweeps
        window = (0.0, float(length))
        q_star, u, at_size = self._lines
        return (
            Chart(
                "sweeps",
                "overlap with the pattern",
                (*_traces(overlap), _level("theory", q_star, length), _level("theory at N", at_size, length, GREY)),
                x_range=window,
                y_range=(-0.25, 1.05),
            ),
            Chart(
                "sweeps",
                "energy per spin",
                (*_traces(energy), _level("theory", u, length)),
                x_range=window,
                y_range=charts.around(energy, np.array([u])),
            ),
        )

    def _data(self) -> xr.Dataset:
        """Return the traces as a dataset."""
        simulation = self._simulation
        if simulation is None:
            return xr.Dataset()
        dims, request = ("disorder", "chain", "sweep"), simulation.request
        facts = {
            "n_spins": request.n_spins,
            "n_examples": request.n_examples,
            "seed": request.seed,
            "start": request.start,
        }
        return xr.Dataset(
            {"overlap": (dims, simulation.overlap), "energy": (dims, simulation.energy)},
            attrs={"problem": script.problem(request.point), **facts},
        )


def _traces(series: Any) -> tuple[Line, Line, Line]:
    """Return the mean of all chains, and the highest and lowest disorder, from (disorder, chain, sweep)."""
    each = series.mean(axis=1)
    step = max(1, math.ceil(each.shape[1] / MOST_SHOWN)) if each.size else 1
    x, each = np.arange(1, each.shape[1] + 1)[::step], each[:, ::step]
    mean, high, low = (each.mean(0), each.max(0), each.min(0)) if each.size else (x, x, x)
    return (
        Line("highest and lowest disorder", x, high, ORANGE, "dotted", 1.0),
        Line("", x, low, ORANGE, "dotted", 1.0),
        Line("mean of all chains", x, mean, BLUE),
    )


def _level(label: str, value: float, length: int, colour: str = "black") -> Line:
    """Return a horizontal line."""
    return Line(label, np.array([0.0, float(length)]), np.full(2, value), colour, "dashed", 1.4)
