"""The page "attack": the size of an attack against the boundary eps*, and the pattern recovering or being captured."""

from typing import Any

import numpy as np
import panel as pn
import xarray as xr
from bokeh.events import Tap

from densehop.apps.explorer.compute.attack import (
    N_SPINS,
    SCALE,
    TEACHER_TEMPERATURE,
    Attack,
    AttackSimulation,
    P,
    python_code,
)
from densehop.apps.explorer.compute.restoration import SIDE
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.canvas import Canvas
from densehop.apps.explorer.widgets.chart import Chart, Dots, Line
from densehop.apps.explorer.widgets.downloads import CodeBlock, DownloadButtons, wrapping_row
from densehop.apps.explorer.widgets.spin_image import SpinImage
from densehop.base.arrays import Floats
from densehop.errors import DensehopError
from densehop.plot.style import BLUE, GREEN, ORANGE
from densehop.theory.questions.robustness import adversarial_boundary, scaled_signal

MIN_LOAD, MAX_LOAD = 0.05, 2.0  # scaled loads a


class AttackPage:
    """The page "attack"."""

    def __init__(self, session: Session) -> None:
        self._session, self._state = session, session.state
        self._runner = session.job_runner(self._draw, self._finish)
        self._simulation: AttackSimulation | None = None
        self._results: list[tuple[float, float, bool]] = []  # load, eps, whether the pattern was recovered
        loads = np.linspace(0.02, MAX_LOAD, 100)
        eta = scaled_signal(P, TEACHER_TEMPERATURE)
        self._curve = loads, np.array([adversarial_boundary(P, eta * a) for a in loads])
        self._boundary = Canvas(self._boundary_chart(), 430, 320)
        self._boundary.figure.on_event(Tap, lambda event: session.with_document(lambda: self._click(event.x, event.y)))
        self._trace = Canvas(self._trace_chart(), 430, 320)
        side = SCALE * SIDE
        self._images = [SpinImage(side, name, width=190) for name in ("pattern ξ*", "attacked", "now")]
        self._status = pn.pane.HTML("", css_classes=["attacked"], width=700)
        self._code = CodeBlock("attack")
        self._state.param.watch(self._update_attack, ["attack_load", "eps", "digit", "seed"])
        self._update_attack()

    @property
    def panel(self) -> pn.Column:
        """Return the whole page."""
        state = self._state
        run = pn.widgets.Button(name="Attack", button_type="primary", width=110, css_classes=["run-attack"])
        run.on_click(self._run)
        files = DownloadButtons(
            "attack",
            png=lambda: export.chart_file(self._boundary.chart, "png"),
            svg=lambda: export.chart_file(self._boundary.chart, "svg"),
            nc=lambda: export.dataset_file(self._data()),
        )
        about = (
            "p = 4, a two-body teacher at T* = 2 + √2, T = 0. A fraction ε of the hidden pattern is overwritten by an "
            "example; below ε* the student comes back to the pattern, above it the example captures it. At this "
            "size, N = 256, the change is gradual: near ε* either may win. Click into the plane, too."
        )
        return pn.Column(
            pn.pane.HTML(f"<p>{about}</p>"),
            wrapping_row(
                pn.widgets.FloatSlider.from_param(state.param.attack_load, width=260),
                pn.widgets.FloatSlider.from_param(state.param.eps, width=260),
                pn.widgets.IntSlider.from_param(state.param.digit, width=200),
            ),
            pn.Row(run, self._status),
            wrapping_row(*(pn.pane.Bokeh(image.figure) for image in self._images)),
            wrapping_row(pn.pane.Bokeh(self._boundary.figure), pn.pane.Bokeh(self._trace.figure)),
            pn.Row(files.panel, self._code.button),
            self._code.panel,
        )

    def _click(self, load: float, eps: float) -> None:
        self._state.param.update(
            attack_load=round(min(max(load, MIN_LOAD), MAX_LOAD), 3), eps=round(min(max(eps, 0.0), 1.0), 3)
        )

    def _attack(self) -> Attack:
        return Attack(self._state.attack_load, self._state.eps, self._state.digit, self._state.seed)

    def _update_attack(self, *_: Any) -> None:
        """Show another attack; a simulation that runs is stopped."""
        self._runner.stop()
        self._simulation = None
        try:
            attack = self._attack()
        except DensehopError as error:
            self._session.show_error(str(error))
            return
        self._images[0].show(attack.pattern())
        for image in self._images[1:]:
            image.show(np.zeros(N_SPINS))
        boundary = adversarial_boundary(P, scaled_signal(P, TEACHER_TEMPERATURE) * attack.load)
        side = "below" if attack.eps < boundary else "above"
        self._status.object = f"ε = {attack.eps:.3g} is {side} ε* = {boundary:.4f}"
        self._code.text = python_code(attack)
        self._draw()

    def _run(self, _: Any) -> None:
        self._session.show_error("")
        self._simulation = AttackSimulation(self._attack())
        self._images[1].show(self._simulation.state)
        self._runner.start(self._simulation)

    def _finish(self) -> None:
        """Say whether the pattern was recovered, and add the attack to the chart."""
        simulation, attack = self._simulation, self._attack()
        if simulation is not None and simulation.finished:
            recovered, (q_star, m) = simulation.recovered, simulation.overlaps[-1]
            self._results.append((attack.load, attack.eps, recovered))
            outcome = "the pattern is <b>recovered</b>" if recovered else "the example has <b>captured</b> the student"
            n_sweeps = len(simulation.overlaps) - 1
            self._status.object = f"{outcome}: q* = {q_star:.3f}, m = {m:.3f} after {n_sweeps} sweeps"
        self._draw()

    def _draw(self) -> None:
        """Show the charts and the student's state."""
        if self._simulation is not None:
            self._images[2].show(self._simulation.state, f"q* = {self._simulation.overlaps[-1][0]:.2f}")
        self._boundary.show(self._boundary_chart())
        self._trace.show(self._trace_chart())

    def _boundary_chart(self) -> Chart:
        """Return the theory's boundary with the attacks that were tried, over load and overwritten fraction."""
        results = np.array(self._results, dtype=np.float64).reshape(-1, 3)
        recovered, captured = results[results[:, 2] == 1], results[results[:, 2] == 0]
        here = np.array([self._state.attack_load]), np.array([self._state.eps])
        return Chart(
            "scaled load a = 6M/N²",
            "overwritten fraction ε",
            (Line("theory: ε*", *self._curve),),
            (
                Dots("here", *here, None, GREEN),
                Dots("recovered", recovered[:, 0], recovered[:, 1], None, BLUE),
                Dots("captured", captured[:, 0], captured[:, 1], None, ORANGE),
            ),
            x_range=(0.0, MAX_LOAD),
            y_range=(0.0, 1.0),
            legend="top_left",
        )

    def _overlaps(self) -> Floats:
        """Return (q*, m) after each sweep of the last attack: (n, 2)."""
        return np.array([] if self._simulation is None else self._simulation.overlaps).reshape(-1, 2)

    def _trace_chart(self) -> Chart:
        """Return the overlaps of the last attack, sweep by sweep."""
        overlaps = self._overlaps()
        sweeps = np.arange(len(overlaps), dtype=np.float64)
        return Chart(
            "sweeps",
            "overlap",
            (
                Line("q*, with the pattern", sweeps, overlaps[:, 0], BLUE),
                Line("m, with the example", sweeps, overlaps[:, 1], ORANGE),
            ),
            x_range=(0.0, float(max(5, len(overlaps) - 1))),
            y_range=(-0.3, 1.05),
        )

    def _data(self) -> xr.Dataset:
        """Return the boundary, the attacks that were tried, and the overlaps of the last one."""
        results = np.array(self._results, dtype=np.float64).reshape(-1, 3)
        return xr.Dataset(
            {
                "boundary": ("scaled_load", self._curve[1]),
                "attack": (("try", "load_eps_recovered"), results),
                "overlap": (("sweep", "with"), self._overlaps()),
            },
            {"scaled_load": self._curve[0], "with": ["pattern", "example"]},
            {"p": P, "teacher_temperature": TEACHER_TEMPERATURE, "n_spins": N_SPINS},
        )
