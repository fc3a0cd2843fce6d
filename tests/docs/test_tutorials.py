"""Each tutorial runs from another folder, with warnings as errors, and leaves nothing behind."""

import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.py"))
LONGEST = 600  # seconds, on a machine that does other things
AS_A_PROGRAM = "add_an_energy_or_a_dynamics"  # the one that is quickest in a process of its own


def test_none_is_missing():
    assert len(TUTORIALS) >= 10


def test_pages_say_how_many_there_are_and_place_each():
    words = {8: "Eight", 9: "Nine", 10: "Ten", 11: "Eleven", 12: "Twelve"}
    for page in ("README.md", "docs/index.md"):
        assert re.search(rf"\b{words[len(TUTORIALS)]} (tutorials|complete programs)", (ROOT / page).read_text()), page
    placed = re.search(r"ORDER = \((.*?)\)", (ROOT / "docs/tutorial_pages.py").read_text(), re.DOTALL)[1]
    assert sorted(re.findall(r'"(\w+)"', placed)) == [path.stem for path in TUTORIALS]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Return the working folder and the folder of temporary files of a tutorial."""
    here, scratch = tmp_path / "here", tmp_path / "scratch"
    here.mkdir()
    scratch.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    for name, value in {"MPLBACKEND": "agg", "TMPDIR": scratch, "PYTHONPATH": ROOT / "src"}.items():
        monkeypatch.setenv(name, str(value))
    return here, scratch


@pytest.mark.parametrize("name", [path.stem for path in TUTORIALS if path.stem != AS_A_PROGRAM])
def test_tutorial_runs(name, folders, monkeypatch, capfd):
    """A program's names in this process, which has imported what would take each of them seconds."""
    script = str(ROOT / f"docs/tutorials/{name}.py")
    monkeypatch.setattr(sys, "argv", [script])
    with plt.rc_context({"backend": "agg"}):
        runpy.run_path(script, run_name="__main__")
    plt.close("all")
    assert capfd.readouterr().err == ""
    assert [list(folder.iterdir()) for folder in folders] == [[], []]


def test_a_tutorial_is_a_plain_program(folders):
    command = [sys.executable, "-W", "error", ROOT / f"docs/tutorials/{AS_A_PROGRAM}.py"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert result.returncode == 0, f"{AS_A_PROGRAM} failed:\n{result.stdout}\n{result.stderr}"
    assert result.stderr == ""
    assert [list(folder.iterdir()) for folder in folders] == [[], []]


@pytest.mark.parametrize("script", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_has_a_title_blocks_and_checks(script):
    text = script.read_text()
    title, underline = text.split('"""')[1].strip().splitlines()[:2]
    assert set(underline) == {"="}
    assert len(underline) == len(title)
    assert text.count("\n# %%\n") >= 5
    assert text.count("\nassert ") + text.count("\n    assert ") >= 3
