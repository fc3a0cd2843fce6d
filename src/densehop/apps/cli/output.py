"""How the command line prints: a progress bar, aligned tables and JSON."""

import csv
import json
import math
import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from densehop.apps.located import percent
from densehop.base.version import __version__

Csv = Annotated[bool, typer.Option("--csv", help="Write the numbers as .csv too, a file for each set of dimensions.")]
SPEED_WINDOW = 3600.0  # seconds over which the bar measures its speed: cells of a campaign take minutes each


class ProgressBar:
    """A progress bar on standard error, in steps if `counted`, else in per cent; hidden if that is not a terminal."""

    def __init__(self, title: str, counted: bool = True) -> None:
        counter = MofNCompleteColumn() if counted else TaskProgressColumn()
        columns = (TextColumn("{task.description}"), BarColumn(), counter, TimeElapsedColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        settings: dict[str, Any] = {"console": console, "transient": True, "disable": not console.is_terminal}
        self._bar = Progress(*columns, speed_estimate_period=SPEED_WINDOW, **settings)
        self._title = title
        self._task: TaskID | None = None

    def __enter__(self) -> "ProgressBar":
        self._bar.start()
        return self

    def __exit__(self, *details: object) -> None:
        if not self._bar.disable:  # Rich 13 ends the line of a bar that it did not draw
            self._bar.stop()

    def total(self, steps: int) -> None:
        """Announce how many steps there are."""
        self._task = self._bar.add_task(self._title, total=steps)

    def advance(self, steps: int = 1) -> None:
        """Report steps done."""
        if self._task is not None:
            self._bar.advance(self._task, steps)


def print_json(**content: Any) -> None:
    """Print one valid JSON object with the version; nan becomes null, infinities "Infinity" and "-Infinity"."""
    typer.echo(json.dumps(plain({"densehop_version": __version__, **content}), indent=2, allow_nan=False))


def plain(value: Any) -> Any:
    """Return a value made of the types that JSON has."""
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "tolist"):  # arrays and numbers of NumPy
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def print_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print comma-separated values; numbers have all their digits, and nan is empty."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if isinstance(value, float) and math.isnan(value) else plain(value) for value in row])


def number(value: float, digits: int = 12) -> str:
    """Return a number with at most this many digits, '-' where it is not defined."""
    return "-" if math.isnan(value) else f"{value:.{digits}g}"


def known(value: float, error: float) -> str:
    """Return a number with the digits that its error leaves, 12 at most."""
    if not (error > 0 and math.isfinite(error) and value):
        return f"{value:.12g}"
    digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 1
    return f"{value:.{min(12, max(1, digits))}g}"


def percent_with_error(share: float, error: float) -> str:
    """Return a share and its standard error in per cent; the error has one digit, two if the first is 1."""
    if not error > 0:
        return percent(share)
    first = math.floor(math.log10(100 * error))
    decimals = max(0, -first + (100 * error < 2 * 10**first))
    return f"{100 * share:.{decimals}f}% +- {100 * error:.{decimals}f}%"


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns: the first to the left, the others to the right."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = [cell.rjust(width) for cell, width in zip(line, widths, strict=True)]
        typer.echo("  ".join([line[0].ljust(widths[0]), *cells[1:]]).rstrip())
