"""Whether a student can find the pattern at a point and a number N of spins: easy, hard or impossible."""

import warnings
from dataclasses import dataclass

import xarray as xr

from densehop.apps.explorer.compute.point import Point
from densehop.errors import DensehopError
from densehop.theory.questions.thresholds import inference_regime

MEANINGS = {
    "easy": "a fast method finds the pattern from the examples alone",
    "hard": "the pattern's state is the likeliest, but no fast method is known that finds it",
    "impossible": "the pattern's state is not the likeliest",
}


@dataclass(frozen=True)
class Student:
    """A point of a plane with a teacher, and the number N of spins."""

    point: Point
    n_spins: int


def has_difficulty(point: Point) -> bool:
    """Whether there is a pattern to find, and a theory of how hard that is."""
    return point.plane.has_teacher and not point.plane.exponential


def difficulty(student: Student) -> xr.Dataset:
    """Return the regime and its explanation as attributes; both are empty where the theory has no answer."""
    point, n_spins = student.point, student.n_spins
    p, hot = point.plane.p, point.teacher_temperature(n_spins)
    if p is None or hot is None or not point.coordinate > 0:
        return xr.Dataset(attrs={"regime": "", "explanation": ""})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # the page itself says where replica symmetry is broken
            found = inference_regime(n_spins, point.n_examples(n_spins), p, point.temperature, point.teacher_p, hot)
    except DensehopError:  # the page itself says what is wrong with the point
        return xr.Dataset(attrs={"regime": "", "explanation": ""})
    return xr.Dataset(attrs={"regime": found.regime, "explanation": found.explanation})


def sentence(n_spins: int, found: xr.Dataset) -> str:
    """Return, as HTML, how hard it is to find the pattern; an empty string where that is not known."""
    regime = found.attrs["regime"]
    if not regime:
        return ""
    meaning = MEANINGS[regime]
    return f"<p><b>Finding the pattern: {regime}</b> at N = {n_spins} ({meaning}). {found.attrs['explanation']}</p>"
