"""Signs as bits: the signs that a word stands for."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from densehop.kernels.vectors import BIT, constant, is_vector, unpack


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
