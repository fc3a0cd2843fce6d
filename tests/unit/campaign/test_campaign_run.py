"""Campaigns on a folder: resumed, never recomputed; failures, damage, locks and full disks cost what they must."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import densehop as dh
from densehop.campaign import folder as folders
from densehop.campaign.completed import complete
from densehop.campaign.dataset import collect
from densehop.campaign.engines import LocalWorkers, ThisProcess
from densehop.campaign.folder import CampaignFolder, Result
from densehop.campaign.runner import run
from densehop.campaign.status_report import status
from densehop.campaign.worker import DIED, FINISHED, Outcome
from tests.campaign_tasks import half_sent, impatient, plan, raising, watched


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The four cells of the tiny plan, from one undisturbed run."""
    path = tmp_path_factory.mktemp("undisturbed")
    run(plan(), path, ThisProcess)
    return collect(path)


def stamps(path):
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in (path / "cells").iterdir()}


def test_second_run_computes_nothing(undisturbed, tmp_path):
    first = run(plan(), tmp_path, ThisProcess, task=watched)
    before = stamps(tmp_path)
    second = run(plan(), tmp_path, ThisProcess, task=watched)
    assert (first.n_cells, first.n_found, first.n_finished) == (4, 0, 4)
    assert (second.n_cells, second.n_found, second.n_finished) == (4, 4, 0)
    assert stamps(tmp_path) == before
    assert len((tmp_path / "begun.txt").read_text().splitlines()) == 4
    assert collect(tmp_path).equals(undisturbed)


def test_larger_plan_on_the_same_folder_adds_cells_only(undisturbed, tmp_path):
    run(plan(), tmp_path, ThisProcess)
    before = stamps(tmp_path)
    larger = plan(problem={"load": [4.0, 6.0, 9.0]}, disorders=3)
    report = run(larger, tmp_path, ThisProcess)
    assert (report.n_found, report.n_finished) == (4, 5)
    assert stamps(tmp_path).items() > before.items()
    dataset = collect(tmp_path)
    assert dataset.sel(alpha=[6.0, 9.0], disorder=[0, 1]).equals(undisturbed)
    assert collect(tmp_path, plan()).equals(undisturbed)


def test_failure_costs_its_own_cell_and_is_kept(tmp_path):
    """In a worker: one disorder raises, the others finish, then all is mended; the bits are those of one process."""
    wanted = plan(disorders=3, problem={"load": [6.0]}, seed=5)
    report = run(wanted, tmp_path, partial(LocalWorkers, 1), task=raising)
    assert (report.n_finished, len(report.failures)) == (2, 1)
    cell = wanted.cells()[1]
    kept = CampaignFolder.existing(tmp_path).failure(cell)
    assert kept["error"] == "ArithmeticError: the pattern is not amused"
    assert "tests/campaign_tasks.py" in kept["trace"]
    assert kept["parameters"] == json.loads(json.dumps(cell.content))
    assert kept["parameters"]["seed"] == 5
    state = status(tmp_path)
    assert (state.n_cells, state.n_finished, len(state.failures), state.at_work) == (3, 2, 1, False)
    assert "p = 3, N = 16, M = 256, T = 2, T* = 2, disorder = 1, start = pattern: ArithmeticError" in str(
        state.failures[0]
    )
    dataset = collect(tmp_path)
    assert np.isnan(dataset["q_star"].values.ravel()).tolist() == [False, True, False]
    assert (dataset.attrs["n_missing"], dataset.attrs["n_failed"]) == (1, 1)
    assert run(wanted, tmp_path, ThisProcess).n_finished == 1
    assert list((tmp_path / "failures").iterdir()) == []
    run(wanted, tmp_path / "calm", ThisProcess)
    assert collect(tmp_path).equals(collect(tmp_path / "calm"))


def test_wrong_input_inside_a_cell_is_its_failure(tmp_path):
    """Exact 64-bit fields would overflow at p = 10, N = 256: the network refuses, and says so."""
    wanted = plan(problem={"p": 10, "load": None, "n_examples": [100]}, n_spins=[256], disorders=1)
    report = run(wanted, tmp_path, ThisProcess)
    assert "64" in report.failures[0].error
    assert CampaignFolder.existing(tmp_path).failure(wanted.cells()[0])["trace"] == ""


