"""All results of a campaign in one dataset: dimensions are the axes of the plan, facts are attributes."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from densehop.base import checks
from densehop.base.archives import Damaged
from densehop.base.quantities import describe
from densehop.campaign.cell import Cell, overlap_name
from densehop.campaign.folder import CampaignFolder, Result
from densehop.campaign.plan import Plan
from densehop.campaign.summary import VERDICTS
from densehop.problem import load_of

ALWAYS = ("p", "n_spins", "temperature", "disorder", "start")  # dimensions even where they have one value
SPARSE = 2.0  # a grid that is emptier than 1 in 2 becomes a list of points

VERDICT_FLAGS = {
    "long_name": "verdict on equilibration",
    "flag_values": list(range(len(VERDICTS))),
    "flag_meanings": " ".join(verdict.value.replace(" ", "_") for verdict in VERDICTS),  # as in the CF conventions
}

Point = dict[str, Any]


def collect(folder: Path, plan: Plan | None = None, traces: bool = True) -> xr.Dataset:
    """Return the results of a plan (None: the one that was run last) from a campaign's folder.

    Dimensions are p, n_spins, alpha (the load; n_examples, where the plan gives that), temperature, disorder and start;
    then chain and sweep for traces. What follows from these, such as a teacher_temperature on the Nishimori line, is a
    coordinate, else a dimension. Grids that fill less than half of their product become a dimension `point`.
    Variables are floats, nan where a cell has no result or no such variable; `equilibrated` is a boolean, false there.
    `start` is a number if all starts are overlaps, else a name beside the coordinate `start_overlap`. How many cells
    are missing, wall times, hosts and versions are attributes.

    Raises
    ------
    InvalidInput
        If the folder holds no campaign, or the dataset cannot fit into memory.
    """
    campaign = CampaignFolder.existing(folder)
    plan = plan or campaign.plan()
    cells = plan.cells()
    results = _results(campaign, cells, traces)
    grid = _Grid.of(_points(cells), _amount(plan))
    dataset = grid.coordinates()
    for name, dims in _variables(list(results.values())).items():
        dataset[name] = _on_grid(grid, cells, results, name, dims)
    if "verdict" in dataset:
        dataset["verdict"].attrs.update(VERDICT_FLAGS)
    attack = plan.grids[0].attack
    if attack is not None and "fraction" in dataset.dims:
        dataset = dataset.assign_coords(example=list(attack.examples), fraction=list(attack.fractions))
    for name in {"agreeing", "neighbour"} & set(dataset.dims):
        dataset = dataset.assign_coords({name: range(dataset.sizes[name])})
    if "equilibrated" in dataset:
        dataset["equilibrated"] = dataset["equilibrated"] == 1  # false where a cell has no result
    return describe(dataset).assign_attrs(_attributes(campaign, plan, cells, results))


def _results(folder: CampaignFolder, cells: Sequence[Cell], traces: bool) -> dict[str, Result]:
    """Read what is finished and whole."""
    results = {}
    for cell in cells:
        try:
            result = folder.result(cell)
        except Damaged:
            continue
        if result is not None:
            kept = {name: item for name, item in result.variables.items() if traces or not name.endswith("_trace")}
            results[cell.identity] = Result(kept, result.facts)
    return results


def _amount(plan: Plan) -> str:
    """Return the name of the axis for how many examples there are."""
    return "alpha" if any(grid.problem.load is not None for grid in plan.grids) else "n_examples"


def _point(cell: Cell) -> Point:
    """Return the values of all axes at a cell."""
    load = load_of(cell.n_examples, cell.n_spins, cell.p) if math.isnan(cell.load) else cell.load
    teacher = {
        name: math.nan if getattr(cell, name) is None else getattr(cell, name)
        for name in ("teacher_p", "teacher_temperature")
    }
    given = {name: getattr(cell, name) for name in ("p", "n_spins", "n_examples", "temperature", "disorder")}
    return {**given, **teacher, "alpha": load, **_start(cell)}


def _start(cell: Cell) -> Point:
    """Return the name of a start and, where it is at an overlap, that number."""
    name = cell.start_name or cell.start
    return {"start": name} if cell.start_overlap is None else {"start": name, "start_overlap": cell.start_overlap}


def _points(cells: Sequence[Cell]) -> list[Point]:
    """Return the points of all cells. Starts that are all overlaps without names are numbers."""
    points = [_point(cell) for cell in cells]
    if any("start_overlap" in point for point in points):
        points = [{**point, "start_overlap": point.get("start_overlap", math.nan)} for point in points]
        if all(point["start"] == overlap_name(point["start_overlap"]) for point in points):
            points = [{**point, "start": point.pop("start_overlap")} for point in points]
    return points


@dataclass(frozen=True)
class _Grid:
    """The dimensions of a dataset, their values, and where each cell lies."""

    points: list[Point]
    dims: tuple[str, ...]
    values: dict[str, list[Any]]

    @classmethod
    def of(cls, points: list[Point], amount: str) -> "_Grid":
        """Choose the dimensions."""
        other = "n_examples" if amount == "alpha" else "alpha"
        candidates = ("p", "n_spins", amount, "temperature", "teacher_p", "teacher_temperature", other)
        dims: tuple[str, ...] = ()
        for name in candidates:
            if name in {*ALWAYS, amount} or not _follows(points, name, dims):
                dims = (*dims, name)
        grid = cls.along(points, (*dims, "disorder", "start"))
        if math.prod(grid.shape) <= SPARSE * len(points):
            return grid
        combos = list(dict.fromkeys(tuple(point[name] for name in dims) for point in points))
        index_of = {point: index for index, point in enumerate(combos)}
        numbered = [{**point, "point": index_of[tuple(point[name] for name in dims)]} for point in points]
        return cls.along(numbered, ("point", "disorder", "start"))

    @classmethod
    def along(cls, points: list[Point], dims: tuple[str, ...]) -> "_Grid":
        """Lay the points out along dimensions, values in the order of the plan."""
        return cls(points, dims, {name: list(dict.fromkeys(point[name] for point in points)) for name in dims})

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the dimensions."""
        return tuple(len(self.values[name]) for name in self.dims)

    def index(self, point: Point, dims: Sequence[str] | None = None) -> tuple[int, ...]:
        """Return where a point lies."""
        return tuple(self.values[name].index(point[name]) for name in (self.dims if dims is None else dims))

    def coordinates(self) -> xr.Dataset:
        """Return a dataset of coordinates: the dimensions, and what follows from them."""
        dataset = xr.Dataset(coords={name: self.values[name] for name in self.dims})
        for name in self.points[0]:
            if name not in self.dims:
                dims = self._support(name)
                values = np.full([len(self.values[dim]) for dim in dims], math.nan)
                for point in self.points:
                    values[self.index(point, dims)] = point[name]
                dataset.coords[name] = (dims, values)
        return dataset

    def _support(self, name: str) -> tuple[str, ...]:
        """Return the fewest dimensions that a coordinate depends on."""
        for length in range(len(self.dims) + 1):
            for dims in combinations(self.dims, length):
                if _follows(self.points, name, dims):
                    return dims
        return self.dims


