"""Wrong input of the theory's commands: one line each."""

import pytest

from densehop.apps.cli.program import run
from tests.unit.apps.test_cli_theory import EXPONENTIAL, POINT

pytestmark = pytest.mark.filterwarnings("default")  # advice is printed as a line, not raised

MEMORIES = ("--model", "exponential", "--sharpness", "0.6")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("solve", "--p", "3", "--load", "-0.2", "--temperature", "1"), "load must be a finite number >= 0, got -0.2"),
        (("solve", "--p", "3", "--load", "1"), "Missing option '--temperature'"),
        (("solve", "--p", "3", "--load", "9", "--temperature", "1"), "it exists up to load"),
        (("solve", *POINT, "--branch", "ferromagnet"), "branch must be one of"),
        (("solve", *POINT, "--ansatz", "2rsb"), "ansatz must be one of 'rs', '1rsb'"),
        (("solve", *POINT, "--model", "ising"), "exponential-archetypes or rectified; got 'ising'"),
        (("solve", *POINT, "--model", "teacher-student"), "needs --teacher-temperature, --signal or --nishimori"),
        (("solve", *POINT, "--nishimori", "--signal", "1"), "--nishimori sets T* = T: leave --signal out"),
        (("phase", *POINT, "--teacher-p", "2"), "a direct model has no teacher: leave --teacher-p out"),
        (("phase", *POINT, "--model", "direct", "--signal", "2"), "a direct model has no teacher: leave --signal out"),
        (("phase", *POINT, "--teacher-temperature", "1"), "T_crit"),
        (("examples-needed", "--n-spins", "9", "--p", "3", "--temperature", "2", "--overlap", "1"), "both excluded"),
        (("boundary", "--p", "3", "--kind", "edge"), "kind must be one of"),
        (("boundary", "--p", "3", "--kind", "glass_static", "--temperatures", "1;2"), "--temperatures must be numbers"),
        (("boundary", "--p", "3", "--kind", "glass_static", "--model", "fixed-load"), "needs load"),
        (
            ("solve", *POINT[2:]),
            "give exactly one of --p (p-body energy), --sharpness (exponential energy) and --degree",
        ),
        (("solve", *POINT, "--sharpness", "1"), "give exactly one of --p"),
        (
            ("solve", *POINT, "--reliability", "1"),
            "--reliability belongs to exponentially many memories: give --sharpness",
        ),
        (("phase", *EXPONENTIAL, "--nishimori"), "--nishimori belongs to p bodies"),
        (("phase", *EXPONENTIAL, "--model", "direct"), "--model direct belongs to p bodies"),
        (("phase", *EXPONENTIAL, "--model", "exponential-examples"), "needs --reliability"),
        (("phase", *EXPONENTIAL, "--unrelated-load", "0.1"), "does not take --unrelated-load"),
        (("phase", *EXPONENTIAL, "--model", "exponential", "--reliability", "0.1"), "does not take --reliability"),
        (("phase", *EXPONENTIAL, "--archetype-load", "0.1"), "--model exponential-archetypes needs --reliability"),
        (("phase", *POINT[2:], "--degree", "1", "--reliability", "1"), "--model rectified does not take --reliability"),
        (
            ("solve", *POINT, "--model", "rectified"),
            "--model rectified belongs to exponentially many memories: give --deg",
        ),
        (("solve", *EXPONENTIAL, "--degree", "1"), "give exactly one of --p"),
        (("boundary", "--kind", "glass_static", *MEMORIES), "must be one of 'retrieval_spinodal', 'retrieval_global'"),
        (("boundary", "--kind", "retrieval_global", *MEMORIES, "--p", "3"), "give exactly one of --p"),
        (("boundary", "--kind", "retrieval_global", "--sharpness", "1"), "model 'direct' does not take sharpness"),
        (("phase-diagram", *MEMORIES, "--load", "1"), "takes p = None and no other setting"),
        (("examples-needed", "--n-spins", "9", "--temperature", "2", "--overlap", "0.5"), "give exactly one of --p"),
        (("examples-needed", "--n-spins", "9", *EXPONENTIAL[2:], "--overlap", "0.5"), "and reliability"),
        (("phase-diagram", "--p", "3", "--model", "mean"), "model must be one of"),
        (("phase-diagram", "--p", "3", "--size", "1"), "size must be an integer from 2 to 2000, got 1"),
        (("phase-diagram", "--p", "3", "--temperature-range", "2"), "--temperature-range must be LOW,HIGH; got '2'"),
        (("phase-diagram", "--p", "3", "--coordinate-range", "2,1"), "coordinates must increase"),
    ],
)
def test_wrong_input_is_one_line(arguments, message, capsys):
    assert run(list(arguments)) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.strip().splitlines()
    assert line.startswith("densehop: ")
    assert message in line
