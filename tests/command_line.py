"""The program in a process of its own, and the one line with which it refuses, for the tests of the command line."""

import sys

PROGRAM = (sys.executable, "-m", "densehop")


def error_line(result):
    """Return the one line that a failed run printed on standard error; fail if there are more."""
    assert result.returncode not in (0, None)
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("densehop: ")
    assert "Traceback" not in result.stdout + result.stderr
    return lines[0]
