"""Exponential memories and noisy examples: closed forms against brute force, many digits, identities, enumeration."""

import itertools
import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

import densehop as dh
from densehop.theory.models.exponential import sums
from densehop.theory.states.model import AnyProblem

pytestmark = pytest.mark.filterwarnings("ignore:the (paramagnet|inference) is unstable:RuntimeWarning")

POINTS = [  # load, sharpness, temperature, reliability
    (0.165, 0.35, 1 / 0.7, 0.5),
    (0.05, 1.0, 1.3, 0.3),
    (0.3, 2.0, 0.4, 0.8),
    (0.02, 3.0, 2.0, 0.1),
    (0.6, 0.5, 0.8, 0.05),
    (0.1, 1.5, 1 / 1.5, 0.6),
]


def rate(mean, prior):
    """Relative entropy of a spin of some mean to one of mean `prior`."""
    terms = [np.where(1 + s * mean > 0, (1 + s * mean) / 2, 0) for s in (1, -1)]
    return sum(
        np.where(share > 0, share * np.log(np.maximum(share, 1e-300) * 2 / (1 + s * prior)), 0.0)
        for share, s in zip(terms, (1, -1), strict=True)
    )


def largest_exponent(q, load, sharpness, reliability, points=401):
    """(1/(NL)) log sum exp(L k) by trying all overlaps that examples can have, where there are any."""
    mean = np.linspace(-1, 1, points)
    agreeing, opposed = mean[:, np.newaxis], mean[np.newaxis]
    cost = (1 + q) / 2 * rate(agreeing, reliability) + (1 - q) / 2 * rate(opposed, -reliability)
    overlap = (1 + q) / 2 * agreeing + (1 - q) / 2 * opposed
    return np.where(cost <= load, (load - cost) / sharpness + overlap, -np.inf).max()


@pytest.mark.parametrize("point", POINTS)
def test_the_student_has_the_largest_free_entropy_of_all_overlaps(point):
    load, sharpness, temperature, reliability = point
    found = dh.solve(dh.ExponentialTeacherStudent(*point), "inference")
    tried = [*np.linspace(-0.95, 0.95, 20), found.q_star]
    best = max(
        math.log(2) - float(rate(np.array(q), 0.0)) + largest_exponent(q, load, sharpness, reliability) / temperature
        for q in tried
    )
    assert found.free_entropy == pytest.approx(best, abs=2e-3 / temperature)
    assert found.free_entropy == pytest.approx(found.entropy - found.energy / temperature, abs=1e-13)
    here = largest_exponent(found.q_star, load, sharpness, reliability)
    assert found.energy == pytest.approx(-here, abs=2e-3)


@pytest.mark.parametrize(("load", "sharpness"), [(0.2, 0.2), (0.2, 1.0), (0.05, 3.0), (0.65, 1e3), (0.9, 1.0)])
def test_the_paramagnet_has_the_exponent_of_all_overlaps_that_memories_have(load, sharpness):
    found = dh.solve(dh.ExponentialModel(load, sharpness, 2.0), "paramagnet")
    assert found.energy == pytest.approx(-largest_exponent(0.0, load, sharpness, 0.0), abs=2e-3)
    assert found.entropy == math.log(2)


def test_one_example_is_summed_exactly_at_every_size():
    """<exp(L xi.s)> over examples is exp(N g(q)), by enumeration of all 2^8 of them."""
    examples = np.array(list(itertools.product([-1, 1], repeat=8)))
    state = np.array([1, 1, 1, 1, 1, -1, -1, 1])
    for sharpness, reliability in ((0.3, 0.5), (2.0, 0.9), (0.7, 0.0)):
        weight = np.prod((1 + reliability * examples) / 2, axis=1)
        mean = weight @ np.exp(sharpness * examples @ state)
        g = sums.annealed(sharpness, sums.State(0.5, 0.25), reliability)
        assert math.log(mean) / 8 == pytest.approx(g, abs=1e-14)
        assert sums.shortfall(sharpness, sums.State(0.5, 0.25), reliability) == pytest.approx(sharpness - g, abs=1e-14)


@pytest.mark.parametrize("sharpness", [1e-6, 1e-3, 0.3, 0.99, 1.01, 5.0, 40.0, 1e3])
@pytest.mark.parametrize("reliability", [0.0, 1e-9, 0.4, 0.99, 1 - 1e-10, 1.0])
def test_sums_keep_their_digits(sharpness, reliability):
    with localcontext(prec=1000 if sharpness > 100 else 60):
        length, r, q = Decimal(sharpness), Decimal(reliability), Decimal("0.75")
        c, s = (length.exp() + (-length).exp()) / 2, (length.exp() - (-length).exp()) / 2
        plus, minus = c + r * s, c - r * s
        even, odd = (plus.ln() + minus.ln()) / 2, (plus.ln() - minus.ln()) / 2
        tilted = (1 + q) / 2 * (s + r * c) / plus + (1 - q) / 2 * (s - r * c) / minus
        expected = {
            "even": even,
            "odd": odd,
            "information": length * tilted - even - q * odd,
            "shortfall": length - even - q * odd,
            "excess": plus.ln() - r * length,
        }
        state = sums.State(0.75, 0.125)
        found = {
            "even": sums.even(sharpness, reliability),
            "odd": sums.odd(sharpness, reliability),
            "information": sums.information(sharpness, state, reliability),
            "shortfall": sums.shortfall(sharpness, state, reliability),
            "excess": sums.excess(sharpness, reliability),
        }
        for name, value in expected.items():
            assert found[name] == pytest.approx(float(value), rel=3e-13, abs=1e-25), name


