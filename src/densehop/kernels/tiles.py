"""Tiles of states and patterns in LLVM's vector types: the innermost loops of batched retrieval.

A tile keeps its sums in registers while it walks along the sites (overlaps) or along the patterns (fields), so that
each vector that is loaded serves several states. As in `vectors.py`, LLVM translates the types for any processor, with
the same result: exclusive or, count and add for an overlap of 32 sites; one or two instructions for 32 products.
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
    broadcast,
    constant,
    load,
    multiply_and_add_pairs,
    unpack,
)

ROWS = 12  # states per tile of products
COUNTED = 6  # states per tile of overlaps, a divisor of ROWS
INT8 = ir.IntType(8)
HALF = LANES // 2  # 32-bit integers in a register of 512 bits
WIDTH = 2 * HALF  # sites per tile of products, patterns per tile of overlaps


def is_matrix(array, dtype, n_dimensions=2):
    """Tell whether a type is a contiguous array of this dtype with this number of dimensions."""
    return (
        isinstance(array, types.Array) and array.ndim == n_dimensions and array.layout == "C" and array.dtype == dtype
    )


def zeros(builder, rows):
    """Return sums for a tile, [row][half], that the compiler keeps in registers."""
    start = constant(ir.VectorType(INT32, HALF), 0)
    return [[cgutils.alloca_once_value(builder, start) for _ in range(2)] for _ in range(rows)]


@intrinsic
def count_tile(_context, state_words, state, words, group, n_spins, counts, column):
    """Set counts[state : state + 6, column : column + 32] to the number of sites where 6 states and 32 patterns agree.

    The patterns are those of words[group]. state_words (B, W) and words (G, W, 32) uint32 hold a site's sign per bit;
    bits after the last site must be equal in both, and do not count. counts (B, L) int16.
    """

    def generate(context, builder, signature, arguments):
        state_words, state, words, group, n_spins, counts, column = unpack(context, builder, signature, arguments)
        n_words = cgutils.unpack_tuple(builder, state_words.shape)[1]
        vector_type = ir.VectorType(INT32, HALF)
        kind = ir.FunctionType(vector_type, [vector_type])
        count_bits = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{HALF}i32")
        offsets = [builder.mul(builder.add(state, INT64(row)), n_words) for row in range(COUNTED)]
        start = builder.mul(builder.mul(group, n_words), INT64(WIDTH))
        sums = zeros(builder, COUNTED)
        with cgutils.for_range(builder, n_words) as word:
            first = builder.add(start, builder.mul(word.index, INT64(WIDTH)))
            halves = [load(builder, words.data, builder.add(first, INT64(n)), INT32, HALF) for n in (0, HALF)]
            for offset, pair in zip(offsets, sums, strict=True):
                pointer = builder.gep(state_words.data, [builder.add(offset, word.index)])
                bits = broadcast(builder, builder.load(pointer), INT32, HALF)
                for half, partial in zip(halves, pair, strict=True):
                    differences = builder.call(count_bits, [builder.xor(half, bits)])
                    builder.store(builder.add(builder.load(partial), differences), partial)
        store_counts(builder, sums, counts, state, n_spins, column)
        return context.get_dummy_value()

    if is_matrix(state_words, types.uint32) and is_matrix(words, types.uint32, 3) and is_matrix(counts, types.int16):
        positions = (types.int64,) * 2
        return types.void(state_words, types.int64, words, *positions, counts, types.int64), generate
    return None


def store_counts(builder, sums, target, state, n_spins, column):
    """Store n_spins less the numbers of disagreeing sites in counts, `target`, as int16."""
    narrow = ir.VectorType(INT16, HALF)
    length = cgutils.unpack_tuple(builder, target.shape)[1]
    most = broadcast(builder, n_spins, INT32, HALF)
    for row, pair in enumerate(sums):
        first = builder.add(builder.mul(builder.add(state, INT64(row)), length), column)
        for half, partial in enumerate(pair):
            address = builder.gep(target.data, [builder.add(first, INT64(half * HALF))])
            agreeing = builder.trunc(builder.sub(most, builder.load(partial)), narrow)
            builder.store(agreeing, builder.bitcast(address, narrow.as_pointer()), align=1)


@intrinsic
def multiply_tile(_context, values, state, n_pairs, panel, factor, totals, site):
    """Add factor * values @ panel to totals[state : state + 12, site : site + 32], over n_pairs pairs of patterns.

    values (B, L) int16; panel (K, 64) int16: row t holds, site by site, the signs of patterns 2t and 2t + 1; totals
    (B, S) int64. 32,767 pairs of any values fit into the 32-bit sums.
    """

    def generate(context, builder, signature, arguments):
        values, state, n_pairs, panel, factor, totals, site = unpack(context, builder, signature, arguments)
        length = cgutils.unpack_tuple(builder, values.shape)[1]
        rows = [
            builder.bitcast(
                builder.gep(values.data, [builder.mul(builder.add(state, INT64(row)), length)]),
                INT32.as_pointer(),
            )
            for row in range(ROWS)
        ]
        pair_type = ir.VectorType(INT16, LANES)
        sums = zeros(builder, ROWS)
        with cgutils.for_range(builder, n_pairs) as loop:
            first = builder.mul(loop.index, INT64(2 * LANES))
            halves = [load(builder, panel.data, builder.add(first, INT64(n)), INT16, LANES) for n in (0, LANES)]
            for row, pair in zip(rows, sums, strict=True):
                value_pair = builder.load(builder.gep(row, [loop.index]))
                signs_pair = builder.bitcast(broadcast(builder, value_pair, INT32, HALF), pair_type)
                for half, partial in zip(halves, pair, strict=True):
                    product = multiply_and_add_pairs(builder, half, signs_pair)
                    builder.store(builder.add(builder.load(partial), product), partial)
        add_totals(builder, sums, totals, state, factor, site)
        return context.get_dummy_value()

    if is_matrix(values, types.int16) and is_matrix(panel, types.int16) and is_matrix(totals, types.int64):
        positions = (types.int64,) * 2
        return types.void(values, *positions, panel, types.int64, totals, types.int64), generate
    return None


@intrinsic
def interleave(_context, patterns, left, right, site, panel, pair):
    """Set panel[pair] to the signs of patterns left and right at the 32 sites from `site` on, in turn.

    patterns (M, N) int8; panel (K, 64) int16.
    """

    def generate(context, builder, signature, arguments):
        patterns, left, right, site, panel, pair = unpack(context, builder, signature, arguments)
        n_spins = cgutils.unpack_tuple(builder, patterns.shape)[1]
        rows = [
            load(builder, patterns.data, builder.add(builder.mul(row, n_spins), site), INT8, LANES)
            for row in (left, right)
        ]
        start = builder.mul(pair, INT64(2 * LANES))
        wide = ir.VectorType(INT16, LANES)
        for half in (0, HALF):
            order = [address + half + n for address in range(HALF) for n in (0, LANES)]
            mixed = builder.shuffle_vector(*rows, ir.Constant(ir.VectorType(INT32, LANES), order))
            address = builder.gep(panel.data, [builder.add(start, INT64(2 * half))])
            builder.store(builder.sext(mixed, wide), builder.bitcast(address, wide.as_pointer()), align=1)
        return context.get_dummy_value()

    if is_matrix(patterns, types.int8) and is_matrix(panel, types.int16):
        return types.void(patterns, *(types.int64,) * 3, panel, types.int64), generate
    return None


def add_totals(builder, sums, target, state, factor, site):
    """Add factor times the sums to the 64-bit totals, `target`."""
    wide = ir.VectorType(INT64, HALF)
    length = cgutils.unpack_tuple(builder, target.shape)[1]
    factors = broadcast(builder, factor, INT64, HALF)
    for row, pair in enumerate(sums):
        first = builder.add(builder.mul(builder.add(state, INT64(row)), length), site)
        for half, partial in enumerate(pair):
            address = builder.gep(target.data, [builder.add(first, INT64(half * HALF))])
            pointer = builder.bitcast(address, wide.as_pointer())
            change = builder.mul(builder.sext(builder.load(partial), wide), factors)
            builder.store(builder.add(builder.load(pointer, align=1), change), pointer, align=1)
