import math
import sys

import numpy as np
import pytest

import densehop as dh
from densehop.kernels import examples as kernel
from tests import goodness, naive

N_SPINS, N_EXAMPLES = 8, 40_000  # more examples than one stream holds
REGIMES = [(3, 1.2), (3, 1.5), (3, 2.0), (4, 1.2), (2, 1.0), (2, 1.9), (2, 3.0), (5, 100.0)]


def fit(p, temperature, seed=1, change=lambda aligned: aligned):
    """Compare the counts of all 2^8 examples, in the gauge of the pattern, with enumeration; return the p-value."""
    pattern, examples = dh.draw_examples(N_SPINS, N_EXAMPLES, p, temperature, seed)
    observed = np.bincount(naive.codes_of(change(examples * pattern)), minlength=2**N_SPINS)
    return goodness.p_value(observed, naive.teacher_probability(N_SPINS, p, temperature))


@pytest.mark.parametrize(("p", "temperature"), REGIMES)
def test_examples_follow_the_exact_law(p, temperature):
    """False alarm 1e-4 each."""
    assert fit(p, temperature, seed=p) > 1e-4


@pytest.mark.parametrize("level", range(9))
@pytest.mark.parametrize(("p", "temperature"), [(3, 1.2), (2, 1.9)])
def test_any_coins_give_the_exact_law(monkeypatch, level, p, temperature):
    """The choice of coins is one of speed alone: forced to each of the nine, the law stays; false alarm 1e-4 each."""
    monkeypatch.setattr(module(), "_cheapest_level", lambda *_: level)
    assert fit(p, temperature) > 1e-4


@pytest.mark.parametrize("wrong", ["law of the coins", "border", "sites"])
def test_a_wrong_rule_is_caught(monkeypatch, wrong):
    """Coins taken for coins of another probability; the parts mixed up; right counts on the wrong sites."""
    change = np.sort if wrong == "sites" else lambda aligned: aligned
    if wrong == "law of the coins":
        right = module()._binomial_laws
        monkeypatch.setattr(module(), "_binomial_laws", lambda n: np.roll(right(n), 1, axis=0))
    if wrong == "border":
        plan_of = module().plan_of
        monkeypatch.setattr(module(), "plan_of", lambda law: plan_of(law)._replace(border=plan_of(law).border + 0.05))
    assert fit(2, 1.9, change=change) < 1e-8


def module():
    """Return the module that draws: the package hides it behind its function's lazy import."""
    return sys.modules["densehop.teacher.examples"]


@pytest.mark.parametrize("n", [3, 63, 64, 65, 130])
def test_signs_are_written_as_numpy_unpacks_them(n):
    """Every example, also the last ones, which have no room behind them."""
    rng = np.random.default_rng(n)
    words = rng.integers(0, 2**64, (50, -(-n // 64)), dtype=np.uint64)
    pattern = rng.integers(0, 2**64, words.shape[1], dtype=np.uint64)
    masks = np.where(rng.random(50) < 0.5, np.uint64(0), ~np.uint64(0))
    examples = np.zeros((60, n), dtype=np.int8)
    kernel.write_signs(words, masks, pattern, 10, examples)
    bits = np.unpackbits((words ^ masks[:, np.newaxis] ^ pattern).view(np.uint8), axis=1, bitorder="little")
    assert (examples[10:] == 1 - 2 * bits[:, :n].astype(np.int8)).all()
    assert (examples[:10] == 0).all()


def test_random_words_follow_the_published_recurrence():
    """xoshiro256++ step by step in Python's integers; a wrong register once passed every test of the law."""
    state, mask = [1, 2, 3, 4], 2**64 - 1
    source = tuple(state)

    def rotated(value, by):
        return (value << by | value >> 64 - by) & mask

    for _ in range(1000):
        source, word = kernel.next_word(tuple(np.uint64(value & mask) for value in source))  # comes back as int
        assert word & mask == (rotated((state[0] + state[3]) & mask, 23) + state[0]) & mask
        shifted = state[1] << 17 & mask
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= shifted
        state[3] = rotated(state[3], 45)
    assert [value & mask for value in source] == state


@pytest.mark.parametrize("n", [64, 70, 200])
@pytest.mark.parametrize(("p", "temperature"), [(3, 1.2), (3, 3.0), (4, 1.2), (2, 1.8)])
def test_sites_are_exchangeable_at_large_n(n, p, temperature):
    """Every site is flipped equally often, and so is every pair of neighbours, within a word and across two."""
    n_examples = 20_000
    pattern, examples = dh.draw_examples(n, n_examples, p, temperature, seed=1)
    aligned = (examples * pattern).astype(np.float64)
    k = aligned.sum(axis=1)
    deviation = np.sqrt((1 - (k / n) ** 2).mean() / n_examples)
    assert np.abs(aligned.mean(axis=0) - k.mean() / n).max() < 4.5 * deviation
    pairs = (aligned * np.roll(aligned, 1, axis=1)).mean(axis=0)
    expected = ((k**2 - n) / (n * (n - 1))).mean()
    assert np.abs(pairs - expected).max() < 4.5 / math.sqrt(n_examples)


@pytest.mark.parametrize(("n", "p", "temperature"), [(64, 3, 1.45), (200, 3, 2.0), (1000, 2, 1.9), (2000, 3, 1.2)])
def test_overlaps_follow_the_exact_law_at_large_n(n, p, temperature):
    law = dh.teacher.teacher_law(n, p, temperature)
    pattern, examples = dh.draw_examples(n, 40_000, p, temperature, seed=2)
    k = examples.astype(np.int64) @ pattern
    observed = np.bincount((k + n) // 2, minlength=n + 1)
    assert goodness.p_value(observed, law.probability) > 1e-4


@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_threads_do_not_change_the_examples(n_workers):
    expected = dh.draw_examples(30, 70_000, 3, 2.0, seed=5)[1]
    assert (dh.draw_examples(30, 70_000, 3, 2.0, seed=5, n_workers=n_workers)[1] == expected).all()


def test_examples_are_reproducible_and_respect_the_pattern():
    pattern, examples = dh.draw_examples(30, 40_000, 3, 2.0, seed=5)
    again = dh.draw_examples(30, 40_000, 3, 2.0, seed=5)
    assert (pattern == again[0]).all()
    assert (examples == again[1]).all()
    given, _ = dh.draw_examples(30, 10, 3, 2.0, seed=5, pattern=-pattern)
    assert (given == -pattern).all()
    assert (dh.draw_examples(30, 40_000, 3, 2.0, seed=6)[1] != examples).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_spins": 1}, "n_spins must be an integer from 2"),
        ({"n_examples": 0}, "n_examples must be an integer >= 1, got 0"),
        ({"p": 1}, "p must be an integer from 2 to 30, got 1"),
        ({"temperature": 0.0}, "temperature must be a finite positive number, got 0"),
        ({"temperature": -2}, "temperature must be a finite positive number, got -2"),
        ({"temperature": math.inf}, "temperature must be a finite positive number, got inf"),
        ({"pattern": np.ones(29)}, r"pattern must have shape \(30,\), got \(29,\)"),
        ({"n_examples": 10**14}, r"drawing 10+ examples of 30 spins needs .* GiB"),
        ({"n_workers": 0}, "n_workers must be an integer >= 1, got 0"),
        ({"seed": "zero"}, "seed must be an integer >= 0, got 'zero'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(dh.InvalidInput, match=message):
        dh.draw_examples(**{"n_spins": 30, "n_examples": 10, "p": 3, "temperature": 2.0, **arguments})
