"""How much data, inverted by a second method; the evidence against a sum over all patterns and all example sets."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import densehop as dh
from densehop.theory.questions.evidence import log_evidence, log_partition_function, log_teacher_norm
from densehop.theory.questions.examples_needed import examples_needed
from tests import naive, naive_replicas

temperatures = st.floats(2.05, 8.0)
overlaps = st.floats(0.01, 0.999)


def reached(n_spins, n_examples, p, temperature):
    """Overlap of the inference branch, 0 where it does not exist."""
    try:
        return dh.solve(dh.TeacherStudent.nishimori(p, dh.load_of(n_examples, n_spins, p), temperature)).q_star
    except dh.NoSolution:
        return 0.0


@settings(max_examples=40)
@given(p=st.integers(2, 8), temperature=temperatures, overlap=overlaps, n_spins=st.integers(20, 400))
def test_answer_is_the_smallest_number_that_reaches_the_overlap(p, temperature, overlap, n_spins):
    answer = examples_needed(n_spins, p, temperature, overlap)
    assert answer.overlap_reached == pytest.approx(reached(n_spins, answer.n_examples, p, temperature), rel=1e-9)
    assert answer.overlap_reached >= overlap * (1 - 1e-9)
    fewer = answer.n_examples - 1 - answer.n_examples // 10**13  # a load has 16 digits
    if fewer > 0:
        assert reached(n_spins, fewer, p, temperature) < overlap
    assert answer.n_examples_global >= answer.n_examples
    assert answer.overlap_global >= answer.overlap_reached * (1 - 1e-12)


@pytest.mark.parametrize("p", [3, 4, 6])
@pytest.mark.parametrize("overlap", [0.85, 0.97, 0.999])
def test_load_by_adaptive_quadrature(p, overlap):
    """Invert q(a) = E tanh with another quadrature; the load is exact up to one example in 1e9."""
    a = brentq(
        lambda a: naive_replicas.gaussian_mean(lambda z: math.tanh(a + math.sqrt(a) * z)) - overlap, 0.1, 60, xtol=1e-13
    )
    lines = dh.nishimori_lines(p)
    gamma = a / (p * overlap ** (p - 1)) if overlap > lines.q_local else lines.gamma_local  # below: unstable
    assert examples_needed(30_000, p, 3.0, overlap).load == pytest.approx(9 * gamma, rel=1e-7)


@pytest.mark.parametrize("p", [3, 4, 5])
def test_small_overlaps_jump(p):
    lines, temperature = dh.nishimori_lines(p), 4.0
    answer = examples_needed(20_000, p, temperature, 0.2)
    assert answer.load == pytest.approx(lines.gamma_local * temperature**2, rel=1e-7)
    assert answer.overlap_reached == pytest.approx(lines.q_local, abs=1e-3)
    assert answer.load_global == pytest.approx(lines.gamma_global * temperature**2, rel=1e-7)
    assert answer.overlap_global == pytest.approx(lines.q_global, abs=1e-3)
    assert answer.phase is dh.Phase.LOCAL_RETRIEVAL
    assert "it jumps there, beyond the 0.2 asked for" in answer.explanation
    assert "needs a hint" in answer.explanation


def test_words_of_each_phase():
    favoured = examples_needed(20_000, 3, 4.0, 0.9)
    assert (favoured.phase, favoured.needs_hint) == (dh.Phase.GLOBAL_RETRIEVAL, True)
    assert favoured.n_examples == favoured.n_examples_global
    assert "the paramagnet stays metastable" in favoured.explanation
    assert favoured.n_examples_easy == math.ceil(dh.theory.unfolding_threshold(20_000, 3) * 16 * 20_000**2 / 6)
    assert f"an eigenvector does from {int(favoured.n_examples_easy):,} examples on" in favoured.explanation
    assert "dominate" not in favoured.explanation
    assert "exact signal" not in favoured.explanation
    pairwise = examples_needed(1_000, 2, 3.0, 0.5)
    assert (pairwise.phase, pairwise.needs_hint) == (dh.Phase.GLOBAL_RETRIEVAL, False)
    assert pairwise.n_examples_easy == pairwise.n_examples
    assert "continuously from 0 at M/N = 0.25, and a random start finds it" in pairwise.explanation
    small = examples_needed(64, 3, 1.7, 0.9)
    assert small.signal_ratio > 5  # simulation there is far from the theory
    assert "the exact signal is 5.87 times" in small.explanation
    assert "a few ordered examples dominate" in small.explanation


@pytest.mark.parametrize(("p", "temperature"), [(3, 1.3), (2, 1.8), (4, 1.4), (2, 1.99)])
def test_ordered_teacher_votes(p, temperature):
    """M votes per site by enumeration of all 2^M votes: E tanh(h S), which is also E tanh^2."""
    m = dh.teacher.magnetisation(p, temperature)
    field = p * m ** (p - 1) / temperature

    def by_enumeration(n_examples):
        total = 0.0
        for votes in itertools.product((1, -1), repeat=n_examples):
            total += math.prod((1 + m * vote) / 2 for vote in votes) * math.tanh(field * sum(votes))
        return total

    assert by_enumeration(1) == pytest.approx(m * m, rel=1e-10)
    for overlap in (1e-3, 0.5 * by_enumeration(8), 0.97 * by_enumeration(8)):
        answer = examples_needed(1_000, p, temperature, overlap)
        assert answer.phase is dh.Phase.EXAMPLE_RETRIEVAL
        assert answer.overlap_reached == pytest.approx(by_enumeration(answer.n_examples), rel=1e-10)
        assert answer.overlap_reached >= overlap
        assert answer.n_examples == 1 or by_enumeration(answer.n_examples - 1) < overlap
        assert "Start the student at an example" in answer.explanation


def test_votes_of_a_barely_ordered_teacher_join_the_gaussian_limit():
    """Across the change of method at 10,000 votes the number needed follows 1/m^2."""
    counts = [examples_needed(1_000, 2, 2 - distance, 0.5).n_examples * distance for distance in (8e-5, 4e-5)]
    assert counts[0] == pytest.approx(counts[1], rel=1e-3)


def test_ordered_teacher_against_simulation():
    """p = 3, N = 2000, one and two examples from the start at the pattern; band: 4 standard errors and O(1/N)."""
    temperature, n = 1.3, 2_000
    m = dh.teacher.magnetisation(3, temperature)
    for n_examples, expected in ((1, m**2), (2, 2 * m**2 / (1 + m**2))):
        found = []
        for seed in range(5):
            pattern, examples = dh.draw_examples(n, n_examples, 3, temperature, seed=seed)
            run = dh.PBodyHopfield(examples, p=3).sample(
                temperature=temperature, n_chains=1, n_sweeps=40, start=pattern, references=pattern, seed=seed
            )
            found.append(run.overlap[0, 20:, 0].mean())
        error = np.std(found) / math.sqrt(4)
        assert np.mean(found) == pytest.approx(expected, abs=4 * error + 1e-3)


@pytest.mark.parametrize("overlap", [1e-30, 1e-6, 0.5, 1 - 1e-16])
@pytest.mark.parametrize(("n_spins", "p", "temperature"), [(3, 3, 4.0), (10**9, 7, 2.0), (50, 2, 2.0001), (9, 3, 1e50)])
def test_extremes(n_spins, p, temperature, overlap):
    answer = examples_needed(n_spins, p, temperature, overlap)
    assert answer.n_examples >= 1
    assert answer.overlap_reached >= overlap * (1 - 1e-9)
    assert len(answer.explanation) < 700


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((100, 3, 2.0, 1.0), dh.InvalidInput, "overlap must lie between 0 and 1, both excluded, got 1"),
        ((100, 3, 2.0, 0.0), dh.InvalidInput, "overlap must be a finite positive number"),
        ((3, 4, 2.0, 0.5), dh.InvalidInput, "p must be an integer from 2 to 3, got 4"),
        ((100, 2, 2.0, 0.5), dh.OutOfRange, "exactly critical"),
        ((10**60, 9, 2.0, 0.5), dh.InvalidInput, "more than 1e308 examples"),
    ],
)
def test_questions_without_answer(arguments, error, message):
    with pytest.raises(error, match=message):
        examples_needed(*arguments)


def naive_evidence(examples, p, temperature):
    """Average over all patterns of the product of the examples' probabilities, each from its own enumeration."""
    n_spins = examples.shape[1]
    codes = naive.codes_of(examples)
    laws = [naive.boltzmann(pattern[np.newaxis], p, temperature) for pattern in naive.all_states(n_spins)]
    return sum(math.prod(law[code] for code in codes) for law in laws) / 2**n_spins


