"""`evidence`: which p and T explain given examples best, from the free entropy of message passing.

The log odds against independent random examples are log Z - log <Z> (docs/theory.md, eq. 59 and 124); enumeration has
the same number at small N (`log_evidence`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Signs
from densehop.base.streams import Seed
from densehop.base.workers import count_workers
from densehop.errors import InvalidInput
from densehop.inference.amp import MessagePassing, infer
from densehop.inference.examples import Examples
from densehop.inference.instance import Instance
from densehop.inference.recovery import SAME, all_starts, log_odds, search


@dataclass(frozen=True, eq=False)
class Evidence:
    """How well each p and T explains the examples, in nats.

    Attributes
    ----------
    p : (n_p,) int64
    temperatures : (n_t,) float64, rising
    log_odds : (n_p, n_t) float64
        log P(examples) of a teacher with this p and T and a random pattern, less that of random examples; 0 where no
        pattern was found, nan where message passing did not converge to one.
    q : (n_p, n_t) float64, of the state found
    best_p : int
        p of the largest log odds; 0 if no pattern was found.
    best_temperature, temperature_error : float
        Where the log odds of best_p are largest, from a parabola through three points, and the standard error that its
        curvature gives; nan where the largest is at an end of the temperatures.
    advice : str
        What speaks against believing it; empty otherwise.
    """

    p: npt.NDArray[np.int64]
    temperatures: Floats
    log_odds: Floats
    q: Floats
    best_p: int
    best_temperature: float
    temperature_error: float
    advice: str


def evidence(
    examples: ArrayLike,
    p: int | Sequence[int],
    temperatures: ArrayLike,
    seed: Seed = 0,
    n_workers: int | None = None,
) -> Evidence:
    """Return the evidence of teachers with each p and temperature (docs/theory.md, eq. 59 and 124).

    Parameters
    ----------
    examples : (M, N) of +-1
    p : int or several
        Numbers of bodies, 2 <= p <= N, at most 20.
    temperatures : (n_t,) positive and rising, at least 3 for a maximum
    seed : int or SeedSequence
        As in `recover_pattern`.
    n_workers : int, optional
        Threads; None is one for each core. The bits do not depend on it.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    signs = checks.signs("examples", examples, ("M", "N"))
    grid = checks.series("temperatures", temperatures, "(n_t,)")
    if not (grid[0] > 0 and (np.diff(grid) > 0).all()):
        raise InvalidInput(f"temperatures must be positive and rising, got {checks.shown(grid.tolist())}")
    bodies = [p] if isinstance(p, int) else list(p)
    if not bodies:
        raise InvalidInput("p must be a number of bodies or several, got none")
    threads = count_workers(n_workers)
    rows = [_of_one(signs, n_bodies, grid, seed, threads) for n_bodies in bodies]
    odds, q = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    return _summary(np.array(bodies, dtype=np.int64), grid, odds, q)


def _of_one(signs: Signs, p: int, grid: Floats, seed: Seed, threads: int) -> tuple[Floats, Floats]:
    """Return log odds and q, (n_t,), of one p: a state found in the middle or at an end is followed."""
    instances = [Instance.checked(signs, p, float(t), threads) for t in grid]
    odds, q = np.zeros(len(grid)), np.zeros(len(grid))
    starts = list(all_starts(Examples(signs, p, threads), instances[0].codes, seed))
    for index in dict.fromkeys((len(grid) // 2, 0, len(grid) - 1)):
        candidate = search(instances[index], starts)
        if candidate.significant:
            break
    else:
        return odds, q
    for steps in (range(index, len(grid)), range(index - 1, -1, -1)):
        m = candidate.result.magnetisations
        for step in steps:
            result = infer(instances[step], m)
            odds[step], q[step] = _score(instances[step], result), result.q
            if result.q >= SAME:
                m = result.magnetisations
    return odds, q


def _score(instance: Instance, result: MessagePassing) -> float:
    """Return the log odds of a state, nan if it is none."""
    if not result.converged:
        return math.nan
    return log_odds(instance, result)


def _summary(bodies: npt.NDArray[np.int64], grid: Floats, odds: Floats, q: Floats) -> Evidence:
    """Find the maximum and its width."""
    none = Evidence(bodies, grid, odds, q, 0, math.nan, math.nan, "no pattern was found at any p and temperature")
    if not (np.nan_to_num(odds, nan=0.0) > 0).any():
        return none
    row, column = np.unravel_index(int(np.nanargmax(odds)), odds.shape)
    best = int(bodies[row])
    if column in (0, len(grid) - 1) or not np.isfinite(odds[row, column - 1 : column + 2]).all():
        advice = f"the largest evidence lies at the end of what is known, T = {grid[column]:g}: extend the temperatures"
        return Evidence(bodies, grid, odds, q, best, math.nan, math.nan, advice)
    # The parabola through the maximum and its neighbours: where it is highest, and one over the root of its curvature.
    curvature, slope, _ = np.polyfit(
        grid[column - 1 : column + 2] - grid[column], odds[row, column - 1 : column + 2], 2
    )
    best_temperature = float(grid[column] - slope / (2 * curvature))
    return Evidence(bodies, grid, odds, q, best, best_temperature, float(1 / math.sqrt(-2 * curvature)), "")
