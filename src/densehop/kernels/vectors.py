"""Sums over vectors, in LLVM's vector types: the innermost loops of both representations.

LLVM translates them for any processor, with the same result: for one with 512-bit registers a block of 32 is three or
four instructions, for others a few more. (The compiler finds part of this in plain loops, at a third of the speed: it
takes half the register width and cannot read signs as bits.)
"""

from functools import reduce

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


def as_structures(context, builder, signature, arguments):
    """Return the arrays among the arguments with their fields `data` and `shape`."""
    return [
        context.make_array(kind)(context, builder, value) for kind, value in zip(signature.args, arguments, strict=True)
    ]


def everywhere(builder, value, element_type, lanes):
    """Return a vector whose lanes all hold an integer, cut to their type."""
    if value.type != element_type:
        value = builder.trunc(value, element_type)
    kind = ir.VectorType(element_type, lanes)
    lane = builder.insert_element(ir.Constant(kind, ir.Undefined), value, INT32(0))
    return builder.shuffle_vector(lane, lane, constant(ir.VectorType(INT32, lanes), 0))


def widened(builder, vector, element_type):
    """Return a vector of integers in a type at least as wide."""
    kind = ir.VectorType(element_type, vector.type.count)
    return vector if vector.type == kind else builder.sext(vector, kind)


def add_multiple(builder, factor, vector, data, index):
    """Add the int64 factor times a vector to the elements of `data` from `index` on, in their type."""
    kind = data.type.pointee
    values = builder.mul(everywhere(builder, factor, kind, vector.type.count), widened(builder, vector, kind))
    target = builder.bitcast(builder.gep(data, [index]), values.type.as_pointer())
    builder.store(builder.add(builder.load(target, align=1), values), target, align=1)


def add_to(builder, place, vector):
    """Add a vector to the one stored at a place."""
    builder.store(builder.add(builder.load(place), vector), place)


def pairs_of(builder, left, right):
    """Return two vectors of pairs (left[j], right[j]): j in every first half of 8 lanes, and the others.

    So ordered, each is one instruction on x86; `from_halves` puts back in order what was found from them.
    """
    for first in (0, 4):
        lanes = [begin + lane for begin in range(first, LANES, 8) for lane in range(4)]
        order = ir.Constant(ir.VectorType(INT32, LANES), [lane for j in lanes for lane in (j, LANES + j)])
        yield builder.shuffle_vector(left, right, order)


def from_halves(builder, first, second):
    """Return in order what belongs to the halves of `pairs_of`."""
    order = [lane // 8 * 4 + lane % 4 + (LANES // 2 if lane % 8 >= 4 else 0) for lane in range(LANES)]
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(INT32, LANES), order))


@intrinsic
def add_row(_context, couplings, site, factor, chain, fields):
    """Add factor * couplings[site] to fields[chain].

    couplings (N, F) int16 or int32; fields (C, F) int32 or int64, which must hold the result; F a multiple of 32.
    """

    def generate(context, builder, signature, arguments):
        matrix, sums = (context.make_array(signature.args[n])(context, builder, arguments[n]) for n in (0, 4))
        length = cgutils.unpack_tuple(builder, sums.shape)[1]
        source, target = builder.mul(arguments[1], length), builder.mul(arguments[3], length)
        with cgutils.for_range_slice(builder, INT64(0), length, INT64(LANES)) as (first, _):
            row = load(builder, matrix.data, builder.add(source, first), matrix.data.type.pointee, LANES)
            add_multiple(builder, arguments[2], row, sums.data, builder.add(target, first))
        return context.get_dummy_value()

    if are_contiguous(couplings, fields):
        return types.void(couplings, *(types.int64,) * 3, fields), generate
    return None


