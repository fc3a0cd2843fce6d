"""The lines of a plane in its dataset: where they lie, and where each of them means something.

A boundary matters where it separates two phases, or inside the phase that it is a property of; the metastable is
hidden.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from densehop.base.arrays import Floats, Mask
from densehop.theory.lines.exponential_planes import ExponentialPlane
from densehop.theory.lines.planes import Plane
from densehop.theory.lines.universal_boundaries import BACKGROUND, INFERENCE, RETRIEVAL

DISORDERED, ORDERED = frozenset({"P", "SG"}), frozenset({"lR", "gR"})  # phases without and with a finite overlap
GLASS = ("glass_static", "glass_dynamic", "glass_gardner")


class Rule(NamedTuple):
    """Where a line matters: `inside` these phases, and next to each set in `near`."""

    inside: frozenset[str]
    near: tuple[frozenset[str], ...] = ()


SPINODAL = Rule(ORDERED | DISORDERED, (ORDERED, DISORDERED))
GLOBAL = Rule(ORDERED | DISORDERED, (frozenset({"gR"}), frozenset({"lR"}) | DISORDERED))
AT = Rule(ORDERED)
COMMON = {
    "glass_static": Rule(DISORDERED, (frozenset({"P"}), frozenset({"SG"}))),
    "glass_dynamic": Rule(frozenset({"P"})),
    "glass_gardner": Rule(frozenset({"SG"})),
}
OF_INFERENCE = {
    "inference_spinodal": SPINODAL,
    "inference_global": GLOBAL,
    "inference_stability": AT,
    "spectral": Rule(frozenset({"gR"})),
}
OF_RETRIEVAL = {"retrieval_spinodal": SPINODAL, "retrieval_global": GLOBAL, "retrieval_stability": AT}
EXAMPLES = {
    "retrieval_global": Rule(frozenset({"eR", "lR"}) | DISORDERED, (frozenset({"eR"}), frozenset({"lR"}) | DISORDERED)),
    "inference_or_retrieval": Rule(frozenset({"eR", "gR"}), (frozenset({"eR"}), frozenset({"gR"}))),
    "retrieval_stability": Rule(frozenset({"eR"})),
}
OF_EXAMPLES = {  # with exponential energies: where the loser exists too; the last two beside unrelated memories
    "retrieval_spinodal": Rule(frozenset({"gR"})),
    "inference_spinodal": Rule(frozenset({"eR", "lR"}) | DISORDERED),
    "inference_global": Rule(
        frozenset({"eR"}) | ORDERED | DISORDERED, (frozenset({"gR"}), frozenset({"eR", "lR", "P"}))
    ),
    "retrieval_global": EXAMPLES["retrieval_global"],
}
ZERO_ENTROPY = frozenset({"lR"}) | DISORDERED


OF_MODELS = {
    "direct": {**OF_RETRIEVAL, **COMMON, "zero_entropy": Rule(ZERO_ENTROPY)},
    "nishimori": {**OF_INFERENCE, "zero_entropy": Rule(ORDERED | DISORDERED)},
    "exponential": {name: OF_RETRIEVAL[name] for name in ("retrieval_spinodal", "retrieval_global")},
    "exponential_examples": {**OF_EXAMPLES, "inference_or_retrieval": EXAMPLES["inference_or_retrieval"]},
    "exponential_archetypes": {
        **{name: OF_INFERENCE[name] for name in ("inference_spinodal", "inference_global")},
        **{name: EXAMPLES[name] for name in ("retrieval_global", "inference_or_retrieval")},
        "retrieval_spinodal": Rule(ORDERED | DISORDERED),
    },
    "rectified": {"retrieval_spinodal": Rule(ORDERED), "retrieval_global": GLOBAL},
}


def rules(model: str, *, effective: bool = False) -> dict[str, Rule]:
    """Return the lines that mean something in a model's plane, and where; `effective`: on that Nishimori line."""
    if model in OF_MODELS:
        return OF_MODELS[model]
    glass = {} if effective else COMMON  # there they coincide with those of inference
    return {**OF_INFERENCE, **EXAMPLES, **glass}


def kinds_of(where: Plane) -> tuple[str, ...]:
    """Return the lines that a plane may have."""
    if isinstance(where, ExponentialPlane):
        return where.kinds
    retrieval = RETRIEVAL if where.axis != "teacher_temperature" else ()
    inference = (*INFERENCE, "inference_or_retrieval") if where.has_teacher else ()
    return (*retrieval, *inference, *BACKGROUND)


def shown(phase: xr.DataArray, x: Floats, t: Floats, rule: Rule | None) -> Mask:
    """Return at which points of a line it matters on a map of phases (temperature, coordinate)."""
    if rule is None:
        return np.zeros(x.shape, dtype=bool)
    names = np.array(phase.attrs["flag_meanings"].split())[phase.values]
    up_axis, along_axis = (phase[dim].values for dim in phase.dims)
    row, column = _cell(up_axis, t), _cell(along_axis, x)
    result: Mask = np.isin(names[row, column], list(rule.inside)) & np.isfinite(x) & np.isfinite(t)
    padded = np.pad(names, 1, mode="edge")
    around = [padded[row + up, column + right] for up in range(3) for right in range(3)]
    for wanted in rule.near:
        result &= np.isin(around, list(wanted)).any(axis=0)
    return result


def differ(one: xr.DataArray, other: xr.DataArray, x: Floats, t: Floats) -> Mask:
    """Return at which points of a line two maps of phases differ, there or next to it."""
    up_axis, along_axis = (one[dim].values for dim in one.dims)
    row, column = _cell(up_axis, t), _cell(along_axis, x)
    padded = np.pad(one.values != other.values, 1)
    result: Mask = np.any([padded[row + up, column + right] for up in range(3) for right in range(3)], axis=0)
    return result


def _cell(axis: Floats, values: Floats) -> npt.NDArray[np.intp]:
    """Return the index of the grid point nearest to each value."""
    result: npt.NDArray[np.intp] = np.searchsorted((axis[1:] + axis[:-1]) / 2, values)
    return result
