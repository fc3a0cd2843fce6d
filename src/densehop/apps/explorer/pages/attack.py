"""The page "attack": the size of an attack against the boundary eps*, and the pattern recovering or being captured."""

from typing import Any

import numpy as np
import panel as pn
import xarray as xr
from bokeh.events import DoubleTap, Tap

from densehop.apps.explorer.compute.attack import (
    N_DRAWS,
    N_SPINS,
    OUTCOMES,
    SCALE,
    TEACHER_TEMPERATURE,
    Attack,
    AttackSimulation,
    P,
    boundary,
    boundary_at_size,
    python_code,
)
from densehop.apps.explorer.compute.stored import SIDE
from densehop.apps.explorer.pages.certificate_card import CertificateCard
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.canvas import Canvas
from densehop.apps.explorer.widgets.chart import Chart, Dots, Line
from densehop.apps.explorer.widgets.downloads import CodeBlock, DownloadButtons
from densehop.apps.explorer.widgets.layout import card, control_column, shown, wrapping_row
from densehop.apps.explorer.widgets.spin_image import SpinImage
from densehop.base.arrays import Floats
from densehop.errors import DensehopError
from densehop.plot.style import BLUE, GREEN, GREY, ORANGE

MIN_LOAD, MAX_LOAD = 0.05, 2.0  # scaled loads a
ENDS = {  # what a draw is said to end in, and its colour in the chart
    "recovered": ("the pattern is <b>recovered</b>", BLUE),
    "captured": ("the example has <b>captured</b> the student", ORANGE),
    "neither": ("the student is at <b>neither</b> of the two", GREY),
}


