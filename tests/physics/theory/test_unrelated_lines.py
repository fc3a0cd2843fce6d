"""Lines, basins, attacks and numbers of examples beside unrelated memories: against states, phases and simulation."""

import itertools
import math

import numpy as np
import pytest

import densehop as dh
from densehop.theory.lines.exponential_planes import any_plane
from densehop.theory.models.exponential.archetypes import field_of_archetypes
from densehop.theory.questions import pattern_basin
from tests.physics.theory.test_archetypes import draw
from tests.physics.theory.test_unrelated_memories import MODEL, phase, states, stored_vectors


def plane(sharpness, reliability, unrelated):
    return any_plane(MODEL, None, {"sharpness": sharpness, "reliability": reliability, "unrelated_load": unrelated})


def largest(load, sharpness):
    """The sum over random memories by trying all their overlaps, as minus an energy."""
    x = np.linspace(0, 1 - 1e-9, 20_001)
    cost = ((1 + x) * np.log(1 + x) + (1 - x) * np.log(1 - x)) / 2
    return np.where(cost <= load, (load - cost) / sharpness + x, -np.inf).max()


def random_planes(n, seed):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        setting = (float(10 ** rng.uniform(-0.7, 0.6)), float(rng.uniform(0.1, 0.95)), float(rng.uniform(0.005, 0.6)))
        hottest = 1 / math.atanh(min(0.999, largest(setting[2], setting[0])))  # at which vectors hold states
        yield plane(*setting), float(rng.choice([0.0, 10 ** rng.uniform(-0.9, 0.6), hottest * rng.uniform(0.8, 1)]))


@pytest.mark.parametrize(("n", "seed"), [(25, 0), pytest.param(600, 1, marks=pytest.mark.long)])
def test_states_and_phases_change_at_the_lines(n, seed):
    seen = set()
    for where, temperature in random_planes(n, seed):
        lines = {}
        for kind in where.kinds:
            try:
                lines[kind] = dh.boundary(kind, None, [temperature], model=MODEL, **where.setting).coordinate[0]
            except dh.NoSolution:
                continue
        seen |= set(lines)

        def near(kind, shift, lines=lines, where=where, temperature=temperature):
            return where.problem(max(0.0, lines[kind] + shift), temperature)

        stable = [one for one in states(near("inference_spinodal", 1e-7)).values() if not one.advice]
        assert "inference" in {one.branch for one in stable}
        assert phase(near("inference_global", 1e-7)) == "gR"
        if lines["inference_spinodal"] > 1e-6:
            below = states(near("inference_spinodal", -1e-7)).get("inference")
            assert below is None or below.advice
        if lines["inference_global"] > 1e-6:
            assert phase(near("inference_global", -1e-7)) != "gR"
        if "retrieval_spinodal" in lines:
            assert "retrieval" in states(near("retrieval_spinodal", -1e-9))
            assert "retrieval" not in states(near("retrieval_spinodal", 1e-9))
        if "retrieval_global" in lines and 1e-6 < lines["retrieval_global"] < lines["inference_global"]:
            found = [states(near("retrieval_global", shift)) for shift in (-1e-7, 1e-7)]
            if all("retrieval" in one and "paramagnet" in one for one in found):
                assert phase(near("retrieval_global", -1e-7)) in {"P", "lR"}
                assert phase(near("retrieval_global", 1e-7)) == "eR"
    assert seen == {*plane(0.5, 0.5, 0.1).kinds}


def names(dataset, variable):
    return np.array(dataset[variable].attrs["flag_meanings"].split())[dataset[variable].values]


@pytest.mark.parametrize("setting", [(0.5, 0.6, 0.15), pytest.param((0.5, 0.6, 0.05), marks=pytest.mark.long)])
def test_a_diagram_has_the_phases_of_its_points_and_between_its_lines(setting):
    where = plane(*setting)
    loads, temperatures = np.linspace(0, 0.7, 8), np.linspace(0, 3, 7)
    diagram = dh.phase_diagram(None, MODEL, loads, temperatures, **where.setting)
    assert diagram.attrs["unrelated_load"] == setting[2]
    grid = names(diagram, "phase")
    for row, column in np.ndindex(grid.shape):
        assert grid[row, column] == phase(where.problem(loads[column], temperatures[row]))
    between = names(diagram, "map_phase")
    fine_t, fine_x = (diagram[dim].values for dim in diagram["map_phase"].dims)
    rng = np.random.default_rng(3)
    for row, column in zip(rng.integers(2, 239, 80), rng.integers(2, 239, 80), strict=True):
        if len(np.unique(between[row - 2 : row + 3, column - 2 : column + 3])) == 1:
            assert between[row, column] == phase(where.problem(fine_x[column], fine_t[row]))
    assert {"gR", "eR"} <= set(np.unique(between))
    assert diagram["inference_global_shown"].any()
    single = diagram.get("retrieval_global_shown")
    assert (single is not None and bool(single.any())) == ("P" in between)


