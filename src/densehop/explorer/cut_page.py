"""A cut through the phase diagram: overlap against T or load, dots appear as simulations finish."""

import warnings
from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.errors import DensehopError
from densehop.explorer import charts, downloads, script
from densehop.explorer.charts import Canvas, Chart, Dots, Line
from densehop.explorer.downloads import flowing
from densehop.explorer.live import Cut, Request
from densehop.explorer.places import Point, View
from densehop.explorer.runner import Runner
from densehop.explorer.visitor import Eye, Visitor
from densehop.plot import BLUE, GREY
from densehop.theory.diagrams import phase_diagram

FINE, COARSE = 161, 12  # points of the lines, and of the simulation
COLD = 0.05  # of the window: where the line along T begins


class CutPage:
    """The view "cut", through the point of the phase diagram."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self._state = visitor, visitor.state
        self._runner = Runner(visitor.hall.seats, Eye(visitor, self._draw), self._ended)
        visitor.when_closed(self._runner.stop)
        self._cut: Cut | None = None
        self._lines = self._theory()
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
        files = downloads.buttons(
            "cut",
            png=lambda: charts.on_paper(self._canvas.chart, "png"),
            svg=lambda: charts.on_paper(self._canvas.chart, "svg"),
            nc=lambda: downloads.netcdf(self._data()),
        )
        return pn.Column(
            flowing(along, *controls),
            pn.Row(run, stop, self._said),
            pn.pane.Bokeh(self._canvas.figure),
            pn.Row(files, self._script.button),
            self._script.panel,
        )

    @property
    def _view(self) -> View:
        return View.of(self._state.model, self._state.p, self._state.hot)

    def _axis(self, points: int) -> tuple[np.ndarray[Any, Any], bool]:
        """Return places along the line, and whether they are temperatures."""
        right, top = self._view.window
        if self._state.along == "temperature":
            return np.linspace(COLD * top, top, points), True
        return np.linspace(COLD * right, right, points), False

    def _theory(self) -> xr.Dataset:
        """Return the overlap along the line: of the winner, and of the ordered state where there is one."""
        axis, by_temperature = self._axis(FINE if self._state.p > 2 else 41)
        x, t = (np.array([self._state.x]), axis) if by_temperature else (axis, np.array([self._state.t]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found = phase_diagram(
                self._state.p,
                self._state.model,
                x,
                t,
                teacher_temperature=self._view.teacher_temperature,
                boundaries=False,
            )
        name = "m" if self._state.model == "direct" else "q_star"
        other = "retrieval_overlap" if self._state.model == "direct" else "inference_overlap"
        along = {"place": axis, "winner": found[name].values.ravel(), "state": found[other].values.ravel()}
        line = xr.Dataset({key: ("place", value) for key, value in along.items() if key != "place"}, {"place": axis})
        coarse = self._axis(FINE)[0][::4]
        line["at_size"] = "coarse", [self._point(place).expected_at(self._state.n) for place in coarse]
        return line.assign_coords(coarse=coarse)

    def _point(self, place: float) -> Point:
        if self._state.along == "temperature":
            return Point(self._view, self._state.x, float(place))
        return Point(self._view, float(place), self._state.t)

    def _moved(self, *_: Any) -> None:
        """Show another line."""
        self._runner.stop()
        self._cut = None
        try:
            self._lines = self._theory()
        except DensehopError as error:
            self._visitor.complain(str(error))
            return
        self._script.text = self._lines_of_python()
        self._draw()
        self._canvas.figure.xaxis.axis_label = self._chart().x_label

    def _run(self, _: Any) -> None:
        """Simulate point after point."""
        state, requests, places, refused = self._state, [], [], ""
        for place in self._axis(COARSE)[0]:
            try:
                point = self._point(float(f"{place:.5g}"))
                requests.append(
                    Request(point, state.n, state.disorders, state.start, state.amount, state.seed, state.sweeps)
                )
                places.append(float(f"{place:.5g}"))
            except DensehopError as error:
                refused = str(error)
        self._visitor.complain(f"left out: {refused}" if refused else "")
        if requests:
            self._cut = Cut(requests, places)
            self._script.text = f"{self._lines_of_python()}\n# the first dot\n{script.of_simulation(requests[0])}"
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
        fixed = f"{self._fixed()}"
        return Chart(
            "temperature T" if state.along == "temperature" else self._view.axis_label,
            f"overlap at {fixed}",
            (
                Line("theory: the likeliest state", place, winner),
                Line("theory: the ordered state, also where metastable", place, ordered, "black", "dashed", 1.0),
                Line("theory at N", lines["coarse"].values, lines["at_size"].values, GREY, "dashed", 1.2),
            ),
            (Dots("simulation", results[:, 0], results[:, 1], results[:, 2], BLUE),),
            x_range=(0.0, float(place[-1])),
            y_range=(-0.1, 1.05),
        )

    def _fixed(self) -> str:
        """Return what stays the same along the line."""
        if self._state.along == "temperature":
            return f"{'a' if self._state.model == 'finite_noise' else 'α'} = {self._state.x:.4g}"
        return f"T = {self._state.t:.4g}"

    def _lines_of_python(self) -> str:
        """Return lines that print the theory along the line."""
        axis, by_temperature = self._axis(FINE if self._state.p > 2 else 41)
        even = f"np.linspace({float(axis[0])!r}, {float(axis[-1])!r}, {len(axis)})"
        x, t = (f"[{self._state.x!r}]", even) if by_temperature else (even, f"[{self._state.t!r}]")
        hot = self._view.teacher_temperature
        settings = "" if hot is None else f", teacher_temperature={hot!r}"
        name = "m" if self._state.model == "direct" else "q_star"
        return (
            "import numpy as np\nimport densehop as dh\n\n"
            f'cut = dh.phase_diagram({self._state.p}, "{self._state.model}", {x}, {t}{settings}, boundaries=False)\n'
            f'print(cut["{name}"].values.ravel())\n'
        )

    def _data(self) -> xr.Dataset:
        """Return lines and dots."""
        results = np.array(self._cut.results if self._cut is not None else []).reshape(-1, 3)
        dots = {"simulated": ("dot", results[:, 1]), "simulated_error": ("dot", results[:, 2])}
        facts = {"along": self._state.along, "fixed": self._fixed(), "p": self._state.p, "model": self._state.model}
        return self._lines.assign(dots).assign_coords(dot=results[:, 0]).assign_attrs(facts)
