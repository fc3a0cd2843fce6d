"""Tables in .csv and .tsv files, with or without a line of names, with or without a column of classes."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats
from densehop.base.texts import text_of
from densehop.errors import InvalidInput
from densehop.learn.data.upload import Upload

CLASS_NAMES = ("class", "label", "target", "species")  # of a column that holds classes, in any case of letters
HIDDEN = {"", "nan", "na", "n/a", "null", "none", "?"}  # what an unknown value is written as, in any case of letters
DELIMITERS = ",;\t"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of numbers, nan where none stands.

    Attributes
    ----------
    values : (M, N)
    names : of the N columns, () without a line of names
    classes : (M,) as text, or None
    class_name : of their column, "" where it has no name or there is none
    place : of the column of classes among all columns, -1 where there is none
    delimiter : between the cells
    """

    values: Floats
    names: tuple[str, ...]
    classes: npt.NDArray[np.str_] | None
    class_name: str
    place: int
    delimiter: str


def read_table(path: Path | Upload, label: str | None = None) -> Table:
    """Read a table; `label` names the column of classes (None: one called class, label, target or species, if any).

    The first line holds names if none of its cells is a number, if it has the name of the column of classes, or if it
    counts 0, 1, 2 and so on. Cells may be empty, nan or NA where a value is hidden.

    Raises
    ------
    InvalidInput
        In one line that names the file, the row as an editor counts it, the column, what came and what is allowed.
    """
    text = text_of(path.read_bytes(), f"'{path}'")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    rows = [(number, row) for number, row in _rows(text, delimiter) if any(cell.strip() for cell in row)]
    if not rows:
        raise InvalidInput(f"'{path}' holds no rows; expected numbers, one row for each vector")
    names = _names(rows, label)
    if names and not names[0] and len(names) > 1:
        raise InvalidInput(
            f"'{path}', row {rows[0][0]}: expected a name for the first column, got none; if it counts the rows, "
            "save the table without it (in pandas: index=False)"
        )
    body = rows[1:] if names else rows
    width = len(rows[0][1])
    for number, row in body:
        if len(row) != width:
            raise InvalidInput(f"'{path}', row {number}: expected {width} cells as in row {rows[0][0]}, got {len(row)}")
    if not body:
        raise InvalidInput(f"'{path}' holds names and no rows; expected numbers below them")
    class_column = _class_place(path, names, label, body)
    columns = [column for column in range(width) if column != class_column]
    if not columns:
        raise InvalidInput(f"'{path}' holds classes and no numbers; expected columns of numbers besides")
    values = np.array([[_number(path, number, row, column, names) for column in columns] for number, row in body])
    classes = None if class_column < 0 else np.array([row[class_column].strip() for _, row in body])
    kept = tuple(names[column] for column in columns) if names else ()
    return Table(
        values, kept, classes, names[class_column] if names and class_column >= 0 else "", class_column, delimiter
    )


def file_content(table: Table, values: Floats) -> bytes:
    """Return a table with other values, as a file's content in the format that it came in."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=table.delimiter, lineterminator="\n")
    classes = table.classes
    rows: list[list[str]] = [list(table.names)] if table.names else []
    rows += [[f"{value:.12g}" for value in row] for row in values]
    if classes is not None:
        cells = [table.class_name, *classes] if table.names else list(classes)
        for row, cell in zip(rows, cells, strict=True):
            row.insert(table.place, str(cell))
    writer.writerows(rows)
    return stream.getvalue().encode()


def _rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the rows with their numbers; a quoted cell may reach over lines."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    return [(reader.line_num, row) for row in reader]


def _delimiter(text: str) -> str:
    """Return the sign between cells: of comma, semicolon and tab the one that the first line has most of."""
    first = re.sub(r'"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    return max(DELIMITERS, key=first.count)


def _names(rows: Sequence[tuple[int, list[str]]], label: str | None) -> tuple[str, ...]:
    """Return the names in the first row, or none."""
    first = [cell.strip() for cell in rows[0][1]]
    named = label in first or any(cell.lower() in CLASS_NAMES for cell in first)
    words = any(first) and not any(cell and _is_number(cell) for cell in first)
    counted = len(first) > 1 and first == [str(number) for number in range(len(first))]  # pandas' names of no names
    return tuple(first) if named or words or counted else ()


def _class_place(
    path: Path | Upload, names: tuple[str, ...], label: str | None, body: Sequence[tuple[int, list[str]]]
) -> int:
    """Return which column holds classes; -1: none. Without names the last one does if it holds no numbers."""
    if label is not None and label not in names:
        known = ", ".join(names) if names else "none, as its first row is no row of names"
        raise InvalidInput(f"'{path}' has no column '{label}'; its columns are {known}")
    if label is not None:
        return names.index(label)
    for column, name in enumerate(names):
        if name.lower() in CLASS_NAMES:
            return column
    last = [row[-1].strip() for _, row in body]
    return len(body[0][1]) - 1 if not any(_is_number(cell) for cell in last) else -1


def _is_number(cell: str) -> bool:
    """Tell whether a cell holds a number, or says that one is hidden."""
    if cell.lower() in HIDDEN:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(path: Path | Upload, number: int, row: Sequence[str], column: int, names: tuple[str, ...]) -> float:
    """Return a cell as a number, nan where it is hidden."""
    cell = row[column].strip()
    if cell.lower() in HIDDEN:
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        value = float("inf")
    if not np.isfinite(value):
        where = f"column '{names[column]}'" if names else f"column {column + 1}"
        hint = "; decimal commas are not read: write 0.5" if "," in cell else ""
        raise InvalidInput(f"'{path}', row {number}, {where}: expected a finite number, got '{cell[:40]}'{hint}")
    return value