@intrinsic
def add_rows(_context, couplings, site, n_rows, weights, factors, chains, begin, end, fields):
    """Add factors[n] * weights[c] @ slab to fields[c], c = chains[n], for begin <= n < end; slab (N, K) of `site`.

    couplings (N, N K) int16 or int32; weights (C, K) int16, each +-1; K = F, a multiple of 32; factors, chains (C,)
    int64; fields (C, F) int32 or int64, which must hold the result: sums on the way to it may overflow.

    Lanes are columns, so that nothing is added across them. Rows are taken in pairs, up to 128 columns at once for one
    chain after the other.
    """

    def generate(context, builder, signature, arguments):
        matrix, signs, scales, places, sums = (
            context.make_array(signature.args[n])(context, builder, arguments[n]) for n in (0, 3, 4, 5, 8)
        )
        n_rows, length = arguments[2], cgutils.unpack_tuple(builder, signs.shape)[1]
        slab = builder.mul(builder.mul(arguments[1], n_rows), length)
        kind = matrix.data.type.pointee
        is_narrow = kind == INT16
        sum_type = ir.VectorType(INT32, LANES // 2) if is_narrow else ir.VectorType(sums.data.type.pointee, LANES)

        def block(row, first):
            return load(builder, matrix.data, builder.add(builder.add(slab, builder.mul(row, length)), first), kind, LANES)

        def add_pair(left, right, pair, halves):
            pair = builder.bitcast(everywhere(builder, pair, INT32, LANES // 2), ir.VectorType(INT16, LANES))
            for half, place in zip(pairs_of(builder, left, right), halves, strict=True):
                add_to(builder, place, multiply_and_add_pairs(builder, half, pair))

        def add_one(row, firsts, sign, totals):
            if is_narrow:
                for first, halves in zip(firsts, totals, strict=True):
                    nothing = constant(ir.VectorType(INT16, LANES), 0)
                    add_pair(block(row, first), nothing, builder.zext(sign, INT32), halves)
                return
            signs_ = everywhere(builder, builder.sext(sign, INT64), sum_type.element, LANES)
            for first, (place, _) in zip(firsts, totals, strict=True):
                add_to(builder, place, builder.mul(widened(builder, block(row, first), sum_type.element), signs_))

        def product(firsts, weight, n_pairs):
            sets = [
                [[cgutils.alloca_once_value(builder, constant(sum_type, 0)) for _ in range(2)] for _ in firsts]
                for _ in range(n_pairs)
            ]
            whole = builder.and_(n_rows, INT64(-2 * n_pairs)) if is_narrow else INT64(0)
            if is_narrow:
                with cgutils.for_range_slice(builder, INT64(0), whole, INT64(2 * n_pairs)) as (row, _):
                    for step, totals in enumerate(sets):
                        left, right = (builder.add(row, INT64(2 * step + n)) for n in (0, 1))
                        place = builder.gep(signs.data, [builder.add(weight, left)])
                        pair = builder.load(builder.bitcast(place, INT32.as_pointer()), align=1)
                        for first, halves in zip(firsts, totals, strict=True):
                            add_pair(block(left, first), block(right, first), pair, halves)
            with cgutils.for_range_slice(builder, whole, n_rows, INT64(1)) as (row, _):
                add_one(row, firsts, builder.load(builder.gep(signs.data, [builder.add(weight, row)])), sets[0])
            for parts in zip(*sets, strict=True):
                halves = [reduce(builder.add, [builder.load(half[n]) for half in parts]) for n in (0, 1)]
                yield from_halves(builder, *halves) if is_narrow else halves[0]

        start = INT64(0)
        for width, n_pairs in ((4, 1), (2, 2), (1, 2)):
            stop = builder.and_(length, INT64(-width * LANES))
            with cgutils.for_range_slice(builder, start, stop, INT64(width * LANES)) as (column, _):
                firsts = [builder.add(column, INT64(n * LANES)) for n in range(width)]
                with cgutils.for_range_slice(builder, arguments[6], arguments[7], INT64(1)) as (n, _):
                    factor, chain = (builder.load(builder.gep(array.data, [n])) for array in (scales, places))
                    line = builder.mul(chain, length)
                    for first, found in zip(firsts, list(product(firsts, line, n_pairs)), strict=True):
                        add_multiple(builder, factor, found, sums.data, builder.add(line, first))
            start = stop
        return context.get_dummy_value()

    if are_contiguous(couplings, weights, factors, chains, fields):
        indices = (types.int64,) * 2
        return types.void(couplings, *indices, weights, factors, chains, *indices, fields), generate
    return None


@intrinsic
def add_products(_context, couplings, site, n_rows, weights, factors, chains, begin, end, fields):
    """Add factors[n] * slab @ weights[c] to fields[c], c = chains[n], for begin <= n < end; slab (N, K) of `site`.

    couplings (N, N K) int16 or int32; weights (C, K) int16, each +-1 or 0, K a multiple of 32 below 2^16; factors,
    chains (C,) int64; fields (C, F) int32 or int64. Each row of the slab is read once for all chains.
    """

    def generate(context, builder, signature, arguments):
        matrix, signs, scales, places, sums = (
            context.make_array(signature.args[n])(context, builder, arguments[n]) for n in (0, 3, 4, 5, 8)
        )
        n_spins = arguments[2]
        length, stride = (cgutils.unpack_tuple(builder, array.shape)[1] for array in (signs, sums))
        slab = builder.mul(arguments[1], builder.mul(n_spins, length))
        is_narrow = signature.args[0].dtype == types.int16
        wide = ir.VectorType(INT64, LANES)

        def product(left, right):
            def term(block):
                start = builder.mul(block, INT64(LANES))
                values = load(builder, matrix.data, builder.add(left, start), matrix.data.type.pointee, LANES)
                sign = load(builder, signs.data, builder.add(right, start), INT16, LANES)
                if is_narrow:
                    return multiply_and_add_pairs(builder, values, sign)
                return builder.mul(builder.sext(values, wide), builder.sext(sign, wide))

            sum_type = ir.VectorType(INT32, LANES // 2) if is_narrow else wide
            return sum_of_blocks(builder, builder.udiv(length, INT64(LANES)), sum_type, term, fits=is_narrow)

        with cgutils.for_range(builder, n_spins) as row:
            left = builder.add(slab, builder.mul(row.index, length))
            with cgutils.for_range_slice(builder, arguments[6], arguments[7], INT64(1)) as (n, _):
                chain = builder.load(builder.gep(places.data, [n]))
                found = product(left, builder.mul(chain, length))
                change = builder.mul(builder.load(builder.gep(scales.data, [n])), found)
                target = builder.gep(sums.data, [builder.add(builder.mul(chain, stride), row.index)])
                old = builder.load(target)
                builder.store(builder.add(old, change if old.type == INT64 else builder.trunc(change, INT32)), target)
        return context.get_dummy_value()

    if are_contiguous(couplings, weights, factors, chains, fields):
        indices = (types.int64,) * 2
        return types.void(couplings, *indices, weights, factors, chains, *indices, fields), generate
    return None


def signs_of(builder, bits, index):
    """Load the signs of a block, as lanes that are true where the pattern has -1."""
    return builder.bitcast(builder.load(builder.gep(bits.data, [index])), ir.VectorType(BIT, LANES))


def make_signed_sum(squares):
    """Return the code of `signed_sum` or `signed_sum_of_squares`."""

    def generate(context, builder, signature, arguments):
        bits, values = (context.make_array(signature.args[n])(context, builder, arguments[n]) for n in (0, 4))
        row = builder.mul(arguments[1], cgutils.unpack_tuple(builder, bits.shape)[1])
        first, last = arguments[2:4]
        kind = values.data.type.pointee
        is_narrow = kind == INT16

        def term(block):
            place = builder.add(first, block)
            loaded = load(builder, values.data, builder.mul(place, INT64(LANES)), kind, LANES)
            minus = signs_of(builder, bits, builder.add(row, place))
            signed = builder.select(minus, builder.sub(constant(loaded.type, 0), loaded), loaded)
            if not is_narrow:
                return signed
            return multiply_and_add_pairs(builder, signed, loaded if squares else constant(loaded.type, 1))

        sum_type = ir.VectorType(INT32, LANES // 2) if is_narrow else ir.VectorType(kind, LANES)
        return sum_of_blocks(builder, builder.sub(last, first), sum_type, term)

    return generate


@intrinsic
def signed_sum(_context, bits, row, first, last, values):
    """Return the int64 sum of the blocks first to last of values, negated where bits[row] has a 1.

    values (32 B,) int16, int32 or int64; bits (N, B) uint32. Whole arrays come in: a slice costs what a short sum does.
    """
    if is_vector(values, types.int16, types.int32, types.int64):
        return types.int64(bits, types.int64, types.int64, types.int64, values), make_signed_sum(squares=False)
    return None


@intrinsic
def signed_sum_of_squares(_context, bits, row, first, last, values):
    """Return the same as `signed_sum` for the squares of values (32 B,) int16."""
    if is_vector(values, types.int16):
        return types.int64(bits, types.int64, types.int64, types.int64, values), make_signed_sum(squares=True)
    return None


@intrinsic
def selected_sum(_context, bits, row, left, right):
    """Return the sum of left (32 B,) float64 where bits[row] has a 0 and of right where it has a 1; bits (N, B) uint32.

    Lanes are added in an order of their own, the same on every processor.
    """

    def generate(context, builder, signature, arguments):
        bits, left, right = (context.make_array(signature.args[n])(context, builder, arguments[n]) for n in (0, 2, 3))
        n_blocks = cgutils.unpack_tuple(builder, bits.shape)[1]
        start = builder.mul(arguments[1], n_blocks)
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


@intrinsic
def add_signed(_context, bits, row, step, values):
    """Add the int16 `step` to values (32 B,) int16, or subtract it where bits[row] has a 1; bits (N, B) uint32."""

    def generate(context, builder, signature, arguments):
        bits, values = (context.make_array(signature.args[n])(context, builder, arguments[n]) for n in (0, 3))
        n_blocks = cgutils.unpack_tuple(builder, bits.shape)[1]
        start = builder.mul(arguments[1], n_blocks)
        vector_type = ir.VectorType(INT16, LANES)
        lane = builder.insert_element(ir.Constant(vector_type, ir.Undefined), arguments[2], INT32(0))
        steps = builder.shuffle_vector(lane, lane, constant(ir.VectorType(INT32, LANES), 0))
        opposite = builder.sub(constant(vector_type, 0), steps)
        with cgutils.for_range(builder, n_blocks) as loop:
            minus = signs_of(builder, bits, builder.add(start, loop.index))
            place = builder.gep(values.data, [builder.mul(loop.index, INT64(LANES))])
            pointer = builder.bitcast(place, vector_type.as_pointer())
            changed = builder.add(builder.load(pointer, align=1), builder.select(minus, opposite, steps))
            builder.store(changed, pointer, align=1)
        return context.get_dummy_value()

    if step == types.int16 and is_vector(values, types.int16):
        return types.void(bits, types.int64, step, values), generate
    return None


@intrinsic
def cube(_context, values, slope, inverse, first, last, amplitudes):
    """Set amplitudes (32 B,) to inverse (k^3 + slope k) in blocks first to last and return their sum of k^2.

    k = values (32 B,) int16; amplitudes int32 or int64; inverse is 1, or THIRD to divide by three. The numerators must
    be below 2^31, and multiples of 3 in the second case.
    """

    def generate(context, builder, signature, arguments):
        values, amplitudes = (context.make_array(signature.args[n])(context, builder, arguments[n]) for n in (0, 5))
        first, last = arguments[3:5]
        wide = ir.VectorType(INT32, LANES)

        def everywhere(value):
            lane = builder.insert_element(ir.Constant(wide, ir.Undefined), builder.trunc(value, INT32), INT32(0))
            return builder.shuffle_vector(lane, lane, constant(wide, 0))

        slopes, inverses = everywhere(arguments[1]), everywhere(arguments[2])

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
        row, words = (context.make_array(signature.args[n])(context, builder, arguments[n]) for n in (0, 1))
        site, begin, end = arguments[2:]
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
        data = context.make_array(signature.args[1])(context, builder, arguments[1]).data
        vector_type = ir.VectorType(ir.IntType(8), 64)
        minus = builder.bitcast(arguments[0], ir.VectorType(BIT, 64))
        values = builder.select(minus, constant(vector_type, -1), constant(vector_type, 1))
        target = builder.bitcast(builder.gep(data, [arguments[2]]), vector_type.as_pointer())
        builder.store(values, target, align=1)
        return context.get_dummy_value()

    if bits == types.uint64 and is_vector(signs, types.int8):
        return types.void(bits, signs, types.int64), generate
    return None
