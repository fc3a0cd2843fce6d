import itertools

import numpy as np
import pytest
from scipy.stats import binom

import densehop as dh
from densehop.base.streams import Purpose, generator
from densehop.simulate import starts
from tests import goodness

FALSE_ALARM, CAUGHT = 1e-4, 1e-9
PATTERN = np.random.default_rng(0).choice([-1, 1], 30).astype(np.int8)


def overlaps(states, pattern):
    return (states.astype(int) * pattern).mean(axis=-1)


def test_random_states_are_the_default_start():
    net = dh.PBodyHopfield(np.random.default_rng(1).choice([-1, 1], (5, 12)), p=3)
    states = dh.simulate.random_states(12, 3, seed=7)
    assert (states == [2 * generator(7, Purpose.START, chain).integers(0, 2, 12) - 1 for chain in range(3)]).all()
    given = net.sample(2.0, 3, 5, start=states, seed=7)
    assert (given.spins == net.sample(2.0, 3, 5, seed=7).spins).all()


@pytest.mark.parametrize("n_spins", [1, 2, 7, 10, 30])
def test_overlap_is_the_nearest_possible_one(n_spins):
    possible = np.arange(n_spins, -n_spins - 1, -2) / n_spins  # falling: argmin takes the larger of two as near
    for wanted in [*np.linspace(-1, 1, 41), *possible, 0.0, 1 / n_spins]:
        nearest = possible[np.argmin(np.round(np.abs(possible - wanted), 12))]
        realised = dh.simulate.nearest_overlap(wanted, n_spins)
        assert abs(realised - wanted) <= 1 / n_spins + 1e-12
        if abs(abs(nearest - wanted) - 1 / n_spins) > 1e-12:  # else a tie, up to the rounding of `wanted`
            assert realised == pytest.approx(nearest, abs=1e-15)
        states = dh.simulate.states_at_overlap(PATTERN[:n_spins], wanted, n_chains=4)
        assert overlaps(states, PATTERN[:n_spins]) == pytest.approx(np.full(4, realised), abs=1e-15)


def test_of_two_nearest_overlaps_the_larger():
    assert dh.simulate.nearest_overlap(0.0, 3) == pytest.approx(1 / 3)
    assert dh.simulate.nearest_overlap(0.5, 2) == 1.0
    assert dh.simulate.nearest_overlap(-0.75, 4) == -0.5


def subsets_p_value(states, pattern, n_flipped):
    """Return the chi-square p-value of the sets of flipped sites against equal probabilities."""
    sets = list(itertools.combinations(range(len(pattern)), n_flipped))
    found = [sets.index(tuple(np.flatnonzero(state != pattern))) for state in states]
    return goodness.p_value(np.bincount(found, minlength=len(sets)), np.ones(len(sets)))


def test_sites_at_an_overlap_are_uniform(monkeypatch):
    pattern = PATTERN[:7]
    states = dh.simulate.states_at_overlap(pattern, 1 / 7, n_chains=3_000, seed=1)
    assert subsets_p_value(states, pattern, 3) > FALSE_ALARM

    def neighbours(state, share, stream):  # wrong: sites in a row
        first = stream.integers(0, len(state))
        state[(first + np.arange(starts._nearest_count(share, len(state)))) % len(state)] *= -1

    monkeypatch.setattr(starts, "_flip_share", neighbours)
    assert subsets_p_value(dh.simulate.states_at_overlap(pattern, 1 / 7, n_chains=3_000), pattern, 3) < CAUGHT


def test_corruption_is_independent_or_exact():
    independent = dh.simulate.corrupted(PATTERN, 0.3, n_chains=3_000, seed=2)
    law = binom.pmf(np.arange(31), 30, 0.3)
    flipped = (independent != PATTERN).sum(axis=1)
    assert goodness.p_value(np.bincount(flipped, minlength=31), law) > FALSE_ALARM
    sites = (independent != PATTERN).mean(axis=0)
    assert np.abs(sites - 0.3).max() < 4.5 * np.sqrt(0.21 / 3_000)
    exact = dh.simulate.corrupted(PATTERN, 0.3, n_chains=3_000, exactly=True)
    assert ((exact != PATTERN).sum(axis=1) == 9).all()
    assert (
        (dh.simulate.corrupted(PATTERN, 0.25, exactly=True) != PATTERN).sum(axis=1) == 7
    ).all()  # of 7 and 8 the smaller
    assert (dh.simulate.corrupted(PATTERN, 0) == PATTERN).all()
    assert (dh.simulate.corrupted(PATTERN, 1) == -PATTERN).all()


