"""Products of a symmetric slab with the signs of many chains: sums of four rows with all signs are found once.

A chain then adds up one entry of a table, 16 entries, for each four of its spins (the method of four Russians). All in
16 bits, in vectors as in `vectors.py`: of 64 rows, sums with any signs must fit.
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
    unpack,
)

ROWS = 64  # whose tables are there at a time
ROWS_IN_TABLE, ENTRIES = 4, 16
TABLES = LANES // ROWS_IN_TABLE  # of as many rows as a vector has weights
WIDTH = 2  # blocks of columns at once
ROOM = ROWS // ROWS_IN_TABLE * ENTRIES * WIDTH * LANES  # int16 in tables: 32 KiB
KIND = ir.VectorType(INT16, LANES)
HALVES = [lane for n in range(LANES // 2) for lane in (n, n + LANES // 2)]  # columns of both halves in turn


def store_table(builder, rows, place):
    """Store the sums of four vectors with all signs, those of entry b as its bits say, 1 for -1, at place(b)."""
    entries = [reduce(builder.add, rows)]
    doubled = [builder.add(row, row) for row in rows]
    for entry in range(1, ENTRIES):
        lowest = (entry & -entry).bit_length() - 1
        entries.append(builder.sub(entries[entry & (entry - 1)], doubled[lowest]))
    for entry, values in enumerate(entries):
        builder.store(values, builder.bitcast(place(entry), KIND.as_pointer()), align=2)


def make_tables(builder, slab, length, n_rows, top, column, n_tables, tables, width):
    """Fill the tables of rows from `top` on, for `width` blocks of columns; rows behind the last are zeros."""
    with cgutils.for_range(builder, n_tables) as table:
        for block in range(width):
            rows = []
            for n in range(ROWS_IN_TABLE):
                row = builder.add(top, builder.add(builder.mul(table.index, INT64(ROWS_IN_TABLE)), INT64(n)))
                is_there = builder.icmp_signed("<", row, n_rows)
                start = builder.mul(builder.select(is_there, row, top), length)
                values = load(
                    builder, slab, builder.add(start, builder.add(column, INT64(block * LANES))), INT16, LANES
                )
                values = builder.select(is_there, values, constant(KIND, 0))
                rows.append(builder.shuffle_vector(values, values, ir.Constant(ir.VectorType(INT32, LANES), HALVES)))

            def place(entry, block=block, table=table):
                vector = builder.add(builder.mul(table.index, INT64(ENTRIES)), INT64(entry))
                vector = builder.add(builder.mul(vector, INT64(width)), INT64(block))
                return builder.gep(tables, [builder.mul(vector, INT64(LANES))])

            store_table(builder, rows, place)


def sum_of_entries(builder, words, n_vectors, tables, width):
    """Return the sums of the entries that a chain's signs choose, a vector for each block of columns."""

    def added(vector, totals):
        bits = builder.zext(builder.load(builder.gep(words, [vector])), INT64)
        own = builder.gep(tables, [builder.mul(vector, INT64(TABLES * ENTRIES * width * LANES))])
        for table in range(TABLES):
            entry = builder.and_(builder.lshr(bits, INT64(table * ROWS_IN_TABLE)), INT64(ENTRIES - 1))
            place = builder.gep(own, [builder.mul(entry, INT64(width * LANES))])
            starts = [INT64((table * ENTRIES * width + block) * LANES) for block in range(width)]
            entries = [load(builder, place, start, INT16, LANES) for start in starts]
            totals = [*map(builder.add, totals, entries)] if totals else entries
        return totals

    sums = [cgutils.alloca_once(builder, KIND) for _ in range(width)]
    for total, partial in zip(added(INT64(0), []), sums, strict=True):
        builder.store(total, partial)
    with cgutils.for_range_slice(builder, INT64(1), n_vectors, INT64(1)) as (vector, _):
        for total, partial in zip(added(vector, [builder.load(partial) for partial in sums]), sums, strict=True):
            builder.store(total, partial)
    return [builder.load(partial) for partial in sums]


