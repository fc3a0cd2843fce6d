"""The plan of a campaign: grids of problem x size x disorders x starts x schedule, checked before anything runs."""

import math
from collections.abc import Iterator
from itertools import combinations, pairwise, product
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from densehop.campaign.cell import Cell, Overwritten, Run, overlap_name
from densehop.campaign.plan_fields import (
    LARGEST_CAMPAIGN,
    Axis,
    Bodies,
    Count,
    Filled,
    NotNegative,
    Overlap,
    Part,
    Positive,
    Share,
    Spins,
    as_list,
    as_number,
    different,
    not_bool,
)
from densehop.problem import load_of, n_examples_for

LARGEST_SEED = 2**63 - 1  # what a NetCDF attribute holds
SHORTEST_MEASURED = 4  # sweeps: less cannot be judged
ENDLESS = 16  # max_sweeps where none is given, in units of n_sweeps


class Problem(Part):
    """The problem points: every combination of the lists.

    Attributes
    ----------
    model : "teacher-student" or "direct"
    p : number of bodies
    load or n_examples : alpha = M p!/N^(p-1), or M itself (memories, for the direct model)
    temperature : T >= 0
    teacher_temperature : T*, "nishimori" (T* = T) or "effective-nishimori" (teacher_p = 2, p even: the T* at which
        lambda = alpha/T, docs/theory.md, eq. 47)
    teacher_p : number of bodies of the teacher; None: p
    """

    model: Literal["teacher-student", "direct"] = "teacher-student"
    p: Annotated[tuple[Bodies, ...], Axis, Filled]
    load: Annotated[tuple[Positive, ...], Axis, Filled] | None = None
    n_examples: Annotated[tuple[Count, ...], Axis, Filled] | None = None
    temperature: Annotated[tuple[NotNegative, ...], Axis, Filled]
    teacher_temperature: (
        Literal["nishimori", "effective-nishimori"] | Annotated[tuple[Positive, ...], Axis, Filled] | None
    ) = None
    teacher_p: Bodies | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Problem":
        if (self.load is None) == (self.n_examples is None):
            raise ValueError("give exactly one of load and n_examples")
        teacher = self.teacher_temperature
        if self.model == "direct" and (teacher is not None or self.teacher_p is not None):
            raise ValueError("the direct model has no teacher: leave teacher_temperature and teacher_p out")
        if self.model == "teacher-student" and teacher is None:
            raise ValueError("give teacher_temperature: a number, 'nishimori' or 'effective-nishimori'")
        if isinstance(teacher, str) and 0 in self.temperature:
            raise ValueError(f"teacher_temperature = {teacher} needs temperature > 0")
        if teacher == "nishimori" and self.teacher_p not in {None, *self.p}:
            raise ValueError("on the Nishimori line teacher_p is p: leave it out")
        if teacher == "effective-nishimori" and (self.teacher_p != 2 or any(p % 2 or p < 4 for p in self.p)):
            raise ValueError("the effective Nishimori line needs teacher_p = 2 and an even p >= 4")
        for name in ("p", "load", "n_examples", "temperature"):
            different(name, getattr(self, name) or ())
        return self

    def teacher_temperatures(self, p: int, n_spins: int, temperature: float) -> tuple[float | None, ...]:
        """Return the teacher's temperatures at a point of the grid."""
        if self.teacher_temperature is None or isinstance(self.teacher_temperature, tuple):
            return self.teacher_temperature or (None,)
        if self.teacher_temperature == "nishimori":
            return (temperature,)
        scaled = (temperature / math.factorial(p // 2)) ** (2 / p)
        return (float(scaled * n_spins ** (1 - 2 / p)),)


class Start(Part):
    """Where the chains of a cell begin.

    Attributes
    ----------
    name : how results are labelled
    at : "pattern" (the teacher's), "example" (the first one; a memory of the direct model), "random" or "overlap"
    overlap : with the pattern (direct model: with the first memory), where `at` is "overlap"
    """

    name: Annotated[str, Field(min_length=1)]
    at: Literal["pattern", "example", "random", "overlap"]
    overlap: Overlap | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, value: Any) -> Any:
        value = as_number(value)
        if isinstance(value, str):
            return {"name": value, "at": value}
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = {"overlap": value}
        if isinstance(value, dict) and "overlap" in value and "at" not in value:
            return {"name": overlap_name(as_number(value["overlap"])), "at": "overlap", **value}
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Start":
        if (self.at == "overlap") != (self.overlap is not None):
            raise ValueError("overlap goes with at = overlap, and only with it")
        return self


class Attack(Part):
    """Attacks instead of starts: an example overwrites sites of the pattern, and the student moves from there.

    It moves to a fixed point at T = 0, else by the schedule.

    Attributes
    ----------
    fractions : of sites, each overwritten independently
    examples : "typical" (the smallest ``|overlap|`` with the pattern), "closest" (the largest)
    """

    fractions: Annotated[tuple[Annotated[NotNegative, Field(le=1)], ...], Axis, Filled]
    examples: Annotated[tuple[Literal["typical", "closest"], ...], BeforeValidator(as_list), Filled] = ("typical",)

    @model_validator(mode="after")
    def _consistent(self) -> "Attack":
        different("fractions", self.fractions)
        different("examples", self.examples)
        return self

    def overwritten(self) -> Overwritten:
        """Return what a cell is told."""
        return Overwritten(self.fractions, self.examples)


class Schedule(Part):
    """How the chains of each cell run.

    Attributes
    ----------
    n_chains, n_sweeps : a sweep is N attempted flips; n_sweeps is the first round's length where precision is given
    burn_in : share of the sweeps that is left out of the means
    dynamics, order, representation : as in `PBodyHopfield.sample`
    observable : "q_star", "m" or "energy"; None: q_star, for the direct model m
    precision : chains go on, doubling their length, until the error bar of the observable over chains is this small;
        None: no more than n_sweeps
    max_sweeps : where they end in any case; None: 16 n_sweeps with a precision
    exchange_with : rising temperatures; with those above its own each chain of a cell swaps places (replica exchange)
    """

    n_chains: Annotated[int, BeforeValidator(not_bool), Field(ge=1, le=1024)] = 4
    n_sweeps: Annotated[int, BeforeValidator(not_bool), Field(ge=8)] = 300
    burn_in: Share = 0.25
    dynamics: Literal["heat-bath", "metropolis"] = "heat-bath"
    order: Literal["sequential", "random"] = "sequential"
    representation: Literal["auto", "patterns", "couplings"] = "auto"
    observable: Literal["q_star", "m", "energy"] | None = None
    precision: Positive | None = None
    max_sweeps: Count | None = None
    exchange_with: Annotated[tuple[Positive, ...], Axis, Filled] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Schedule":
        if self.exchange_with is not None and any(b <= a for a, b in pairwise(self.exchange_with)):
            raise ValueError("exchange_with must be rising temperatures")
        if (1 - self.burn_in) * self.n_sweeps < SHORTEST_MEASURED:
            raise ValueError(
                f"burn_in = {self.burn_in:g} leaves fewer than {SHORTEST_MEASURED} of {self.n_sweeps} sweeps"
            )
        if self.max_sweeps is not None and self.precision is None:
            raise ValueError("max_sweeps goes with precision: without it chains run n_sweeps")
        if self.max_sweeps is not None and self.max_sweeps < self.n_sweeps:
            raise ValueError(f"max_sweeps must be at least n_sweeps = {self.n_sweeps}, got {self.max_sweeps}")
        return self

    def run(self, model: str) -> Run:
        """Return the schedule without defaults."""
        longest = self.n_sweeps if self.precision is None else self.max_sweeps or ENDLESS * self.n_sweeps
        observable = self.observable or ("m" if model == "direct" else "q_star")
        given = self.model_dump() | {"observable": observable, "max_sweeps": longest}
        return Run(**given)


RANDOM = (Start(name="random", at="random"),)


class Grid(Part):
    """Every combination of problem points, sizes, disorders and starts (or an attack), on one schedule."""

    problem: Problem
    n_spins: Annotated[tuple[Spins, ...], Axis, Filled]
    disorders: Annotated[int, BeforeValidator(not_bool), Field(ge=1, le=100_000)] = 4
    starts: Annotated[tuple[Start, ...], BeforeValidator(as_list), Filled] = RANDOM
    attack: Attack | None = None
    schedule: Schedule = Schedule()

    @model_validator(mode="after")
    def _consistent(self) -> "Grid":
        different("n_spins", self.n_spins)
        different("the names of starts", tuple(start.name for start in self.starts))
        direct = self.problem.model == "direct"
        if self.attack and (direct or self.starts != RANDOM or self.schedule.precision is not None):
            raise ValueError("attack is for teacher-student, stands instead of starts, and has no precision")
        if direct and any(start.at == "pattern" for start in self.starts):
            raise ValueError("starts: the direct model has no teacher's pattern; start at 'example', a memory")
        if direct and self.schedule.observable == "q_star":
            raise ValueError("schedule.observable: the direct model has no q_star; allowed are m and energy")
        others = self.schedule.exchange_with
        if others is not None and (self.attack or not 0 < min(self.problem.temperature) < others[-1]):
            raise ValueError("schedule.exchange_with goes with positive temperatures, some below it, and no attack")
        if max(self.problem.p) > min(self.n_spins):
            raise ValueError(f"n_spins must be at least p = {max(self.problem.p)}, got {min(self.n_spins)}")
        return self

    def cells(self, seed: int) -> Iterator[Cell]:
        """Yield the cells."""
        problem, run = self.problem, self.schedule.run(self.problem.model)
        attack = None if self.attack is None else self.attack.overwritten()
        starts: list[tuple[str, float | None, str]] = [(start.at, start.overlap, start.name) for start in self.starts]
        if attack is not None:
            starts = [("attack", None, "attack")]
        amounts = problem.load or problem.n_examples or ()
        for p, n_spins, amount, temperature in product(problem.p, self.n_spins, amounts, problem.temperature):
            n_examples = int(amount) if problem.load is None else max(1, n_examples_for(amount, n_spins, p))
            load = load_of(n_examples, n_spins, p) if problem.load is None else amount
            teacher_p = None if problem.model == "direct" else problem.teacher_p or p
            for teacher in problem.teacher_temperatures(p, n_spins, temperature):
                for disorder, (begin, overlap, name) in product(range(self.disorders), starts):
                    point = (seed, p, n_spins, n_examples, temperature, teacher_p, teacher)
                    yield Cell(*point, disorder, begin, overlap, run, attack, load, name)

    def share_cells(self, other: "Grid", start: str, other_start: str, seed: int) -> bool:
        """Tell whether a start of this grid and one of another are the same cell somewhere."""
        own, others = (
            {cell.identity for cell in grid.cells(seed) if cell.start_name == name}
            for grid, name in ((self, start), (other, other_start))
        )
        return not own.isdisjoint(others)

    @property
    def n_cells(self) -> int:
        """Count the cells."""
        problem, teachers = self.problem, self.problem.teacher_temperature
        axes = (problem.p, problem.load or problem.n_examples or (), problem.temperature, self.n_spins, self.starts)
        return math.prod(map(len, axes)) * self.disorders * (len(teachers) if isinstance(teachers, tuple) else 1)


class Plan(Part):
    """A campaign: its name, its seed and its grids. One seed gives the same bits on every engine.

    In a file, a plan of a single grid may put the grid's fields beside name and seed.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    seed: Annotated[int, BeforeValidator(not_bool), Field(ge=0, le=LARGEST_SEED)] = 0
    grids: Annotated[tuple[Grid, ...], Filled]

    @model_validator(mode="before")
    @classmethod
    def _from_single_grid(cls, value: Any) -> Any:
        if isinstance(value, dict) and "grids" not in value:
            outside = {name: value[name] for name in ("name", "seed") if name in value}
            return {**outside, "grids": [{key: item for key, item in value.items() if key not in outside}]}
        return value

    @model_validator(mode="after")
    def _of_sane_size(self) -> "Plan":
        n_cells = sum(grid.n_cells for grid in self.grids)
        if n_cells > LARGEST_CAMPAIGN:
            raise ValueError(f"{n_cells} cells are too many; allowed are {LARGEST_CAMPAIGN}")
        if any(grid.attack != self.grids[0].attack for grid in self.grids):
            raise ValueError("grids must have the same attack, or none")
        return self

    @model_validator(mode="after")
    def _one_name_for_each_start(self) -> "Plan":
        """Refuse two names of one start: they would be one cell, whose equal numbers look like agreement."""
        placed = [(start, grid) for grid in self.grids for start in grid.starts]
        for (one, grid), (other, other_grid) in combinations(placed, 2):
            same = (one.at, one.overlap) == (other.at, other.overlap) and one.name != other.name
            if same and (grid is other_grid or grid.share_cells(other_grid, one.name, other.name, self.seed)):
                raise ValueError(
                    f"starts '{one.name}' and '{other.name}' differ in name alone: their chains would be the same; "
                    "leave one out (more chains or disorders give independent repetitions)"
                )
        return self

    def cells(self) -> list[Cell]:
        """Return the cells in the order of the grids; grids that overlap name a cell more than once."""
        return [cell for grid in self.grids for cell in grid.cells(self.seed)]
