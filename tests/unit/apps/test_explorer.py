"""What the explorer shows, without a browser: places, words, lines of Python, simulations, links."""

import contextlib
import io
import socket
import sys
import threading
import time
from concurrent.futures import Future

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from densehop.apps.cli import program
from densehop.apps.explorer.compute import attack as attacking
from densehop.apps.explorer.compute import description as words
from densehop.apps.explorer.compute import python_code as script
from densehop.apps.explorer.compute import restoration as restoring
from densehop.apps.explorer.compute.attack import Attack, Attacking
from densehop.apps.explorer.compute.cut import Along, theory
from densehop.apps.explorer.compute.phase_plane import MODELS, Point, View, bodies, diagram, phases
from densehop.apps.explorer.compute.restoration import Damage, Restoring
from densehop.apps.explorer.compute.simulation import Cut, Request, Simulation
from densehop.apps.explorer.pages.attack import AttackPage
from densehop.apps.explorer.pages.cut import CutPage
from densehop.apps.explorer.pages.phase_diagram import PhasePage
from densehop.apps.explorer.pages.restore import RestorePage
from densehop.apps.explorer.sessions.session import Visitor
from densehop.apps.explorer.sessions.state import State
from densehop.apps.explorer.widgets import charts
from densehop.apps.explorer.widgets.charts import Chart, Dots, Line
from densehop.apps.explorer.workers.job_runner import Runner
from densehop.apps.explorer.workers.pool import Desk, Hall

QUIET = pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")  # Panel's


def view(model, p=4):
    return View.of(model, p, 3.5 if model == "finite_noise" else 1.6)


