"""Campaigns on the disks that people have: shares without locks, results that cannot be read just now."""

import errno
import fcntl
import os
import subprocess
from pathlib import Path

import pytest

import densehop as dh
from densehop.base.archives import packed
from densehop.campaign import lock
from densehop.campaign.checkpoint import Checkpoint, encode_arrays
from densehop.campaign.engines import ThisProcess
from densehop.campaign.runner import run
from densehop.campaign.status_report import status
from tests.campaign_tasks import plan

TINY = plan(disorders=1)


@pytest.fixture
def without_locks(monkeypatch):
    def none(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)


@pytest.mark.usefixtures("without_locks")
def test_a_share_without_locks_is_run_on_and_said(tmp_path):
    report = run(TINY, tmp_path, ThisProcess)
    assert report.n_finished == report.n_cells
    assert "has no locks: do not run twice in it at the same time" in report.notes[0]
    assert (tmp_path / "lock").read_text() == ""
    assert status(tmp_path).at_work is False


@pytest.mark.usefixtures("without_locks")
def test_without_locks_the_file_names_the_run_at_work(tmp_path):
    run(TINY, tmp_path, ThisProcess)
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        for holder in (f"process {sleeper.pid} on {os.uname().nodename}", "process 12 on another.machine"):
            (tmp_path / "lock").write_text(holder)
            with pytest.raises(dh.InvalidInput, match=rf"another run \({holder}\) seems to be .* or delete '.*lock'"):
                run(TINY, tmp_path, ThisProcess)
            assert status(tmp_path).at_work
    finally:
        sleeper.kill()
        sleeper.wait()
    (tmp_path / "lock").write_text(f"process {sleeper.pid} on {os.uname().nodename}")  # killed: it cannot say so itself
    assert not status(tmp_path).at_work
    assert run(TINY, tmp_path, ThisProcess).n_found == 2


def test_the_lock_of_the_system_is_held_once(tmp_path):
    with lock.hold(tmp_path / "lock") as certain:
        assert certain
        assert lock.is_held(tmp_path / "lock")
        with pytest.raises(dh.InvalidInput, match=f"another run .process {os.getpid()} on .* is at work"):
            lock.hold(tmp_path / "lock").__enter__()
    assert not lock.is_held(tmp_path / "lock")


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EACCES, errno.EIO])
def test_a_result_that_cannot_be_read_just_now_is_not_damaged(number, tmp_path, monkeypatch):
    run(TINY, tmp_path, ThisProcess)
    before = {path: path.read_bytes() for path in (tmp_path / "cells").iterdir()}
    real = Path.read_bytes

    def refuse(path):
        if path.suffix == ".npz":
            raise OSError(number, os.strerror(number), str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    for call in (lambda: run(TINY, tmp_path, ThisProcess), lambda: status(tmp_path)):
        with pytest.raises(
            OSError, match=rf"npz' cannot be read just now \({os.strerror(number)}\): it is left as it is"
        ):
            call()
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in (tmp_path / "cells").iterdir()} == before
    assert run(TINY, tmp_path, ThisProcess).n_found == 2


def test_a_checkpoint_that_cannot_be_read_just_now_is_not_overwritten(tmp_path, monkeypatch):
    cell = TINY.cells()[0]
    checkpoint = Checkpoint(tmp_path / "a.npz", cell.identity, 0.0)
    checkpoint.save({}, {"done": 3})

    def refuse(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(OSError, match="cannot be read just now"):
        checkpoint.load()
    monkeypatch.undo()
    assert checkpoint.load()[1]["done"] == 3


def test_results_that_were_read_and_are_wrong_are_set_aside(tmp_path):
    """Every kind of damage: emptied, cut, a bit turned over, of another cell, no archive at all, no header."""
    run(TINY, tmp_path, ThisProcess)
    (path, other) = sorted((tmp_path / "cells").iterdir())
    whole = path.read_bytes()
    turned = bytearray(whole)
    turned[100] ^= 4  # in the first array
    wrong = [
        b"",
        whole[:100],
        whole[:-30],
        bytes(turned),
        other.read_bytes(),
        b"text",
        packed({}),
        encode_arrays({}, {}),
    ]
    for content in wrong:
        path.write_bytes(content)
        report = run(TINY, tmp_path, ThisProcess)
        assert (report.n_found, report.n_finished) == (1, 1)
        assert "a result is damaged" in report.notes[0]
        path.with_suffix(".damaged").unlink()
