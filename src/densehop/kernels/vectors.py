"""Blocks of numbers in LLVM's vector types: what the innermost loops of both representations are written with.

LLVM translates them for any processor, with the same result: for one with 512-bit registers a block of 32 is three or
four instructions, for others a few more. (The compiler finds part of this in plain loops, at a third of the speed: it
takes half the register width and cannot read signs as bits.) The loops are in `signed_sums.py`,
`polynomials.py`, `weighted_sums.py`, `packed_signs.py`, `levels.py`, `slabs.py` and `tiles.py`.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils

LANES = 32  # integers per block; every length is a multiple of it
UNROLLED = 4  # blocks per step, each with sums of its own

BIT, INT16, INT32, INT64 = (ir.IntType(width) for width in (1, 16, 32, 64))
FLOAT32, FLOAT64 = ir.FloatType(), ir.DoubleType()


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
        for index, partial in enumerate(sums):
            vector = term(builder.add(first, INT64(index)))
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
