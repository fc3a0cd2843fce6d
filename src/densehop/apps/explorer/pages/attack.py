"""Attack size against the boundary eps*, and the attacked pattern recovering or captured."""

from typing import Any

import numpy as np
import panel as pn
import xarray as xr
from bokeh.events import Tap

from densehop.apps.explorer.compute import attack as attacking
from densehop.apps.explorer.compute.attack import TEACHER_TEMPERATURE, Attack, Attacking, P
from densehop.apps.explorer.compute.restoration import SIDE
from densehop.apps.explorer.sessions.session import Eye, Visitor
from densehop.apps.explorer.widgets import charts, downloads
from densehop.apps.explorer.widgets.charts import Canvas, Chart, Dots, Line
from densehop.apps.explorer.widgets.downloads import flowing
from densehop.apps.explorer.widgets.pictures import Picture
from densehop.apps.explorer.workers.job_runner import Runner
from densehop.errors import DensehopError
from densehop.plot.style import BLUE, GREEN, ORANGE
from densehop.theory.questions.robustness import adversarial_boundary, scaled_signal

LARGEST_LOAD = 2.0


class AttackPage:
    """The view "attack"."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self._state = visitor, visitor.state
        self._runner = Runner(visitor.hall.seats, Eye(visitor, self._draw), self._ended)
        visitor.when_closed(self._runner.stop)
        self._work: Attacking | None = None
        self._ends: list[tuple[float, float, bool]] = []
        loads = np.linspace(0.02, LARGEST_LOAD, 100)
        eta = scaled_signal(P, TEACHER_TEMPERATURE)
        self._curve = loads, np.array([adversarial_boundary(P, eta * a) for a in loads])
        self._plane = Canvas(self._plane_chart(), 430, 320)
        self._plane.figure.on_event(Tap, lambda event: visitor.now(lambda: self._click(event.x, event.y)))
        self._motion = Canvas(self._motion_chart(), 430, 320)
        side = attacking.SCALE * SIDE
        self._pictures = [Picture(side, name, width=190) for name in ("pattern ξ*", "attacked", "now")]
        self._said = pn.pane.HTML("", css_classes=["attacked"], width=700)
        self._script = downloads.Script("attack")
        self._state.param.watch(self._changed, ["attack_load", "eps", "digit", "seed"])
        self._changed()

    @property
    def panel(self) -> pn.Column:
        """Return the whole view."""
        state = self._state
        run = pn.widgets.Button(name="Attack", button_type="primary", width=110, css_classes=["run-attack"])
        run.on_click(self._run)
        files = downloads.Buttons(
            "attack",
            png=lambda: charts.on_paper(self._plane.chart, "png"),
            svg=lambda: charts.on_paper(self._plane.chart, "svg"),
            nc=lambda: downloads.netcdf(self._data()),
        )
        about = (
            "p = 4, a two-body teacher at T* = 2 + √2, T = 0. A fraction ε of the hidden pattern is overwritten by an "
            "example; below ε* the student comes back to the pattern, above it the example captures it. At this "
            "size, N = 256, the change is gradual: near ε* either may win. Click into the plane, too."
        )
        return pn.Column(
            pn.pane.HTML(f"<p>{about}</p>"),
            flowing(
                pn.widgets.FloatSlider.from_param(state.param.attack_load, width=260),
                pn.widgets.FloatSlider.from_param(state.param.eps, width=260),
                pn.widgets.IntSlider.from_param(state.param.digit, width=200),
            ),
            pn.Row(run, self._said),
            flowing(*(pn.pane.Bokeh(picture.figure) for picture in self._pictures)),
            flowing(pn.pane.Bokeh(self._plane.figure), pn.pane.Bokeh(self._motion.figure)),
            pn.Row(files.panel, self._script.button),
            self._script.panel,
        )

    def _click(self, load: float, eps: float) -> None:
        self._state.param.update(
            attack_load=round(min(max(load, 0.05), LARGEST_LOAD), 3), eps=round(min(max(eps, 0.0), 1.0), 3)
        )

    def _attack(self) -> Attack:
        return Attack(self._state.attack_load, self._state.eps, self._state.digit, self._state.seed)

    def _changed(self, *_: Any) -> None:
        """Show another attack; what ran is stopped."""
        self._runner.stop()
        self._work = None
        try:
            attack = self._attack()
        except DensehopError as error:
            self._visitor.complain(str(error))
            return
        self._pictures[0].show(attack.pattern())
        for picture in self._pictures[1:]:
            picture.show(np.zeros(attacking.N_SPINS))
        boundary = adversarial_boundary(P, scaled_signal(P, TEACHER_TEMPERATURE) * attack.load)
        side = "below" if attack.eps < boundary else "above"
        self._said.object = f"ε = {attack.eps:.3g} is {side} ε* = {boundary:.4f}"
        self._script.text = attacking.script(attack)
        self._draw()

    def _run(self, _: Any) -> None:
        self._visitor.complain("")
        self._work = Attacking(self._attack())
        self._pictures[1].show(self._work.state)
        self._runner.start(self._work)

    def _ended(self, problem: str) -> None:
        self._visitor.later(self._finish)
        if problem:
            self._visitor.later(lambda: self._visitor.complain(problem))

    def _finish(self) -> None:
        """Say who won, and keep the point."""
        work, attack = self._work, self._attack()
        if work is not None:
            self._ends.append((attack.load, attack.eps, work.recovered))
            q_star, m = work.overlaps[-1]
            won = "the pattern is <b>recovered</b>" if work.recovered else "the example has <b>captured</b> the student"
            self._said.object = f"{won}: q* = {q_star:.3f}, m = {m:.3f} after {len(work.overlaps) - 1} sweeps"
        self._draw()

    def _draw(self) -> None:
        """Show the charts and the state."""
        if self._work is not None:
            self._pictures[2].show(self._work.state, f"q* = {self._work.overlaps[-1][0]:.2f}")
        self._plane.show(self._plane_chart())
        self._motion.show(self._motion_chart())

    def _plane_chart(self) -> Chart:
        ends = np.array(self._ends, dtype=np.float64).reshape(-1, 3)
        won, lost = ends[ends[:, 2] == 1], ends[ends[:, 2] == 0]
        here = np.array([self._state.attack_load]), np.array([self._state.eps])
        return Chart(
            "scaled load a = 6M/N²",
            "overwritten fraction ε",
            (Line("theory: ε*", *self._curve),),
            (
                Dots("here", *here, None, GREEN),
                Dots("recovered", won[:, 0], won[:, 1], None, BLUE),
                Dots("captured", lost[:, 0], lost[:, 1], None, ORANGE),
            ),
            x_range=(0.0, LARGEST_LOAD),
            y_range=(0.0, 1.0),
            legend="top_left",
        )

    def _motion_chart(self) -> Chart:
        overlaps = np.array([] if self._work is None else self._work.overlaps).reshape(-1, 2)
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
        """Return curve, attacks tried and the last motion."""
        ends = np.array(self._ends, dtype=np.float64).reshape(-1, 3)
        overlaps = np.array([] if self._work is None else self._work.overlaps).reshape(-1, 2)
        return xr.Dataset(
            {
                "boundary": ("load", self._curve[1]),
                "attack": (("try", "load_eps_recovered"), ends),
                "overlap": (("sweep", "with"), overlaps),
            },
            {"load": self._curve[0], "with": ["pattern", "example"]},
            {"p": P, "teacher_temperature": TEACHER_TEMPERATURE, "n_spins": attacking.N_SPINS},
        )
