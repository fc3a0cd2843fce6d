"""Simulate at a point: overlap and energy stream in beside the theory's lines."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute import description as words
from densehop.apps.explorer.compute import python_code as script
from densehop.apps.explorer.compute.phase_plane import Point
from densehop.apps.explorer.compute.simulation import Request, Simulation
from densehop.apps.explorer.sessions.session import Eye, Visitor
from densehop.apps.explorer.widgets import charts, downloads
from densehop.apps.explorer.widgets.charts import Canvas, Chart, Line
from densehop.apps.explorer.widgets.downloads import flowing
from densehop.apps.explorer.workers.job_runner import Runner
from densehop.errors import DensehopError
from densehop.plot.style import BLUE, GREY, ORANGE

MOST_SHOWN = 500  # sweeps in a chart; longer runs are thinned


class LivePanel:
    """Controls, charts and verdict of the simulation at the point that was clicked."""

    def __init__(self, visitor: Visitor, point: Callable[[], Point]) -> None:
        self._visitor, self._state, self._point = visitor, visitor.state, point
        self._runner = Runner(visitor.hall.seats, Eye(visitor, self._draw), self._ended)
        visitor.when_closed(self._runner.stop)
        self._simulation: Simulation | None = None
        self._lines: tuple[float, float, float] = (math.nan, math.nan, math.nan)
        self._said = pn.pane.HTML("", css_classes=["verdict"], width=660)
        self._doubt = pn.pane.HTML("", css_classes=["of-size"], width=1040, visible=False)
        self._script = downloads.Script("simulation")
        self._charts = [Canvas(chart) for chart in self._drawn()]
        self._pause = pn.widgets.Button(name="Pause", width=90, css_classes=["pause"])
        self._pause.on_click(self._toggle)
        self._state.param.watch(self._warn, ["model", "p", "hot", "x", "t", "n"])
        self._warn()

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
        files = downloads.Buttons(
            "simulation",
            png=lambda: charts.on_paper(self._charts[0].chart, "png"),
            svg=lambda: charts.on_paper(self._charts[0].chart, "svg"),
            nc=lambda: downloads.netcdf(self._data()),
        )
        return pn.Column(
            flowing(*controls),
            self._doubt,
            pn.Row(run, self._pause, stop, self._said),
            flowing(*(pn.pane.Bokeh(canvas.figure) for canvas in self._charts)),
            pn.Row(files.panel, self._script.button),
            self._script.panel,
        )

    def _warn(self, *_: Any) -> None:
        """Say beforehand where a simulation of this size cannot meet the theory."""
        try:
            said = words.of_size(self._point(), self._state.n)
        except DensehopError:  # the page says what is wrong with the point
            said = ""
        self._doubt.param.update(object=f"<p><b>Small N:</b> {said}</p>", visible=bool(said))

    def _run(self, _: Any) -> None:
        """Start at the point that was clicked."""
        state = self._state
        try:
            point = self._point()
            request = Request(point, state.n, state.disorders, state.start, state.amount, state.seed, state.sweeps)
            lines = (*point.expected(), point.expected_at(state.n))
        except DensehopError as error:
            self._visitor.complain(str(error))
            return
        self._visitor.complain("")
        self._simulation = Simulation(request)
        self._lines = lines
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
        at_size = f", at this N {words.number(self._lines[2])}" if math.isfinite(self._lines[2]) else ""
        judged = verdict.reason if verdict is not None else "too short to judge"
        self._said.object = (
            f"<b>{simulation.n_sweeps} sweeps</b>: overlap {mean:.4f} ± {error:.4f} (theory "
            f"{words.number(self._lines[0])}{at_size}); {judged}"
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
