"""Sums over patterns of integers (overlaps or amplitudes), each with the sign that its pattern has at one site.

The signs of a site are bits, 1 where the pattern has -1. Vectors as in `vectors.py`. Float weights: `weighted_sums.py`.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from densehop.kernels.vectors import (
    INT16,
    INT32,
    INT64,
    LANES,
    are_contiguous,
    broadcast,
    constant,
    is_vector,
    load,
    multiply_and_add_pairs,
    signs_of,
    sum_of_blocks,
    unpack,
)  # fmt: skip

THIRD = -1431655765  # 3 * THIRD = 1 modulo 2^32: a multiple of 3 times THIRD is its third, exactly


def ones(builder, loaded, _more):
    """Return a vector of ones."""
    return constant(loaded.type, 1)


def itself(builder, loaded, _more):
    """Return the vector itself."""
    return loaded


def half_of_square(builder, loaded, more):
    """Return (k^2 - odd)/2 + shift for the vector k of integers that are all odd (odd = 1) or all even (odd = 0).

    It is found modulo 2^16 as (k + odd) (k >> 1) + shift, so that only the result must fit into 16 bits.
    """
    odd, shift = (broadcast(builder, value, INT16, LANES) for value in more)
    half = builder.ashr(loaded, constant(loaded.type, 1))
    return builder.add(builder.mul(builder.add(loaded, odd), half), shift)


def make_signed_sum(factor):
    """Return the code of a sum of signed values, each times `factor` of it if they are int16."""

    def generate(context, builder, signature, arguments):
        bits, row, first, last, values, *powers = unpack(context, builder, signature, arguments)
        start = builder.mul(row, cgutils.unpack_tuple(builder, bits.shape)[1])
        kind = values.data.type.pointee
        is_narrow = kind == INT16

        def term(block):
            index = builder.add(first, block)
            loaded = load(builder, values.data, builder.mul(index, INT64(LANES)), kind, LANES)
            is_minus = signs_of(builder, bits, builder.add(start, index))
            signed = builder.select(is_minus, builder.sub(constant(loaded.type, 0), loaded), loaded)
            if not is_narrow:
                return signed
            return multiply_and_add_pairs(builder, signed, factor(builder, loaded, powers))

        sum_type = ir.VectorType(INT32, LANES // 2) if is_narrow else ir.VectorType(kind, LANES)
        return sum_of_blocks(builder, builder.sub(last, first), sum_type, term)

    return generate


@intrinsic
def signed_sum(_context, bits, row, first, last, values):
    """Return the int64 sum of the blocks first to last of values, negated where bits[row] has a 1.

    values (32 B,) int16, int32 or int64; bits (N, B) uint32. Whole arrays come in: a slice costs what a short sum does.
    """
    if is_vector(values, types.int16, types.int32, types.int64):
        return types.int64(bits, types.int64, types.int64, types.int64, values), make_signed_sum(ones)
    return None


@intrinsic
def signed_sum_of_squares(_context, bits, row, first, last, values):
    """Return the same as `signed_sum` for the squares of values (32 B,) int16."""
    if is_vector(values, types.int16):
        return types.int64(bits, types.int64, types.int64, types.int64, values), make_signed_sum(itself)
    return None


@intrinsic
def signed_sum_of_cubes(_context, bits, row, first, last, values, odd, shift):
    """Return the same as `signed_sum` for k ((k^2 - odd)/2 + shift), k = values (32 B,) int16.

    odd is 1 where all k are odd, 0 where they are even; the bracket must fit into 16 bits.
    """
    if is_vector(values, types.int16):
        signature = types.int64(bits, *(types.int64,) * 3, values, *(types.int64,) * 2)
        return signature, make_signed_sum(half_of_square)
    return None


def sums_of_four(builder, vectors):
    """Return the sums, <4 x i32>, of the lanes of four vectors of 16 int32."""
    a, b, c, d = vectors
    quarters = range(0, LANES // 2, 4)

    def added(left, right, low, high):
        orders = ([first + lane for first in quarters for lane in lanes] for lanes in (low, high))
        kind = ir.VectorType(INT32, LANES // 2)
        return builder.add(*(builder.shuffle_vector(left, right, ir.Constant(kind, order)) for order in orders))

    other = LANES // 2  # lanes from here on are those of `right`
    ab, cd = (added(*pair, (0, other, 1, other + 1), (2, other + 2, 3, other + 3)) for pair in ((a, b), (c, d)))
    lanes = added(ab, cd, (0, 1, other, other + 1), (2, 3, other + 2, other + 3))
    for half in (8, 4):
        orders = (list(range(begin, begin + half)) for begin in (0, half))
        kind = ir.VectorType(INT32, half)
        lanes = builder.add(*(builder.shuffle_vector(lanes, lanes, ir.Constant(kind, order)) for order in orders))
    return lanes


def make_four_signed_sums(factor):
    """Return the code of `make_signed_sum` for the int16 of four chains, whose signs are read once."""

    def generate(context, builder, signature, arguments):
        bits, row, values, chain, sums = unpack(context, builder, signature, arguments)
        n_blocks, length = (cgutils.unpack_tuple(builder, array.shape)[1] for array in (bits, values))
        start, kind = builder.mul(row, n_blocks), ir.VectorType(INT32, LANES // 2)
        chains = [builder.add(chain, INT64(n)) for n in range(4)]
        origins = [builder.gep(values.data, [builder.mul(n, length)]) for n in chains]
        partials = [cgutils.alloca_once_value(builder, constant(kind, 0)) for _ in chains]
        for partial in partials:
            builder.store(constant(kind, 0), partial)
        with cgutils.for_range(builder, n_blocks) as block:
            is_minus = signs_of(builder, bits, builder.add(start, block.index))
            for origin, partial in zip(origins, partials, strict=True):
                loaded = load(builder, origin, builder.mul(block.index, INT64(LANES)), INT16, LANES)
                signed = builder.select(is_minus, builder.sub(constant(loaded.type, 0), loaded), loaded)
                products = multiply_and_add_pairs(builder, signed, factor(builder, loaded, ()))
                builder.store(builder.add(builder.load(partial), products), partial)
        four = sums_of_four(builder, [builder.load(partial) for partial in partials])
        wide = ir.VectorType(INT64, 4)
        target = builder.bitcast(builder.gep(sums.data, [chain]), wide.as_pointer())
        builder.store(builder.sext(four, wide), target, align=8)
        return context.get_dummy_value()

    return generate


@intrinsic
def four_signed_sums(_context, bits, row, values, chain, sums):
    """Set sums[c] to the sum of values[c], negated where bits[row] has a 1, for the four chains c from `chain` on.

    bits (N, B) uint32; values (C, 32 B) int16; sums (C,) int64; sums must fit into 32 bits.
    """
    if are_contiguous(bits, values) and values.dtype == types.int16 and is_vector(sums, types.int64):
        return types.void(bits, types.int64, values, types.int64, sums), make_four_signed_sums(ones)
    return None


@intrinsic
def four_signed_sums_of_squares(_context, bits, row, values, chain, sums):
    """Do the same for the squares of values."""
    if are_contiguous(bits, values) and values.dtype == types.int16 and is_vector(sums, types.int64):
        return types.void(bits, types.int64, values, types.int64, sums), make_four_signed_sums(itself)
    return None


def make_add_signed(summed):
    """Return the code of `add_signed` or, if `summed`, of `add_signed_and_sum`."""

    def generate(context, builder, signature, arguments):
        bits, row, first, last, step, values = unpack(context, builder, signature, arguments)
        start = builder.mul(row, cgutils.unpack_tuple(builder, bits.shape)[1])
        vector_type = ir.VectorType(INT16, LANES)
        zero = constant(vector_type, 0)
        steps = broadcast(builder, step, INT16, LANES)
        opposite = builder.sub(zero, steps)

        def change(block):
            is_minus = signs_of(builder, bits, builder.add(start, block))
            address = builder.gep(values.data, [builder.mul(block, INT64(LANES))])
            pointer = builder.bitcast(address, vector_type.as_pointer())
            before = builder.load(pointer, align=1)
            builder.store(builder.add(before, builder.select(is_minus, opposite, steps)), pointer, align=1)
            return is_minus, before

        def term(block):
            is_minus, before = change(builder.add(first, block))
            signed = builder.select(is_minus, builder.sub(zero, before), before)
            return multiply_and_add_pairs(builder, signed, constant(vector_type, 1))

        if summed:
            return sum_of_blocks(builder, builder.sub(last, first), ir.VectorType(INT32, LANES // 2), term)
        with cgutils.for_range_slice(builder, first, last, INT64(1)) as (block, _):
            change(block)
        return context.get_dummy_value()

    return generate


@intrinsic
def add_signed(_context, bits, row, first, last, step, values):
    """Add the int16 `step` to blocks first to last of values (32 B,) int16, or subtract it where bits[row] has a 1."""
    if step == types.int16 and is_vector(values, types.int16):
        return types.void(bits, *(types.int64,) * 3, step, values), make_add_signed(summed=False)
    return None


@intrinsic
def add_signed_and_sum(_context, bits, row, first, last, step, values):
    """Do the same and return what `signed_sum` was before."""
    if step == types.int16 and is_vector(values, types.int16):
        return types.int64(bits, *(types.int64,) * 3, step, values), make_add_signed(summed=True)
    return None


@intrinsic
def clear_end(_context, values, length):
    """Set values (32 B,) int16 from `length` on to zero; that place is in the last block, or just behind it."""

    def generate(context, builder, signature, arguments):
        values, length = unpack(context, builder, signature, arguments)
        kind = ir.VectorType(INT16, LANES)
        start = builder.sub(cgutils.unpack_tuple(builder, values.shape)[0], INT64(LANES))
        pointer = builder.bitcast(builder.gep(values.data, [start]), kind.as_pointer())
        n_kept = broadcast(builder, builder.sub(length, start), INT16, LANES)
        is_kept = builder.icmp_signed("<", ir.Constant(kind, list(range(LANES))), n_kept)
        builder.store(builder.select(is_kept, builder.load(pointer, align=2), constant(kind, 0)), pointer, align=2)
        return context.get_dummy_value()

    if is_vector(values, types.int16):
        return types.void(values, types.int64), generate
    return None


@intrinsic
def cube(_context, values, slope, inverse, first, last, amplitudes):
    """Set amplitudes (32 B,) to inverse (k^3 + slope k) in blocks first to last and return their sum of k^2.

    k = values (32 B,) int16; amplitudes int32 or int64; inverse is 1, or THIRD to divide by three. The numerators must
    be below 2^31, and multiples of 3 in the second case.
    """

    def generate(context, builder, signature, arguments):
        values, slope, inverse, first, last, amplitudes = unpack(context, builder, signature, arguments)
        wide = ir.VectorType(INT32, LANES)
        slopes, inverses = (broadcast(builder, value, INT32, LANES) for value in (slope, inverse))

        def term(block):
            start = builder.mul(builder.add(first, block), INT64(LANES))
            narrow = load(builder, values.data, start, INT16, LANES)
            k = builder.sext(narrow, wide)
            numerator = builder.mul(k, builder.add(builder.mul(k, k), slopes))
            quotient = builder.mul(numerator, inverses)
            kind = ir.VectorType(amplitudes.data.type.pointee, LANES)
            pointer = builder.bitcast(builder.gep(amplitudes.data, [start]), kind.as_pointer())
            builder.store(quotient if kind == wide else builder.sext(quotient, kind), pointer, align=1)
            return multiply_and_add_pairs(builder, narrow, narrow)

        return sum_of_blocks(builder, builder.sub(last, first), ir.VectorType(INT32, LANES // 2), term)

    if is_vector(values, types.int16) and is_vector(amplitudes, types.int32, types.int64):
        return types.int64(values, *(types.int64,) * 4, amplitudes), generate
    return None
