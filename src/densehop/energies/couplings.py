"""Couplings of one's own, J_ijk..., as integers: energies and local fields as arrays, no compiled code.

Couplings are rounded to multiples of a `scale`, a power of two in their unit, so small that sums of them just fit into
64 bits. So energies and fields are functions of the state alone, whatever the order in which they are found, and what
cancels, cancels exactly. A coupling keeps 60 - log2(p sum|J|/max|J|) bits or more: all of float64's 53 where there are
up to 100 terms, and 40 where there are a million.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Signs
from densehop.base.streams import Purpose, Seed, generator
from densehop.errors import InvalidInput

LARGEST_EXPONENT = 61  # of the sum of all fields
FACTORS_AT_ONCE = 2**22  # signs of the products of a block of states
DILUTION = 1  # number of the stream


@dataclass(frozen=True, eq=False)
class Couplings:
    """Couplings of p bodies: E = -sum_t J_t xi_t1 ... xi_tp (docs/theory.md, section 1).

    Attributes
    ----------
    sites : (T, p) int64, the sites that each couples, all different in a row; rows with the same sites add up
    values : (T,) float64, J_t in units of `unit`
    unit : float > 0; where values are integers, fields that cancel are exactly 0 whatever the unit
    """

    sites: Integers
    values: Floats
    unit: float = 1.0


@dataclass(frozen=True, eq=False)
class CouplingTable:
    """An energy of given couplings, E = -scale sum_t integers_t xi_t1 ... xi_tp, over one or several p.

    Attributes
    ----------
    n_spins : int
    scale : float, the unit of the couplings times a power of two
    sites : (T, p) int64 for each number of bodies
    integers : (T,) int64 for each number of bodies
    """

    n_spins: int
    scale: float
    sites: tuple[Integers, ...]
    integers: tuple[Integers, ...]

    interaction = "couplings"
    sharpness = 0.0

    @property
    def p(self) -> int:
        """The largest number of bodies."""
        return max(int(each.shape[1]) for each in self.sites)

    @property
    def symmetric(self) -> bool:
        """Whether xi and -xi have the same energy: all couplings have an even number of bodies."""
        return all(each.shape[1] % 2 == 0 for each in self.sites)

    @property
    def n_terms(self) -> int:
        """Count the couplings."""
        return sum(map(len, self.sites))

    def energies(self, states: Signs, patterns: Signs) -> Floats:  # noqa: ARG002 (couplings stand for all of them)
        """Return the extensive energy, (B,), of states (B, N)."""
        totals = np.zeros(len(states), dtype=np.int64)
        for rows, _, signs, integers in self._blocks(states):
            totals[rows] += signs @ integers
        return -self.scale * totals.astype(np.float64)

    def local_fields(self, states: Signs, patterns: Signs) -> Floats:  # noqa: ARG002
        """Return the local fields h_i, (B, N), of states (B, N): flipping spin i costs 2 xi_i h_i."""
        fields = np.zeros(states.shape, dtype=np.int64)
        for rows, sites, signs, integers in self._blocks(states):
            for state, row, products in zip(fields[rows], states[rows], signs * integers, strict=True):
                for body in sites.T:
                    np.add.at(state, body, products * row[body])
        return self.scale * fields.astype(np.float64)

    def _blocks(self, states: Signs) -> Iterator[tuple[slice, Integers, Integers, Integers]]:
        """Yield rows of states, sites (T, p), products of spins (B, T) and integers (T,)."""
        for sites, integers in zip(self.sites, self.integers, strict=True):
            at_once = max(1, FACTORS_AT_ONCE // max(1, sites.size))
            for first in range(0, len(states), at_once):
                rows = slice(first, first + at_once)
                yield rows, sites, states[rows][:, sites].prod(axis=2, dtype=np.int64), integers


def coupling_table(n_spins: int, couplings: Sequence[Couplings]) -> CouplingTable:
    """Return the energy of couplings of N spins, checked, as integers; those of the same sites are added up.

    Raises
    ------
    InvalidInput
        If sites are not different integers below N, or values are no finite numbers, or there are none.
    """
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    units = {checks.number("unit", each.unit) for each in couplings}
    unit = units.pop() if len(units) == 1 else 1.0
    merged = [_merged(each, each.unit / unit, n_spins) for each in couplings]
    total = math.fsum(each.sites.shape[1] * float(np.abs(each.values).sum()) for each in merged)
    if not total:
        raise InvalidInput("couplings must not be empty, nor all 0")
    exponent = math.frexp(total)[1] - LARGEST_EXPONENT
    integers = tuple(np.rint(np.ldexp(each.values, -exponent)).astype(np.int64) for each in merged)
    return CouplingTable(n_spins, math.ldexp(unit, exponent), tuple(each.sites for each in merged), integers)


def field_couplings(field: ArrayLike) -> Couplings:
    """Return an external field (N,) as couplings of one body: E = -sum_i field_i xi_i."""
    values = checks.series("field", field, "(site,)")
    return Couplings(np.arange(len(values))[:, np.newaxis], values)


def tensor_couplings(tensor: ArrayLike) -> Couplings:
    """Return the couplings of a symmetric tensor (N, ..., N) with p axes: E = -sum_{i1 < ... < ip} J_i1...ip xi ... xi.

    Raises
    ------
    InvalidInput
        If it is not symmetric, not finite, or not 0 where two indices are equal.
    """
    array = checks.as_array("tensor", tensor)
    if array.ndim < 2 or len(set(array.shape)) > 1 or array.dtype.kind not in "iufb" or not np.isfinite(array).all():
        raise InvalidInput(
            f"tensor must be finite numbers of shape (N, ..., N), got {array.dtype} of shape {array.shape}"
        )
    if any(not np.array_equal(array, np.swapaxes(array, axis, axis + 1)) for axis in range(array.ndim - 1)):
        raise InvalidInput("tensor must be symmetric in all its indices; average it over their permutations")
    if np.diagonal(array, axis1=0, axis2=1).any():
        raise InvalidInput("tensor must be 0 where two indices are equal; add what such terms mean to fewer bodies")
    sites = distinct_sites(len(array), array.ndim)
    return Couplings(sites, array[tuple(sites.T)].astype(np.float64))


def pattern_couplings(patterns: ArrayLike, p: int) -> Couplings:
    """Return the couplings of the strict p-body energy, J = p!/N^(p-1) sum_a sigma^a_i1 ... sigma^a_ip (eq. 1).

    Patterns (M, N) may be any finite numbers: +-1 as in `PBodyHopfield`, 0 at sites that a diluted pattern leaves out.
    """
    array = checks.series("patterns", patterns, "(pattern, site)")
    n_spins = array.shape[1]
    p = checks.body_number(p, n_spins)
    checks.memory(f"{math.comb(n_spins, p)} couplings", (16 * p + 24) * math.comb(n_spins, p))
    values = np.concatenate(list(_products(array, np.ones(len(array)), 0, p)))
    return Couplings(distinct_sites(n_spins, p), values, math.factorial(p) / float(n_spins) ** (p - 1))


def gaussian_couplings(n_spins: int, p: int, seed: Seed = 0) -> Couplings:
    """Return the couplings of the Gaussian p-spin model, variance p!/(2 N^(p-1)) each; p = 2 is SK, variance 1/N.

    All i1 < ... < ip. The paramagnet's energy per spin is -1/(2 T), the glass appears at T = 1 for p = 2.
    """
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    p = checks.body_number(p, n_spins)
    n_terms = math.comb(n_spins, p)
    checks.memory(f"{n_terms} couplings", (16 * p + 24) * n_terms)
    width = math.sqrt(math.factorial(p) / (2 * float(n_spins) ** (p - 1)))
    return Couplings(distinct_sites(n_spins, p), width * generator(seed, Purpose.EXAMPLES).normal(size=n_terms))


def diluted_couplings(n_spins: int, p: int, connectivity: float, seed: Seed = 0, law: str = "signs") -> Couplings:
    """Return couplings of random sites, round(connectivity N/p) of them, so that a spin has `connectivity` on average.

    Parameters
    ----------
    n_spins, p : int
    connectivity : float > 0
    seed : int or SeedSequence
    law : "signs", J = +-1 with equal probability, or "gaussian", of variance 1
    """
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    p = checks.body_number(p, n_spins)
    checks.choice("law", law, ("signs", "gaussian"))
    n_terms = round(checks.number("connectivity", connectivity) * n_spins / p)
    if not 1 <= n_terms <= math.comb(n_spins, p) // 2:
        raise InvalidInput(
            f"connectivity must give from 1 coupling to half of all {math.comb(n_spins, p)}, got {connectivity:g}, "
            f"which gives {n_terms}"
        )
    checks.memory(f"{n_terms} couplings", (48 * p + 24) * n_terms)
    rng = generator(seed, Purpose.EXAMPLES, DILUTION)
    chosen: dict[tuple[int, ...], None] = {}
    while len(chosen) < n_terms:
        drawn = np.sort(rng.integers(0, n_spins, (n_terms, p)), axis=1)
        distinct = drawn[(np.diff(drawn, axis=1) > 0).all(axis=1)]
        chosen |= dict.fromkeys(map(tuple, distinct.tolist()))
    values = rng.normal(size=n_terms) if law == "gaussian" else rng.choice([-1.0, 1.0], n_terms)
    return Couplings(np.array(list(chosen)[:n_terms], dtype=np.int64), values)


def distinct_sites(n_spins: int, p: int) -> Integers:
    """Return all i1 < ... < ip, (T, p), in lexicographic order."""
    flat = itertools.chain.from_iterable(itertools.combinations(range(n_spins), p))
    return np.fromiter(flat, dtype=np.int64, count=p * math.comb(n_spins, p)).reshape(-1, p)


def _products(patterns: Floats, product: Floats, first: int, p: int) -> Iterator[Floats]:
    """Yield sum_a product_a sigma^a_i1 ... sigma^a_ip for all first <= i1 < ... < ip, in lexicographic order."""
    if p == 2:
        rest = patterns[:, first:]
        square = (product[:, np.newaxis] * rest).T @ rest
        yield square[np.triu_indices(len(square), 1)]
        return
    for site in range(first, patterns.shape[1] - p + 1):
        yield from _products(patterns, product * patterns[:, site], site + 1, p - 1)


def _merged(couplings: Couplings, factor: float, n_spins: int) -> Couplings:
    """Return checked couplings with sites rising in each row, each set of sites once."""
    values = factor * checks.series("values", couplings.values, "(coupling,)")
    sites = checks.as_array("sites", couplings.sites)
    if sites.ndim != 2 or sites.dtype.kind not in "iu" or len(sites) != len(values) or sites.shape[1] < 1:
        raise InvalidInput(
            f"sites must be integers of shape ({len(values)}, p), one row for each value, got {sites.dtype} of shape "
            f"{sites.shape}"
        )
    ordered = np.sort(sites.astype(np.int64), axis=1)
    if ordered.min() < 0 or ordered.max() >= n_spins:
        raise InvalidInput(f"sites must be from 0 to N - 1 = {n_spins - 1}, got {ordered.min()} to {ordered.max()}")
    if (np.diff(ordered, axis=1) == 0).any():
        row = int(np.argmax((np.diff(ordered, axis=1) == 0).any(axis=1)))
        raise InvalidInput(f"sites of a coupling must be different, got {sites[row].tolist()}")
    unique, inverse = np.unique(ordered, axis=0, return_inverse=True)
    if len(unique) == len(ordered):
        return Couplings(ordered, values)
    sums = np.bincount(inverse.ravel(), values, minlength=len(unique)).astype(np.float64)
    return Couplings(unique, sums)
