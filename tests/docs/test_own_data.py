"""The page on one's own data: its program makes the files, and its commands print what the page shows."""

import re
import shlex
import warnings
from pathlib import Path

import pytest

from densehop.apps.cli import program

PAGE = Path(__file__).parents[2] / "docs/own-data.md"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def commands():
    """Return each command of the page with what it shows below it."""
    blocks = re.findall(r"```console\n\$ (densehop [^\n]*)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return dict(blocks)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(code, "own-data.md", "exec"), {})
    return folder


@pytest.mark.parametrize("command", list(commands()))
def test_commands_print_what_the_page_shows(command, files, capsys, monkeypatch):
    monkeypatch.chdir(files)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    assert program.run(shlex.split(command)[1:]) == 0
    printed = capsys.readouterr().out.strip()
    shown = commands()[command].strip()
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", shown)
    found, wanted = ([float(one) for one in NUMBER.findall(text)] for text in (printed, shown))
    assert found == pytest.approx(wanted, rel=0.1, abs=0.06)


def test_the_page_has_commands_of_every_kind():
    assert {command.split()[1] for command in commands()} == {
        "restore",
        "classify",
        "attack",
        "locate",
        "fit",
        "predict",
    }


def test_the_files_are_there_afterwards(files, monkeypatch):
    if not ((files / "restored").exists() and (files / "again/classes.csv").exists()):  # commands ran elsewhere
        monkeypatch.chdir(files)
        monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
        for command in commands():
            assert program.run(shlex.split(command)[1:]) == 0
    assert [path.name for path in sorted((files / "restored/restored").iterdir())] == [
        "0000-03.png", "0001-08.png", "0002-20.png",
    ]  # fmt: skip
    lines = (files / "again/classes.csv").read_text().splitlines()
    assert lines[0] == "row,class,probability"
    assert len(lines) == 151


def test_a_bad_file_is_the_line_that_the_page_shows(files, capsys, monkeypatch):
    monkeypatch.chdir(files)
    before = (files / "iris.csv").read_text()
    lines = before.splitlines()
    lines[2] = lines[2].replace("0.2", '"0,2"')
    (files / "iris.csv").write_text("\n".join(lines))
    assert program.run(["classify", "--data", "iris.csv"]) == 2
    assert capsys.readouterr().err.strip() in PAGE.read_text()
    (files / "iris.csv").write_text(before)
