"""Random numbers by counting: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw 2011).

A number is a function of a key (two words of 32 bits, one key for each chain) and of a counter (two words). There is
no state between two numbers, so any of them is found anew wherever it is needed, in any order and on any machine.
"""

import numpy as np

from densehop.kernels import inlined, lean

PARITY = np.uint32(0x1BD11BDA)
UNIT = 2.0**-53


@inlined
def mix(left, right, rotation):
    """Return the words after one round."""
    left = np.uint32(left + right)
    turned = (right << np.uint32(rotation)) | (right >> np.uint32(32 - rotation))
    return left, np.uint32(turned ^ left)


@inlined
def four_rounds(left, right, first, second, third, fourth):
    """Return the words after rounds with these rotations."""
    left, right = mix(left, right, first)
    left, right = mix(left, right, second)
    left, right = mix(left, right, third)
    return mix(left, right, fourth)


@inlined
def threefry(key, other_key, counter, other_counter):
    """Return the two words that belong to a key of two words and a counter of two words, all uint32."""
    parity = np.uint32(key ^ other_key ^ PARITY)
    left, right = np.uint32(counter + key), np.uint32(other_counter + other_key)
    left, right = four_rounds(left, right, 13, 15, 26, 6)
    left, right = np.uint32(left + other_key), np.uint32(right + parity + np.uint32(1))
    left, right = four_rounds(left, right, 17, 29, 16, 24)
    left, right = np.uint32(left + parity), np.uint32(right + key + np.uint32(2))
    left, right = four_rounds(left, right, 13, 15, 26, 6)
    left, right = np.uint32(left + key), np.uint32(right + other_key + np.uint32(3))
    left, right = four_rounds(left, right, 17, 29, 16, 24)
    left, right = np.uint32(left + other_key), np.uint32(right + parity + np.uint32(4))
    left, right = four_rounds(left, right, 13, 15, 26, 6)
    return np.uint32(left + parity), np.uint32(right + key + np.uint32(5))


@inlined
def uniform(key, other_key, counter, other_counter):
    """Return 53 of the 64 bits as a number in [0, 1)."""
    high, low = threefry(key, other_key, counter, other_counter)
    bits = (np.uint64(high) << np.uint64(32)) | np.uint64(low)
    return np.float64(np.int64(bits >> np.uint64(11))) * UNIT


@lean
def fill_uniforms(keys, row, turn, uniforms):
    """Set row `row` of uniforms (C, F) float64 to the numbers of the counters (0, turn), ..., (F - 1, turn).

    The key is that row of keys (C, 2) uint32; turn counts modulo 2^32. The compiler makes vectors of this loop if F is
    a multiple of their length.
    """
    key, other_key, other_counter = keys[row, 0], keys[row, 1], np.uint32(turn)
    for place in range(uniforms.shape[1]):
        uniforms[row, place] = uniform(key, other_key, np.uint32(place), other_counter)
