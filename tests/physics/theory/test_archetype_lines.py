"""Planes of archetypes: against minima over grids, models of one level, exact sums at finite N, phases of points."""

import itertools
import math
import warnings

import numpy as np
import pytest

import densehop as dh
from densehop.theory.lines.exponential import equal_load
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import retrieval_limit
from tests import naive_archetypes as naive

MODEL = "exponential_archetypes"
KINDS = ("inference_spinodal", "inference_global", "retrieval_spinodal", "retrieval_global")


def at(kind, temperature, setting):
    """The archetype load of a line at a temperature, None where it does not exist."""
    try:
        return dh.boundary(kind, None, [temperature], model=MODEL, **setting).coordinate[0]
    except dh.NoSolution:
        return None


def random_points(n, seed):
    """Settings, loads and temperatures over decades."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        copies = float(rng.uniform(0, 0.5) * rng.random() + 1e-3)
        setting = {"sharpness": float(10 ** rng.uniform(-0.7, 0.8)), "reliability": float(rng.uniform(0.05, 0.97))}
        archetypes = float(rng.uniform(0, 0.69) * rng.random() + 1e-4)
        yield setting | {"copies_load": copies}, archetypes, float(10 ** rng.uniform(-0.9, 0.8))


def free_entropies(archetypes, temperature, setting):
    """Those of the slow twin."""
    return naive.free_entropies(
        archetypes, setting["copies_load"], setting["sharpness"], setting["reliability"], temperature
    )


def holds(kind, archetypes, temperature, setting):
    """Whether the slow twin has the state of a line, and for a global line whether it beats the paramagnet."""
    found, branch = free_entropies(archetypes, temperature, setting), kind.split("_")[0]
    return branch in found and (kind.endswith("spinodal") or found[branch] > found["paramagnet"])


@pytest.mark.parametrize(("n", "seed"), [(20, 0), pytest.param(2000, 1, marks=pytest.mark.long)])
def test_states_phases_and_lines_are_those_of_minima_over_grids(n, seed):
    seen = set()
    for setting, archetypes, temperature in random_points(n, seed):
        problem = dh.ExponentialArchetypes(
            archetypes + setting["copies_load"],
            setting["sharpness"],
            temperature,
            setting["reliability"],
            archetypes,
        )
        found = free_entropies(archetypes, temperature, setting)
        assert dh.phase(problem).value == naive.phase(found)
        here = {one.branch: one.free_entropy + one.complexity for one in dh.candidates(problem)}
        assert here == pytest.approx(found, rel=1e-8)
        for kind in KINDS:
            limit = at(kind, temperature, setting)
            seen.add((kind, limit is None))
            if limit is None:
                assert not holds(kind, 1e-7, temperature, setting)
            else:
                assert holds(kind, limit * (1 - 1e-5), temperature, setting)
                assert not holds(kind, limit * (1 + 1e-5), temperature, setting)
    assert {(kind, False) for kind in KINDS} <= seen


@pytest.mark.parametrize("temperature", [0.2, 0.5, 1.0, 3.0])
def test_archetypes_of_many_copies_are_memories_of_a_smaller_sharpness(temperature):
    """exp(N g(q)) copies give exp(h k) of the archetype's overlap k: sharpness h, and T L/h in its units."""
    sharpness, reliability = 0.8, 0.6
    setting = {"sharpness": sharpness, "reliability": reliability, "copies_load": 0.6}
    h = math.atanh(reliability * math.tanh(sharpness))
    end, limit = (load(h, temperature * sharpness / h) for load in (retrieval_limit, equal_load))
    assert at("inference_spinodal", temperature, setting) == pytest.approx(end, abs=1e-12)
    assert at("inference_global", temperature, setting) == pytest.approx(limit, abs=1e-12)


@pytest.mark.parametrize("temperature", [0.0, 0.4, 1.1, 3.0])
def test_limits_of_one_level(temperature):
    """One copy of each is a memory; copies without error weigh alike, so that archetypes are memories."""
    memory = [load(0.9, temperature) for load in (retrieval_limit, equal_load)]
    one_copy = {"sharpness": 0.9, "reliability": 0.5, "copies_load": 0.0}
    exact = {"sharpness": 0.9, "reliability": 1.0, "copies_load": 0.2}
    for setting, branch in ((one_copy, "retrieval"), (exact, "inference")):
        lines = [at(f"{branch}_{name}", temperature, setting) for name in ("spinodal", "global")]
        assert lines == pytest.approx(memory, abs=1e-12)


