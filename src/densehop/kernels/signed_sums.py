"""Sums over patterns: of overlaps, amplitudes and weights, each with the sign that a pattern has at one site.

The signs of a site are bits, 1 where the pattern has -1. Vectors as in `vectors.py`.
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
    """Return (k + odd) (k >> 1) + shift for the vector k: (k^2 - odd)/2 + shift."""
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
            place = builder.add(first, block)
            loaded = load(builder, values.data, builder.mul(place, INT64(LANES)), kind, LANES)
            minus = signs_of(builder, bits, builder.add(start, place))
            signed = builder.select(minus, builder.sub(constant(loaded.type, 0), loaded), loaded)
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
    """Return the sum of left (32 B,) float64 where bits[row] has a 0 and of right where it has a 1; bits (N, B) uint32.

    Lanes are added in an order of their own, the same on every processor.
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
            zeros, ones = (load(builder, values.data, first, FLOAT64, LANES) for values in (left, right))
            builder.store(builder.fadd(builder.load(partial), builder.select(is_one, ones, zeros)), partial)
        return sum_of_lanes(builder, builder.load(partial))

    if is_vector(left, types.float64) and is_vector(right, types.float64):
        return types.float64(bits, types.int64, left, right), generate
    return None


@intrinsic
def sum_of_both(_context, bits, row, values, zero_factor, one_factor):
    """Return zero_factor times the sum of values (32 B,) float64 where bits[row] has a 0 plus the same for 1.

    Lanes are added in an order of their own, the same on every processor.
    """

    def generate(context, builder, signature, arguments):
        bits, row, values, *factors = unpack(context, builder, signature, arguments)
        n_blocks = cgutils.unpack_tuple(builder, bits.shape)[1]
        start = builder.mul(row, n_blocks)
        nothing = constant(ir.VectorType(FLOAT64, LANES), 0.0)
        zeros, ones = (cgutils.alloca_once_value(builder, nothing) for _ in range(2))
        with cgutils.for_range(builder, n_blocks) as loop:
            is_one = signs_of(builder, bits, builder.add(start, loop.index))
            here = load(builder, values.data, builder.mul(loop.index, INT64(LANES)), FLOAT64, LANES)
            for place, kept in ((zeros, (nothing, here)), (ones, (here, nothing))):
                builder.store(builder.fadd(builder.load(place), builder.select(is_one, *kept)), place)
        sums = [
            builder.fmul(factor, sum_of_lanes(builder, builder.load(place)))
            for factor, place in zip(factors, (zeros, ones), strict=True)
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
            place = builder.gep(values.data, [builder.mul(loop.index, INT64(LANES))])
            place = builder.bitcast(place, wide.as_pointer())
            product = builder.fmul(builder.load(place, align=8), builder.select(is_one, for_one, for_zero))
            builder.store(product, place, align=8)
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
        product, left = (cgutils.alloca_once(builder, kind) for kind in (wide, narrow))
        with cgutils.for_range(builder, n_blocks) as block:
            start = builder.mul(block.index, INT64(LANES))
            twice = builder.sub(tops, load(builder, overlaps.data, start, INT16, LANES))
            builder.store(builder.lshr(twice, constant(narrow, 1)), left)
            builder.store(constant(wide, 1.0), product)
            with cgutils.for_range(builder, n_powers) as loop:
                bits, before = builder.load(left), builder.load(product)
                is_one = builder.trunc(bits, ir.VectorType(BIT, LANES))
                power = broadcast(builder, builder.load(builder.gep(powers.data, [loop.index])), FLOAT64, LANES)
                builder.store(builder.select(is_one, builder.fmul(before, power), before), product)
                builder.store(builder.lshr(bits, constant(narrow, 1)), left)
            place = builder.bitcast(builder.gep(values.data, [start]), wide.as_pointer())
            builder.store(builder.load(product), place, align=8)
        return context.get_dummy_value()

    if is_vector(overlaps, types.int16) and is_vector(values, types.float64):
        return types.void(overlaps, types.int16, powers, values), generate
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
            minus = signs_of(builder, bits, builder.add(start, block))
            place = builder.gep(values.data, [builder.mul(block, INT64(LANES))])
            pointer = builder.bitcast(place, vector_type.as_pointer())
            before = builder.load(pointer, align=1)
            builder.store(builder.add(before, builder.select(minus, opposite, steps)), pointer, align=1)
            return minus, before

        def term(block):
            minus, before = change(builder.add(first, block))
            there = builder.select(minus, builder.sub(zero, before), before)
            return multiply_and_add_pairs(builder, there, constant(vector_type, 1))

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
            place = builder.bitcast(builder.gep(amplitudes.data, [start]), kind.as_pointer())
            builder.store(quotient if kind == wide else builder.sext(quotient, kind), place, align=1)
            return multiply_and_add_pairs(builder, narrow, narrow)

        return sum_of_blocks(builder, builder.sub(last, first), ir.VectorType(INT32, LANES // 2), term)

    if is_vector(values, types.int16) and is_vector(amplitudes, types.int32, types.int64):
        return types.int64(values, *(types.int64,) * 4, amplitudes), generate
    return None
