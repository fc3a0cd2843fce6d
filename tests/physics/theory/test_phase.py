"""The phase at a point: on both sides of every line, and by free energies; what is refused and warned about."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import densehop as dh

P, SG, LOCAL, GLOBAL, EXAMPLE = dh.Phase


def quiet(function, *arguments, **named):
    """Call without the warnings about stability, which are tested by themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return function(*arguments, **named)


FIXED = {"model": "fixed_teacher", "teacher_temperature": 2.0}
COLD = {"model": "fixed_load", "load": 4.0}
FEW = {"model": "finite_noise", "teacher_temperature": 3.4}
HOT, OPTIMAL = {"model": "large_noise", "scaled_teacher_temperature": 0.8}, {"model": "large_noise"}
PROBLEMS = {  # p, coordinate, T, what is fixed: the problem at a point of a plane, written out
    "direct": lambda p, x, t, _: dh.DirectModel(p, x, t),
    "nishimori": lambda p, x, t, _: dh.TeacherStudent.nishimori(p, x, t),
    "fixed_teacher": dh.TeacherStudent,
    "fixed_load": lambda p, x, t, fixed: dh.TeacherStudent(p, fixed, t, x),
    "finite_noise": dh.TeacherStudent.finite_noise,
    "large_noise": lambda p, x, t, fixed: (
        dh.TeacherStudent.large_noise(p, x, t, fixed) if fixed else dh.TeacherStudent(p, x, t, None, 2, x / t)
    ),
}


def problem_at(p, plane, coordinate, temperature):
    fixed = [value for name, value in plane.items() if name != "model"]
    return PROBLEMS[plane.get("model", "direct")](p, coordinate, temperature, fixed[0] if fixed else None)


SIDES = [
    (3, "retrieval_spinodal", {}, 0.9, LOCAL, P),
    (3, "retrieval_spinodal", {}, 0.6, LOCAL, SG),
    (3, "retrieval_spinodal", {}, 0.0, GLOBAL, SG),
    (5, "retrieval_spinodal", {}, 1.6, LOCAL, P),
    (3, "retrieval_global", {}, 1.2, GLOBAL, LOCAL),
    (3, "retrieval_global", {}, 0.5, GLOBAL, LOCAL),
    (3, "retrieval_global", {}, 0.1, GLOBAL, SG),
    (4, "retrieval_global", {}, 0.8, GLOBAL, LOCAL),
    (3, "glass_static", {}, 1.0, P, SG),
    (3, "inference_spinodal", FIXED, 2.0, P, LOCAL),
    (3, "inference_spinodal", FIXED, 1.5, SG, LOCAL),
    (3, "inference_global", FIXED, 2.5, LOCAL, GLOBAL),
    (3, "inference_global", FIXED, 1.2, LOCAL, GLOBAL),
    (3, "inference_spinodal", COLD, 2.0, LOCAL, P),
    (3, "inference_global", COLD, 2.0, GLOBAL, LOCAL),
    (3, "inference_global", COLD, 1.2, GLOBAL, LOCAL),
    (4, "inference_spinodal", {"model": "nishimori"}, 2.0, P, LOCAL),
    (4, "inference_global", {"model": "nishimori"}, 2.0, LOCAL, GLOBAL),
    (4, "inference_spinodal", FEW, 2.0, P, LOCAL),
    (4, "inference_global", FEW, 2.0, LOCAL, GLOBAL),
    (4, "inference_or_retrieval", FEW, 0.5, EXAMPLE, GLOBAL),
    (4, "inference_spinodal", HOT, 0.9, SG, LOCAL),
    (4, "inference_global", HOT, 0.9, LOCAL, GLOBAL),
    (4, "inference_spinodal", OPTIMAL, 1.3, P, LOCAL),
    (4, "inference_global", OPTIMAL, 1.3, LOCAL, GLOBAL),
    (4, "inference_or_retrieval", {"model": "large_noise", "scaled_teacher_temperature": 0.4}, 0.5, EXAMPLE, GLOBAL),
    (2, "retrieval_spinodal", {}, 1.5, LOCAL, SG),
    (2, "glass_static", {}, 3.0, P, SG),
    (2, "inference_spinodal", {"model": "nishimori"}, 3.0, P, GLOBAL),
]


@pytest.mark.parametrize(("p", "kind", "plane", "temperature", "below", "above"), SIDES)
def test_phases_change_at_the_lines(p, kind, plane, temperature, below, above):
    line = dh.boundary(kind, p, [temperature], **plane)
    assert line.temperature[0] == pytest.approx(temperature, rel=1e-12)
    assert 0 <= line.error[0] < 1e-11 * line.coordinate[0]
    for factor, expected in ((1 - 1e-6, below), (1 + 1e-6, above)):
        assert quiet(dh.phase, problem_at(p, plane, float(line.coordinate[0]) * factor, temperature)) is expected


