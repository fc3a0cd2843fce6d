"""Random numbers by counting: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw 2011).

A number is a function of a key (two words of 32 bits, one key for each chain) and of a counter (two words). There is
no state between two numbers, so any of them is found anew wherever it is needed, in any order and on any machine.
Written in vectors as in `vectors.py`: the compiler needs a second for the same as a plain loop.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from densehop.kernels import allocation_free
from densehop.kernels.vectors import FLOAT64, INT32, INT64, LANES, are_contiguous, broadcast, constant, unpack

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)  # bits, of the published function, as the next number
PARITY = 0x1BD11BDA
UNIT = 2.0**-53  # one over how many values a uniform number may have


def words(builder, key, counter):
    """Return the two words of a key and a counter, pairs of integers or of vectors of integers of 32 bits."""
    kind = key[0].type
    number = (lambda value: constant(kind, value)) if isinstance(kind, ir.VectorType) else kind
    keys = *key, builder.xor(builder.xor(*key), number(PARITY))
    left, right = (builder.add(count, word) for count, word in zip(counter, key, strict=True))
    for turn in range(20):
        rotation = ROTATIONS[turn % 8]
        left = builder.add(left, right)
        turned = builder.or_(builder.shl(right, number(rotation)), builder.lshr(right, number(32 - rotation)))
        right = builder.xor(turned, left)
        if turn % 4 == 3:
            injection = turn // 4 + 1
            left = builder.add(left, keys[injection % 3])
            right = builder.add(builder.add(right, keys[(injection + 1) % 3]), number(injection))
    return left, right


@intrinsic
def threefry(_context, key, other_key, counter, other_counter):
    """Return the two words that belong to a key of two words and a counter of two words, all uint32."""

    def generate(context, builder, signature, arguments):
        return context.make_tuple(builder, signature.return_type, words(builder, arguments[:2], arguments[2:]))

    return types.UniTuple(types.uint32, 2)(*(types.uint32,) * 4), generate


@intrinsic
def fill_row(_context, key, other_key, turn, row, uniforms):
    """Set a row of uniforms (C, F) float64 to the numbers of a key (two uint32) and the counters (0, turn), ...."""

    def generate(context, builder, signature, arguments):
        *integers, row, uniforms = unpack(context, builder, signature, arguments)
        length = cgutils.unpack_tuple(builder, uniforms.shape)[1]
        narrow, wide = ir.VectorType(INT32, LANES), ir.VectorType(INT64, LANES)
        key, other_key, turn = (broadcast(builder, value, INT32, LANES) for value in integers)
        with cgutils.for_range_slice(builder, INT64(0), length, INT64(LANES)) as (first, _):
            counters = builder.add(broadcast(builder, first, INT32, LANES), ir.Constant(narrow, list(range(LANES))))
            high, low = (builder.zext(word, wide) for word in words(builder, (key, other_key), (counters, turn)))
            bits = builder.or_(builder.shl(high, constant(wide, 32)), low)
            number = builder.sitofp(builder.lshr(bits, constant(wide, 11)), ir.VectorType(FLOAT64, LANES))
            address = builder.gep(uniforms.data, [builder.add(builder.mul(row, length), first)])
            pointer = builder.bitcast(address, number.type.as_pointer())
            builder.store(builder.fmul(number, constant(number.type, UNIT)), pointer, align=8)
        return context.get_dummy_value()

    if are_contiguous(uniforms) and uniforms.dtype == types.float64:
        return types.void(*(types.uint32,) * 3, types.int64, uniforms), generate
    return None


@allocation_free
def fill_uniforms(keys, row, turn, uniforms):
    """Set row `row` of uniforms (C, F) float64 to the numbers of the counters (0, turn), ..., (F - 1, turn) in [0, 1).

    They are 53 of the 64 bits. The key is that row of keys (C, 2) uint32; turn counts modulo 2^32; 32 divides F.
    """
    fill_row(keys[row, 0], keys[row, 1], np.uint32(turn), row, uniforms)