@pytest.mark.parametrize(("n_spins", "p", "temperature"), [(4, 3, 1.7), (4, 2, 2.5), (5, 4, 1.0), (3, 3, 0.4)])
@pytest.mark.parametrize("n_examples", [1, 2, 3])
def test_evidence_against_the_sum_over_patterns(n_spins, p, temperature, n_examples):
    examples = dh.draw_examples(n_spins, n_examples, p, temperature, seed=n_examples)[1]
    expected = math.log(naive_evidence(examples, p, temperature))
    assert log_evidence(examples, p, temperature) == pytest.approx(expected, rel=1e-11)
    given_z = log_partition_function(examples, p, temperature)
    assert log_evidence(examples, p, temperature, log_partition=given_z) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("p", "temperature"), [(3, 1.2), (2, 3.0)])
def test_evidence_of_all_example_sets_sums_to_one(p, temperature):
    """All 2^(MN) sets of M = 2 examples of N = 4 spins; the mean of Z over them is the one of eq. 59."""
    states = naive.all_states(4)
    sets = [np.array([states[i], states[j]]) for i in range(16) for j in range(16)]
    log_p = np.array([log_evidence(examples, p, temperature) for examples in sets])
    assert math.fsum(np.exp(log_p)) == pytest.approx(1.0, abs=1e-12)
    mean_z = np.mean([math.exp(log_partition_function(examples, p, temperature)) for examples in sets])
    log_mean_z = 4 * math.log(2) + 2 * (log_teacher_norm(4, p, temperature) - 4 * math.log(2))
    assert math.log(mean_z) == pytest.approx(log_mean_z, rel=1e-12)
    assert math.fsum(np.exp(log_p) * (log_p + 8 * math.log(2))) > 0  # information gain over random examples


