"""Products of couplings with weights, in vectors as in `vectors.py`: what a flip adds to the fields.

Fields hold the result of an addition; so sums in their own type may overflow on the way to it.
"""

from functools import reduce

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
    load,
    multiply_and_add_pairs,
    sum_of_blocks,
    unpack,
)


def add_multiple(builder, factor, vector, data, index):
    """Write code for data[index : index + 32] += factor * vector, in the integer type of `data`, modulo its range.

    factor is an int64 and `data` the pointer to an array's first element; `vector` may be narrower than the elements.
    """
    kind = data.type.pointee
    factors = broadcast(builder, factor, kind, vector.type.count)
    values = builder.mul(factors, vector if vector.type == factors.type else builder.sext(vector, factors.type))
    target = builder.bitcast(builder.gep(data, [index]), values.type.as_pointer())
    builder.store(builder.add(builder.load(target, align=1), values), target, align=1)


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
        couplings, site, factor, chain, fields = unpack(context, builder, signature, arguments)
        length = cgutils.unpack_tuple(builder, fields.shape)[1]
        source, target = builder.mul(site, length), builder.mul(chain, length)
        with cgutils.for_range_slice(builder, INT64(0), length, INT64(LANES)) as (first, _):
            row = load(builder, couplings.data, builder.add(source, first), couplings.data.type.pointee, LANES)
            add_multiple(builder, factor, row, fields.data, builder.add(target, first))
        return context.get_dummy_value()

    if are_contiguous(couplings, fields):
        return types.void(couplings, *(types.int64,) * 3, fields), generate
    return None


def slab_signature(couplings, weights, factors, chains, fields):
    """Return the signature of `add_rows` and `add_products`."""
    indices = (types.int64,) * 2
    return types.void(couplings, *indices, weights, factors, chains, *indices, fields)


