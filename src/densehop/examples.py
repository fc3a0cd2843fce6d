"""Independent examples of a teacher with one planted pattern, drawn exactly and without a Markov chain.

The law of an example sigma depends on the overlap k = xi* . sigma alone (docs/theory.md, eq. 7).
"""

import math
import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, xlog1py, xlogy

from densehop import checks
from densehop.kernels import examples as kernel
from densehop.simulate.workers import count_workers, run_all
from densehop.streams import Purpose, Seed, generator, seed_sequence
from densehop.teacher import TeacherLaw, teacher_law

Floats = npt.NDArray[np.float64]
Signs = npt.NDArray[np.int8]
Words = npt.NDArray[np.uint64]

EXAMPLES_PER_STREAM = 16_384  # a constant of the random streams: changing it changes what a seed gives
GUIDE_LENGTH = 4096
FEW = 0.25  # share of the rarer kind of sites below which a count belongs to the law's first part


def draw_examples(
    n_spins: int,
    n_examples: int,
    p: int,
    temperature: float,
    seed: Seed = 0,
    pattern: npt.ArrayLike | None = None,
    n_workers: int | None = None,
) -> tuple[Signs, Signs]:
    """Draw independent examples from the teacher's exact law (docs/theory.md, eq. 7).

    Parameters
    ----------
    n_spins, n_examples : int
    p, temperature : the teacher's number of bodies and temperature
    seed : int or SeedSequence
    pattern : (n_spins,) of +-1, optional
        The teacher's pattern xi*; None draws it.
    n_workers : int, threads; None: one per core. The examples are the same.

    Returns
    -------
    pattern : (n_spins,) int8
    examples : (n_examples, n_spins) int8

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
    """Tabulate how examples are drawn: a count per example, quantile by quantile from that of its coins."""
    n_spins = len(law.overlaps) - 1
    count = np.arange(n_spins + 1)
    rarer = np.minimum(count, n_spins - count)
    order = np.argsort(rarer, kind="stable")
    probability = law.probability[::-1][order]
    n_few = int((rarer < FEW * n_spins).sum())
    border = float(probability[:n_few].sum())
    coins = [_binomial(n_spins, level / kernel.LEVELS)[order] for level in range(kernel.LEVELS // 2 + 1)]
    levels, start, width = np.zeros(2, dtype=np.int64), np.zeros((2, n_spins + 1)), np.zeros((2, n_spins + 1))
    for part, (rows, low, high) in enumerate(((slice(n_few), 0.0, border), (slice(n_few, None), border, 1.0))):
        wanted = np.zeros(n_spins + 1)
        wanted[rows] = probability[rows]
        levels[part] = np.argmin([_cost(level, thrown, wanted) for level, thrown in enumerate(coins)])
        thrown = (high - low) * coins[levels[part]]
        width[part, order], start[part, order] = thrown, low + np.cumsum(thrown) - thrown
    lowest = np.array([next(bit for bit in range(5) if bit == 4 or level >> bit & 1) for level in levels])
    cumulative = np.cumsum(probability)
    guide = np.searchsorted(cumulative, np.arange(GUIDE_LENGTH + 1) / GUIDE_LENGTH, side="right")
    guide = np.minimum(guide, n_spins).astype(np.int16)
    return kernel.Plan(order, cumulative, guide, border, levels, lowest, start, width)


def _cost(level: int, thrown: Floats, wanted: Floats) -> float:
    """Predict the random words per example with coins of this level; laws (N + 1,) in the plan's order."""
    probability = level / kernel.LEVELS
    n_spins, total = len(thrown) - 1, wanted.sum()
    if total == 0:
        return 0.0
    ahead = np.cumsum(thrown - wanted / total) / 2  # two counts, m and N - m, share a number m of the rarer kind
    too_few, too_many = ahead[ahead > 0].sum(), -ahead[ahead < 0].sum()
    n_words = kernel.LEVEL_BITS if level % 2 else 1 if level == kernel.LEVELS // 2 else 3 if level else 0
    turned = too_few / (1 - probability) + (too_many / probability if level else 0.0)
    return n_words * n_spins / 64 + 2 * turned


def _binomial(n: int, probability: float) -> Floats:
    """Return the law of the number, 0..n, of n coins that come up."""
    k = np.arange(n + 1)
    log_law = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, probability)
    law = np.exp(log_law + xlog1py(n - k, -probability))
    return np.asarray(law / law.sum())


def _as_words(signs: Signs) -> Words:
    """Return a vector's -1 as bits, 64 to a word, zeros behind the last."""
    minus = np.zeros(-(-len(signs) // 64) * 64, dtype=np.bool_)
    minus[: len(signs)] = signs < 0
    return np.packbits(minus, bitorder="little").view(np.uint64)