def test_attack_overwrites_sites_independently():
    example = np.random.default_rng(3).choice([-1, 1], 30).astype(np.int8)
    differ = np.flatnonzero(example != PATTERN)
    states = dh.simulate.attacked(PATTERN, example, 0.4, n_chains=3_000, seed=3)
    assert ((states == PATTERN) | (states == example)).all()
    taken = (states != PATTERN).sum(axis=1)
    law = binom.pmf(np.arange(len(differ) + 1), len(differ), 0.4)
    assert goodness.p_value(np.bincount(taken, minlength=len(law)), law) > FALSE_ALARM
    mutual = overlaps(example, PATTERN)
    assert overlaps(states, PATTERN).mean() == pytest.approx(0.6 + 0.4 * mutual, abs=0.012)  # 4 standard errors
    assert overlaps(states, example).mean() == pytest.approx(0.4 + 0.6 * mutual, abs=0.012)
    assert (dh.simulate.attacked(PATTERN, example, 0) == PATTERN).all()
    assert (dh.simulate.attacked(PATTERN, example, 1) == example).all()


@pytest.mark.parametrize(
    "damaged",
    [
        lambda amount, n_chains: dh.simulate.corrupted(PATTERN, amount, n_chains, seed=4),
        lambda amount, n_chains: dh.simulate.corrupted(PATTERN, amount, n_chains, seed=4, exactly=True),
        lambda amount, n_chains: dh.simulate.attacked(PATTERN, -PATTERN, amount, n_chains, seed=4),
        lambda amount, n_chains: dh.simulate.states_at_overlap(PATTERN, 1 - 2 * amount, n_chains, seed=4),
    ],
)
def test_damage_grows_and_chains_have_streams_of_their_own(damaged):
    small, large = (damaged(amount, 5) != PATTERN for amount in (0.2, 0.5))
    assert (small <= large).all()
    assert (small != large).any()
    assert (damaged(0.5, 2) == damaged(0.5, 5)[:2]).all()
    assert len(np.unique(large, axis=0)) == 5


def test_starts_of_different_kinds_share_no_random_numbers():
    kinds = [
        dh.simulate.corrupted(np.ones(400), 0.5, seed=5),
        dh.simulate.attacked(np.ones(400), -np.ones(400), 0.5, seed=5),
        dh.simulate.states_at_overlap(np.ones(400), 0.0, seed=5),
        dh.simulate.random_states(400, seed=5),
    ]
    products = [overlaps(a[0], b[0]) for a, b in itertools.combinations(kinds, 2)]
    assert np.abs(products).max() < 0.25  # 5 standard deviations


def test_each_chain_may_have_its_own_pattern():
    patterns = np.stack([PATTERN, -PATTERN, PATTERN])
    states = dh.simulate.states_at_overlap(patterns, 0.8)
    assert states.shape == (3, 30)
    assert states.dtype == np.int8
    assert overlaps(states, patterns) == pytest.approx([0.8] * 3)
    assert dh.simulate.corrupted(patterns, 0.1, n_chains=3).shape == (3, 30)
    assert PATTERN.sum() == patterns[0].sum()  # the input is left alone


@pytest.mark.parametrize("n_examples", [1, 50, 20_000])
def test_typical_and_closest_example(n_examples):
    examples = np.random.default_rng(6).choice([-1, 1], (n_examples, 30)).astype(np.int8)
    mutual = (examples.astype(int) * PATTERN).sum(axis=1)
    typical = dh.simulate.typical_example(PATTERN, examples)
    assert typical.index == min(range(n_examples), key=lambda index: abs(mutual[index]))
    assert (typical.spins == examples[typical.index]).all()
    odd, even = (dh.simulate.closest_example(PATTERN, examples, p) for p in (3, 4))
    assert odd.index == max(range(n_examples), key=lambda index: mutual[index])
    assert even.index == max(range(n_examples), key=lambda index: abs(mutual[index]))
    assert even.overlap == pytest.approx(abs(mutual[even.index]) / 30)
    for chosen in (typical, odd, even):
        assert overlaps(chosen.spins, PATTERN) == pytest.approx(chosen.overlap)


