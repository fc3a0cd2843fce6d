"""Campaigns that go wrong in other ways than by kills, on every engine; errors and memory as predicted."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import fields
from functools import partial

import numpy as np
import pytest

from densehop.base.streams import Purpose, seed_sequence
from densehop.campaign.cell import Cell
from densehop.campaign.checkpoint import Checkpoint
from densehop.campaign.cluster import DaskWorkers
from densehop.campaign.dataset import collect
from densehop.campaign.engines import LocalWorkers, ThisProcess
from densehop.campaign.folder import CampaignFolder
from densehop.campaign.measure import measure
from densehop.campaign.runner import run
from densehop.campaign.status_report import status
from tests.campaign_runs import ROOT, dask_processes, long_plan, stamps, started
from tests.campaign_tasks import ENGINES, plan, poisoned

pytestmark = pytest.mark.long


def test_every_engine_gives_the_same_data(reference, tmp_path):
    """In this process, on 1 and 2 local workers, on a local Dask cluster, on a separate scheduler with workers."""
    expected, seconds = reference(0), {}
    with dask_processes(tmp_path, 2) as (address, _):
        engines = {
            "1 local worker": partial(LocalWorkers, 1),
            "2 local workers": partial(LocalWorkers, 2),
            "local Dask cluster": partial(DaskWorkers, None, 2),
            "Dask scheduler and 2 workers": partial(DaskWorkers, address),
        }
        for name, engine in engines.items():
            begun = time.monotonic()
            report = run(long_plan(0), tmp_path / name, engine)
            seconds[name] = time.monotonic() - begun
            assert (report.n_finished, report.failures) == (12, [])
            found = collect(tmp_path / name)
            assert found.equals(expected), name
            assert not [
                variable for variable in found.variables if "seconds" in str(variable) or "host" in str(variable)
            ]
    print("the same 12 cells, data identical to one process:")
    for name, wall in seconds.items():
        print(f"  {name:30} {wall:6.1f} s, start of the workers included")


def test_lost_scheduler_is_said_and_costs_no_finished_cell(tmp_path):
    short, long = plan(), plan(problem={"load": [6.0]}, disorders=1, schedule={"n_sweeps": 10_000_000})
    both = short.model_copy(update={"grids": (*short.grids, *long.grids)})
    with dask_processes(tmp_path, 2) as (address, scheduler):
        killer = threading.Thread(target=kill_when_finished, args=(scheduler, tmp_path / "out", 4))
        killer.start()
        with pytest.raises(OSError, match="the Dask scheduler is lost; finished cells stay, run again to go on"):
            run(both, tmp_path / "out", partial(DaskWorkers, address))
        killer.join()
    assert run(short, tmp_path / "out", ThisProcess).n_found == 4


def kill_when_finished(process, folder, n_cells):
    """Kill a process as soon as so many cells are finished."""
    while len(stamps(folder)) < n_cells:
        time.sleep(0.1)
    process.kill()


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_poisoned_and_raising_cells_lose_nothing_else(engine, tmp_path):
    wanted = plan(disorders=4, problem={"load": [6.0]}, seed=5)
    report = run(wanted, tmp_path, ENGINES[engine](2), task=poisoned)
    assert (report.n_finished, len(report.failures)) == (2, 2)
    cells = {cell.disorder: cell for cell in wanted.cells()}
    raised, died = (CampaignFolder.existing(tmp_path).failure(cells[disorder]) for disorder in (1, 2))
    assert raised["error"] == "ArithmeticError: the pattern is not amused"
    assert "its worker died 3 times" in died["error"]
    assert died["parameters"]["seed"] == 5
    print(f"engine {engine}: {report.n_finished} of 4 cells finished; failures:")
    for failure in report.failures:
        print(f"  {failure}")
    assert run(wanted, tmp_path, ThisProcess).n_finished == 2
    run(wanted, tmp_path / "calm", ThisProcess)
    assert collect(tmp_path).equals(collect(tmp_path / "calm"))


def test_interrupt_lets_local_workers_save_their_cells(tmp_path):
    """Ctrl-C to the whole group while both workers compute: their checkpoints are newer than the key press."""
    process = started(plan(schedule={"n_sweeps": 10_000_000}), tmp_path / "out", "local")
    while len(list((tmp_path / "out/checkpoints").glob("*.npz"))) < 2:
        assert process.poll() is None
        time.sleep(0.1)
    pressed = time.time()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    saved = [path.stat().st_mtime - pressed for path in (tmp_path / "out/checkpoints").glob("*.npz")]
    print("seconds between Ctrl-C and the last checkpoint of each cell:", [round(s, 2) for s in saved])
    assert min(saved) > 0
    assert status(tmp_path / "out").n_under_way == 2


def test_full_disk_in_earnest(tmp_path):
    """On a file system of 96 KiB: one line, finished cells stay; with room the run goes on to the same data."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "none", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    wanted = plan(disorders=8, starts=["random"], schedule={"n_sweeps": 400})
    try:
        with pytest.raises(OSError, match="No space left on device; finished cells stay") as caught:
            run(wanted, disk, partial(LocalWorkers, 2))
        there = status(disk).n_finished
        print(f"full after {there} of 16 cells: {caught.value}")
        assert 0 < there < 16
        subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
        assert run(wanted, disk, ThisProcess).n_found == there
        run(wanted, tmp_path / "calm", ThisProcess)
        assert collect(disk).equals(collect(tmp_path / "calm"))
    finally:
        subprocess.run(["umount", disk], check=True)


