"""Phase diagrams: whole grids hold what the solver says of their points."""

import math
from functools import lru_cache

import numpy as np
import pytest

import densehop as dh
from densehop.theory.diagrams import grids
from densehop.theory.models.many_body import limits
from densehop.theory.models.many_body import states as many_body
from densehop.theory.models.many_body.noise import TensorNoise
from tests.physics.theory.test_phase import COLD, EXAMPLE, FEW, FIXED, HOT, OPTIMAL, problem_at, quiet


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
