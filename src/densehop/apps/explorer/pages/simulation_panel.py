"""The simulation below the phase diagram: overlap and energy arrive block by block beside the theory's lines."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute import description, python_code
from densehop.apps.explorer.compute.point import Levels, Point
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest
from densehop.apps.explorer.pages.simulation_controls import simulation_controls
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.canvas import Canvas
from densehop.apps.explorer.widgets.chart import Chart, Line, padded_range
from densehop.apps.explorer.widgets.downloads import CodeBlock, DownloadButtons
from densehop.apps.explorer.widgets.layout import card, control_column, shown, wrapping_row
from densehop.base.arrays import Floats
from densehop.errors import DensehopError
from densehop.plot.style import BLUE, GREY, ORANGE

MAX_SHOWN = 500  # sweeps in a chart; of longer runs only every second, third, ... sweep is drawn


class SimulationPanel:
    """Controls, charts and verdict of the simulation at the point that was clicked."""

    def __init__(self, session: Session, point: Callable[[], Point]) -> None:
        self._session, self._state, self._point = session, session.state, point
        self._runner = session.job_runner(self._draw, self._finish)
        self._simulation: Simulation | None = None
        self._theory = Levels()
        self._result = pn.pane.HTML("", css_classes=["verdict"], sizing_mode="stretch_width")
        self._size_warning = pn.pane.HTML("", css_classes=["of-size"], sizing_mode="stretch_width", visible=False)
        self._code = CodeBlock("simulation")
        self._canvases = [Canvas(chart) for chart in self._charts()]
        self._pause = pn.widgets.Button(name="Pause", css_classes=["pause"])
        self._pause.on_click(self._pause_or_resume)
        plane = ["model", "p", "teacher_t", "sharpness", "reliability"]
        self._state.param.watch(self._clear, [*plane, "x", "t", "n"])
        self._warn_of_size()

    @property
    def controls(self) -> pn.Column:
        """Return what is chosen and started."""
        run = pn.widgets.Button(name="Simulate here", button_type="primary", css_classes=["run"])
        run.on_click(self._run)
        stop = pn.widgets.Button(name="Stop", css_classes=["stop"])
        stop.on_click(lambda _: self._runner.stop())
        names = ("n", "disorders", "start", "amount", "sweeps", "seed")
        return control_column(run, pn.Row(self._pause, stop), simulation_controls(self._state, *names), margin=(0, 0))

    @property
    def panel(self) -> pn.Column:
        """Return charts and verdict."""
        files = DownloadButtons(
            "simulation",
            png=lambda: export.chart_file(self._canvases[0].chart, "png"),
            svg=lambda: export.chart_file(self._canvases[0].chart, "svg"),
            nc=lambda: export.dataset_file(self._data()),
        )
        return card(
            "A simulation of this point",
            self._size_warning,
            self._result,
            wrapping_row(*(shown(canvas) for canvas in self._canvases)),
            wrapping_row(files.panel, self._code.button),
            self._code.panel,
        )

    def _clear(self, *_: Any) -> None:
        """Take away what belongs to another point or another size."""
        self._runner.stop()
        self._simulation, self._theory = None, Levels()
        self._result.object = ""
        self._draw()
        self._warn_of_size()

    def _warn_of_size(self) -> None:
        """Say beforehand where a simulation of this size cannot agree with the theory."""
        try:
            warning = description.small_size_warning(self._point(), self._state.n)
        except DensehopError:  # the page itself says what is wrong with the point
            warning = ""
        self._size_warning.param.update(object=f"<p><b>Small N:</b> {warning}</p>", visible=bool(warning))

    def _run(self, _: Any) -> None:
        """Start a simulation at the point that was clicked."""
        state = self._state
        try:
            point = self._point()
            request = SimulationRequest(
                point, state.n, state.disorders, state.start, state.amount, state.seed, state.sweeps
            )
            theory = point.levels(state.n)
        except DensehopError as error:
            self._clear()
            self._session.show_error(str(error))
            return
        self._session.show_error("")
        self._simulation, self._theory = Simulation(request), theory
        self._code.text = python_code.of_simulation(request)
        self._result.object = f"drawing {request.n_examples:,} examples for each of {state.disorders} disorders ..."
        self._pause.name = "Pause"
        self._draw()
        self._runner.start(self._simulation)

    def _pause_or_resume(self, _: Any) -> None:
        """Pause a simulation that runs, or resume one that is paused."""
        if self._runner.running:
            pausing = self._pause.name == "Pause"
            (self._runner.pause if pausing else self._runner.resume)()
            self._pause.name = "Go on" if pausing else "Pause"

    def _finish(self) -> None:
        """Draw the end, with Python code that runs as many sweeps as were done."""
        self._draw()
        simulation = self._simulation
        if simulation is not None and simulation.n_sweeps and not self._runner.running:
            self._code.text = python_code.of_simulation(simulation.request, simulation.n_sweeps)

    def _draw(self) -> None:
        """Show the sweeps done so far."""
        for canvas, chart in zip(self._canvases, self._charts(), strict=True):
            canvas.show(chart)
        simulation = self._simulation
        if simulation is None or not simulation.n_sweeps:
            return
        self._result.object = description.result(simulation, self._theory)

    def _charts(self) -> tuple[Chart, Chart]:
        """Return the charts of overlap and energy; their layout is the same before and after a simulation begins."""
        simulation = self._simulation
        overlaps, energies = (np.empty((0, 1, 0)),) * 2
        n_sweeps = self._state.sweeps
        if simulation is not None:
            overlaps, energies, n_sweeps = simulation.overlap, simulation.energy, simulation.request.n_sweeps
        window = (0.0, float(n_sweeps))
        theory = self._theory
        return (
            Chart(
                "sweeps",
                "overlap with the pattern",
                (*_traces(overlaps), *_levels(theory.overlap, theory.overlap_at_size, n_sweeps)),
                x_range=window,
                y_range=(-0.25, 1.05),
            ),
            Chart(
                "sweeps",
                "energy per spin",
                (*_traces(energies), *_levels(theory.energy, theory.energy_at_size, n_sweeps)),
                x_range=window,
                y_range=padded_range(energies, np.array([theory.energy, theory.energy_at_size])),
            ),
        )

    def _data(self) -> xr.Dataset:
        """Return the traces as a dataset."""
        simulation = self._simulation
        if simulation is None:
            return xr.Dataset()
        dims, request = ("disorder", "chain", "sweep"), simulation.request
        attributes = {
            "problem": python_code.problem_expression(request.point),
            "n_spins": request.n_spins,
            "n_examples": request.n_examples,
            "seed": request.seed,
            "start": request.start,
        }
        return xr.Dataset(
            {"overlap": (dims, simulation.overlap), "energy": (dims, simulation.energy)}, attrs=attributes
        )


def _traces(series: Floats) -> tuple[Line, Line, Line]:
    """Return the highest and lowest disorder and the mean of all chains, from (disorder, chain, sweep)."""
    disorders = series.mean(axis=1)
    step = max(1, math.ceil(disorders.shape[1] / MAX_SHOWN)) if disorders.size else 1
    sweeps, disorders = np.arange(1, disorders.shape[1] + 1)[::step], disorders[:, ::step]
    mean, high, low = (sweeps, sweeps, sweeps)
    if disorders.size:
        mean, high, low = disorders.mean(0), disorders.max(0), disorders.min(0)
    return (
        Line("range of disorders", sweeps, high, ORANGE, "dotted", 1.0),
        Line("", sweeps, low, ORANGE, "dotted", 1.0),
        Line("mean", sweeps, mean, BLUE),
    )


def _levels(infinite: float, at_size: float, n_sweeps: int) -> tuple[Line, Line]:
    """Return horizontal lines at the theory's values for infinite N and for this N."""
    ends = np.array([0.0, float(n_sweeps)])
    return (
        Line("theory, N → ∞", ends, np.full(2, infinite), "black", "dashed", 1.4),
        Line("theory at N", ends, np.full(2, at_size), GREY, "dashed", 1.4),
    )
