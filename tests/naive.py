"""Slow and obvious oracles: enumeration, loops over p-tuples, whole energies. Nothing here calls densehop."""

import itertools
import math
from collections.abc import Iterable
from decimal import Decimal, localcontext
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Signs


def all_states(n_spins: int) -> Signs:
    """Return all 2^N states, (2^N, N); row number = sum of 2^i over the sites that are +1."""
    codes = np.arange(2**n_spins)
    return (2 * ((codes[:, np.newaxis] >> np.arange(n_spins)) & 1) - 1).astype(np.int8)


def codes_of(states: Signs) -> npt.NDArray[np.int64]:
    """Return the row numbers of states (..., N) in `all_states`."""
    codes: npt.NDArray[np.int64] = ((states > 0) * 2 ** np.arange(states.shape[-1])).sum(axis=-1)
    return codes


def elementary_symmetric(p: int, signs: npt.ArrayLike) -> int:
    """Return the sum over all p-tuples of distinct sites of the product of their signs."""
    return _sum_over_tuples(p, tuple(np.asarray(signs).tolist()))


@lru_cache(maxsize=2**16)
def _sum_over_tuples(p: int, signs: tuple[int, ...]) -> int:
    """Return the sum, kept: enumeration meets the same signs again for every pattern and for every test."""
    return sum(math.prod(values) for values in itertools.combinations(signs, p))


def energy(state: Signs, patterns: Signs, p: int) -> float:
    """Return the strict p-body energy, a loop over patterns and p-tuples."""
    n_spins = len(state)
    total = sum(elementary_symmetric(p, state * pattern) for pattern in patterns)
    return -math.factorial(p) * total / float(n_spins) ** (p - 1)


def flip_cost(state: Signs, site: int, patterns: Signs, p: int) -> float:
    """Return the energy after flipping a site minus the energy before."""
    flipped = state.copy()
    flipped[site] *= -1
    return energy(flipped, patterns, p) - energy(state, patterns, p)


def interaction_energy(
    state: Signs, patterns: Signs, interaction: str, p: int | None = None, sharpness: float = 1.0
) -> float:
    """Return the energy of any interaction, from its definition."""
    n_spins = len(state)
    overlaps = [sum(int(a) * int(b) for a, b in zip(state, pattern, strict=True)) for pattern in patterns]
    if interaction == "exponential":
        largest = max(overlaps)
        total = math.fsum(math.exp(sharpness * (k - largest)) for k in overlaps)
        return -largest - math.log(total) / sharpness
    assert p is not None
    if interaction == "strict":
        return energy(state, patterns, p)
    if interaction == "rectified":
        overlaps = [max(k, 0) for k in overlaps]
    return -math.fsum(k**p / n_spins ** (p - 1) for k in overlaps)


def boltzmann(
    patterns: Signs, p: int | None, temperature: float, interaction: str = "strict", sharpness: float = 1.0
) -> Floats:
    """Return the exact probability of every state, in the order of `all_states`."""
    states = all_states(patterns.shape[1])
    energies = np.array([interaction_energy(state, patterns, interaction, p, sharpness) for state in states])
    weights = np.exp(-(energies - energies.min()) / temperature)
    probability: Floats = weights / weights.sum()
    return probability


def teacher_probability(n_spins: int, p: int, temperature: float) -> Floats:
    """Return P(sigma | xi* = all +1) for `all_states`."""
    return boltzmann(np.ones((1, n_spins), dtype=np.int8), p, temperature)


