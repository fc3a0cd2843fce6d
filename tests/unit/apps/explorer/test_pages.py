"""Pages, the state of their controls, links and charts, without a browser; and the command that starts the server."""

import socket
import sys
from concurrent.futures import Future

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from densehop.apps.cli import program
from densehop.apps.explorer.compute.attack import AttackSimulation
from densehop.apps.explorer.compute.cut import CutLine, theory_along
from densehop.apps.explorer.compute.phase_plane import PhasePlane, diagram, phase_grid
from densehop.apps.explorer.compute.point import Levels
from densehop.apps.explorer.pages.attack import AttackPage
from densehop.apps.explorer.pages.cut import CutPage
from densehop.apps.explorer.pages.live import LivePage
from densehop.apps.explorer.pages.phase_diagram import PhaseDiagramPage
from densehop.apps.explorer.pages.restore import RestorePage
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.sessions.state import SessionState
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.canvas import Canvas
from densehop.apps.explorer.widgets.chart import Chart, Dots, Line
from densehop.apps.explorer.workers.job_runner import JobRunner
from densehop.apps.explorer.workers.worker_pool import WorkerPool

QUIET = pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")  # Panel's


class ManualPool(WorkerPool):
    """A pool without processes: a test sets the results itself."""

    def __init__(self):
        super().__init__(1)
        self.submitted = {}
        self.fast = self.slow = self.practice = self

    def submit(self, function, argument):
        return self.submitted.setdefault((function, argument), Future())


@QUIET
def test_pages_wait_for_theory_without_blocking(monkeypatch):
    monkeypatch.setattr(Session, "schedule", lambda _, action: action())
    pool = ManualPool()
    session = Session(pool)
    session.state.param.update(model="nishimori", p=3, x=6.0, t=2.0)
    phase, cut = PhaseDiagramPage(session), CutPage(session)
    assert "0.9" in phase._description.object  # numbers are there
    assert not phase._files.enabled
    assert not cut._files.enabled
    session_plane = PhasePlane("nishimori", 3)
    small = xr.Dataset({"phase": (("temperature", "alpha"), np.zeros((2, 2), np.int8), {"flag_meanings": "P SG"})})
    pool.submitted[phase_grid, session_plane].set_result(small)
    assert phase._figure._shades.data["image"]
    assert not phase._files.enabled  # its lines are not there yet
    pool.submitted[diagram, session_plane].set_result(small)
    assert phase._files.enabled
    (line,) = (argument for function, argument in pool.submitted if function is theory_along)
    pool.submitted[theory_along, line].set_exception(dh.InvalidInput("no such line"))
    assert session.error_pane.object == "no theory along this line: no such line"
    session.state.along = "load"
    lines = (argument for _, argument in pool.submitted if isinstance(argument, CutLine))
    (line,) = (line for line in lines if not line.by_temperature)
    pool.submitted[theory_along, line].set_result(theory_along(line))
    assert cut._files.enabled
    assert cut._canvas.chart.lines[0].y[-1] == pytest.approx(dh.solve(line.point_at(8.0).problem, "inference").q_star)


LINKS = (
    {"model": "fixed_teacher", "teacher_t": "0.5"},
    {"model": "fixed_teacher", "p": "2"},
    {"model": "finite_noise", "p": "3", "teacher_t": "1.5"},
    {"model": "large_noise", "p": "4", "t": "0"},
    {"x": "0", "t": "0"},
    {"p": "2", "t": "2"},
    {"model": "direct", "p": "10", "x": "1e-300"},
    {"x": "1000", "t": "1000", "n": "1024", "sweeps": "2000", "p": "10"},
    {"clicked": "1.2.64", "digit": "50", "seed": "-1", "eps": "nan"},
)


@QUIET
@pytest.mark.parametrize("link", LINKS)
def test_every_link_opens_every_view(link, monkeypatch):
    """What is wrong is one line on the page, also when a simulation is asked for; nothing is raised."""
    monkeypatch.setattr(JobRunner, "start", lambda *_: None)
    session = Session(ManualPool())
    said = session.state.load_query(link)
    pages = [page(session) for page in (PhaseDiagramPage, CutPage, LivePage, RestorePage, AttackPage)]
    pages[0]._simulation._run(None)
    pages[1]._run(None)
    assert "\n" not in said + session.error_pane.object


