"""How many examples a student of exponential energy needs: against phases, the law of the sum, and the simulation."""

import math
import warnings

import numpy as np
import pytest

import densehop as dh


def needed(temperature=0.5, overlap=0.5, n_spins=60, sharpness=0.35, reliability=0.5):
    return dh.examples_needed(n_spins, None, temperature, overlap, sharpness=sharpness, reliability=reliability)


def branches(load, temperature, sharpness, reliability):
    """The stable branches at a point, the winner first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        problem = dh.ExponentialTeacherStudent(load, sharpness, temperature, reliability)
        return [one.branch for one in dh.candidates(problem) if not one.advice]


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.5])
@pytest.mark.parametrize(("sharpness", "reliability"), [(0.35, 0.5), (0.8, 0.3)])
def test_the_numbers_are_where_the_states_change(temperature, sharpness, reliability):
    n_spins = 200
    found = needed(temperature, 0.1, n_spins, sharpness, reliability)
    at = dh.solve(dh.ExponentialTeacherStudent(found.load_global, sharpness, temperature, reliability))
    assert found.overlap_global == pytest.approx(at.q_star, abs=1e-12)
    assert branches(found.load_global + 1e-9, temperature, sharpness, reliability)[0] == "inference"
    assert branches(found.load_global - 1e-6, temperature, sharpness, reliability)[0] == "retrieval"
    assert "inference" in branches(found.load + 1e-6, temperature, sharpness, reliability)
    shift = 2 * math.log1p(1 / found.n_examples) / n_spins + 1e-9  # a whole number of examples is up to one too many
    assert "inference" not in branches(found.load - shift, temperature, sharpness, reliability)


def test_random_starts_find_the_pattern_where_no_hint_is_needed():
    """2,000 examples of 40 spins: log(M)/N = 0.19 lies between J_L(0) at the two sharpnesses, 0.03 and 0.56."""
    rng = np.random.default_rng(1)
    examples = np.where(rng.random((2000, 40)) < 0.85, 1, -1).astype(np.int8)
    states = rng.choice(np.array([-1, 1], dtype=np.int8), (40, 40))
    for sharpness, hint in ((0.35, False), (1.5, True)):
        assert needed(0.0, 0.9, 40, sharpness, 0.7).needs_hint is hint
        network = dh.PBodyHopfield(examples, interaction="exponential", sharpness=sharpness)
        ends = network.relax(states).mean(axis=1)
        assert (ends.mean() < 0.75) if hint else (ends.mean() > 0.99)
        assert network.relax(np.ones((1, 40), dtype=np.int8)).mean() >= 0.95  # with the best hint both stay


def test_an_overlap_that_no_number_of_examples_gives():
    with pytest.raises(
        dh.NoSolution, match=r"at temperature 0.5 it is at most 0.748833, .* choose a temperature <= 0.32953"
    ) as why:
        needed(overlap=0.9)
    cold = float(str(why.value).rpartition(" ")[2])
    assert needed(cold * (1 - 1e-5), overlap=0.9).overlap_reached == pytest.approx(0.9, abs=1e-4)
    assert needed(0.0, 0.999).overlap_reached == 1
    with pytest.raises(dh.NoSolution, match="choose a temperature") as why:  # b < L: the fewest examples are the best
        needed(1.5, 0.2, sharpness=0.8, reliability=0.3)
    warm = float(str(why.value).rpartition(" ")[2])
    assert needed(warm * (1 - 1e-5), 0.199, 2000, 0.8, 0.3).overlap_reached == pytest.approx(0.2, abs=1e-3)
    for reliability, words in ((0.0, "are no examples of a pattern"), (1.0, "one is enough")):
        with pytest.raises(dh.NoSolution, match=words):
            needed(reliability=reliability)


def test_the_answer_in_words():
    words = needed().explanation
    assert "From 10 examples on" in words
    assert "From 4,046 examples on (log(M)/N = 0.13842) the state of overlap 0.7488 is the favoured one" in words
    assert "leading orders" in words
    drawn = needed(0.0, 0.5, 60, 3.0, 0.9)
    assert drawn.needs_hint
    assert "give a hint" in drawn.explanation


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sharpness": 0.3}, "needs sharpness and reliability"),
        ({"p": 3, "sharpness": 0.3}, "sharpness belongs to an exponential energy: give p = None, got p = 3"),
        ({"sharpness": -1, "reliability": 0.5}, "sharpness must be a finite positive number"),
        ({"sharpness": 1, "reliability": 2}, "reliability must be a number from 0 to 1"),
        ({"n_spins": 10**5, "sharpness": 5, "reliability": 0.1, "temperature": 0}, "more than 1e308 examples"),
    ],
)
def test_wrong_questions_are_refused(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.examples_needed(**{"n_spins": 60, "p": None, "temperature": 0.5, "overlap": 0.05} | arguments)


def test_one_name_asks_for_the_boundary_of_an_attack():
    problem = dh.ExponentialTeacherStudent(0.16, 0.35, 0.0, 0.3)
    assert dh.adversarial_boundary(problem) == dh.theory.attack_boundary(problem)
    assert dh.adversarial_boundary(problem, n_spins=60) == dh.theory.attack_boundary(problem, 60)
    with pytest.raises(dh.InvalidInput, match="has its own signal and overlap"):
        dh.adversarial_boundary(problem, 1.0)
    with pytest.raises(dh.InvalidInput, match="p bodies need signal"):
        dh.adversarial_boundary(3)
    with pytest.raises(dh.InvalidInput, match="take no n_spins"):
        dh.adversarial_boundary(3, 1.0, n_spins=10)
