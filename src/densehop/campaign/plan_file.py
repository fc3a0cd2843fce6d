"""Plans in files, and what is wrong with them in one line each."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from densehop.base import checks
from densehop.base.texts import text_of
from densehop.campaign.plan import Grid, Plan, Problem, Schedule, Start
from densehop.campaign.plan_fields import Part
from densehop.campaign.plan_text import READERS, parse
from densehop.errors import InvalidInput

SHOWN = 3  # mistakes that are named
FIELDS: dict[str, type[Part]] = {"problem": Problem, "schedule": Schedule, "starts": Start, "grids": Grid}


def read_plan(path: Path) -> Plan:
    """Read and check a plan from a .yaml, .yml, .toml or .json file.

    Raises
    ------
    InvalidInput
        In one line that names the file, the field, what is allowed and what came.
    """
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise InvalidInput(f"a plan must be a file ending in {', '.join(READERS)}; got '{path}'")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read the plan '{path}': {error.strerror}") from error
    return plan_of(parse(text_of(content, str(path)), suffix, str(path)), str(path))


def plan_of(content: Any, source: str = "plan") -> Plan:
    """Return the checked plan that a mapping describes."""
    if not isinstance(content, dict):
        raise InvalidInput(
            f"{source} must hold a mapping with name, problem, n_spins, ...; got {checks.shown(content)}"
        )
    try:
        return Plan.model_validate(content)
    except ValidationError as error:
        single = "grids" not in content
        lines = list(dict.fromkeys(_complaint(mistake, single) for mistake in error.errors() if not _follows(mistake)))
        more = f" (and {len(lines) - SHOWN} more)" if len(lines) > SHOWN else ""
        raise InvalidInput(f"{source}: {'; '.join(lines[:SHOWN])}{more}") from error


def _follows(mistake: Any) -> bool:
    """Tell whether a mistake only repeats another: the words and the numbers that teacher_temperature may be."""
    words = isinstance(mistake["input"], str) or mistake["input"] is None
    numbers = "teacher_temperature" in mistake["loc"] and mistake["type"] not in {"literal_error", "value_error"}
    empty = mistake["type"] == "too_short" and bool(mistake["input"])  # a list whose only member was wrong
    return empty or (
        numbers if words else mistake["type"] == "literal_error" and "teacher_temperature" in mistake["loc"]
    )


def _complaint(mistake: Any, single: bool) -> str:
    """Say in words what pydantic found: the field, what is allowed, what came."""
    path = [part for part in mistake["loc"] if not (isinstance(part, str) and "[" in part)]
    path = [part for part in path if part not in {"nishimori", "effective-nishimori"}]
    if single and path[:1] == ["grids"]:
        path = path[2:]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    kind, message = mistake["type"], mistake["msg"].removeprefix("Value error, ").replace("Input should", "must")
    if kind == "missing":
        return f"{field} is missing"
    if kind == "extra_forbidden":
        return f"{field}: there is no such field; allowed are {', '.join(_fields_beside(path, single))}"
    if kind == "literal_error" and path[-1:] == ["teacher_temperature"]:
        message = "must be numbers, 'nishimori' or 'effective-nishimori'"
    if kind == "too_short":
        message = "must not be empty"
    if kind == "value_error":
        return f"{field}: {message}" if field else message
    if kind == "string_pattern_mismatch":
        message = "must be a word of letters, digits, '.', '_' and '-'"
    value = mistake["input"][0] if isinstance(mistake["input"], tuple) and len(path) else mistake["input"]
    return f"{field}: {message}, got {checks.shown(value)}"


def _fields_beside(path: list[Any], single: bool) -> list[str]:
    """Return the names that are allowed where an unknown one stood."""
    parents = [part for part in path[:-1] if isinstance(part, str)]
    if parents:
        return list(FIELDS[parents[-1]].model_fields)
    return ["name", "seed", *(Grid.model_fields if single else ["grids"])]
