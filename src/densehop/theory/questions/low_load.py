"""Few memories, load 0: pure states and the spurious mixtures of several memories (docs/theory.md, eq. 61 to 68).

Memories with pairwise overlap b are x_a tau, with a common ancestor tau = +-1 and independent signs x_a of mean
sqrt(b); b = 0 are independent ones. In a symmetric mixture k of the M memories have one overlap and the M - k others
another, so that a site matters through two sums of signs. Sources: Amit, Gutfreund & Sompolinsky, Phys. Rev. A 32,
1007 (1985), for p = 2 (their temperatures are half of these); p >= 3 and correlated memories are the project's own.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.errors import InvalidInput
from densehop.theory.questions.sign_sums import sign_sums
from densehop.theory.states import gaussian

Overlaps = tuple[float, float]

MOST_MEMORIES = 100
ITERATIONS, NEWTON_STEPS = 500, 100
# Relative changes in Newton's method: the one aimed at, and the one at a transition, where rounding is amplified.
FINE, COARSE = 1e-13, 1e-5
SMALLEST_OVERLAP = 1e-7  # also the relative difference below which overlaps count as equal


@dataclass(frozen=True)
class Mixture:
    """A state that is equally close to `n_mixed` of the memories; with 1 it is a pure state. Everything is per spin.

    Attributes
    ----------
    n_mixed : int
    overlaps : tuple of float
        Overlap with each memory; the mixed ones come first.
    free_energy, energy : float
    stability : float
        Smallest eigenvalue of 1 - sqrt(D) C sqrt(D) over all directions of the memories (docs/theory.md, eq. 64);
        where it is negative the solution is a saddle. At T = 0 it is 1, or -inf where a finite fraction of sites has
        no field.
    """

    n_mixed: int
    overlaps: tuple[float, ...]
    free_energy: float
    energy: float
    stability: float

    @property
    def stable(self) -> bool:
        """Whether the state is a local minimum of the free energy."""
        return self.stability > 0


def mixtures(p: int, temperature: float, n_memories: int = 3, *, overlap: float = 0.0) -> tuple[Mixture, ...]:
    """Return the symmetric mixtures of few memories, lowest free energy first (docs/theory.md, eq. 61 to 64).

    Parameters
    ----------
    p : int
        Number of bodies, >= 2.
    temperature : float
        T; 0 is the limit. The paramagnet, with free energy -T log 2, is not in the list.
    n_memories : int
        At most 100, a finite number: their load is 0.
    overlap : float
        Pairwise overlap b of the memories, 0 <= b < 1.

    Returns
    -------
    tuple of Mixture
        Those of n_mixed = 1, ..., n_memories that exist, with positive overlaps, each on its branch of largest overlap.
        Saddles are among them (see `stability`), except those unstable to a common shift of one group's overlaps.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    p = checks.body_number(p)
    temperature = checks.number("temperature", temperature, zero_allowed=True)
    n_memories = checks.integer("n_memories", n_memories, 1, MOST_MEMORIES)
    if checks.number("overlap", overlap, zero_allowed=True) >= 1:
        raise InvalidInput(f"overlap must lie from 0 to 1, 1 excluded, got {overlap:g}")
    candidates = [
        _mixture(_SumsOfSigns.of(n_mixed, n_memories, float(overlap)), p, temperature)
        for n_mixed in range(1, n_memories + 1)
    ]
    return tuple(sorted((state for state in candidates if state is not None), key=lambda state: state.free_energy))


def critical_memory_overlap(p: int) -> float:
    """Return the pairwise overlap b of three memories above which their mixture is the ground state, at T = 0.

    Parameters
    ----------
    p : int
        Number of bodies, >= 2.

    Returns
    -------
    float
        The root 0 < b < 1 of 3 ((1 + b)/2)^p = 1 + 2 b^p (docs/theory.md, eq. 68); 1/5 at p = 2.

    Raises
    ------
    InvalidInput
        If p is no integer >= 2.
    """
    p = checks.body_number(p)
    return float(
        brentq(
            lambda b: 3 * ((1 + b) / 2) ** p - 1 - 2 * b**p,
            0.0,
            1 - 0.5 / p,
            xtol=1e-16,
            rtol=1e-15,
        )
    )


@dataclass(frozen=True, eq=False)
class _SumsOfSigns:
    """Law of the sums of a site's signs over the mixed memories and over the others, on a grid of both.

    Attributes
    ----------
    sizes : (2,) numbers of mixed and other memories
    sums : (2, K) the two sums
    weights : (K,) their probability
    independent : whether the memories are (b = 0), so that the others' overlap is exactly 0
    """

    sizes: tuple[int, int]
    sums: Floats
    weights: Floats
    independent: bool

    @classmethod
    def of(cls, n_mixed: int, n_memories: int, overlap: float) -> "_SumsOfSigns":
        """Return the law for memories of pairwise overlap b (docs/theory.md, eq. 67)."""
        sizes = (n_mixed, n_memories - n_mixed)
        weights = np.zeros((sizes[0] + 1, sizes[1] + 1))
        for mean in (math.sqrt(overlap), -math.sqrt(overlap)):  # of the signs, given the common ancestor
            (mixed, mixed_law), (others, others_law) = (sign_sums(size, mean) for size in sizes)
            weights += np.outer(mixed_law, others_law) / 2
        grids = np.meshgrid(mixed, others, indexing="ij")
        return cls(sizes, np.array([grid.ravel() for grid in grids]), weights.ravel(), overlap == 0)

    def fields(self, p: int, m: Overlaps) -> Floats:
        """Return the field per site, p sum_a m_a^(p-1) s_a, shape (K,)."""
        reduced: Floats = p * np.array(m) ** (p - 1) @ self.sums
        return reduced

    def directions(self, p: int, m: Overlaps) -> Floats:
        """Return the signs of the fields, shape (K,), also where m^(p-1) underflows."""
        return np.sign(self.fields(p, (1.0, m[1] / m[0])))

    def overlaps(self, spin: Floats) -> Overlaps:
        """Return the overlaps m = E s_a spin, with a mixed memory and with another."""
        totals = self.sums @ (self.weights * spin)
        mixed, others = (float(total) / max(size, 1) for total, size in zip(totals, self.sizes, strict=True))
        return min(mixed, 1.0), 0.0 if self.independent else others