@given(st.sampled_from([3, 4, 6]), st.floats(1.0001, 5.0), st.floats(0.2, 3.0))
@settings(max_examples=25)
def test_the_paramagnet_never_beats_the_glass(p, ratio, temperature):
    """Its free entropy is larger, but in the replica limit the glass is the right continuation."""
    problem = dh.DirectModel(p, ratio * dh.nishimori_lines(p).gamma_global * temperature**2, temperature)
    ranked = dh.candidates(problem)
    by_branch = {solution.branch: solution for solution in ranked}
    assert by_branch["paramagnet"].free_entropy > by_branch["spin_glass"].free_entropy
    assert ranked[-1].branch == "paramagnet"
    assert by_branch["spin_glass"].ansatz == "1rsb"
    rest = [solution.free_energy for solution in ranked[:-1]]
    assert rest == sorted(rest)
    assert quiet(dh.phase, problem) is not P


def test_who_wins_with_a_teacher():
    """Few examples are memorised one by one (eR), too many for that freeze (SG), many more reveal the pattern."""
    phases = [quiet(dh.phase, dh.TeacherStudent(3, load, 1.0, 2.0)) for load in (0.3, 2.0, 4.68, 4.9)]
    assert phases == [EXAMPLE, SG, LOCAL, GLOBAL]
    assert dh.phase(dh.TeacherStudent(3, 1.0, 1.6, 2.0)) is P
    assert dh.phase(dh.TeacherStudent.nishimori(3, 0.3, 1.0)) is EXAMPLE


def test_warnings_where_replica_symmetry_is_not_exact():
    with pytest.warns(RuntimeWarning, match=r"ask for ansatz='1rsb'"):
        assert dh.phase(dh.DirectModel(3, 0.8, 0.0)) is SG
    with pytest.warns(RuntimeWarning, match="more steps of breaking would change it further"):
        assert dh.phase(dh.DirectModel(3, 0.8, 0.0), "1rsb") is GLOBAL
    with pytest.warns(RuntimeWarning, match=r"the retrieval is unstable to replica symmetry breaking.*1rsb"):
        assert dh.phase(dh.DirectModel(3, 0.7, 0.0)) is GLOBAL
    with pytest.warns(RuntimeWarning, match="the spin_glass is unstable"):
        dh.solve(dh.DirectModel(3, 40.0, 1.0), "spin_glass")
    for problem in (dh.DirectModel(3, 0.3, 0.8), dh.DirectModel(3, 2.0, 1.2), dh.TeacherStudent(3, 20.0, 3.0, 2.0)):
        dh.phase(problem)  # exact: no warning


def test_branches_that_do_not_exist_say_where_they_begin():
    for problem, branch, message in (
        (dh.DirectModel(3, 0.9, 0.3), "retrieval", r"it exists up to load = 0\.8"),
        (dh.DirectModel(3, 0.01, 1.9), "retrieval", r"it exists below T = 1\.7477"),
        (dh.DirectModel(3, 0.5, 1.0), "spin_glass", r"from 2\.1268\d* on"),
        (dh.DirectModel(3, 0.0, 1.0), "spin_glass", "no spin glass without load"),
        (dh.DirectModel(3, 0.5, 0.0), "paramagnet", "no paramagnet at T = 0"),
        (dh.DirectModel(3, 0.5, 0.5), "inference", "a DirectModel has no teacher; ask for 'retrieval'"),
        (dh.TeacherStudent(3, 3.0, 1.0, 2.0), "inference", r"it needs load/signal\^2 <= 0\.\d+"),
        (dh.TeacherStudent(3, 1.0, 1.0, signal=0.0), "inference", "no inference without signal"),
        (dh.TeacherStudent(5, 1.0, 1.0, 3.0, teacher_p=4), "inference", "no inference without signal"),
    ):
        with pytest.raises(dh.NoSolution, match=message):
            quiet(dh.solve, problem, branch)
    with pytest.raises(dh.OutOfRange, match=r"the teacher is ordered below T_crit = 1\.487908"):
        dh.solve(dh.TeacherStudent(3, 6.0, 2.0, 1.2))
    with pytest.raises(dh.OutOfRange, match=r"the teacher is ordered below T_crit = 1\.487908"):
        dh.phase(dh.TeacherStudent(3, 6.0, 2.0, 1.2))
    with pytest.raises(dh.OutOfRange, match="finite_noise or TeacherStudent"):
        dh.solve(dh.TeacherStudent(4, 1.0, 1.0, 3.0, teacher_p=2))


def test_words_that_mean_nothing_are_refused():
    problem = dh.DirectModel(3, 0.3, 0.5)
    branches = "'inference', 'retrieval', 'spin_glass', 'paramagnet', 'unrelated_retrieval'"
    with pytest.raises(dh.InvalidInput, match=f"branch must be one of {branches}; got 'ferromagnet'"):
        dh.solve(problem, "ferromagnet")
    for question in (dh.phase, dh.candidates):
        with pytest.raises(dh.InvalidInput, match="ansatz must be one of 'rs', '1rsb'; got 'full'"):
            question(problem, "full")
        with pytest.raises(dh.InvalidInput, match=r"problem must be one of DirectModel, TeacherStudent, .*, got 3"):
            question(3)


def test_no_examples_are_no_signal_even_at_zero_temperature():
    diagram = quiet(dh.phase_diagram, 4, "large_noise", [0.0, 1.0], [0.0, 1.0], boundaries=False)
    assert diagram["q_star"].values[0, 0] == 0
    assert np.isfinite(diagram["free_energy"].values[0, 0])
