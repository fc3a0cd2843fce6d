"""The command line as a user meets it: in a process of its own."""

import os
import signal
import subprocess
import sys
import time

import pytest

import densehop as dh
from tests.command_line import PROGRAM, error_line


def run(*arguments):
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_version_and_help():
    assert run("--version").stdout.strip() == f"densehop {dh.__version__}"
    assert "reproduce" in run("--help").stdout
    assert "--workers" in run("reproduce", "--help").stdout
    listed = run("reproduce", "--list")
    assert listed.returncode == 0
    assert "nishimori-overlap" in listed.stdout
    assert "nishimori-phase-diagram" in listed.stdout


def test_phase_diagram_from_the_command_line(tmp_path):
    result = run("reproduce", "nishimori-phase-diagram", "--out", str(tmp_path / "figures"))
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "1.17840396" in result.stdout
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        f"nishimori-phase-diagram.{suffix}" for suffix in ("png", "pdf", "nc")
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reproduce", "fig99"], "; got 'fig99'"),
        (["reproduce"], "NAME must be one of direct-phase-diagram, nishimori-phase-diagram, nishimori-overlap, "),
        (["reproduce", "nishimori-overlap", "--size", "huge"], "must be one of quick, paper; got 'huge'"),
        (
            ["reproduce", "nishimori-overlap", "--seed", "-1"],
            "seed must be an integer from 0 to 9223372036854775807, got -1",
        ),
        (["reproduce", "nishimori-overlap", "--seed", "x"], "'--seed'"),
        (["reproduce", "nishimori-overlap", "--seed", str(2**64)], "seed must be an integer from 0 to 92233720368547"),
        (["reproduce", "nishimori-overlap", "--workers", "0"], "n_workers must be an integer >= 1, got 0"),
        (["reproduce", "nishimori-overlap", "--nonsense"], "No such option: --nonsense"),
        (["reprodruce"], "No such command 'reprodruce'"),
    ],
)
def test_wrong_input_is_one_line(arguments, message, tmp_path):
    out = ["--out", str(tmp_path / "never")] if arguments[0] == "reproduce" else []
    result = run(*arguments, *out)
    assert message in error_line(result)
    assert result.returncode == 2
    assert not (tmp_path / "never").exists()


def test_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    result = run("reproduce", "nishimori-overlap", "--out", str(tmp_path / "file"))
    assert f"cannot write to the folder '{tmp_path / 'file'}'" in error_line(result)
    assert result.returncode == 2
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("blocks", [1, 60, 100])
def test_full_disk_is_one_line(blocks, tmp_path):
    """A limit on the size of files stops the first, a later or the last file: one line, and nothing stays."""
    command = (
        f"ulimit -f {blocks}; exec {sys.executable} -m densehop reproduce nishimori-phase-diagram --out {tmp_path}"
    )
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert "File too large" in error_line(result)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "delay"), [("SIGINT", 6.0), ("SIGINT", 0.8), ("SIGTERM", 6.0)])
def test_interrupt_is_one_line_and_leaves_nothing_but_cells(name, delay, tmp_path):
    """Ctrl-C, pressed three times, in the middle of the simulation or during the imports; and a polite kill."""
    process = subprocess.Popen(
        [*PROGRAM, "reproduce", "nishimori-overlap", "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(delay)
    assert process.poll() is None, "the run ended before it could be interrupted"
    for _ in range(3):
        os.kill(process.pid, getattr(signal, name))
        time.sleep(0.05)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    cells = tmp_path / "nishimori-overlap.cells"
    kept = f"finished cells stay in '{cells}', the same command resumes the others"
    assert errors.strip() == f"densehop: interrupted; {kept if cells.exists() else 'nothing was written'}"
    assert output == ""
    assert list(tmp_path.iterdir()) == [cells] * cells.exists()
