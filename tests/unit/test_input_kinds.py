"""Every kind of input that people bring, to every public function that takes arrays: right, or refused in one line."""

import locale
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.answers import answers
from tests.input_functions import functions
from tests.input_kinds import KINDS, REFUSED, SAME, judged

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/inputs.md").read_text()
COLUMNS = [names.split("`, `") for names in re.findall(r"^\d+\. `(.*)`$", PAGE, re.MULTILINE)]  # functions judged alike
ROWS = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\| .*$", PAGE, re.MULTILINE)]


@pytest.fixture(scope="module")
def by_name():
    """The functions, with the models that they are called on."""
    return {function.name: function for function in functions()}


@pytest.mark.parametrize(("column", "name"), [(n, name) for n, names in enumerate(COLUMNS, 1) for name in names])
def test_every_kind_of_input_is_right_or_refused_in_one_line(column, name, by_name):
    """As the page says of this function; `python -m tests.unit.test_input_kinds` prints its table."""
    row = results(by_name[name])
    wrong = {kind: words for kind, (verdict, words) in row.items() if verdict not in {SAME, REFUSED}}
    assert wrong == {}
    verdicts = {kind: verdict for kind, (verdict, _) in row.items()}
    assert SAME in verdicts.values()
    assert verdicts == {cells[0]: cells[column] for cells in ROWS[2:] if cells[column]}


def test_the_page_shows_every_function_and_how_many_combinations_there_are(by_name):
    assert sorted(name for names in COLUMNS for name in names) == sorted(by_name)
    assert len(set(zip(*(cells[1:] for cells in ROWS[2:]), strict=True))) == len(COLUMNS)
    count = sum(one.base.ndim == 2 or not kind.rows_only for one in by_name.values() for kind in KINDS)
    assert count > 1000
    assert f"{count:,} combinations" in PAGE


def markdown(table):
    """Return the table of a page: a row for each kind, a column for the functions that judge alike."""
    columns = {}
    for name, row in table.items():
        verdicts = tuple(row.get(kind.name, ("", ""))[0] for kind in KINDS)
        columns.setdefault(verdicts, []).append(name)
    lines = ["| " + " | ".join(["input", *(str(number) for number in range(1, len(columns) + 1))]) + " |"]
    lines.append("| --- " * (len(columns) + 1) + "|")
    for place, kind in enumerate(KINDS):
        lines.append("| " + " | ".join([kind.name, *(verdicts[place] for verdicts in columns)]) + " |")
    lines.append("")
    for number, names in enumerate(columns.values(), 1):
        lines.append(f"{number}. {', '.join(f'`{name}`' for name in names)}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def calm():
    return answers()


def test_numpy_settings_of_the_process_change_nothing(calm):
    with np.errstate(all="raise"), np.printoptions(precision=1, threshold=2, legacy="1.13"):
        assert answers() == calm


def test_locale_of_the_process_changes_nothing(calm):
    before = locale.setlocale(locale.LC_ALL)
    for name in ("de_DE.UTF-8", "tr_TR.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        try:
            assert answers() == calm
        finally:
            locale.setlocale(locale.LC_ALL, before)


def test_optimised_python_and_warnings_as_errors_change_nothing(calm):
    """`python -W error -O`; the locale of the system is C, its output no terminal, and the program comes by a pipe."""
    place = f"import sys; sys.path.insert(0, {str(ROOT)!r})"
    code = f"{place}; from tests.answers import answers; print(answers())"
    command = [sys.executable, "-W", "error", "-O", "-"]
    settings = {**os.environ, "LC_ALL": "C"}
    told = subprocess.run(command, input=code, capture_output=True, text=True, check=False, env=settings)
    assert told.stderr == ""
    assert told.stdout.strip() == str(calm)


def results(function):
    """Return what became of each kind of input: kind -> verdict and words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that data are not on the scale of what is stored, which some here are not
        return {kind.name: judged(function, kind) for kind in KINDS if function.base.ndim == 2 or not kind.rows_only}


if __name__ == "__main__":
    found = {one.name: results(one) for one in functions()}
    print(markdown(found))
    print(f"{sum(map(len, found.values())):,} combinations")
