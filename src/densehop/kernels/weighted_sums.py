"""Sums over patterns of weights in floating point, by the sign that each pattern has at one site, and the weights.

The signs of a site are bits, 1 where the pattern has -1. Lanes are added in an order of their own, the same on every
processor. Vectors as in `vectors.py`; the same for integers: `signed_sums.py`.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from densehop.kernels.vectors import (
    BIT,
    FLOAT64,
    INT16,
    INT32,
    INT64,
    LANES,
    broadcast,
    constant,
    is_vector,
    load,
    signs_of,
    unpack,
)  # fmt: skip


def sum_of_lanes(builder, lanes):
    """Return the sum of the lanes of a vector of float64: halves, pairwise."""
    while lanes.type.count > 1:
        half = lanes.type.count // 2
        indices = ir.VectorType(INT32, half)
        low, high = (
            builder.shuffle_vector(lanes, lanes, ir.Constant(indices, list(range(begin, begin + half))))
            for begin in (0, half)
        )
        lanes = builder.fadd(low, high)
    return builder.extract_element(lanes, INT32(0))


@intrinsic
def selected_sum(_context, bits, row, left, right):
    """Return the sum of left (32 B,) float64 where bits[row] has a 0 and of right where it has a 1.

    bits (N, B) uint32.
    """

    def generate(context, builder, signature, arguments):
        bits, row, left, right = unpack(context, builder, signature, arguments)
        n_blocks = cgutils.unpack_tuple(builder, bits.shape)[1]
        start = builder.mul(row, n_blocks)
        kind = ir.VectorType(FLOAT64, LANES)
        partial = cgutils.alloca_once_value(builder, constant(kind, 0.0))
        with cgutils.for_range(builder, n_blocks) as loop:
            is_one = signs_of(builder, bits, builder.add(start, loop.index))
            first = builder.mul(loop.index, INT64(LANES))
            for_zero, for_one = (load(builder, values.data, first, FLOAT64, LANES) for values in (left, right))
            builder.store(builder.fadd(builder.load(partial), builder.select(is_one, for_one, for_zero)), partial)
        return sum_of_lanes(builder, builder.load(partial))

    if is_vector(left, types.float64) and is_vector(right, types.float64):
        return types.float64(bits, types.int64, left, right), generate
    return None


@intrinsic
def sum_of_both(_context, bits, row, values, zero_factor, one_factor):
    """Return zero_factor times the sum of values (32 B,) float64 where bits[row] has a 0 plus the same for 1."""

    def generate(context, builder, signature, arguments):
        bits, row, values, *factors = unpack(context, builder, signature, arguments)
        n_blocks = cgutils.unpack_tuple(builder, bits.shape)[1]
        start = builder.mul(row, n_blocks)
        zero = constant(ir.VectorType(FLOAT64, LANES), 0.0)
        zero_sum, one_sum = (cgutils.alloca_once_value(builder, zero) for _ in range(2))
        with cgutils.for_range(builder, n_blocks) as loop:
            is_one = signs_of(builder, bits, builder.add(start, loop.index))
            block = load(builder, values.data, builder.mul(loop.index, INT64(LANES)), FLOAT64, LANES)
            for partial, choices in ((zero_sum, (zero, block)), (one_sum, (block, zero))):
                builder.store(builder.fadd(builder.load(partial), builder.select(is_one, *choices)), partial)
        sums = [
            builder.fmul(factor, sum_of_lanes(builder, builder.load(partial)))
            for factor, partial in zip(factors, (zero_sum, one_sum), strict=True)
        ]
        return builder.fadd(*sums)

    if is_vector(values, types.float64):
        return types.float64(bits, types.int64, values, types.float64, types.float64), generate
    return None


@intrinsic
def multiply_both(_context, bits, row, values, zero_factor, one_factor):
    """Multiply values (32 B,) float64 by zero_factor where bits[row] has a 0, else by one_factor; return their sum."""

    def generate(context, builder, signature, arguments):
        bits, row, values, *factors = unpack(context, builder, signature, arguments)
        n_blocks = cgutils.unpack_tuple(builder, bits.shape)[1]
        start = builder.mul(row, n_blocks)
        wide = ir.VectorType(FLOAT64, LANES)
        total = cgutils.alloca_once_value(builder, constant(wide, 0.0))
        for_zero, for_one = (broadcast(builder, factor, FLOAT64, LANES) for factor in factors)
        with cgutils.for_range(builder, n_blocks) as loop:
            is_one = signs_of(builder, bits, builder.add(start, loop.index))
            address = builder.gep(values.data, [builder.mul(loop.index, INT64(LANES))])
            pointer = builder.bitcast(address, wide.as_pointer())
            product = builder.fmul(builder.load(pointer, align=8), builder.select(is_one, for_one, for_zero))
            builder.store(product, pointer, align=8)
            builder.store(builder.fadd(builder.load(total), product), total)
        return sum_of_lanes(builder, builder.load(total))

    if is_vector(values, types.float64):
        return types.float64(bits, types.int64, values, types.float64, types.float64), generate
    return None


@intrinsic
def find_powers(_context, overlaps, top, powers, values):
    """Set values (32 B,) float64 to the product of powers[j] over the bits j of (top - k)/2, k = overlaps (32 B,).

    overlaps int16; powers (J,) float64; bits from J on do not count.
    """

    def generate(context, builder, signature, arguments):
        overlaps, top, powers, values = unpack(context, builder, signature, arguments)
        n_blocks = builder.udiv(cgutils.unpack_tuple(builder, values.shape)[0], INT64(LANES))
        n_powers = cgutils.unpack_tuple(builder, powers.shape)[0]
        narrow, wide = ir.VectorType(INT16, LANES), ir.VectorType(FLOAT64, LANES)
        tops = broadcast(builder, top, INT16, LANES)
        product, exponents = (cgutils.alloca_once(builder, kind) for kind in (wide, narrow))
        with cgutils.for_range(builder, n_blocks) as block:
            start = builder.mul(block.index, INT64(LANES))
            twice = builder.sub(tops, load(builder, overlaps.data, start, INT16, LANES))
            builder.store(builder.lshr(twice, constant(narrow, 1)), exponents)
            builder.store(constant(wide, 1.0), product)
            with cgutils.for_range(builder, n_powers) as loop:
                bits, before = builder.load(exponents), builder.load(product)
                is_one = builder.trunc(bits, ir.VectorType(BIT, LANES))
                power = broadcast(builder, builder.load(builder.gep(powers.data, [loop.index])), FLOAT64, LANES)
                builder.store(builder.select(is_one, builder.fmul(before, power), before), product)
                builder.store(builder.lshr(bits, constant(narrow, 1)), exponents)
            pointer = builder.bitcast(builder.gep(values.data, [start]), wide.as_pointer())
            builder.store(builder.load(product), pointer, align=8)
        return context.get_dummy_value()

    if is_vector(overlaps, types.int16) and is_vector(values, types.float64):
        return types.void(overlaps, types.int16, powers, values), generate
    return None
