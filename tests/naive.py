"""Slow and obvious oracles: enumeration, loops over p-tuples, textbook quadrature. Nothing here calls densehop."""

import itertools
import math
from collections.abc import Callable
from decimal import Decimal, localcontext

import numpy as np
import numpy.typing as npt
from scipy.integrate import quad

Floats = npt.NDArray[np.float64]
Signs = npt.NDArray[np.int8]


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
    return sum(math.prod(values) for values in itertools.combinations(np.asarray(signs).tolist(), p))


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


def boltzmann(patterns: Signs, p: int, temperature: float) -> Floats:
    """Return the probabilities of `all_states`."""
    energies = np.array([energy(state, patterns, p) for state in all_states(patterns.shape[1])])
    weights: Floats = np.exp(-(energies - energies.min()) / temperature)
    weights /= weights.sum()
    return weights


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


def sweep(state: Signs, patterns: Signs, p: int, temperature: float, noise: Floats) -> Signs:
    """Run one sequential sweep, each cost from two whole energies; flip where cost < temperature * noise."""
    state = state.copy()
    for site, variate in enumerate(noise):
        if flip_cost(state, site, patterns, p) < temperature * variate:
            state[site] *= -1
    return state


def gaussian_mean(function: Callable[[float], float]) -> float:
    """Return E f(z), z ~ N(0, 1), by adaptive quadrature."""

    def weighted(z: float) -> float:
        return function(z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    pieces = [quad(weighted, low, low + 2, epsabs=1e-15, epsrel=1e-13)[0] for low in range(-12, 12, 2)]
    return math.fsum(pieces)


def log_2cosh(x: float) -> float:
    return abs(x) + math.log1p(math.exp(-2 * abs(x)))


def free_entropy(p: int, beta: float, load: float, signal: float, q: float, q_star: float) -> float:
    """Return the replica-symmetric functional at m = 0, p >= 3, not extremised (docs/theory.md, eq. 24)."""
    mean, deviation = p * signal * q_star ** (p - 1), math.sqrt(load * p * q ** (p - 1))
    return (
        -(p - 1) * beta * signal * q_star**p
        + load * beta**2 / 2 * (1 - p * q ** (p - 1) + (p - 1) * q**p)
        + gaussian_mean(lambda z: log_2cosh(beta * (mean + deviation * z)))
    )


def free_entropy_pairwise(beta: float, gamma: float, c: float, q: float, q_star: float) -> float:
    """Return the functional of the planted p = 2 model with its conjugates r and t at their saddle point."""
    d = 1 - 2 * beta * (1 - q)
    r, t = 4 * gamma * beta**2 * (q + c * q_star**2) / d**2, 2 * gamma * beta * c * q_star / d
    return (
        -gamma / 2 * math.log(d)
        + gamma * beta * (q + c * q_star**2) / d
        - r / 2 * (1 - q)
        - t * q_star
        + gaussian_mean(lambda z: log_2cosh(t + math.sqrt(r) * z))
        - gamma * beta
    )


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


def count_differences(
    row: npt.NDArray[np.uint64], words: npt.NDArray[np.uint64], site: int, begin: int, end: int
) -> int:
    """Return in how many bits a row and words[site] differ from word begin on to end."""
    return sum((int(row[word]) ^ int(words[site, word])).bit_count() for word in range(begin, end))
