"""`solve_grid`: one branch at many points, as one labelled dataset."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from densehop.base import checks, formats
from densehop.base.progress import NoProgress, Progress
from densehop.base.quantities import describe
from densehop.errors import InvalidInput, NoSolution, NotConverged, OutOfRange
from densehop.theory.saddle_point import ANSATZES, find
from densehop.theory.states.model import BRANCHES, AnyProblem
from densehop.theory.states.solution import Solution

NUMBERS = (
    *("m", "q", "q_star", "q0", "q1", "parisi"),
    *("free_entropy", "free_energy", "energy", "entropy", "replicon", "residual"),
)
LABELS = {"load": "alpha"}  # a name that no method of a dataset has


def solve_grid(
    problem: Callable[..., AnyProblem],
    branch: str = "inference",
    ansatz: str = "rs",
    *,
    progress: Progress | None = None,
    **parameters: Any,
) -> xr.Dataset:
    """Return one branch of the saddle-point equations at many points (docs/theory.md, sections 4, 6, 8 and 9).

    `solve_grid(DirectModel, "retrieval", p=3, load=loads, temperature=[0.1, 0.5])` solves at every combination.

    Parameters
    ----------
    problem : the class of a problem, or a classmethod that makes one, such as TeacherStudent.nishimori
    branch, ansatz : as in `solve`
    progress : Progress, optional
        Where to report each point.
    **parameters : the arguments of `problem`
        Numbers, (n,) arrays, which each become a dimension, or DataArrays, which broadcast by the names of their
        dimensions, for a line through the plane. The dimension of `load` is called alpha.

    Returns
    -------
    xarray.Dataset
        Order parameters, free energies, replicon and residual as in `Solution`, nan where there is no state; `exists`,
        `converged`; `reason` (why there is no state) and `advice` (why not to believe one).

    Raises
    ------
    InvalidInput
        If a parameter is not allowed at any point.

    Warns
    -----
    RuntimeWarning
        Once, with the numbers of points without a state, unconverged or unstable.
    """
    checks.choice("branch", branch, BRANCHES)
    checks.choice("ansatz", ansatz, ANSATZES)
    if not parameters:
        raise InvalidInput("solve_grid needs the problem's parameters by name, such as p=3, load=..., temperature=...")
    labelled = xr.broadcast(*(_labelled(name, value) for name, value in parameters.items()))
    shape, size = labelled[0].shape, labelled[0].size
    points = [dict(zip(parameters, values, strict=True)) for values in zip(*map(_flat, labelled), strict=True)]
    problems = [problem(**point) for point in points]
    report = progress or NoProgress()
    report.total(size)
    found = []
    for one in problems:
        found.append(_found(one, branch, ansatz))
        report.advance()
    dataset = xr.Dataset(coords=labelled[0].coords).assign_coords(_fixed(parameters))
    for name, values in _columns(found).items():
        dataset[name] = labelled[0].dims, values.reshape(shape)
    kind = getattr(problem, "__qualname__", str(problem))
    dataset = dataset.assign_attrs(problem=kind, branch=branch, ansatz=ansatz, **formats.origin())
    _warn(dataset)
    return describe(dataset)


def _labelled(name: str, value: Any) -> xr.DataArray:
    """Return a parameter as an array whose dimension has its name."""
    if isinstance(value, xr.DataArray):
        return value
    label, array = LABELS.get(name, name), np.asarray(value)
    if array.ndim > 1:
        raise InvalidInput(
            f"{name} must be a number or of shape (n,), got shape {array.shape}: arrays of shape (n,) are combined, "
            "xarray.DataArrays with named dimensions broadcast"
        )
    return xr.DataArray(array) if array.ndim == 0 else xr.DataArray(array, {label: array}, [label])


def _flat(values: xr.DataArray) -> list[Any]:
    """Return an array as a list of Python's numbers."""
    result: list[Any] = values.values.ravel().tolist()
    return result


def _fixed(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return what all points share as scalar coordinates, and parameters along other dimensions."""
    result = {}
    for name, value in parameters.items():
        label = LABELS.get(name, name)
        if isinstance(value, xr.DataArray):
            if label not in value.dims:
                result[label] = value.variable
        elif np.ndim(value) == 0 and value is not None:
            result[label] = value
    return result


def _found(problem: AnyProblem, branch: str, ansatz: str) -> Solution | str:
    """Return a solution, or why there is none."""
    try:
        return find(problem, branch, ansatz)
    except (NoSolution, NotConverged, OutOfRange) as missing:
        return str(missing)


def _columns(found: list[Solution | str]) -> dict[str, npt.NDArray[Any]]:
    """Return each quantity at every point."""
    numbers = {
        name: np.array([np.nan if isinstance(one, str) else getattr(one, name) for one in found]) for name in NUMBERS
    }
    exists = np.array([not isinstance(one, str) for one in found], dtype=bool)
    converged = np.array([not isinstance(one, str) and one.converged for one in found], dtype=bool)
    reason = np.array([one if isinstance(one, str) else "" for one in found], dtype=object)
    advice = np.array(["" if isinstance(one, str) else one.advice for one in found], dtype=object)
    return {**numbers, "exists": exists, "converged": converged, "reason": reason, "advice": advice}


def _warn(dataset: xr.Dataset) -> None:
    """Say in one warning how many points have no state, did not converge or should not be believed."""
    exists, converged = dataset["exists"].values, dataset["converged"].values
    doubtful = (dataset["advice"].values != "") & converged
    counts = {
        "have no state (nan; see `reason`)": int((~exists).sum()),
        "did not converge": int((exists & ~converged).sum()),
        "have a state that is unstable or has negative entropy (see `advice`)": int(doubtful.sum()),
    }
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    if said:
        warnings.warn(f"of {exists.size} points {said}", RuntimeWarning, stacklevel=3)
