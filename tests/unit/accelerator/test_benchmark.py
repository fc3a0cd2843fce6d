"""The benchmark of accelerators runs where there is none, in small sizes."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_it_measures_and_says_what_is_predicted(tmp_path):
    out = tmp_path / "out.json"
    command = [sys.executable, ROOT / "benchmarks/accelerator.py", "--minutes", "0.02", "--out", out]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout
    rows = {row["what"]: row["value"] for row in json.loads(out.read_text())["rows"]}
    assert all(what in printed for what in rows)
    assert [value for what, value in rows.items() if what.startswith("same spins")] == [1.0] * 5
    assert sum(what.startswith("PREDICTED, not measured") for what in rows) == 3
