"""Tasks that misbehave, for tests of campaigns: workers import them from here."""

import os
import signal
import sys
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from densehop.campaign.cluster import DaskWorkers
from densehop.campaign.engines import LocalWorkers, ThisProcess
from densehop.campaign.measure import measure
from densehop.campaign.plan_file import plan_of, read_plan
from densehop.campaign.runner import run


def plan(**changes):
    """Return a plan of tiny cells."""
    problem = {"p": 3, "load": [6.0, 9.0], "temperature": [2.0], "teacher_temperature": "nishimori"}
    content = {
        "name": "tiny",
        "problem": problem | changes.pop("problem", {}),
        "n_spins": 16,
        "disorders": 2,
        "starts": ["pattern"],
        "schedule": {"n_chains": 2, "n_sweeps": 24} | changes.pop("schedule", {}),
    }
    return plan_of(content | changes)


def watched(cell, checkpoint):
    """Measure, and leave a line if the cell was finished already."""
    folder = checkpoint.path.parent.parent
    with (folder / "begun.txt").open("a") as log:
        log.write(f"{cell.identity} {os.getpid()}\n")
    if (folder / "cells" / f"{cell.identity}.npz").exists():
        with (folder / "again.txt").open("a") as log:
            log.write(f"{cell.identity}\n")
    return measure(cell, checkpoint)


def raising(cell, checkpoint):
    """Raise for one disorder, else measure."""
    if cell.disorder == 1:
        raise ArithmeticError("the pattern\nis not amused")
    return watched(cell, checkpoint)


def poisoned(cell, checkpoint):
    """Kill the worker for one disorder, raise for another, else measure."""
    if cell.disorder == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return raising(cell, checkpoint)


def impatient(cell, checkpoint):
    """Be interrupted in the second disorder."""
    if cell.disorder == 1:
        raise KeyboardInterrupt
    return measure(cell, checkpoint)


def half_sent(cell, checkpoint):
    """Measure, but be killed when half of the result is sent, once for each cell."""
    marker = checkpoint.path.parent.parent / f"{cell.identity}.sent"
    if not marker.exists():
        marker.touch()
        Connection._send = _half
    return measure(cell, checkpoint)


def _half(connection, message):
    os.write(connection.fileno(), message[: len(message) // 2])
    os.kill(os.getpid(), signal.SIGKILL)


ENGINES = {"process": lambda _: ThisProcess, "local": lambda n: partial(LocalWorkers, n)}
ENGINES["dask"] = lambda n: partial(DaskWorkers, None, n)
TASKS = {"measure": measure, "watched": watched, "poisoned": poisoned}

if __name__ == "__main__":  # PLAN FOLDER ENGINE WORKERS TASK
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    _, plan_file, folder, engine, workers, task = sys.argv
    report = run(
        read_plan(Path(plan_file)),
        Path(folder),
        ENGINES[engine](int(workers)),
        task=TASKS[task],
        checkpoint_every=0.2,
    )
    print(report.n_found, report.n_finished, len(report.failures))
