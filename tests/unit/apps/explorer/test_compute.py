"""What the explorer computes: points, descriptions, Python code, simulations, cuts, restoration, attacks."""

import contextlib
import io
import math
from xml.etree import ElementTree

import numpy as np
import pytest

import densehop as dh
from densehop.apps.explorer.compute import attack, description, python_code, restoration
from densehop.apps.explorer.compute.attack import Attack, AttackSimulation
from densehop.apps.explorer.compute.cut import CutSimulation, coarse_to_fine
from densehop.apps.explorer.compute.phase_plane import EXPONENTIAL, MODELS, PhasePlane, allowed_p, diagram
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.restoration import Damage, Restoration
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest, advised_size
from densehop.apps.explorer.compute.stored import stored_digits, the_digits

STARTS = ("random", "overlap", "example", "attacked", "pattern", "random", "overlap", "attacked", "example")


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
    point = Point(plane(model), 0.3 if model == "rectified" else 0.9, 0.7)
    phase, ranked = point.phase_and_branches()
    assert phase == dh.phase(point.problem)
    best, solved = ranked[0], dh.solve(point.problem, ranked[0].branch, ranked[0].ansatz)
    assert (best.m, best.q, best.q_star) == (solved.m, solved.q, solved.q_star)
    assert best.free_energy == pytest.approx(solved.free_energy, nan_ok=True)
    rows = description.branch_rows(ranked)
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
    list(zip(MODELS, STARTS, strict=True)),
)
def test_lines_of_python_repeat_a_simulation_bit_for_bit(model, start):
    load = 0.2 if model in EXPONENTIAL else 0.8
    request = SimulationRequest(Point(plane(model), load, 1.1), 20, 3, start, 0.4, seed=5, n_sweeps=30)
    simulation = Simulation(request)
    while not simulation.finished:
        simulation.advance()
    assert simulation.overlap.shape == simulation.energy.shape == (3, 2, 30)
    mean, error = map(float, run(python_code.of_simulation(request)).split())
    assert (mean, error) == simulation.mean_overlap()


def test_an_overlap_without_order_is_zero_at_even_p():
    """40 requests of 4 disorders at p = 4, far above all order, where the mean is 0 by symmetry: about 1 error away.

    The mean of ``|overlap|``, or of blocks that are gauged one by one, was 5 errors away.
    """
    deviations = []
    for seed in range(40):
        request = SimulationRequest(Point(plane("direct"), 0.05, 8.0), 16, 4, "random", seed=seed, n_sweeps=60)
        simulation = Simulation(request)
        while not simulation.finished:
            simulation.advance()
        mean, error = simulation.mean_overlap()
        deviations.append(mean / error)
    assert abs(np.mean(deviations)) < 0.9  # 40 numbers of Student's t with 3 degrees of freedom: 0.27
    assert np.median(np.abs(deviations)) < 1.4  # 0.76


@pytest.mark.parametrize(
    ("shown", "coordinate"),
    [
        (PhasePlane("exponential_archetypes", None, None, 0.5, 0.8, 0.2), 0.05),
        (PhasePlane("rectified", None, None, degree=0.3), 0.1),
    ],
)
def test_archetypes_and_rectified_polynomials_meet_their_theory(shown, coordinate):
    """M = K n copies, those of the pattern last; the degree is n = c N."""
    point = Point(shown, coordinate, 0.5)
    request = SimulationRequest(point, 32, 8, n_sweeps=60)
    assert request.n_examples == (5 * 602 if shown.degree is None else 25)
    simulation = Simulation(request)
    while not simulation.finished:
        simulation.advance()
    mean, error = simulation.mean_overlap()
    theory = point.levels(32)
    assert abs(mean - theory.overlap) < max(3 * error, 1e-3)
    assert abs(simulation.mean_energy()[0] - theory.energy) < 0.01
    assert "There are exp(" in description.sentence(point, *point.phase_and_branches())