class AttackPage:
    """The page "attack"."""

    def __init__(self, session: Session) -> None:
        self._session, self._state = session, session.state
        self._runner = session.job_runner(self._draw, self._finish)
        self._simulation: AttackSimulation | None = None
        self._results: list[tuple[float, ...]] = []  # load, eps, and how many draws ended in each outcome
        loads = np.linspace(0.02, MAX_LOAD, 100)
        self._curve = loads, np.array([boundary(a) for a in loads])
        self._curve_at_size = np.array([boundary_at_size(a) for a in loads])
        self._boundary = Canvas(self._boundary_chart(), 430, 320)
        for kind in (Tap, DoubleTap):
            self._boundary.figure.on_event(
                kind, lambda event: session.with_document(lambda: self._click(event.x, event.y))
            )
        self._trace = Canvas(self._trace_chart(), 430, 320)
        shape = (SCALE * SIDE, SCALE * SIDE)
        self._images = [SpinImage(shape, name, width=190) for name in ("pattern ξ*", "attacked", "now")]
        self._status = pn.pane.HTML("", css_classes=["attacked"], sizing_mode="stretch_width")
        self._code = CodeBlock("attack")
        self._certificates = CertificateCard(session)
        self._state.param.watch(self._update_attack, ["attack_load", "eps", "digit", "seed"])
        self._update_attack()

    @property
    def controls(self) -> pn.Column:
        """Return what is chosen and started."""
        state = self._state
        run = pn.widgets.Button(name="Attack", button_type="primary", css_classes=["run-attack"])
        run.on_click(self._run)
        return control_column(
            pn.pane.HTML("<p>Move the sliders, or click into the plane, then attack.</p>"),
            pn.widgets.FloatSlider.from_param(state.param.attack_load),
            pn.widgets.FloatSlider.from_param(state.param.eps),
            pn.widgets.IntSlider.from_param(state.param.digit),
            pn.Row(run),
        )

    @property
    def panel(self) -> pn.Column:
        """Return pictures and charts."""
        files = DownloadButtons(
            "attack",
            png=lambda: export.chart_file(self._boundary.chart, "png"),
            svg=lambda: export.chart_file(self._boundary.chart, "svg"),
            nc=lambda: export.dataset_file(self._data()),
        )
        about = (
            "A student has seen noisy examples of a digit, and knows it. Then one example overwrites a fraction ε of "
            "its state. Below ε* it should come back to the digit, above it the example captures it. The attack is "
            f"tried on {N_DRAWS} draws of the examples; the pictures show the first. The line is the theory for "
            f"N → ∞. At this size, N = {N_SPINS}, the change at ε* is gradual, and below a load of about 0.3 there are "
            "too few examples to know the digit at all. (Student: p = 4, T = 0. Teacher: two-body, T* = 2 + √2.)"
        )
        attack = card(
            "An example attacks the pattern",
            self._status,
            wrapping_row(
                *(pn.pane.Bokeh(image.figure) for image in self._images),
                pn.pane.HTML(f"<p>{about}</p>", sizing_mode="stretch_width", styles={"flex": "1 1 280px"}),
            ),
            wrapping_row(shown(self._boundary), shown(self._trace)),
            wrapping_row(files.panel, self._code.button),
            self._code.panel,
        )
        return pn.Column(attack, self._certificates.panel, sizing_mode="stretch_width")

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
        limit = boundary(attack.load)
        side = "below" if attack.eps < limit else "above"
        self._status.object = f"ε = {attack.eps:.3g} is {side} ε* = {limit:.4f}"
        self._code.text = python_code(attack)
        self._draw()

    def _run(self, _: Any) -> None:
        self._session.show_error("")
        self._simulation = AttackSimulation(self._attack())
        self._images[1].show(self._simulation.students[0].state)
        self._runner.start(self._simulation)

    def _finish(self) -> None:
        """Say where the draws ended, and add the attack to the chart."""
        simulation, attack = self._simulation, self._attack()
        if simulation is not None and simulation.finished:
            counts = simulation.counts
            self._results.append((attack.load, attack.eps, *(counts[outcome] for outcome in OUTCOMES)))
            ends = [f"{ENDS[outcome][0]} in {counts[outcome]}" for outcome in OUTCOMES if counts[outcome]]
            q_star, m = simulation.overlaps[0, -1]
            self._status.object = (
                f"{', '.join(ends)} of {N_DRAWS} draws (first draw: q* = {q_star:.3f}, m = {m:.3f}); ε = "
                f"{attack.eps:.3g}, ε* = {boundary(attack.load):.4f}"
            )
        self._draw()

    def _draw(self) -> None:
        """Show the charts and the student's state."""
        if self._simulation is not None:
            self._images[2].show(self._simulation.students[0].state, f"q* = {self._overlaps()[0, -1, 0]:.2f}")
        self._boundary.show(self._boundary_chart())
        self._trace.show(self._trace_chart())

    def _tried(self) -> Floats:
        """Return load, eps and the number of draws in each outcome, of every attack that was tried: (n, 5)."""
        return np.array(self._results, dtype=np.float64).reshape(-1, 2 + len(OUTCOMES))

    def _boundary_chart(self) -> Chart:
        """Return the theory's boundary with the attacks that were tried, in the colour of their commonest outcome."""
        tried = self._tried()
        commonest = tried[:, 2:].argmax(axis=1)
        here = np.array([self._state.attack_load]), np.array([self._state.eps])
        dots = [
            Dots(outcome, tried[commonest == place, 0], tried[commonest == place, 1], None, ENDS[outcome][1])
            for place, outcome in enumerate(OUTCOMES)
        ]
        return Chart(
            "scaled load a = 6M/N²",
            "overwritten fraction ε",
            (
                Line("theory: ε*", *self._curve),
                Line(f"with the signal of N = {N_SPINS}", self._curve[0], self._curve_at_size, GREY, "dashed", 1.2),
            ),
            (Dots("this attack", *here, None, GREEN), *dots),
            x_range=(0.0, MAX_LOAD),
            y_range=(0.0, 1.0),
        )

    def _overlaps(self) -> Floats:
        """Return (q*, m) after each sweep of each draw of the last attack: (draw, sweep, 2)."""
        return np.empty((0, 0, 2)) if self._simulation is None else self._simulation.overlaps

    def _trace_chart(self) -> Chart:
        """Return the overlaps of the last attack, sweep by sweep, one line a draw."""
        overlaps = self._overlaps()
        n_draws, n_sweeps = overlaps.shape[:2]
        broken = np.pad(overlaps, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan).reshape(-1, 2)
        sweeps = np.tile(np.arange(n_sweeps + 1, dtype=np.float64), n_draws)
        return Chart(
            "sweeps",
            "overlap",
            (
                Line("q*: pattern", sweeps, broken[:, 0], BLUE),
                Line("m: example", sweeps, broken[:, 1], ORANGE),
            ),
            x_range=(0.0, float(max(5, n_sweeps - 1))),
            y_range=(-0.3, 1.05),
        )

    def _data(self) -> xr.Dataset:
        """Return the boundary, the attacks that were tried, and the overlaps of the last one."""
        tried = self._tried()
        return xr.Dataset(
            {
                "boundary": ("scaled_load", self._curve[1]),
                "boundary_at_size": ("scaled_load", self._curve_at_size),
                "attack_load": ("attack", tried[:, 0]),
                "eps": ("attack", tried[:, 1]),
                "n_draws": (("attack", "outcome"), tried[:, 2:]),
                "overlap": (("draw", "sweep", "with"), self._overlaps()),
            },
            {"scaled_load": self._curve[0], "with": ["pattern", "example"], "outcome": list(OUTCOMES)},
            {"p": P, "teacher_temperature": TEACHER_TEMPERATURE, "n_spins": N_SPINS},
        )
