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
from tests.input_kinds import KINDS, REFUSED, SAME, functions, judged

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/inputs.md").read_text()
LISTED = re.findall(r"^\d+\. `(.*)`$", PAGE, re.MULTILINE)  # the functions of each column
FUNCTIONS = [name for names in LISTED for name in names.split("`, `")]
MEANINGS = f"`{SAME}` is the answer for the plain array, `{REFUSED}` a refusal in one line"


@pytest.fixture(scope="module")
def table():
    """What became of each combination."""
    return results()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_kind_of_input_is_right_or_refused_in_one_line(function, table):
    wrong = {kind: words for kind, (verdict, words) in table[function].items() if verdict not in {SAME, REFUSED}}
    assert wrong == {}
    assert SAME in {verdict for verdict, _ in table[function].values()}


def test_the_page_shows_this_table(table):
    """`python -m tests.unit.test_input_kinds` prints it."""
    assert sorted(table) == sorted(FUNCTIONS)
    assert markdown(table) in PAGE
    count = sum(map(len, table.values()))
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


def results():
    """Return what became of each combination: function -> kind -> verdict and words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that data are not on the scale of what is stored, which some here are not
        return {
            one.name: {kind.name: judged(one, kind) for kind in KINDS if one.base.ndim == 2 or not kind.rows_only}
            for one in functions()
        }


if __name__ == "__main__":
    found = results()
    print(markdown(found))
    print(f"{sum(map(len, found.values())):,} combinations")
