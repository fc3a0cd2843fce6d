"""Corners at which an earlier version crashed, disagreed with itself or answered what it should have refused."""

import math
import warnings

import numpy as np
import pytest

import densehop as dh
from tests import naive_replicas


def quiet(function, *arguments, **named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **named)


@pytest.mark.parametrize("problem", [dh.DirectModel(2, 0.0, 2.0), dh.TeacherStudent(2, 0.0, 2.0, 5.0)])
def test_two_bodies_without_load_at_their_critical_temperature(problem):
    calm = dh.solve(problem, "paramagnet")
    assert (calm.energy, calm.entropy, calm.replicon) == (0.0, math.log(2), 0.0)
    assert dh.phase(problem) is dh.Phase.PARAMAGNETIC


@pytest.mark.parametrize("point", [(100, 0.9, 0.2), (50, 50.0, 0.01), (8, 1.0, 1e-12), (50, 1e6, 1.4)])
def test_glass_of_many_bodies_at_low_temperature(point):
    """Close to the random-energy model: f = -sqrt(2 log 2 alpha) (Derrida 1981)."""
    p, load, temperature = point
    glass = quiet(dh.solve, dh.DirectModel(p, load, temperature), "spin_glass", "1rsb")
    assert glass.converged
    assert glass.free_energy == pytest.approx(-math.sqrt(2 * math.log(2) * load), rel=2e-4 if p > 8 else 3e-3)


def test_global_line_of_two_bodies_has_the_rival_of_phase():
    load = dh.retrieval_boundary(2, 0.3, "global")
    assert dh.boundary("retrieval_global", 2, [0.3]).coordinate[0] == load
    assert quiet(dh.phase, dh.DirectModel(2, load * (1 - 1e-6), 0.3)) is dh.Phase.GLOBAL_RETRIEVAL
    assert quiet(dh.phase, dh.DirectModel(2, load * (1 + 1e-6), 0.3)) is dh.Phase.LOCAL_RETRIEVAL
    assert dh.retrieval_boundary(2, 0.0, "global_ags") / 2 == pytest.approx(0.0518543309, abs=1e-9)
    with pytest.raises(dh.InvalidInput, match="'global_ags' is a line of p = 2"):
        dh.retrieval_boundary(3, 0.0, "global_ags")


@pytest.mark.parametrize("branch", ["paramagnet", "spin_glass", "retrieval", "inference"])
@pytest.mark.parametrize(
    "problem",
    [dh.TeacherStudent(3, 0.4, 0.5, 1.0), dh.TeacherStudent(4, 0.4, 0.5, 3.0, 2), dh.TeacherStudent(2, 0.1, 1, 1.5)],
)
def test_what_the_theory_does_not_cover_is_refused_in_every_branch(problem, branch):
    """Examples of an ordered teacher, or a signal that grows with N, are no independent noise."""
    with pytest.raises(dh.OutOfRange):
        dh.solve(problem, branch)


def test_spinodal_line_of_two_bodies_in_one_step():
    """M/N = 0.1381865 at T = 0 (Steffan & Kuehn 1994), beyond 0.1379056 of replica symmetry."""
    line = dh.boundary("retrieval_spinodal", 2, [0.0], ansatz="1rsb")
    assert line.coordinate[0] / 2 == pytest.approx(0.1381865, abs=5e-8)
    assert line.coordinate[0] == dh.retrieval_boundary(2, 0.0, "spinodal", "1rsb")


def test_lines_at_one_temperature_take_no_temperatures():
    with pytest.raises(dh.InvalidInput, match="this line lies at the one temperature"):
        dh.boundary("glass_static", 3, [0.5], model="fixed_load", load=3.0)


def test_two_bodies_at_fixed_load():
    """The explicit line in the (T*, T) plane is the load line at fixed teacher read the other way."""
    line = dh.boundary("inference_spinodal", 2, model="fixed_load", load=1.0, points=7)
    for taught, temperature in zip(map(float, line.coordinate), map(float, line.temperature), strict=True):
        there = dh.boundary("inference_spinodal", 2, [temperature], model="fixed_teacher", teacher_temperature=taught)
        assert there.coordinate[0] == pytest.approx(1.0, rel=1e-12)
    diagram = quiet(dh.phase_diagram, 2, "fixed_load", [2.5, 4.0], [0.5, 3.0], load=1.0)
    assert "inference_spinodal_teacher_temperature" in diagram


def test_limit_of_many_bodies_in_closed_form():
    """The random-energy model (Derrida 1981): f = -1 in retrieval; triple point at alpha = T = 1/(2 log 2)."""
    line = dh.boundary("retrieval_global", math.inf, [0.2, 0.9, 1.3])
    frozen = 1 / (2 * math.log(2))
    assert line.coordinate == pytest.approx([frozen, *(2 * t * (1 - t * math.log(2)) for t in (0.9, 1.3))], rel=1e-14)
    assert dh.boundary("retrieval_global", 60, [0.2, 0.9, 1.3]).coordinate == pytest.approx(line.coordinate, rel=1e-9)
    with pytest.raises(dh.InvalidInput, match="kind for p = inf must be one of"):
        dh.boundary("retrieval_spinodal", math.inf)
    with pytest.raises(dh.InvalidInput, match="p must be an integer"):
        dh.phase_diagram(math.inf)


