"""The page "cut": the overlap along T or load, with dots that appear as simulations finish."""

from concurrent.futures import Future
from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute import description, python_code
from densehop.apps.explorer.compute.cut import CutLine, CutSimulation, agreement, empty_theory, theory_along
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.simulation import SimulationRequest
from densehop.apps.explorer.pages.simulation_controls import simulation_controls
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.canvas import Canvas
from densehop.apps.explorer.widgets.chart import Chart, Dots, Line
from densehop.apps.explorer.widgets.downloads import CodeBlock, DownloadButtons
from densehop.apps.explorer.widgets.layout import card, control_column, shown, wrapping_row
from densehop.base.arrays import Floats
from densehop.errors import DensehopError
from densehop.plot.style import BLUE, GREY


class CutPage:
    """The page "cut", along a line through the point of the phase diagram."""

    def __init__(self, session: Session) -> None:
        self._session, self._state = session, session.state
        self._runner = session.job_runner(self._draw_new, self._draw)
        self._simulation: CutSimulation | None = None
        self._drawn = 0  # simulated points that are on the chart
        self._theory = empty_theory()
        self._files = DownloadButtons(
            "cut",
            png=lambda: export.chart_file(self._canvas.chart, "png"),
            svg=lambda: export.chart_file(self._canvas.chart, "svg"),
            nc=lambda: export.dataset_file(self._data()),
        )
        self._size_warning = pn.pane.HTML("", css_classes=["of-size"], sizing_mode="stretch_width", visible=False)
        self._canvas = Canvas(self._chart(), 760, 400)
        self._status = pn.pane.HTML("", css_classes=["cut-said"], sizing_mode="stretch_width")
        self._code = CodeBlock("cut")
        watched = ["model", "p", "teacher_t", "sharpness", "reliability", "x", "t", "along", "n", "start"]
        self._state.param.watch(self._update_line, watched)
        self._update_line()

    @property
    def controls(self) -> pn.Column:
        """Return what is chosen and started."""
        run = pn.widgets.Button(name="Simulate along the line", button_type="primary", css_classes=["run-cut"])
        run.on_click(self._run)
        stop = pn.widgets.Button(name="Stop")
        stop.on_click(lambda _: self._runner.stop())
        return control_column(
            pn.pane.HTML(
                "<p>The overlap along a line through the point of the phase diagram. Solid: the likeliest state. "
                "Dashed: the state at the memory or pattern, where the simulations start.</p>"
            ),
            pn.widgets.RadioButtonGroup.from_param(self._state.param.along, name="along"),
            simulation_controls(self._state, "n", "disorders", "start", "sweeps"),
            pn.Row(run, stop),
        )

    @property
    def panel(self) -> pn.Column:
        """Return the chart and what is said about it."""
        return card(
            "The overlap along a line",
            self._size_warning,
            self._status,
            shown(self._canvas, 900),
            wrapping_row(self._files.panel, self._code.button),
            self._code.panel,
        )

    @property
    def _line(self) -> CutLine:
        """The line through the point of the phase diagram."""
        state = self._state
        return CutLine(state.plane, state.x, state.t, state.along == "temperature", state.n)

    def _update_line(self, *_: Any) -> None:
        """Show another line; the theory along it follows as soon as it is computed."""
        self._runner.stop()
        self._simulation, self._theory = None, empty_theory()
        try:
            line = self._line
            point = Point(line.plane, self._state.x, self._state.t)
            warning = description.small_size_warning(point, self._state.n)
        except DensehopError as error:
            self._session.show_error(str(error))
            return
        self._size_warning.param.update(object=f"<p><b>Small N:</b> {warning}</p>", visible=bool(warning))
        self._code.text = python_code.of_cut(line)
        self._files.disable("... when the theory's lines are there")
        self._draw()
        self._canvas.figure.xaxis.axis_label = self._chart().x_label
        self._canvas.figure.yaxis.axis_label = self._chart().y_label
        self._session.pool.fast.submit(theory_along, line).add_done_callback(
            lambda done: self._session.schedule(lambda: self._show_theory(done, line))
        )

    def _show_theory(self, result: "Future[xr.Dataset]", line: CutLine) -> None:
        """Show the theory, if the page still shows the same line."""
        if line != self._line:
            return
        if result.exception() is not None:
            self._session.show_error(f"no theory along this line: {result.exception()}")
            return
        self._theory = result.result()
        self._files.enable()
        self._draw()

    def _run(self, _: Any) -> None:
        """Simulate at positions along the line, one after the other."""
        state, line = self._state, self._line
        requests, positions, refused = [], [], ""
        for position in line.simulated_positions():
            try:
                point = line.point_at(position)
                request = SimulationRequest(
                    point, state.n, state.disorders, state.start, state.amount, state.seed, state.sweeps
                )
            except DensehopError as error:
                refused = str(error)
                continue
            requests.append(request)
            positions.append(position)
        self._session.show_error(f"left out: {refused}" if refused else "")
        if requests:
            self._simulation, self._drawn = CutSimulation(requests, positions), 0
            first = python_code.of_simulation(requests[0])
            self._code.text = f"{python_code.of_cut(line)}\n# the first dot\n{first}"
            self._draw()  # without the dots of the one before
            self._runner.start(self._simulation)

    def _draw_new(self) -> None:
        """Draw after a step of the simulation if that has ended another point."""
        if self._simulation is not None and len(self._simulation.results) > self._drawn:
            self._draw()

    def _draw(self) -> None:
        """Show the theory and the simulations that are done, and how many of them agree."""
        self._canvas.show(self._chart())
        if self._simulation is not None:
            results = self._results()
            self._drawn = len(results)
            done = f"<b>{len(results)} points done</b>{', all' if self._simulation.finished else ''}"
            if len(results) and self._files.enabled:  # the theory is there
                done += f": {agreement(self._theory, results, self._state.n)}"
            self._status.object = done

    def _results(self) -> Floats:
        """Return (position, mean, error) of each simulation that is done: (n, 3)."""
        return np.array([] if self._simulation is None else self._simulation.results).reshape(-1, 3)

    def _chart(self) -> Chart:
        """Return the overlap along the cut: theory as lines, simulations as dots."""
        theory = {name: values.values for name, values in self._theory.variables.items()}
        position, coarse_position = theory["position"], theory["coarse_position"]
        simulated = self._results()
        return Chart(
            "temperature T" if self._state.along == "temperature" else self._line.plane.axis_label,
            f"overlap at {self._fixed_variable()}",
            (
                Line("theory: likeliest state", position, theory["winner"]),
                Line(
                    "theory: ordered state",
                    position,
                    theory["ordered"],
                    "black",
                    "dashed",
                    1.0,
                ),
                Line("theory at N", coarse_position, theory["finite_size"], GREY, "dashed", 1.2),
            ),
            (Dots("simulation", simulated[:, 0], simulated[:, 1], simulated[:, 2], BLUE),),
            x_range=(0.0, 1.02 * float(self._line.positions(2)[-1])),
            y_range=(-0.1, 1.05),
        )

    def _fixed_variable(self) -> str:
        """Return what stays constant along the line, and its value."""
        if self._state.along == "temperature":
            return f"{self._line.plane.coordinate_symbol} = {self._state.x:.4g}"
        return f"T = {self._state.t:.4g}"

    def _data(self) -> xr.Dataset:
        """Return theory and simulations as a dataset."""
        simulated = self._results()
        dots = {"simulated": ("dot", simulated[:, 1]), "simulated_error": ("dot", simulated[:, 2])}
        attributes = {
            "along": self._state.along,
            "fixed": self._fixed_variable(),
            "p": self._state.p,
            "model": self._state.model,
        }
        return self._theory.assign(dots).assign_coords(dot=simulated[:, 0]).assign_attrs(attributes)