def _follows(points: list[Point], name: str, dims: Sequence[str]) -> bool:
    """Tell whether a value is a function of others."""
    first_values: dict[tuple[Any, ...], str] = {}
    return all(
        first_values.setdefault(tuple(point[dim] for dim in dims), repr(point[name])) == repr(point[name])
        for point in points
    )


def _variables(results: Sequence[Result]) -> dict[str, tuple[str, ...]]:
    """Return names and dimensions of all variables."""
    return {name: dims for result in results for name, (dims, _) in result.variables.items()}


def _on_grid(
    grid: _Grid, cells: Sequence[Cell], results: dict[str, Result], name: str, dims: tuple[str, ...]
) -> xr.DataArray:
    """Lay one variable of all cells on the grid; shorter traces end in nan."""
    parts = {key: result.variables[name][1] for key, result in results.items() if name in result.variables}
    inner = tuple(max(part.shape[axis] for part in parts.values()) for axis in range(len(dims)))
    checks.memory(f"collecting {name}", 8 * math.prod(grid.shape + inner))
    values = np.full(grid.shape + inner, math.nan)
    for cell, point in zip(cells, grid.points, strict=True):
        if cell.identity in parts:
            part = parts[cell.identity]
            values[grid.index(point) + tuple(slice(length) for length in part.shape)] = part
    return xr.DataArray(values, dims=(*grid.dims, *dims))


def _attributes(
    folder: CampaignFolder, plan: Plan, cells: Sequence[Cell], results: dict[str, Result]
) -> dict[str, Any]:
    """Return facts about the campaign, which say nothing about physics."""
    wanted = {cell.identity: cell for cell in cells}
    facts = [result.facts for result in results.values()]
    cells_of = {name: Counter(str(fact.get(name)) for fact in facts) for name in ("host", "densehop_version")}
    return {
        "campaign": plan.name,
        "plan": plan.model_dump_json(),
        "n_cells": len(wanted),
        "n_missing": len(wanted) - len(results),
        "n_failed": sum(folder.failure(cell) is not None for key, cell in wanted.items() if key not in results),
        "wall_seconds": math.fsum(fact.get("wall_seconds", 0.0) for fact in facts),
        "cpu_seconds": math.fsum(fact.get("cpu_seconds", 0.0) for fact in facts),
        "cells_of_host": json.dumps(cells_of["host"]),
        "cells_of_version": json.dumps(cells_of["densehop_version"]),
    }