def _mixture(law: _SumsOfSigns, p: int, temperature: float) -> Mixture | None:
    """Return one symmetric mixture, or None if it does not exist."""
    m = _frozen(law, p)
    if m is not None and temperature > 0:
        m = _thermal(law, p, temperature, m)
    if m is None:
        return None
    fields = law.fields(p, m)
    powers = sum(size * value**p for size, value in zip(law.sizes, m, strict=True))
    if temperature == 0:
        free_energy = -powers
        stability = -math.inf if law.weights[law.directions(p, m) == 0].sum() > 0 else 1.0
    else:
        log_2cosh = gaussian.log_cosh(fields / temperature) + math.log(2)
        free_energy = (p - 1) * powers - temperature * float(law.weights @ log_2cosh)
        stability = _smallest_eigenvalue(law, p, temperature, m)
    overlaps = (m[0],) * law.sizes[0] + (m[1],) * law.sizes[1]
    return Mixture(law.sizes[0], overlaps, free_energy, -powers, stability)


def _frozen(law: _SumsOfSigns, p: int) -> Overlaps | None:
    """Return the overlaps at T = 0, iterated from the majority of the mixed memories; None if they leave it."""
    m = law.overlaps(np.sign(law.sums[0]))
    for _ in range(ITERATIONS):
        before, m = m, law.overlaps(law.directions(p, m))
        if m == before or not _is_this_mixture(law, m):
            break
    return m if m == before and _is_this_mixture(law, m) else None


def _thermal(law: _SumsOfSigns, p: int, temperature: float, m: Overlaps) -> Overlaps | None:
    """Return the overlaps at T > 0: iterate from those at T = 0, which are larger, then refine by Newton's method."""
    for _ in range(ITERATIONS):
        m = law.overlaps(np.tanh(law.fields(p, m) / temperature))
    for _ in range(NEWTON_STEPS):
        residual = np.array(m) - law.overlaps(np.tanh(law.fields(p, m) / temperature))
        stiffness = np.eye(2) - _susceptibility(law, p, temperature, m) * _gains(p, temperature, m)
        step = np.linalg.lstsq(stiffness, residual)[0]
        m = (float(np.clip(m[0] - step[0], -1, 1)), float(np.clip(m[1] - step[1], -1, 1)))
        change = float(abs(step).max())
        if change <= FINE * abs(m[0]):
            break
    return m if change <= COARSE * abs(m[0]) and _is_this_mixture(law, m) else None


def _is_this_mixture(law: _SumsOfSigns, m: Overlaps) -> bool:
    """Whether the mixed memories still stand out: neither all overlaps 0 nor all the same."""
    return SMALLEST_OVERLAP < m[0] <= 1 and (law.sizes[1] == 0 or m[1] < m[0] * (1 - SMALLEST_OVERLAP))


def _gains(p: int, temperature: float, m: Overlaps) -> Floats:
    """Return D_a = beta p (p-1) m_a^(p-2) of a mixed memory and of another (docs/theory.md, eq. 64)."""
    gains: Floats = p * (p - 1) * np.array(m) ** (p - 2) / temperature
    return gains


def _susceptibility(law: _SumsOfSigns, p: int, temperature: float, m: Overlaps) -> Floats:
    """Return (2, 2) the response of the two overlaps to a common field on each group, E (S_x/n_x) S_y sech^2."""
    weights = law.weights * np.exp(-2 * gaussian.log_cosh(law.fields(p, m) / temperature))
    response: Floats = (law.sums * weights) @ law.sums.T / np.maximum(law.sizes, 1)[:, np.newaxis]
    return response


def _smallest_eigenvalue(law: _SumsOfSigns, p: int, temperature: float, m: Overlaps) -> float:
    """Return the smallest eigenvalue of 1 - sqrt(D) C sqrt(D), C_ab = E s_a s_b sech^2 (docs/theory.md, eq. 64).

    By symmetry: differences within each group, and the 2 x 2 matrix of the groups' common directions.
    """
    gains, response = _gains(p, temperature, m), _susceptibility(law, p, temperature, m)
    alone = float(law.weights @ np.exp(-2 * gaussian.log_cosh(law.fields(p, m) / temperature)))
    values = []
    for group, size in enumerate(law.sizes):
        if size > 1:
            together = (response[group, group] - alone) / (size - 1)  # E s_a s_b sech^2 within the group
            values.append(1 - gains[group] * (alone - together))
    scale = np.sqrt(gains * np.maximum(law.sizes, 1))
    common = response / np.maximum(law.sizes, 1) * np.outer(scale, scale)
    present = [group for group, size in enumerate(law.sizes) if size]
    values.extend(np.linalg.eigvalsh(np.eye(len(present)) - common[np.ix_(present, present)]))
    return float(min(values))
