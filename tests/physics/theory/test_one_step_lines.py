"""Where 1RSB states end and win, against a solver at given overlap, and what must hold without any reference."""

import math
import warnings

import numpy as np
import pytest

import densehop as dh
from densehop.errors import NotConverged
from densehop.theory.models.choice import p_body
from densehop.theory.models.pairwise.model import Inference
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import broken_curve, one_step_branch
from tests import naive_one_step
from tests.naive_one_step import Unknown


def quiet(function, *arguments, **named):
    """Call without the warnings about stability, which are tested by themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return function(*arguments, **named)


def retrieved(p, load, temperature, ansatz="1rsb"):
    return quiet(dh.solve, dh.DirectModel(p, load, temperature), "retrieval", ansatz)


# --- retrieval --------------------------------------------------------------------------------------------------------

ENDS = [
    (3, 0.7, 0.929115858),
    (3, 0.9, 0.929149713),
    (4, 0.58, 0.920385957),
    (5, 0.94, 0.980392718),
    (6, 1.02, 1.058437879),
]


@pytest.mark.parametrize(("p", "temperature", "load"), ENDS)
def test_ends_of_retrieval(p, temperature, load):
    """By damped iteration at a given overlap, continued in overlap and temperature."""
    found = dh.retrieval_boundary(p, temperature, ansatz="1rsb")
    assert found == pytest.approx(load, abs=1e-9)
    assert found > dh.retrieval_boundary(p, temperature)


STARTS = [  # a state of larger overlap than at the end, found by `naive_one_step.started`
    (3, 0.7, 0.7496879, Unknown(0.91, 0.7851436, 0.8311678, 0.5876874)),
    (3, 0.2, 0.8038176, Unknown(0.88, 0.8611557, 0.9831537, 0.2397910)),
]


@pytest.mark.parametrize(("p", "temperature", "overlap", "start"), STARTS)
def test_error_covers_the_solver_at_given_overlap(p, temperature, overlap, start):
    load, at = naive_one_step.largest_load(p, temperature, overlap, start)
    found = broken_curve.end_load(p_body(p).retrieval, temperature)
    assert abs(found.value - load) <= found.error < 1e-11
    state = retrieved(p, found.value * (1 - 1e-9), temperature)
    assert state.m == pytest.approx(at, abs=2e-4)


@pytest.mark.parametrize("p", [3, 4, 6])
@pytest.mark.parametrize("share", [0.03, 0.4, 0.9])
def test_states_solve_the_equations(p, share):
    """Between the AT line and the end, at three shares of the way, by sums over a dense grid."""
    branch = p_body(p).retrieval
    temperature = 0.62 * branch.furthest
    at = branch.stability_load(temperature).value
    load = at + share * (broken_curve.end_load(branch, temperature).value - at)
    found = retrieved(p, load, temperature)
    point = Unknown(load, found.q0, found.q1, found.parisi)
    assert np.abs(naive_one_step.residuals(p, temperature, found.m, point)).max() < 2e-9
    assert 0 < found.parisi < 1


LARGEST = [
    (3, 0.91, 0.745, 0.74892),
    (3, 0.9026, 0.745, 0.76496),
    (4, 0.8765, 0.6226, 0.90719),
    (5, 0.9777, 0.9091, 0.89959),
]


@pytest.mark.parametrize(("p", "load", "temperature", "overlap"), LARGEST)
def test_the_state_of_largest_overlap_is_returned(p, load, temperature, overlap):
    assert retrieved(p, load, temperature).m == pytest.approx(overlap, abs=1e-5)


def test_overlap_is_continuous_from_the_stability_line_to_the_end():
    """It leaves the replica-symmetric one on the AT line and falls with the load without a jump."""
    p, temperature = 3, 0.745
    at = float(dh.boundary("retrieval_stability", p, [temperature]).coordinate[0])
    end = dh.retrieval_boundary(p, temperature, ansatz="1rsb")
    loads = at + (end - at) * np.array([1e-6, 1e-4, *np.linspace(0.01, 0.999, 25)])
    overlaps = np.array([retrieved(p, float(load), temperature).m for load in loads])
    assert overlaps[0] == pytest.approx(retrieved(p, at, temperature, "rs").m, abs=1e-6)
    assert (np.diff(overlaps) < 0).all()
    assert np.abs(np.diff(overlaps)).max() < 0.03
    with pytest.raises(dh.NoSolution, match=f"it exists up to load = {str(end)[:9]}"):
        retrieved(p, end * (1 + 1e-9), temperature)


def test_end_is_smooth_in_temperature():
    """Third differences at p = 3 on a grid: an error of 1e-8 at one temperature would show."""
    temperatures = np.linspace(0.66, 0.72, 7)
    loads = dh.boundary("retrieval_spinodal", 3, temperatures, ansatz="1rsb").coordinate
    assert np.abs(np.diff(loads, 3)).max() < 7e-8
    assert (np.diff(loads) > 0).all()


@pytest.mark.parametrize("p", [10, 15, 20])
def test_global_line_at_zero_temperature(p):
    """As p grows the retrieval state becomes a point, f = -1, and the glass the random-energy model's."""
    load = dh.retrieval_boundary(p, 0.0, "global", "1rsb")
    glass = quiet(dh.solve, dh.DirectModel(p, load, 0.0), "spin_glass", "1rsb")
    assert retrieved(p, load, 0.0).free_energy == pytest.approx(glass.free_energy, abs=1e-10)
    assert load == pytest.approx(1 / (2 * math.log(2)), rel=5e-4)