def test_a_line_that_has_no_point_says_why():
    setting = {"sharpness": 0.3, "reliability": 0.5, "unrelated_load": 0.5}
    with pytest.raises(dh.NoSolution, match="no stored vector holds a state: the unrelated memories together give"):
        dh.boundary("retrieval_spinodal", None, [0.5], model=MODEL, **setting)
    with pytest.raises(dh.NoSolution, match="no stored vector wins over typical states"):
        dh.boundary("retrieval_global", None, model=MODEL, **setting)
    with pytest.raises(dh.InvalidInput, match="'exponential' does not take unrelated_load"):
        dh.boundary("retrieval_global", None, model="exponential", sharpness=0.3, unrelated_load=0.1)


@pytest.mark.parametrize("temperature", [0.0, 0.4, 1.2])
@pytest.mark.parametrize(
    ("sharpness", "reliability", "unrelated"), [(0.35, 0.5, 0.2), (0.8, 0.7, 0.3), (0.5, 0.6, 0.05)]
)
def test_the_numbers_of_examples_are_where_the_states_change(temperature, sharpness, reliability, unrelated):
    setting = {"sharpness": sharpness, "reliability": reliability, "unrelated_load": unrelated}
    found = dh.examples_needed(200, None, temperature, 0.05, **setting)
    alone = dh.examples_needed(200, None, temperature, 0.05, sharpness=sharpness, reliability=reliability)
    assert found.n_examples_global >= alone.n_examples_global
    assert found.unrelated_load == unrelated

    def branches(load):
        problem = dh.ExponentialTeacherStudent(load, sharpness, temperature, reliability, unrelated)
        return [one.branch for one in states(problem).values() if not one.advice], phase(problem)

    assert branches(found.load_global + 1e-9)[1] == "gR"
    assert branches(found.load_global - 1e-6)[1] != "gR"
    shift = 2 * math.log1p(1 / found.n_examples) / 200 + 1e-9
    assert "inference" in branches(found.load + 1e-9)[0]
    assert "inference" not in branches(found.load - shift)[0]
    assert "unrelated memories" in found.explanation


def test_where_a_hint_is_needed():
    """Few unrelated memories do not hide the pattern from a random start; many do."""
    for unrelated, hint in ((0.05, False), (0.4, True)):
        found = dh.examples_needed(60, None, 0.0, 0.5, sharpness=0.35, reliability=0.5, unrelated_load=unrelated)
        assert found.needs_hint is hint
    with pytest.raises(dh.InvalidInput, match="unrelated_load belongs to an exponential energy"):
        dh.examples_needed(60, 3, 1.0, 0.5, unrelated_load=0.1)


def test_other_memories_do_not_move_the_attack_but_may_win_over_both():
    alone = dh.ExponentialTeacherStudent(0.15, 0.35, 0.0, 0.3)
    beside = dh.ExponentialTeacherStudent(0.15, 0.35, 0.0, 0.3, 0.15)
    assert dh.theory.attack_boundary(beside, 60) == dh.theory.attack_boundary(alone, 60)
    assert dh.adversarial_boundary(beside) == dh.theory.attack_boundary(alone)
    with pytest.raises(dh.NoSolution, match="all other stored vectors"):
        dh.theory.attack_boundary(dh.ExponentialTeacherStudent(0.15, 0.35, 0.0, 0.3, 0.5))


def test_the_basin_of_a_pattern_ends_where_examples_and_the_size_of_the_field_are_equal():
    for temperature, times in ((0.0, 2), (0.3, 1)):
        problem = dh.ExponentialTeacherStudent(0.25, 0.5, temperature, 0.6, 0.3)
        edge = dh.theory.basin_overlap(problem)
        g = sum((1 + s * edge) / 2 * math.log(math.cosh(0.5) + s * 0.6 * math.sinh(0.5)) for s in (1, -1))
        assert (0.25 + g) / 0.5 == pytest.approx(largest(0.3, times * 0.5), abs=5e-6)
        assert 0 < edge < states(problem)["inference"].q_star
    few = dh.ExponentialTeacherStudent(0.25, 0.5, 0.0, 0.6, 0.05)
    assert dh.theory.basin_overlap(few) == 0
    with pytest.raises(dh.NoSolution, match="outweigh the pattern's examples even there"):
        dh.theory.basin_overlap(dh.ExponentialTeacherStudent(0.1, 0.5, 0.0, 0.6, 0.65))
    with pytest.raises(dh.NoSolution, match="closest to the pattern draw"):
        dh.theory.basin_overlap(dh.ExponentialTeacherStudent(0.02, 1.0, 0.0, 0.6, 0.05))
    with pytest.raises(dh.OutOfRange, match="that of T = 0"):
        dh.theory.basin_overlap(dh.ExponentialTeacherStudent(0.25, 0.5, 0.2, 0.6, 0.3), 40)


