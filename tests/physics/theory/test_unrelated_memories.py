"""Examples beside unrelated memories: by grids, archetypes, exact sums, enumeration at small N, and simulation."""

import itertools
import math
import warnings

import numpy as np
import pytest
from scipy.special import gammaln

import densehop as dh
from tests import naive_archetypes as naive

MODEL = "exponential_examples"


def states(problem):
    """Branches by name, without advice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return {one.branch: one for one in dh.candidates(problem)}


def phase(problem):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return dh.phase(problem).value


def random_problems(n, seed):
    """Loads, sharpness, reliability and temperature over decades, the loads often equal or near."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        load = float(rng.uniform(0.001, 0.69))
        unrelated = load if rng.random() < 0.2 else float(rng.uniform(0.001, 0.69))
        reliability = float(rng.choice([0.5, rng.uniform(0.05, 0.98)]))
        yield dh.ExponentialTeacherStudent(
            load, float(10 ** rng.uniform(-0.7, 0.8)), float(10 ** rng.uniform(-0.9, 0.8)), reliability, unrelated
        )


@pytest.mark.parametrize(("n", "seed"), [(20, 0), pytest.param(3000, 1, marks=pytest.mark.long)])
def test_states_and_phases_are_those_of_minima_over_grids(n, seed):
    seen = set()
    for problem in random_problems(n, seed):
        expected = naive.beside_memories(
            problem.load, problem.unrelated_load, problem.sharpness, problem.reliability, problem.temperature
        )
        found = {name: one.free_entropy + one.complexity for name, one in states(problem).items()}
        assert found == pytest.approx(expected, rel=1e-5)
        seen |= set(found)
        winner = max(expected, key=lambda name: expected[name])
        expected_phase = {"inference": "gR", "paramagnet": "lR" if "inference" in expected else "P"}.get(winner, "eR")
        assert phase(problem) == expected_phase
    assert seen == {"inference", "paramagnet", "retrieval", "unrelated_retrieval"}


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.1])
@pytest.mark.parametrize(("load", "archetypes"), [(0.15, 0.1), (0.1, 0.3)])
def test_many_other_archetypes_are_unrelated_memories(load, archetypes, temperature):
    """Where many archetypes carry the sum, it is that of memories, as many as there are copies."""
    for sharpness, reliability in ((0.3, 0.7), (0.6, 0.4)):
        beside = states(
            dh.ExponentialTeacherStudent(load, sharpness, temperature, reliability, unrelated_load=load + archetypes)
        )
        among = states(dh.ExponentialArchetypes(load + archetypes, sharpness, temperature, reliability, archetypes))
        for branch in ("inference", "retrieval"):
            assert (branch in beside) == (branch in among)
            if branch in beside:
                for name in ("energy", "entropy", "m", "q_star"):
                    assert getattr(beside[branch], name) == pytest.approx(getattr(among[branch], name), abs=1e-13)
        if "paramagnet" in beside:
            assert beside["paramagnet"].energy == pytest.approx(among["paramagnet"].energy, abs=1e-13)


def test_at_one_over_the_sharpness_all_states_are_parts_of_one_sum():
    """T = 1/L: Z = (M + M') (2 cosh L)^N, whichever state carries it."""
    winners = set()
    for load, unrelated, sharpness, reliability in itertools.product(
        (0.02, 0.2, 0.5), (0.0, 0.02, 0.2, 0.6), (0.3, 1.0, 4.0), (0.5, 0.9)
    ):
        problem = dh.ExponentialTeacherStudent(load, sharpness, 1 / sharpness, reliability, unrelated)
        stable = [one for one in states(problem).values() if not one.advice]
        total = max(one.free_entropy + one.complexity for one in stable)
        assert total == pytest.approx(max(load, unrelated) + math.log(2 * math.cosh(sharpness)), abs=1e-12)
        winners.add(stable[0].branch)
    assert winners == {"inference", "retrieval", "paramagnet", "unrelated_retrieval"}


def mean_partition(n_spins, n_examples, n_memories, sharpness, reliability):
    """<Z> at T = 1/(2L): pairs of equal vectors (examples, memories), of examples, of memories, of one of each."""
    c = math.cosh(2 * sharpness)
    return np.array([
        n_examples * (2 * c) ** n_spins,
        n_memories * (2 * c) ** n_spins,
        n_examples * (n_examples - 1) * (1 + c + reliability**2 * (c - 1)) ** n_spins,
        n_memories * (n_memories - 1) * (1 + c) ** n_spins,
        2 * n_examples * n_memories * (1 + c) ** n_spins,
    ])  # fmt: skip