@pytest.mark.parametrize(("p", "temperature"), [(4, 0.3165), (6, 0.1059), (9, 0.0153)])
def test_global_line_has_no_gap_where_it_crosses_the_stability_line(p, temperature):
    plain = dh.retrieval_boundary(p, temperature, "global")
    assert dh.retrieval_boundary(p, temperature, "global", "1rsb") == pytest.approx(plain, rel=1e-6)


def test_end_meets_replica_symmetry_on_the_nishimori_line():
    """T = 1/Gamma_lR (1 - d): the end lies below the line's by 3.1e-3 d^2, replica symmetry's by 0.43 d^2."""
    branch = p_body(3).retrieval
    for distance in (1e-2, 1e-3, 1e-4):
        below = branch.furthest - broken_curve.end_load(branch, branch.furthest * (1 - distance)).value
        assert 2.5e-3 * distance**2 < below < 3.6e-3 * distance**2
    close = broken_curve.end_load(branch, branch.furthest * (1 - 1e-6))
    assert abs(close.value - branch.furthest) <= close.error < 1e-11


@pytest.mark.parametrize("temperature", [0.0, 1e-7, 1e-4])
def test_states_that_hardly_break_are_found(temperature):
    """At low T and load 1 - q0 is below rounding, then 1e-10, and grows: no refusal, and a falling overlap."""
    overlaps, differences = [], []
    for load in (0.1, 0.15, 0.2, 0.26, 0.4):
        found = retrieved(3, load, temperature)
        assert found.residual < 1e-9
        overlaps.append(found.m)
        differences.append(found.q1 - found.q0)
    assert (np.diff(overlaps) < 0).all()
    assert (np.diff(differences) >= 0).all()
    assert differences[-1] > 1e-4


# --- inference of two bodies ------------------------------------------------------------------------------------------

TAUGHT = 5.421309449045079


def test_inference_of_two_bodies_below_its_symmetric_onset():
    """A state checked by sums of its own: q*, q0, q1, x; it wins, and continues the one above the onset."""
    problem = dh.TeacherStudent(2, 7.43058727, 0.8055826103505748, TAUGHT)
    found = quiet(dh.solve, problem, "inference", "1rsb")
    assert (found.q_star, found.q0, found.q1) == pytest.approx((0.228439, 0.544445, 0.931366), abs=1e-6)
    assert found.parisi == pytest.approx(0.14449, abs=1e-5)
    point = Unknown(problem.load, found.q0, found.q1, found.parisi)
    contrast = 2 / (TAUGHT - 2)
    violated = naive_one_step.residuals(2, problem.temperature, found.q_star, point, contrast)
    assert np.abs(violated).max() < 2e-9
    assert quiet(dh.phase, problem, "1rsb") is dh.Phase.GLOBAL_RETRIEVAL
    with pytest.raises(dh.NoSolution):
        dh.solve(problem, "inference")
    with pytest.warns(RuntimeWarning, match="1RSB may have a state of inference"):
        dh.phase(problem)


@pytest.mark.parametrize(("share", "ratio"), [(0.0, 0.714), (0.3, 0.819), (0.7, 0.958)])
def test_onset_of_inference_of_two_bodies(share, ratio):
    """Below T* it begins earlier than replica symmetry says, with q* growing as the root of the distance."""
    temperature, branch = share * TAUGHT, Inference(WishartNoise(2 / (TAUGHT - 2)))
    onset = broken_curve.end_load(branch, temperature).value
    assert onset / branch.symmetric_end(temperature).value == pytest.approx(ratio, abs=1e-3)
    line = dh.boundary(
        "inference_global", 2, [temperature], model="fixed_teacher", teacher_temperature=TAUGHT, ansatz="1rsb"
    )
    assert line.coordinate[0] == onset
    near, far = (
        quiet(dh.solve, dh.TeacherStudent(2, onset * (1 + k), temperature, TAUGHT), "inference", "1rsb").q_star
        for k in (1e-8, 1e-4)
    )
    assert near / far == pytest.approx(1e-2, rel=1e-2)
    glass = quiet(dh.solve, dh.DirectModel(2, onset, temperature), "spin_glass", "1rsb")
    just = quiet(dh.solve, dh.TeacherStudent(2, onset * (1 + 1e-8), temperature, TAUGHT), "inference", "1rsb")
    assert (just.q0, just.q1) == pytest.approx((glass.q0, glass.q1), abs=1e-6)
    with pytest.raises(dh.NoSolution, match="it begins continuously at load"):
        quiet(dh.solve, dh.TeacherStudent(2, onset * (1 - 1e-6), temperature, TAUGHT), "inference", "1rsb")