@pytest.mark.parametrize(
    ("load", "archetypes", "sharpness", "reliability"),
    [(0.35, 0.2, 0.5, 0.7), (0.2, 0.02, 0.6, 0.7), (0.3, 0.1, 1.5, 0.6)],
)
def test_the_field_of_archetypes_by_trying_all_their_overlaps(load, archetypes, sharpness, reliability):
    problem = dh.ExponentialArchetypes(load, sharpness, 0.0, reliability, archetypes)
    x = np.linspace(0, 0.9999, 2001)
    cost = ((1 + x) * np.log(1 + x) + (1 - x) * np.log(1 - x)) / 2
    tilts = np.geomspace(1e-3, sharpness, 2001)
    up, down = (np.log(np.cosh(tilts) + s * reliability * np.sinh(tilts)) for s in (1, -1))
    own = [((load - archetypes + (1 + q) / 2 * up + (1 - q) / 2 * down) / tilts).min() for q in x]
    together = np.where(cost <= archetypes, np.array(own) + (archetypes - cost) / (2 * sharpness), -np.inf).max()
    assert field_of_archetypes(problem) >= together - 1e-5
    if field_of_archetypes(problem) > largest(load, 2 * sharpness) + 1e-3:  # else copies alone are more
        assert field_of_archetypes(problem) == pytest.approx(together, abs=1e-3)


def test_archetypes_of_many_copies_have_the_basins_of_memories_of_a_smaller_sharpness():
    sharpness, reliability = 0.5, 0.7
    h = math.atanh(reliability * math.tanh(sharpness))
    memory = dh.ExponentialModel(0.1, h, 0.0)
    among = dh.ExponentialArchetypes(0.4, sharpness, 0.0, reliability, 0.1)
    assert dh.theory.basin_overlap(among) == pytest.approx(dh.theory.basin_overlap(memory), abs=1e-12)
    assert dh.theory.basin_overlap(among, 40) == pytest.approx(dh.theory.basin_overlap(memory, 40), abs=1e-3)


def test_the_field_of_a_patterns_own_examples_has_that_mean_and_variance():
    """All examples of 7 spins with their probabilities; M of them are independent."""
    n_spins, n_examples, sharpness, reliability = 7, 12, 0.4, 0.6
    examples = np.array(list(itertools.product([-1, 1], repeat=n_spins)))
    weight = np.prod((1 + reliability * examples) / 2, axis=1)
    state = np.array([1, 1, 1, -1, 1, -1, 1])
    own = dh.ExponentialTeacherStudent(math.log(n_examples) / n_spins, sharpness, 0.0, reliability, 0.1)
    for site in (0, 3):  # one that is right, one that is wrong
        others = state.copy()
        others[site] = 0
        field = examples[:, site] * np.exp(sharpness * examples @ others)
        mean, square = weight @ field, weight @ field**2
        found = pattern_basin.field_variance(own, n_spins, others.sum(), -math.inf)
        assert found == pytest.approx((square - mean**2) / (n_examples * mean**2), rel=1e-12)


def share_back(network, patterns, n_wrong, rng):
    """Share of starts (B, N) that come back to their patterns."""
    flipped = np.argsort(rng.random(patterns.shape), axis=1) < n_wrong
    ends = network.relax(np.where(flipped, -patterns, patterns).astype(np.int8))
    return ((ends * patterns).mean(axis=1) > 0.9).mean()


def beside_memories(n_spins, rng):
    """Examples and memories, the pattern 32 times, and the problem."""
    problem = dh.ExponentialTeacherStudent(0.15, 0.4, 0.0, 0.6, 0.3)
    numbers = [dh.n_examples_for(load, n_spins, None) for load in (0.15, 0.3)]
    return stored_vectors(n_spins, *numbers, 0.6, rng), np.ones((32, n_spins), dtype=np.int8), problem


def among_archetypes(n_spins, rng):
    """Copies of archetypes, 32 archetypes, and the problem."""
    problem = dh.ExponentialArchetypes(0.3, 0.5, 0.0, 0.7, 0.1)
    numbers = [dh.n_examples_for(load, n_spins, None) for load in (0.1, 0.2)]
    archetypes, copies = draw(n_spins, *numbers, 0.7, rng)
    return copies, archetypes[np.arange(32) % len(archetypes)], problem


@pytest.mark.parametrize("make", [beside_memories, among_archetypes])
@pytest.mark.parametrize("n_spins", [32, 36])
def test_half_of_the_starts_come_back_near_the_edge(make, n_spins):
    """Measured edges lie above the first step's by 2/N (docs/theory.md, section 21)."""
    shares = []
    for seed in range(4):
        rng = np.random.default_rng([seed, n_spins])
        stored, patterns, problem = make(n_spins, rng)
        edge = dh.theory.basin_overlap(problem, n_spins) + 2 / n_spins
        network = dh.PBodyHopfield(stored, interaction="exponential", sharpness=problem.sharpness)
        shares.append(
            [share_back(network, patterns, round(n_spins * (1 - edge - shift) / 2), rng) for shift in (-0.2, 0.2)]
        )
    below, above = np.mean(shares, axis=0)
    assert below < 0.3
    assert above > 0.65
