"""The axes of a phase diagram: checks of those that are given, and default ones that show all phases of a plane."""

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.base.ranges import decimal_range
from densehop.errors import InvalidInput
from densehop.teacher import law
from densehop.theory.lines.planes import Plane

# A point takes a tenth of a second where states are not the direct model's in other coordinates (p = 2): fewer points.
LARGEST_COORDINATE = {"direct": 2.0, "nishimori": 8.0, "fixed_teacher": 4.0, "finite_noise": 2.0, "large_noise": 2.0}
LARGEST_TEMPERATURE = 4.0
N_POINTS = 81
LARGEST_PAIRWISE_COORDINATE = {**dict.fromkeys(LARGEST_COORDINATE, 2.0), "direct": 0.4}
LARGEST_PAIRWISE_TEMPERATURE = 3.0
N_PAIRWISE_POINTS = 31
N_TEACHER_TEMPERATURES = 80


def default_coordinates(where: Plane) -> Floats:
    """Return values of the first coordinate of a plane, from 0 or from just above the teacher's T_crit."""
    if where.model == "fixed_load":
        return _teacher_temperatures(where)
    if where.universal:
        return decimal_range(0.0, LARGEST_COORDINATE[where.model], N_POINTS)
    return decimal_range(0.0, LARGEST_PAIRWISE_COORDINATE[where.model], N_PAIRWISE_POINTS)


def _teacher_temperatures(where: Plane) -> Floats:
    """Return teacher temperatures from just above T_crit, where the theory begins to hold, to three times T_crit."""
    critical = law.critical_temperature(where.p).temperature
    distance = 1e-9 * critical if where.universal else 0.01 + 1e-9 * critical  # p = 2: the signal diverges at T_crit
    return np.linspace(critical + distance, 3 * critical, N_TEACHER_TEMPERATURES)


def default_temperatures(where: Plane) -> Floats:
    """Return temperatures from 0 up."""
    if where.universal:
        return decimal_range(0.0, LARGEST_TEMPERATURE, N_POINTS)
    return decimal_range(0.0, LARGEST_PAIRWISE_TEMPERATURE, N_PAIRWISE_POINTS)


def checked_axis(name: str, values: npt.ArrayLike) -> Floats:
    """Return an axis, (n,), of finite increasing numbers >= 0, or raise `InvalidInput`."""
    array = checks.as_array(name, values)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iuf":
        raise InvalidInput(f"{name} must be real numbers of shape (n,), got shape {array.shape}")
    checked = np.array([checks.number(name, float(value), zero_allowed=True) for value in array])
    if (np.diff(checked) <= 0).any():
        raise InvalidInput(f"{name} must increase")
    return checked