def products_by_row(context, builder, signature, arguments):
    """Write the code of `add_products`."""
    couplings, site, n_rows, weights, factors, chains, begin, end, fields = unpack(
        context, builder, signature, arguments
    )
    length, stride = (cgutils.unpack_tuple(builder, array.shape)[1] for array in (weights, fields))
    slab = builder.mul(site, builder.mul(n_rows, length))
    kind = couplings.data.type.pointee
    is_narrow = kind == INT16
    wide = ir.VectorType(INT64, LANES)

    def product(left, right):
        def term(block):
            start = builder.mul(block, INT64(LANES))
            values = load(builder, couplings.data, builder.add(left, start), kind, LANES)
            sign = load(builder, weights.data, builder.add(right, start), INT16, LANES)
            if is_narrow:
                return multiply_and_add_pairs(builder, values, sign)
            return builder.mul(builder.sext(values, wide), builder.sext(sign, wide))

        sum_type = ir.VectorType(INT32, LANES // 2) if is_narrow else wide
        return sum_of_blocks(builder, builder.udiv(length, INT64(LANES)), sum_type, term, fits=is_narrow)

    with cgutils.for_range(builder, n_rows) as row:
        left = builder.add(slab, builder.mul(row.index, length))
        with cgutils.for_range_slice(builder, begin, end, INT64(1)) as (n, _):
            chain = builder.load(builder.gep(chains.data, [n]))
            total = product(left, builder.mul(chain, length))
            change = builder.mul(builder.load(builder.gep(factors.data, [n])), total)
            target = builder.gep(fields.data, [builder.add(builder.mul(chain, stride), row.index)])
            old = builder.load(target)
            builder.store(builder.add(old, change if old.type == INT64 else builder.trunc(change, INT32)), target)
    return context.get_dummy_value()


def weighted_columns(builder, rows, weights, n_rows, width, n_pairs):
    """Yield weights @ slab of each chain, `width` blocks of columns; `n_pairs` pairs of rows go into sums of their own.

    rows(k) gives these blocks of row k; `weights` are pointers to those of chains, which share what rows take.
    """
    lanes = ir.VectorType(INT32, LANES // 2)

    def zero():
        variable = cgutils.alloca_once(builder, lanes)
        builder.store(constant(lanes, 0), variable)
        return variable

    sums = [[[zero() for _ in range(2 * width)] for _ in weights] for _ in range(n_pairs)]

    def add_pair(left, right, pairs, partials):
        halves = [half for blocks in zip(left, right, strict=True) for half in pairs_of(builder, *blocks)]
        for pair, own in zip(pairs, partials, strict=True):
            signs = builder.bitcast(broadcast(builder, pair, INT32, LANES // 2), ir.VectorType(INT16, LANES))
            for half, partial in zip(halves, own, strict=True):
                builder.store(builder.add(builder.load(partial), multiply_and_add_pairs(builder, half, signs)), partial)

    whole = builder.and_(n_rows, INT64(-2 * n_pairs))
    with cgutils.for_range_slice(builder, INT64(0), whole, INT64(2 * n_pairs)) as (first, _):
        for step, partials in enumerate(sums):
            row, following = (builder.add(first, INT64(2 * step + n)) for n in (0, 1))
            pointers = [builder.bitcast(builder.gep(own, [row]), INT32.as_pointer()) for own in weights]
            add_pair(rows(row), rows(following), [builder.load(pointer, align=2) for pointer in pointers], partials)
    behind = [constant(ir.VectorType(INT16, LANES), 0)] * width
    with cgutils.for_range_slice(builder, whole, n_rows, INT64(1)) as (row, _):
        singles = [builder.zext(builder.load(builder.gep(own, [row])), INT32) for own in weights]
        add_pair(rows(row), behind, singles, sums[0])
    for own in zip(*sums, strict=True):
        totals = [reduce(builder.add, map(builder.load, partials)) for partials in zip(*own, strict=True)]
        yield [from_halves(builder, *totals[n : n + 2]) for n in range(0, 2 * width, 2)]


def products_by_column(context, builder, signature, arguments):
    """Write the code of `add_rows` for couplings in 16 bits: blocks of columns, for one chain after another."""
    return products_of_chains(context, builder, signature, arguments, together=1)


def shared_products(context, builder, signature, arguments):
    """Write the code of `add_shared_rows` for couplings in 16 bits: four chains at once, or one that is left.

    Of two or three that are left, the last comes again as the fourth, with factor 0.
    """
    return products_of_chains(context, builder, signature, arguments, together=4)


def products_of_chains(context, builder, signature, arguments, together):
    """Write the code of products for so many chains at once, and for single ones."""
    couplings, site, n_rows, weights, factors, chains, begin, end, fields = unpack(
        context, builder, signature, arguments
    )
    length = cgutils.unpack_tuple(builder, weights.shape)[1]
    slab = builder.mul(site, builder.mul(n_rows, length))
    last = builder.sub(end, INT64(1))

    def add(n, column, width, n_chains, n_pairs):
        columns = [builder.add(column, INT64(block * LANES)) for block in range(width)]

        def rows(k):
            line = builder.add(slab, builder.mul(k, length))
            return [load(builder, couplings.data, builder.add(line, first), INT16, LANES) for first in columns]

        places = [builder.add(n, INT64(more)) for more in range(n_chains)]
        behind = [builder.icmp_signed(">", place, last) for place in places]
        places = [builder.select(none, last, place) for none, place in zip(behind, places, strict=True)]
        lines = [builder.mul(builder.load(builder.gep(chains.data, [place])), length) for place in places]
        weights_of_chains = [builder.gep(weights.data, [line]) for line in lines]
        products = weighted_columns(builder, rows, weights_of_chains, n_rows, width, n_pairs)
        for none, place, line, blocks in zip(behind, places, lines, products, strict=True):
            factor = builder.select(none, INT64(0), builder.load(builder.gep(factors.data, [place])))
            for first, values in zip(columns, blocks, strict=True):
                add_multiple(builder, factor, values, fields.data, builder.add(line, first))

    n_fours = builder.udiv(builder.add(builder.sub(end, begin), INT64(2)), INT64(4))
    single = builder.add(begin, builder.mul(n_fours, INT64(4))) if together == 4 else begin
    for n_chains, from_chain, to_chain, widths in (
        *([(4, begin, single, ((2, 1), (1, 1)))] if together == 4 else []),
        (1, single, end, ((4, 1), (2, 2), (1, 2))),
    ):
        start = INT64(0)
        for width, n_pairs in widths:
            stop = builder.and_(length, INT64(-width * LANES))
            with (
                cgutils.for_range_slice(builder, start, stop, INT64(width * LANES)) as (column, _),
                cgutils.for_range_slice(builder, from_chain, to_chain, INT64(n_chains)) as (n, _),
            ):
                add(n, column, width, n_chains, n_pairs)
            start = stop
    return context.get_dummy_value()


@intrinsic
def add_products(_context, couplings, site, n_rows, weights, factors, chains, begin, end, fields):
    """Add factors[n] * slab @ weights[c] to fields[c], c = chains[n], for begin <= n < end; slab (N, K) of `site`.

    couplings (N, N K) int16 or int32; weights (C, K) int16, each +-1 or 0, K a multiple of 32 below 2^16; factors,
    chains (C,) int64; fields (C, F) int32 or int64. Each row of the slab is read once for all chains.
    """
    if are_contiguous(couplings, weights, factors, chains, fields):
        return slab_signature(couplings, weights, factors, chains, fields), products_by_row
    return None


@intrinsic
def add_rows(_context, couplings, site, n_rows, weights, factors, chains, begin, end, fields):
    """Do the same as `add_products` for a symmetric slab, K = F, whose rows are added up: nothing goes across lanes."""
    if are_contiguous(couplings, weights, factors, chains, fields):
        code = products_by_column if couplings.dtype == types.int16 else products_by_row
        return slab_signature(couplings, weights, factors, chains, fields), code
    return None


@intrinsic
def add_shared_rows(_context, couplings, site, n_rows, weights, factors, chains, begin, end, fields):
    """Do the same as `add_rows` where many chains share what a slab takes; more code than for single ones."""
    if are_contiguous(couplings, weights, factors, chains, fields):
        code = shared_products if couplings.dtype == types.int16 else products_by_row
        return slab_signature(couplings, weights, factors, chains, fields), code
    return None
