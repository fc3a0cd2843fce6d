"""Drawing teacher examples: 64 sites to a word of random bits, all examples of a block stage by stage.

First coins are thrown for the sites that disagree with the pattern; then the number that came up decides, with another
random number, how many there must be; uniformly chosen sites are turned over until it is so. Coins are exchangeable and
remain so in both steps, so all sets with the same count are equally likely.

`state` (4,) uint64 is that of xoshiro256++ (Blackman & Vigna, ACM Trans. Math. Softw. 47, 36 (2021)); a stage keeps it
in registers as a tuple, `source`. Branches on random numbers are avoided: a wrongly predicted one costs more than 64
coins.
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import compiled
from densehop.kernels.packed_signs import store_signs

LEVEL_BITS = 4  # coins come up with a probability that is a multiple of 1/16
LEVELS = 2**LEVEL_BITS
WORDS_AT_ONCE = 2**12  # a constant of the random streams


class Plan(NamedTuple):
    """How many sites disagree with the pattern, 0..N, and how coins help to draw it.

    The law has two parts, with few and with many sites of the rarer kind, that is below and above `border` in
    cumulative probability. A part's coins come up with probability levels[part]/16; lowest[part] is the lowest bit of
    the level that is 1 (4: none).

    order (N + 1,) int64, the counts in the order 0, N, 1, N - 1, ...; cumulative (N + 1,), their probabilities added up
    in this order; guide, `guide[j]` is the place in it of the uniform number j/(length - 1). start, width (2, N + 1),
    for each number of coins that came up: a uniform number in this piece is, over all coins, uniform over the part.
    """

    order: Any
    cumulative: Any
    guide: Any
    border: float
    levels: Any
    lowest: Any
    start: Any
    width: Any


@compiled
def next_word(source):
    """Return the next source, a tuple, and 64 random bits."""
    s0, s1, s2, s3 = source
    total = s0 + s3
    word = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    t2, t3 = s2 ^ s0, s3 ^ s1
    return (s0 ^ t3, s1 ^ t2, t2 ^ (s1 << np.uint64(17)), (t3 << np.uint64(45)) | (t3 >> np.uint64(19))), word


@compiled
def source_of(state):
    """Return the state as a tuple."""
    return state[0], state[1], state[2], state[3]


@compiled
def keep(source, state):
    """Write a source back to the state."""
    for index in range(4):
        state[index] = source[index]


@compiled
def below(word, n):
    """Turn 64 random bits into a random integer below n < 2^32: n * word / 2^64, rounded down."""
    high, low = word >> np.uint64(32), word & np.uint64(0xFFFFFFFF)
    return (high * n + (low * n >> np.uint64(32))) >> np.uint64(32)


@compiled
def count_bits(word):
    """Return how many bits are 1 (LLVM knows this form and takes the processor's own instruction)."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def uniform_of(word):
    """Turn 64 random bits into a random number, 0 <= number < 1."""
    return np.float64(np.int64(word >> np.uint64(11))) * 2.0**-53


@compiled
def flip_coins(state, plan, parts, counts, words):
    """Fill words (R, W) with N coins each, of a random part of the law; set parts and counts (R,), how many came up.

    From the level's lowest bit that is 1, each random word halves the probability, and adds a half where the bit is 1.
    """
    order, border, levels, lowest_bits = plan.order, plan.border, plan.levels, plan.lowest
    source, n_spins, last = source_of(state), len(order) - 1, words.shape[1] - 1
    used = ~np.uint64(0) >> np.uint64(64 * words.shape[1] - n_spins)
    for row in range(len(parts)):
        source, word = next_word(source)
        part = np.int64(uniform_of(word) >= border)
        level, lowest, count = levels[part], lowest_bits[part], 0
        for index in range(last + 1):
            coins = np.uint64(0)
            for bit in range(lowest, LEVEL_BITS):
                source, word = next_word(source)
                coins = coins | word if level >> bit & 1 else coins & word
            if index == last:
                coins &= used
            words[row, index] = coins
            count += count_bits(coins)
        parts[row], counts[row] = part, count
    keep(source, state)


@compiled
def draw_counts(state, plan, parts, counts, rows, missing, masks):
    """Draw how many sites disagree; list the rows (R,) with another number of coins; return their number.

    missing (R + 1,), how many of their coins are missing, ends with a 0. A row whose kinds are to be exchanged in the
    end gets a mask of 64 ones, else 0.
    """
    order, cumulative, guide = plan.order, plan.cumulative, plan.guide
    start, width = plan.start, plan.width
    source, n_spins, n_listed = source_of(state), len(order) - 1, 0
    for row in range(len(parts)):
        source, word = next_word(source)
        part, count = parts[row], counts[row]
        uniform = start[part, count] + uniform_of(word) * width[part, count]
        rank = np.int64(guide[np.int64(uniform * (len(guide) - 1))])
        while rank < n_spins and uniform >= cumulative[rank]:
            rank += 1
        target = order[rank]
        exchanged = (2 * target > n_spins) != (2 * count > n_spins)
        rows[n_listed], missing[n_listed] = row, (n_spins - target if exchanged else target) - count
        n_listed += missing[n_listed] != 0
        masks[row] = np.uint64(0) - np.uint64(exchanged)
    missing[n_listed] = 0
    keep(source, state)
    return n_listed


@compiled
def turn_over(state, n_spins, rows, missing, words):
    """Set missing[n] more of the N bits of words[rows[n]], or fewer, for each n; missing is one longer than rows.

    One try per step, without a branch: the next row follows when nothing is missing.
    """
    source, listed, left = source_of(state), 0, missing[0]
    while listed < len(rows):
        source, word = next_word(source)
        site, row = below(word, np.uint64(n_spins)), rows[listed]
        index, shift = site >> np.uint64(6), site & np.uint64(63)
        hit = ((words[row, index] >> shift) ^ np.uint64(left > 0)) & np.uint64(1)
        words[row, index] ^= hit << shift
        left -= np.int64(hit) if left > 0 else -np.int64(hit)
        listed += left == 0
        following = missing[listed]
        left = following if left == 0 else left
    keep(source, state)


@compiled
def write_signs(words, masks, pattern, first, examples):
    """Write rows of words (R, W), with their masks and the bits of pattern (W,), as signs from example `first` on."""
    n_spins, signs = examples.shape[1], examples.reshape(-1)
    for row in range(len(words)):
        for index in range(len(pattern)):
            bits, start = words[row, index] ^ masks[row] ^ pattern[index], (first + row) * n_spins + 64 * index
            if start + 64 <= len(signs):
                store_signs(bits, signs, start)  # what goes beyond this example is overwritten by the next
            else:
                for site in range(min(n_spins - 64 * index, 64)):
                    signs[start + site] = 1 - 2 * np.int8(bits >> np.uint64(site) & np.uint64(1))


@compiled
def fill_examples(state, plan, pattern, examples):
    """Fill examples (M, N) int8, independent of each other; pattern (W,) uint64, its -1 as bits, W = ceil(N/64)."""
    n_spins, n_words = examples.shape[1], len(pattern)
    n_rows = max(1, WORDS_AT_ONCE // n_words)
    parts, counts, rows = np.empty((3, n_rows), dtype=np.int64)
    missing, masks = np.empty(n_rows + 1, dtype=np.int64), np.empty(n_rows, dtype=np.uint64)
    words = np.empty((n_rows, n_words), dtype=np.uint64)
    for first in range(0, len(examples), n_rows):
        n_now = min(n_rows, len(examples) - first)
        flip_coins(state, plan, parts[:n_now], counts, words)
        n_listed = draw_counts(state, plan, parts[:n_now], counts, rows, missing, masks)
        turn_over(state, n_spins, rows[:n_listed], missing, words)
        write_signs(words[:n_now], masks, pattern, first, examples)