@pytest.mark.parametrize("seed", range(4))
def test_at_temperature_one_over_the_sharpness_log_z_and_means_are_exact(seed):
    """exp(-LE) = sum_a prod_i exp(L xi_ia s_i), by enumeration: the free entropy is A + log 2cosh L at every N."""
    rng = np.random.default_rng(seed)
    n_spins, sharpness, reliability = 12, rng.uniform(0.2, 2.0), rng.uniform(0.1, 0.9)
    examples = np.where(rng.random((30, n_spins)) < (1 + reliability) / 2, 1, -1)
    states = np.array(list(itertools.product([-1, 1], repeat=n_spins)))
    weights = np.exp(sharpness * states @ examples.T).sum(axis=1)
    load = dh.load_of(30, n_spins, None)
    assert math.log(weights.sum()) / n_spins == pytest.approx(load + math.log(2 * math.cosh(sharpness)), abs=1e-13)
    overlap = float(weights @ states.mean(axis=1)) / weights.sum()
    assert overlap == pytest.approx(examples.mean() * math.tanh(sharpness), abs=1e-13)  # r tanh L, with this draw's r
    many = dh.ExponentialTeacherStudent(2.0, sharpness, 1 / sharpness, reliability)
    assert dh.solve(many, "inference").q_star == pytest.approx(reliability * math.tanh(sharpness), abs=1e-14)
    for problem, branch in ((many, "inference"), (dh.ExponentialModel(2.0, sharpness, 1 / sharpness), "paramagnet")):
        assert dh.solve(problem, branch).free_entropy == pytest.approx(
            2 + math.log(2 * math.cosh(sharpness)), abs=1e-13
        )


def test_retrieval_is_the_state_of_one_memory_and_there_are_many():
    found = dh.solve(dh.ExponentialModel(0.1, 1.2, 1 / 1.7), "retrieval")
    assert (found.m, found.q) == pytest.approx((math.tanh(1.7), math.tanh(1.7) ** 2), abs=1e-15)
    assert found.free_entropy == pytest.approx(math.log(2 * math.cosh(1.7)), abs=1e-14)
    assert found.complexity == 0.1
    example = dh.solve(dh.ExponentialTeacherStudent(0.1, 1.2, 1 / 1.7, 0.25), "retrieval")
    assert (example.m, example.q_star) == pytest.approx((math.tanh(1.7), 0.25 * math.tanh(1.7)), abs=1e-15)


@pytest.mark.parametrize(("sharpness", "beta"), [(0.5, 2.0), (2.0, 0.5), (1.0, 1.0), (0.3, math.inf), (50.0, 20.0)])
@pytest.mark.parametrize("reliability", [0.0, 0.3])
def test_retrieval_ends_where_its_field_is_that_of_all_others(sharpness, beta, reliability):
    """Lucibello and Mezard's condition L tanh b > phi_A(L), and its form among examples, from the exponent itself."""
    temperature = 0.0 if beta == math.inf else 1 / beta
    kind = dh.ExponentialTeacherStudent if reliability else dh.ExponentialModel
    more = (reliability,) if reliability else ()
    with pytest.raises(dh.NoSolution, match="it ends at") as refusal:
        dh.solve(kind(1.5, sharpness, temperature, *more), "retrieval")
    limit = float(str(refusal.value).rpartition(" ")[2])
    m = math.tanh(beta)
    assert largest_exponent(reliability * m, limit * 0.98, sharpness, reliability, 1601) < m
    assert largest_exponent(reliability * m, limit * 1.02, sharpness, reliability, 1601) > m - 1e-3
    assert dh.solve(kind(limit * (1 - 1e-8), sharpness, temperature, *more), "retrieval").m == m
    with pytest.raises(dh.NoSolution):
        dh.solve(kind(limit * (1 + 1e-8), sharpness, temperature, *more), "retrieval")


def phases(problems: list[AnyProblem]) -> str:
    return " ".join(dh.phase(problem).value for problem in problems)


def test_the_transition_is_where_all_memories_together_win():
    """Where few memories carry the sum, I(tanh b) = A for every L; otherwise A + log 2cosh b against the paramagnet."""
    beta = 0.8
    load = beta * math.tanh(beta) - math.log(math.cosh(beta))
    for sharpness in (0.9, 2.0, 100.0):
        near = [dh.ExponentialModel(load * shift, sharpness, 1 / beta) for shift in (1 - 1e-9, 1 + 1e-9)]
        assert phases(near) == "gR P"
    sharpness, beta = 0.5, 2.0
    equal = (sharpness * math.log(math.cosh(beta)) - beta * math.log(math.cosh(sharpness))) / (beta - sharpness)
    ends = sharpness * math.tanh(beta) - math.log(math.cosh(sharpness))
    assert equal < ends
    loads = (equal - 1e-9, equal + 1e-9, ends - 1e-9, ends + 1e-9)
    assert phases([dh.ExponentialModel(a, sharpness, 1 / beta) for a in loads]) == "gR lR lR P"


