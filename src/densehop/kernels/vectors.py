"""Sums over vectors, in LLVM's vector types: the innermost loops of both representations.

LLVM translates them for any processor, with the same result: for one with 512-bit registers a block of 32 is three or
four instructions, for others a few more. (The compiler finds part of this in plain loops, at a third of the speed: it
takes half the register width and cannot read signs as bits.)
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 32  # integers per block; every length is a multiple of it
THIRD = -1431655765  # 3 * THIRD = 1 modulo 2^32: a multiple of 3 times THIRD is its third, exactly
WORDS = 8  # 64-bit words per block
UNROLLED = 4  # blocks per step, each with sums of its own

BIT, INT16, INT32, INT64 = (ir.IntType(width) for width in (1, 16, 32, 64))
FLOAT64 = ir.DoubleType()


def is_vector(array, *dtypes):
    """Tell whether a type is a contiguous one-dimensional array of one of the dtypes."""
    return isinstance(array, types.Array) and array.ndim == 1 and array.layout == "C" and array.dtype in dtypes


def are_contiguous(*kinds):
    """Tell whether all types are contiguous arrays."""
    return all(isinstance(kind, types.Array) and kind.layout == "C" for kind in kinds)


def unpack(context, builder, signature, arguments):
    """Return the arguments of an intrinsic in their order: arrays as structures with `data` and `shape`."""
    return [
        context.make_array(kind)(context, builder, value) if isinstance(kind, types.Array) else value
        for kind, value in zip(signature.args, arguments, strict=True)
    ]


def constant(vector_type, value):
    """Return a vector whose lanes all hold `value`."""
    return ir.Constant(vector_type, [value] * vector_type.count)


def load(builder, data, index, element_type, lanes):
    """Load `lanes` elements that start at element `index` of the array `data`."""
    start = builder.gep(builder.bitcast(data, element_type.as_pointer()), [index])
    vector_type = ir.VectorType(element_type, lanes)
    return builder.load(builder.bitcast(start, vector_type.as_pointer()), align=1)


def multiply_and_add_pairs(builder, left, right):
    """Multiply two vectors of 32 int16 and add neighbours: 16 int32, one instruction on x86."""
    wide = ir.VectorType(INT32, LANES)
    product = builder.mul(builder.sext(left, wide), builder.sext(right, wide))
    even, odd = (
        builder.shuffle_vector(
            product,
            ir.Constant(wide, ir.Undefined),
            ir.Constant(ir.VectorType(INT32, LANES // 2), list(range(first, LANES, 2))),
        )
        for first in (0, 1)
    )
    return builder.add(even, odd)


def total(builder, vector, fits):
    """Add up the lanes of a vector of integers: in their own type if the sum fits, else in 64 bits."""
    wide = vector.type if fits else ir.VectorType(INT64, vector.type.count)
    if vector.type != wide:
        vector = builder.sext(vector, wide)
    name = f"llvm.vector.reduce.add.v{wide.count}i{wide.element.width}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(wide.element, [wide]), name)
    result = builder.call(function, [vector])
    return result if wide.element == INT64 else builder.sext(result, INT64)


def sum_of_blocks(builder, n_blocks, sum_type, term, fits=False):
    """Return the int64 sum of the vectors term(block) of type `sum_type` over all blocks; lanes must not overflow.

    `fits` says that the sum of the lanes does not overflow their type either.
    """
    sums = [cgutils.alloca_once_value(builder, constant(sum_type, 0)) for _ in range(UNROLLED)]
    whole = builder.mul(builder.udiv(n_blocks, INT64(UNROLLED)), INT64(UNROLLED))
    with cgutils.for_range_slice(builder, INT64(0), whole, INT64(UNROLLED)) as (first, _):
        for place, partial in enumerate(sums):
            vector = term(builder.add(first, INT64(place)))
            builder.store(builder.add(builder.load(partial), vector), partial)
    with cgutils.for_range_slice(builder, whole, n_blocks, INT64(1)) as (block, _):
        builder.store(builder.add(builder.load(sums[0]), term(block)), sums[0])
    first, second, third, fourth = (builder.load(partial) for partial in sums)
    return total(builder, builder.add(builder.add(first, second), builder.add(third, fourth)), fits)


def broadcast(builder, value, element_type, lanes):
    """Return a vector whose lanes all hold a number; a longer integer is cut to their type."""
    if value.type != element_type:
        value = builder.trunc(value, element_type)
    kind = ir.VectorType(element_type, lanes)
    lane = builder.insert_element(ir.Constant(kind, ir.Undefined), value, INT32(0))
    return builder.shuffle_vector(lane, lane, constant(ir.VectorType(INT32, lanes), 0))


def signs_of(builder, bits, index):
    """Load the signs of a block, as lanes that are true where the pattern has -1."""
    return builder.bitcast(builder.load(builder.gep(bits.data, [index])), ir.VectorType(BIT, LANES))


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
        lanes = builder.load(partial)
        while lanes.type.count > 1:  # halves, pairwise
            half = lanes.type.count // 2
            indices = ir.VectorType(INT32, half)
            low, high = (
                builder.shuffle_vector(lanes, lanes, ir.Constant(indices, list(range(begin, begin + half))))
                for begin in (0, half)
            )
            lanes = builder.fadd(low, high)
        return builder.extract_element(lanes, INT32(0))

    if is_vector(left, types.float64) and is_vector(right, types.float64):
        return types.float64(bits, types.int64, left, right), generate
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


@intrinsic
def count_differences(_context, row, words, site, begin, end):
    """Return in how many bits row (W,) uint64 and words[site], (N, W), differ from word begin on to end.

    Both places are multiples of 8.
    """

    def generate(context, builder, signature, arguments):
        row, words, site, begin, end = unpack(context, builder, signature, arguments)
        start = builder.mul(site, cgutils.unpack_tuple(builder, words.shape)[1])
        block_type = ir.VectorType(INT64, WORDS)
        kind = ir.FunctionType(block_type, [block_type])
        count_bits = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{WORDS}i64")

        def term(block):
            place = builder.add(begin, builder.mul(block, INT64(WORDS)))
            left = load(builder, row.data, place, INT64, WORDS)
            right = load(builder, words.data, builder.add(start, place), INT64, WORDS)
            return builder.call(count_bits, [builder.xor(left, right)])

        n_blocks = builder.udiv(builder.sub(end, begin), INT64(WORDS))
        return sum_of_blocks(builder, n_blocks, block_type, term)

    if is_vector(row, types.uint64):
        return types.int64(row, words, types.int64, types.int64, types.int64), generate
    return None


@intrinsic
def store_signs(_context, bits, signs, start):
    """Set the 64 entries of signs (n,) int8 from `start` on: -1 where bits, a uint64, has a 1, else +1."""

    def generate(context, builder, signature, arguments):
        bits, signs, start = unpack(context, builder, signature, arguments)
        vector_type = ir.VectorType(ir.IntType(8), 64)
        minus = builder.bitcast(bits, ir.VectorType(BIT, 64))
        values = builder.select(minus, constant(vector_type, -1), constant(vector_type, 1))
        target = builder.bitcast(builder.gep(signs.data, [start]), vector_type.as_pointer())
        builder.store(values, target, align=1)
        return context.get_dummy_value()

    if bits == types.uint64 and is_vector(signs, types.int8):
        return types.void(bits, signs, types.int64), generate
    return None
