"""Polynomials of the overlaps in the integers of a lane, found for all patterns at once. Vectors as in `vectors.py`.

They are polynomials of q = floor(k/2) ceil(k/2), a quarter of k^2 or of k^2 - 1, times k where they are odd in k. Lanes
count modulo 2^32 or 2^64, where every odd number has an inverse: a polynomial of integer values needs no division.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from densehop.kernels.vectors import (
    BIT,
    INT16,
    INT32,
    INT64,
    LANES,
    broadcast,
    is_vector,
    load,
    sum_of_blocks,
    unpack,
)  # fmt: skip


def horner(builder, coefficients, q):
    """Return the polynomial of the vector q whose coefficients, lowest first, are vectors."""
    *lower, value = coefficients
    for coefficient in reversed(lower):
        value = builder.add(builder.mul(value, q), coefficient)
    return value


def quarter_of_square(builder, k, parity):
    """Return floor(k/2) ceil(k/2) of a vector of int32, all odd (parity 1) or all even (parity 0)."""
    half = builder.ashr(k, ir.Constant(k.type, [1] * LANES))
    return builder.mul(half, builder.add(half, broadcast(builder, parity, INT32, LANES)))


@intrinsic
def evaluate(_context, overlaps, parity, amplitudes_are_odd, even, odd, first, last, amplitudes):
    """Set amplitudes (32 B,) to k A(q) in blocks first to last and return their sum of q B(q).

    k = overlaps (32 B,) int16, all odd (parity 1) or all even (parity 0); `even` and `odd` are tuples of the int64
    coefficients of A and B, lowest first. If amplitudes_are_odd is 0, then q A(q) and k B(q) instead. All is counted
    modulo 2^32 or 2^64, in the type of the amplitudes, in which the sums of a lane must fit.
    """

    def generate(context, builder, signature, arguments):
        overlaps, parity, are_odd, even, odd, first, last, amplitudes = unpack(context, builder, signature, arguments)
        kind = amplitudes.data.type.pointee
        lanes = ir.VectorType(kind, LANES)
        are_odd = builder.trunc(are_odd, BIT)
        left, right = (
            [broadcast(builder, builder.extract_value(values, n), kind, LANES) for n in range(values.type.count)]
            for values in (even, odd)
        )

        def term(block):
            start = builder.mul(builder.add(first, block), INT64(LANES))
            k = builder.sext(load(builder, overlaps.data, start, INT16, LANES), ir.VectorType(INT32, LANES))
            q = quarter_of_square(builder, k, parity)
            if kind == INT64:
                k, q = (builder.sext(vector, lanes) for vector in (k, q))
            amplitude = builder.mul(builder.select(are_odd, k, q), horner(builder, left, q))
            pointer = builder.bitcast(builder.gep(amplitudes.data, [start]), lanes.as_pointer())
            builder.store(amplitude, pointer, align=1)
            return builder.mul(builder.select(are_odd, q, k), horner(builder, right, q))

        return sum_of_blocks(builder, builder.sub(last, first), lanes, term)

    numbers = isinstance(even, types.UniTuple) and isinstance(odd, types.UniTuple)
    if numbers and is_vector(overlaps, types.int16) and is_vector(amplitudes, types.int32, types.int64):
        places = (types.int64, types.int64)
        return types.int64(overlaps, *places, even, odd, *places, amplitudes), generate
    return None