def add_halves(builder, factor, vector, data, index):
    """Write code for data[index : index + 32] += factor * vector, whose lanes are columns in the order of `HALVES`."""
    low = builder.zext(builder.trunc(factor, INT16), INT32)
    kept = ir.FunctionType(INT32, [INT32])
    for half, pair in enumerate((low, builder.shl(low, INT32(16)))):  # a product of pairs of which one factor is 0:
        pair = builder.asm(kept, "", "=r,0", [pair], False)  # noqa: PLW2901 (LLVM, told so, finds no such product)
        factors = builder.bitcast(broadcast(builder, pair, INT32, LANES // 2), KIND)
        values = multiply_and_add_pairs(builder, vector, factors)
        kind = ir.VectorType(data.type.pointee, LANES // 2)
        target = builder.bitcast(builder.gep(data, [builder.add(index, INT64(half * LANES // 2))]), kind.as_pointer())
        values = values if kind == values.type else builder.sext(values, kind)
        builder.store(builder.add(builder.load(target, align=1), values), target, align=1)


def generate(context, builder, signature, arguments):
    """Write the code of `add_rows_by_tables`."""
    couplings, site, n_rows, bits, factors, chains, begin, end, fields, tables = unpack(
        context, builder, signature, arguments
    )
    n_words, length = (cgutils.unpack_tuple(builder, array.shape)[1] for array in (bits, fields))
    slab = builder.gep(couplings.data, [builder.mul(site, builder.mul(n_rows, length))])
    start = INT64(0)
    for width in range(WIDTH, 0, -1):
        stop = builder.and_(length, INT64(-width * LANES))
        with (
            cgutils.for_range_slice(builder, start, stop, INT64(width * LANES)) as (column, _),
            cgutils.for_range_slice(builder, INT64(0), length, INT64(ROWS)) as (top, _),
        ):
            left = builder.sub(length, top)
            n_left = builder.select(builder.icmp_signed("<", left, INT64(ROWS)), left, INT64(ROWS))
            n_vectors = builder.udiv(n_left, INT64(LANES))
            n_tables = builder.mul(n_vectors, INT64(TABLES))
            make_tables(builder, slab, length, n_rows, top, column, n_tables, tables.data, width)
            with cgutils.for_range_slice(builder, begin, end, INT64(1)) as (n, _):
                factor, chain = (builder.load(builder.gep(array.data, [n])) for array in (factors, chains))
                line = builder.mul(chain, length)
                word = builder.add(builder.mul(chain, n_words), builder.udiv(top, INT64(LANES)))
                words = builder.gep(bits.data, [word])
                for block, values in enumerate(sum_of_entries(builder, words, n_vectors, tables.data, width)):
                    target = builder.add(line, builder.add(column, INT64(block * LANES)))
                    add_halves(builder, factor, values, fields.data, target)
        start = stop
    return context.get_dummy_value()


def nothing(context, _builder, _signature, _arguments):
    """Write no code."""
    return context.get_dummy_value()


@intrinsic
def add_rows_by_tables(_context, couplings, site, n_rows, bits, factors, chains, begin, end, fields, tables):
    """Do the same as `slabs.add_rows`, where sums of 64 couplings of a column with any signs fit into 16 bits.

    bits (C, F/32) uint32, 1 where a weight is -1; factors within 16 bits; tables (ROOM,) int16, overwritten. There is
    no code for couplings in 32 bits: the call does nothing.
    """
    if are_contiguous(couplings, bits, factors, chains, fields, tables) and bits.dtype == types.uint32:
        indices = (types.int64,) * 2
        code = generate if couplings.dtype == types.int16 else nothing
        return types.void(couplings, *indices, bits, factors, chains, *indices, fields, tables), code
    return None