def test_closest_example_of_even_p_may_be_a_negative():
    examples = np.stack([dh.simulate.states_at_overlap(PATTERN, overlap)[0] for overlap in (0.2, -0.8, 0.6)])
    chosen = dh.simulate.closest_example(PATTERN, examples, p=4)
    assert (chosen.index, chosen.overlap) == (1, pytest.approx(0.8))
    assert (chosen.spins == -examples[1]).all()
    assert dh.simulate.closest_example(PATTERN, examples, p=3).index == 2


@pytest.mark.parametrize("p", [3, 4])
def test_two_equal_memories_share_the_states_between_them(p):
    """A memory attacked by an equal one comes back below eps = 1/2 (docs/theory.md, section 11, lambda = 1)."""
    memories = np.random.default_rng(7).choice([-1, 1], (2, 400)).astype(np.int8)
    net = dh.PBodyHopfield(memories, p=p)
    for fraction, end in ((0.4, memories[0]), (0.6, memories[1])):
        starts_of_chains = dh.simulate.attacked(memories[0], memories[1], fraction, n_chains=5, seed=8)
        assert overlaps(net.relax(starts_of_chains), end).min() > 0.99


ONES = np.ones(4)
WRONG = [
    (lambda: dh.simulate.states_at_overlap(ONES, 1.01), "overlap must be a number from -1 to 1, got 1.01"),
    (lambda: dh.simulate.states_at_overlap(ONES, float("nan")), "from -1 to 1, got nan"),
    (lambda: dh.simulate.states_at_overlap(ONES, True), "from -1 to 1, got True"),
    (lambda: dh.simulate.states_at_overlap(ONES, 10**400), "from -1 to 1"),
    (lambda: dh.simulate.nearest_overlap("1", 4), "from -1 to 1, got '1'"),
    (lambda: dh.simulate.nearest_overlap(0.5, 0), "n_spins must be"),
    (lambda: dh.simulate.corrupted(ONES, -0.1), "fraction must be a number from 0 to 1, got -0.1"),
    (lambda: dh.simulate.corrupted(ONES, 1.5, exactly=True), "fraction must be"),
    (lambda: dh.simulate.corrupted(ONES, [0.1]), "fraction must be"),
    (lambda: dh.simulate.corrupted(0 * ONES, 0.1), r"pattern must hold only \+1 and -1"),
    (
        lambda: dh.simulate.corrupted(np.ones((2, 4)), 0.1, n_chains=3),
        r"pattern must have shape \(3, N\), got \(2, 4\)",
    ),
    (lambda: dh.simulate.corrupted(np.ones((1, 2, 4)), 0.1), r"shape \(N,\) or \(n_chains, N\)"),
    (lambda: dh.simulate.corrupted(1.0, 0.1), r"shape \(N,\) or \(n_chains, N\)"),
    (lambda: dh.simulate.corrupted(ONES, 0.1, n_chains=0), "n_chains must be an integer >= 1"),
    (lambda: dh.simulate.corrupted(ONES, 0.1, n_chains=10**15), "GiB are free"),
    (lambda: dh.simulate.corrupted(ONES, 0.1, seed=None), "seed must be"),
    (lambda: dh.simulate.attacked(ONES, np.ones(5), 0.1), r"example must have shape \(4,\), got \(5,\)"),
    (lambda: dh.simulate.attacked(ONES, np.ones((2, 4)), 0.1), "example must have shape"),
    (lambda: dh.simulate.attacked(ONES, ONES, 2), "fraction must be"),
    (lambda: dh.simulate.typical_example(ONES, ONES), r"examples must have shape \(M, N\)"),
    (lambda: dh.simulate.typical_example(np.ones(5), np.ones((2, 4))), r"pattern must have shape \(4,\)"),
    (lambda: dh.simulate.closest_example(ONES, np.ones((2, 4)), 1), "p must be an integer >= 2"),
    (lambda: dh.simulate.random_states(1), "n_spins must be"),
    (lambda: dh.simulate.random_states(8, 10**15), "GiB are free"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_wrong_input_is_one_clear_line(call, message):
    with pytest.raises(dh.InvalidInput, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
