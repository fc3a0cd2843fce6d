"""How close to a memory of exponential energy a state must be to find it (docs/theory.md, eq. 103 to 105).

At T = 0 the other memories pull at a spin with a field of random sign. Its size, not the sum of their weights, competes
with the field of the memory. At finite N the law of that field is exact: it is a sum of independent terms whose
overlaps are binomial.
"""

import math

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.errors import InvalidInput, NoSolution, OutOfRange
from densehop.exponential_problem import (
    ExponentialArchetypes,
    ExponentialModel,
    ExponentialTeacherStudent,
    RectifiedModel,
)
from densehop.problem import n_examples_for
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import retrieval_limit
from densehop.theory.models.exponential.rectified import noise_exponent
from densehop.theory.questions import first_step
from densehop.theory.questions.pattern_basin import pattern_basin

Problem = ExponentialModel | RectifiedModel | ExponentialTeacherStudent | ExponentialArchetypes


def basin_overlap(problem: Problem, n_spins: int | None = None) -> float:
    """Return the overlap m0 from which on a memory, or a pattern, is found by single-spin dynamics.

    See docs/theory.md, eq. 103 to 105, 135, 141 and 142.

    Parameters
    ----------
    problem : ExponentialModel, RectifiedModel, ExponentialTeacherStudent or ExponentialArchetypes
        At T = 0 a state finds the memory where its field exceeds the fluctuations of the others, at T > 0 only where it
        exceeds their whole sum, which is more. Rectified polynomials are for T = 0. A teacher's pattern has such an
        edge where unrelated memories are stored beside its examples, and an archetype among others.
    n_spins : int, optional
        N, at T = 0: the overlap that one step leaves as it is on average, which is the same for synchronous and for
        asynchronous dynamics and exact at every N, with the examples or copies of a pattern by their mean field. None
        is the limit.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    NoSolution
        If no state finds it, not even the memory or the pattern itself.
    OutOfRange
        If n_spins is given at T > 0, or the polynomial is asked about there.

    Notes
    -----
    In double precision the memory's field is lost where it is less than 2^-52 of the sum over all memories, about where
    N (phi_A(L) - L m) exceeds 36.
    """
    if isinstance(problem, RectifiedModel):
        return _rectified(problem, n_spins)
    if not isinstance(problem, ExponentialModel | ExponentialTeacherStudent | ExponentialArchetypes):
        raise InvalidInput(f"problem must be an ExponentialModel or a RectifiedModel, got {checks.shown(problem)}")
    if n_spins is not None:
        n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
        if problem.temperature > 0:
            raise OutOfRange(f"the form for finite N is that of T = 0, got T = {problem.temperature:g}")
    if not isinstance(problem, ExponentialModel):
        return pattern_basin(problem, n_spins)
    return _infinite(problem) if n_spins is None else _finite(problem, n_spins)


def _infinite(problem: ExponentialModel) -> float:
    """Return the edge of the basin of a memory at large N (docs/theory.md, eq. 103)."""
    if problem.temperature > 0:
        limit, felt = retrieval_limit(problem.sharpness, problem.temperature), problem.sharpness
    else:
        felt = 2 * problem.sharpness  # the variance of the others' field is a sum of exp(2L k)
        limit = sums.shortfall(felt, sums.NO_PATTERN, 0.0)
    if not problem.load < limit:
        raise NoSolution(f"no basin at load {problem.load:g}: memories are fixed points up to {limit:.10g}")
    return sums.exponent(problem.load, sums.carrying_sharpness(problem.load, felt, 0.0), sums.NO_PATTERN, 0.0)


def _others(load: float, n_spins: int) -> int:
    """Return the number of memories beside one."""
    return n_examples_for(load, n_spins, None) - 1


def rectified_field(overlaps: Floats, degree: int, n_spins: int) -> Floats:
    """Return the field of a memory in max(k/N, 0)^n at a spin, by the overlap k/N of the other spins."""
    up, down = (np.maximum(overlaps + shift / n_spins, 0.0) for shift in (1, -1))
    field: Floats = up**degree - down**degree
    return field


def _bounded(fields: Floats, signal: float) -> Floats:
    """Return fields over a signal, none so large that it overflows."""
    if signal <= 0:
        return np.where(fields > 0, first_step.HUGE, 0.0)
    return np.minimum(fields / signal, first_step.HUGE)


def _finite(problem: ExponentialModel, n_spins: int) -> float:
    """Return the overlap that one step at T = 0 leaves as it is on average: an unstable fixed point."""

    def sizes(overlap: float) -> tuple[Floats, Floats]:
        signal, sharpness = problem.sharpness * n_spins * overlap, problem.sharpness
        right, wrong = (first_step.field_sizes(signal + shift, sharpness, n_spins) for shift in (-sharpness, sharpness))
        return right, wrong

    carrying = sums.carrying_sharpness(problem.load, 2 * problem.sharpness, 0.0)
    near = sums.exponent(problem.load, carrying, sums.NO_PATTERN, 0.0)
    return first_step.unstable_overlap(sizes, _others(problem.load, n_spins), n_spins, near)


def _rectified(problem: RectifiedModel, n_spins: int | None) -> float:
    """Return the edge of the basin of a rectified polynomial of degree n = c N (docs/theory.md, eq. 135)."""
    if problem.temperature > 0:
        raise OutOfRange(
            "the field of a rectified polynomial of degree n = c N is exponentially small beside T away from a memory: "
            f"give T = 0, got T = {problem.temperature:g}"
        )
    exponent = noise_exponent(problem.load, 2 * problem.degree)
    near = math.exp(exponent / (2 * problem.degree))
    if n_spins is not None:
        n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
        degree = max(1, round(problem.degree * n_spins))
        fields = rectified_field((2.0 * np.arange(n_spins) - n_spins + 1) / n_spins, degree, n_spins)

        def sizes(overlap: float) -> tuple[Floats, Floats]:
            around = rectified_field(overlap + np.array([-1.0, 1.0]) / n_spins, degree, n_spins)
            return _bounded(fields, around[0]), _bounded(fields, around[1])

        return first_step.unstable_overlap(sizes, _others(problem.load, n_spins), n_spins, min(near, 1.0))
    if exponent >= 0:
        raise NoSolution(f"no basin at load {problem.load:g}: memories are fixed points up to a smaller one")
    return near
