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
    return checks.number("the number", value, zero_allowed=True)


def listed(value: Any) -> Any:
    """Read a list, or one value for a list of one."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _axis(value: Any) -> Any:
    """Read an axis of a grid: one value, a list, or a range {from, to, points}."""
    if isinstance(value, dict):
        if set(value) != {"from", "to", "points"}:
            raise ValueError("a range is written {from: 1, to: 3, points: 20}")
        points = checks.integer("points", value["points"], 1, LARGEST_CAMPAIGN)
        first, last = (checks.number(name, value[name], zero_allowed=True) for name in ("from", "to"))
        return tuple(decimal_range(first, last, points).tolist())
    return listed(value)


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
Overlap = Annotated[float, BeforeValidator(not_bool), Field(ge=-1, le=1)]
Axis = BeforeValidator(_axis)
Filled = Field(min_length=1)
