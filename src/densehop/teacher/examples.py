"""Independent examples of a teacher with one planted pattern, drawn exactly and without a Markov chain.

The law of an example sigma depends on the overlap k = xi* . sigma alone (docs/theory.md, eq. 7).
"""

import math
import threading
from collections.abc import Callable

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Signs, Words
from densehop.base.streams import Purpose, Seed, generator, seed_sequence
from densehop.base.workers import count_workers, run_all
from densehop.kernels import examples as kernel
from densehop.teacher.law import TeacherLaw, teacher_law

EXAMPLES_PER_STREAM = 16_384  # a constant of the random streams: changing it changes what a seed gives
GUIDE_LENGTH = 4096  # intervals of the table that starts the search for a quantile
WORDS_PER_TRY = 2.0  # cost of a try to flip a bit, in random words
LOWEST_BIT = np.array([4, 0, 1, 0, 2, 0, 1, 0, 3])  # of each level that is 1; all bits for level 0
FEW = 0.25  # fraction of the rarer kind of sites below which a count belongs to the law's first part


def draw_examples(
    n_spins: int,
    n_examples: int,
    p: int,
    temperature: float,
    seed: Seed = 0,
    pattern: ArrayLike | None = None,
    n_workers: int | None = None,
) -> tuple[Signs, Signs]:
    """Draw independent examples of a hidden pattern from the teacher's exact law (docs/theory.md, eq. 7).

    Parameters
    ----------
    n_spins, n_examples : int
        N >= 2 and M >= 1.
    p : int
        The teacher's number of bodies, 2 <= p <= N.
    temperature : float
        The teacher's temperature T* > 0.
    seed : int or SeedSequence
        The same seed gives the same pattern and examples.
    pattern : (N,) of +-1, optional
        The teacher's pattern xi*; None draws it at random.
    n_workers : int, optional
        Threads; None is one for each core. The examples do not depend on it.

    Returns
    -------
    pattern : (N,) int8
    examples : (M, N) int8

    Raises
    ------
    InvalidInput
        If an argument is out of range or the examples cannot fit into memory.
    """
    n_examples = checks.integer("n_examples", n_examples, 1)
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    law = teacher_law(n_spins, p, temperature)
    checks.memory(f"drawing {n_examples} examples of {n_spins} spins", n_examples * n_spins)
    if pattern is None:
        xi = generator(seed, Purpose.PATTERN).integers(0, 2, n_spins, dtype=np.int8) * np.int8(2) - np.int8(1)
    else:
        xi = checks.signs("pattern", pattern, (n_spins,))
    examples = np.empty((n_examples, n_spins), dtype=np.int8)
    plan, words = plan_of(law), _as_words(xi)

    def task_of(block: int) -> Callable[[threading.Event], None]:
        def task(stop: threading.Event) -> None:
            rows = examples[block * EXAMPLES_PER_STREAM : (block + 1) * EXAMPLES_PER_STREAM]
            state = seed_sequence(seed, Purpose.EXAMPLES, block).generate_state(4, np.uint64)
            if not stop.is_set():
                kernel.fill_examples(state, plan, words, rows)

        return task

    run_all([task_of(block) for block in range(math.ceil(n_examples / EXAMPLES_PER_STREAM))], count_workers(n_workers))
    return xi, examples


def plan_of(law: TeacherLaw) -> kernel.Plan:
    """Tabulate how examples are drawn: the law's quantile replaces that of the coins' count in each example."""
    n_spins = len(law.overlaps) - 1
    count = np.arange(n_spins + 1)
    rarer = np.minimum(count, n_spins - count)
    order = np.argsort(rarer, kind="stable")
    probability = law.probability[::-1][order]
    n_few = int((rarer < FEW * n_spins).sum())
    border = float(probability[:n_few].sum())
    coins = _binomial_laws(n_spins)[:, order]
    levels, start, width = np.zeros(2, dtype=np.int64), np.zeros((2, n_spins + 1)), np.zeros((2, n_spins + 1))
    for part, (rows, low, high) in enumerate(((slice(n_few), 0.0, border), (slice(n_few, None), border, 1.0))):
        wanted = np.zeros(n_spins + 1)
        wanted[rows] = probability[rows]
        levels[part] = _cheapest_level(coins, wanted / max(wanted.sum(), checks.SMALLEST))
        thrown = (high - low) * coins[levels[part]]
        width[part, order], start[part, order] = thrown, low + np.cumsum(thrown) - thrown
    cumulative = np.cumsum(probability)
    guide = np.searchsorted(cumulative, np.arange(GUIDE_LENGTH + 1) / GUIDE_LENGTH, side="right")
    guide = np.minimum(guide, n_spins).astype(np.int16)
    return kernel.Plan(order, cumulative, guide, border, levels, LOWEST_BIT[levels], start, width)


def _cheapest_level(coins: Floats, wanted: Floats) -> int:
    """Return the level of coins that takes the fewest random words per example; laws are in the plan's order.

    Bits to be flipped are found by trying, so a surplus of the rare kind costs more than a lack of them.
    """
    n_spins, probability = len(wanted) - 1, np.arange(len(coins)) / kernel.LEVELS
    ahead = np.cumsum(coins - wanted, axis=1) / 2  # two counts, m and N - m, share a number m of the rarer kind
    too_few, too_many = np.maximum(ahead, 0).sum(axis=1), np.maximum(-ahead, 0).sum(axis=1)
    tries = too_few / (1 - probability) + too_many / np.maximum(probability, 1 / n_spins)
    words = (kernel.LEVEL_BITS - LOWEST_BIT[: len(coins)]) * n_spins / 64
    return int(np.argmin(words + WORDS_PER_TRY * tries))


def _binomial_laws(n_spins: int) -> Floats:
    """Return the binomial laws (level, N + 1) of N coins of probability 0, 1/16, ..., 1/2."""
    count = np.arange(n_spins + 1)
    probability = np.arange(kernel.LEVELS // 2 + 1)[:, np.newaxis] / kernel.LEVELS
    log_choices = gammaln(n_spins + 1) - gammaln(count + 1) - gammaln(n_spins - count + 1)
    laws = np.exp(log_choices + xlogy(count, probability) + xlog1py(n_spins - count, -probability))
    return np.asarray(laws / laws.sum(axis=1, keepdims=True))


def _as_words(signs: Signs) -> Words:
    """Return a vector's -1 as bits, 64 to a word, zeros behind the last."""
    minus = np.zeros(-(-len(signs) // 64) * 64, dtype=np.bool_)
    minus[: len(signs)] = signs < 0
    return np.packbits(minus, bitorder="little").view(np.uint64)