@pytest.mark.parametrize("n_spins", [9, 12])
def test_the_mean_partition_function_by_enumeration(n_spins):
    """All states, over draws of examples and memories."""
    sharpness, reliability, rng = 0.4, 0.6, np.random.default_rng(n_spins)
    everything = np.array(list(itertools.product([-1, 1], repeat=n_spins)), dtype=np.int8)
    sums = []
    for _ in range(80):
        examples = np.where(rng.random((12, n_spins)) < (1 + reliability) / 2, 1, -1)
        memories = rng.choice([-1, 1], (20, n_spins))
        stored = np.concatenate([examples, memories])
        sums.append((np.exp(sharpness * everything @ stored.T.astype(float)).sum(axis=1) ** 2).sum())
    exact = mean_partition(n_spins, 12, 20, sharpness, reliability).sum()
    assert abs(np.mean(sums) - exact) < 3 * np.std(sums, ddof=1) / math.sqrt(len(sums))


def test_parts_of_that_sum_are_the_free_entropies():
    sharpness, reliability, n = 0.4, 0.6, 200
    parts = ("retrieval", "unrelated_retrieval", "inference", "paramagnet")
    seen = set()
    for load, unrelated in ((0.3, 0.35), (0.1, 0.15)):
        found = states(dh.ExponentialTeacherStudent(load, sharpness, 1 / (2 * sharpness), reliability, unrelated))
        sums = mean_partition(n, math.exp(load * n), math.exp(unrelated * n), sharpness, reliability)
        for branch, part in zip(parts, np.log(sums[:4]) / n, strict=True):
            if branch in found and not found[branch].advice:
                assert found[branch].free_entropy + found[branch].complexity == pytest.approx(part, abs=2e-6)
                seen.add(branch)
        # pairs of an example and a memory lie between: never more than the larger of the two sums of equal families
        assert sums[4] <= 2.001 * max(sums[2], sums[3])
    assert seen == set(parts)


def overlap_at_size(n_spins, n_examples, n_memories, sharpness, reliability, ratio):
    """q* from the mean sum in a state of overlap k/N with the pattern, a sum over N + 1 values, near the pattern."""
    k = np.arange(n_spins + 1)
    own = k * math.log(math.cosh(sharpness) + reliability * math.sinh(sharpness))
    own += (n_spins - k) * math.log(math.cosh(sharpness) - reliability * math.sinh(sharpness))
    others = n_spins * math.log(math.cosh(sharpness)) + math.log(n_memories)
    log_weight = ratio * np.logaddexp(math.log(n_examples) + own, others)
    log_weight += gammaln(n_spins + 1) - gammaln(k + 1) - gammaln(n_spins - k + 1)
    weight = np.exp(log_weight - log_weight.max())
    near = k > 0.75 * n_spins
    return float((weight * (2 * k / n_spins - 1))[near].sum() / weight[near].sum())


def stored_vectors(n_spins, n_examples, n_memories, reliability, rng):
    """Examples of the pattern of ones, then random memories."""
    examples = np.where(rng.random((n_examples, n_spins)) < (1 + reliability) / 2, 1, -1)
    memories = rng.choice([-1, 1], (n_memories, n_spins))
    return np.concatenate([examples, memories]).astype(np.int8)