def test_predicted_memory_holds(tmp_path):
    """Peak memory of cells of several kinds, measured in processes of their own, stays below the prediction."""
    kinds = {
        "patterns, N = 512, M = 131,072": ({"p": 3, "load": [3.0]}, 512, "patterns"),
        "couplings, N = 256, M = 32,768": ({"p": 3, "load": [3.0]}, 256, "couplings"),
        "p = 4, N = 128, M = 87,381": ({"p": 4, "load": [1.0]}, 128, "auto"),
        "p = 5, N = 64, M = 139,810": ({"p": 5, "load": [1.0]}, 64, "auto"),
    }
    for name, (problem, n_spins, representation) in kinds.items():
        schedule = {"n_sweeps": 8, "representation": representation, "n_chains": 4}
        wanted = plan(problem=problem, n_spins=[n_spins], disorders=1, schedule=schedule)
        (tmp_path / "plan.json").write_text(wanted.model_dump_json())
        command = [sys.executable, "-c", PEAK, str(tmp_path / "plan.json")]
        peak = int(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)
        predicted = wanted.cells()[0].memory
        print(f"{name:32} predicted {predicted / 2**20:6.0f} MiB, measured {peak / 2**20:6.0f} MiB")
        assert peak < predicted


PEAK = """
import sys
from pathlib import Path
from densehop.campaign.checkpoint import Checkpoint
from densehop.campaign.measure import measure
from densehop.campaign.plan_file import plan_of, read_plan
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
cell = read_plan(Path(sys.argv[1])).cells()[0]
problem = {"p": cell.p, "load": 1, "temperature": 2, "teacher_temperature": 2}
small = plan_of({"name": "small", "n_spins": 16, "problem": problem})
measure(small.cells()[0], Checkpoint(Path("nowhere"), "", 1e9))
before = peak()
measure(cell, Checkpoint(Path("nowhere"), "", 1e9))
print(peak() - before)
"""


class SameExamples(Cell):
    """A cell whose chains depend on the seed and whose examples do not."""

    @property
    def examples_seed(self):
        return seed_sequence(0, Purpose.CELL, 1)


def test_adaptive_precision_is_what_the_scatter_says(tmp_path):
    """Independent repetitions of an adaptive cell scatter as their error bars say: stopping early is not a bias."""
    wanted = plan(
        problem={"load": [4.0], "temperature": [5.0]},
        n_spins=[24],
        disorders=1,
        starts=["random"],
        schedule={"n_sweeps": 200, "precision": 0.02, "observable": "energy", "max_sweeps": 20_000},
    )
    cell = wanted.cells()[0]
    errors, lengths, means = [], [], []
    for repetition in range(60):
        other = SameExamples(**{part.name: getattr(cell, part.name) for part in fields(cell)} | {"seed": repetition})
        found = measure(other, Checkpoint(tmp_path / "x", other.identity, 1e9))
        errors.append(float(found["energy_error"][1]))
        lengths.append(int(found["n_sweeps"][1]))
        means.append(float(found["energy"][1]))
    ratio = np.std(means, ddof=1) / np.sqrt(np.mean(np.square(errors)))
    print(f"60 repetitions: sweeps {min(lengths)}..{max(lengths)}, scatter over error bar {ratio:.2f}")
    assert max(errors) <= 0.02
    assert 0.75 < ratio < 1.3