@QUIET
def test_only_an_attack_that_ended_is_marked_in_the_chart():
    page = AttackPage(Session(ManualPool()))
    page._simulation = AttackSimulation(page._attack())
    page._finish()  # stopped before the end
    assert page._results == []
    while not page._simulation.finished:
        page._simulation.advance()
    page._finish()
    assert page._results == [(1.0, 0.3, 5, 0, 0)]  # the page opens on an attack that is below the boundary


@QUIET
def test_results_of_another_point_are_taken_away():
    session = Session(ManualPool())
    panel = PhaseDiagramPage(session)._simulation
    for change in ({"x": 5.0}, {"n": 64}, {"p": 4}):
        panel._result.object, panel._theory = "overlap 0.9991, equilibrated", Levels(0.9, -1.0, 0.9)
        session.state.param.update(**change)
        assert panel._result.object == ""
        assert repr(panel._theory) == repr(Levels())
    panel._result.object = "overlap 0.9991, equilibrated"
    session.state.param.update(n=1024, x=8.0)
    panel._run(None)  # too much for a page
    assert panel._result.object == ""


@QUIET
def test_a_point_outside_of_another_map_moves_into_it():
    session = Session(ManualPool())
    page = PhaseDiagramPage(session)
    session.state.param.update(model="nishimori", p=3, x=6.0, t=2.0)
    session.state.param.update(model="direct")
    assert (session.state.x, session.state.t) == (1.5, 2.0)
    assert session.state.n == 128
    assert session.state.x <= page.plane.window[0]
    session.state.param.update(model="finite_noise")
    assert "cannot have p=3" in session.error_pane.object


def test_an_emptied_field_keeps_its_value():
    state, seen = SessionState(), []
    state.param.watch(lambda _: seen.append(state.n), ["n"])
    state.n = 64
    state.n = None
    assert state.n == 64
    assert set(seen) == {64}


def test_a_link_holds_what_differs_and_comes_back():
    state = SessionState()
    assert state.query() == {}
    state.param.update(model="direct", p=4, x=0.5, hidden=0.25, clicked="3.14")
    other = SessionState()
    assert other.load_query({name: str(value) for name, value in state.query().items()}) == ""
    assert other.query() == state.query()


def test_a_link_with_nonsense_says_so_and_keeps_the_rest():
    state = SessionState()
    said = state.load_query(
        {"x": "nan?", "t": "nan", "model": "none", "n": "64", "p": "99", "seed": True, "unknown": "1", "sweeps": 64.5}
    )
    for part in ("x=nan?", "t=nan", "model=none", "p=99", "seed=True", "unknown=1 (no such control)", "sweeps=64.5"):
        assert part in said
    assert (state.n, state.p, state.model) == (64, 2, "direct")


def test_charts_on_paper():
    x = np.linspace(0, 1, 5)
    chart = Chart("x", "y", (Line("a", x, x, dash="dashed"),), (Dots("b", x, x, 0.1 * x),), (0, 1), (0, 1))
    assert export.chart_file(chart, "png").startswith(b"\x89PNG")
    assert b"<svg" in export.chart_file(chart, "svg")
    canvas = Canvas(chart)
    assert canvas.show(Chart("x", "y", (Line("a", x, 2 * x, dash="dashed"),), (Dots("b", x, x, x),), (0, 2), (0, 1)))
    assert canvas.figure.x_range.end == 2
    assert not canvas.show(Chart("x", "y", ()))


def test_a_port_that_is_taken_and_a_package_that_is_missing(capsys, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert program.run(["explore", "--port", str(port), "--no-browser"]) == 2
        assert f"port {port} cannot be used" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "densehop.apps.explorer.server", None)
    assert program.run(["explore", "--port", "0", "--no-browser"]) == 2
    assert "pip install 'densehop[explorer]'" in capsys.readouterr().err
