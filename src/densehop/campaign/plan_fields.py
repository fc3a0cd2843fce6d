"""The types of a plan's fields: numbers, lists and ranges, checked."""

from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from densehop.base import checks
from densehop.base.ranges import decimal_range

LARGEST_CAMPAIGN = 1_000_000  # cells: more are taken for a mistake


class Part(BaseModel):
    """A part of a plan: frozen, and what it does not know it refuses."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def not_bool(value: Any) -> Any:
    """Refuse true and false where a number is wanted, which pydantic would read as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("a number is wanted")
    return value


def _positive(value: float) -> float:
    return checks.number("the number", value)


def _not_negative(value: float) -> float:
    return unsigned_zero(checks.number("the number", value, zero_allowed=True))


def unsigned_zero(value: float) -> float:
    """Return a number, 0.0 for -0.0: they are the same point, and would be cells of two names."""
    return value + 0.0


def as_list(value: Any) -> Any:
    """Read a list, or one value for a list of one."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _axis(value: Any) -> Any:
    """Read an axis of a grid: one value, a list, or a range {from, to, points}."""
    if isinstance(value, dict):
        if set(value) != {"from", "to", "points"}:
            raise ValueError("a range is written {from: 1, to: 3, points: 20}")
        points = checks.integer("points", as_number(value["points"]), 1, LARGEST_CAMPAIGN)
        first, last = (checks.number(name, as_number(value[name]), zero_allowed=True) for name in ("from", "to"))
        if points == 1 and first != last:
            raise ValueError(f"a range of 1 point needs from = to, got {first:g} and {last:g}")
        return tuple(decimal_range(first, last, points).tolist())
    return as_list(value)


def as_number(value: Any) -> Any:
    """Read a number that is written as text, as the members of a list may be."""
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number


def different(name: str, values: tuple[Any, ...]) -> None:
    """Refuse a list that has a value twice."""
    if len(set(values)) < len(values):
        raise ValueError(f"{name} must be different, got {next(v for v in values if values.count(v) > 1)} twice")


Bodies = Annotated[int, BeforeValidator(not_bool), Field(ge=2)]
Spins = Annotated[int, BeforeValidator(not_bool), Field(ge=2, le=checks.LARGEST_SIZE)]
Count = Annotated[int, BeforeValidator(not_bool), Field(ge=1)]
Positive = Annotated[float, BeforeValidator(not_bool), AfterValidator(_positive)]
NotNegative = Annotated[float, BeforeValidator(not_bool), AfterValidator(_not_negative)]
Share = Annotated[float, BeforeValidator(not_bool), Field(ge=0, lt=1)]
Overlap = Annotated[float, BeforeValidator(not_bool), Field(ge=-1, le=1), AfterValidator(unsigned_zero)]
Axis = BeforeValidator(_axis)
Filled = Field(min_length=1)
