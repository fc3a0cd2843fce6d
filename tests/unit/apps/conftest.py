"""The command line without a process of its own."""

import subprocess
import warnings

import pytest

from densehop.apps.cli import program


@pytest.fixture
def densehop(monkeypatch, capsys):
    """The command line in this process: arguments in, what a finished process would show out."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # the program replaces it

    def run(*arguments):
        code = program.run(list(map(str, arguments)))
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return run
