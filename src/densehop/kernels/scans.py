"""Which sites of a chain on couplings may flip: 32 of them are compared with their bounds at once."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from densehop.kernels.vectors import BIT, FLOAT64, INT32, INT64, LANES, are_contiguous, constant, load, unpack

INT8 = ir.IntType(8)


@intrinsic
def may_flip(_context, states, fields, bounds, chain, first):
    """Return of which of the 32 sites from `first` on state * field < bound, as bits of an int64.

    states (C, N) int8; fields (C, F) int32 or int64 and bounds (C, F) float64, F >= N; all 32 must be there.
    """

    def generate(context, builder, signature, arguments):
        states, fields, bounds, chain, first = unpack(context, builder, signature, arguments)
        n_spins, length = (cgutils.unpack_tuple(builder, array.shape)[1] for array in (states, fields))
        spins = load(builder, states.data, builder.add(builder.mul(chain, n_spins), first), INT8, LANES)
        start = builder.add(builder.mul(chain, length), first)
        field = load(builder, fields.data, start, fields.data.type.pointee, LANES)
        minus = builder.icmp_signed("<", spins, constant(spins.type, 0))
        cost = builder.select(minus, builder.sub(constant(field.type, 0), field), field)
        bound = load(builder, bounds.data, start, FLOAT64, LANES)
        below = builder.fcmp_ordered("<", builder.sitofp(cost, bound.type), bound)
        return builder.zext(builder.bitcast(below, INT32), INT64)

    if are_contiguous(states, fields, bounds) and states.dtype == types.int8 and bounds.dtype == types.float64:
        return types.int64(states, fields, bounds, types.int64, types.int64), generate
    return None


@intrinsic
def lowest_bit(_context, bits):
    """Return the place of the lowest 1 in an int64 that is not 0."""

    def generate(_context, builder, _signature, arguments):
        return builder.cttz(arguments[0], BIT(1))

    return types.int64(types.int64), generate
