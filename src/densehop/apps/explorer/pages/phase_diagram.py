"""The page "phase diagram": click a point, read which branches exist there, simulate there."""

from concurrent.futures import Future
from typing import Any

import panel as pn
import xarray as xr

from densehop.apps.explorer.compute import description, python_code
from densehop.apps.explorer.compute.difficulty import Student, difficulty, has_difficulty, sentence
from densehop.apps.explorer.compute.phase_plane import (
    DEFAULT_TEACHER_TEMPERATURE,
    EXPONENTIAL,
    MODELS,
    SETTINGS,
    PhasePlane,
    allowed_p,
    diagram,
    phase_grid,
)
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.simulation import advised_size
from densehop.apps.explorer.pages.simulation_panel import SimulationPanel
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.downloads import CONTENT_STYLE, CodeBlock, DownloadButtons
from densehop.apps.explorer.widgets.layout import card, control_column, stack, wrapping_row
from densehop.apps.explorer.widgets.phase_diagram import PhaseDiagramFigure, colour_key
from densehop.errors import DensehopError
from densehop.plot.phase_diagrams import phase_diagram


class PhaseDiagramPage:
    """The page "phase diagram"."""

    def __init__(self, session: Session) -> None:
        self._session, self._state = session, session.state
        self._figure = PhaseDiagramFigure(lambda x, t: session.with_document(lambda: self._click(x, t)))
        self._description = pn.pane.HTML(
            "", css_classes=["about"], stylesheets=[CONTENT_STYLE], sizing_mode="stretch_width"
        )
        self._difficulty = pn.pane.HTML("", css_classes=["difficulty"], sizing_mode="stretch_width", visible=False)
        self._colours = pn.pane.HTML("", css_classes=["colours"], stylesheets=[CONTENT_STYLE])
        self._colours.sizing_mode = "stretch_width"
        self._code = CodeBlock("phase")
        self._simulation = SimulationPanel(session, self.point)
        self._dataset = xr.Dataset()
        self._files = DownloadButtons(
            "phase-diagram",
            png=lambda: export.figure_file(phase_diagram(self._dataset), "png"),
            svg=lambda: export.figure_file(phase_diagram(self._dataset), "svg"),
            nc=lambda: export.dataset_file(self._dataset),
        )
        state = self._state
        self._p_slider = pn.widgets.DiscreteSlider(name="p", options=list(allowed_p(state.model)), value=state.p)
        self._p_slider.param.watch(lambda event: state.param.update(p=event.new), "value")
        self._teacher_temperature = pn.widgets.FloatInput.from_param(state.param.teacher_t)
        self._asks = pn.pane.HTML("", css_classes=["model-asks"])
        self._settings = {name: pn.widgets.FloatInput.from_param(state.param[name]) for name in SETTINGS}
        self._update_controls()
        self._update_plane()
        state.param.watch(self._update_controls, ["model", "p"])
        state.param.watch(self._keep_point_in_window, ["model", "p"])
        state.param.watch(self._update_plane, ["model", "p", "teacher_t", *SETTINGS])
        state.param.watch(self._update_point, ["x", "t"])
        state.param.watch(self._ask_difficulty, ["n"])

    @property
    def plane(self) -> PhasePlane:
        """The plane that the controls name."""
        return self._state.plane

    def point(self) -> Point:
        """Return the point that was clicked."""
        return Point(self.plane, self._state.x, self._state.t)

    @property
    def controls(self) -> pn.Column:
        """Return what is chosen and started."""
        state = self._state
        model = pn.widgets.Select(
            name="model", options={label: name for name, label in MODELS.items()}, value=state.model
        )
        model.link(state, value="model", bidirectional=True)
        fields = {"x": "point-load", "t": "point-temperature"}
        return control_column(
            model,
            self._asks,
            self._p_slider,
            self._teacher_temperature,
            *self._settings.values(),
            pn.pane.HTML("<p><b>Click into the plane</b>, or type a point, then simulate it.</p>"),
            pn.Row(
                *(
                    pn.widgets.FloatInput.from_param(state.param[name], css_classes=[css], sizing_mode="stretch_width")
                    for name, css in fields.items()
                )
            ),
            self._simulation.controls,
        )

    @property
    def panel(self) -> pn.Column:
        """Return the plane, what is known of the point, and its simulation."""
        key = "".join(f"<dt>{symbol}</dt><dd>{meaning}</dd>" for symbol, meaning in description.SYMBOLS.items())
        symbols = pn.pane.HTML(
            f"<details><summary>What the symbols mean</summary><dl class='key'>{key}</dl></details>",
            stylesheets=[CONTENT_STYLE],
            sizing_mode="stretch_width",
        )
        plane = card(
            "Which state wins where",
            pn.pane.Bokeh(self._figure.figure, sizing_mode="stretch_width"),
            wrapping_row(self._files.panel, self._code.button),
            flexible=300,
        )
        beside = stack(
            card("", self._description, self._difficulty), card("What the colours mean", self._colours, symbols)
        )
        return pn.Column(
            wrapping_row(plane, beside), self._code.panel, self._simulation.panel, sizing_mode="stretch_width"
        )

    def _click(self, x: float, t: float) -> None:
        """Go to a point, within the window."""
        max_coordinate, max_temperature = self.plane.window
        min_temperature = 1e-3 * max_temperature
        self._state.param.update(
            x=float(f"{min(max(x, 0), max_coordinate):.5g}"),
            t=float(f"{min(max(t, min_temperature), max_temperature):.5g}"),
        )

    def _update_controls(self, *changes: Any) -> None:
        """Offer the values of p and of the teacher's temperature that the model can have."""
        state = self._state
        replaced = state.make_consistent()
        if changes:
            self._session.show_error("")
        if replaced and changes:
            self._session.show_error(f"this model cannot have {', '.join(replaced)}: see the controls for what it has")
        self._p_slider.param.update(options=list(allowed_p(state.model)), value=state.p)
        self._teacher_temperature.visible = state.model in DEFAULT_TEACHER_TEMPERATURE
        self._asks.object = f"<small>{description.MODEL_SENTENCES[state.model]}</small>"
        for name, field in self._settings.items():
            field.visible = name in EXPONENTIAL.get(state.model, ())
        self._p_slider.visible = state.model not in EXPONENTIAL

    def _keep_point_in_window(self, *_: Any) -> None:
        """Move a point that another model or p leaves outside of the map into it, and lower an N that is too large."""
        max_coordinate, max_temperature = self.plane.window
        state = self._state
        x = state.x if state.x <= max_coordinate else 0.75 * max_coordinate
        t = state.t if state.t <= max_temperature else 0.5 * max_temperature
        advised = advised_size(Point(self.plane, x, t), state.disorders)
        state.param.update(x=x, t=t, n=min(state.n, advised))

    def _update_plane(self, *changes: Any) -> None:
        """Show another plane; its phases and its boundaries follow as soon as they are computed."""
        try:
            plane = self.plane
        except DensehopError as error:
            self._session.show_error(str(error))
            return
        self._p_slider.value = self._state.p
        if changes and all(change.name not in {"model", "p"} for change in changes):
            self._session.show_error("")
        self._files.disable("... when its lines are traced")
        self._figure.show(plane, None)
        self._colours.object = "<p>computing ...</p>"
        pool = self._session.pool
        self._show_when_done(pool.fast.submit(phase_grid, plane), plane, with_boundaries=False)
        self._show_when_done(pool.slow.submit(diagram, plane), plane, with_boundaries=True)
        self._update_point()

    def _show_when_done(self, result: "Future[xr.Dataset]", plane: PhasePlane, *, with_boundaries: bool) -> None:
        """Show a result now if it is in the cache, else as soon as it is computed."""
        if result.done():
            self._show_result(result, plane, with_boundaries)
            return
        result.add_done_callback(
            lambda done: self._session.schedule(lambda: self._show_result(done, plane, with_boundaries))
        )

    def _show_result(self, result: "Future[xr.Dataset]", plane: PhasePlane, with_boundaries: bool) -> None:
        """Show phases, or the diagram with its boundaries, if the page still shows the same plane."""
        if plane != self.plane or (self._files.enabled and not with_boundaries):
            return
        if result.exception() is not None:
            failed = "traced" if with_boundaries else "computed"
            self._session.show_error(f"this diagram cannot be {failed}: {result.exception()}")
            return
        self._dataset = result.result()
        self._figure.show(plane, self._dataset)
        self._colours.object = colour_key(self._dataset)
        if with_boundaries:
            self._files.enable()

    def _update_point(self, *_: Any) -> None:
        """Describe the point that was clicked."""
        self._figure.mark(self._state.x, self._state.t)
        try:
            point = self.point()
            phase, ranked = point.phase_and_branches()
        except DensehopError as error:
            self._description.object = f"<p>{error}</p>"
            return
        table = description.branch_table(ranked, with_pattern=point.plane.has_teacher)
        self._description.object = description.hero(point, phase, ranked) + table
        self._code.text = python_code.of_point(point) + "\n# the whole diagram\n" + python_code.of_diagram(point.plane)
        self._ask_difficulty()

    def _ask_difficulty(self, *_: Any) -> None:
        """Have a worker say how hard it is to find the pattern here; that takes longer than a click may."""
        self._difficulty.visible = False
        try:
            student = Student(self.point(), self._state.n)
        except DensehopError:  # the page itself says what is wrong with the point
            return
        if has_difficulty(student.point):
            self._session.pool.fast.submit(difficulty, student).add_done_callback(
                lambda done: self._session.schedule(lambda: self._show_difficulty(done, student))
            )

    def _show_difficulty(self, result: "Future[xr.Dataset]", student: Student) -> None:
        """Show how hard it is, if the page is still at that point and size."""
        if (self._state.x, self._state.t, self._state.n) != (
            student.point.coordinate,
            student.point.temperature,
            student.n_spins,
        ) or student.point.plane != self.plane:
            return
        said = "" if result.exception() else sentence(student.n_spins, result.result())
        self._difficulty.param.update(object=said, visible=bool(said))
