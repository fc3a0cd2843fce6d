"""Campaigns killed at random moments, poisoned, on full disks, on every engine; tables say what happened."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np
import psutil
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
from tests.campaign_tasks import ENGINES, plan, poisoned

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]
WHOLE_RUN_KILLS, WORKER_KILLS = 50, 20
SECONDS = 1.0  # of a cell, roughly, on one core


def long_plan(seed):
    """Twelve cells of some seconds, adaptive and not, that save themselves five times a second."""
    return plan(
        seed=seed,
        n_spins=[32],
        problem={"load": [6.0, 9.0], "temperature": [2.2]},
        disorders=3,
        starts=["pattern", "random"],
        schedule={
            "n_chains": 4,
            "n_sweeps": int(2_000 * SECONDS),
            "precision": 1e-3,
            "max_sweeps": int(8_000 * SECONDS),
        },
    )


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Return undisturbed results of long plans by seed, each computed once in this process."""
    known = {}

    def of(seed):
        if seed not in known:
            path = tmp_path_factory.mktemp(f"undisturbed-{seed}")
            run(long_plan(seed), path, ThisProcess)
            known[seed] = collect(path)
        return known[seed]

    return of


def started(wanted, folder, engine, workers=2, task="watched"):
    """Start a run in a process group of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "given.json").write_text(wanted.model_dump_json())
    command = [sys.executable, "-m", "tests.campaign_tasks", folder / "given.json", folder, engine, str(workers), task]
    return subprocess.Popen(
        list(map(str, command)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def stamps(folder):
    files = [file for file in (folder / "cells").glob("*.npz") if not file.name.startswith(".")]
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in files}


def wait_for_work(process, folder):
    """Wait until a run's workers begin with a cell, or until it ends."""
    log = folder / "begun.txt"
    before = log.stat().st_size if log.exists() else 0
    while process.poll() is None and (not log.exists() or log.stat().st_size == before):
        time.sleep(0.05)


def cell_of(folder, worker):
    """Return the name of the cell that a worker began last."""
    begun = (folder / "begun.txt").read_text().splitlines() if (folder / "begun.txt").exists() else []
    return dict(reversed(line.split()) for line in begun if line.count(" ") == 1).get(str(worker.pid))


def progressed(folder, cell, moment):
    """Tell whether a cell saved itself after a moment."""
    with suppress(FileNotFoundError):
        return (folder / "checkpoints" / f"{cell}.npz").stat().st_mtime > moment
    return False


def leftovers(folder):
    return [*(folder / "checkpoints").iterdir(), *folder.glob("**/*.part"), *folder.glob("**/*.damaged")]


def children(process):
    """Return the worker processes of a run, below it at any depth."""
    try:
        below = psutil.Process(process.pid).children(recursive=True)
        return [child for child in below if "spawn_main" in " ".join(child.cmdline())]
    except psutil.NoSuchProcess:
        return []


def all_gone(processes, patience=20):
    """Wait until processes have ended by themselves."""
    _, alive = psutil.wait_procs(processes, timeout=patience)
    return not alive


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_killed_at_random_moments(engine, reference, tmp_path):
    """SIGKILL of the run, of its first process alone or of the whole group: the next run goes on to the same bits."""
    rng = random.Random(engine)
    seen, orphans, campaign = Counter(), 0, 0
    while seen["kills"] < WHOLE_RUN_KILLS // 2:
        folder, before, code = tmp_path / str(campaign), {}, None
        while code != 0:
            process = started(long_plan(campaign), folder, engine)
            if rng.random() < 0.8:  # the others are killed while they start, too
                wait_for_work(process, folder)
            workers = []
            try:
                process.wait(rng.uniform(0.0, 6.0))
            except subprocess.TimeoutExpired:
                workers = children(process)
                group = rng.random() < 0.5
                (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
                seen["kills"] += 1
                seen["of the whole group" if group else "of the first process alone"] += 1
                seen["with checkpoints on disk"] += any((folder / "checkpoints").glob("*.npz"))
                seen["after some cells were finished"] += bool(stamps(folder))
                seen["with the lock file left"] += (folder / "lock").exists()
            output, code = process.communicate()[0], process.returncode
            orphans += not all_gone(workers)
            after = stamps(folder)
            assert before.items() <= after.items(), "a finished cell was written again"
            before = after
            assert code in {0, -signal.SIGKILL}, output
        seen["campaigns finished"] += 1
        seen["cells"] += len(before)
        seen["beginnings of cells"] += len((folder / "begun.txt").read_text().splitlines())
        seen["cells begun again after they were finished"] += (folder / "again.txt").exists()
        seen["campaigns with data that differ"] += not collect(folder).equals(reference(campaign))
        seen["files left behind"] += len(leftovers(folder))
        campaign += 1
    print(f"SIGKILL of a whole run, engine {engine}:")
    for what, number in seen.items():
        print(f"  {what:45} {number:5}")
    print(f"  {'workers that outlived their run by 20 s':45} {orphans:5}")
    assert orphans == 0
    for nothing in (
        "cells begun again after they were finished",
        "campaigns with data that differ",
        "files left behind",
    ):
        assert seen[nothing] == 0


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_workers_killed_at_random_moments(engine, reference, tmp_path):
    """SIGKILL of single workers while the run goes on: it ends by itself, with the same bits."""
    rng = random.Random(engine)
    seen, campaign = Counter(), 100
    while seen["workers killed"] < WORKER_KILLS:
        folder = tmp_path / str(campaign)
        process = started(long_plan(campaign), folder, engine)
        killed = {}
        while process.poll() is None and seen["workers killed"] < WORKER_KILLS:
            time.sleep(rng.uniform(0.0, 3.0))
            for worker in rng.sample(workers := children(process), len(workers)):
                cell = cell_of(folder, worker)
                if progressed(folder, cell, killed.get(cell, 0)):  # three deaths without progress would mean poison
                    worker.kill()
                    killed[cell] = time.time()
                    seen["workers killed"] += 1
                    break
        output = process.communicate()[0]
        assert process.returncode == 0, output
        _, finished, failed = map(int, output.split()[-3:])
        seen["campaigns finished"] += 1
        seen["cells"] += finished
        seen["cells given up"] += failed
        seen["beginnings of cells"] += len((folder / "begun.txt").read_text().splitlines())
        seen["cells begun again after they were finished"] += (folder / "again.txt").exists()
        seen["campaigns with data that differ"] += not collect(folder).equals(reference(campaign))
        seen["files left behind"] += len(leftovers(folder))
        campaign += 1
    print(f"SIGKILL of single workers, engine {engine}:")
    for what, number in seen.items():
        print(f"  {what:45} {number:5}")
    for nothing in ("cells given up", "cells begun again after they were finished", "campaigns with data that differ"):
        assert seen[nothing] == 0


@contextmanager
def dask_processes(folder, n_workers):
    """Run a Dask scheduler and workers as processes of their own; yield the scheduler's address and process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    file = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    base = [sys.executable, "-m", "dask"]
    run_by = [*base, "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    processes = [subprocess.Popen(run_by, **quiet)]
    try:
        for _ in range(n_workers):
            worker = ["worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-dashboard"]
            processes.append(subprocess.Popen([*base, *worker], cwd=folder, **quiet))
        for _ in range(600):
            if file.exists() and file.read_text().strip():
                break
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], processes[0]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(30)


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
