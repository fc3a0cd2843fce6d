"""Copies of many archetypes in an exponential energy: by listing, enumeration at small N, limits and simulation."""

import itertools
import math
import warnings

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import t as student

import densehop as dh
from densehop.theory.models.exponential.archetypes import background


def information(x):
    """Relative entropy of a site of mean x to a random one."""
    return sum((1 + s * x) / 2 * np.log(1 + s * x) for s in (1, -1))


def largest_exponent(load, archetypes, sharpness, reliability):
    """The sum over copies, by listing the overlap x of an archetype with the state and the law of its copies."""
    x = np.linspace(-0.98, 0.98, 491)[:, None, None]
    shares = (1 + np.tanh(np.linspace(-4, 4, 121))) / 2  # of copies that agree with a state on sites of either kind
    agree, opposed = shares[None, :, None], shares[None, None, :]
    right = (1 + reliability) / 2

    def relative(share, probability):
        return share * np.log(share / probability) + (1 - share) * np.log((1 - share) / (1 - probability))

    entropy = load - information(x)
    entropy = entropy - (1 + x) / 2 * relative(agree, right) - (1 - x) / 2 * relative(opposed, 1 - right)
    overlap = (1 + x) / 2 * (2 * agree - 1) + (1 - x) / 2 * (2 * opposed - 1)
    there = (information(x) <= archetypes) & (entropy >= 0)
    return np.where(there, entropy + sharpness * overlap, -np.inf).max() / sharpness


@pytest.mark.parametrize(
    ("load", "archetypes", "sharpness", "reliability"),
    [(0.2, 0.1, 0.5, 0.6), (0.2, 0.02, 0.5, 0.6), (0.1, 0.05, 1.5, 0.6), (0.1, 0.01, 1.5, 0.6), (0.3, 0.1, 1.0, 0.9)],
)
def test_the_sum_over_all_copies_is_that_of_two_levels(load, archetypes, sharpness, reliability):
    """Many carry it, the closest copies do, or the copies of the closest archetypes."""
    found = background(dh.ExponentialArchetypes(load, sharpness, 1.0, reliability, archetypes))
    listed = largest_exponent(load, archetypes, sharpness, reliability)
    assert listed <= found.exponent + 1e-12
    assert listed == pytest.approx(found.exponent, abs=2e-3)


