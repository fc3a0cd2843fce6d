"""Drawing teacher examples: how many sites disagree with the pattern, then which, 64 sites to a word of random bits.

`source` is the state of xoshiro256++ (Blackman & Vigna, ACM Trans. Math. Softw. 47, 36 (2021)): four uint64, passed in
and handed back, so that it stays in registers. Everything here is unsigned: numba makes floats of a uint64 and an int64.
"""

import numpy as np

from densehop.kernels import compiled
from densehop.kernels.vectors import store_signs

LEVEL_BITS = 4  # coins come up with a probability that is a multiple of 1/16
LEVELS = 2**LEVEL_BITS


@compiled
def next_word(source):
    """Return the next source and 64 random bits."""
    s0, s1, s2, s3 = source
    total = s0 + s3
    word = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    t2, t3 = s2 ^ s0, s3 ^ s1
    return (s0 ^ t3, s1 ^ t2, t2 ^ (s1 << np.uint64(17)), (t3 << np.uint64(45)) | (t3 >> np.uint64(19))), word


@compiled
def below(word, n):
    """Turn 64 random bits into a random integer below n < 2^32: n * word / 2^64, rounded down."""
    high, low = word >> np.uint64(32), word & np.uint64(0xFFFFFFFF)
    return (high * n + (low * n >> np.uint64(32))) >> np.uint64(32)


@compiled
def count_from(word, cumulative, guide):
    """Turn 64 random bits into one of 0..N with these cumulative probabilities.

    `guide[j]` is the answer for the uniform number j/len(guide); the search starts there.
    """
    uniform = np.float64(word >> np.uint64(11)) * 2.0**-53
    count = guide[np.int64(uniform * len(guide))]
    while count < len(cumulative) - 1 and uniform >= cumulative[count]:
        count += 1
    return count


@compiled
def count_bits(word):
    """Return how many bits are 1 (LLVM knows this form and takes the processor's own instruction)."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def throw_coins(source, level):
    """Return the next source and 64 coins that show 1 with probability level/16 each, 0 <= level <= 16."""
    if level == 0 or level == LEVELS:
        return source, np.uint64(0) - np.uint64(level == LEVELS)
    coins = np.uint64(0)
    for bit in range(LEVEL_BITS):  # from the lowest: each halves the probability, one that is set adds a half
        if level >> bit & 1:
            source, word = next_word(source)
            coins |= word
        elif coins != 0:
            source, word = next_word(source)
            coins &= word
    return source, coins


@compiled
def choose_sites(source, n_spins, wanted, words):
    """Set `wanted` of the first N bits of words (W,) uint64, uniformly among all such sets; return the next source.

    Coins of nearly the right probability come first. They are exchangeable, and remain so when uniformly chosen bits
    of the kind in excess are then turned over.
    """
    level = (LEVELS * wanted + n_spins // 2) // n_spins
    missing, last = wanted, len(words) - 1
    for place in range(len(words)):
        source, coins = throw_coins(source, level)
        if place == last:
            coins &= ~np.uint64(0) >> np.uint64(64 * len(words) - n_spins)
        words[place] = coins
        missing -= count_bits(coins)
    kind = np.uint64(missing < 0)
    missing = abs(missing)
    while missing > 0:
        source, word = next_word(source)
        site = below(word, np.uint64(n_spins))
        place, shift = site >> np.uint64(6), site & np.uint64(63)
        hit = ~((words[place] >> shift) ^ kind) & np.uint64(1)
        words[place] ^= hit << shift
        missing -= np.int64(hit)
    return source


@compiled
def fill_examples(source, cumulative, guide, pattern, examples):
    """Fill examples (M, N) int8, independent of each other.

    Parameters
    ----------
    source : (4,) uint64
    cumulative (N + 1,), guide : as in `count_from`, of the number of sites that disagree with the pattern
    pattern : (W,) uint64, its -1 as bits; W = ceil(N/64)
    """
    n_examples, n_spins = examples.shape
    signs, words = examples.reshape(-1), np.empty(len(pattern), dtype=np.uint64)
    source = (source[0], source[1], source[2], source[3])
    for example in range(n_examples):
        source, word = next_word(source)
        source = choose_sites(source, n_spins, count_from(word, cumulative, guide), words)
        for place in range(len(words)):
            bits, start = words[place] ^ pattern[place], example * n_spins + 64 * place
            if start + 64 <= len(signs):
                store_signs(bits, signs, start)  # what goes beyond this example is overwritten by the next
            else:
                for site in range(min(n_spins - 64 * place, 64)):
                    signs[start + site] = 1 - 2 * np.int8(bits >> np.uint64(site) & np.uint64(1))
