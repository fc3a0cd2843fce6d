"""Long campaigns in processes of their own, for the tests that disturb them."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.campaign_tasks import plan

ROOT = Path(__file__).parents[1]
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
