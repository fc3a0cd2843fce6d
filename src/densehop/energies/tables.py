"""The exact polynomials of the strict and the power energy: energies and local fields as arrays, no compiled code.

With k = xi . sigma the overlap of a state with a stored pattern (an integer), a pattern contributes
-(p!/N^(p-1)) e_p(k; N) to the strict energy, where e_p(k; n) is the elementary symmetric polynomial of degree p of n
signs whose sum is k (docs/theory.md, eq. 1 to 3), and -k^p/N^(p-1) to the power energy. Everything is tabulated against
the number c = (N + k)/2 of agreeing sites.
"""

import math
from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Signs
from densehop.errors import InvalidInput

EXACT_IN_FLOAT = 2**53  # integers below are exact in float64, so a BLAS product of them is exact
STATES_AT_ONCE, PATTERNS_AT_ONCE = 512, 8_192  # rows per block: they bound the memory of one product


def elementary_symmetric(p: int, n: int) -> list[int]:
    """Return the elementary symmetric polynomial e_p of n signs as exact integers, for c = 0..n signs that are +1.

    It depends on their sum k = 2c - n alone, and follows from lower degrees (docs/theory.md, eq. 2).
    """
    values = []
    for k in range(-n, n + 1, 2):
        previous, current = 0, 1
        for q in range(p):
            previous, current = current, (k * current - (n - q + 1) * previous) // (q + 1)
        values.append(current)
    return values


@dataclass(frozen=True, eq=False)
class EnergyTable:
    """An energy as integers over the number c = 0..N of sites where state and pattern agree.

    Attributes
    ----------
    n_spins, p : int
    scale : float
        Unit of the integers: E = -scale * sum_a energy[c_a].
    energy : (N + 1,) int64
        U(k): e_p(k; N), or k^p.
    even, odd : (N + 1,) int64
        The doubled local field of site i is 2 h_i/scale = sum_a sigma_ia even[c_a] + xi_i sum_a odd[c_a]. For the
        strict energy F(k-1) + F(k+1) and F(k-1) - F(k+1) with F(k) = e_{p-1}(k; N-1) (docs/theory.md, eq. 6); in
        general (U(k+2) - U(k-2))/2 and U(k) - (U(k+2) + U(k-2))/2.
    coupling_factor : int
        A flip changes the doubled fields by this many times what it does in the strict energy of the same p; 0 where
        the energy holds interactions of fewer bodies, too.
    interaction : str, "strict", "power" or "custom"
    """

    n_spins: int
    p: int
    scale: float
    energy: Integers
    even: Integers
    odd: Integers
    coupling_factor: int = 1
    interaction: str = "strict"

    sharpness = 0.0  # none

    @property
    def symmetric(self) -> bool:
        """Whether xi and -xi have the same energy."""
        return np.array_equal(self.energy, self.energy[::-1])

    def require_exact(self, n_patterns: int) -> None:
        """Refuse a number of patterns at which sums of these integers could overflow 64 bits."""
        largest = max(int(np.abs(table).max()) for table in (self.energy, self.even, self.odd))
        if 2 * n_patterns * largest >= 2**63:
            raise InvalidInput(
                f"p = {self.p} with {self.n_spins} spins and {n_patterns} patterns overflows exact 64-bit fields: "
                f"at most {(2**63 - 1) // (2 * largest)} patterns; use a smaller p, fewer spins or fewer patterns"
            )

    def energies(self, states: Signs, patterns: Signs) -> Floats:
        """Return the extensive energy, (B,), of states (B, N) under patterns (M, N) (docs/theory.md, eq. 1)."""
        total = np.zeros(len(states), dtype=np.int64)
        for rows in _blocks(len(states), STATES_AT_ONCE):
            for block in _blocks(len(patterns), PATTERNS_AT_ONCE):
                total[rows] += self.energy[agreements(states[rows], patterns[block])].sum(axis=1)
        return -self.scale * total.astype(np.float64)

    def local_fields(self, states: Signs, patterns: Signs) -> Floats:
        """Return the local fields h_i, (B, N): flipping site i costs 2 xi_i h_i (docs/theory.md, eq. 5 and 6)."""
        doubled = np.zeros(states.shape, dtype=np.int64)
        for rows in _blocks(len(states), STATES_AT_ONCE):
            for block in _blocks(len(patterns), PATTERNS_AT_ONCE):
                count = agreements(states[rows], patterns[block])
                doubled[rows] += _exact_product(self.even[count], patterns[block])
                doubled[rows] += states[rows] * self.odd[count].sum(axis=1, keepdims=True)
        return 0.5 * self.scale * doubled.astype(np.float64)