def exact_signal(n_spins: int, p: int, teacher_p: int, temperature: float) -> Decimal:
    """Return lambda_N for one example by a sum over k of integers times 100-digit exponentials."""

    def polynomial(degree: int, k: int) -> int:
        previous, current = 0, 1
        for q in range(degree):
            previous, current = current, (k * current - (n_spins - q + 1) * previous) // (q + 1)
        return current

    with localcontext() as context:
        context.prec = 100
        beta = 1 / Decimal(temperature)
        unit = Decimal(math.factorial(teacher_p)) / Decimal(n_spins) ** (teacher_p - 1)
        total = norm = Decimal(0)
        for k in range(-n_spins, n_spins + 1, 2):
            weight = math.comb(n_spins, (n_spins + k) // 2) * (beta * unit * polynomial(teacher_p, k)).exp()
            total += weight * polynomial(p, k)
            norm += weight
        return total / norm * math.factorial(p) / Decimal(n_spins) ** p


def sweep(
    state: Signs, patterns: Signs, p: int, temperature: float, noise: Floats, sites: Iterable[int] | None = None
) -> Signs:
    """Run one sweep over sites, None: in order; each cost from two whole energies; flip where cost < T * noise."""
    state = state.copy()
    for site, variate in zip(range(len(noise)) if sites is None else sites, noise, strict=True):
        if flip_cost(state, site, patterns, p) < temperature * variate:
            state[site] *= -1
    return state


def threefry(key: tuple[int, int], counter: tuple[int, int]) -> tuple[int, int]:
    """Return Threefry-2x32 with 20 rounds (Salmon et al. 2011, table 2), in integers without a size."""
    mask = 2**32 - 1
    words = (*key, key[0] ^ key[1] ^ 0x1BD11BDA)
    left, right = ((c + k) & mask for c, k in zip(counter, key, strict=True))
    for turn in range(20):
        left = (left + right) & mask
        rotation = (13, 15, 26, 6, 17, 29, 16, 24)[turn % 8]
        right = ((right << rotation | right >> (32 - rotation)) & mask) ^ left
        if turn % 4 == 3:
            injection = turn // 4 + 1
            left = (left + words[injection % 3]) & mask
            right = (right + words[(injection + 1) % 3] + injection) & mask
    return left, right


def uniforms(key: tuple[int, int], turn: int, n: int) -> Floats:
    """Return the numbers of the counters (0, turn), ..., (n - 1, turn)."""
    words = [threefry(key, (place, turn % 2**32)) for place in range(n)]
    return np.array([(high * 2**32 + low) // 2**11 / 2**53 for high, low in words])


def coupling(patterns: Signs, sites: tuple[int, ...]) -> int:
    """Return J of some sites, the sum over patterns of the product of their signs; 0 where a site repeats."""
    if len(set(sites)) < len(sites):
        return 0
    return sum(math.prod(int(pattern[site]) for site in sites) for pattern in patterns)


def signs_of_bits(bits: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Return the signs that 32-bit words hold, lowest bit first, 1 for -1."""
    return np.array([1 - 2 * (int(word) >> place & 1) for word in bits for place in range(32)])


def signed_sum(bits: npt.NDArray[np.uint32], values: list[int]) -> int:
    """Return the sum of values, negated where a bit is set."""
    return sum(int(sign) * value for sign, value in zip(signs_of_bits(bits), values, strict=True))


def doubled_fields(state: Signs, patterns: Signs, p: int) -> list[int]:
    """Return what flipping each site changes in the sum over patterns and p-tuples, times minus the spin."""

    def total(signs: Signs) -> int:
        return sum(elementary_symmetric(p, signs * pattern) for pattern in patterns)

    before, fields = total(state), []
    for site, spin in enumerate(state.tolist()):
        flipped = state.copy()
        flipped[site] = -spin
        fields.append(spin * (before - total(flipped)))
    return fields


def synchronous_step(state: Signs, patterns: Signs, p: int) -> Signs:
    """Turn all spins to their fields at once; a spin without a field stays."""
    fields = doubled_fields(state, patterns, p)
    spins = [(field > 0) - (field < 0) or int(spin) for field, spin in zip(fields, state, strict=True)]
    return np.array(spins, dtype=np.int8)


def agreements(state: Signs, pattern: Signs) -> int:
    """Return at how many sites two vectors agree."""
    return sum(int(one) == int(other) for one, other in zip(state, pattern, strict=True))


def recall_fields(name: str, degree: int, beta: float, memories: Floats, states: Floats) -> Floats:
    """Return the sum of memories weighted by dF/dk over its largest value, (B, N), for F = max(k, 0)^n or exp(beta k).

    States hold 0 where a site is hidden; without a positive overlap rectified fields are 0.
    """
    fields = np.zeros(states.shape)
    for row, state in enumerate(states):
        overlaps = [float(state @ memory) for memory in memories]
        top = max(overlaps)
        for overlap, memory in zip(overlaps, memories, strict=True):
            if name == "exponential":
                fields[row] += math.exp(beta * (overlap - top)) * memory
            elif overlap > 0:
                fields[row] += (overlap / top) ** (degree - 1) * memory
    return fields


def listed_memories(counts: npt.NDArray[np.int16], floors: npt.NDArray[np.int64]) -> dict[int, int]:
    """Return the memories, by place, whose counts matter beside the largest one (kernels/listing.py)."""
    low = floors[counts.max()]
    return {place: int(count) for place, count in enumerate(counts) if count >= low}


def blend(
    memories: npt.NDArray[np.floating],
    state: npt.NDArray[np.floating],
    seen: npt.NDArray[np.bool_] | None,
    beta: float,
) -> tuple[npt.NDArray[np.float64], list[float], float]:
    """Return sum w xi/sum w, w = exp(-beta |x - xi|^2/2) over what is seen, all |x - xi|^2, and log sum w."""
    wide = memories.astype(np.float64)
    counted = np.ones(len(state)) if seen is None else seen
    squares = [float((counted * (state.astype(np.float64) - memory) ** 2).sum()) for memory in wide]
    least = min(squares)
    weights = np.array([np.exp(-beta / 2 * (square - least)) for square in squares])
    return weights @ wide / weights.sum(), squares, float(np.log(weights.sum()) - beta / 2 * least)


def multilinear_fields(magnetisations: Floats, patterns: Signs, p: int) -> Floats:
    """Return -dE/dm_i of the strict energy at real magnetisations (N,), a loop over patterns and tuples of sites."""
    n_spins = len(magnetisations)
    fields = np.zeros(n_spins)
    for pattern in patterns:
        values = pattern * magnetisations
        for site in range(n_spins):
            others = np.delete(values, site)
            tuples = itertools.combinations(others.tolist(), p - 1)
            fields[site] += pattern[site] * sum(math.prod(one) for one in tuples)
    return np.asarray(math.factorial(p) / float(n_spins) ** (p - 1) * fields)


def coupling_tensor(patterns: Signs, p: int) -> Floats:
    """Return J, (N, ..., N) with p indices: sums of products of p distinct signs of each pattern, else 0."""
    n_spins = patterns.shape[1]
    tensor = np.zeros((n_spins,) * p)
    for sites in itertools.permutations(range(n_spins), p):
        tensor[sites] = patterns[:, sites].astype(np.float64).prod(axis=1).sum()
    return tensor
