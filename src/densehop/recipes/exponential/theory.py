"""What theory says to the figure of exponential energies, at infinite and at finite N."""

import math

import numpy as np

from densehop.errors import NoSolution
from densehop.exponential_problem import ExponentialModel, ExponentialTeacherStudent
from densehop.theory.diagrams.phases import candidates
from densehop.theory.models.exponential import sums
from densehop.theory.questions.basin import basin_overlap
from densehop.theory.questions.exponential_attack import attack_boundary


def edge(load: float, sharpness: float, n_spins: int | None) -> float:
    """Return the edge of the basin at T = 0, nan where there is none."""
    try:
        return basin_overlap(ExponentialModel(load, sharpness, 0.0), n_spins)
    except NoSolution:
        return math.nan


def attack(load: float, sharpness: float, reliability: float, n_spins: int | None) -> float:
    """Return the fraction of overwritten sites above which an example wins."""
    return attack_boundary(ExponentialTeacherStudent(load, sharpness, 0.0, reliability), n_spins)


def overlap(load: float, sharpness: float, reliability: float) -> float:
    """Return the overlap of the winner with the pattern at T = 1/(2L)."""
    return candidates(ExponentialTeacherStudent(load, sharpness, 1 / (2 * sharpness), reliability))[0].q_star


def overlap_at_size(load: float, sharpness: float, reliability: float, n_spins: int) -> float:
    """Return that overlap from <Z> at N spins, a sum over pairs of equal and of different examples (eq. 132)."""
    both, number = math.cosh(2 * sharpness), math.exp(load * n_spins)
    equal = n_spins * math.log(2 * both)
    different = math.log(max(number - 1, 1e-300)) + n_spins * math.log(1 + both + reliability**2 * (both - 1))
    share = 1 / (1 + math.exp(np.clip(equal - different, -700, 700)))
    follows = math.tanh(2 * sums.odd(sharpness, reliability))
    return share * follows + (1 - share) * reliability * math.tanh(2 * sharpness)