def test_glass_lines():
    """Published for the Ising 3-spin glass in units T/sqrt(2 alpha): 0.682, 0.651 and 0.240."""
    lines = dh.theory.glass_lines(3)
    in_units = [1 / math.sqrt(2 * gamma) for gamma in (lines.gamma_dynamic, lines.gamma_static, lines.gamma_gardner)]
    assert in_units == pytest.approx([0.682, 0.651, 0.240], abs=5e-4)
    assert lines.triple_point == pytest.approx(dh.retrieval_boundary(3, lines.triple_point, "global"), rel=1e-12)


def test_examples_needed_does_not_describe_what_it_cannot():
    assert "1 example on" in dh.examples_needed(1000, 2, 2.000001, 0.9).explanation
    assert "they do not describe this N" in dh.examples_needed(1000, 2, 2.000001, 0.9).explanation


def test_error_of_a_global_line_covers_the_table_behind_it():
    """The line again, by bisection of exact free energies."""
    line = dh.boundary("retrieval_global", 3, [0.6])

    def lead(load):
        glass = quiet(dh.solve, dh.DirectModel(3, load, 0.6), "spin_glass", "1rsb").free_energy
        return glass - quiet(dh.solve, dh.DirectModel(3, load, 0.6), "retrieval").free_energy

    exact = naive_replicas.bisect(lead, 0.84, 0.85)
    assert abs(line.coordinate[0] - exact) <= line.error[0] < 1e-10


def test_default_diagram_of_two_bodies():
    diagram = quiet(dh.phase_diagram, 2, "direct", np.linspace(0, 0.4, 5), np.linspace(0, 3, 7), boundaries=False)
    names = np.array(diagram["phase"].attrs["flag_meanings"].split())[diagram["phase"].values]
    assert set(names.ravel()) == {"P", "SG", "lR", "gR"}
    assert names[4, 0] == "P"  # load 0, T = 2


def test_a_state_too_narrow_to_break_is_not_lost():
    """At p = 10, T = 0 the retrieval state is all but a point, which 1RSB moves by 1e-12 only."""
    problem = dh.DirectModel(p=10, load=0.5, temperature=0.0)
    assert quiet(dh.phase, problem, "1rsb") is dh.Phase.GLOBAL_RETRIEVAL
    broken, plain = (dh.candidates(problem, ansatz)[0] for ansatz in ("1rsb", "rs"))
    assert (broken.branch, broken.ansatz) == ("retrieval", "1rsb")
    assert 0 <= broken.free_energy - plain.free_energy < 1e-11
    assert 1e-9 < broken.q1 - broken.q0 < 1e-7


def test_row_of_a_critical_teacher():
    """p = 2 on the Nishimori line at T = 2: gamma_c = 0, so that inference wins at every load, as `phase` says."""
    data = quiet(dh.phase_diagram, 2, "nishimori", np.array([0.5, 2.0]), np.array([1.9, 2.0, 2.1]), boundaries=False)
    names = np.array(data["phase"].attrs["flag_meanings"].split())[data["phase"].values]
    for row, temperature in enumerate(data["temperature"].values):
        for column, load in enumerate(data["alpha"].values):
            problem = dh.TeacherStudent.nishimori(2, float(load), float(temperature))
            assert names[row, column] == dh.phase(problem).value


def test_overlaps_below_an_ordered_teacher():
    """Below T_crit the grid holds q* = 1 and no retrieval branch, as `solve` does, and not a formal problem's."""
    data = quiet(dh.phase_diagram, 5, "nishimori", np.array([0.5, 2.05]), np.array([0.6, 1.0]), boundaries=False)
    assert (data["inference_overlap"].values == 1).all()
    assert np.isnan(data["retrieval_overlap"].values).all()
    with pytest.raises(dh.NoSolution, match="the teacher itself is ordered"):
        dh.solve(dh.TeacherStudent.nishimori(5, 0.5, 0.6), "retrieval")


def test_entropy_with_a_hot_teacher():
    """p = 2 at load 4 (T - 2)^2 on the Nishimori line: the entropy approaches a limit as 1/T, to all digits."""
    limit, *entropies = (
        quiet(dh.solve, dh.TeacherStudent.nishimori(2, 4 * (t - 2) ** 2, t), "inference").entropy
        for t in (1e10, 1e3, 1e5, 1e7)
    )
    assert limit == pytest.approx(0.006717754, abs=1e-8)  # by the rearranged eq. 24 with sums over 24,001 nodes
    for temperature, entropy in zip((1e3, 1e5, 1e7), entropies, strict=True):
        assert temperature * (entropy - limit) == pytest.approx(0.0588, rel=0.02)


@pytest.mark.parametrize("gamma", [1e2, 1e10, 1e24])
def test_entropy_at_large_gamma(gamma):
    """p = 3: the student knows the pattern, and the entropy is zero beside a free entropy of Gamma."""
    found = dh.solve(dh.TeacherStudent.nishimori(3, gamma * 6.25, 2.5), "inference")
    assert 0 <= found.entropy < 1e-15
    assert found.free_entropy == pytest.approx(gamma, rel=1e-14)