def strict_table(p: int, n_spins: int) -> EnergyTable:
    """Return the table of the strict p-body energy, all indices distinct (docs/theory.md, eq. 1)."""
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    p = checks.body_number(p, n_spins)
    if 2 * max(math.comb(n_spins, p), math.comb(n_spins - 1, p - 1)) >= 2**63:  # the largest entries
        raise InvalidInput(
            f"p = {p} with {n_spins} spins overflows exact 64-bit fields; use a smaller p or fewer spins"
        )
    field = elementary_symmetric(p - 1, n_spins - 1)
    # c = 0 has no agreeing site and c = N no other: the value beyond each end is never used, any finite one will do.
    lower, upper = np.array([field[0], *field]), np.array([*field, field[-1]])
    energy = np.array(elementary_symmetric(p, n_spins))
    scale = math.factorial(p) / n_spins ** (p - 1)
    return EnergyTable(n_spins, p, scale, energy, lower + upper, lower - upper)


def power_table(p: int, n_spins: int) -> EnergyTable:
    """Return the table of the power energy E = -N sum_a (k_a/N)^p, repeated indices kept (docs/theory.md, eq. 90).

    k^p holds interactions of p - 2, p - 4, ... bodies besides p! e_p: at p = 2 and 3 a constant and a constant field.
    """
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    p = checks.body_number(p, n_spins)
    if 2 * (n_spins + 2) ** p >= 2**63:
        raise InvalidInput(
            f"p = {p} with {n_spins} spins overflows exact 64-bit fields; use a smaller p or fewer spins, "
            "or interaction='rectified', which is kept in floating point"
        )
    k = np.arange(-n_spins, n_spins + 1, 2)
    energy, lower, upper = k**p, (k - 2) ** p, (k + 2) ** p
    factor = math.factorial(p) if p <= 3 else 0
    return EnergyTable(
        n_spins, p, 1 / n_spins ** (p - 1), energy, (upper - lower) // 2, energy - (upper + lower) // 2, factor, "power"
    )


def overlap_table(energy: ArrayLike, scale: float, p: int) -> EnergyTable:
    """Return the table of any energy E = -scale sum_a U(k_a) of the overlaps, for `PBodyHopfield.from_table`.

    Parameters
    ----------
    energy : (N + 1,) integers, U(k) for k = -N, -N + 2, ..., N
    scale : float > 0
    p : int, the largest number of bodies in it; it names the energy and changes no number

    Raises
    ------
    InvalidInput
        If these are no integers, fewer than 3, too large for exact 64-bit fields, or the scale or p is out of range.
    """
    values = checks.as_array("energy", energy)
    if values.ndim != 1 or values.dtype.kind not in "iu" or len(values) < 3:
        raise InvalidInput(
            f"energy must be N + 1 >= 3 integers, got {values.dtype} of shape {values.shape}: scale them"
        )
    if max(int(values.max()), -int(values.min())) >= 2**60:
        raise InvalidInput("energy must lie within 2^60, so that sums of fields are exact: use a larger scale")
    n_spins = checks.integer("the number of spins", len(values) - 1, 2, checks.LARGEST_SIZE)
    scale, p = checks.number("scale", scale), checks.body_number(p, n_spins)
    padded = np.pad(values.astype(np.int64), 1, mode="edge")  # the value beyond each end is never used
    lower, middle, upper = padded[:-2], padded[1:-1], padded[2:]
    # Twice the integers and half the scale: then even and odd are integers whatever the parity of U.
    return EnergyTable(n_spins, p, scale / 2, 2 * middle, upper - lower, 2 * middle - upper - lower, 0, "custom")


def agreements(states: Signs, patterns: Signs) -> Integers:
    """Return the number of agreeing sites, (B, M), of states (B, N) with patterns (M, N)."""
    product = states.astype(np.float32) @ patterns.astype(np.float32).T  # exact: |k| <= N < 2^24
    count: Integers = ((product + states.shape[1]) / 2).astype(np.int64)
    return count


def _exact_product(integers: Integers, block: Signs) -> Integers:
    """Multiply integers (B, M) by signs (M, N): through BLAS where that is exact, else in 64-bit integers."""
    bound = int(np.abs(integers).max(initial=0)) * len(block)
    if bound < EXACT_IN_FLOAT:
        return (integers.astype(np.float64) @ block.astype(np.float64)).astype(np.int64)
    return integers @ block.astype(np.int64)


def _blocks(length: int, at_once: int) -> list[slice]:
    """Split a range of rows into slices of at most `at_once`."""
    return [slice(first, first + at_once) for first in range(0, length, at_once)]
