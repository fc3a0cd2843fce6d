"""Rectified polynomials of degree n = c N: enumeration, exact sums, fixed degrees, and basins in simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import binom

import densehop as dh
from densehop.recipes.crossing import crossing
from densehop.theory.models.exponential.rectified import noise_exponent, storage_limit


@pytest.mark.parametrize(("load", "degree"), [(0.3, 0.2), (0.3, 0.05), (0.15, 1.0), (0.05, 0.1)])
def test_the_noise_is_the_largest_term_of_a_sum(load, degree):
    """Terms of exact binomial sums at N = 4,000, of overlaps that some memory has."""
    n = 4000
    k = np.arange(n // 2 + 1, n + 1)
    number = load + binom.logpmf(k, n, 0.5) / n
    terms = np.where(number >= 0, number + degree * np.log(2 * k / n - 1), -np.inf)
    assert terms.max() == pytest.approx(noise_exponent(load, degree), abs=5e-3)


def test_memories_are_kept_until_the_sum_is_as_large_as_one_of_them():
    for degree in (0.05, 0.3, 2.0):
        limit = storage_limit(degree)
        below = dh.RectifiedModel(limit * (1 - 1e-9), degree, 0.3)
        assert dh.solve(below, "retrieval").m == 1
        with pytest.raises(dh.OutOfRange, match="choose a load below"):
            dh.solve(dh.RectifiedModel(limit * (1 + 1e-9), degree, 0.3), "retrieval")
    assert storage_limit(40.0) == pytest.approx(math.log(2), abs=1e-12)  # all states


def partition(n_spins, n_memories, degree, beta):
    """2^N and what the states around each memory add to it, where no state is near two of them."""
    k = np.arange(n_spins + 1)
    energy = n_spins * np.maximum(2 * k / n_spins - 1, 0.0) ** degree
    return 2.0**n_spins * (1 + n_memories * float(binom.pmf(k, n_spins, 0.5) @ np.expm1(beta * energy)))


@pytest.mark.parametrize(("n_spins", "beta"), [(10, 0.7), (14, 0.7), (14, 0.3)])
def test_the_partition_function_by_enumeration(n_spins, beta):
    """The median of draws: in few of them are two of the eight memories neighbours, a share of order M^2/2^N."""
    rng = np.random.default_rng(n_spins)
    everything = np.array(list(itertools.product([-1, 1], repeat=n_spins)), dtype=np.int8)
    sums = []
    for _ in range(24):
        memories = rng.choice(np.array([-1, 1], dtype=np.int8), (8, n_spins))
        overlaps = np.maximum(everything @ memories.T / n_spins, 0.0)
        sums.append(np.exp(beta * n_spins * (overlaps**n_spins).sum(axis=1)).sum())
    assert np.median(sums) == pytest.approx(partition(n_spins, 8, n_spins, beta), rel=8**2 / 2**n_spins)


@pytest.mark.parametrize(("load", "beta"), [(0.1, 0.5), (0.1, 0.65), (0.1, 1.2)])
def test_free_entropies_are_those_of_that_sum(load, beta):
    """The larger of log 2 and A + 1/T; N = 60 and 240, with corrections of order 1/N."""
    problem = dh.RectifiedModel(load, 1.0, 1 / beta)
    found = max(one.free_entropy + one.complexity for one in dh.candidates(problem))
    for n in (60, 240):
        assert math.log(partition(n, math.exp(load * n), n, beta)) / n == pytest.approx(found, abs=1 / n)
    assert dh.phase(problem).value == ("gR" if load + beta > math.log(2) else "lR")


def test_a_fixed_degree_is_the_limit_of_small_exponents():
    """Rectified Gaussian noise, of variance M (2n - 1)!! N^n/2 over N^2n, and sqrt(2) (2n/e)^n for (2n - 1)!!."""
    for n in (4, 10, 20):
        double = gammaln(2 * n + 1) - gammaln(n + 1) - n * math.log(2)
        stirling = math.log(2) / 2 + n * math.log(2 * n / math.e)
        assert double == pytest.approx(stirling, abs=1 / (20 * n))
        for n_spins, close in ((10**3, 0.02), (10**6, 2e-5)):
            log_number = 2 * n * math.log(0.5) + n * math.log(n_spins) - stirling + math.log(2) / 2
            edge = dh.theory.basin_overlap(dh.RectifiedModel(log_number / n_spins, n / n_spins, 0.0))
            assert edge == pytest.approx(0.5, abs=close)


@pytest.mark.parametrize(
    ("n_spins", "degree", "load", "draws"), [(40, 0.2, 0.2, 4), (30, 0.5, 0.2, 4), (60, 0.2, 0.15, 4)]
)
def test_half_of_the_memories_come_back_from_the_edge_of_the_basin(n_spins, degree, load, draws):
    """Within 1/N of the first step's law, as for exponential energies."""
    problem = dh.RectifiedModel(load, degree, 0.0)
    n_wrong, shares = range(n_spins // 8, n_spins // 3), []
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        n_memories = dh.n_examples_for(load, n_spins, None)
        memories = rng.choice(np.array([-1, 1], dtype=np.int8), (n_memories, n_spins))
        network = dh.PBodyHopfield(memories, round(degree * n_spins), "rectified")
        row = []
        for wrong in n_wrong:
            states = memories[:40].copy()
            for state in states:
                state[rng.permutation(n_spins)[:wrong]] *= -1
            row.append(((network.relax(states) * memories[:40]).mean(axis=1) > 0.9).mean())
        shares.append(row)
    edge, error = crossing(1 - 2 * np.array(n_wrong) / n_spins, np.array(shares))
    assert abs(edge - dh.theory.basin_overlap(problem, n_spins)) < 1 / n_spins + 3 * error


def test_basins_tend_to_their_limits():
    problem = dh.RectifiedModel(0.2, 0.2, 0.0)
    limit = dh.theory.basin_overlap(problem)
    away = [abs(dh.theory.basin_overlap(problem, n) - limit) for n in (40, 80, 300)]
    assert away == sorted(away, reverse=True)
    assert away[-1] < 0.01
    sharp = dh.theory.basin_overlap(dh.RectifiedModel(0.2, 5.0, 0.0))
    assert sharp == pytest.approx(dh.theory.basin_overlap(dh.ExponentialModel(0.2, 5.0, 0.0)), abs=1e-12)  # Shannon's


@pytest.mark.parametrize(
    ("branch", "message"), [("inference", "memories have no teacher"), ("spin_glass", "ask for 'paramagnet'")]
)
def test_branches_that_there_are_not(branch, message):
    with pytest.raises(dh.NoSolution, match=message):
        dh.solve(dh.RectifiedModel(0.1, 0.5, 1.0), branch)


def test_questions_without_an_answer():
    with pytest.raises(dh.OutOfRange, match="give T = 0, got T = 1"):
        dh.theory.basin_overlap(dh.RectifiedModel(0.1, 0.5, 1.0))
    with pytest.raises(dh.NoSolution, match="no basin at load"):
        dh.theory.basin_overlap(dh.RectifiedModel(0.6, 0.1, 0.0))
    with pytest.raises(dh.InvalidInput, match="degree must be a finite positive number"):
        dh.RectifiedModel(0.6, 0.0, 0.0)


def test_lines_of_the_plane_are_where_exact_sums_cross():
    """All memories together against all states, at N = 240 and 960, with corrections of order 1/N."""
    for temperature in (1.6, 2.0, 2.5):
        line = dh.boundary("retrieval_global", None, [temperature], model="rectified", degree=0.3)
        for n in (240, 960):
            k = np.arange(n + 1)
            energy = n * np.maximum(2 * k / n - 1, 0.0) ** (0.3 * n)
            one = binom.logpmf(k, n, 0.5) + np.log(np.maximum(np.expm1(energy / temperature), 1e-300))
            assert line.coordinate[0] == pytest.approx(-np.logaddexp.reduce(one) / n, abs=1 / n)
        phases = [dh.phase(dh.RectifiedModel(line.coordinate[0] + x, 0.3, temperature)).value for x in (-1e-9, 1e-9)]
        assert phases == ["lR", "gR"]


def test_a_diagram_has_the_phases_of_its_points():
    diagram = dh.phase_diagram(None, "rectified", degree=0.3)
    names = np.array(diagram["phase"].attrs["flag_meanings"].split())[diagram["phase"].values]
    for row, temperature in enumerate(diagram["temperature"].values):
        for column, load in enumerate(diagram["alpha"].values):
            assert names[row, column] == dh.phase(dh.RectifiedModel(load, 0.3, temperature)).value
    assert set(np.unique(names)) == {"lR", "gR"}
    assert diagram["retrieval_global_shown"].any()
    assert diagram["retrieval_spinodal_alpha"].values == pytest.approx(storage_limit(0.3))
    with pytest.raises(dh.OutOfRange, match="choose a load below 0"):
        dh.phase_diagram(None, "rectified", [0.2, 0.4], [1.0], degree=0.3)


def test_where_the_plane_has_no_lines():
    with pytest.warns(RuntimeWarning, match="2 of 3 points are missing"):
        line = dh.boundary("retrieval_global", None, [1.0, 2.0, 9.0], model="rectified", degree=0.3)
    assert "win at every load" in line.reason[0]
    assert "at no load at which they are kept" in line.reason[2]
    with pytest.raises(dh.InvalidInput, match="'rectified' needs degree"):
        dh.boundary("retrieval_global", None, model="rectified")
    with pytest.raises(dh.InvalidInput, match="no inference boundary"):
        dh.boundary("inference_global", None, model="rectified", degree=0.3)
