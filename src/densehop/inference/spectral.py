"""Starts from an eigenvector: directions in which the examples' correlations stick out of their noise.

The matrices, each with its diagonal left out (docs/theory.md, eq. 118 to 120): the covariance of the examples, whatever
p; at p = 3 the coupling tensor as N x N^2, times its transpose; at p = 4 the tensor as N^2 x N^2, whose eigenvector is
a matrix and gives its own top eigenvector. Passes through the examples take the tensor's place at p = 4, and at p = 3
where it is too large to be formed. Sources: Richard & Montanari (2014); Hopkins, Shi & Steurer (2015).
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh_tridiagonal

from densehop.base.arrays import Floats, Signs, Singles
from densehop.base.streams import Purpose, Seed, generator
from densehop.inference.examples import Examples

ROWS = 4096  # examples at once, as numbers in single precision
STEPS = 40  # of Lanczos's iteration: enough for an eigenvalue that sticks out
SETTLED = 1e-5  # of the residual, relative to the eigenvalue: a start need not be more exact


class Start(NamedTuple):
    """Magnetisations (N,) to begin with, and where they are from.

    excess: how far the eigenvalue lies above that of random examples, in its standard units, 0 where it is not known.
    """

    name: str
    magnetisations: Floats
    excess: float = 0.0


def spectral_starts(examples: Examples, seed: Seed) -> Iterator[Start]:
    """Yield starts along the top eigenvectors, the cheapest one first."""
    signs = examples.signs
    values, vectors = np.linalg.eigh(covariance(signs))
    yield Start("covariance", _start(vectors[:, -1]), covariance_excess(float(values[-1]), *signs.shape))
    if examples.p == 3:
        yield Start("unfolding", _start(unfold_three(examples, seed)))
    if examples.p == 4:
        yield Start("unfolding", _start(_top(unfold_four(signs, seed))))


def covariance_excess(largest: float, n_examples: int, n_spins: int) -> float:
    """Return the largest eigenvalue of `covariance` less its value for random examples, in units of its fluctuations.

    For random examples it follows the law of Tracy & Widom: it exceeds 4 once in 1,000 times (Johnstone 2001;
    docs/theory.md, eq. 118).
    """
    rows, columns = math.sqrt(max(n_examples - 1, 1)), math.sqrt(n_spins)
    scale: float = (rows + columns) * (1 / rows + 1 / columns) ** (1 / 3)
    return (largest + n_examples - (rows + columns) ** 2) / scale


def covariance(examples: Signs) -> Floats:
    """Return sum_a sigma_ai sigma_aj, (N, N), with diagonal 0: whole numbers, so that no order of sums matters."""
    total = np.zeros((examples.shape[1],) * 2)
    for block in _blocks(examples):
        total += block.T @ block
    np.fill_diagonal(total, 0.0)
    return total


def unfold_three(examples: Examples, seed: Seed) -> Floats:
    """Return the top eigenvector, (N,), of sum_kl J_ikl J_jkl for i != j (docs/theory.md, eq. 119)."""
    n_spins = examples.signs.shape[1]
    if not examples.fit_a_tensor:
        first = generator(seed, Purpose.START, 1).standard_normal((n_spins,))
        return largest_eigenvector(lambda v: apply_three(examples.signs, v), first)
    gram = np.zeros((n_spins, n_spins))
    for slab in examples.tensor:
        rows = slab[:, :n_spins].astype(np.float64)
        gram += rows @ rows.T
    np.fill_diagonal(gram, 0.0)
    return _top(gram)


def unfold_four(signs: Signs, seed: Seed) -> Floats:
    """Return the top eigenvector, (N, N), of the couplings between pairs (docs/theory.md, eq. 120)."""
    n_spins = signs.shape[1]
    first = generator(seed, Purpose.START, 1).standard_normal(n_spins)
    pairs = np.outer(first, first)
    np.fill_diagonal(pairs, 0.0)
    correlations, shape = covariance(signs), pairs.shape

    def multiply(v: Floats) -> Floats:
        return apply_four(signs, correlations, v.reshape(shape)).ravel()

    return largest_eigenvector(multiply, pairs.ravel()).reshape(shape)


def apply_three(examples: Signs, v: Floats) -> Floats:
    """Return sum_j A_ij v_j, A the matrix of `unfold_three` less its mean diagonal, without forming J."""
    n_examples, n_spins = examples.shape
    total, pairs = np.zeros(n_spins), np.zeros((n_spins, n_spins))
    for block in _blocks(examples):
        total += block.sum(axis=0, dtype=np.float64)
        pairs += block.T @ (block * (block @ v.astype(np.float32))[:, np.newaxis])
    # pairs_kl = sum_j J_jkl v_j for k != l: what the terms j = k and j = l have added is taken off again.
    pairs -= np.outer(v, total) + np.outer(total, v)
    np.fill_diagonal(pairs, 0.0)
    # sum_kl J_ikl pairs_kl, less its terms k = i and l = i; the mean diagonal of A is M (N - 1)(N - 2).
    result = -2 * pairs @ total - n_examples * (n_spins - 1) * (n_spins - 2) * v
    for block, form in _quadratic_forms(examples, pairs):
        result += form @ block
    return np.asarray(result)


def apply_four(examples: Signs, correlations: Floats, pairs: Floats) -> Floats:
    """Return sum_ij J_ijkl V_ij, (N, N), for V symmetric with diagonal 0; `correlations` is `covariance(examples)`."""
    mixed = pairs @ correlations
    result = -2 * (mixed + mixed.T) - 2 * len(examples) * pairs
    for block, form in _quadratic_forms(examples, pairs):
        result += block.T @ (block * form[:, np.newaxis])
    np.fill_diagonal(result, 0.0)
    return np.asarray(result)


def largest_eigenvector(apply: Callable[[Floats], Floats], first: Floats) -> Floats:
    """Return the vector of largest quadratic form that Lanczos's iteration from `first` finds."""
    basis: list[Floats] = [first / np.linalg.norm(first)]
    diagonal: list[float] = []
    beside: list[float] = []
    for _ in range(min(STEPS, len(first))):
        new = apply(basis[-1])
        diagonal.append(float(new @ basis[-1]))
        for _ in range(2):  # twice is enough to keep the basis orthogonal
            for vector in basis:
                new = new - (new @ vector) * vector
        values, vectors = eigh_tridiagonal(np.array(diagonal), np.array(beside))
        size = float(np.linalg.norm(new))
        if size * abs(vectors[-1, -1]) <= SETTLED * np.abs(values).max():  # the residual of the top vector
            break
        beside.append(size)
        basis.append(new / size)
    return np.asarray(sum(weight * vector for weight, vector in zip(vectors[:, -1], basis, strict=False)))


def _quadratic_forms(examples: Signs, pairs: Floats) -> Iterator[tuple[Singles, Singles]]:
    """Yield blocks of examples (B, N) and sum_kl pairs_kl sigma_ak sigma_al, (B,)."""
    matrix = pairs.astype(np.float32)
    for block in _blocks(examples):
        yield block, np.einsum("an,an->a", block @ matrix, block)


def _blocks(examples: Signs) -> Iterator[Singles]:
    """Yield the examples in single precision, some rows at once."""
    for first in range(0, len(examples), ROWS):
        yield examples[first : first + ROWS].astype(np.float32)


def _top(matrix: Floats) -> Floats:
    """Return the eigenvector of the largest eigenvalue of a symmetric matrix, (N,)."""
    return np.asarray(np.linalg.eigh((matrix + matrix.T) / 2)[1][:, -1])


def _start(direction: Floats) -> Floats:
    """Return a unit vector (N,) as magnetisations."""
    start: Floats = np.clip(direction * np.sqrt(len(direction)), -1.0, 1.0)
    return start
