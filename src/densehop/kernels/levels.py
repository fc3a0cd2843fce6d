"""Which of many counts are large, and weighted sums of signs, in LLVM's vector types as in `vectors.py`.

Plain loops take seven times as long for the first and twenty times for the second.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from densehop.kernels.tiles import is_matrix
from densehop.kernels.vectors import (
    BIT,
    FLOAT32,
    FLOAT64,
    INT16,
    INT32,
    INT64,
    LANES,
    broadcast,
    constant,
    is_vector,
    load,
    unpack,
)

BLOCK = ir.VectorType(INT16, LANES)
FIELD = ir.VectorType(FLOAT64, LANES)


@intrinsic
def largest(_context, counts, row):
    """Return the largest of counts[row], int16, whose number is a multiple of 32."""

    def generate(context, builder, signature, arguments):
        counts, row = unpack(context, builder, signature, arguments)
        length = cgutils.unpack_tuple(builder, counts.shape)[1]
        start = builder.mul(row, length)
        most = cgutils.alloca_once_value(builder, constant(BLOCK, -(2**15)))
        with cgutils.for_range_slice(builder, INT64(0), length, INT64(LANES)) as (first, _):
            values, before = load(builder, counts.data, builder.add(start, first), INT16, LANES), builder.load(most)
            builder.store(builder.select(builder.icmp_signed(">", values, before), values, before), most)
        name = f"llvm.vector.reduce.smax.v{LANES}i16"
        reduce = cgutils.get_or_insert_function(builder.module, ir.FunctionType(INT16, [BLOCK]), name)
        return builder.sext(builder.call(reduce, [builder.load(most)]), INT64)

    return (types.int64(counts, types.int64), generate) if is_matrix(counts, types.int16) else None


@intrinsic
def largest_differences(_context, values, row, levels, first, n_blocks, result, column):
    """Set result[row, column : column + 32] to the largest of values[row, i] - levels[i] over blocks of 32, by lane.

    i = first + 32 n + lane, n < n_blocks, at least one; values, result (B, L) and levels (L,) float32.
    """

    def generate(context, builder, signature, arguments):
        values, row, levels, first, n_blocks, result, column = unpack(context, builder, signature, arguments)
        widths = [cgutils.unpack_tuple(builder, array.shape)[1] for array in (values, result)]
        start, target = (
            builder.add(builder.mul(row, width), offset) for width, offset in zip(widths, (first, column), strict=True)
        )

        def difference(block):
            offset = builder.mul(block, INT64(LANES))
            left = load(builder, values.data, builder.add(start, offset), FLOAT32, LANES)
            return builder.fsub(left, load(builder, levels.data, builder.add(first, offset), FLOAT32, LANES))

        most = cgutils.alloca_once_value(builder, difference(INT64(0)))
        with cgutils.for_range_slice(builder, INT64(1), n_blocks, INT64(1)) as (block, _):
            value, before = difference(block), builder.load(most)
            builder.store(builder.select(builder.fcmp_ordered(">", value, before), value, before), most)
        kind = ir.VectorType(FLOAT32, LANES)
        address = builder.bitcast(builder.gep(result.data, [target]), kind.as_pointer())
        builder.store(builder.load(most), address, align=1)
        return context.get_dummy_value()

    numbers = (types.int64, types.int64)
    if all(is_matrix(array, types.float32) for array in (values, result)) and is_vector(levels, types.float32):
        return types.void(values, types.int64, levels, *numbers, result, types.int64), generate
    return None


@intrinsic
def within(_context, counts, row, first, low, high):
    """Return as bits, uint64, which of counts[row, first : first + 32], int16, lie in low..high."""

    def generate(context, builder, signature, arguments):
        counts, row, first, *bounds = unpack(context, builder, signature, arguments)
        index = builder.add(builder.mul(row, cgutils.unpack_tuple(builder, counts.shape)[1]), first)
        values = load(builder, counts.data, index, INT16, LANES)
        low, high = (broadcast(builder, bound, INT16, LANES) for bound in bounds)
        above, below = builder.icmp_signed(">=", values, low), builder.icmp_signed("<=", values, high)
        return builder.zext(builder.bitcast(builder.and_(above, below), INT32), INT64)

    integers = (types.int64,) * 4
    return (types.uint64(counts, *integers), generate) if is_matrix(counts, types.int16) else None


@intrinsic
def first_bit(_context, bits):
    """Return the place of the lowest bit of a uint64 that is not 0."""

    def generate(_context, builder, _signature, arguments):
        kind = ir.FunctionType(INT64, [INT64, BIT])
        count = cgutils.get_or_insert_function(builder.module, kind, "llvm.cttz.i64")
        return builder.call(count, [arguments[0], BIT(1)])

    return (types.int64(bits), generate) if bits == types.uint64 else None


def _add_by_bits(builder, words, word, memories, shares, n_found, field, step):
    """Add step(bits, share), of the bits of memory memories[n] and shares[n], n < n_found, to a block of field."""
    n_words = cgutils.unpack_tuple(builder, words.shape)[1]
    first = builder.mul(word, INT64(LANES))
    sums = cgutils.alloca_once_value(builder, load(builder, field.data, first, FLOAT64, LANES))
    with cgutils.for_range(builder, n_found) as loop:
        memory, share = (builder.load(builder.gep(array.data, [loop.index])) for array in (memories, shares))
        group, lane = builder.lshr(memory, INT64(5)), builder.and_(memory, INT64(LANES - 1))
        row = builder.add(builder.mul(group, n_words), word)
        bits = builder.load(builder.gep(words.data, [builder.add(builder.mul(row, INT64(LANES)), lane)]))
        builder.store(builder.fadd(builder.load(sums), step(bits, share)), sums)
    target = builder.bitcast(builder.gep(field.data, [first]), FIELD.as_pointer())
    builder.store(builder.load(sums), target, align=1)


@intrinsic
def add_signs(_context, words, word, memories, shares, n_found, field):
    """Add shares[n] * sign of memory memories[n], n < n_found, to the 32 sites of field from 32 * word on.

    words (G, W, 32) uint32, 1 where a memory has -1; memories int64 and shares float64 (n,); field float64.
    """

    def generate(context, builder, signature, arguments):
        def step(bits, share):
            minus = builder.bitcast(bits, ir.VectorType(BIT, LANES))
            signed = (broadcast(builder, value, FLOAT64, LANES) for value in (builder.fneg(share), share))
            return builder.select(minus, *signed)

        _add_by_bits(builder, *unpack(context, builder, signature, arguments), step)
        return context.get_dummy_value()

    if is_matrix(words, types.uint32, 3) and is_vector(memories, types.int64) and is_vector(field, types.float64):
        return types.void(words, types.int64, memories, shares, types.int64, field), generate
    return None


@intrinsic
def add_where(_context, words, word, memories, shares, n_found, field, same):
    """Add shares[n] of memory memories[n], n < n_found, to the 32 sites of field from 32 * word on where it has `same`.

    same: bits, uint32; the rest as for `add_signs`.
    """

    def generate(context, builder, signature, arguments):
        *given, same = unpack(context, builder, signature, arguments)

        def step(bits, share):
            differs = builder.bitcast(builder.xor(bits, same), ir.VectorType(BIT, LANES))
            return builder.select(differs, constant(FIELD, 0.0), broadcast(builder, share, FLOAT64, LANES))

        _add_by_bits(builder, *given, step)
        return context.get_dummy_value()

    if is_matrix(words, types.uint32, 3) and is_vector(memories, types.int64) and is_vector(field, types.float64):
        return types.void(words, types.int64, memories, shares, types.int64, field, types.uint32), generate
    return None


@intrinsic
def below(_context, field, word, bound):
    """Return as bits, uint32, which of the 32 numbers of field (n,) float64 from 32 * word on are below a bound."""

    def generate(context, builder, signature, arguments):
        field, word, bound = unpack(context, builder, signature, arguments)
        values = load(builder, field.data, builder.mul(word, INT64(LANES)), FLOAT64, LANES)
        return builder.bitcast(builder.fcmp_ordered("<", values, broadcast(builder, bound, FLOAT64, LANES)), INT32)

    return (types.uint32(field, types.int64, types.float64), generate) if is_vector(field, types.float64) else None
