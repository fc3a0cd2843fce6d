"""`densehop doctor`: a right installation passes, a wrong one is found out."""

import json

import numpy as np
import pytest

from densehop.apps.cli import program, self_test
from densehop.network import PBodyHopfield


def test_a_right_installation_passes(capsys):
    assert program.run(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "This installation gives right numbers" in printed
    assert printed.count("right  ") == len(self_test.CHECKS)
    assert program.run(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["passed"]
    assert {check["name"] for check in told["checks"]} == set(self_test.CHECKS)
    assert told["packages"]["numpy"] == np.__version__
    assert told["memory_left"]["machine"].endswith(" GiB")
    assert "JAX" in told["accelerator"] or " GiB free" in told["accelerator"]


@pytest.mark.parametrize("wrong", [lambda energy: energy + 0.01, lambda energy: 2 * energy, lambda _: 1 / 0])
def test_a_wrong_installation_is_found_out(wrong, monkeypatch, capsys):
    right = PBodyHopfield.energy
    monkeypatch.setattr(PBodyHopfield, "energy", lambda network, states: wrong(right(network, states)))
    assert program.run(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert "WRONG  energies by enumeration" in printed
    assert "does NOT give right numbers" in printed


def test_wrong_chains_are_found_out(monkeypatch):
    right = PBodyHopfield.sample
    monkeypatch.setattr(
        PBodyHopfield, "sample", lambda network, temperature, **rest: right(network, 1.2 * temperature, **rest)
    )
    assert [check.name for check in self_test.checks() if not check.passed] == ["chains against Boltzmann's law"]