def test_features_win_over_prototypes_at_a_large_load():
    """T = 0: the pattern wins where A + log(cosh L + r sinh L) > L."""
    load = 0.35 - math.log(math.cosh(0.35) + 0.5 * math.sinh(0.35))
    near = [dh.ExponentialTeacherStudent(load + shift, 0.35, 0.0, 0.5) for shift in (-1e-9, 1e-9)]
    assert phases(near) == "eR gR"
    assert dh.solve(near[1], "inference").q_star == 1
    # at b <= L the example's state begins as the student's ends: both have the free entropy A + log 2cosh b there
    limit = sums.information(0.6, sums.State(0.3 * math.tanh(0.6), (1 - 0.3 * math.tanh(0.6)) / 2), 0.3)
    below, above = (dh.ExponentialTeacherStudent(limit * shift, 0.9, 1 / 0.6, 0.3) for shift in (1 - 1e-7, 1 + 1e-7))
    assert phases([below, above]) == "eR gR"
    student = dh.solve(above, "inference")
    assert student.free_entropy == pytest.approx(limit + math.log(2 * math.cosh(0.6)), abs=1e-7)


def test_without_reliability_examples_are_memories():
    memories, examples = dh.ExponentialModel(0.2, 0.7, 1.1), dh.ExponentialTeacherStudent(0.2, 0.7, 1.1, 0.0)
    for branch in ("retrieval", "paramagnet"):
        try:
            one = dh.solve(memories, branch).free_entropy
        except dh.NoSolution:
            with pytest.raises(dh.NoSolution):
                dh.solve(examples, branch)
        else:
            assert dh.solve(examples, branch).free_entropy == one


@pytest.mark.parametrize(
    ("problem", "branch", "message"),
    [
        (dh.ExponentialModel(0.1, 1.0, 1.0), "inference", "memories have no teacher"),
        (dh.ExponentialTeacherStudent(0.1, 1.0, 1.0, 0.0), "inference", "examples of reliability 0"),
        (dh.ExponentialTeacherStudent(0.1, 1.0, 1.0, 0.2), "paramagnet", "ask for 'inference'"),
        (dh.ExponentialModel(0.1, 1.0, 1.0), "spin_glass", "ask for 'paramagnet'"),
    ],
)
def test_branches_that_there_are_not(problem, branch, message):
    with pytest.raises(dh.NoSolution, match=message):
        dh.solve(problem, branch)


def test_a_state_that_its_closest_memories_draw_away_is_marked():
    with pytest.warns(RuntimeWarning, match="closest to a state carry the energy"):
        cold = dh.solve(dh.ExponentialModel(0.2, 1.0, 1.0), "paramagnet")
    assert cold.replicon < 0
    assert dh.solve(dh.ExponentialModel(0.2, 1.0, 1.6), "paramagnet").advice == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"load": -0.1}, "load must be a finite number >= 0"),
        ({"sharpness": 0}, "sharpness must be a finite positive number"),
        ({"temperature": -1}, "temperature must be a finite number >= 0"),
        ({"reliability": 1.5}, "reliability must be a number from 0 to 1, got 1.5"),
    ],
)
def test_wrong_values_are_refused(arguments, message):
    right = {"load": 0.1, "sharpness": 1.0, "temperature": 1.0, "reliability": 0.5}
    with pytest.raises(dh.InvalidInput, match=message):
        dh.ExponentialTeacherStudent(**right | arguments)


def test_everything_is_finite_at_the_edges():
    rng = np.random.default_rng(5)
    near_log_2 = math.log(2) * (1 - 1e-15)
    for load, sharpness in itertools.product((0.0, 1e-12, 0.3, near_log_2, 0.7), (1e-6, 0.5, 1e3)):
        for temperature, reliability in itertools.product((0.0, 1e-3, 1.0, 1e3), (0.0, 1e-9, rng.random(), 1.0)):
            for solution in dh.candidates(dh.ExponentialTeacherStudent(load, sharpness, temperature, reliability)):
                values = [solution.m, solution.q, solution.q_star, solution.energy, solution.entropy]
                assert np.isfinite(values).all()
                assert solution.entropy >= 0
                if temperature > 0:
                    assert np.isfinite(solution.free_entropy)


def test_both_scalings_of_the_load():
    assert dh.n_examples_for(0.2, 40, None) == 2981
    assert dh.load_of(2981, 40, None) == pytest.approx(0.2, abs=1e-5)
    with pytest.raises(dh.InvalidInput, match="more than 1e308 examples"):
        dh.n_examples_for(2.0, 1000, None)
    with pytest.raises(dh.InvalidInput, match="n_examples must be an integer >= 1"):
        dh.load_of(0, 10, None)