@pytest.mark.parametrize("damage", ["cut", "empty", "foreign"])
def test_damaged_result_is_set_aside_and_computed_again(damage, undisturbed, tmp_path):
    run(plan(), tmp_path, ThisProcess)
    folder, cells = CampaignFolder.existing(tmp_path), plan().cells()
    path = folder.result_path(cells[2])
    data = {"cut": path.read_bytes()[:-100], "empty": b"", "foreign": folder.result_path(cells[0]).read_bytes()}[damage]
    path.write_bytes(data)
    assert status(tmp_path).n_damaged == 1
    assert int(np.isnan(collect(tmp_path)["q_star"]).sum()) == 1
    before = stamps(tmp_path)
    report = run(plan(), tmp_path, ThisProcess)
    assert (report.n_found, report.n_finished) == (3, 1)
    assert report.notes[0].startswith("a result is damaged (")
    assert "computed again" in report.notes[0]
    assert path.with_suffix(".damaged").read_bytes() == data
    after = stamps(tmp_path)
    assert {name for name, stamp in before.items() if after[name] != stamp} == {path.name}
    assert collect(tmp_path).equals(undisturbed)


def test_interrupt_keeps_what_is_finished(undisturbed, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(plan(), tmp_path, ThisProcess, task=impatient)
    assert 0 < status(tmp_path).n_finished < 4
    run(plan(), tmp_path, ThisProcess)
    assert collect(tmp_path).equals(undisturbed)


def test_full_disk_stops_the_run_and_loses_nothing(undisturbed, tmp_path, monkeypatch):
    written = []

    def full(contents):
        written.append(contents)
        if len(written) >= 4:  # the plan and two cells had room
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(contents)

    write = folders.write_together
    with monkeypatch.context() as patched:
        patched.setattr(folders, "write_together", full)
        with pytest.raises(
            OSError, match=r"cannot write to .*: No space left on device; finished cells stay, the same"
        ):
            run(plan(), tmp_path, ThisProcess)
    assert status(tmp_path).n_finished == 2
    assert run(plan(), tmp_path, ThisProcess).n_found == 2
    assert collect(tmp_path).equals(undisturbed)


def test_finished_cell_is_never_overwritten(tmp_path):
    run(plan(), tmp_path, ThisProcess)
    with pytest.raises(FileExistsError, match="never overwritten"):
        CampaignFolder.existing(tmp_path).finish(plan().cells()[0], Result({}, {}))


HOLD = """
import sys, time
from pathlib import Path
from densehop.campaign.folder import CampaignFolder
with CampaignFolder.prepare(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_second_run_on_a_folder_is_refused_until_the_first_has_died(tmp_path):
    """The lock's file stays behind after a kill; the lock itself does not."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(dh.InvalidInput, match=rf"another run \(process {holder.pid} on .*\) is at work in"):
            run(plan(), tmp_path, ThisProcess)
        assert CampaignFolder(tmp_path).is_locked()
        holder.kill()
    assert (tmp_path / "lock").exists()
    assert not CampaignFolder(tmp_path).is_locked()
    assert run(plan(), tmp_path, ThisProcess).n_finished == 4


def test_leftovers_of_a_killed_run_are_removed(tmp_path):
    run(plan(), tmp_path, ThisProcess)
    folder, cell = CampaignFolder.existing(tmp_path), plan().cells()[0]
    leftovers = (folder.checkpoint_path(cell), tmp_path / "cells" / ".x-1.part", tmp_path / ".plan-2.part")
    for path in leftovers:
        path.write_bytes(b"half")
    run(plan(), tmp_path, ThisProcess)
    assert not any(path.exists() for path in leftovers)


class Crowded:
    """An engine of four places that watches how much is under way; cells die as often as they are told to."""

    def __init__(self, memory, deaths=0):
        self.room, self.deaths = memory, deaths
        self.works, self.most = [], 0

    def capacity(self):
        return 4

    def memory(self):
        return self.room

    def share(self):
        return 0

    def largest(self):
        return None

    def submit(self, work):
        self.works.append(work)
        self.most = max(self.most, len(self.works))

    def next_outcome(self):
        work = self.works.pop(0)
        if self.deaths:
            self.deaths -= 1
            return Outcome(work.cell, DIED)
        return Outcome(work.cell, FINISHED)

    def close(self):
        assert self.works == []


@pytest.mark.parametrize(("room", "most"), [(10, 4), (2.5, 2), (0.1, 1)])
def test_cells_under_way_fit_into_memory(room, most, tmp_path):
    cells = plan(problem={"load": [6.0]}, disorders=6).cells()
    engine = Crowded(int(room * cells[0].memory))
    assert run(plan(problem={"load": [6.0]}, disorders=6), tmp_path, lambda: engine).n_finished == 6
    assert engine.most == most


def test_cell_is_tried_again_twice(tmp_path):
    one = plan(problem={"load": [6.0]}, disorders=1)
    assert run(one, tmp_path / "a", lambda: Crowded(10**9, 2)).n_finished == 1
    assert len(run(one, tmp_path / "b", lambda: Crowded(10**9, 3)).failures) == 1


def test_worker_killed_while_it_sends_a_result_is_missed(undisturbed, tmp_path):
    """Half a message is in the pipe: nobody waits for the other half."""
    report = run(plan(disorders=1), tmp_path, partial(LocalWorkers, 1), task=half_sent)
    assert (report.n_finished, report.failures) == (2, [])
    assert len(list(tmp_path.glob("*.sent"))) == 2
    assert collect(tmp_path).equals(undisturbed.sel(disorder=[0]))


def test_collected_axes_and_what_follows_from_them(undisturbed):
    assert dict(undisturbed.sizes) == {
        "p": 1, "n_spins": 1, "alpha": 2, "temperature": 1, "disorder": 2, "start": 1, "chain": 2, "sweep": 24,
        "agreeing": 17,
    }  # fmt: skip
    assert undisturbed["teacher_temperature"].dims == ("temperature",) or undisturbed["teacher_temperature"].ndim == 0
    assert undisturbed["n_examples"].dims == ("alpha",)
    assert undisturbed["n_examples"].values.tolist() == [256, 384]
    assert not {"wall_seconds", "host", "started"} & set(undisturbed.variables)
    assert undisturbed.attrs["wall_seconds"] > 0
    assert sum(json.loads(undisturbed.attrs["cells_of_host"]).values()) == 4


def test_fixed_teachers_are_an_axis_and_scattered_grids_a_list(tmp_path):
    crossed = plan(problem={"teacher_temperature": [1.5, 3.0]}, disorders=1)
    run(crossed, tmp_path, ThisProcess)
    dataset = collect(tmp_path)
    assert dataset.sizes["teacher_temperature"] == 2
    one = CampaignFolder(tmp_path).result(crossed.cells()[1]).variables["q_star"][1]
    assert dataset["q_star"].sel(alpha=6.0, teacher_temperature=3.0).item() == one
    grid = plan(disorders=1).grids[0]
    scattered = tuple(
        grid.model_copy(update={"problem": grid.problem.model_copy(update={"load": (load,), "temperature": (t,)})})
        for load, t in ((6.0, 2.0), (7.0, 2.2), (8.0, 2.4), (9.0, 2.6))
    )
    points = plan().model_copy(update={"grids": scattered})
    run(points, tmp_path, ThisProcess)
    dataset = collect(tmp_path)
    assert dataset["q_star"].dims == ("point", "disorder", "start")
    assert dataset["alpha"].values.tolist() == [6.0, 7.0, 8.0, 9.0]
    assert dataset["temperature"].dims == ("point",)
    assert dataset["q_star"].notnull().all()


def test_complete_gives_everything_or_says_what_is_missing(undisturbed, tmp_path):
    assert complete(plan(), tmp_path, ThisProcess).equals(undisturbed)
    bad = plan(problem={"p": 10, "load": None, "n_examples": [100]}, n_spins=[256], disorders=1)
    with pytest.raises(
        dh.errors.Incomplete, match=r"1 of 1 cells failed, such as p = 10, N = 256, .*failures', the same command"
    ):
        complete(bad, tmp_path, ThisProcess)


def test_folder_that_is_no_campaign(tmp_path):
    with pytest.raises(dh.InvalidInput, match=r"is not the folder of a campaign: it holds no plan\.json"):
        status(tmp_path)


def test_memory_is_predicted_roughly():
    cell = plan(n_spins=[512], problem={"load": [9.0]}).cells()[0]
    assert cell.n_examples == 393_216
    examples = 393_216 * 512
    assert 3 * examples < cell.memory < 12 * examples
    small = replace(cell, run=replace(cell.run, representation="patterns"))
    assert small.memory < cell.memory


def test_couplings_that_auto_would_not_build_are_not_counted():
    """p = 4, N = 512 would take 69 GB of couplings: cells on patterns must not wait for that room."""
    cell = plan(n_spins=[512], problem={"p": 4, "load": None, "n_examples": [1000]}).cells()[0]
    assert cell.memory < 2**27
    forced = replace(cell, run=replace(cell.run, representation="couplings"))
    assert forced.memory > 2**35
