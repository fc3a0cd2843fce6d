"""What the explorer shows, without a browser: points, descriptions, Python code, simulations, links."""

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
from densehop.apps.explorer.compute import attack, description, python_code, restoration
from densehop.apps.explorer.compute.attack import Attack, AttackSimulation
from densehop.apps.explorer.compute.cut import CutLine, CutSimulation, theory_along
from densehop.apps.explorer.compute.phase_plane import MODELS, PhasePlane, allowed_p, diagram, phase_grid
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.restoration import Damage, Restoration
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest
from densehop.apps.explorer.pages.attack import AttackPage
from densehop.apps.explorer.pages.cut import CutPage
from densehop.apps.explorer.pages.phase_diagram import PhaseDiagramPage
from densehop.apps.explorer.pages.restore import RestorePage
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.sessions.state import SessionState
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.canvas import Canvas
from densehop.apps.explorer.widgets.chart import Chart, Dots, Line
from densehop.apps.explorer.workers.job_runner import JobRunner
from densehop.apps.explorer.workers.worker_pool import Worker, WorkerPool

QUIET = pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")  # Panel's


def plane(model, p=4):
    return PhasePlane.from_controls(model, p, 3.5 if model == "finite_noise" else 1.6)


def run(code):
    """Run lines of Python and return what they print."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "page", "exec"), {})
    return printed.getvalue()


@pytest.mark.parametrize("model", MODELS)
def test_a_point_says_what_solve_and_phase_say(model):
    point = Point(plane(model), 0.9, 0.7)
    phase, ranked = point.phase_and_branches()
    assert phase == dh.phase(point.problem)
    best, solved = ranked[0], dh.solve(point.problem, ranked[0].branch, ranked[0].ansatz)
    assert (best.m, best.q, best.q_star) == (solved.m, solved.q, solved.q_star)
    assert best.free_energy == pytest.approx(solved.free_energy, nan_ok=True)
    rows = description.branch_table(ranked)
    assert [row[0] for row in rows] == [one.branch.replace("_", " ") for one in ranked]
    assert phase.value in description.heading(point, phase)
    assert len(description.sentence(point, phase, ranked)) > 40
    printed = run(python_code.of_point(point)).splitlines()
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
        point = Point(plane(model, 3), x, t)
        found, ranked = point.phase_and_branches()
        assert found is phase
        sentences.add(description.sentence(point, found, ranked))
    assert len(sentences) == len(places)


@pytest.mark.parametrize(
    ("model", "start"),
    list(zip(MODELS, ("random", "overlap", "example", "attacked", "pattern"), strict=True)),
)
def test_lines_of_python_repeat_a_simulation_bit_for_bit(model, start):
    request = SimulationRequest(Point(plane(model), 0.8, 1.1), 20, 3, start, 0.4, seed=5, n_sweeps=30)
    simulation = Simulation(request)
    while not simulation.finished:
        simulation.advance()
    assert simulation.overlap.shape == simulation.energy.shape == (3, 2, 30)
    mean, error = map(float, run(python_code.of_simulation(request)).split())
    assert (mean, error) == simulation.mean_overlap()


def test_blocks_are_short_where_a_sweep_is_long():
    small, large = (SimulationRequest(Point(plane("nishimori", 3), load, 2.0), 256, 1) for load in (0.1, 6.0))
    assert small.sweeps_per_block > large.sweeps_per_block >= 1
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
        SimulationRequest(**{"point": Point(plane("nishimori", 3), 6.0, 2.0), **change})


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
def test_planes_that_do_not_exist(model, p, hot):
    with pytest.raises(dh.InvalidInput):
        PhasePlane(model, p, hot)


def test_diagram_has_the_phases_of_the_window():
    found = diagram(PhasePlane("nishimori", 3), boundaries=False)
    assert set(np.unique(found["phase"].values)) == {0, 2, 3, 4}
    assert allowed_p("large_noise") == (4, 6, 8, 10)


def test_a_teacher_as_cold_as_its_student_is_not_at_zero():
    for model in ("nishimori", "large_noise"):
        with pytest.raises(dh.InvalidInput, match="temperature must be positive"):
            Point(plane(model), 1.0, 0.0)
    assert Point(plane("direct"), 0.1, 0.0).phase_and_branches()[0] is dh.Phase.GLOBAL_RETRIEVAL


def test_small_sizes_near_the_teachers_transition_are_said():
    """rho_N by the definition at T* = 1.5, where ordered examples dominate, against T* = 4, where they do not."""
    near, far = Point(PhasePlane("fixed_teacher", 3, 1.5), 3.0, 1.5), Point(PhasePlane("nishimori", 3), 6.0, 4.0)
    said = description.small_size_warning(near, 64)
    assert f"the noise is {dh.teacher.noise_ratio(64, 3, 1.5):.3g} times" in said
    assert "N beyond 1024, or a hotter teacher" in said
    assert description.small_size_warning(far, 64) == ""
    warm = Point(PhasePlane("nishimori", 3), 6.0, 2.0)
    assert "take N = 192 or more" in description.small_size_warning(warm, 64)
    assert dh.teacher.noise_ratio(192, 3, 2.0) < 1.2 < dh.teacher.noise_ratio(128, 3, 2.0)
    assert "two-body teacher" in description.small_size_warning(Point(PhasePlane("large_noise", 4), 1.0, 2.0), 64)
    for point in (
        Point(PhasePlane("direct", 3), 0.5, 0.5),
        Point(PhasePlane("nishimori", 3), 6.0, 1.0),
        Point(PhasePlane(p=2), 1.0, 3.0),
    ):
        assert description.small_size_warning(point, 64) == ""


class CountingJob:
    """A job that counts its steps."""

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
    steps, ends = [], []
    runner = JobRunner(threading.Semaphore(1), lambda: steps.append(1), ends.append)
    job = CountingJob(10**6)
    runner.start(job)
    wait_for(lambda: job.done > 2)
    runner.pause()
    time.sleep(0.1)
    paused = job.done
    time.sleep(0.1)
    assert job.done == paused
    runner.resume()
    wait_for(lambda: job.done > paused)
    runner.stop()
    wait_for(lambda: ends)
    assert ends == [""]
    assert len(steps) == job.done
    assert not runner.running


def test_a_runner_reports_an_error_and_releases_its_slot():
    slots, ends = threading.BoundedSemaphore(1), []
    JobRunner(slots, lambda: None, ends.append).start(CountingJob(3, dh.InvalidInput("no such thing")))
    wait_for(lambda: ends)
    assert ends == ["no such thing"]
    assert slots.acquire(blocking=False)


def test_slots_bound_how_many_jobs_run_at_once():
    slots, ends = threading.Semaphore(1), []
    jobs = [CountingJob(10), CountingJob(10)]
    slots.acquire()
    for job in jobs:
        JobRunner(slots, lambda: None, ends.append).start(job)
    time.sleep(0.05)
    assert [job.done for job in jobs] == [0, 0]
    slots.release()
    wait_for(lambda: len(ends) == 2)
    assert [job.done for job in jobs] == [10, 10]


def test_a_cut_goes_from_point_to_point():
    positions = [1.6, 2.0]
    requests = [SimulationRequest(Point(plane("nishimori", 3), 8.0, t), 16, 2, n_sweeps=24) for t in positions]
    cut = CutSimulation(requests, positions)
    while not cut.finished:
        cut.advance()
    alone = Simulation(requests[1])
    while not alone.finished:
        alone.advance()
    assert [position for position, _, _ in cut.results] == positions
    assert cut.results[1][1:] == alone.mean_overlap()


def test_a_worker_computes_in_the_background_and_caches():
    worker = Worker(1)
    try:
        begun = time.perf_counter()
        results = [worker.submit(time.sleep, seconds) for seconds in (1.0, 1.0, 0.0, "no time")]
        assert time.perf_counter() - begun < 1.0
        assert results[0] is results[1]
        assert not results[0].done()
        assert isinstance(results[3].exception(60), TypeError)
        assert results[2].done()
    finally:
        worker.close()


class ManualPool(WorkerPool):
    """A pool without processes: a test sets the results itself."""

    def __init__(self):
        super().__init__(1)
        self.submitted = {}
        self.fast = self.slow = self

    def submit(self, function, argument):
        return self.submitted.setdefault((function, argument), Future())


@QUIET
def test_pages_wait_for_theory_without_blocking(monkeypatch):
    monkeypatch.setattr(Session, "schedule", lambda _, action: action())
    pool = ManualPool()
    session = Session(pool)
    phase, cut = PhaseDiagramPage(session), CutPage(session)
    assert "0.9" in phase._description.object  # numbers are there
    assert not phase._files.enabled
    assert not cut._files.enabled
    small = xr.Dataset({"phase": (("temperature", "load"), np.zeros((2, 2), np.int8), {"flag_meanings": "P SG"})})
    pool.submitted[phase_grid, PhasePlane()].set_result(small)
    assert phase._figure._shades.data["image"]
    assert not phase._files.enabled  # its lines are not there yet
    pool.submitted[diagram, PhasePlane()].set_result(small)
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
    pages = [page(session) for page in (PhaseDiagramPage, CutPage, RestorePage, AttackPage)]
    pages[0]._simulation._run(None)
    pages[1]._run(None)
    assert "\n" not in said + session.error_pane.object


def test_a_link_holds_what_differs_and_comes_back():
    state = SessionState()
    assert state.query() == {}
    state.param.update(model="direct", p=4, x=0.5, hidden=0.25, clicked="3.14")
    other = SessionState()
    assert other.load_query({name: str(value) for name, value in state.query().items()}) == ""
    assert other.query() == state.query()


def test_a_link_with_nonsense_says_so_and_keeps_the_rest():
    state = SessionState()
    said = state.load_query({"x": "nan?", "model": "none", "n": "64", "p": "99", "seed": True, "unknown": "1"})
    assert all(part in said for part in ("x=nan?", "model=none", "p=99", "seed=True"))
    assert (state.n, state.p, state.model) == (64, 3, "nishimori")


def test_restoration_is_what_its_code_says():
    for damage in (Damage(7, 0.5, 0.0, 0.0), Damage(2, 0.0, 0.2, 0.0, (3, 4)), Damage(1, 0.3, 0.1, 0.2)):
        work = Restoration(restoration.stored_digits(), damage, step_seconds=0)
        while not work.finished:
            work.advance()
        stored = restoration.stored_digits()[damage.digit]
        lines = run(restoration.python_code(damage)).splitlines()
        assert [line.rsplit(" ", 1)[0] for line in lines] == list(work.states)
        assert [float(line.split()[-1]) for line in lines] == pytest.approx(
            [(state * stored).mean() for state in work.states.values()]
        )
    assert (work.states["exponential"] != 0).all()


@pytest.mark.parametrize(("eps", "recovered"), [(0.2, True), (0.75, False)])
def test_attacks_end_as_their_code_says(eps, recovered, monkeypatch):
    monkeypatch.setattr(attack, "STEP_SECONDS", 0)
    chosen = Attack(1.0, eps)
    work = AttackSimulation(chosen)
    while not work.finished:
        work.advance()
    assert work.recovered is recovered
    printed = run(attack.python_code(chosen)).split()
    assert (float(printed[2]), float(printed[5])) == pytest.approx(work.overlaps[-1])
    assert float(printed[-1]) == pytest.approx(0.5)


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