@pytest.mark.parametrize(("model", "load"), [("exponential", 0.2), ("exponential_examples", 0.35)])
def test_exponential_energies_meet_their_theory(model, load):
    """At a small size overlap and energy are near those of infinite N."""
    point = Point(PhasePlane.from_controls(model, 2, 3.0), load, 0.3)
    simulation = Simulation(SimulationRequest(point, 32, 8, n_sweeps=80))
    while not simulation.finished:
        simulation.advance()
    mean, error = simulation.mean_overlap()
    theory = point.levels(32)
    assert abs(mean - theory.overlap) < max(4 * error, 0.02)
    assert abs(simulation.mean_energy()[0] - theory.energy) < 0.05
    assert f"exp({load} N)" in description.sentence(point, *point.phase_and_branches())
    assert advised_size(Point(point.plane, 0.7, 0.3), 8) == 16
    assert advised_size(Point(point.plane, 0.1, 0.3), 2) > 64


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
    assert coarse_to_fine(1) == [0]
    assert coarse_to_fine(6) == [0, 4, 2, 1, 5, 3]


def test_restoration_is_what_its_code_says():
    for damage in (Damage(7, 0.5, 0.0, 0.0), Damage(2, 0.0, 0.2, 0.0, (3, 4)), Damage(1, 0.3, 0.1, 0.2)):
        work = Restoration(stored_digits(), damage)
        while not work.finished:
            work.advance()
        stored = stored_digits()[damage.digit]
        lines = run(restoration.python_code(damage, the_digits())).splitlines()
        assert lines == [f"{name} {(state == stored).mean():.0%}" for name, state in work.states.items()]
    assert (work.states["exponential"] != 0).all()


@pytest.mark.parametrize(
    ("load", "eps", "end"), [(1.0, 0.2, "recovered"), (1.0, 0.75, "captured"), (0.05, 0.0, "neither")]
)
def test_attacks_end_as_their_code_says(load, eps, end):
    """Of few examples the student cannot know the pattern: an overlap of 0.3 is not "recovered"."""
    chosen = Attack(load, eps)
    work = AttackSimulation(chosen)
    while not work.finished:
        work.advance()
    assert work.counts[end] == attack.N_DRAWS
    *draws, boundary = run(attack.python_code(chosen)).splitlines()
    printed = [(float(line.split()[2]), float(line.split()[5])) for line in draws]
    assert np.array(printed) == pytest.approx(np.array([student.overlaps[-1] for student in work.students]))
    assert float(boundary.split()[-1]) == pytest.approx(attack.boundary(load))
    assert attack.boundary_at_size(load) == pytest.approx(attack.boundary(load), abs=0.01)


def test_a_comparison_says_what_the_numbers_mean():
    nan = math.nan
    assert "no state at the pattern" in description.comparison(96, 0.995, 0.0, nan, nan)
    assert "does not stay" in description.comparison(96, 0.02, 0.01, nan, nan)
    assert "within two standard errors" in description.comparison(96, 0.90, 0.01, 0.95, 0.91)  # that for N counts
    assert "5.0 standard errors" in description.comparison(96, 0.90, 0.01, 0.95, nan)
    assert "no error bar" in description.comparison(96, 0.90, 0.0, 0.95, nan)


@pytest.mark.parametrize("model", ["direct", "nishimori", "exponential_examples"])
def test_the_hero_of_a_point_is_whole_html(model):
    """Definitions with an apostrophe had ended their attribute."""
    point = Point(plane(model, 3), 0.3, 1.7)
    hero = ElementTree.fromstring(f"<div>{description.hero(point, *point.phase_and_branches())}</div>")
    symbols = {one.text: one.attrib for one in hero.iter("abbr")}
    assert all(found == {"title": description.SYMBOLS[name], "tabindex": "0"} for name, found in symbols.items())
    assert len(symbols) == 2


def test_load_at_p_2_is_explained():
    point = Point(PhasePlane("direct", 2), 0.1, 0.2)
    assert "here M = 0.05 N" in description.sentence(point, *point.phase_and_branches())


def test_the_energy_at_n_is_that_of_simulation_and_not_that_of_infinite_n():
    point = Point(PhasePlane("nishimori", 3), 6.0, 2.2)
    simulation = Simulation(SimulationRequest(point, 32, 8, n_sweeps=40))
    while not simulation.finished:
        simulation.advance()
    mean, error = simulation.mean_energy()
    levels = point.levels(32)
    assert abs(mean - levels.energy_at_size) < 3 * error
    assert abs(mean - levels.energy) > 3 * error
    assert f"exactly {levels.energy_at_size:.4f}" in description.result(simulation, levels)


def test_without_an_exact_energy_at_n_the_page_says_so():
    levels = Point(PhasePlane("direct", 3), 0.3, 0.3).levels(64)
    assert math.isnan(levels.energy_at_size)
    assert "known on the Nishimori line only" in description.energy_comparison(64, -1.0, 0.1, levels)
