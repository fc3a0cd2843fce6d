"""Slow and obvious phases of noisy copies of many archetypes, or of examples beside unrelated memories.

They are minima over grids that are refined, and know of no condensation.

Free entropies are (129) to (131) of docs/theory.md as minima over the sharpness l and the field of an archetype.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from densehop.base.arrays import Floats

POINTS, PASSES = 400, 4


def least(function: Callable[[Floats], Floats], high: float) -> tuple[float, float]:
    """Return where a function is least on (0, high], and its value there, by a grid that is refined."""
    low, top = math.log(high) - 25, math.log(high)
    for _ in range(PASSES):
        grid = np.linspace(low, top, POINTS)
        values = function(np.exp(grid))
        best = int(values.argmin())
        low, top = grid[max(best - 1, 0)], grid[min(best + 1, POINTS - 1)]
    return float(np.exp(grid[best])), float(values[best])


def log_cosh(x: Floats) -> Floats:
    """Return log cosh x."""
    return np.asarray(np.logaddexp(x, -x) - math.log(2))


def slope(sharpness: Floats, reliability: float) -> Floats:
    """Return h, half the log of the ratio of the mean weights of sites that agree and that do not."""
    right, wrong = (1 + reliability) / 2, (1 - reliability) / 2
    return np.asarray(
        np.log(
            (right * np.exp(sharpness) + wrong * np.exp(-sharpness))
            / (wrong * np.exp(sharpness) + right * np.exp(-sharpness))
        )
        / 2
    )


def even(sharpness: Floats, reliability: float) -> Floats:
    """Return G."""
    return log_cosh(sharpness) - log_cosh(slope(sharpness, reliability))


def others(archetypes: float, copies: float, sharpness: float, reliability: float) -> float:
    """Return minus the energy of a typical state."""

    def share(field: Floats) -> Floats:
        return np.asarray((archetypes + log_cosh(field)) / field)

    closest = minimize_scalar(share, (1e-9, 30.0), method="bounded", bounds=(1e-9, 30.0), options={"xatol": 1e-12}).x

    def exponent(tilt: Floats) -> Floats:
        h = slope(tilt, reliability)
        return np.asarray((copies + even(tilt, reliability) + h * share(np.minimum(h, closest))) / tilt)

    return least(exponent, sharpness)[1]


def own(copies: float, sharpness: float, reliability: float, overlap: float) -> float:
    """Return what the copies of one archetype give at an overlap with it."""
    return least(
        lambda tilt: (copies + even(tilt, reliability) + overlap * slope(tilt, reliability)) / tilt, sharpness
    )[1]


def free_entropies(
    archetypes: float, copies: float, sharpness: float, reliability: float, temperature: float
) -> dict[str, float]:
    """Return those of all states of each kind that exist together, T > 0."""
    beta = 1 / temperature
    typical = others(archetypes, copies, sharpness, reliability)
    found = {"paramagnet": math.log(2) + beta * typical}
    if math.tanh(beta) > max(own(copies, sharpness, reliability, reliability * math.tanh(beta)), typical):
        found["retrieval"] = archetypes + copies + math.log(2) + float(log_cosh(np.array(beta)))

    def student(tilt: Floats) -> Floats:
        field = beta * slope(tilt, reliability) / tilt
        return np.asarray(beta * (copies + even(tilt, reliability)) / tilt + math.log(2) + log_cosh(field))

    carrying, value = least(student, sharpness)
    overlap = math.tanh(beta * float(slope(np.array(carrying), reliability)) / carrying)
    if own(copies, sharpness, reliability, overlap) > typical:
        found["inference"] = archetypes + value
    return found


def phase(found: dict[str, float]) -> str:
    """Return the phase that free entropies make."""
    winner = max(found, key=lambda name: found[name])
    if winner != "paramagnet":
        return {"inference": "gR", "retrieval": "eR"}[winner]
    return "lR" if "inference" in found else "P"


def memories(load: float, sharpness: float) -> float:
    """Return what random memories of a load give in a typical state."""
    return least(lambda tilt: (load + log_cosh(tilt)) / tilt, sharpness)[1]


def beside_memories(
    examples: float, unrelated: float, sharpness: float, reliability: float, temperature: float
) -> dict[str, float]:
    """Return the free entropies of states of each kind together, of one pattern's examples beside memories, T > 0."""
    beta = 1 / temperature
    others, alone = memories(unrelated, sharpness), own(examples, sharpness, reliability, 0.0)
    around_one = math.log(2) + float(log_cosh(np.array(beta)))
    found = {}
    if others >= alone:
        found["paramagnet"] = math.log(2) + beta * others
    if math.tanh(beta) > max(own(examples, sharpness, reliability, reliability * math.tanh(beta)), others):
        found["retrieval"] = examples + around_one
    if math.tanh(beta) > max(alone, others):
        found["unrelated_retrieval"] = unrelated + around_one
    tilts = np.geomspace(1e-3, sharpness, 1201)
    h, g = slope(tilts, reliability), even(tilts, reliability)
    low, high = 0.0, 12.0
    for _ in range(PASSES):  # the student: the best of all overlaps tanh(field), tried one by one
        fields = np.linspace(low, high, POINTS)
        overlaps = np.tanh(fields)
        carried = np.array([((examples + g + q * h) / tilts).min() for q in overlaps])
        total = math.log(2) + log_cosh(fields) - overlaps * fields + beta * carried
        best = int(total.argmax())
        low, high = fields[max(best - 1, 0)], fields[min(best + 1, POINTS - 1)]
    if carried[best] > others:
        found["inference"] = float(total[best])
    return found
