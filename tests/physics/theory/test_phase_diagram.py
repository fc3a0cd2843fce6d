"""Phases: who wins at a point, on a grid and on both sides of every line; what is refused and what is warned about."""

import math
import warnings
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import densehop as dh
from densehop.theory.diagrams import grids
from densehop.theory.models.many_body import limits
from densehop.theory.models.many_body import states as many_body
from densehop.theory.models.many_body.noise import TensorNoise

P, SG, LOCAL, GLOBAL, EXAMPLE = dh.Phase


def quiet(function, *arguments, **named):
    """Call without the warnings about stability, which are tested by themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return function(*arguments, **named)


# --- the phases on both sides of a line -------------------------------------------------------------------------------

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


# --- whole grids ------------------------------------------------------------------------------------------------------


def test_grid_states_are_those_of_the_solver():
    """Anywhere, at T = 0, and right at the spinodal, where a table decides whether there is a state."""
    rng = np.random.default_rng(5)
    temperature = np.concatenate([rng.uniform(0, 2.0, 60), np.zeros(10), rng.uniform(0, 1.98, 30)])
    load = rng.uniform(0, 1.0, 100)
    edge = [limits.spinodal_load(4, t).value for t in temperature[70:]]
    load[70:] = edge * (1 + rng.choice([-1e-2, -1e-5, -1e-7, -1e-11, 1e-11, 1e-7, 1e-5], 30))
    found = grids.states(4, load, temperature)
    for index, (nu, t) in enumerate(zip(map(float, load), map(float, temperature), strict=True)):
        try:
            state = many_body.retrieval(4, nu, t)
        except dh.NoSolution:
            assert np.isnan(found.overlap[index]), (nu, t)
            continue
        noise, order = TensorNoise(4), state.order
        entropy = state.site.entropy + noise.entropy(order, nu)
        replicon = noise.replicon(order, nu, t, state.site.fourth)
        near = 1e-10 if index < 70 else 1e-6  # at the spinodal states move as the root of the distance
        expected = (order.overlap, order.inner, noise.energy(order, nu), entropy)
        assert [values[index] for values in found[:4]] == pytest.approx(expected, rel=near, abs=near), (nu, t)
        assert found.replicon[index] == pytest.approx(replicon, rel=1e3 * near, abs=1e3 * near), (nu, t)


def test_grid_backgrounds_are_those_of_the_solver():
    rng = np.random.default_rng(6)
    load, temperature = rng.uniform(0.01, 3, 40), np.concatenate([rng.uniform(0.05, 2, 37), np.zeros(3)])
    found = grids.background(4, load, temperature)
    for index, (alpha, t) in enumerate(zip(map(float, load), map(float, temperature), strict=True)):
        branch = ("spin_glass", "1rsb") if found.is_glass[index] else ("paramagnet",)
        state = quiet(dh.solve, dh.DirectModel(4, alpha, t), *branch)
        expected = (state.energy, state.entropy, state.q1, state.parisi)
        assert [values[index] for values in found[:4]] == pytest.approx(expected, abs=1e-7 * (1 + alpha))
        assert found.replicon[index] == pytest.approx(state.replicon, rel=1e-5)


GRIDS = [  # p, plane, largest coordinate
    (4, {}, 1.2),
    (4, {"model": "nishimori"}, 8.0),
    (4, FIXED, 8.0),
    (4, COLD, 5.0),
    (4, FEW, 3.0),
    (4, HOT, 4.0),
    (4, OPTIMAL, 4.0),
    (2, {}, 0.5),
    (2, {"model": "nishimori"}, 3.0),
]


@lru_cache(maxsize=16)
def diagram(number):
    """Return the plane and its diagram on a random grid."""
    p, plane, largest = GRIDS[number]
    rng, n = np.random.default_rng(number), 3 if p == 2 else 14
    start = 1.5 if plane is COLD else 0.01
    coordinates = np.sort(rng.uniform(start, largest, n))
    temperatures = np.sort(rng.uniform(0.03, 3.0, n))
    return (
        p,
        plane,
        quiet(
            dh.phase_diagram,
            p,
            plane.get("model", "direct"),
            coordinates,
            temperatures,
            boundaries=False,
            **{k: v for k, v in plane.items() if k != "model"},
        ),
    )


@pytest.mark.parametrize("number", range(len(GRIDS)))
def test_diagrams_agree_with_single_points(number):
    """Phase, winner and metastable overlaps at random grid points are those that `phase` and `candidates` give."""
    p, plane, data = diagram(number)
    axis = data["phase"].dims[1]
    rng = np.random.default_rng(100 + number)
    members = tuple(dh.Phase)
    assert data["phase"].attrs["flag_meanings"].split() == [member.value for member in members]
    assert data.attrs["p"] == p
    for _ in range(4 if p == 2 else 12):
        here = data.isel({"temperature": rng.integers(data.sizes["temperature"]), axis: rng.integers(data.sizes[axis])})
        problem = problem_at(p, plane, float(here[axis]), float(here["temperature"]))
        assert members[int(here["phase"])] is quiet(dh.phase, problem), problem
        ranked = quiet(dh.candidates, problem)
        if math.isnan(here["free_energy"]):  # ordered teacher: energies diverge with N
            assert members[int(here["phase"])] is EXAMPLE
            ranked = ranked[:1]
            assert math.isnan(ranked[0].free_energy)
        winner = ranked[0]
        for name in ("m", "q", "q_star", "free_energy", "energy", "entropy", "parisi"):
            assert float(here[name]) == pytest.approx(getattr(winner, name), abs=1e-7, nan_ok=True), (name, problem)
        assert float(here["replicon"]) == pytest.approx(winner.replicon, rel=1e-5, abs=1e-7)
        assert bool(here["rs_exact"]) is (winner.ansatz == "rs" and winner.replicon >= 0)
        for solution in ranked:
            name = {"retrieval": "retrieval_overlap", "inference": "inference_overlap"}.get(solution.branch)
            if name and not math.isnan(winner.free_energy):
                assert float(here[name]) == pytest.approx(solution.q_star + solution.m, abs=1e-7)


@pytest.mark.parametrize("number", range(7))
def test_entropy_is_positive_where_the_diagram_claims_exactness(number):
    """The paper's first check of itself, on the whole plane."""
    data = diagram(number)[2]
    exact = data["rs_exact"].values & np.isfinite(data["entropy"].values)
    assert exact.any()
    assert (data["entropy"].values[exact] > -1e-10).all()