# --- points that are not found ----------------------------------------------------------------------------------------


def test_points_without_a_line_are_kept_with_the_reason():
    with pytest.warns(RuntimeWarning, match=r"retrieval_spinodal: 1 of 2 points are missing \(nan; see `reason`\)"):
        line = dh.boundary("retrieval_spinodal", 3, [0.5, 2.0])
    assert np.isnan(line.coordinate).tolist() == [False, True]
    assert line.temperature.tolist() == [0.5, 2.0]
    assert line.reason[0] == ""
    assert "exists below T = 1.747" in line.reason[1]
    assert (line.n_missing, line.n_undecided) == (1, 0)


def test_a_lost_search_is_no_absence(monkeypatch):
    """Where the curve cannot be followed, `solve` and `phase` say so, and a line has a hole with the reason."""

    def lost(*_):
        raise one_step_branch.Lost

    broken_curve.curve.cache_clear()
    monkeypatch.setattr(one_step_branch, "corrected", lost)
    problem = dh.DirectModel(3, 0.8, 0.3)
    for ask in (lambda: dh.solve(problem, "retrieval", "1rsb"), lambda: dh.phase(problem, "1rsb")):
        with pytest.raises(NotConverged, match="could not be followed beyond load"):
            ask()
    with pytest.warns(RuntimeWarning, match="1 because a search was lost"):
        line = dh.boundary("retrieval_spinodal", 3, [0.3, 1.2], ansatz="1rsb")
    assert np.isnan(line.coordinate).tolist() == [True, False]
    assert (line.n_missing, line.n_undecided) == (1, 1)
    broken_curve.curve.cache_clear()


@pytest.mark.parametrize(
    ("p", "settings"),
    [
        (3, {"model": "fixed_teacher", "teacher_temperature": 2.5}),
        (4, {"model": "large_noise", "scaled_teacher_temperature": 1.2}),
        (3, {"model": "fixed_load", "load": 6.0}),
    ],
)
def test_stability_line_of_inference_at_given_temperatures(p, settings):
    line = dh.boundary("inference_stability", p, points=41, **settings)
    chosen = slice(5, -5, 6)
    asked = dh.boundary("inference_stability", p, line.temperature[chosen], **settings)
    assert asked.n_missing == 0
    assert asked.coordinate == pytest.approx(line.coordinate[chosen], rel=1e-8)


@pytest.mark.parametrize("p", [3, 4, 6, 8])
@pytest.mark.parametrize("below", [0.0, 1e-14, 1e-9, 1e-7])
def test_end_where_the_stability_line_meets_it(p, below):
    """At T_N = 1/Gamma_lR the AT line ends at the spinodal, where the load is T_N: rounding decides on stability."""
    highest = 1 / dh.nishimori_lines(p).gamma_local
    line = dh.boundary("retrieval_spinodal", p, temperatures=[highest * (1 - below)], ansatz="1rsb")
    assert line.n_missing == 0
    assert abs(line.coordinate[0] - highest) <= 2 * line.error[0] + 1e-14
    with pytest.raises(dh.NoSolution):
        dh.solve(dh.DirectModel(p, 1.002 * highest, highest * (1 - below)), "retrieval", "1rsb")


@pytest.mark.parametrize("p", [3, 6, 10])
@pytest.mark.parametrize("below", [1e-4, 7e-5, 5e-5, 2.5e-5, 1e-5])
def test_claimed_error_covers_close_to_where_symmetry_is_restored(p, below):
    """The end rises to T_N with its square root's fold: 4e-11 below it at 1e-4, and less closer to it."""
    highest = 1 / dh.nishimori_lines(p).gamma_local
    line = dh.boundary("retrieval_spinodal", p, temperatures=[highest * (1 - below)], ansatz="1rsb")
    assert 0 <= highest - line.coordinate[0] <= 1.5 * line.error[0] + 6e-11 * (below / 1e-4) ** 2


def test_a_line_that_has_no_1rsb_version_says_which_have():
    with pytest.raises(
        dh.InvalidInput, match=r"at p = 2 for retrieval_spinodal.*`retrieval_boundary` has the global line"
    ):
        dh.boundary("retrieval_global", 2, temperatures=[0.5], ansatz="1rsb")
    assert dh.retrieval_boundary(2, 0.5, "global", "1rsb") > 0


@pytest.mark.parametrize("p", [50, 100, 1000])
def test_the_global_line_of_many_bodies_at_zero_temperature_is_that_of_random_energies(p):
    """Levels differ by less than rounding there: the line is replica symmetry's, and of the random energy model."""
    found = dh.retrieval_boundary(p, 0.0, "global", "1rsb")
    assert found == pytest.approx(1 / (2 * np.log(2)), rel=1e-12)
    assert dh.nishimori_lines(p).q_global <= 1
