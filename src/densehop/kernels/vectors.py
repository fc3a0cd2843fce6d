"""Sums over vectors of integers, in LLVM's vector types: the innermost loops of both representations.

LLVM translates them for any processor, with the same result: for one with 512-bit registers a block of 32 is three or
four instructions, for others a few more. (The compiler finds part of this in plain loops, at a third of the speed: it
takes half the register width and cannot read signs as bits.)
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 32  # integers per block; every length is a multiple of it
WORDS = 8  # 64-bit words per block
UNROLLED = 4  # blocks per step, each with sums of its own

BIT, INT16, INT32, INT64 = (ir.IntType(width) for width in (1, 16, 32, 64))


def is_vector(array, *dtypes):
    """Tell whether a type is a contiguous one-dimensional array of one of the dtypes."""
    return isinstance(array, types.Array) and array.ndim == 1 and array.layout == "C" and array.dtype in dtypes


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


def total(builder, vector):
    """Add up the lanes of a vector of integers in 64 bits."""
    wide = ir.VectorType(INT64, vector.type.count)
    if vector.type != wide:
        vector = builder.sext(vector, wide)
    name = f"llvm.vector.reduce.add.v{wide.count}i64"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(INT64, [wide]), name)
    return builder.call(function, [vector])


def sum_of_blocks(builder, n_blocks, sum_type, term):
    """Return the int64 sum of the vectors term(block) of type `sum_type` over all blocks; lanes must not overflow."""
    sums = [cgutils.alloca_once_value(builder, constant(sum_type, 0)) for _ in range(UNROLLED)]
    whole = builder.mul(builder.udiv(n_blocks, INT64(UNROLLED)), INT64(UNROLLED))
    with cgutils.for_range_slice(builder, INT64(0), whole, INT64(UNROLLED)) as (first, _):
        for place, partial in enumerate(sums):
            vector = term(builder.add(first, INT64(place)))
            builder.store(builder.add(builder.load(partial), vector), partial)
    with cgutils.for_range_slice(builder, whole, n_blocks, INT64(1)) as (block, _):
        builder.store(builder.add(builder.load(sums[0]), term(block)), sums[0])
    first, second, third, fourth = (builder.load(partial) for partial in sums)
    return total(builder, builder.add(builder.add(first, second), builder.add(third, fourth)))


def as_structures(context, builder, signature, arguments):
    """Return the arrays among the arguments with their fields `data` and `shape`."""
    return [
        context.make_array(kind)(context, builder, value) for kind, value in zip(signature.args, arguments, strict=True)
    ]


@intrinsic
def dot(_context, couplings, weights):
    """Return the int64 sum of couplings (K,) int16 or int32 times weights (K,) int16, each +-1 or 0; K < 2^20."""

    def generate(context, builder, signature, arguments):
        left, right = as_structures(context, builder, signature, arguments)
        n_blocks = builder.udiv(cgutils.unpack_tuple(builder, left.shape)[0], INT64(LANES))
        is_narrow = signature.args[0].dtype == types.int16

        def term(block):
            start = builder.mul(block, INT64(LANES))
            signs = load(builder, right.data, start, INT16, LANES)
            if is_narrow:
                return multiply_and_add_pairs(builder, load(builder, left.data, start, INT16, LANES), signs)
            wide = ir.VectorType(INT64, LANES)
            values = load(builder, left.data, start, INT32, LANES)
            return builder.mul(builder.sext(values, wide), builder.sext(signs, wide))

        sum_type = ir.VectorType(INT32, LANES // 2) if is_narrow else ir.VectorType(INT64, LANES)
        return sum_of_blocks(builder, n_blocks, sum_type, term)

    if is_vector(couplings, types.int16, types.int32) and is_vector(weights, types.int16):
        return types.int64(couplings, weights), generate
    return None


def signed_block(builder, bits, values, block):
    """Load a block of 32 values and return it twice: as it is, and negated where a bit is set."""
    kind = values.data.type.pointee
    loaded = load(builder, values.data, builder.mul(block, INT64(LANES)), kind, LANES)
    minus = builder.bitcast(builder.load(builder.gep(bits.data, [block])), ir.VectorType(BIT, LANES))
    return loaded, builder.select(minus, builder.sub(constant(loaded.type, 0), loaded), loaded)


@intrinsic
def signed_sum(_context, bits, values):
    """Return the int64 sum of values (M,) int16, int32 or int64, negated where bits (M / 32,) uint32 has a 1."""

    def generate(context, builder, signature, arguments):
        bits, values = as_structures(context, builder, signature, arguments)
        n_blocks = cgutils.unpack_tuple(builder, bits.shape)[0]
        is_narrow = signature.args[1].dtype == types.int16

        def term(block):
            loaded, signed = signed_block(builder, bits, values, block)
            return multiply_and_add_pairs(builder, signed, constant(loaded.type, 1)) if is_narrow else signed

        kind = values.data.type.pointee
        sum_type = ir.VectorType(INT32, LANES // 2) if is_narrow else ir.VectorType(kind, LANES)
        return sum_of_blocks(builder, n_blocks, sum_type, term)

    if is_vector(bits, types.uint32) and is_vector(values, types.int16, types.int32, types.int64):
        return types.int64(bits, values), generate
    return None


@intrinsic
def signed_sum_of_squares(_context, bits, values):
    """Return the int64 sum of the squares of values (M,) int16, negated where bits (M / 32,) uint32 has a 1."""

    def generate(context, builder, signature, arguments):
        bits, values = as_structures(context, builder, signature, arguments)
        n_blocks = cgutils.unpack_tuple(builder, bits.shape)[0]

        def term(block):
            return multiply_and_add_pairs(builder, *signed_block(builder, bits, values, block))

        return sum_of_blocks(builder, n_blocks, ir.VectorType(INT32, LANES // 2), term)

    if is_vector(bits, types.uint32) and is_vector(values, types.int16):
        return types.int64(bits, values), generate
    return None


@intrinsic
def add_signed(_context, bits, step, values):
    """Add the int16 `step` to values (M,) int16, or subtract it where bits (M / 32,) uint32 has a 1."""

    def generate(context, builder, signature, arguments):
        bits, values = (
            context.make_array(signature.args[place])(context, builder, arguments[place]) for place in (0, 2)
        )
        vector_type = ir.VectorType(INT16, LANES)
        lane = builder.insert_element(ir.Constant(vector_type, ir.Undefined), arguments[1], INT32(0))
        steps = builder.shuffle_vector(lane, lane, constant(ir.VectorType(INT32, LANES), 0))
        opposite = builder.sub(constant(vector_type, 0), steps)
        with cgutils.for_range(builder, cgutils.unpack_tuple(builder, bits.shape)[0]) as loop:
            minus = builder.bitcast(builder.load(builder.gep(bits.data, [loop.index])), ir.VectorType(BIT, LANES))
            start = builder.gep(values.data, [builder.mul(loop.index, INT64(LANES))])
            pointer = builder.bitcast(start, vector_type.as_pointer())
            changed = builder.add(builder.load(pointer, align=1), builder.select(minus, opposite, steps))
            builder.store(changed, pointer, align=1)
        return context.get_dummy_value()

    if is_vector(bits, types.uint32) and step == types.int16 and is_vector(values, types.int16):
        return types.void(bits, step, values), generate
    return None


@intrinsic
def count_differences(_context, left, right):
    """Return in how many bits two vectors of uint64 differ; their length is a multiple of 8."""

    def generate(context, builder, signature, arguments):
        left, right = as_structures(context, builder, signature, arguments)
        n_blocks = builder.udiv(cgutils.unpack_tuple(builder, left.shape)[0], INT64(WORDS))
        block_type = ir.VectorType(INT64, WORDS)
        kind = ir.FunctionType(block_type, [block_type])
        count_bits = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{WORDS}i64")

        def term(block):
            start = builder.mul(block, INT64(WORDS))
            words = [load(builder, array.data, start, INT64, WORDS) for array in (left, right)]
            return builder.call(count_bits, [builder.xor(*words)])

        return sum_of_blocks(builder, n_blocks, block_type, term)

    if is_vector(left, types.uint64) and is_vector(right, types.uint64):
        return types.int64(left, right), generate
    return None
