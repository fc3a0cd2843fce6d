"""The command line as a user meets it: in a process of its own, or where that says no more, in this one."""

import os
import resource
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
import typer

import densehop as dh
from densehop.apps.cli.program import app
from densehop.base.progress import NoProgress
from densehop.recipes import RECIPES
from tests.command_line import PROGRAM, error_line


def run(*arguments):
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def computed():
    """A recipe that hands out its quick data, computed once."""
    recipe = RECIPES["nishimori-phase-diagram"]
    dataset = recipe.compute(recipe.sizes["quick"], 0, None, NoProgress(), None)
    return replace(recipe, compute=lambda *_: dataset)


def test_version_and_help(densehop):
    assert run("--version").stdout.strip() == f"densehop {dh.__version__}"
    assert "reproduce" in densehop("--help").stdout
    assert "--workers" in densehop("reproduce", "--help").stdout
    listed = densehop("reproduce", "--list")
    assert listed.returncode == 0
    assert "nishimori-overlap" in listed.stdout
    assert "nishimori-phase-diagram" in listed.stdout


def test_phase_diagram_from_the_command_line(computed, densehop, tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, computed.name, computed)
    result = densehop("reproduce", computed.name, "--out", tmp_path / "figures")
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
        (["reproduce", "nishimori-overlap", "--from-data", "none.nc"], "cannot read 'none.nc': it has to be"),
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
def test_wrong_input_is_one_line(arguments, message, densehop, tmp_path):
    out = ["--out", str(tmp_path / "never")] if arguments[0] == "reproduce" else []
    result = densehop(*arguments, *out)
    assert message in error_line(result)
    assert result.returncode == 2
    assert not (tmp_path / "never").exists()


def test_wrong_input_ends_the_process_with_one_line():
    result = run("reproduce", "nishimori-overlap", "--nonsense")
    assert "No such option: --nonsense" in error_line(result)
    assert result.returncode == 2


def test_folder_that_cannot_be_written_is_one_line(densehop, tmp_path):
    (tmp_path / "file").write_text("mine")
    result = densehop("reproduce", "nishimori-overlap", "--out", str(tmp_path / "file"))
    assert f"cannot write to the folder '{tmp_path / 'file'}'" in error_line(result)
    assert result.returncode == 2
    assert (tmp_path / "file").read_text() == "mine"


@contextmanager
def largest_file(blocks):
    """Let no file of this process grow beyond so many KiB, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * blocks, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("blocks", [1, 60, 100])
def test_full_disk_is_one_line(blocks, computed, densehop, tmp_path, monkeypatch):
    """A limit on the size of files stops the first, a later or the last file: one line, and nothing stays."""
    monkeypatch.setitem(RECIPES, computed.name, computed)
    with largest_file(blocks):
        result = densehop("reproduce", computed.name, "--out", tmp_path)
    assert "File too large" in error_line(result)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "moment", "workers"), [("SIGINT", "cell", 2), ("SIGINT", "import", 1), ("SIGTERM", "cell", 1)]
)
def test_interrupt_is_one_line_and_leaves_nothing_but_cells(name, moment, workers, tmp_path):
    """Ctrl-C, pressed three times, in the middle of the simulation or during the imports; and a polite kill."""
    cells = tmp_path / "nishimori-overlap.cells"
    process = subprocess.Popen(
        [*PROGRAM, "reproduce", "nishimori-overlap", "--out", str(tmp_path), "--workers", str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(0.8)
    while moment == "cell" and process.poll() is None and not list(cells.glob("cells/*")):
        time.sleep(0.05)
    assert process.poll() is None, "the run ended before it could be interrupted"
    for _ in range(3):
        os.kill(process.pid, getattr(signal, name))
        time.sleep(0.05)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    kept = f"finished cells stay in '{cells}', the same command resumes the others"
    assert errors.strip() == f"densehop: interrupted; {kept if moment == 'cell' else 'nothing was written'}"
    assert output == ""
    assert list(tmp_path.iterdir()) == [cells] * (moment == "cell")


@pytest.mark.parametrize(("name", "command"), typer.main.get_command(app).commands.items())
def test_help_is_in_whole_sentences(name, command):
    """What a command and each of its options say begins as a sentence and is not cut off."""
    texts = {name: command.help} | {one.name: one.help for one in command.params}
    for where, text in texts.items():
        assert text, where
        for paragraph in text.split("\n\n"):
            plain = " ".join(paragraph.split())
            assert not plain[0].islower(), (where, plain)
            assert plain.endswith((".", ")")), (where, plain)
            assert plain.count("(") == plain.count(")"), (where, plain)