def states(problem):
    """Branches by name, without advice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return {one.branch: one for one in dh.candidates(problem)}


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_limits_are_the_models_of_one_level(temperature):
    """A few archetypes are a teacher each; exact copies, or one of each, are memories."""
    load, sharpness, reliability = 0.2, 0.6, 0.5
    few = states(dh.ExponentialArchetypes(load, sharpness, temperature, reliability, 0.0))
    teacher = states(dh.ExponentialTeacherStudent(load, sharpness, temperature, reliability))
    for branch in teacher:
        assert few[branch].free_entropy == pytest.approx(teacher[branch].free_entropy, abs=1e-12)
        assert few[branch].q_star == pytest.approx(teacher[branch].q_star, abs=1e-12)
    memories = states(dh.ExponentialModel(load, sharpness, temperature))
    for problem in (
        dh.ExponentialArchetypes(load, sharpness, temperature, reliability, load),
        dh.ExponentialArchetypes(load, sharpness, temperature, 0.0, 0.1),
    ):
        here = states(problem)
        assert ("retrieval" in here) == ("retrieval" in memories)
        for branch in memories:
            if problem.archetype_load == load:
                assert here[branch].free_entropy == pytest.approx(memories[branch].free_entropy, abs=1e-12)


def test_at_one_over_the_sharpness_all_states_are_parts_of_one_sum():
    """T = 1/L: Z = M (2 cosh L)^N, whichever state carries it."""
    winners = set()
    for load, archetypes, reliability in itertools.product((0.05, 0.2, 0.5), (0.01, 0.04, 0.2), (0.3, 0.9)):
        if archetypes <= load:
            for sharpness in (0.3, 1.0):
                found = dh.candidates(dh.ExponentialArchetypes(load, sharpness, 1 / sharpness, reliability, archetypes))
                stable = [one for one in found if not one.advice]
                total = max(one.free_entropy + one.complexity for one in stable)
                assert total == pytest.approx(load + math.log(2 * math.cosh(sharpness)), abs=1e-12)
                winners.add(stable[0].branch)
    assert winners == {"inference", "retrieval", "paramagnet"}


def draw(n_spins, n_archetypes, n_copies, reliability, rng):
    """Archetypes (K, N) and their copies (K n, N), those of an archetype together."""
    archetypes = rng.choice(np.array([-1, 1], dtype=np.int8), (n_archetypes, n_spins))
    flips = np.where(rng.random((n_archetypes, n_copies, n_spins)) < (1 + reliability) / 2, 1, -1)
    return archetypes, (archetypes[:, None] * flips).astype(np.int8).reshape(-1, n_spins)


def mean_partition(n_spins, n_archetypes, n_copies, sharpness, reliability):
    """The three parts of <Z> at T = 1/(2L): pairs of equal copies, of copies of one archetype, of others."""
    c = math.cosh(2 * sharpness)
    n_all = n_archetypes * n_copies
    return np.array([
        n_all * (2 * c) ** n_spins,
        n_all * (n_copies - 1) * (1 + c + reliability**2 * (c - 1)) ** n_spins,
        n_all * (n_all - n_copies) * (1 + c) ** n_spins,
    ])  # fmt: skip


@pytest.mark.parametrize("n_spins", [9, 12])
def test_the_mean_partition_function_at_half_that_temperature_by_enumeration(n_spins):
    """All states, over draws of the copies; the parts are the free entropies of the three states."""
    sharpness, reliability, rng = 0.4, 0.6, np.random.default_rng(n_spins)
    everything = np.array(list(itertools.product([-1, 1], repeat=n_spins)), dtype=np.int8)
    sums = []
    for _ in range(60):
        _, copies = draw(n_spins, 5, 8, reliability, rng)
        sums.append((np.exp(sharpness * everything @ copies.T.astype(float)).sum(axis=1) ** 2).sum())
    exact = mean_partition(n_spins, 5, 8, sharpness, reliability).sum()
    assert abs(np.mean(sums) - exact) < 3 * np.std(sums, ddof=1) / math.sqrt(len(sums))


@pytest.mark.parametrize(("load", "archetypes"), [(0.5, 0.3), (0.3, 0.05)])
def test_those_parts_are_the_free_entropies(load, archetypes):
    sharpness, reliability, n = 0.4, 0.6, 200
    found = states(dh.ExponentialArchetypes(load, sharpness, 1 / (2 * sharpness), reliability, archetypes))
    numbers = math.exp(archetypes * n), math.exp((load - archetypes) * n)
    parts = np.log(mean_partition(n, *numbers, sharpness, reliability)) / n
    for branch, part in zip(("retrieval", "inference", "paramagnet"), parts, strict=True):
        if branch in found and not found[branch].advice:
            total = found[branch].free_entropy + found[branch].complexity
            assert total == pytest.approx(part, abs=2e-6)
    assert "inference" in found or archetypes == 0.3


NEAR = 0.5  # of the overlap, where most chains from the archetype stay


def overlap_at_size(n_spins, n_archetypes, n_copies, sharpness, reliability, ratio):
    """q* from <sum> in a state of overlap k/N with one archetype, a sum over N + 1 values."""
    k = np.arange(n_spins + 1)
    own = k * math.log(math.cosh(sharpness) + reliability * math.sinh(sharpness))
    own += (n_spins - k) * math.log(math.cosh(sharpness) - reliability * math.sinh(sharpness))
    others = n_spins * math.log(math.cosh(sharpness)) + math.log((n_archetypes - 1) * n_copies)
    log_weight = ratio * np.logaddexp(math.log(n_copies) + own, others)
    log_weight += gammaln(n_spins + 1) - gammaln(k + 1) - gammaln(n_spins - k + 1)
    weight = np.exp(log_weight - log_weight.max())
    near = 2 * k / n_spins - 1 > NEAR
    return float((weight * (2 * k / n_spins - 1))[near].sum() / weight[near].sum())


@pytest.mark.parametrize(
    ("n_spins", "draws", "n_sweeps"), [(40, 6, 60), pytest.param(60, 4, 240, marks=pytest.mark.long)]
)
def test_chains_at_an_archetype_have_the_overlap_of_the_theory(n_spins, draws, n_sweeps):
    """Loads 0.05 and 0.17, r = 0.7, L = 0.5, T = 1/(4L), with error bars over draws; r is that of the draw."""
    sharpness, reliability, ratio = 0.5, 0.7, 4
    n_archetypes, n_copies = round(math.exp(0.05 * n_spins)), round(math.exp(0.17 * n_spins))
    differences, shifts = [], []
    for seed in range(draws):
        archetypes, copies = draw(n_spins, n_archetypes, n_copies, reliability, np.random.default_rng([seed, n_spins]))
        network = dh.PBodyHopfield(copies, interaction="exponential", sharpness=sharpness)
        temperature = 1 / (ratio * sharpness)
        run = network.sample(temperature, 8, n_sweeps, start=archetypes[0], references=archetypes[0], seed=seed)
        r = float((copies[:n_copies] * archetypes[0]).mean())
        loads = (math.log(len(copies)) / n_spins, sharpness, temperature, r, math.log(n_archetypes) / n_spins)
        q_star = dh.solve(dh.ExponentialArchetypes(*loads)).q_star
        at_size = overlap_at_size(n_spins, n_archetypes, n_copies, sharpness, r, ratio)
        overlaps = run.overlap.reshape(8, -1)[:, 12:]
        differences.append(overlaps[overlaps > NEAR].mean() - at_size)
        shifts.append(at_size - q_star)
    sure = student.ppf(0.99865, draws - 1)  # as three standard errors, were there many draws
    assert abs(np.mean(differences)) < sure * np.std(differences, ddof=1) / math.sqrt(draws) < 0.025
    assert abs(np.mean(shifts)) < 1 / n_spins


def test_more_archetypes_end_what_holds_a_state():
    """With exp(B N) archetypes of as many copies each, states end where all others outweigh their copies."""
    end = {"inference": [], "retrieval": []}
    for archetypes in np.linspace(0.01, 0.6, 60):
        found = states(dh.ExponentialArchetypes(archetypes + 0.1, 0.6, 0.3, 0.7, archetypes))
        for branch, there in end.items():
            there.append(branch in found)
    for there in end.values():
        assert there[0]
        assert not there[-1]
        assert there == sorted(there, reverse=True)
    with pytest.raises(dh.NoSolution, match="no archetype holds a state: its copies give"):
        dh.solve(dh.ExponentialArchetypes(0.7, 0.6, 0.3, 0.7, 0.6))
    with pytest.raises(dh.NoSolution, match="no copy holds a state"):
        dh.solve(dh.ExponentialArchetypes(0.7, 0.6, 0.3, 0.7, 0.6), "retrieval")
    with pytest.raises(dh.NoSolution, match="no spin glass"):
        dh.solve(dh.ExponentialArchetypes(0.7, 0.6, 0.3, 0.7, 0.6), "spin_glass")
    with pytest.raises(dh.InvalidInput, match=r"archetype_load must be a number from 0 to 0.2, got 0.3"):
        dh.ExponentialArchetypes(0.2, 0.6, 0.3, 0.7, 0.3)


def test_everything_is_finite_at_the_edges():
    for load, share in itertools.product((0.0, 1e-9, 0.3, 0.7), (0.0, 1e-6, 0.5, 1.0)):
        for sharpness, temperature, r in itertools.product((1e-3, 0.7, 50.0), (0.0, 0.4, 30.0), (0.0, 1e-6, 0.6, 1.0)):
            for one in dh.candidates(dh.ExponentialArchetypes(load, sharpness, temperature, r, share * load)):
                assert np.isfinite([one.m, one.q_star, one.energy, one.entropy]).all()
                assert one.entropy >= 0
                assert one.energy <= 0


def share_taken(n_spins, n_archetypes, n_copies, sharpness, reliability, fraction, draws):
    """Share of copies that win at T = 0 after they overwrote a fraction of their archetype, by draw."""
    shares = []
    for seed in range(draws):
        rng = np.random.default_rng([seed, n_archetypes])
        archetypes, copies = draw(n_spins, n_archetypes, n_copies, reliability, rng)
        pattern, own = archetypes[0].astype(int), copies[:n_copies]
        attackers = own[np.argsort(np.abs((own @ pattern) / n_spins - reliability), kind="stable")[:20]]
        taken = np.argsort(rng.random(attackers.shape), axis=1) < round(fraction * n_spins)
        network = dh.PBodyHopfield(copies, interaction="exponential", sharpness=sharpness)
        ends = network.relax(np.where(taken, attackers, archetypes[0]).astype(np.int8))
        shares.append(((ends * attackers).mean(axis=1) > (ends * pattern).mean(axis=1)).mean())
    return np.array(shares)


def test_other_archetypes_do_not_move_the_attack_of_a_copy():
    n_spins, n_copies, sharpness, reliability = 60, 2000, 0.35, 0.4
    load = math.log(n_copies) / n_spins
    for n_archetypes in (1, 6):
        more = math.log(n_archetypes) / n_spins
        problem = dh.ExponentialArchetypes(load + more, sharpness, 0.0, reliability, more)
        edge = dh.theory.attack_boundary(problem, n_spins)
        assert edge == dh.theory.adversarial_boundary(problem, n_spins=n_spins)
        own = dh.ExponentialTeacherStudent(problem.copies_load, sharpness, 0.0, reliability)
        assert edge == dh.theory.attack_boundary(own, n_spins)
        below, above = (
            share_taken(n_spins, n_archetypes, n_copies, sharpness, reliability, edge + shift, 3)
            for shift in (-0.1, 0.1)
        )
        assert below.mean() < 0.35
        assert above.mean() > 0.65
    with pytest.raises(dh.NoSolution, match="no attack: where the pattern and the attacker are equal"):
        dh.theory.attack_boundary(dh.ExponentialArchetypes(0.7, sharpness, 0.0, reliability, 0.6))


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (dh.ExponentialTeacherStudent(0.2, 0.5, 0.0, 0.5), "a student's pattern has no basin"),
        (dh.DirectModel(3, 0.2, 0.5), "problem must be an ExponentialModel or a RectifiedModel, got DirectModel"),
    ],
)
def test_what_has_no_basin_of_a_memory(problem, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.theory.basin_overlap(problem)


@pytest.mark.parametrize("problem", [dh.RectifiedModel(0.1, 0.5, 0.0), dh.ExponentialModel(0.1, 0.5, 0.0)])
def test_memories_have_nothing_in_common_to_attack(problem):
    with pytest.raises(dh.InvalidInput, match="whose examples can attack what they have in common"):
        dh.theory.attack_boundary(problem)