def run(code):
    """Run lines of Python and return what they print."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "page", "exec"), {})
    return printed.getvalue()


@pytest.mark.parametrize("model", MODELS)
def test_a_point_says_what_solve_and_phase_say(model):
    point = Point(view(model), 0.9, 0.7)
    phase, ranked = point.branches()
    assert phase == dh.phase(point.problem)
    best, solved = ranked[0], dh.solve(point.problem, ranked[0].branch, ranked[0].ansatz)
    assert (best.m, best.q, best.q_star) == (solved.m, solved.q, solved.q_star)
    assert best.free_energy == pytest.approx(solved.free_energy, nan_ok=True)
    rows = words.table(ranked)
    assert [row[0] for row in rows] == [one.branch.replace("_", " ") for one in ranked]
    assert phase.value in words.heading(point, phase)
    assert len(words.sentence(point, phase, ranked)) > 40
    printed = run(script.at_point(point)).splitlines()
    assert printed[0] == str(phase)
    assert [line.split()[0] for line in printed[1:]] == [one.branch for one in ranked]


def test_each_phase_has_a_sentence_of_its_own():
    places = {
        dh.Phase.PARAMAGNETIC: ("fixed_teacher", 1.0, 3.0),
        dh.Phase.SPIN_GLASS: ("fixed_teacher", 1.5, 0.8),
        dh.Phase.EXAMPLE_RETRIEVAL: ("fixed_teacher", 0.2, 0.5),
        dh.Phase.LOCAL_RETRIEVAL: ("nishimori", 6.0, 2.3),
        dh.Phase.GLOBAL_RETRIEVAL: ("nishimori", 6.0, 2.0),
    }
    sentences = set()
    for phase, (model, x, t) in places.items():
        point = Point(view(model, 3), x, t)
        found, ranked = point.branches()
        assert found is phase
        sentences.add(words.sentence(point, found, ranked))
    assert len(sentences) == len(places)


@pytest.mark.parametrize(
    ("model", "start"),
    list(zip(MODELS, ("random", "overlap", "example", "attacked", "pattern"), strict=True)),
)
def test_lines_of_python_repeat_a_simulation_bit_for_bit(model, start):
    request = Request(Point(view(model), 0.8, 1.1), 20, 3, start, 0.4, seed=5, n_sweeps=30)
    simulation = Simulation(request)
    while not simulation.finished:
        simulation.advance()
    assert simulation.overlap.shape == simulation.energy.shape == (3, 2, 30)
    mean, error = map(float, run(script.of_simulation(request)).split())
    assert (mean, error) == simulation.mean()


def test_blocks_are_short_where_a_sweep_is_long():
    small, large = (Request(Point(view("nishimori", 3), load, 2.0), 256, 1) for load in (0.1, 6.0))
    assert small.block > large.block >= 1
    assert small.n_examples == dh.n_examples_for(0.1, 256, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_spins": 2000}, "N must be"),
        ({"n_spins": 512}, "too much for a page"),
        ({"n_disorders": 0}, "disorders must be"),
        ({"n_sweeps": 10**9}, "sweeps must be"),
        ({"start": "somewhere"}, "start must be"),
        ({"amount": 1.5}, "amount must be"),
    ],
)
def test_what_a_page_cannot_bear_is_refused(change, message):
    with pytest.raises(dh.InvalidInput, match=message):
        Request(**{"point": Point(view("nishimori", 3), 6.0, 2.0), **change})


@pytest.mark.parametrize(
    ("model", "p", "hot"),
    [
        ("fixed_teacher", 3, 1.48),
        ("fixed_teacher", 2, 2.0),
        ("finite_noise", 4, 1.5),
        ("none", 3, None),
        ("large_noise", 3, None),
        ("direct", 3, 2.0),
        ("fixed_teacher", 3, None),
    ],
)
def test_views_that_are_none(model, p, hot):
    with pytest.raises(dh.InvalidInput):
        View(model, p, hot)


def test_diagram_has_the_phases_of_the_window():
    found = diagram(View("nishimori", 3), boundaries=False)
    assert set(np.unique(found["phase"].values)) == {0, 2, 3, 4}
    assert bodies("large_noise") == (4, 6, 8, 10)


def test_a_teacher_as_cold_as_its_student_is_not_at_zero():
    for model in ("nishimori", "large_noise"):
        with pytest.raises(dh.InvalidInput, match="temperature must be positive"):
            Point(view(model), 1.0, 0.0)
    assert Point(view("direct"), 0.1, 0.0).branches()[0] is dh.Phase.GLOBAL_RETRIEVAL


def test_small_sizes_near_the_teachers_transition_are_said():
    """rho_N by the definition at T* = 1.5, where ordered examples dominate, against T* = 4, where they do not."""
    near, far = Point(View("fixed_teacher", 3, 1.5), 3.0, 1.5), Point(View("nishimori", 3), 6.0, 4.0)
    said = words.of_size(near, 64)
    assert f"the noise is {dh.teacher.noise_ratio(64, 3, 1.5):.3g} times" in said
    assert "N beyond 1024, or a hotter teacher" in said
    assert words.of_size(far, 64) == ""
    warm = Point(View("nishimori", 3), 6.0, 2.0)
    assert "take N = 192 or more" in words.of_size(warm, 64)
    assert dh.teacher.noise_ratio(192, 3, 2.0) < 1.2 < dh.teacher.noise_ratio(128, 3, 2.0)
    assert "two-body teacher" in words.of_size(Point(View("large_noise", 4), 1.0, 2.0), 64)
    for silent in (
        Point(View("direct", 3), 0.5, 0.5),
        Point(View("nishimori", 3), 6.0, 1.0),
        Point(View(p=2), 1.0, 3.0),
    ):
        assert words.of_size(silent, 64) == ""


class Counting:
    """Work of some steps."""

    def __init__(self, steps, error=None):
        self.done, self._steps, self._error = 0, steps, error

    @property
    def finished(self):
        return self.done >= self._steps

    def advance(self):
        if self._error is not None:
            raise self._error
        self.done += 1
        time.sleep(0.01)


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_runner_pauses_goes_on_and_stops():
    moves, ends = [], []
    runner = Runner(threading.Semaphore(1), lambda: moves.append(1), ends.append)
    work = Counting(10**6)
    runner.start(work)
    wait_for(lambda: work.done > 2)
    runner.pause()
    time.sleep(0.1)
    paused = work.done
    time.sleep(0.1)
    assert work.done == paused
    runner.resume()
    wait_for(lambda: work.done > paused)
    runner.stop()
    wait_for(lambda: ends)
    assert ends == [""]
    assert len(moves) == work.done
    assert not runner.running


def test_a_runner_says_what_went_wrong_and_gives_its_seat_back():
    seats, ends = threading.BoundedSemaphore(1), []
    Runner(seats, lambda: None, ends.append).start(Counting(3, dh.InvalidInput("no such thing")))
    wait_for(lambda: ends)
    assert ends == ["no such thing"]
    assert seats.acquire(blocking=False)


def test_seats_bound_how_many_work_at_once():
    seats, ends = threading.Semaphore(1), []
    works = [Counting(10), Counting(10)]
    seats.acquire()
    for work in works:
        Runner(seats, lambda: None, ends.append).start(work)
    time.sleep(0.05)
    assert [work.done for work in works] == [0, 0]
    seats.release()
    wait_for(lambda: len(ends) == 2)
    assert [work.done for work in works] == [10, 10]


def test_a_cut_goes_from_point_to_point():
    places = [1.6, 2.0]
    requests = [Request(Point(view("nishimori", 3), 8.0, t), 16, 2, n_sweeps=24) for t in places]
    cut = Cut(requests, places)
    while not cut.finished:
        cut.advance()
    alone = Simulation(requests[1])
    while not alone.finished:
        alone.advance()
    assert [place for place, _, _ in cut.results] == places
    assert cut.results[1][1:] == alone.mean()


def test_a_desk_keeps_nobody_waiting():
    desk = Desk(1)
    try:
        begun = time.perf_counter()
        answers = [desk.ask(time.sleep, seconds) for seconds in (1.0, 1.0, 0.0, "no time")]
        assert time.perf_counter() - begun < 1.0
        assert answers[0] is answers[1]
        assert not answers[0].done()
        assert isinstance(answers[3].exception(60), TypeError)
        assert answers[2].done()
    finally:
        desk.close()


class Slow(Hall):
    """A hall whose desks answer when they are told to."""

    def __init__(self):
        super().__init__(1)
        self.asked = {}
        self.quick = self.slow = self

    def ask(self, function, question):
        return self.asked.setdefault((function, question), Future())


@QUIET
def test_pages_wait_for_theory_without_blocking(monkeypatch):
    monkeypatch.setattr(Visitor, "later", lambda _, action: action())
    hall = Slow()
    visitor = Visitor(hall)
    phase, cut = PhasePage(visitor), CutPage(visitor)
    assert "0.9" in phase._about.object  # numbers are there
    assert not phase._files.ready
    assert not cut._files.ready
    small = xr.Dataset({"phase": (("temperature", "load"), np.zeros((2, 2), np.int8), {"flag_meanings": "P SG"})})
    hall.asked[phases, View()].set_result(small)
    assert phase._plot._shades.data["image"]
    assert not phase._files.ready  # its lines are not there yet
    hall.asked[diagram, View()].set_result(small)
    assert phase._files.ready
    (line,) = (question for function, question in hall.asked if function is theory)
    hall.asked[theory, line].set_exception(dh.InvalidInput("no such line"))
    assert visitor.complaint.object == "no theory along this line: no such line"
    visitor.state.along = "load"
    (line,) = (question for _, question in hall.asked if isinstance(question, Along) and not question.by_temperature)
    hall.asked[theory, line].set_result(theory(line))
    assert cut._files.ready
    assert cut._canvas.chart.lines[0].y[-1] == pytest.approx(dh.solve(line.point(8.0).problem, "inference").q_star)


LINKS = (
    {"model": "fixed_teacher", "hot": "0.5"},
    {"model": "fixed_teacher", "p": "2"},
    {"model": "finite_noise", "p": "3", "hot": "1.5"},
    {"model": "large_noise", "p": "4", "t": "0"},
    {"x": "0", "t": "0"},
    {"p": "2", "t": "2"},
    {"model": "direct", "p": "10", "x": "1e-300"},
    {"x": "1000", "t": "1000", "n": "1024", "sweeps": "2000", "p": "10"},
    {"touched": "1.2.64", "digit": "50", "seed": "-1", "eps": "nan"},
)


@QUIET
@pytest.mark.parametrize("link", LINKS)
def test_every_link_opens_every_view(link, monkeypatch):
    """What is wrong is one line on the page, also when a simulation is asked for; nothing is raised."""
    monkeypatch.setattr(Runner, "start", lambda *_: None)
    visitor = Visitor(Slow())
    said = visitor.state.follow(link)
    pages = [made(visitor) for made in (PhasePage, CutPage, RestorePage, AttackPage)]
    pages[0]._live._run(None)
    pages[1]._run(None)
    assert "\n" not in said + visitor.complaint.object


def test_a_link_holds_what_differs_and_comes_back():
    state = State()
    assert state.link() == {}
    state.param.update(model="direct", p=4, x=0.5, hidden=0.25, touched="3.14")
    other = State()
    assert other.follow({name: str(value) for name, value in state.link().items()}) == ""
    assert other.link() == state.link()


def test_a_link_with_nonsense_says_so_and_keeps_the_rest():
    state = State()
    said = state.follow({"x": "nan?", "model": "none", "n": "64", "p": "99", "seed": True, "unknown": "1"})
    assert all(part in said for part in ("x=nan?", "model=none", "p=99", "seed=True"))
    assert (state.n, state.p, state.model) == (64, 3, "nishimori")


def test_restoring_is_what_its_lines_say():
    for damage in (Damage(7, 0.5, 0.0, 0.0), Damage(2, 0.0, 0.2, 0.0, (3, 4)), Damage(1, 0.3, 0.1, 0.2)):
        work = Restoring(restoring.stored_digits(), damage, pause=0)
        while not work.finished:
            work.advance()
        stored = restoring.stored_digits()[damage.digit]
        lines = run(restoring.script(damage)).splitlines()
        assert [line.rsplit(" ", 1)[0] for line in lines] == list(work.states)
        assert [float(line.split()[-1]) for line in lines] == pytest.approx(
            [(state * stored).mean() for state in work.states.values()]
        )
    assert (work.states["exponential"] != 0).all()


@pytest.mark.parametrize(("eps", "recovered"), [(0.2, True), (0.75, False)])
def test_attacks_end_as_their_lines_say(eps, recovered, monkeypatch):
    monkeypatch.setattr(attacking, "PAUSE", 0)
    attack = Attack(1.0, eps)
    work = Attacking(attack)
    while not work.finished:
        work.advance()
    assert work.recovered is recovered
    words_printed = run(attacking.script(attack)).split()
    assert (float(words_printed[2]), float(words_printed[5])) == pytest.approx(work.overlaps[-1])
    assert float(words_printed[-1]) == pytest.approx(0.5)


def test_charts_on_paper():
    x = np.linspace(0, 1, 5)
    chart = Chart("x", "y", (Line("a", x, x, dash="dashed"),), (Dots("b", x, x, 0.1 * x),), (0, 1), (0, 1))
    assert charts.on_paper(chart, "png").startswith(b"\x89PNG")
    assert b"<svg" in charts.on_paper(chart, "svg")
    canvas = charts.Canvas(chart)
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