def test_partition_function_over_several_blocks_of_states():
    """16 spins, one example: log Z is the teacher's log z; with none of the energy, N log 2."""
    example = np.ones((1, 16), dtype=np.int8)
    assert log_partition_function(example, 3, 1.5) == pytest.approx(log_teacher_norm(16, 3, 1.5), rel=1e-13)
    assert log_partition_function(example, 3, 1e12) == pytest.approx(16 * math.log(2), rel=1e-11)


@pytest.mark.parametrize("p", [3, 4])
def test_mean_partition_function_tends_to_the_paramagnet(p):
    """(1/N) log <Z> -> log 2 + Gamma/2 with a correction of order 1/N, above the teacher's ordered state."""
    temperature, load = 4.0, 8.0
    errors = []
    for n in (400, 800, 1_600):
        n_examples = dh.n_examples_for(load, n, p)
        log_mean_z = n * math.log(2) + n_examples * (log_teacher_norm(n, p, temperature) - n * math.log(2))
        errors.append(n * (log_mean_z / n - math.log(2) - dh.load_of(n_examples, n, p) / temperature**2 / 2))
    assert errors[2] == pytest.approx(errors[1], rel=0.02, abs=0.01)
    assert abs(errors[2]) < 5


def test_log_odds_per_spin_are_the_free_entropy_gain():
    """With log Z = N Phi of the retrieval branch: log P + M N log 2 = N (Phi - Phi_para) + O(1)."""
    n, temperature, load = 600, 4.0, 22.0
    n_examples = dh.n_examples_for(load, n, 3)
    one = np.ones((1, n), dtype=np.int8)  # only the number and size of examples matter once log Z is given
    problem = dh.TeacherStudent.nishimori(3, load, temperature)
    phi, para = dh.solve(problem).free_entropy, math.log(2) + problem.gamma / 2
    odds = log_evidence(one, 3, temperature, log_partition=n * phi)
    odds -= (n_examples - 1) * log_teacher_norm(n, 3, temperature) - n_examples * n * math.log(2)
    assert odds / n == pytest.approx(phi - para, abs=5 / n)
    assert phi - para > 0.02


def test_large_sets_of_spins_are_refused():
    with pytest.raises(dh.InvalidInput, match="enumerated up to 20 spins, got 21: give log_partition="):
        log_evidence(np.ones((2, 21)), 3, 2.0)
    with pytest.raises(dh.InvalidInput, match=r"examples must have shape \(M, N\)"):
        log_evidence(np.ones(5), 3, 2.0)
