"""Signs as bits: how many differ between two rows of words, and the signs that a word stands for."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from densehop.kernels.vectors import BIT, INT64, constant, is_vector, load, sum_of_blocks, unpack

WORDS = 8  # 64-bit words per block


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
            index = builder.add(begin, builder.mul(block, INT64(WORDS)))
            left = load(builder, row.data, index, INT64, WORDS)
            right = load(builder, words.data, builder.add(start, index), INT64, WORDS)
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