def test_a_diagram_brings_its_lines_and_says_what_is_not_exact():
    data = dh.phase_diagram(4, "finite_noise", [0.5, 1.0, 9.0], [1.0, 2.0], teacher_temperature=3.4)
    assert data["inference_spinodal_scaled_load"].dims == ("inference_spinodal_point",)
    slope = data["inference_spinodal_temperature"] / data["inference_spinodal_scaled_load"].where(
        data["inference_spinodal_scaled_load"] > 0
    )
    eta = 3 * (2 / 1.4) ** 2 / 6
    assert slope.max() == pytest.approx(eta * dh.critical_temperature(4).spinodal_temperature, rel=1e-12)
    assert data["retrieval_global_temperature"].values == pytest.approx(dh.critical_temperature(4).temperature)
    with pytest.warns(RuntimeWarning, match=r"replica symmetry is not exact on 25% of this grid"):
        data = dh.phase_diagram(4, "direct", [0.1, 1.9], [0.5, 1.5], boundaries=False)
    assert not any(name.endswith("_point") for name in data.dims)
    for arguments, named, message in (
        ((3, "direct", [1.0, 0.5]), {}, "coordinates must increase"),
        ((3, "direct", [[1.0]]), {}, "coordinates must be real numbers of shape"),
        ((3, "direct", [-1.0]), {}, "coordinates must be a finite number >= 0, got -1"),
        ((3, "fixed_teacher"), {}, "model 'fixed_teacher' needs teacher_temperature"),
        ((3, "direct"), {"load": 1.0}, "model 'direct' does not take load"),
        ((3, "planted"), {}, "model must be one of 'direct', 'nishimori'"),
        ((5, "finite_noise"), {"teacher_temperature": 3.0}, "p must be even, got 5"),
        ((2, "large_noise"), {}, "p must be even and at least 4, got 2"),
        ((3, "large_noise"), {}, "p must be even, got 3: an odd p learns nothing from a two-body teacher"),
        ((2, "large_noise"), {"scaled_teacher_temperature": 1.0}, "p must be even and at least 4, got 2"),
        ((3, "direct", np.arange(3000.0), np.arange(3000.0)), {}, "a grid of 3000 x 3000 points is too large"),
    ):
        with pytest.raises(dh.InvalidInput, match=message):
            dh.phase_diagram(*arguments, **named)


# --- single points ----------------------------------------------------------------------------------------------------


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
