"""Each tutorial runs as a plain program, from another folder, with warnings as errors, and leaves nothing behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.py"))
LONGEST = 600  # seconds, on a machine that does other things


def test_none_is_missing():
    assert len(TUTORIALS) >= 10


def test_pages_say_how_many_there_are_and_place_each():
    words = {8: "Eight", 9: "Nine", 10: "Ten", 11: "Eleven", 12: "Twelve"}
    for page in ("README.md", "docs/index.md"):
        assert re.search(rf"\b{words[len(TUTORIALS)]} (tutorials|complete programs)", (ROOT / page).read_text()), page
    placed = re.search(r"ORDER = \((.*?)\)", (ROOT / "docs/tutorial_pages.py").read_text(), re.DOTALL)[1]
    assert sorted(re.findall(r'"(\w+)"', placed)) == [path.stem for path in TUTORIALS]


@pytest.mark.parametrize("script", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_runs(script, tmp_path):
    here, scratch = tmp_path / "here", tmp_path / "scratch"
    here.mkdir()
    scratch.mkdir()
    environment = os.environ | {"MPLBACKEND": "agg", "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert result.returncode == 0, f"{script.name} failed:\n{result.stdout}\n{result.stderr}"
    assert result.stderr == ""
    assert list(here.iterdir()) == []
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("script", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_has_a_title_blocks_and_checks(script):
    text = script.read_text()
    title, underline = text.split('"""')[1].strip().splitlines()[:2]
    assert set(underline) == {"="}
    assert len(underline) == len(title)
    assert text.count("\n# %%\n") >= 5
    assert text.count("\nassert ") + text.count("\n    assert ") >= 3