@pytest.mark.parametrize(("n_spins", "draws"), [(40, 6), pytest.param(60, 5, marks=pytest.mark.long)])
def test_chains_at_the_pattern_have_the_overlap_of_the_theory(n_spins, draws):
    """Loads 0.17 and 0.2, r = 0.7, L = 0.5, T = 1/(4L), with error bars over draws; r is that of the draw."""
    sharpness, reliability, ratio = 0.5, 0.7, 4
    n_examples, n_memories = (dh.n_examples_for(load, n_spins, None) for load in (0.17, 0.2))
    differences, shifts = [], []
    for seed in range(draws):
        rng = np.random.default_rng([seed, n_spins])
        stored = stored_vectors(n_spins, n_examples, n_memories, reliability, rng)
        network = dh.PBodyHopfield(stored, interaction="exponential", sharpness=sharpness)
        pattern, temperature = np.ones(n_spins, dtype=np.int8), 1 / (ratio * sharpness)
        run = network.sample(temperature, 8, 60, start=pattern, references=pattern, seed=seed)
        r = float(stored[:n_examples].mean())
        loads = (dh.load_of(number, n_spins, None) for number in (n_examples, n_memories))
        load, unrelated = loads
        q_star = dh.solve(dh.ExponentialTeacherStudent(load, sharpness, temperature, r, unrelated)).q_star
        at_size = overlap_at_size(n_spins, n_examples, n_memories, sharpness, r, ratio)
        differences.append(run.overlap.reshape(8, -1)[:, 12:].mean() - at_size)
        shifts.append(at_size - q_star)
    assert abs(np.mean(differences)) < 3 * np.std(differences, ddof=1) / math.sqrt(draws)
    assert abs(np.mean(shifts)) < 1 / n_spins


def test_more_unrelated_memories_end_what_holds_a_state():
    end = {"inference": [], "retrieval": [], "unrelated_retrieval": []}
    for unrelated in np.linspace(0.01, 0.69, 60):
        found = states(dh.ExponentialTeacherStudent(0.1, 0.6, 0.3, 0.7, unrelated))
        for branch, there in end.items():
            there.append(branch in found)
    for there in end.values():
        assert there[0]
        assert not there[-1]
        assert there == sorted(there, reverse=True)


def test_without_reliability_examples_are_more_memories():
    for load, unrelated in ((0.1, 0.2), (0.2, 0.1)):
        found = states(dh.ExponentialTeacherStudent(load, 0.7, 0.5, 0.0, unrelated))
        memories = states(dh.ExponentialModel(0.2, 0.7, 0.5))
        assert found["paramagnet"].free_entropy == memories["paramagnet"].free_entropy
        assert "inference" not in found
        for branch, own in (("retrieval", load), ("unrelated_retrieval", unrelated)):
            assert (branch in found) == ("retrieval" in memories)
            if branch in found:
                assert found[branch].complexity == own


@pytest.mark.parametrize(
    ("branch", "message"),
    [
        ("inference", "next to the pattern what carries the state gives"),
        ("retrieval", "next to an example"),
        ("unrelated_retrieval", "no retrieval at load 0.6"),
        ("spin_glass", "no spin glass"),
    ],
)
def test_branches_that_there_are_not(branch, message):
    with pytest.raises(dh.NoSolution, match=message):
        dh.solve(dh.ExponentialTeacherStudent(0.1, 0.6, 0.5, 0.5, 0.6), branch)


def test_other_branches_that_there_are_not():
    many = dh.ExponentialTeacherStudent(0.6, 0.6, 0.5, 0.5, 0.1)
    with pytest.raises(dh.NoSolution, match="no paramagnet: all examples together give"):
        dh.solve(many, "paramagnet")
    with pytest.raises(dh.NoSolution, match="a memory gives"):
        dh.solve(many, "unrelated_retrieval")
    with pytest.raises(dh.NoSolution, match="no unrelated_retrieval: this problem has no unrelated memories"):
        dh.solve(dh.ExponentialTeacherStudent(0.1, 0.6, 0.5, 0.5), "unrelated_retrieval")
    with pytest.raises(dh.InvalidInput, match="unrelated_load must be a finite number >= 0"):
        dh.ExponentialTeacherStudent(0.1, 0.6, 0.5, 0.5, -0.1)


def test_everything_is_finite_at_the_edges():
    for load, unrelated in itertools.product((0.0, 1e-9, 0.3, 0.7), repeat=2):
        for sharpness, temperature, r in itertools.product((1e-3, 0.7, 50.0), (0.0, 0.4, 30.0), (0.0, 1e-6, 0.5, 1.0)):
            problem = dh.ExponentialTeacherStudent(load, sharpness, temperature, r, unrelated)
            found = states(problem)
            assert found
            for one in found.values():
                assert np.isfinite([one.m, one.q_star, one.energy, one.entropy]).all()
                assert one.entropy >= 0
                assert one.energy <= 0
            assert phase(problem) in {"P", "lR", "gR", "eR"}
