"""Forms of an energy's tables, a file each: how the sums over patterns in a field are found, fast where that is exact.

A form is a NamedTuple of what its code needs. It implements `even_sum`, `odd_sum` and `update`, all three declared in
`kernels/patterns.py`, and says what it costs. Its `fit` returns it for tables that it reproduces exactly, none of its
sums overflowing. A further form is one more file, and its `fit` in the list below.
"""

from typing import Any

from densehop.kernels.forms import cube, linear, polynomial, square, table, wide_cube
from densehop.kernels.forms.exact import Fit, Tables

# the fastest first; every table has the last
FITS = (linear.fit, square.fit, cube.fit, wide_cube.fit, polynomial.fit, table.fit)


def fastest(even: Any, odd: Any) -> Fit:
    """Return the fastest form of the tables (N + 1,) int64."""
    n_spins = len(even) - 1
    tables = Tables(range(-n_spins, n_spins + 1, 2), even.tolist(), odd.tolist())
    return next(form for fit in FITS if (form := fit(tables)) is not None)
