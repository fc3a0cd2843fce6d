"""Campaigns killed at random moments, whole or by single workers; tables say what happened."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress

import psutil
import pytest

from densehop.campaign.dataset import collect
from tests.campaign_runs import long_plan, stamps, started

pytestmark = pytest.mark.long

WHOLE_RUN_KILLS, WORKER_KILLS = 50, 20


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
