"""Memories in a rectified polynomial whose degree grows with N, n = c N: weights m^n are exponential (eq. 133 to 135).

It joins the polynomials of fixed degree (c to 0) with the limit of many bodies (c to infinity). A flip of a memory
costs N (1 - exp(-2c)), so that at any temperature that does not grow with N a state is a memory itself, or
typical.
"""

import math

from scipy.optimize import brentq

from densehop.errors import NoSolution, OutOfRange
from densehop.exponential_problem import RectifiedModel
from densehop.theory.models.exponential import sums
from densehop.theory.states.model import Known, Model


def noise_exponent(load: float, degree: float) -> float:
    """Return psi = (1/N) log sum_a (k_a/N)^(cN) over k_a > 0 in a typical state (docs/theory.md, eq. 133)."""
    field = _carrying_field(degree)
    if sums.information(field, sums.NO_PATTERN, 0.0) > load:  # the closest memories carry the sum
        field = sums.carrying_sharpness(load, sums.FURTHEST, 0.0)
        return degree * math.log(math.tanh(field)) if field > 0 else -math.inf
    return load - sums.information(field, sums.NO_PATTERN, 0.0) + degree * math.log(math.tanh(field))


def _carrying_field(degree: float) -> float:
    """Return y with y tanh y = c: memories of overlap tanh y carry the sum where many are there."""
    high = degree + 1.0  # y tanh y >= y - 1/2
    return float(brentq(lambda y: y * math.tanh(y) - degree, 0.0, high + 1.0, xtol=1e-15, rtol=1e-14))


class RectifiedMemories(Model):
    """Memories in -N sum_a max(k_a/N, 0)^(cN)."""

    def case(self, problem: RectifiedModel, name: str) -> Known:
        """Return a branch of a problem."""
        if name == "inference":
            raise NoSolution("no inference: memories have no teacher; ask for 'retrieval' or 'paramagnet'")
        if name == "spin_glass":
            raise NoSolution("no spin glass at a degree that grows with N: ask for 'paramagnet'")
        if name not in {"retrieval", "paramagnet"}:
            raise NoSolution(f"no {name} of a rectified polynomial")
        exponent = noise_exponent(problem.load, problem.degree)
        if exponent > 0:
            raise OutOfRange(
                f"at load {problem.load:g} all memories together outweigh each of them, and energies grow as "
                f"exp({exponent:.3g} N); choose a load below {storage_limit(problem.degree):.6g}"
            )
        if name == "paramagnet":
            return Known(0.0, 0.0, 0.0, sums.spin_entropy(0.0), 1.0, 0.0)
        return Known(1.0, 1.0, -1.0, 0.0, 1.0, 0.0, complexity=problem.load)


def storage_limit(degree: float) -> float:
    """Return the load at which the sum over all other memories is as large as one memory's term, psi = 0."""
    return -noise_exponent(math.log(2) + degree, degree) + math.log(2) + degree  # psi is linear in A there
