"""The theory's commands, in this process; one in a process of its own."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest

import densehop as dh
from densehop.apps.cli import output
from densehop.apps.cli.program import run
from densehop.campaign import store
from densehop.errors import NotConverged
from densehop.exponential_problem import (
    ExponentialArchetypes,
    ExponentialModel,
    ExponentialTeacherStudent,
    RectifiedModel,
)
from densehop.problem import DirectModel, TeacherStudent
from densehop.theory.diagrams.phases import candidates
from densehop.theory.lines.boundaries import boundary
from densehop.theory.questions.examples_needed import examples_needed
from densehop.theory.states import broken_curve
from densehop.theory.states import solution as solutions

pytestmark = pytest.mark.filterwarnings("default")  # advice is printed as a line, not raised

COMMANDS = ("solve", "phase", "examples-needed", "boundary", "phase-diagram")
POINT = ("--p", "3", "--load", "0.4", "--temperature", "0.5")
EXPONENTIAL = ("--load", "0.2", "--temperature", "0.5", "--sharpness", "0.6")


MODELS = {
    **{DirectModel: "direct", TeacherStudent: "teacher-student"},
    **{ExponentialModel: "exponential", ExponentialTeacherStudent: "exponential-examples"},
}


def refused(constant):
    raise AssertionError(f"{constant} is not JSON")


def strict(text):
    """Parse JSON as its standard has it: no NaN, no Infinity."""
    return json.loads(text, parse_constant=refused)


def read(capsys, *arguments):
    """Run a command that prints JSON; return what it says."""
    assert run([*arguments, "--json"]) == 0
    return strict(capsys.readouterr().out)


def number(value):
    """Return the number that JSON stands for."""
    return math.nan if value is None else float(value)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert run([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "--p " in text
    assert "--json" in text


@pytest.mark.parametrize(
    ("options", "problem", "branch"),
    [
        (POINT, DirectModel(3, 0.4, 0.5), "retrieval"),
        ((*POINT[:4], "--temperature", "0"), DirectModel(3, 0.4, 0.0), "retrieval"),
        (("--p", "3", "--load", "20", "--temperature", "4", "--nishimori"), TeacherStudent.nishimori(3, 20, 4), ""),
        (("--p", "3", "--load", "20", "--temperature", "1", "--nishimori"), TeacherStudent.nishimori(3, 20, 1), ""),
        (EXPONENTIAL, ExponentialModel(0.2, 0.6, 0.5), "retrieval"),
        ((*EXPONENTIAL, "--reliability", "0.4"), ExponentialTeacherStudent(0.2, 0.6, 0.5, 0.4), ""),
        (
            (*EXPONENTIAL, "--reliability", "0.4", "--unrelated-load", "0.1"),
            ExponentialTeacherStudent(0.2, 0.6, 0.5, 0.4, 0.1),
            "",
        ),
        ((*POINT, "--teacher-temperature", "1.5"), TeacherStudent(3, 0.4, 0.5, 1.5), "paramagnet"),
        (("--p", "4", "--load", "0", "--temperature", "1", "--signal", "1"), TeacherStudent(4, 0, 1, signal=1), ""),
    ],
)
def test_solve_round_trips_every_number(options, problem, branch, capsys):
    said = read(capsys, "solve", *options, *(["--branch", branch] if branch else []))
    expected = dh.solve(problem, branch or "inference")
    assert said["densehop_version"] == dh.__version__
    assert said["parameters"]["model"] == MODELS[type(problem)]
    assert said["parameters"]["load"] == problem.load
    for name, value in said["solution"].items():
        here = getattr(expected, name)
        if isinstance(here, float):
            np.testing.assert_equal(number(value), here, err_msg=name)
        else:
            assert value == here
    assert said["solution"]["converged"] is True


def test_solve_prints_what_the_problem_has(capsys):
    """Replica symmetry has no Parisi parameter, stored memories have no teacher."""
    assert run(["solve", *POINT]) == 0
    table, said = capsys.readouterr().out.split("\n\n")[1:]
    rows = [line.split()[0] for line in table.splitlines()]
    assert "99.36% of its sites" in said
    assert rows == ["m", "q", "free_entropy", "free_energy", "energy", "entropy", "replicon", "residual", "converged"]


def test_solve_in_words_and_advice_on_standard_error(capsys):
    assert run(["solve", *POINT]) == 0
    shown = capsys.readouterr()
    assert "0.987224885772" in shown.out
    assert shown.err == ""
    assert run(["solve", *POINT[:4], "--temperature", "0.01", "--branch", "paramagnet"]) == 0
    assert capsys.readouterr().err.startswith("densehop: warning: the paramagnet has negative entropy")


def test_a_solution_that_did_not_converge_is_a_failure(capsys, monkeypatch):
    monkeypatch.setattr(solutions, "CONVERGED", -1.0)
    assert run(["solve", *POINT]) == 1
    shown = capsys.readouterr()
    assert "no" in shown.out.splitlines()[-1]
    assert "did not converge" in shown.err


def test_phase_tells_all_candidates(capsys):
    options = ("--p", "3", "--load", "20", "--temperature", "4", "--nishimori")
    said = read(capsys, "phase", *options)
    ranked = candidates(TeacherStudent.nishimori(3, 20, 4))
    assert said["phase"] == "gR"
    assert [one["free_energy"] for one in said["candidates"]] == [one.free_energy for one in ranked]
    assert run(["phase", *options]) == 0
    text = capsys.readouterr().out
    assert "phase: gR (global retrieval)" in text
    assert text.count("\ninference ") == text.count("\nparamagnet ") == 1
    gap = (ranked[1].free_energy - ranked[0].free_energy) / 4
    assert f"the hidden pattern's state is e^({gap:.3g} N) times as likely as the spin glass" in text


def test_examples_needed(capsys):
    options = ("--n-spins", "512", "--p", "3", "--temperature", "2", "--overlap", "0.9")
    said, expected = read(capsys, "examples-needed", *options), examples_needed(512, 3, 2.0, 0.9)
    assert (said["n_examples"], said["phase"]) == (expected.n_examples, expected.phase.value)
    assert said["parameters"] == {"n_spins": 512, "p": 3, "temperature": 2.0, "overlap": 0.9}
    assert run(["examples-needed", *options]) == 0
    assert expected.explanation in capsys.readouterr().out


def test_boundary(capsys):
    options = ("--p", "3", "--kind", "retrieval_global", "--temperatures", "0.9,1,1.1")
    said, expected = read(capsys, "boundary", *options), boundary("retrieval_global", 3, [0.9, 1.0, 1.1])
    assert said["coordinate"] == expected.coordinate.tolist()
    assert said["error"] == expected.error.tolist()
    assert said["parameters"]["kind"] == "retrieval_global"
    assert run(["boundary", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["alpha", "temperature", "error"]
    assert len(lines) == 6
    assert lines[1].split()[0] == f"{expected.coordinate[0]:.12g}"
    assert lines[-1].startswith("retrieval_global: ")


def test_boundary_keeps_the_points_that_it_lacks(capsys, monkeypatch):
    """Where there is no line: a row with the reason, exit 0. Where a search was lost: exit 1."""
    options = ("boundary", "--p", "3", "--kind", "retrieval_spinodal", "--temperatures", "0.3,1.9", "--ansatz", "1rsb")
    said = read(capsys, *options)
    assert [value is None for value in said["coordinate"]] == [False, True]
    assert (said["missing"], said["undecided"]) == (1, 0)
    assert run(options) == 0
    text = capsys.readouterr().out
    assert "1.9" in text
    assert "exists below T = 1.747" in text
    assert "1 of 2 points are missing, 0 undecided" in text

    def lost(*_):
        raise NotConverged("lost on purpose")

    monkeypatch.setattr(broken_curve, "curve", lost)
    assert run(options) == 1
    assert "2 of 2 points are missing, 1 undecided" in capsys.readouterr().out


def test_phase_diagram_writes_its_files(capsys, tmp_path):
    options = ("--p", "4", "--model", "finite-noise", "--teacher-temperature", "3", "--size", "21")
    said = read(capsys, "phase-diagram", *options, "--out", str(tmp_path))
    assert sum(said["shares"].values()) == pytest.approx(1)
    assert set(said["shares"]) == {"P", "lR", "gR", "eR"}
    line = said["boundaries"]["inference_global"]
    assert len(line["scaled_load"]) == len(line["temperature"]) == len(line["error"])
    names = {f"phase-diagram-p4-finite-noise-3.{suffix}" for suffix in ("png", "pdf", "nc")}
    assert {path.name for path in tmp_path.iterdir()} == names
    data = store.load(tmp_path / "phase-diagram-p4-finite-noise-3.nc")
    assert data["phase"].shape == (21, 21)
    assert json.loads(data.attrs["parameters"])["teacher_temperature"] == 3


def test_exponential_energies_have_the_same_commands(capsys, tmp_path):
    setting = ("--sharpness", "0.6", "--reliability", "0.4")
    assert read(capsys, "phase", *EXPONENTIAL, "--reliability", "0.4")["phase"] == "eR"
    said = read(capsys, "examples-needed", "--n-spins", "60", "--temperature", "0.5", "--overlap", "0.5", *setting)
    needed = examples_needed(60, None, 0.5, 0.5, sharpness=0.6, reliability=0.4)
    assert said["n_examples_global"] == needed.n_examples_global
    assert (said["parameters"]["sharpness"], said["parameters"]["reliability"]) == (0.6, 0.4)
    plane = ("--model", "exponential-examples", *setting)
    line = read(capsys, "boundary", "--kind", "inference_or_retrieval", *plane, "--temperatures", "0,0.5")
    assert line["coordinate"][1] == pytest.approx(needed.load_global, abs=1e-4)
    made = read(capsys, "phase-diagram", *plane, "--size", "11", "--out", str(tmp_path))
    assert set(made["shares"]) == {"gR", "eR"}
    assert (tmp_path / "phase-diagram-exponential-examples-0.6-0.4.png").exists()


@pytest.mark.parametrize(
    ("options", "problem", "branch"),
    [
        (
            ("--sharpness", "0.9", "--reliability", "0.7", "--archetype-load", "0.1"),
            ExponentialArchetypes(0.3, 0.9, 0.8, 0.7, 0.1),
            "inference",
        ),
        (("--degree", "0.4"), RectifiedModel(0.3, 0.4, 0.8), "retrieval"),
    ],
)
def test_archetypes_and_rectified_polynomials_at_a_point(capsys, options, problem, branch):
    point = ("--load", "0.3", "--temperature", "0.8", *options)
    said = read(capsys, "phase", *point)
    assert said["phase"] == dh.phase(problem).value
    assert [one["branch"] for one in said["candidates"]] == [one.branch for one in candidates(problem)]
    solved = read(capsys, "solve", *point)
    assert solved["parameters"]["model"] in {"exponential-archetypes", "rectified"}
    assert solved["solution"]["branch"] == branch
    assert number(solved["solution"]["energy"]) == dh.solve(problem, branch).energy


def test_their_planes(capsys, tmp_path):
    setting = (
        "--model",
        "exponential-archetypes",
        "--sharpness",
        "0.9",
        "--reliability",
        "0.7",
        "--copies-load",
        "0.2",
    )
    line = read(capsys, "boundary", "--kind", "inference_global", *setting, "--temperatures", "0.4,1")
    exact = boundary(
        "inference_global",
        None,
        [0.4, 1],
        model="exponential_archetypes",
        sharpness=0.9,
        reliability=0.7,
        copies_load=0.2,
    )
    assert line["coordinate"] == list(exact.coordinate)
    assert line["axis"] == "archetype_load"
    assert (
        run(["boundary", "--kind", "retrieval_global", "--model", "rectified", "--degree", "0.3", "--points", "3"]) == 0
    )
    assert "the states of all memories together are likelier" in capsys.readouterr().out
    made = read(
        capsys, "phase-diagram", "--model", "rectified", "--degree", "0.3", "--size", "5", "--out", str(tmp_path)
    )
    assert set(made["shares"]) == {"gR", "lR"}
    assert (tmp_path / "phase-diagram-rectified-0.3.png").exists()


def test_the_program_itself_knows_the_commands():
    command = [sys.executable, "-m", "densehop", "phase", *POINT, "--json"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert strict(result.stdout)["phase"] == "gR"


def test_plain_values_are_valid_json():
    numbers = np.array([1.5, np.nan, np.inf])
    made = output.plain({"a": numbers, "b": (np.int64(3), -math.inf), "c": dh.Phase.SPIN_GLASS})
    assert made == {"a": [1.5, None, "Infinity"], "b": [3, "-Infinity"], "c": "SG"}
    assert float(made["a"][2]) == math.inf