@pytest.mark.parametrize(("sharpness", "reliability"), [(0.4, 0.6), (0.7, 0.8)])
def test_lines_at_half_the_inverse_sharpness_are_where_terms_of_an_exact_sum_cross(sharpness, reliability):
    """Equation 132, mean Z at T = 1/(2L) for K archetypes with n copies each, at two N; its limit by extrapolation."""
    temperature, setting = 1 / (2 * sharpness), {"sharpness": sharpness, "reliability": reliability}
    two = math.cosh(2 * sharpness)
    same, siblings, others = 2 * two, 1 + two + reliability**2 * (two - 1), 1 + two
    crossings = []
    for n_spins in (100, 400):
        copies = math.exp(0.2 * n_spins)  # K - 1 archetypes weigh as much as one in its pairs of copies
        crossings.append(n_spins * math.log(siblings / others) + math.log((copies - 1) / copies))
    slope = (crossings[1] - crossings[0]) / 300
    assert at("inference_global", temperature, setting | {"copies_load": 0.2}) == pytest.approx(slope, abs=1e-10)
    few = setting | {"copies_load": 0.01}
    if 0.01 + at("retrieval_global", temperature, few) > sums.information(2 * sharpness, sums.NO_PATTERN, 0.0):
        assert 0.01 + at("retrieval_global", temperature, few) == pytest.approx(math.log(same / others), abs=1e-10)
    tied = setting | {"copies_load": math.log(same / siblings)}
    level = dh.boundary("inference_or_retrieval", None, model=MODEL, **tied).temperature
    assert level[np.abs(level - temperature).argmin()] == pytest.approx(temperature, abs=1e-9)


def parts(copies, n_copies, sharpness):
    """Z at T = 1/(2L) of given copies: pairs of equal ones, of an archetype's, of different archetypes'."""
    n = copies.shape[1]
    agree = (n + copies @ copies.T.astype(float)) / 2
    weights = (2 * math.cosh(2 * sharpness)) ** agree * 2.0 ** (n - agree)
    group = np.arange(len(copies)) // n_copies
    siblings = (group[:, None] == group) & ~np.eye(len(copies), dtype=bool)
    return np.array([np.trace(weights), weights[siblings].sum(), weights[group[:, None] != group].sum()])


@pytest.mark.parametrize(("n_spins", "n_archetypes", "n_copies"), [(14, 8, 12), (30, 12, 25)])
def test_drawn_copies_have_those_sums(n_spins, n_archetypes, n_copies):
    """Over draws, without an average: each part of Z within three standard errors of its mean."""
    sharpness, reliability, rng = 0.4, 0.6, np.random.default_rng(n_spins)
    drawn = []
    for _ in range(40):
        archetypes = rng.choice([-1, 1], (n_archetypes, 1, n_spins))
        kept = rng.random((n_archetypes, n_copies, n_spins)) < (1 + reliability) / 2
        drawn.append(parts(np.where(kept, archetypes, -archetypes).reshape(-1, n_spins), n_copies, sharpness))
    two, n_all = math.cosh(2 * sharpness), n_archetypes * n_copies
    exact = np.array([
        n_all * (2 * two) ** n_spins,
        n_all * (n_copies - 1) * (1 + two + reliability**2 * (two - 1)) ** n_spins,
        n_all * (n_all - n_copies) * (1 + two) ** n_spins,
    ])  # fmt: skip
    error = np.std(drawn, axis=0, ddof=1) / math.sqrt(len(drawn))
    assert (np.abs(np.mean(drawn, axis=0) - exact) <= 3 * error + 1e-9 * exact).all()


@pytest.mark.parametrize("copies", [0.1, 0.2, 0.3])
def test_archetype_and_copy_tie_at_constant_temperatures(copies):
    """At none, one or two of them; free entropies there are equal, on either side not."""
    sharpness, reliability = 1.2, 0.6
    setting = {"sharpness": sharpness, "reliability": reliability, "copies_load": copies}
    scan = np.linspace(0.01, 4, 400)
    ahead = np.array([equal_load(sharpness, t, reliability) > copies for t in scan])
    changes = scan[1:][ahead[1:] != ahead[:-1]]
    if not changes.size:
        with pytest.raises(dh.NoSolution, match="equal free energies at no temperature"):
            dh.boundary("inference_or_retrieval", None, model=MODEL, **setting)
        return
    line = dh.boundary("inference_or_retrieval", None, model=MODEL, **setting)
    assert sorted(set(line.temperature)) == pytest.approx(changes, abs=0.011)
    for temperature in set(line.temperature):
        for shift in (1e-4, -1e-4):
            found = free_entropies(1e-3, temperature * (1 + shift), setting)
            assert (found.get("retrieval", -math.inf) > found["inference"]) == (
                equal_load(sharpness, temperature * (1 + shift), reliability) > copies
            )
    with pytest.raises(dh.NoSolution, match="constant temperature"):
        dh.boundary("inference_or_retrieval", None, [0.5], model=MODEL, **setting)


