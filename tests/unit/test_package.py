import ast
import subprocess
import sys
from pathlib import Path

import densehop as dh


def test_every_public_name_is_there_and_documented():
    stub = Path(dh.__file__).with_suffix(".pyi").read_text()
    promised = {alias.name for node in ast.parse(stub).body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert promised == set(dh.__all__)
    for name in promised - {"__version__"}:
        assert getattr(dh, name).__doc__, name


def test_import_is_light():
    """`import densehop` loads none of the slow libraries; each name brings what it needs."""
    program = (
        "import sys, densehop; "
        "print([m for m in ('numba', 'scipy', 'matplotlib', 'xarray', 'sklearn') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
