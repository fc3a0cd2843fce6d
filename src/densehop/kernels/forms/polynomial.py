"""Polynomials that are even or odd in the overlaps, p = 5 to 11: the amplitudes are found anew at a flip.

With q = floor(k/2) ceil(k/2), one of even and odd is k times a polynomial of q, and the other is one of q. The kernel
works modulo 2^32 or 2^64, so only the amplitudes must fit into the type that they have, not what they are made of.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from densehop.kernels import implements, inlined
from densehop.kernels.forms.exact import Cost, Fit, Tables, blocks_at_once, same_fields
from densehop.kernels.patterns import even_sum, odd_sum, sum_of_amplitudes, update
from densehop.kernels.polynomials import evaluate
from densehop.kernels.signed_sums import add_signed, clear_end
from densehop.kernels.vectors import LANES

MOST_TERMS = 5  # of a polynomial of q
SMALLEST = 6  # spins: of fewer, there are not enough overlaps to tell
BLOCKS_AT_ONCE = 4096 // LANES  # patterns whose overlaps and amplitudes stay in the cache

COST = Cost("polynomial pattern", 0.05, 0.15)


class Polynomial(NamedTuple):
    """Coefficients of q, lowest first and without the constants, modulo the type of the amplitudes.

    even = k A(q) and odd = q B(q) + shift if amplitudes_are_odd, else even = q A(q) + constant and odd = k B(q); parity
    is that of N. So many blocks are summed before a lane could overflow: `chunk`.
    """

    even: tuple[int, ...]
    odd: tuple[int, ...]
    constant: int
    shift: int
    amplitudes_are_odd: int
    parity: int
    chunk: int


def interpolate(x: Sequence[int], values: Sequence[Fraction]) -> list[Fraction]:
    """Return the coefficients, lowest first, of the polynomial through the values at different x."""
    differences = list(values)
    for order in range(1, len(x)):
        for n in range(len(x) - 1, order - 1, -1):
            differences[n] = (differences[n] - differences[n - 1]) / (x[n] - x[n - order])
    coefficients = [Fraction(0)] * len(x)
    for difference, place in zip(reversed(differences), reversed(x), strict=True):  # c(x) -> c(x) (x - place) + d
        shifted = [Fraction(0), *coefficients[:-1]]
        coefficients = [up - place * same for up, same in zip(shifted, coefficients, strict=True)]
        coefficients[0] += difference
    return coefficients


def quarter_of_square(k: int) -> int:
    """Return floor(k/2) ceil(k/2)."""
    return (k // 2) * (k - k // 2)


@dataclass(frozen=True)
class Series:
    """A polynomial of k: k A(q) if it is odd, else q A(q) + constant; the coefficients of A, lowest first."""

    is_odd: bool
    constant: int
    coefficients: Sequence[Fraction]

    @classmethod
    def through(cls, k: Sequence[int], values: Sequence[int], is_odd: bool) -> "Series":
        """Return the series through the first values at k >= 0; the others may differ from it."""
        points = [(x, value) for x, value in zip(k, values, strict=True) if x >= is_odd][: MOST_TERMS + 1 - is_odd]
        q = [quarter_of_square(x) for x, _ in points]
        found = interpolate(q, [Fraction(value, x if is_odd else 1) for x, value in points])
        constant, found = (0, found) if is_odd else (int(found[0]), found[1:])
        while len(found) > 1 and found[-1] == 0:
            found.pop()
        return cls(is_odd, constant, found)

    def at(self, k: Sequence[int]) -> list[int] | None:
        """Return the values without the constant, None if one of them is no integer."""
        divisor = math.lcm(*(value.denominator for value in self.coefficients))
        numerators = [int(value * divisor) for value in reversed(self.coefficients)]
        found = []
        for x in k:
            q, value = quarter_of_square(x), 0
            for numerator in numerators:
                value = value * q + numerator
            found.append((x if self.is_odd else q) * value)
        return None if any(value % divisor for value in found) else [value // divisor for value in found]

    @property
    def invertible(self) -> bool:
        """Whether the coefficients exist modulo powers of two: their denominators are odd."""
        return all(value.denominator % 2 for value in self.coefficients)

    def modulo(self, n_bits: int) -> tuple[int, ...]:
        """Return the coefficients as signed integers modulo 2^n_bits."""
        size = 2**n_bits
        integers = [value.numerator * pow(value.denominator, -1, size) for value in self.coefficients]
        return tuple((value + size // 2) % size - size // 2 for value in integers)


def fit(tables: Tables) -> Fit | None:
    """Return the form that gives the same fields as the tables, if there is one without even denominators."""
    k, n_spins = tables.overlaps, tables.n_spins
    if n_spins < SMALLEST:
        return None
    is_odd = tables.even[1] == -tables.even[-2]
    even = Series.through(k[1:-1], tables.even[1:-1], is_odd)
    odd = Series.through(k[1:-1], tables.odd[1:-1], not is_odd)
    amplitudes, others = even.at(k), odd.at(k)
    if amplitudes is None or others is None or not (even.invertible and odd.invertible):
        return None
    constant, shift = even.constant, odd.constant
    if not same_fields(tables, [constant + value for value in amplitudes], [shift + value for value in others]):
        return None
    chunk, kind = blocks_at_once(max(map(abs, amplitudes + others)))
    n_bits = 8 * np.dtype(kind).itemsize
    coefficients = even.modulo(n_bits), odd.modulo(n_bits)
    return Fit(Polynomial(*coefficients, constant, shift, int(is_odd), n_spins % 2, chunk), COST, kind)


@inlined
def find_amplitudes(form, chain, first, last):
    """Set the amplitudes in blocks first to last and return the sum of odd - shift."""
    return evaluate(
        chain.overlaps, form.parity, form.amplitudes_are_odd, form.even, form.odd, first, last, chain.amplitudes
    )


@implements(even_sum, Polynomial)
def _even_sum(form, patterns, chain, site):
    return sum_of_amplitudes(form, patterns, chain, site) + form.constant * patterns.sign_sums[site]


@implements(odd_sum, Polynomial)
def _odd_sum(form, patterns, chain):
    total, n_blocks, at_once = np.int64(0), patterns.bits.shape[1], min(form.chunk, BLOCKS_AT_ONCE)
    for first in range(0, n_blocks, at_once):
        total += find_amplitudes(form, chain, first, min(first + at_once, n_blocks))
    return total + form.shift * patterns.n_patterns


@implements(update, Polynomial)
def _update(form, patterns, chain, site, spin):
    step, n_blocks, at_once = np.int16(-2 * spin), patterns.bits.shape[1], min(form.chunk, BLOCKS_AT_ONCE)
    total = np.int64(0)
    for first in range(0, n_blocks, at_once):
        last = min(first + at_once, n_blocks)
        add_signed(patterns.bits, site, first, last, step, chain.overlaps)
        if last == n_blocks:
            clear_end(chain.overlaps, patterns.n_patterns)
        total += find_amplitudes(form, chain, first, last)
    return total + form.shift * patterns.n_patterns