def test_errors_of_lines_cover_what_other_digits_give():
    """Near T = 1/L the free energies that are compared differ little; the error says so."""
    setting = {"sharpness": 0.8, "reliability": 0.6, "copies_load": 0.6}
    h = math.atanh(0.6 * math.tanh(0.8))
    temperatures = 1 / 0.8 * (1 - np.logspace(-1, -7, 13))
    line = dh.boundary("inference_global", None, temperatures, model=MODEL, **setting)
    exact = np.array([equal_load(h, t * 0.8 / h) for t in temperatures])
    assert (np.abs(line.coordinate - exact) <= line.error + 1e-15).all()
    assert line.error[0] < 1e-13


def names(dataset, variable):
    """Phases of a map."""
    return np.array(dataset[variable].attrs["flag_meanings"].split())[dataset[variable].values]


@pytest.mark.parametrize(
    ("copies", "phases"),
    [(0.1, {"P", "gR", "eR"}), pytest.param(0.25, {"P", "gR", "lR"}, marks=pytest.mark.long)],
)
def test_a_diagram_has_the_phases_of_its_points_and_between_its_lines(copies, phases):
    setting = {"sharpness": 0.9, "reliability": 0.7}
    loads, temperatures = np.linspace(0, 0.6, 7), np.linspace(0, 3, 6)
    diagram = dh.phase_diagram(None, MODEL, loads, temperatures, **setting, copies_load=copies)
    assert diagram["phase"].dims == ("temperature", "archetype_load")
    assert diagram.attrs["copies_load"] == copies

    def phase(load, temperature):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return dh.phase(dh.ExponentialArchetypes(load + copies, 0.9, temperature, 0.7, load)).value

    grid = names(diagram, "phase")
    for row, column in np.ndindex(grid.shape):
        assert grid[row, column] == phase(loads[column], temperatures[row])
    between, (fine_t, fine_x) = names(diagram, "map_phase"), diagram["map_phase"].dims
    fine_t, fine_x = diagram[fine_t].values, diagram[fine_x].values
    assert set(np.unique(between)) == phases
    rng = np.random.default_rng(3)
    for row, column in zip(rng.integers(2, 239, 60), rng.integers(2, 239, 60), strict=True):
        if len(np.unique(between[row - 2 : row + 3, column - 2 : column + 3])) == 1:
            assert between[row, column] == phase(fine_x[column], fine_t[row])
    assert diagram["inference_global_shown"].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sharpness": 1.0, "reliability": 0.5}, "'exponential_archetypes' needs copies_load"),
        ({"sharpness": 1.0, "reliability": 0.5, "copies_load": 0.1, "degree": 0.1}, "does not take degree"),
        ({"sharpness": 1.0, "reliability": 0.5, "copies_load": 0.1, "p": 3}, "takes p = None"),
        ({"sharpness": 1.0, "reliability": 0.5, "copies_load": -0.1}, "copies_load must be a finite number >= 0"),
        ({"sharpness": 1.0, "reliability": 1.5, "copies_load": 0.1}, "reliability must be a number from 0 to 1"),
        ({"sharpness": 1.0, "reliability": 0.5, "copies_load": 0.1, "kind": "zero_entropy"}, "must be one of"),
    ],
)
def test_what_the_plane_needs(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.boundary(**{"kind": "inference_spinodal", "p": None, "model": MODEL} | arguments)


def test_no_archetype_in_copies_that_know_nothing_of_it():
    setting = {"sharpness": 1.0, "reliability": 0.0, "copies_load": 0.1}
    with pytest.raises(dh.NoSolution, match="copies of reliability 0"):
        dh.boundary("inference_global", None, model=MODEL, **setting)
    diagram = dh.phase_diagram(None, MODEL, [0.05, 0.6], [0.2, 2.0], **setting)
    assert "retrieval_global_temperature" in diagram
    assert not any(name.startswith("inference_spinodal") for name in diagram)


def test_everything_is_finite_at_the_edges():
    values = itertools.product((1e-3, 40.0), (1e-6, 0.6, 1.0), (0.0, 1e-9, 0.7))
    for sharpness, reliability, copies in values:
        setting = {"sharpness": sharpness, "reliability": reliability, "copies_load": copies}
        for kind in (*KINDS, "inference_or_retrieval"):
            try:
                line = dh.boundary(kind, None, points=2, model=MODEL, **setting)
            except dh.NoSolution:
                continue
            assert np.isfinite(line.coordinate).all()
            assert np.isfinite(line.error).all()
            assert (line.coordinate >= 0).all()
            assert (line.coordinate <= math.log(2) + 1e-12).all()
